/** Names and types of imports and exports, in their binary form. */
import { quoted } from "../../io/quoted.ts";
import { isExternName, isInterfaceName, isLabel, isVersion } from "../../abi/name-rules.ts";
import { compatibleVersion } from "../../abi/compatible-version.ts";
import { splitVersion } from "../../abi/names.ts";
import type { RawExtern, Sort } from "./definitions.ts";
import type { Reader } from "./reader.ts";

/** The name of an import or export, and what is said of it that makes a difference to us. */
export interface ExternName {
  readonly name: string;
  /** Whether it says of which interface it is an instance. */
  readonly implements: boolean;
  readonly offset: number;
}

export function externName(reader: Reader): ExternName {
  const form = reader.byte();
  if (form > 2) reader.unknown("form of name");
  const { offset } = reader;
  const name = reader.name();
  if (!isExternName(name)) reader.fail(`${quoted(name)} is no name that an import or export may have`, offset);
  return { name, offset, implements: form === 2 && attributes(reader, name) };
}

/** @returns Whether one says which interface it is. */
function attributes(reader: Reader, name: string): boolean {
  const given = new Set<number>();
  reader.list(() => {
    const attribute = reader.byte();
    if (attribute > 2) reader.unknown("attribute of a name");
    const { offset } = reader;
    const text = reader.name();
    if (given.has(attribute)) reader.fail("an attribute of a name is given twice", offset);
    given.add(attribute);
    if (attribute === 0 && !isInterfaceName(text)) reader.fail(`${quoted(text)} names no interface`, offset);
    const version = splitVersion(name)[1];
    if (attribute === 1 && !(isVersion(version + text) && version === compatibleVersion(version + text))) {
      reader.fail(`${quoted(version + text)} is no version`, offset);
    }
  });
  return given.has(0);
}

/** What has a name. @throws {InvalidComponentError} If its name may not say what it says of it. */
export function checkedName({ name, implements: isNamed, offset }: ExternName, sort: Sort, reader: Reader): string {
  if (isNamed && (sort !== "instance" || !isLabel(name))) {
    reader.fail(`${quoted(name)} implements an interface, but is no instance with a plain name`, offset);
  }
  return name;
}

export function label(reader: Reader): string {
  const start = reader.offset;
  const name = reader.name();
  if (!isLabel(name)) reader.fail(`${quoted(name)} is not in kebab case`, start);
  return name;
}

/** What an import is, or an export in a type, with its name. */
export function declared(reader: Reader): { readonly name: string; readonly extern: RawExtern } {
  const name = externName(reader);
  const type = extern(reader);
  return { name: checkedName(name, type.sort, reader), extern: type };
}

export function extern(reader: Reader): RawExtern {
  switch (reader.byte()) {
    case 0:
      if (reader.byte() !== 0x11) reader.unknown("core sort that a component can import: expected a module (0x11)");
      return { sort: "core module", type: reader.u32() };
    case 1:
      return { sort: "func", type: reader.u32() };
    case 2:
      return reader.fail("values as imports and exports are not supported");
    case 3: {
      const bound = reader.byte();
      if (bound > 1) reader.unknown("bound of a type");
      return { sort: "type", equals: bound === 0 ? reader.u32() : undefined };
    }
    case 4:
      return { sort: "component", type: reader.u32() };
    case 5:
      return { sort: "instance", type: reader.u32() };
    default:
      return reader.unknown("type of an import or export");
  }
}
