/**
 * WebAssembly in its binary form, as far as our own small modules need it.
 *
 * @see https://webassembly.github.io/spec/core/binary/
 */

/** The types of a core function's parameters and result. */
export type CoreType = "i32" | "i64" | "f32" | "f64";

const TYPES: Record<CoreType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };

/** What a module imports, in the order in which functions, memories and globals are numbered. */
export type Import = readonly [module: string, name: string, description: readonly number[]];

/** A function, by the number of its type. */
export const func = (type: number): number[] => withNumber(0x00, type);
/** A memory of any size. */
export const MEMORY: readonly number[] = [0x02, 0x00, 0x00];
/** A table of one function, or of more. */
export const TABLE: readonly number[] = [0x01, 0x70, 0x00, 0x01];
/** A constant i32. */
export const GLOBAL_I32: readonly number[] = [0x03, TYPES.i32, 0x00];
/** An i32 that changes. */
export const MUTABLE_I32: readonly number[] = [0x03, TYPES.i32, 0x01];

export type FunctionType = readonly [params: readonly CoreType[], results: readonly CoreType[]];

/** A function of a module. */
export interface FunctionParts {
  /** As which it is exported. */
  readonly name: string;
  /** The number of its type. */
  readonly type: number;
  /** What it has beside its parameters. */
  readonly locals: readonly CoreType[];
  readonly body: readonly number[];
}

/** A module of functions around what it imports. */
export interface ModuleParts {
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionParts[];
}

/** The bytes of a module. Its functions are numbered after those that it imports. */
export function encodeModule({ types, imports, functions }: ModuleParts): Uint8Array {
  const imported = imports.filter(([, , [kind]]) => kind === 0x00).length;
  const writer = new Writer();
  writer.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
  writer.section(1, types, ([params, results]) => {
    writer.bytes([0x60, params.length]);
    for (const type of params) writer.byte(TYPES[type]);
    writer.byte(results.length);
    for (const type of results) writer.byte(TYPES[type]);
  });
  writer.section(2, imports, ([module, name, description]) => {
    writer.name(module);
    writer.name(name);
    writer.bytes(description);
  });
  writer.section(3, functions, ({ type }) => writer.unsigned(type));
  writer.section(7, functions, ({ name }, index) => {
    writer.name(name);
    writer.byte(0x00);
    writer.unsigned(imported + index);
  });
  writer.section(10, functions, ({ locals, body }) => {
    // A byte how many groups of locals there are, two for each, and the end.
    writer.unsigned(2 + 2 * locals.length + body.length);
    writer.byte(locals.length);
    for (const type of locals) writer.bytes([1, TYPES[type]]);
    writer.bytes(body);
    writer.byte(0x0b);
  });
  return writer.written();
}

/** Bytes one after the other: written once, since every start of a component waits for a module of ours. */
class Writer {
  #bytes = new Uint8Array(4096);
  #at = 0;

  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = byte;
  }

  bytes(bytes: readonly number[]): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  unsigned(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  /** ASCII, and shorter than 128. */
  name(text: string): void {
    this.byte(text.length);
    for (let index = 0; index < text.length; index++) this.byte(text.charCodeAt(index));
  }

  section<T>(id: number, items: readonly T[], write: (item: T, index: number) => void): void {
    this.byte(id);
    const size = this.#at;
    // Room for any size: a number may be written with more bytes than it needs.
    this.bytes([0x80, 0x80, 0x80, 0x80, 0x00]);
    const start = this.#at;
    this.unsigned(items.length);
    for (const [index, item] of items.entries()) write(item, index);
    let rest = this.#at - start;
    for (let at = size; at < size + 4; at++, rest >>>= 7) this.#bytes[at] = (rest & 0x7f) | 0x80;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = new Uint8Array((this.#at + count) * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Code of several pieces. A spread calls an iterator for each byte until it is optimized, which it never is in a start. */
export function codeOf(...pieces: readonly (number | readonly number[])[]): number[] {
  return ([] as number[]).concat(...pieces);
}

/** A code and a number. */
function withNumber(code: number, value: number): number[] {
  return value < 0x80 ? [code, value] : [code, ...unsigned(value)];
}

/** An unsigned number in LEB128. */
export function unsigned(value: number): number[] {
  if (value < 0x80) return [value];
  const bytes = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** `i32.const`, for 0 and more. */
export function constant(value: number): number[] {
  if (value < 0x40) return [0x41, value];
  const bytes = unsigned(value);
  // The highest bit of a signed number is its sign.
  const last = bytes.pop() ?? 0;
  return [0x41, ...bytes, ...(last > 0x3f ? [last | 0x80, 0x00] : [last])];
}

/** `local.get`. */
export const get = (local: number): number[] => withNumber(0x20, local);
/** `call`. */
export const call = (index: number): number[] => withNumber(0x10, index);
/** `call_indirect`, of the first function of the first table. */
export const callFirst = (type: number): number[] => codeOf(0x41, 0x00, 0x11, unsigned(type), 0x00);
