/** Types made of others: records, tuples, flags. */
import { isObject } from "../io/shape.ts";
import { flagsBytes, layoutOf, placesOf } from "./layout.ts";
import { camelCaseAll } from "./names.ts";
import { wrongValue, type AnyType, type InOf, type OutOf, type Type } from "./type.ts";
import type { ValType } from "./types.ts";

/** `some-name` as `someName`. */
export type CamelCase<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

type Values<T extends readonly AnyType[]> = { [K in keyof T]: InOf<T[K]> };
type Results<T extends readonly AnyType[]> = { readonly [K in keyof T]: OutOf<T[K]> };

export function tuple<const T extends readonly AnyType[]>(...members: T): Type<Values<T>, Results<T>> {
  // The types of the members are those of the tuple's elements, by the signature; inside they are walked by index.
  const untyped = members as readonly unknown[] as readonly Type<unknown>[];
  const wit: ValType = { kind: "tuple", members: untyped.map((member) => member.wit) };
  const places = placesOf(wit.members);
  const checked = (values: Results<T>): readonly unknown[] =>
    Array.isArray(values) && values.length === untyped.length
      ? (values as readonly unknown[])
      : wrongValue(`a tuple, an array of ${untyped.length}`, values);
  return {
    wit,
    ...layoutOf(wit),
    load: (guest, at) => untyped.map((member, index) => member.load(guest, at + (places[index] ?? 0))) as Values<T>,
    lift: (guest, flat) => untyped.map((member) => member.lift(guest, flat)) as Values<T>,
    store(guest, at, given) {
      const values = checked(given);
      for (const [index, member] of untyped.entries()) member.store(guest, at + (places[index] ?? 0), values[index]);
    },
    lower(guest, given, into) {
      const values = checked(given);
      for (const [index, member] of untyped.entries()) member.lower(guest, values[index], into);
    },
  };
}

type RecordIn<T extends Record<string, AnyType>> = { [K in keyof T & string as CamelCase<K>]: InOf<T[K]> };
type RecordOut<T extends Record<string, AnyType>> = { readonly [K in keyof T & string as CamelCase<K>]: OutOf<T[K]> };

/** @param fields By WIT's names, in order. */
export function record<T extends Record<string, AnyType>>(fields: T): Type<RecordIn<T>, RecordOut<T>> {
  type In = RecordIn<T>;
  const names = Object.keys(fields);
  const keys = camelCaseAll(names);
  // As in `tuple`: typed outside, walked by index inside.
  const untyped = Object.values(fields) as readonly unknown[] as readonly Type<unknown>[];
  const types = untyped.map((field) => field.wit);
  const wit: ValType = {
    kind: "record",
    fields: names.map((name, index) => ({ name, type: untyped[index]?.wit ?? never() })),
  };
  const places = placesOf(types);
  /** `read` is called for each field in order. */
  function made(read: (field: Type<unknown>, index: number) => unknown): In {
    const value: Record<string, unknown> = {};
    for (const [index, field] of untyped.entries()) value[keys[index] ?? ""] = read(field, index);
    return value as In;
  }
  function each(value: RecordOut<T>, write: (field: Type<unknown>, member: unknown, index: number) => void): void {
    if (!isNamed(value)) wrongValue("a record, an object", value);
    for (const [index, field] of untyped.entries()) {
      const key = keys[index] ?? "";
      named(key, () => write(field, memberOf(value, key), index));
    }
  }
  return {
    wit,
    ...layoutOf(wit),
    load: (guest, at) => made((field, index) => field.load(guest, at + (places[index] ?? 0))),
    lift: (guest, flat) => made((field) => field.lift(guest, flat)),
    store: (guest, at, value) =>
      each(value, (field, member, index) => field.store(guest, at + (places[index] ?? 0), member)),
    lower: (guest, value, into) => each(value, (field, member) => field.lower(guest, member, into)),
  };
}

/** Whether it may have members by name: what has items has none. */
function isNamed(value: unknown): value is object {
  return isObject(value) && !(Symbol.iterator in value);
}

/** What every object inherits, such as `constructor`, is no member. */
function memberOf(value: object, key: string): unknown {
  return key in Object.prototype && !Object.hasOwn(value, key) ? undefined : Reflect.get(value, key);
}

function never(): never {
  throw new Error("A list has an item for each of its indices");
}

/** Says of which member a value is wrong. */
export function named(name: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw ofMember(name, error);
  }
}

/** What was wrong with the value of a member, with its name. */
export function ofMember(name: string, error: unknown): unknown {
  return error instanceof TypeError ? new TypeError(`${name}: ${error.message}`, { cause: error }) : error;
}

/** Flags are booleans by name: 1 to 32. */
export function flags<const T extends string>(...names: readonly T[]): Type<Record<CamelCase<T>, boolean>> {
  type Value = Record<CamelCase<T>, boolean>;
  const wit: ValType = { kind: "flags", names };
  const keys = camelCaseAll(names);
  const size = flagsBytes(names.length);
  const none: Record<string, boolean> = Object.fromEntries(keys.map((key) => [key, false]));
  function decode(bits: number): Value {
    // A copy has its members at once, and those that are set are mostly few.
    const value: Record<string, boolean> = { ...none };
    for (const [index, key] of keys.entries()) if ((bits >>> index) & 1) value[key] = true;
    return value;
  }
  function encode(value: Value): number {
    // The names of those that are set, as an array, would set none.
    if (!isNamed(value)) wrongValue("flags, an object of booleans", value);
    let bits = 0;
    for (const [index, key] of keys.entries()) {
      const flag = memberOf(value, key) ?? false;
      if (typeof flag !== "boolean") named(key, () => wrongValue("a boolean", flag));
      if (flag === true) bits |= 1 << index;
    }
    return bits;
  }
  return {
    wit,
    ...layoutOf(wit),
    load(guest, at) {
      const { view } = guest;
      return decode(size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at, true) : view.getUint32(at, true));
    },
    lift: (_guest, flat) => decode(flat.number()),
    store(guest, at, value) {
      const { view } = guest;
      const bits = encode(value);
      if (size === 1) view.setUint8(at, bits);
      else if (size === 2) view.setUint16(at, bits, true);
      else view.setUint32(at, bits, true);
    },
    lower: (_guest, value, into) => void into.push(encode(value)),
  };
}
