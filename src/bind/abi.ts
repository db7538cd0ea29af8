/**
 * The canonical ABI of the component model, as far as WASI 0.2 needs it: how a value of a WIT type lies in a guest's
 * memory and in a core function's parameters. Values have the shapes that jco gives them in JavaScript.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
 */
import { WitError } from "../io/errors.ts";
import { Trap } from "../io/trap.ts";
import type { CoreType } from "./encode.ts";
import type { Guest } from "./guest.ts";
import type { Entry, Kind, Resources } from "./resources.ts";

/** One WIT type. `In` is what a host function is given, `Out` what it may return. */
export interface Type<In, Out = In> {
  readonly size: number;
  /** A power of two. */
  readonly align: number;
  readonly flat: readonly CoreType[];
  readonly load: (guest: Guest, at: number) => In;
  readonly lift: (guest: Guest, flat: FlatValues) => In;
  readonly store: (guest: Guest, at: number, value: Out) => void;
  /** The value as the one core value of a result. Only for types that flatten to one. */
  readonly lower: (guest: Guest, value: Out) => number | bigint;
  /** For calls that glue in JavaScript has converted: from its value to ours. Missing: they are the same. */
  readonly fromJs?: (value: unknown, js: JsResources) => In;
  /** As `fromJs`, in the other direction. */
  readonly toJs?: (value: Out, js: JsResources) => unknown;
}

/** Resources on the JavaScript side of the glue: instances of classes that carry a rep. */
export interface JsResources {
  readonly resources: Resources;
  entryOf(kind: Kind<unknown>, instance: unknown): Entry;
  instanceOf(entry: Entry): object;
}

export type InOf<T> = T extends Type<infer In, infer _Out> ? In : never;
export type OutOf<T> = T extends Type<infer _In, infer Out> ? Out : never;

/** The parameters of a core function, taken one after the other. */
export class FlatValues {
  readonly #values: readonly unknown[];
  #at = 0;

  constructor(values: readonly unknown[]) {
    this.#values = values;
  }

  /** Any of i32, f32 and f64. */
  number(): number {
    const value = this.#values[this.#at++];
    // A slot that the cases of a variant share may be wider than this case needs.
    return typeof value === "bigint" ? Number(BigInt.asIntN(32, value)) : Number(value);
  }

  bigint(): bigint {
    const value = this.#values[this.#at++];
    return typeof value === "bigint" ? value : BigInt(Number(value));
  }

  /** A u64 as a number, which a gate has made one or not. */
  length(): number {
    const value = this.#values[this.#at++];
    return typeof value === "bigint" ? clamped(value) : Math.min(Number(value), Number.MAX_SAFE_INTEGER);
  }

  skip(count: number): void {
    this.#at += count;
  }
}

function alignUp(at: number, align: number): number {
  return (at + align - 1) & ~(align - 1);
}

interface Scalar<T> {
  readonly size: number;
  readonly flat: CoreType;
  readonly get: (view: DataView, at: number) => T;
  readonly set: (view: DataView, at: number, value: T) => void;
  readonly lift: (flat: FlatValues) => T;
  readonly lower: (value: T) => number | bigint;
}

function scalar<T>({ size, flat, get, set, lift, lower }: Scalar<T>): Type<T> {
  return {
    size,
    align: size,
    flat: [flat],
    load: (guest, at) => get(guest.view, at),
    lift: (_guest, values) => lift(values),
    store: (guest, at, value) => set(guest.view, at, value),
    lower: (_guest, value) => lower(value),
  };
}

export const bool: Type<boolean> = scalar<boolean>({
  size: 1,
  flat: "i32",
  get: (view, at) => view.getUint8(at) !== 0,
  set: (view, at, value) => view.setUint8(at, value ? 1 : 0),
  lift: (flat) => flat.number() !== 0,
  lower: (value) => (value ? 1 : 0),
});

export const u8: Type<number> = scalar<number>({
  size: 1,
  flat: "i32",
  get: (view, at) => view.getUint8(at),
  set: (view, at, value) => view.setUint8(at, value),
  lift: (flat) => flat.number() & 0xff,
  lower: (value) => value,
});

