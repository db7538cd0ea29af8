/** Memories whose size can be put back: it is kept elsewhere, and the memory is at least as large. */
import { call, constant, get, unsigned } from "../../abi/encode.ts";
import { bodyOf, mayAskForSize, mayChangeTables } from "./core-code.ts";
import { joined } from "../joined.ts";
import { Reader } from "../decode/reader.ts";

/** What stands for the size of one memory, in pages. */
export interface KeptSize {
  /** Code that gives it. */
  readonly read: readonly number[];
  /** Code that sets it to what `value` gives. */
  readonly write: (value: readonly number[]) => readonly number[];
  /** The number of the function that grows the memory: see `growBody`. */
  readonly grow: number;
}

/** In a global of this number: of a module that nobody else's code has the memory of. */
export function sizeInGlobal(index: number, grow: number): KeptSize {
  return {
    read: [0x23, ...unsigned(index)],
    write: (value) => [...value, 0x24, ...unsigned(index)],
    grow,
  };
}

/** At the start of a memory of this number, which is for that alone: modules that import the same memory share it. */
export function sizeInMemory(index: number, grow: number): KeptSize {
  // Aligned to 4 bytes, in a memory whose number follows.
  const place = [0x42, ...unsigned(index), 0x00];
  return {
    read: [0x41, 0x00, 0x28, ...place],
    write: (value) => [0x41, 0x00, ...value, 0x36, ...place],
    grow,
  };
}

/** An i32 to an i32. */
export const GROW_TYPE: readonly number[] = [0x60, 0x01, 0x7f, 0x01, 0x7f];

/** The most pages that there can be. */
const MAX_PAGES = 65_536;

/**
 * The body of `grow(pages)`, which does as the instruction:
 *
 * (if (i32.gt_u (local.get $pages) MAX_PAGES) (then (return -1)))
 * (local.set $missing (i32.sub (i32.add $size (local.get $pages)) (memory.size)))
 * (if (i32.gt_s (local.get $missing) 0)
 *   (then (if (i32.eq (memory.grow (local.get $missing)) -1) (then (return -1)))))
 * (global.get $size)
 * (global.set $size (i32.add $size (local.get $pages)))
 */
export function growBody(memory: number, { read, write }: KeptSize): number[] {
  const returnFailure = [0x04, 0x40, 0x41, 0x7f, 0x0f, 0x0b];
  return [
    ...[0x01, 0x01, 0x7f],
    ...[...get(0), ...constant(MAX_PAGES), 0x4b, ...returnFailure],
    ...[...read, ...get(0), 0x6a, 0x3f, ...unsigned(memory), 0x6b, 0x22, 0x01],
    ...[...constant(0), 0x4a, 0x04, 0x40],
    ...[...get(1), 0x40, ...unsigned(memory), 0x41, 0x7f, 0x46, ...returnFailure, 0x0b],
    ...[...read, ...write([...read, ...get(0), 0x6a]), 0x0b],
  ];
}

/**
 * A section of code in which nobody asks a memory for its size, or grows it, but by what is kept; `undefined` if nobody
 * does.
 *
 * @param keptOf Asked for each memory that is meant.
 * @throws {InvalidComponentError} If there is an instruction that is not known.
 */
export function rewriteSizes(code: Uint8Array, keptOf: (memory: number) => KeptSize): Uint8Array | undefined {
  const reader = new Reader(code);
  const parts: Uint8Array[] = [];
  let copied = 0;
  for (let left = reader.u32(); left > 0; left--) {
    const start = reader.offset;
    const length = reader.u32();
    const from = reader.offset;
    const body = reader.part(length);
    if (!mayAskForSize(code, from, from + length)) continue;
    const rewritten = rewrittenBody(code, body, from, from + length, keptOf);
    if (!rewritten) continue;
    parts.push(code.subarray(copied, start), Uint8Array.from(unsigned(rewritten.length)), rewritten);
    copied = from + length;
  }
  return parts.length > 0 ? joined([...parts, code.subarray(copied)]) : undefined;
}

function rewrittenBody(
  code: Uint8Array,
  body: Reader,
  from: number,
  to: number,
  keptOf: (memory: number) => KeptSize,
): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let copied = from;
  for (const found of bodyOf(body).sizes) {
    const { read, grow } = keptOf(found.memory);
    parts.push(code.subarray(copied, found.from));
    parts.push(Uint8Array.from(found.is === "memory.size" ? read : call(grow)));
    copied = found.to;
  }
  return parts.length > 0 ? joined([...parts, code.subarray(copied, to)]) : undefined;
}

/** Bytes of code beyond which nobody looks for instructions that change tables: it takes as long as to compile it. */
const MOST_LOOKED_AT = 16 * 1024 * 1024;

/** Whether a section of code may change what is in a table. @throws {InvalidComponentError} As `rewriteSizes`. */
export function changesTables(code: Uint8Array): boolean {
  if (code.length > MOST_LOOKED_AT) return true;
  const reader = new Reader(code);
  for (let left = reader.u32(); left > 0; left--) {
    const length = reader.u32();
    const from = reader.offset;
    const body = reader.part(length);
    if (mayChangeTables(code, from, from + length) && bodyOf(body).changesTables) return true;
  }
  return false;
}
