/** What a module type says of core imports and exports. Types of the engine are passed over: the engine checks them. */
import type { CoreExtern } from "./definitions.ts";
import type { Reader } from "./reader.ts";

export interface CoreImport {
  readonly module: string;
  readonly name: string;
  readonly extern: CoreExtern;
}

export function coreImport(reader: Reader): CoreImport {
  return { module: reader.name(), name: reader.name(), extern: coreExtern(reader) };
}

export function coreExtern(reader: Reader): CoreExtern {
  switch (reader.byte()) {
    case 0x00:
      reader.u32();
      return { sort: "core func" };
    case 0x01:
      valueType(reader);
      limits(reader);
      return { sort: "core table" };
    case 0x02:
      limits(reader);
      return { sort: "core memory" };
    case 0x03:
      valueType(reader);
      reader.byte();
      return { sort: "core global" };
    case 0x04:
      reader.byte();
      reader.u32();
      return { sort: "core tag" };
    default:
      return reader.unknown("core import or export");
  }
}

/** A number type, or a reference to something: by a code of its own, or spelled out with the index of a type. */
function valueType(reader: Reader): void {
  const code = reader.byte();
  if (code !== 0x63 && code !== 0x64) return;
  if (reader.index() === undefined) reader.byte();
}

function limits(reader: Reader): void {
  const flags = reader.byte();
  long(reader);
  if ((flags & 1) !== 0) long(reader);
  // A page size of its own.
  if ((flags & 8) !== 0) reader.u32();
}

/** An unsigned number of 64 bits, of which nobody wants to know. */
function long(reader: Reader): void {
  for (let length = 0; length < 10; length++) if (reader.byte() < 0x80) return;
  reader.fail("a number is longer than 64 bits");
}