export const u16: Type<number> = scalar<number>({
  size: 2,
  flat: "i32",
  get: (view, at) => view.getUint16(at, true),
  set: (view, at, value) => view.setUint16(at, value, true),
  lift: (flat) => flat.number() & 0xffff,
  lower: (value) => value,
});

export const u32: Type<number> = scalar<number>({
  size: 4,
  flat: "i32",
  get: (view, at) => view.getUint32(at, true),
  set: (view, at, value) => view.setUint32(at, value, true),
  lift: (flat) => flat.number() >>> 0,
  lower: (value) => value | 0,
});

export const u64: Type<bigint> = scalar<bigint>({
  size: 8,
  flat: "i64",
  get: (view, at) => view.getBigUint64(at, true),
  set: (view, at, value) => view.setBigUint64(at, value, true),
  lift: (flat) => BigInt.asUintN(64, flat.bigint()),
  lower: (value) => BigInt.asIntN(64, value),
});

/** A length in bytes: a u64 that is a number to the host, since it never counts further (1.5). */
export const length: Type<number> = {
  ...scalar<number>({
    size: 8,
    flat: "i64",
    get: (view, at) => clamped(view.getBigUint64(at, true)),
    set: (view, at, value) => view.setBigUint64(at, BigInt(value), true),
    lift: (flat) => flat.length(),
    lower: (value) => BigInt(value),
  }),
  fromJs(value) {
    if (typeof value !== "bigint") throw new TypeError(`Expected a bigint, got ${typeof value}`);
    return clamped(value);
  },
  toJs: (value) => BigInt(value),
};

function clamped(value: bigint): number {
  const unsigned = BigInt.asUintN(64, value);
  return unsigned > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(unsigned);
}

/** What only results have, or what lies behind a pointer, has no single core value. */
function noLower(): never {
  throw new TypeError("This type does not flatten to one core value");
}

function behindPointer<T>(
  load: (guest: Guest, pointer: number, count: number) => T,
  store: (guest: Guest, at: number, value: T) => void,
): Type<T> {
  return {
    size: 8,
    align: 4,
    flat: ["i32", "i32"],
    load: (guest, at) => load(guest, guest.view.getUint32(at, true), guest.view.getUint32(at + 4, true)),
    lift: (guest, flat) => load(guest, flat.number(), flat.number()),
    store,
    lower: noLower,
  };
}

export const string: Type<string> = behindPointer(
  (guest, pointer, count) => guest.text(pointer, count),
  (guest, at, value) => guest.storeText(at, value),
);

/** `list<u8>`. Among parameters a view of the guest's memory: valid during the call, and not longer. */
export const bytes: Type<Uint8Array> = behindPointer(
  (guest, pointer, count) => guest.bytes(pointer, count),
  (guest, at, value) => guest.storeBytes(at, value),
);

export function list<In, Out>(item: Type<In, Out>): Type<In[], readonly Out[]> {
  const { size, align, fromJs, toJs } = item;
  function load(guest: Guest, pointer: number, count: number): In[] {
    const start = guest.place(pointer, (count >>> 0) * size, align);
    return Array.from({ length: count >>> 0 }, (_, index) => item.load(guest, start + index * size));
  }
  return {
    size: 8,
    align: 4,
    flat: ["i32", "i32"],
    load: (guest, at) => load(guest, guest.view.getUint32(at, true), guest.view.getUint32(at + 4, true)),
    lift: (guest, flat) => load(guest, flat.number(), flat.number()),
    store(guest, at, values) {
      const start = guest.allocate(values.length * size, align);
      for (const [index, value] of values.entries()) item.store(guest, start + index * size, value);
      guest.view.setUint32(at, start, true);
      guest.view.setUint32(at + 4, values.length, true);
    },
    lower: noLower,
    ...(fromJs && { fromJs: (value, js) => asArray(value).map((one) => fromJs(one, js)) }),
    ...(toJs && { toJs: (values, js) => values.map((one) => toJs(one, js)) }),
  };
}

