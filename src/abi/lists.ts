/** Lists: of bytes and other numbers as typed arrays, of anything else as arrays; maps. */
import { Trap } from "../io/trap.ts";
import type { Guest } from "./guest.ts";
import { layoutOf } from "./layout.ts";
import { tuple } from "./composites.ts";
import { wrongValue, type AnyType, type CoreValue, type Type } from "./type.ts";
import { weightOf } from "./weight.ts";
import { MAX_LIST_BYTES, type ValType } from "./types.ts";

const BYTES: ValType = { kind: "list", element: { kind: "u8" }, length: undefined };

/** What lies behind a pointer and a count. `store` gives where it put what it was given. */
function behindPointer<In, Out>(
  wit: ValType,
  load: (guest: Guest, pointer: number, count: number) => In,
  store: (guest: Guest, value: Out) => { readonly pointer: number; readonly count: number },
): Type<In, Out> {
  return {
    wit,
    ...layoutOf(wit),
    load: (guest, place) => load(guest, guest.view.getUint32(place, true), guest.view.getUint32(place + 4, true)),
    lift: (guest, flat) => load(guest, flat.number() >>> 0, flat.number() >>> 0),
    store(guest, place, value) {
      const { pointer, count } = store(guest, value);
      guest.view.setUint32(place, pointer, true);
      guest.view.setUint32(place + 4, count, true);
    },
    lower(guest, value, into) {
      const { pointer, count } = store(guest, value);
      into.push(pointer | 0, count | 0);
    },
  };
}

function storeBytes(guest: Guest, value: Uint8Array): { pointer: number; count: number } {
  const pointer = guest.allocate(value.length, 1);
  guest.memory.set(value, pointer);
  return { pointer, count: value.length };
}

/** `list<u8>`. Among parameters a view of the guest's memory: valid during the call, and not longer. */
export const bytes: Type<Uint8Array> = behindPointer(
  BYTES,
  (guest, pointer, count) => guest.bytes(pointer, count),
  storeBytes,
);

/** @throws {Trap} If so many items cannot be. */
function checkedPlace(guest: Guest, pointer: number, count: number, { size, align }: AnyType): number {
  if (count * size > MAX_LIST_BYTES) {
    throw new Trap("1.1", `a list of ${count * size} bytes: the canonical ABI allows ${MAX_LIST_BYTES}`);
  }
  return guest.place(pointer, count * size, align);
}

function allocate(guest: Guest, count: number, { size, align }: AnyType): number {
  if (count * size > MAX_LIST_BYTES) {
    throw new RangeError(`a list of ${count * size} bytes: the canonical ABI allows ${MAX_LIST_BYTES}`);
  }
  return guest.allocate(count * size, align);
}

export function list<In, Out>(item: Type<In, Out>): Type<In[], readonly Out[]> {
  const { size } = item;
  const weight = weightOf(item.wit);
  return behindPointer<In[], readonly Out[]>(
    { kind: "list", element: item.wit, length: undefined },
    (guest, pointer, count) => {
      const start = checkedPlace(guest, pointer, count, item);
      guest.takeValue(count * weight, "a list");
      const values: In[] = [];
      for (let index = 0; index < count; index++) values.push(item.load(guest, start + index * size));
      return values;
    },
    (guest, given) => {
      const values = arrayOf(given);
      // As many as there is memory for, whatever becomes of the array while its items are looked at.
      const count = values.length;
      const pointer = allocate(guest, count, item);
      for (let index = 0; index < count; index++) {
        // What is missing is no value of the type, or none that has to be there.
        at(index, () => item.store(guest, pointer + index * size, values[index] as Out));
      }
      return { pointer, count };
    },
  );
}

/** Arrays, and whatever else is made of items in order. */
function arrayOf<T>(value: Iterable<T>): readonly T[] {
  if (Array.isArray(value)) return value as readonly T[];
  if (typeof value !== "object" || value === null || !(Symbol.iterator in value)) return wrongValue("a list", value);
  return [...value];
}

function at(index: number, store: () => void): void {
  try {
    store();
  } catch (error) {
    throw error instanceof TypeError ? new TypeError(`item ${index}: ${error.message}`, { cause: error }) : error;
  }
}

/** A list of exactly `count` items. */
export function fixedList<In, Out>(item: Type<In, Out>, count: number): Type<In[], readonly Out[]> {
  const wit: ValType = { kind: "list", element: item.wit, length: count };
  const { size } = item;
  const checked = (given: readonly Out[]): readonly Out[] => {
    const values = arrayOf(given);
    return values.length === count ? values : wrongValue(`a list of ${count} items`, given);
  };
  return {
    wit,
    ...layoutOf(wit),
    load: (guest, start) => Array.from({ length: count }, (_, index) => item.load(guest, start + index * size)),
    lift: (guest, flat) => Array.from({ length: count }, () => item.lift(guest, flat)),
    store(guest, start, values) {
      for (const [index, value] of checked(values).entries()) {
        at(index, () => item.store(guest, start + index * size, value));
      }
    },
    lower(guest, values, into) {
      for (const [index, value] of checked(values).entries()) at(index, () => item.lower(guest, value, into));
    },
  };
}

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

/** A map is a `Map`; in the guest it is a list of pairs, of which the last one counts. */
export function map<K, V>(key: Type<K>, value: Type<V>): Type<Map<K, V>, ReadonlyMap<K, V>> {
  const pairs = list(tuple(key, value));
  const wit: ValType = { kind: "map", key: key.wit, value: value.wit };
  const entriesOf = (given: ReadonlyMap<K, V>): [K, V][] =>
    given instanceof Map ? [...given.entries()] : wrongValue("a Map", given);
  return {
    wit,
    ...layoutOf(wit),
    load: (guest, place) => new Map(pairs.load(guest, place)),
    lift: (guest, flat) => new Map(pairs.lift(guest, flat)),
    store: (guest, place, given) => pairs.store(guest, place, entriesOf(given)),
    lower: (guest, given, into) => pairs.lower(guest, entriesOf(given), into),
  };
}
