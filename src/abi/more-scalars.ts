/** Types of one core value that WASI 0.2 has no use for: signed numbers, fractions and char. */
import { Trap } from "../io/trap.ts";
import { bigintOf, integer, scalar } from "./scalars.ts";
import { wrongValue, type Type } from "./type.ts";

export const s8: Type<number> = integer({
  kind: "s8",
  min: -0x80,
  max: 0x7f,
  get: (view, at) => view.getInt8(at),
  set: (view, at, value) => view.setInt8(at, value),
  wrap: (value) => (value << 24) >> 24,
});

export const s16: Type<number> = integer({
  kind: "s16",
  min: -0x8000,
  max: 0x7fff,
  get: (view, at) => view.getInt16(at, true),
  set: (view, at, value) => view.setInt16(at, value, true),
  wrap: (value) => (value << 16) >> 16,
});

export const s32: Type<number> = integer({
  kind: "s32",
  min: -0x8000_0000,
  max: 0x7fff_ffff,
  get: (view, at) => view.getInt32(at, true),
  set: (view, at, value) => view.setInt32(at, value, true),
  wrap: (value) => value | 0,
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