function asArray(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`Expected a list, got ${typeof value}`);
  return value;
}

/** Members one after the other, each at its place. */
function layout(members: readonly Type<unknown, never>[]): { size: number; align: number; places: number[] } {
  let at = 0;
  let align = 1;
  const places = members.map((member) => {
    align = Math.max(align, member.align);
    const place = alignUp(at, member.align);
    at = place + member.size;
    return place;
  });
  return { size: alignUp(at, align), align, places };
}

type AnyType = Type<unknown, never>;
type Values<T extends readonly AnyType[]> = { [K in keyof T]: InOf<T[K]> };
type Results<T extends readonly AnyType[]> = { readonly [K in keyof T]: OutOf<T[K]> };

export function tuple<const T extends readonly AnyType[]>(...members: T): Type<Values<T>, Results<T>> {
  const { size, align, places } = layout(members);
  // The types of the members are those of the tuple's elements, by the signature; inside they are walked by index.
  const untyped = members as readonly unknown[] as readonly Type<unknown>[];
  return {
    size,
    align,
    flat: members.flatMap((member) => member.flat),
    load: (guest, at) => untyped.map((member, index) => member.load(guest, at + (places[index] ?? 0))) as Values<T>,
    lift: (guest, flat) => untyped.map((member) => member.lift(guest, flat)) as Values<T>,
    store(guest, at, values) {
      for (const [index, member] of untyped.entries()) member.store(guest, at + (places[index] ?? 0), values[index]);
    },
    lower: noLower,
  };
}

export function record<T extends Record<string, AnyType>>(
  fields: T,
): Type<{ [K in keyof T]: InOf<T[K]> }, { readonly [K in keyof T]: OutOf<T[K]> }> {
  type In = { [K in keyof T]: InOf<T[K]> };
  const names = Object.keys(fields);
  const { size, align, places } = layout(Object.values(fields));
  // As in `tuple`: typed outside, walked by index inside.
  const untyped = Object.values(fields) as readonly unknown[] as readonly Type<unknown>[];
  const named = (values: unknown[]): In => Object.fromEntries(names.map((name, index) => [name, values[index]])) as In;
  return {
    size,
    align,
    flat: untyped.flatMap((field) => field.flat),
    load: (guest, at) => named(untyped.map((field, index) => field.load(guest, at + (places[index] ?? 0)))),
    lift: (guest, flat) => named(untyped.map((field) => field.lift(guest, flat))),
    store(guest, at, value) {
      for (const [index, field] of untyped.entries()) {
        field.store(guest, at + (places[index] ?? 0), value[names[index] ?? ""]);
      }
    },
    lower: noLower,
  };
}

export function option<In, Out>(some: Type<In, Out>): Type<In | undefined, Out | undefined> {
  const place = alignUp(1, some.align);
  const { fromJs, toJs } = some;
  return {
    size: alignUp(place + some.size, some.align),
    align: some.align,
    flat: ["i32", ...some.flat],
    load: (guest, at) => (guest.view.getUint8(at) === 0 ? undefined : some.load(guest, at + place)),
    lift(guest, flat) {
      if (flat.number() !== 0) return some.lift(guest, flat);
      flat.skip(some.flat.length);
      return undefined;
    },
    store(guest, at, value) {
      if (value !== undefined) some.store(guest, at + place, value);
      guest.view.setUint8(at, value === undefined ? 0 : 1);
    },
    lower: noLower,
    ...(fromJs && { fromJs: (value, js) => (value === undefined ? undefined : fromJs(value, js)) }),
    ...(toJs && { toJs: (value, js) => (value === undefined ? undefined : toJs(value, js)) }),
  };
}

