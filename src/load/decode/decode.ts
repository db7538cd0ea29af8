/**
 * The decoder of component binaries. Copies nothing: core modules are parts of the given bytes.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
 */
import { quoted } from "../../io/quoted.ts";
import type { CoreSort, Definition, SortIndex } from "./definitions.ts";
import { decodeCanon } from "./canon.ts";
import { checkedName, declared, extern, externName } from "./extern.ts";
import { alias, coreSort, sortIndex } from "./sort.ts";
import { coreTypeDefinition, resultType, TypeDecoder } from "./type.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import { Reader } from "./reader.ts";

/** Components in components: deeper than anybody nests, and shallower than a stack. */
const MAX_DEPTH = 100;

/** What a core module counts as: the engine keeps kilobytes for it, however small it is. */
const MODULE_ITEMS = 25;

/** Of what is no component. */
const TOLD_BYTES = 16;
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
    const begin = bytes.subarray(0, TOLD_BYTES);
    const text = String.fromCharCode(...begin);
    // Such as a page of HTML that says that there is no such file.
    const told = /^[\s!-~]+$/.test(text)
      ? quoted(text)
      : Array.from(begin, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new InvalidComponentError(
      `Expected a WebAssembly component, got ${bytes.length} bytes that begin with ${told || "nothing"}`,
    );
  }
  return new Decoder().component(new Reader(bytes, 0, bytes.length, { items: 0 }));
}

class Decoder {
  readonly #types = new TypeDecoder();
  #depth = 0;

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
    reader.count(id === 1 ? MODULE_ITEMS : 1, offset);
    const each = (item: () => Definition): void => {
      reader.list(() => into.push(item()), Number.MAX_SAFE_INTEGER, "definitions");
    };
    switch (id) {
      case 0:
        reader.name();
        reader.skip(offset + size - reader.offset);
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
        return each(() => ({ kind: "type", offset: reader.offset, type: this.#types.type(reader) }));
      case 8:
        return each(() => ({
          kind: "canon",
          offset: reader.offset,
          canon: decodeCanon(reader, () => resultType(reader)),
        }));
      case 10:
        return each(() => ({ kind: "import", offset: reader.offset, ...declared(reader) }));
      case 11:
        return each(() => exportDefinition(reader));
      case 9:
      case 12:
        return reader.fail("values in components (start and value sections) are not supported");
      default:
        return reader.fail(`there is no section ${id}`);
    }
  }
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
      return { kind: "exports", offset, exports: reader.list(() => namedItem(reader)) };
    default:
      return reader.unknown("form of instance");
  }
}

function exportDefinition(reader: Reader): Definition {
  const { offset } = reader;
  const [name, of] = namedItem(reader);
  return { kind: "export", offset, name, of, extern: reader.optional(() => extern(reader)) };
}

function namedItem(reader: Reader): [string, SortIndex] {
  const name = externName(reader);
  const of = sortIndex(reader);
  return [checkedName(name, of.sort, reader), of];
}
