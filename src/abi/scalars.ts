/** Types of one core value: numbers, bool, char; and text. */
import { Trap } from "../io/trap.ts";
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

function scalar<T>({ kind, get, set, lift, lower }: Scalar<T>): Type<T> {
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

function bigintOf(core: unknown): bigint {
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

function integer({ kind, min, max, get, set, wrap }: Integer): Type<number> {
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

export const s8: Type<number> = integer({
  kind: "s8",
  min: -0x80,
  max: 0x7f,
  get: (view, at) => view.getInt8(at),
  set: (view, at, value) => view.setInt8(at, value),
  wrap: (value) => (value << 24) >> 24,
});

export const u16: Type<number> = integer({
  kind: "u16",
  min: 0,
  max: 0xffff,
  get: (view, at) => view.getUint16(at, true),
  set: (view, at, value) => view.setUint16(at, value, true),
  wrap: (value) => value & 0xffff,
});

export const s16: Type<number> = integer({
  kind: "s16",
  min: -0x8000,
  max: 0x7fff,
  get: (view, at) => view.getInt16(at, true),
  set: (view, at, value) => view.setInt16(at, value, true),
  wrap: (value) => (value << 16) >> 16,
});

export const u32: Type<number> = integer({
  kind: "u32",
  min: 0,
  max: 0xffff_ffff,
  get: (view, at) => view.getUint32(at, true),
  set: (view, at, value) => view.setUint32(at, value, true),
  wrap: (value) => value >>> 0,
});

export const s32: Type<number> = integer({
  kind: "s32",
  min: -0x8000_0000,
  max: 0x7fff_ffff,
  get: (view, at) => view.getInt32(at, true),
  set: (view, at, value) => view.setInt32(at, value, true),
  wrap: (value) => value | 0,
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

export const s64: Type<bigint> = scalar<bigint>({
  kind: "s64",
  get: (view, at) => view.getBigInt64(at, true),
  set: (view, at, value) => view.setBigInt64(at, value, true),
  lift: (core) => BigInt.asIntN(64, bigintOf(core)),
  lower: (value) =>
    typeof value === "bigint" && value >= -(1n << 63n) && value < 1n << 63n
      ? value
      : wrongValue("s64, a bigint from -(2 ** 63) to 2 ** 63 - 1", value),
});

export const f32: Type<number> = scalar<number>({
  kind: "f32",
  get: (view, at) => view.getFloat32(at, true),
  set: (view, at, value) => view.setFloat32(at, value, true),
  lift: (core) => Math.fround(Number(core)),
  lower: (value) => (typeof value === "number" ? value : wrongValue("f32, a number", value)),
});

export const f64: Type<number> = scalar<number>({
  kind: "f64",
  get: (view, at) => view.getFloat64(at, true),
  set: (view, at, value) => view.setFloat64(at, value, true),
  lift: (core) => Number(core),
  lower: (value) => (typeof value === "number" ? value : wrongValue("f64, a number", value)),
});

export const char: Type<string> = scalar<string>({
  kind: "char",
  get: (view, at) => charOf(view.getUint32(at, true)),
  set: (view, at, value) => view.setUint32(at, value.codePointAt(0) ?? 0, true),
  lift: (core) => charOf(Number(core) >>> 0),
  lower: codePointOf,
});

function charOf(code: number): string {
  if (code >= 0x11_0000 || (code >= 0xd800 && code <= 0xdfff)) {
    throw new Trap("1.1", `0x${code.toString(16)} is no Unicode scalar value`);
  }
  return String.fromCodePoint(code);
}

function codePointOf(value: string): number {
  const code = typeof value === "string" ? value.codePointAt(0) : undefined;
  if (code === undefined || value.length !== (code > 0xffff ? 2 : 1) || !value.isWellFormed()) {
    return wrongValue("char, a string of one code point", value);
  }
  return code;
}

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