/** An enum is its cases' names; it lies in one byte (no WASI enum has more than 256 cases). */
export function enumeration<const T extends string>(...names: readonly T[]): Type<T> {
  function nameOf(index: number): T {
    const found = names[index];
    if (found === undefined) throw new Trap("1.1", `${index} is no case of ${names.join(", ")}`);
    return found;
  }
  return {
    size: 1,
    align: 1,
    flat: ["i32"],
    load: (guest, at) => nameOf(guest.view.getUint8(at)),
    lift: (_guest, flat) => nameOf(flat.number()),
    store: (guest, at, value) => guest.view.setUint8(at, names.indexOf(value)),
    lower: (_guest, value) => names.indexOf(value),
  };
}

/** Flags are booleans by name; they lie in one byte (no WASI flags have more than 8 members). */
export function flags<const T extends string>(...names: readonly T[]): Type<Record<T, boolean>> {
  const decode = (bits: number): Record<T, boolean> =>
    // Each name has a value.
    Object.fromEntries(names.map((name, index) => [name, ((bits >> index) & 1) === 1])) as Record<T, boolean>;
  const encode = (value: Record<T, boolean>): number =>
    names.reduce((bits, name, index) => bits | (value[name] ? 1 << index : 0), 0);
  return {
    size: 1,
    align: 1,
    flat: ["i32"],
    load: (guest, at) => decode(guest.view.getUint8(at)),
    lift: (_guest, flat) => decode(flat.number()),
    store: (guest, at, value) => guest.view.setUint8(at, encode(value)),
    lower: (_guest, value) => encode(value),
  };
}

/** One case of a variant: its name, and the type of what it carries, if anything. */
export type Case = Type<unknown, never> | null;

type VariantOf<C extends Record<string, Case>, Side extends "in" | "out"> = {
  [K in keyof C & string]: C[K] extends null
    ? { readonly tag: K }
    : { readonly tag: K; readonly val: Side extends "in" ? InOf<C[K]> : OutOf<C[K]> };
}[keyof C & string];

function join(a: CoreType | undefined, b: CoreType): CoreType {
  if (a === undefined || a === b) return b;
  return [a, b].every((type) => type === "i32" || type === "f32") ? "i32" : "i64";
}

/** A variant is `{ tag, val }`; its discriminant is one byte (no WASI variant has more than 256 cases). */
export function variant<const C extends Record<string, Case>>(cases: C): Type<VariantOf<C, "in">, VariantOf<C, "out">> {
  const names = Object.keys(cases);
  const types = Object.values(cases) as readonly unknown[] as readonly (Type<unknown> | null)[];
  const align = Math.max(1, ...types.map((type) => type?.align ?? 1));
  const place = alignUp(1, align);
  const payload: CoreType[] = [];
  for (const type of types) {
    for (const [index, core] of (type?.flat ?? []).entries()) payload[index] = join(payload[index], core);
  }
  type In = VariantOf<C, "in">;
  type Out = VariantOf<C, "out">;
  function read(index: number, val: (type: Type<unknown>) => unknown): In {
    const tag = names[index];
    if (tag === undefined) throw new Trap("1.1", `${index} is no case of ${names.join(", ")}`);
    const type = types[index];
    return (type ? { tag, val: val(type) } : { tag }) as In;
  }
  const valOf = (value: Out): unknown => ("val" in value ? value.val : undefined);
  return {
    size: alignUp(place + Math.max(0, ...types.map((type) => type?.size ?? 0)), align),
    align,
    flat: ["i32", ...payload],
    load: (guest, at) => read(guest.view.getUint8(at), (type) => type.load(guest, at + place)),
    lift(guest, flat) {
      let used = 0;
      const value = read(flat.number(), (type) => {
        used = type.flat.length;
        return type.lift(guest, flat);
      });
      flat.skip(payload.length - used);
      return value;
    },
    store(guest, at, value) {
      const index = names.indexOf(value.tag);
      types[index]?.store(guest, at + place, valOf(value));
      guest.view.setUint8(at, index);
    },
    lower: noLower,
    toJs(value, js) {
      const toJs = types[names.indexOf(value.tag)]?.toJs;
      return toJs ? { tag: value.tag, val: toJs(valOf(value), js) } : value;
    },
  };
}

const handle = { size: 4, align: 4, flat: ["i32"] as const };

