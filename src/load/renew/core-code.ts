/**
 * The code of core modules, as far as one has to know it to find an instruction: how long each is.
 *
 * @see https://webassembly.github.io/spec/core/binary/instructions.html
 */
import type { Reader } from "../decode/reader.ts";

/** An instruction that asks for the size of a memory, or changes it. */
export interface SizeInstruction {
  readonly is: "memory.size" | "memory.grow";
  readonly memory: number;
  /** Where it begins and ends. */
  readonly from: number;
  readonly to: number;
}

const SIZE = 0x3f;
const GROW = 0x40;
const TABLE_SET = 0x26;
/** Of instructions of tables and of many bytes, which have a second code. */
const BULK_CODE = 0xfc;
/** table.init, table.copy, table.grow, table.fill. */
const TABLE_CHANGES: ReadonlySet<number> = new Set([0x0c, 0x0e, 0x0f, 0x11]);

/** Whether a body may have such an instruction: a quick look, which may be wrong in saying yes. */
export function mayAskForSize(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to - 1; at++) {
    const byte = bytes[at];
    if (byte !== SIZE && byte !== GROW) continue;
    // The number of a memory, which may be spelled in several bytes.
    const next = bytes[at + 1] ?? 0;
    if (next < 0x20 || next >= 0x80) return true;
  }
  return false;
}

/** As `mayAskForSize`: whether a body may change what is in a table. */
export function mayChangeTables(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === TABLE_SET || bytes[at] === BULK_CODE) return true;
  return false;
}

/** What one body does. */
export interface Body {
  readonly sizes: readonly SizeInstruction[];
  readonly changesTables: boolean;
}

/**
 * All that one body does, from its locals on.
 *
 * @throws {InvalidComponentError} If there is an instruction that is not known here.
 */
export function bodyOf(reader: Reader): Body {
  const sizes: SizeInstruction[] = [];
  let changesTables = false;
  reader.list(() => {
    reader.u32();
    skipType(reader);
  });
  while (!reader.atEnd) {
    const from = reader.offset;
    const code = reader.byte();
    if (code === SIZE || code === GROW) {
      const memory = reader.u32();
      sizes.push({ is: code === SIZE ? "memory.size" : "memory.grow", memory, from, to: reader.offset });
    } else if (code === BULK_CODE) {
      const bulk = reader.u32();
      changesTables ||= TABLE_CHANGES.has(bulk);
      skipBulk(reader, bulk);
    } else {
      changesTables ||= code === TABLE_SET;
      skipOperands(reader, code);
    }
  }
  return { sizes, changesTables };
}

function number(reader: Reader): void {
  while (reader.byte() >= 0x80);
}

function numbers(reader: Reader, count: number): void {
  for (let left = count; left > 0; left--) number(reader);
}

/** Of a value, or of a block. */
function skipType(reader: Reader): void {
  const code = reader.peek();
  if (code === 0x63 || code === 0x64) reader.byte();
  number(reader);
}

/** Where something lies in a memory. */
function skipPlace(reader: Reader): void {
  const align = reader.u32();
  if ((align & 0x40) !== 0) number(reader);
  number(reader);
}

/** How many numbers follow these codes. */
const OPERANDS: ReadonlyMap<number, number> = new Map([
  ...[0x07, 0x08, 0x09, 0x0c, 0x0d, 0x10, 0x12, 0x14, 0x15, 0x18].map((code) => [code, 1] as const),
  ...[0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x41, 0x42, 0xd0, 0xd2, 0xd5, 0xd6].map((code) => [code, 1] as const),
  ...[0x11, 0x13].map((code) => [code, 2] as const),
  ...[0x00, 0x01, 0x05, 0x0a, 0x0b, 0x0f, 0x19, 0x1a, 0x1b, 0xd1, 0xd3, 0xd4].map((code) => [code, 0] as const),
]);

function skipOperands(reader: Reader, code: number): void {
  if (code >= 0x28 && code <= 0x3e) return skipPlace(reader);
  if (code >= 0x45 && code <= 0xc4) return;
  const count = OPERANDS.get(code);
  if (count !== undefined) return numbers(reader, count);
  switch (code) {
    case 0x02:
    case 0x03:
    case 0x04:
    case 0x06:
      return skipType(reader);
    case 0x0e:
      reader.list(() => number(reader));
      return number(reader);
    case 0x1c:
      reader.list(() => skipType(reader));
      return;
    case 0x1f:
      skipType(reader);
      reader.list(() => numbers(reader, reader.byte() < 2 ? 2 : 1));
      return;
    case 0x43:
      return reader.skip(4);
    case 0x44:
      return reader.skip(8);
    case 0xfd:
      return skipVector(reader, reader.u32());
    case 0xfe:
      if (reader.u32() === 0x03) return reader.skip(1);
      return skipPlace(reader);
    default:
      // Those of structures and of stacks among them: they hold what nobody reaches from outside.
      return reader.unknown("instruction that is known here");
  }
}

/** What follows instructions of tables and of many bytes. */
const BULK: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];

function skipBulk(reader: Reader, code: number): void {
  // Those of wide numbers have none.
  numbers(reader, BULK[code] ?? (code >= 0x13 && code <= 0x16 ? 0 : reader.unknown("instruction that is known here")));
}

function skipVector(reader: Reader, code: number): void {
  if (code <= 0x0b || code === 0x5c || code === 0x5d) return skipPlace(reader);
  if (code === 0x0c || code === 0x0d) return reader.skip(16);
  if (code >= 0x15 && code <= 0x22) return reader.skip(1);
  if (code >= 0x54 && code <= 0x5b) {
    skipPlace(reader);
    return reader.skip(1);
  }
  if (code > 0x113) reader.unknown("instruction that is known here");
}
