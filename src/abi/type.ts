/**
 * How values of a WIT type pass between a guest and JavaScript.
 *
 * Values have the shapes that jco gives them: camel case, `{ tag, val }`, `undefined` for none, bigint for 64 bits.
 */
import { excerpt } from "../io/quoted.ts";
import { isObject } from "../io/shape.ts";
import type { CoreType } from "./encode.ts";
import type { Guest } from "./guest.ts";
import { alignUp } from "./layout.ts";
import type { ValType } from "./types.ts";

export type CoreValue = number | bigint;

/** One WIT type. `In` is what a function in JavaScript is given, `Out` what it may return. */
export interface Type<In, Out = In> {
  readonly wit: ValType;
  readonly size: number;
  /** A power of two. */
  readonly align: number;
  /** As which core values it is passed; `undefined` if they are more than any function passes. */
  readonly flat: readonly CoreType[] | undefined;
  /** Reads a value at `at`, which is aligned and inside the guest's memory. @throws {Trap} */
  readonly load: (guest: Guest, at: number) => In;
  /** Takes a value from core values. @throws {Trap} */
  readonly lift: (guest: Guest, flat: FlatValues) => In;
  /** Writes a value at `at`, as `load`. @throws {TypeError} If it is no value of the type. */
  readonly store: (guest: Guest, at: number, value: Out) => void;
  /** Appends a value as core values. @throws {TypeError} If it is no value of the type. */
  readonly lower: (guest: Guest, value: Out, into: CoreValue[]) => void;
  /** For a type of one core value that has nothing to do with a guest: `lift` and `lower` of a value alone. */
  readonly alone?: { readonly lift: (core: unknown) => In; readonly lower: (value: Out) => CoreValue };
}

/** Any type, where only a reader of types looks at it. */
export type AnyType = Type<unknown, never>;

export type InOf<T> = T extends Type<infer In, infer _Out> ? In : never;
export type OutOf<T> = T extends Type<infer _In, infer Out> ? Out : never;

/** Core values, taken one after the other. */
export class FlatValues {
  readonly #values: readonly unknown[];
  #at = 0;

  constructor(values: readonly unknown[]) {
    this.#values = values;
  }

  /** An i32, f32 or f64. */
  number(): number {
    return Number(this.#values[this.#at++]);
  }

  /** As it is. */
  next(): unknown {
    return this.#values[this.#at++];
  }

  /** How many have been taken. */
  get taken(): number {
    return this.#at;
  }

  /** The next `count`, as they are, without being taken. */
  peek(count: number): readonly unknown[] {
    return this.#values.slice(this.#at, this.#at + count);
  }

  /** Goes on after the first `count` of all. */
  goTo(count: number): void {
    this.#at = count;
  }
}

/**
 * What a guest passes to a function that it imports.
 *
 * @param args As core values; where they are more than a function passes, their address in memory is the first.
 * @throws {Trap}
 */
export function liftArguments(
  params: readonly AnyType[],
  guest: Guest,
  args: readonly unknown[],
  isSpilled: boolean,
): unknown[] {
  guest.newValues();
  if (isSpilled) return loadAll(params, guest, Number(args[0]) >>> 0);
  const [first, second, third] = params;
  if (!first) return [];
  const flat = new FlatValues(args);
  // Most have one or two: arrays that are as long as that, and no function that is called for each.
  if (!second) return [first.lift(guest, flat)];
  return third ? liftAll(params, guest, flat) : [first.lift(guest, flat), second.lift(guest, flat)];
}

function liftAll(params: readonly AnyType[], guest: Guest, flat: FlatValues): unknown[] {
  const values: unknown[] = [];
  for (const type of params) values.push(type.lift(guest, flat));
  return values;
}

function loadAll(params: readonly AnyType[], guest: Guest, from: number): unknown[] {
  let at = from;
  return params.map((type) => {
    at = alignUp(at, type.align);
    const value = type.load(guest, guest.place(at, type.size, type.align));
    at += type.size;
    return value;
  });
}

/** A u64, as far as a number counts. */
export function clamped(value: bigint): number {
  const unsigned = BigInt.asUintN(64, value);
  return unsigned > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(unsigned);
}

/** @throws {TypeError} With what was expected and what came. */
export function wrongValue(expected: string, value: unknown): never {
  throw new TypeError(`expected ${expected}, got ${shown(value)}`);
}

function shown(value: unknown): string {
  if (typeof value === "string") return excerpt(value, 40);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (!isObject(value)) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return `an object ${value.constructor?.name ?? ""}`.replace(/ (?:Object)?$/, "");
}
