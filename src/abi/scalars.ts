/** Types of one core value that WASI 0.2 has: unsigned numbers and bool; and text. */
import type { Guest } from "./guest.ts";
import { layoutOf } from "./layout.ts";
import { clamped, wrongValue, type CoreValue, type Type } from "./type.ts";
import type { PrimitiveKind, ValType } from "./types.ts";

interface Scalar<T> {
  readonly kind: PrimitiveKind;
  readonly get: (view: DataView, at: number) => T;
  readonly set: (view: DataView, at: number, value: T) => void;
  /** Of a number, or of a bigint for an i64. */
  readonly lift: (core: unknown) => T;
  /** The core value of a value, which it checks. */
  readonly lower: (value: T) => CoreValue;
}

export function scalar<T>({ kind, get, set, lift, lower }: Scalar<T>): Type<T> {
  const wit: ValType = { kind };
  return {
    wit,
    ...layoutOf(wit),
    load: (guest, at) => get(guest.view, at),
    lift: (_guest, values) => lift(values.next()),
    store(guest, at, value) {
      lower(value);
      set(guest.view, at, value);
    },
    lower: (_guest, value, into) => void into.push(lower(value)),
    alone: { lift, lower },
  };
}

export function bigintOf(core: unknown): bigint {
  return typeof core === "bigint" ? core : BigInt(Number(core));
}

export const bool: Type<boolean> = scalar<boolean>({
  kind: "bool",
  get: (view, at) => view.getUint8(at) !== 0,
  set: (view, at, value) => view.setUint8(at, value ? 1 : 0),
  lift: (core) => Number(core) !== 0,
  lower: (value) => (typeof value === "boolean" ? Number(value) : wrongValue("a boolean", value)),
});

interface Integer {
  readonly kind: PrimitiveKind;
  readonly min: number;
  readonly max: number;
  readonly get: (view: DataView, at: number) => number;
  readonly set: (view: DataView, at: number, value: number) => void;
  /** Keeps the bits that count. */
  readonly wrap: (value: number) => number;
}

export function integer({ kind, min, max, get, set, wrap }: Integer): Type<number> {
  const expected = `${kind}, a whole number from ${min} to ${max}`;
  return scalar<number>({
    kind,
    get,
    set,
    lift: (core) => wrap(Number(core)),
    lower: (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
        ? value | 0
        : wrongValue(expected, value),
  });
}

export const u8: Type<number> = integer({
  kind: "u8",
  min: 0,
  max: 0xff,
  get: (view, at) => view.getUint8(at),
  set: (view, at, value) => view.setUint8(at, value),
  wrap: (value) => value & 0xff,
});

export const u16: Type<number> = integer({
  kind: "u16",
  min: 0,
  max: 0xffff,
  get: (view, at) => view.getUint16(at, true),
  set: (view, at, value) => view.setUint16(at, value, true),
  wrap: (value) => value & 0xffff,
});

export const u32: Type<number> = integer({
  kind: "u32",
  min: 0,
  max: 0xffff_ffff,
  get: (view, at) => view.getUint32(at, true),
  set: (view, at, value) => view.setUint32(at, value, true),
  wrap: (value) => value >>> 0,
});

export const u64: Type<bigint> = scalar<bigint>({
  kind: "u64",
  get: (view, at) => view.getBigUint64(at, true),
  set: (view, at, value) => view.setBigUint64(at, value, true),
  lift: (core) => BigInt.asUintN(64, bigintOf(core)),
  lower: (value) =>
    typeof value === "bigint" && value >= 0n && value < 1n << 64n
      ? BigInt.asIntN(64, value)
      : wrongValue("u64, a bigint from 0 to 2 ** 64 - 1", value),
});

/** A length in bytes: a u64 that is a number to the host, since it never counts further (1.5). */
export const length: Type<number> = scalar<number>({
  kind: "u64",
  get: (view, at) => clamped(view.getBigUint64(at, true)),
  set: (view, at, value) => view.setBigUint64(at, BigInt(value), true),
  // A gate may have made a number of it.
  lift: (core) => (typeof core === "bigint" ? clamped(core) : Math.min(Number(core), Number.MAX_SAFE_INTEGER)),
  lower: (value) => BigInt(value),
});

const STRING: ValType = { kind: "string" };

/** A parameter that is `instead` if it has more than `most` units of the guest's encoding, and is not read then. */
export function boundedString(most: number, instead: string): Type<string> {
  const bounded = (guest: Guest, pointer: number, units: number): string =>
    guest.isLongerText(pointer, units, most) ? instead : guest.text(pointer, units);
  return {
    ...string,
    load: (guest, at) => bounded(guest, guest.view.getUint32(at, true), guest.view.getUint32(at + 4, true)),
    lift: (guest, flat) => bounded(guest, flat.number(), flat.number()),
  };
}

export const string: Type<string> = {
  wit: STRING,
  ...layoutOf(STRING),
  load: (guest, at) => guest.text(guest.view.getUint32(at, true), guest.view.getUint32(at + 4, true)),
  lift: (guest, flat) => guest.text(flat.number(), flat.number()),
  store(guest, at, value) {
    if (typeof value !== "string") wrongValue("a string", value);
    guest.storeText(at, value);
  },
  lower(guest, value, into) {
    if (typeof value !== "string") wrongValue("a string", value);
    const { pointer, units } = guest.newText(value);
    into.push(pointer | 0, units | 0);
  },
};
