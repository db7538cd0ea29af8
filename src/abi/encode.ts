/**
 * WebAssembly in its binary form, as far as our own small modules need it.
 *
 * @see https://webassembly.github.io/spec/core/binary/
 */

/** The types of a core function's parameters and result. */
export type CoreType = "i32" | "i64" | "f32" | "f64";

const TYPES: Record<CoreType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };

/** What a module imports, in the order in which functions, memories and globals are numbered. */
export type Import = readonly [module: string, name: string, ...description: number[]];

/** A function, by the number of its type. */
export const func = (type: number): number[] => [0x00, ...unsigned(type)];
/** A memory of any size. */
export const MEMORY: readonly number[] = [0x02, 0x00, 0x00];
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
  const imported = imports.filter(([, , kind]) => kind === 0x00).length;
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(
      1,
      types.map(([params, results]) => [0x60, ...typeList(params), ...typeList(results)]),
    ),
    ...section(
      2,
      imports.map(([module, name, ...description]) => [...sized(ascii(module)), ...sized(ascii(name)), ...description]),
    ),
    ...section(
      3,
      functions.map(({ type }) => unsigned(type)),
    ),
    ...section(
      7,
      functions.map(({ name }, index) => [...sized(ascii(name)), 0x00, ...unsigned(imported + index)]),
    ),
    ...section(
      10,
      functions.map(({ locals, body }) => sized([...localList(locals), ...body, 0x0b])),
    ),
  ]);
}

/** An unsigned number in LEB128. */
export function unsigned(value: number): number[] {
  const bytes = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** `i32.const`, for 0 and more. */
export function constant(value: number): number[] {
  const bytes = unsigned(value);
  // The highest bit of a signed number is its sign.
  const last = bytes.pop() ?? 0;
  return [0x41, ...bytes, ...(last > 0x3f ? [last | 0x80, 0x00] : [last])];
}

/** `local.get`. */
export const get = (local: number): number[] => [0x20, ...unsigned(local)];
/** `call`. */
export const call = (index: number): number[] => [0x10, ...unsigned(index)];

function section(id: number, items: readonly (readonly number[])[]): number[] {
  return [id, ...sized([...unsigned(items.length), ...items.flat()])];
}

function sized(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

function typeList(types: readonly CoreType[]): number[] {
  return sized(types.map((type) => TYPES[type]));
}

function localList(locals: readonly CoreType[]): number[] {
  return [...unsigned(locals.length), ...locals.flatMap((type) => [1, TYPES[type]])];
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
