/**
 * Core types in their binary form, as they are in core modules and in components.
 *
 * @see https://webassembly.github.io/spec/core/binary/types.html
 */
import type { CoreFuncType, CoreValueType, Limits } from "./core-types.ts";
import type { RawCoreExtern } from "./definitions.ts";
import type { Reader } from "./reader.ts";

const NUMBERS: Readonly<Record<number, string>> = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64", 0x7b: "v128" };

/** Types of references that have a code of their own begin here. */
const FIRST_HEAP_TYPE = 0x68;

/** A number type, or a reference to something: by a code of its own, or spelled out. */
export function valueType(reader: Reader): CoreValueType {
  const code = reader.byte();
  const number = NUMBERS[code];
  if (number !== undefined) return number;
  if (code === 0x63 || code === 0x64) {
    if (reader.index() !== undefined) return undefined;
    return reference(code === 0x63, reader.byte());
  }
  return code >= FIRST_HEAP_TYPE && code <= 0x75 ? reference(true, code) : reader.unknown("core value type");
}

function reference(isNullable: boolean, heapType: number): string {
  return `ref ${isNullable ? "null " : ""}0x${heapType.toString(16)}`;
}

/** One type or, if they refer to each other, several. `undefined` for what is no function, or has a supertype. */
export function recursiveTypes(reader: Reader): (CoreFuncType | undefined)[] {
  if (reader.peek() !== 0x4e) return [subtype(reader)];
  reader.byte();
  return reader.list(() => subtype(reader));
}

function subtype(reader: Reader): CoreFuncType | undefined {
  const code = reader.peek();
  if (code !== 0x50 && code !== 0x4f) return compositeType(reader);
  reader.byte();
  const supertypes = reader.list(() => reader.u32());
  const type = compositeType(reader);
  return supertypes.length > 0 ? undefined : type;
}

function compositeType(reader: Reader): CoreFuncType | undefined {
  switch (reader.byte()) {
    case 0x60:
      return { params: reader.list(() => valueType(reader)), results: reader.list(() => valueType(reader)) };
    case 0x5f:
      reader.list(() => field(reader));
      return undefined;
    case 0x5e:
      field(reader);
      return undefined;
    case 0x5d:
      reader.u32();
      return undefined;
    default:
      return reader.unknown("core type");
  }
}

/** Of a structure or an array. */
function field(reader: Reader): void {
  const code = reader.peek();
  if (code === 0x78 || code === 0x77) reader.byte();
  else valueType(reader);
  reader.byte();
}

/** The type of an import or export; functions and tags by the index of their type. */
export function coreExtern(reader: Reader): RawCoreExtern {
  switch (reader.byte()) {
    case 0x00:
      return { sort: "core func", type: reader.u32() };
    case 0x01:
      return tableType(reader);
    case 0x02:
      return { sort: "core memory", limits: limits(reader) };
    case 0x03:
      return globalType(reader);
    case 0x04:
      return tagType(reader);
    default:
      return reader.unknown("core import or export");
  }
}

export function tableType(reader: Reader): RawCoreExtern & { readonly sort: "core table" } {
  return { sort: "core table", element: valueType(reader), limits: limits(reader) };
}

export function globalType(reader: Reader): RawCoreExtern & { readonly sort: "core global" } {
  const value = valueType(reader);
  const mutability = reader.byte();
  if (mutability > 1) reader.unknown("mutability of a global");
  return { sort: "core global", value, isMutable: mutability === 1 };
}

export function tagType(reader: Reader): RawCoreExtern & { readonly sort: "core tag" } {
  if (reader.byte() !== 0) reader.unknown("attribute of a tag");
  return { sort: "core tag", type: reader.u32() };
}

/** Whether there is a maximum, whether it is shared, 64 bits, and a page size of its own. */
export const LIMIT_FLAGS = { max: 1, shared: 2, is64: 4, pageSize: 8 };

export function limits(reader: Reader): Limits {
  const flags = reader.byte();
  if (flags > 0xf) reader.unknown("form of limits");
  const min = long(reader);
  const max = (flags & LIMIT_FLAGS.max) === 0 ? undefined : long(reader);
  if ((flags & LIMIT_FLAGS.pageSize) !== 0) reader.u32();
  return { min, max, is64: (flags & LIMIT_FLAGS.is64) !== 0, isShared: (flags & LIMIT_FLAGS.shared) !== 0 };
}

/** An unsigned number of 64 bits, as nearly as a number can have it. */
function long(reader: Reader): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = reader.byte();
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
  return reader.fail("a number is longer than 64 bits");
}
