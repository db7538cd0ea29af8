/** Lists of numbers, as typed arrays. */
import type { Guest } from "./guest.ts";
import { allocate, behindPointer, checkedPlace, list } from "./lists.ts";
import type { CoreValue, Type } from "./type.ts";
import type { ValType } from "./types.ts";

/** Types of which a list is a typed array in JavaScript. */
type TypedArrayKind = "u8" | "s8" | "u16" | "s16" | "u32" | "s32" | "u64" | "s64" | "f32" | "f64";

type AnyTypedArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** As much of the constructors of typed arrays as is needed of each. */
interface ArrayConstructor {
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
  new (buffer: ArrayBuffer): AnyTypedArray;
}

/** What a list of these is in JavaScript. */
export const NUMBER_ARRAYS: {
  readonly s8: Int8ArrayConstructor;
  readonly u8: Uint8ArrayConstructor;
  readonly s16: Int16ArrayConstructor;
  readonly u16: Uint16ArrayConstructor;
  readonly s32: Int32ArrayConstructor;
  readonly u32: Uint32ArrayConstructor;
  readonly f32: Float32ArrayConstructor;
  readonly f64: Float64ArrayConstructor;
} = {
  s8: Int8Array,
  u8: Uint8Array,
  s16: Int16Array,
  u16: Uint16Array,
  s32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
};

/** What a list of these is in JavaScript. */
export const BIGINT_ARRAYS: { readonly s64: BigInt64ArrayConstructor; readonly u64: BigUint64ArrayConstructor } = {
  s64: BigInt64Array,
  u64: BigUint64Array,
};

const ARRAYS: Readonly<Record<TypedArrayKind, ArrayConstructor>> = { ...NUMBER_ARRAYS, ...BIGINT_ARRAYS };

export function isTypedArrayKind(kind: ValType["kind"]): kind is TypedArrayKind {
  return Object.hasOwn(ARRAYS, kind);
}

/** A list of numbers: a typed array of its own, in one copy. Arrays of numbers are taken too. */
export function numbers(kind: TypedArrayKind, item: Type<unknown, never>): Type<AnyTypedArray, AnyTypedArray> {
  const make = ARRAYS[kind];
  // Numbers by another way: each is checked by the type of the items.
  const others = list(item);
  return behindPointer<AnyTypedArray, AnyTypedArray>(
    { kind: "list", element: { kind }, length: undefined },
    (guest, pointer, count) => {
      const start = checkedPlace(guest, pointer, count, item);
      // Many lists may be the same bytes.
      guest.takeValue(count * make.BYTES_PER_ELEMENT, "a list");
      return new make(guest.memory.slice(start, start + count * make.BYTES_PER_ELEMENT).buffer);
    },
    (guest, value) => {
      if (!(value instanceof make)) return storeOthers(guest, value);
      const raw = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      const count = raw.length / make.BYTES_PER_ELEMENT;
      const pointer = allocate(guest, count, item);
      guest.memory.set(raw, pointer);
      return { pointer, count };
    },
  );

  function storeOthers(guest: Guest, value: unknown): { pointer: number; count: number } {
    const into: CoreValue[] = [];
    // Whatever it is: `list` says what is wrong with it.
    others.lower(guest, value as never, into);
    return { pointer: Number(into[0]) >>> 0, count: Number(into[1]) >>> 0 };
  }
}