/** A handle that the guest lends, as an entry: for what becomes a parent. */
export function borrowEntry(kind: Kind<unknown>): Type<Entry, never> {
  return borrowed(kind, (entry) => entry);
}

/** A handle that the guest lends: the host gets the resource's value. */
export function borrow<T>(kind: Kind<T>): Type<T, never> {
  // What is stored under a kind is of the kind's type, by the signature of `Resources.add`.
  return borrowed(kind, (entry) => entry.value as T);
}

function borrowed<T>(kind: Kind<unknown>, of: (entry: Entry) => T): Type<T, never> {
  return {
    ...handle,
    load: (guest, at) => of(guest.lookup(kind, guest.view.getUint32(at, true))),
    lift: (guest, flat) => of(guest.lookup(kind, flat.number())),
    store: noLower,
    lower: noLower,
    fromJs: (instance, js) => of(js.entryOf(kind, instance)),
  };
}

/** A handle that the host gives away. */
export const own: Type<never, Entry> = {
  ...handle,
  load: noLower,
  lift: noLower,
  store: (guest, at, entry) => guest.view.setUint32(at, guest.insert(entry), true),
  lower: (guest, entry) => guest.insert(entry),
  toJs: (entry, js) => js.instanceOf(entry),
};

/** What a function returns, and what it throws if that is part of its type. */
export interface Returns<Out> {
  readonly size: number;
  readonly align: number;
  readonly flat: readonly CoreType[];
  readonly store: (guest: Guest, at: number, value: Out) => void;
  /** As `Type.lower`. */
  readonly lower: (guest: Guest, value: Out) => number | bigint;
  /** Stores the error case. Rethrows what is none. */
  readonly storeError: (guest: Guest, at: number, error: unknown) => void;
  readonly toJs: (value: Out, js: JsResources) => unknown;
  /** What to throw to glue in JavaScript. */
  readonly errorToJs: (error: unknown, js: JsResources) => unknown;
}

export const nothing: Returns<void> = {
  size: 0,
  align: 1,
  flat: [],
  store: () => {},
  lower: () => 0,
  storeError: rethrow,
  toJs: () => undefined,
  errorToJs: (error) => error,
};

export function returns<Out>(type: Type<unknown, Out>): Returns<Out> {
  const { size, align, flat, store, lower, toJs } = type;
  return {
    size,
    align,
    flat,
    store,
    lower,
    storeError: rethrow,
    toJs: toJs ?? ((value) => value),
    errorToJs: (error) => error,
  };
}

/**
 * A function that returns `result<ok, err>`: its value is the ok case, a thrown `WitError` the error case.
 *
 * @param errorOf Makes of a `WitError`'s payload the value that `err` stores; a resource in it is added to `resources`.
 */
export function result<Out, Err>(
  ok: Type<unknown, Out> | null,
  err: Type<unknown, Err>,
  errorOf: (payload: unknown, resources: Resources) => Err,
): Returns<Out> {
  const align = Math.max(1, ok?.align ?? 1, err.align);
  const place = alignUp(1, align);
  return {
    size: alignUp(place + Math.max(ok?.size ?? 0, err.size), align),
    align,
    flat: ["i32", ...(ok?.flat ?? []), ...err.flat],
    store(guest, at, value) {
      ok?.store(guest, at + place, value);
      guest.view.setUint8(at, 0);
    },
    lower: noLower,
    storeError(guest, at, error) {
      if (!(error instanceof WitError)) throw error;
      err.store(guest, at + place, errorOf(error.payload, guest.resources));
      guest.view.setUint8(at, 1);
    },
    toJs: (value, js) => (ok?.toJs ? ok.toJs(value, js) : value),
    errorToJs(error, js) {
      if (!(error instanceof WitError)) return error;
      const value = errorOf(error.payload, js.resources);
      return new WitError(err.toJs ? err.toJs(value, js) : value, error.message, { cause: error });
    },
  };
}

function rethrow(_guest: Guest, _at: number, error: unknown): never {
  throw error;
}
