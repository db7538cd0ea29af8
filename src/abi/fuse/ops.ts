/** The numbers of the instructions that fused adapters are made of. */
import type { CoreType } from "../encode.ts";

export const TYPES: Readonly<Record<CoreType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };

/** `const` of each type. */
export const CONSTANTS: Readonly<Record<CoreType, number>> = { i32: 0x41, i64: 0x42, f32: 0x43, f64: 0x44 };

/** Instructions without immediates. */
export const OPS = {
  unreachable: 0x00,
  else: 0x05,
  end: 0x0b,
  return: 0x0f,
  drop: 0x1a,
  "i32.eqz": 0x45,
  "i32.eq": 0x46,
  "i32.ne": 0x47,
  "i32.lt_u": 0x49,
  "i32.gt_u": 0x4b,
  "i32.ge_u": 0x4f,
  "i64.eqz": 0x50,
  "i64.ne": 0x52,
  "i64.gt_u": 0x56,
  "i32.add": 0x6a,
  "i32.sub": 0x6b,
  "i32.mul": 0x6c,
  "i32.and": 0x71,
  "i32.or": 0x72,
  "i64.add": 0x7c,
  "i64.and": 0x83,
  "i64.or": 0x84,
  "i64.shl": 0x86,
  "i32.wrap_i64": 0xa7,
  "i64.extend_i32_u": 0xad,
  "i32.reinterpret_f32": 0xbc,
  "i64.reinterpret_f64": 0xbd,
  "f32.reinterpret_i32": 0xbe,
  "f64.reinterpret_i64": 0xbf,
  "i32.extend8_s": 0xc0,
  "i32.extend16_s": 0xc1,
} as const;

export type Op = keyof typeof OPS;

/** Loads and stores. */
export const ACCESSES = {
  "i32.load": 0x28,
  "i64.load": 0x29,
  "i32.load8_u": 0x2d,
  "i32.load16_u": 0x2f,
  "i32.store": 0x36,
  "i64.store": 0x37,
  "i32.store8": 0x3a,
  "i32.store16": 0x3b,
} as const;

export type Access = keyof typeof ACCESSES;
