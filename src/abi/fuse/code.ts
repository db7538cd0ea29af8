/**
 * WebAssembly written instruction by instruction, for modules of many functions that import before they are known to
 * need it: a function's number is settled when the module is finished.
 *
 * @see https://webassembly.github.io/spec/core/binary/
 */
import { unsigned, type CoreType } from "../encode.ts";
import { ACCESSES, CONSTANTS, OPS, TYPES, type Access, type Op } from "./ops.ts";

/**
 * More bytes than this a module may not have: WIT that anybody writes by hand needs a few thousand, and an adapter is
 * compiled before the program starts.
 */
const MAX_MODULE_BYTES: number = 2 ** 20;

/** A function of a module, to be called. Its number is settled when the module is finished. */
export class FunctionRef {
  index = -1;
}

/** A module that grows. */
export class ModuleCode {
  readonly #types = new Map<string, number>();
  readonly #typeBytes: number[][] = [];
  readonly #importedFunctions = new Map<string, { readonly ref: FunctionRef; readonly bytes: readonly number[] }>();
  /** Memories and globals by their names, with their numbers: nothing but imports has any. */
  readonly #imported = new Map<string, { readonly index: number; readonly bytes: readonly number[] }>();
  #memories = 0;
  #globals = 0;
  readonly #functions: FunctionCode[] = [];
  #size = 0;

  /** The number of a function's or a block's type. */
  typeOf(params: readonly CoreType[], results: readonly CoreType[]): number {
    const key = `${params.join()}>${results.join()}`;
    let index = this.#types.get(key);
    if (index === undefined) {
      this.#types.set(key, (index = this.#typeBytes.length));
      this.#typeBytes.push([0x60, ...typeList(params), ...typeList(results)]);
    }
    return index;
  }

  /** A function that is imported: once, however often it is asked for. */
  importFunction(
    module: string,
    name: string,
    params: readonly CoreType[],
    results: readonly CoreType[] = [],
  ): FunctionRef {
    const key = `${module} ${name}`;
    let imported = this.#importedFunctions.get(key);
    if (!imported) {
      const bytes = [...text(module), ...text(name), 0x00, ...unsigned(this.typeOf(params, results))];
      this.#importedFunctions.set(key, (imported = { ref: new FunctionRef(), bytes }));
    }
    return imported.ref;
  }

  /** The number of a memory that is imported. */
  importMemory(module: string, name: string): number {
    return this.#import(module, name, [0x02, 0x00, 0x00], () => this.#memories++);
  }

  /** The number of a mutable i32 that is imported. */
  importGlobal(module: string, name: string): number {
    return this.#import(module, name, [0x03, TYPES.i32, 0x01], () => this.#globals++);
  }

  /** A function of the module, empty until it is written. */
  define(params: readonly CoreType[], results: readonly CoreType[]): FunctionCode {
    const code = new FunctionCode(this, params, this.typeOf(params, results));
    this.#functions.push(code);
    return code;
  }

