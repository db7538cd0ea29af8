/**
 * The decoder of component binaries. Copies nothing: core modules are parts of the given bytes.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
 */
import type { CoreType } from "../abi/encode.ts";
import type { PrimitiveKind } from "../abi/types.ts";
import type {
  Alias,
  CoreSort,
  Declaration,
  Definition,
  RawCoreType,
  RawDefinedType,
  RawExtern,
  RawField,
  RawType,
  RawTypeDefinition,
  Sort,
  SortIndex,
} from "./definitions.ts";
import { decodeCanon } from "./decode-canon.ts";
import { coreImport, coreExtern } from "./decode-core.ts";
import { isExternName, isLabel } from "../abi/names.ts";
import { InvalidComponentError, Reader } from "./reader.ts";

/** Components in components, and types in types: deeper than anybody nests, and shallower than a stack. */
const MAX_DEPTH = 100;
/** Members of one record, variant, tuple or enum; parameters of one function. */
const MAX_MEMBERS = 10_000;

const MAGIC = 0x6d736100;
const COMPONENT_VERSION = 0x0001_000d;
const MODULE_VERSION = 1;

/** What bytes are, by their first eight. */
export function layerOf(bytes: Uint8Array): "component" | "core module" | undefined {
  if (bytes.length < 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  if (view.getUint32(0, true) !== MAGIC) return undefined;
  const version = view.getUint32(4, true);
  return version === COMPONENT_VERSION ? "component" : version === MODULE_VERSION ? "core module" : undefined;
}

/**
 * The definitions of a component, in order.
 *
 * @throws {InvalidComponentError} If `bytes` are no component.
 */
export function decode(bytes: Uint8Array): Definition[] {
  if (layerOf(bytes) !== "component") {
    const begin = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new InvalidComponentError(
      `Expected a WebAssembly component, got ${bytes.length} bytes that begin with ${begin || "nothing"}`,
    );
  }
  return new Decoder(0).component(new Reader(bytes));
}

class Decoder {
  #depth: number;

  constructor(depth: number) {
    this.#depth = depth;
  }

  component(reader: Reader): Definition[] {
    if (++this.#depth > MAX_DEPTH) reader.fail(`components are nested deeper than ${MAX_DEPTH}`);
    if (layerOf(reader.bytes(8)) !== "component") reader.fail("this is no component");
    const definitions: Definition[] = [];
    while (!reader.atEnd) {
      const id = reader.byte();
      const size = reader.u32();
      const start = reader.offset;
      const section = reader.part(size);
      this.#section(id, size, section, definitions);
      if (!section.atEnd) section.fail(`section ${id}, which begins at 0x${start.toString(16)}, has more than it says`);
    }
    this.#depth--;
    return definitions;
  }

  #section(id: number, size: number, reader: Reader, into: Definition[]): void {
    const { offset } = reader;
    const each = (item: () => Definition): void => {
      reader.list(() => into.push(item()), Number.MAX_SAFE_INTEGER, "definitions");
    };
    switch (id) {
      case 0:
        reader.name();
        reader.bytes(offset + size - reader.offset);
        return;
      case 1:
        into.push({ kind: "core module", offset, bytes: reader.bytes(size) });
        return;
      case 2:
        return each(() => coreInstance(reader));
      case 3:
        return each(() => ({ kind: "core type", offset: reader.offset, type: coreTypeDefinition(reader) }));
      case 4:
        into.push({ kind: "component", offset, definitions: this.component(reader.part(size)) });
        return;
      default:
        return this.#smallSection(id, reader, each);
    }
  }

  #smallSection(id: number, reader: Reader, each: (item: () => Definition) => void): void {
    switch (id) {
      case 5:
        return each(() => instance(reader));
      case 6:
        return each(() => ({ offset: reader.offset, ...alias(reader) }));
      case 7:
        return each(() => ({ kind: "type", offset: reader.offset, type: this.#type(reader) }));
      case 8:
        return each(() => ({
          kind: "canon",
          offset: reader.offset,
          canon: decodeCanon(reader, () => resultType(reader)),
        }));
      case 10:
        return each(() => ({
          kind: "import",
          offset: reader.offset,
          name: externName(reader),
          extern: extern(reader),
        }));
      case 11:
        return each(() => exportDefinition(reader));
      case 9:
      case 12:
        return reader.fail("values in components (start and value sections) are not supported");
      default:
        return reader.fail(`there is no section ${id}`);
    }
  }

  #type(reader: Reader): RawTypeDefinition {
    const code = reader.byte();
    switch (code) {
      case 0x40:
      case 0x43:
        return { kind: "func", async: code === 0x43, params: fields(reader, "parameters"), result: resultType(reader) };
      case 0x41:
      case 0x42:
        return {
          kind: code === 0x41 ? "component" : "instance",
          declarations: this.#declarations(reader, code === 0x41),
        };
      case 0x3f:
        return { kind: "resource", rep: repType(reader), destructor: reader.optional(() => reader.u32()) };
      default:
        return definedType(reader, code);
    }
  }

  #declarations(reader: Reader, ofComponent: boolean): Declaration[] {
    if (++this.#depth > MAX_DEPTH) reader.fail(`types are nested deeper than ${MAX_DEPTH}`);
    const declarations = reader.list(() => this.#declaration(reader, ofComponent));
    this.#depth--;
    return declarations;
  }

  #declaration(reader: Reader, ofComponent: boolean): Declaration {
    const { offset } = reader;
    switch (reader.byte()) {
      case 0:
        return { kind: "core type", offset, type: coreTypeDefinition(reader) };
      case 1:
        return { kind: "type", offset, type: this.#type(reader) };
      case 2:
        return { offset, ...alias(reader) };
      case 3:
        if (!ofComponent) reader.unknown("declaration of an instance type: it imports nothing");
        return { kind: "import", offset, name: externName(reader), extern: extern(reader) };
      case 4:
        return { kind: "export", offset, name: externName(reader), extern: extern(reader) };
      default:
        return reader.unknown("declaration");
    }
  }
}

const CORE_SORTS: Readonly<Record<number, CoreSort>> = {
  0x00: "core func",
  0x01: "core table",
  0x02: "core memory",
  0x03: "core global",
  0x04: "core tag",
  0x10: "core type",
  0x11: "core module",
  0x12: "core instance",
};
const SORTS: Readonly<Record<number, Sort>> = { 1: "func", 2: "value", 3: "type", 4: "component", 5: "instance" };

function coreSort(reader: Reader): CoreSort {
  return CORE_SORTS[reader.byte()] ?? reader.unknown("core sort");
}

function sort(reader: Reader): Sort {
  const code = reader.byte();
  return code === 0 ? coreSort(reader) : (SORTS[code] ?? reader.unknown("sort"));
}

function sortIndex(reader: Reader): SortIndex {
  return { sort: sort(reader), index: reader.u32() };
}

function coreInstance(reader: Reader): Definition {
  const { offset } = reader;
  switch (reader.byte()) {
    case 0: {
      const module = reader.u32();
      const args = reader.list((): [string, number] => {
        const name = reader.name();
        if (reader.byte() !== 0x12) reader.unknown("argument: expected an instance (0x12)");
        return [name, reader.u32()];
      });
      return { kind: "core instantiate", offset, module, args };
    }
    case 1: {
      const exports = reader.list((): [string, { sort: CoreSort; index: number }] => {
        const name = reader.name();
        return [name, { sort: coreSort(reader), index: reader.u32() }];
      });
      return { kind: "core exports", offset, exports };
    }
    default:
      return reader.unknown("form of core instance");
  }
}

function instance(reader: Reader): Definition {
  const { offset } = reader;
  switch (reader.byte()) {
    case 0: {
      const component = reader.u32();
      return { kind: "instantiate", offset, component, args: reader.list(() => [reader.name(), sortIndex(reader)]) };
    }
    case 1:
      return { kind: "exports", offset, exports: reader.list(() => [externName(reader), sortIndex(reader)]) };
    default:
      return reader.unknown("form of instance");
  }
}

function alias(reader: Reader): Alias {
  const of = sort(reader);
  switch (reader.byte()) {
    case 0:
      return { kind: "alias", sort: of, instance: reader.u32(), name: reader.name() };
    case 1:
      if (!isCoreSort(of)) reader.fail(`a core instance exports no ${of}`);
      return { kind: "core alias", sort: of, instance: reader.u32(), name: reader.name() };
    case 2:
      return { kind: "outer alias", sort: of, count: reader.u32(), index: reader.u32() };
    default:
      return reader.unknown("form of alias");
  }
}

function isCoreSort(of: Sort): of is CoreSort {
  return of.startsWith("core ");
}

/** The name of an import or export; what else is said of it changes nothing for us. */
function externName(reader: Reader): string {
  const form = reader.byte();
  if (form > 2) reader.unknown("form of name");
  const start = reader.offset;
  const name = reader.name();
  if (!isExternName(name)) reader.fail(`${JSON.stringify(name)} is no name that an import or export may have`, start);
  if (form === 2) {
    reader.list(() => {
      if (reader.byte() > 2) reader.unknown("attribute of a name");
      reader.name();
    });
  }
  return name;
}

function label(reader: Reader): string {
  const start = reader.offset;
  const name = reader.name();
  if (!isLabel(name)) reader.fail(`${JSON.stringify(name)} is not in kebab case`, start);
  return name;
}

function exportDefinition(reader: Reader): Definition {
  const { offset } = reader;
  const name = externName(reader);
  return { kind: "export", offset, name, of: sortIndex(reader), extern: reader.optional(() => extern(reader)) };
}

function extern(reader: Reader): RawExtern {
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

const PRIMITIVES: Readonly<Record<number, PrimitiveKind>> = {
  0x7f: "bool",
  0x7e: "s8",
  0x7d: "u8",
  0x7c: "s16",
  0x7b: "u16",
  0x7a: "s32",
  0x79: "u32",
  0x78: "s64",
  0x77: "u64",
  0x76: "f32",
  0x75: "f64",
  0x74: "char",
  0x73: "string",
  0x64: "error-context",
};

function valueType(reader: Reader): RawType {
  return reader.index() ?? PRIMITIVES[reader.byte()] ?? reader.unknown("value type");
}

function fields(reader: Reader, what: string): RawField[] {
  return reader.list(() => ({ name: label(reader), type: valueType(reader) }), MAX_MEMBERS, what);
}

function resultType(reader: Reader): RawType | undefined {
  const form = reader.byte();
  if (form === 0) return valueType(reader);
  if (form !== 1 || reader.byte() !== 0) reader.unknown("form of result");
  return undefined;
}

function repType(reader: Reader): CoreType {
  const code = reader.byte();
  if (code === 0x7f) return "i32";
  return code === 0x7e
    ? reader.fail("resources are represented by i64, which is not supported")
    : reader.unknown("type of a representation");
}

function definedType(reader: Reader, code: number): RawDefinedType {
  const primitive = PRIMITIVES[code];
  if (primitive) return { kind: "primitive", type: primitive };
  const type = (): RawType => valueType(reader);
  const some = <T>(items: T[]): T[] =>
    items.length === 0 ? reader.fail("a type of this kind has at least one member") : items;
  switch (code) {
    case 0x72:
      return { kind: "record", fields: some(fields(reader, "fields")) };
    case 0x71:
      return { kind: "variant", cases: some(cases(reader)) };
    case 0x70:
      return { kind: "list", element: type(), length: undefined };
    case 0x67:
      return { kind: "list", element: type(), length: reader.u32() || reader.fail("a list of fixed length is empty") };
    case 0x6f:
      return { kind: "tuple", members: some(reader.list(type, MAX_MEMBERS, "members")) };
    case 0x6e:
      return { kind: "flags", names: some(reader.list(() => label(reader), 32, "flags")) };
    case 0x6d:
      return { kind: "enum", names: some(reader.list(() => label(reader), MAX_MEMBERS, "cases")) };
    case 0x6b:
      return { kind: "option", some: type() };
    case 0x6a:
      return { kind: "result", ok: reader.optional(type), err: reader.optional(type) };
    case 0x69:
      return { kind: "own", resource: reader.u32() };
    case 0x68:
      return { kind: "borrow", resource: reader.u32() };
    case 0x66:
    case 0x65:
      return { kind: code === 0x66 ? "stream" : "future", element: reader.optional(type) };
    case 0x63:
      return { kind: "map", key: type(), value: type() };
    default:
      return reader.unknown("type");
  }
}

function cases(reader: Reader): { name: string; type: RawType | undefined }[] {
  return reader.list(
    () => {
      const name = label(reader);
      const type = reader.optional(() => valueType(reader));
      if (reader.byte() !== 0) reader.unknown("end of a case: expected 0");
      return { name, type };
    },
    MAX_MEMBERS,
    "cases",
  );
}

function coreTypeDefinition(reader: Reader): RawCoreType {
  const code = reader.byte();
  if (code === 0x60) {
    reader.list(() => reader.byte());
    reader.list(() => reader.byte());
    return { kind: "func" };
  }
  if (code !== 0x50) return reader.unknown("core type: expected a function or a module");
  const imports: { module: string; name: string; extern: ReturnType<typeof coreExtern> }[] = [];
  const exports = new Map<string, ReturnType<typeof coreExtern>>();
  reader.list(() => {
    switch (reader.byte()) {
      case 0:
        imports.push(coreImport(reader));
        return;
      case 1:
        coreTypeDefinition(reader);
        return;
      case 2:
        if (reader.byte() !== 0x10 || reader.byte() !== 1) reader.unknown("alias in a module type");
        reader.u32();
        reader.u32();
        return;
      case 3:
        exports.set(reader.name(), coreExtern(reader));
        return;
      default:
        reader.unknown("declaration of a module type");
    }
  });
  return { kind: "module", imports, exports };
}