  #import(module: string, name: string, description: readonly number[], next: () => number): number {
    const key = `${module} ${name}`;
    let imported = this.#imported.get(key);
    if (!imported) {
      imported = { index: next(), bytes: [...text(module), ...text(name), ...description] };
      this.#imported.set(key, imported);
    }
    return imported.index;
  }

  /** Counts a byte that is written. @throws {RangeError} Beyond `MAX_MODULE_BYTES`. */
  count(): void {
    if (++this.#size > MAX_MODULE_BYTES) {
      throw new RangeError(`The types of this function need more than ${MAX_MODULE_BYTES} bytes of code to convert`);
    }
  }

  /** The bytes of the module, which exports `f`. */
  finish(f: FunctionCode): Uint8Array {
    const imported = [...this.#importedFunctions.values()];
    for (const [index, { ref }] of imported.entries()) ref.index = index;
    for (const [index, { ref }] of this.#functions.entries()) ref.index = imported.length + index;
    const imports = [...imported, ...this.#imported.values()].map((one) => one.bytes);
    const types = this.#functions.map(({ type }) => unsigned(type));
    const sections = [
      ...section(1, this.#typeBytes.length, this.#typeBytes),
      ...section(2, imports.length, imports),
      ...section(3, types.length, types),
      ...section(7, 1, [[...text("f"), 0x00, ...unsigned(f.ref.index)]]),
      ...section(
        10,
        this.#functions.length,
        this.#functions.flatMap((code) => code.encode()),
      ),
    ];
    return joined([[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], ...sections]);
  }
}

/** How many bytes a function's number is given: as many as it takes, with zeros above it. */
const REF_BYTES = 3;

/** One function, written from its beginning to its end. */
export class FunctionCode {
  readonly ref: FunctionRef = new FunctionRef();
  /** The number of its type. */
  readonly type: number;
  readonly #module: ModuleCode;
  readonly #params: number;
  readonly #locals: CoreType[] = [];
  readonly #free: Readonly<Record<CoreType, number[]>> = { i32: [], i64: [], f32: [], f64: [] };
  readonly #bytes: number[] = [];
  /** Where functions are called whose numbers are not yet known. */
  readonly #calls: { readonly at: number; readonly ref: FunctionRef }[] = [];

  constructor(module: ModuleCode, params: readonly CoreType[], type: number) {
    this.#module = module;
    this.#params = params.length;
    this.type = type;
  }

  /** A local that is nobody else's until it is freed. Its value is whatever it was last set to. */
  local(type: CoreType = "i32"): number {
    return this.#free[type].pop() ?? this.#params + this.#locals.push(type) - 1;
  }

  free(...locals: readonly number[]): void {
    for (const local of locals) {
      const type = this.#locals[local - this.#params];
      if (type) this.#free[type].push(local);
    }
  }

  op(...ops: readonly Op[]): void {
    for (const op of ops) this.#byte(OPS[op]);
  }

  i32(value: number): void {
    this.#byte(0x41);
    this.#signed(value | 0);
  }

  i64(value: bigint): void {
    this.#byte(0x42);
    let rest = BigInt.asIntN(64, value);
    for (; rest < -64n || rest > 63n; rest >>= 7n) this.#byte(Number(rest & 0x7fn) | 0x80);
    this.#byte(Number(rest & 0x7fn));
  }

  /** A zero of any type. */
  zero(type: CoreType): void {
    this.#byte(CONSTANTS[type]);
    for (let index = type === "f32" ? 4 : type === "f64" ? 8 : 1; index > 0; index--) this.#byte(0);
  }

  get(local: number): void {
    this.#indexed(0x20, local);
  }

  set(local: number): void {
    this.#indexed(0x21, local);
  }

  tee(local: number): void {
    this.#indexed(0x22, local);
  }

  /** Adds to an i32. */
  advance(local: number, by: number): void {
    this.get(local);
    this.i32(by);
    this.op("i32.add");
    this.set(local);
  }

  getGlobal(index: number): void {
    this.#indexed(0x23, index);
  }

  setGlobal(index: number, value: number): void {
    this.i32(value);
    this.#indexed(0x24, index);
  }

  /** A load or a store, `offset` bytes after the address. */
  access(access: Access, memory: number, offset: number): void {
    this.#byte(ACCESSES[access]);
    // No alignment is promised; bit 6 says that a memory's number follows.
    if (memory === 0) this.#byte(0);
    else this.#indexed(0x40, memory);
    this.#unsigned(offset);
  }

  /** `memory.copy`. */
  copy(to: number, from: number): void {
    this.#byte(0xfc);
    this.#indexed(0x0a, to);
    this.#unsigned(from);
  }

  /** In pages. */
  memorySize(memory: number): void {
    this.#indexed(0x3f, memory);
  }

  call(ref: FunctionRef): void {
    this.#byte(0x10);
    this.#calls.push({ at: this.#bytes.length, ref });
    for (let index = 0; index < REF_BYTES; index++) this.#byte(0);
  }

  block(results: readonly CoreType[] = []): void {
    this.#begin(0x02, results);
  }

  loop(): void {
    this.#begin(0x03, []);
  }

  if(results: readonly CoreType[] = []): void {
    this.#begin(0x04, results);
  }

  br(depth: number): void {
    this.#indexed(0x0c, depth);
  }

  brIf(depth: number): void {
    this.#indexed(0x0d, depth);
  }

  brTable(depths: readonly number[], otherwise: number): void {
    this.#indexed(0x0e, depths.length);
    for (const depth of depths) this.#unsigned(depth);
    this.#unsigned(otherwise);
  }

  /** As an entry of the code section. */
  encode(): Chunk[] {
    const bytes = this.#bytes;
    for (const { at, ref } of this.#calls) {
      for (let index = 0; index < REF_BYTES; index++) {
        bytes[at + index] = ((ref.index >>> (7 * index)) & 0x7f) | (index < REF_BYTES - 1 ? 0x80 : 0);
      }
    }
    const locals = unsigned(this.#locals.length);
    for (const type of this.#locals) locals.push(1, TYPES[type]);
    return sized([locals, bytes, [OPS.end]]);
  }

  #begin(opcode: number, results: readonly CoreType[]): void {
    this.#byte(opcode);
    const [only] = results;
    if (only === undefined) this.#byte(0x40);
    else if (results.length === 1) this.#byte(TYPES[only]);
    else this.#signed(this.#module.typeOf([], results));
  }

  #indexed(opcode: number, index: number): void {
    this.#byte(opcode);
    this.#unsigned(index);
  }

  #unsigned(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.#byte((rest & 0x7f) | 0x80);
    this.#byte(rest);
  }

  #signed(value: number): void {
    let rest = value;
    for (; rest < -64 || rest > 63; rest >>= 7) this.#byte((rest & 0x7f) | 0x80);
    this.#byte(rest & 0x7f);
  }

  #byte(byte: number): void {
    this.#module.count();
    this.#bytes.push(byte);
  }
}

/** Bytes that follow those before and are followed by those after. */
type Chunk = readonly number[];

/** @param items So many, each of them as one chunk or as several. */
function section(id: number, count: number, items: readonly Chunk[]): Chunk[] {
  return [[id], ...sized([unsigned(count), ...items])];
}

/** With their number of bytes in front. */
function sized(chunks: readonly Chunk[]): Chunk[] {
  return [unsigned(lengthOf(chunks)), ...chunks];
}

function lengthOf(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

function joined(chunks: readonly Chunk[]): Uint8Array {
  const bytes = new Uint8Array(lengthOf(chunks));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function typeList(types: readonly CoreType[]): number[] {
  return [...unsigned(types.length), ...types.map((type) => TYPES[type])];
}

function text(name: string): number[] {
  const bytes = [name.length];
  for (let index = 0; index < name.length; index++) bytes.push(name.charCodeAt(index));
  return bytes;
}
