/**
 * The canonical ABI as its reference has it (definitions.py), transcribed without regard to speed: values lie in a
 * `Peer`'s memory, or are core values. Shares nothing with src/abi but the types.
 *
 * Values: booleans, numbers, bigints for 64 bits, strings for chars and strings, arrays for records, tuples, lists and
 * maps (of pairs), booleans for flags in an array, `{ index, value }` for whatever has cases, numbers for handles.
 */
import type { Case, StringEncoding, ValType } from "../../src/abi/types.ts";

export interface Tagged {
  readonly index: number;
  readonly value: unknown;
}

export type Core = number | bigint;
type CoreType = "i32" | "i64" | "f32" | "f64";

/** How large a memory is to begin with: it grows when it has to. */
export const MEMORY_BYTES = 65_536;

/** One component: a memory, and an allocator that never frees and counts. */
export class Peer {
  readonly memory: WebAssembly.Memory;
  readonly encoding: StringEncoding;
  /** The calls of realloc, as its arguments. */
  readonly calls: (readonly [old: number, oldBytes: number, align: number, bytes: number])[] = [];
  /** What realloc gives instead of a good pointer. */
  forced: number | undefined;
  #next = 64;

  constructor(encoding: StringEncoding) {
    this.memory = new WebAssembly.Memory({ initial: MEMORY_BYTES / 65_536 });
    this.encoding = encoding;
  }

  view(): DataView {
    return new DataView(this.memory.buffer);
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.memory.buffer);
  }

  allocate(align: number, bytes: number): number {
    const at = Math.ceil(this.#next / align) * align;
    // Nothing that is made is adjacent to what was made before.
    this.#next = at + bytes + 3;
    const pages = Math.ceil(this.#next / 65536) - this.memory.buffer.byteLength / 65536;
    if (pages > 0) this.memory.grow(pages);
    return at;
  }

  realloc = (old: number, oldBytes: number, align: number, bytes: number): number => {
    this.calls.push([old, oldBytes, align, bytes]);
    if (this.forced !== undefined) return this.forced;
    const at = this.allocate(align, bytes);
    this.bytes().copyWithin(at, old, old + Math.min(oldBytes, bytes));
    return at;
  };
}

function membersOf(type: ValType): readonly ValType[] {
  if (type.kind === "tuple") return type.members;
  return type.kind === "record" ? type.fields.map((field) => field.type) : [];
}

function casesOf(type: ValType): readonly (ValType | undefined)[] | undefined {
  if (type.kind === "variant") return type.cases.map((one: Case) => one.type);
  if (type.kind === "enum") return type.names.map(() => undefined);
  if (type.kind === "option") return [undefined, type.some];
  return type.kind === "result" ? [type.ok, type.err] : undefined;
}

const SIZES: Readonly<Record<string, number>> = {
  bool: 1,
  s8: 1,
  u8: 1,
  s16: 2,
  u16: 2,
  s32: 4,
  u32: 4,
  s64: 8,
  u64: 8,
  f32: 4,
  f64: 8,
  char: 4,
  own: 4,
  borrow: 4,
};

function tagBytes(cases: number): number {
  return cases <= 256 ? 1 : cases <= 65536 ? 2 : 4;
}

function alignTo(at: number, align: number): number {
  return Math.ceil(at / align) * align;
}

export function alignOf(type: ValType): number {
  const cases = casesOf(type);
  if (cases) return Math.max(tagBytes(cases.length), ...cases.map((of) => (of ? alignOf(of) : 1)));
  if (type.kind === "flags") return type.names.length <= 8 ? 1 : type.names.length <= 16 ? 2 : 4;
  if (type.kind === "list" && type.length !== undefined) return alignOf(type.element);
  if (type.kind === "record" || type.kind === "tuple") return Math.max(1, ...membersOf(type).map(alignOf));
  return SIZES[type.kind] ?? 4;
}

export function sizeOf(type: ValType): number {
  const cases = casesOf(type);
  if (cases) return alignTo(payloadAt(cases) + Math.max(0, ...cases.map((of) => (of ? sizeOf(of) : 0))), alignOf(type));
  if (type.kind === "flags") return alignOf(type);
  if (type.kind === "list" && type.length !== undefined) return type.length * sizeOf(type.element);
  if (type.kind !== "record" && type.kind !== "tuple") return SIZES[type.kind] ?? 8;
  let size = 0;
  for (const member of membersOf(type)) size = alignTo(size, alignOf(member)) + sizeOf(member);
  return alignTo(size, alignOf(type));
}

function payloadAt(cases: readonly (ValType | undefined)[]): number {
  return alignTo(tagBytes(cases.length), Math.max(1, ...cases.map((of) => (of ? alignOf(of) : 1))));
}

const pairOf = (type: Extract<ValType, { kind: "map" }>): ValType => ({
  kind: "tuple",
  members: [type.key, type.value],
});

function loadInt(peer: Peer, at: number, bytes: number): number {
  return intIn(peer.bytes(), at, bytes);
}

function intIn(memory: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let index = bytes; index-- > 0;) value = value * 256 + (memory[at + index] ?? 0);
  return value;
}

function storeInt(peer: Peer, at: number, bytes: number, value: number): void {
  let rest = value < 0 ? value + 2 ** (8 * bytes) : value;
  for (let index = 0; index < bytes; index++, rest = Math.floor(rest / 256)) peer.bytes()[at + index] = rest % 256;
}

export function load(peer: Peer, type: ValType, at: number): unknown {
  const view = peer.view();
  const cases = casesOf(type);
  if (cases) {
    const index = loadInt(peer, at, tagBytes(cases.length));
    const of = cases[index];
    return { index, value: of && load(peer, of, at + payloadAt(cases)) };
  }
  switch (type.kind) {
    case "s64":
      return view.getBigInt64(at, true);
    case "u64":
      return view.getBigUint64(at, true);
    case "f32":
      return view.getFloat32(at, true);
    case "f64":
      return view.getFloat64(at, true);
    case "string":
      return loadText(peer, loadInt(peer, at, 4), loadInt(peer, at + 4, 4));
    case "list":
      if (type.length !== undefined) return loadList(peer, type.element, at, type.length);
      return loadList(peer, type.element, loadInt(peer, at, 4), loadInt(peer, at + 4, 4));
    case "map":
      return loadList(peer, pairOf(type), loadInt(peer, at, 4), loadInt(peer, at + 4, 4));
    case "record":
    case "tuple": {
      let end = at;
      return membersOf(type).map((member) => {
        const start = alignTo(end, alignOf(member));
        end = start + sizeOf(member);
        return load(peer, member, start);
      });
    }
    default:
      return fromInt(type, loadInt(peer, at, sizeOf(type)));
  }
}

/** What is an integer in memory and as a core value, taken apart. */
function fromInt(type: ValType, int: number): unknown {
  switch (type.kind) {
    case "bool":
      if (int > 1) throw new Error(`A bool is ${int}`);
      return int === 1;
    case "s8":
      return (int << 24) >> 24;
    case "s16":
      return (int << 16) >> 16;
    case "s32":
      return int | 0;
    case "char":
      return String.fromCodePoint(int);
    case "flags":
      if (int >= 2 ** type.names.length) throw new Error(`Flags are ${int}`);
      return type.names.map((_, index) => Math.floor(int / 2 ** index) % 2 === 1);
    default:
      return int;
  }
}

// The model is given values of the shapes above, which nothing but the generator makes: `as` says so.
function toInt(type: ValType, value: unknown): number {
  if (type.kind === "bool") return value === true ? 1 : 0;
  if (type.kind === "char") return (value as string).codePointAt(0) ?? 0;
  if (type.kind === "flags") return (value as boolean[]).reduce((sum, flag, index) => sum + (flag ? 2 ** index : 0), 0);
  return value as number;
}

function loadList(peer: Peer, element: ValType, at: number, length: number): unknown[] {
  if (at % alignOf(element) !== 0) throw new Error(`A list at ${at} is not aligned`);
  return Array.from({ length }, (_, index) => load(peer, element, at + index * sizeOf(element)));
}

export function store(peer: Peer, type: ValType, value: unknown, at: number): void {
  const cases = casesOf(type);
  if (cases) {
    const tagged = value as Tagged;
    storeInt(peer, at, tagBytes(cases.length), tagged.index);
    const of = cases[tagged.index];
    if (of) store(peer, of, tagged.value, at + payloadAt(cases));
    return;
  }
  switch (type.kind) {
    case "s64":
    case "u64":
      return peer.view().setBigInt64(at, value as bigint, true);
    case "f32":
      return peer.view().setFloat32(at, value as number, true);
    case "f64":
      return peer.view().setFloat64(at, value as number, true);
    case "list":
    case "map":
    case "string": {
      if (type.kind === "list" && type.length !== undefined)
        return storeEach(peer, type.element, value as unknown[], at);
      const [pointer, length] = storeRange(peer, type, value);
      storeInt(peer, at, 4, pointer);
      return storeInt(peer, at + 4, 4, length);
    }
    case "record":
    case "tuple": {
      let end = at;
      for (const [index, member] of membersOf(type).entries()) {
        const start = alignTo(end, alignOf(member));
        end = start + sizeOf(member);
        store(peer, member, (value as unknown[])[index], start);
      }
      return;
    }
    default:
      return storeInt(peer, at, sizeOf(type), toInt(type, value));
  }
}

function storeEach(peer: Peer, element: ValType, values: readonly unknown[], at: number): void {
  for (const [index, value] of values.entries()) store(peer, element, value, at + index * sizeOf(element));
}

/** What lies behind a pointer: of text, a list or a map. */
function storeRange(peer: Peer, type: ValType, value: unknown): [pointer: number, length: number] {
  if (type.kind === "string") return storeText(peer, value as string);
  const element = type.kind === "map" ? pairOf(type) : (type as { readonly element: ValType }).element;
  const values = value as unknown[];
  const at = peer.allocate(alignOf(element), values.length * sizeOf(element));
  storeEach(peer, element, values, at);
  return [at, values.length];
}

export function isLatin1(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 255) return false;
  return true;
}

export function encodeText(encoding: StringEncoding, text: string): { bytes: Uint8Array; length: number } {
  if (encoding === "utf8") {
    const bytes = new TextEncoder().encode(text);
    return { bytes, length: bytes.length };
  }
  if (encoding === "latin1+utf16" && isLatin1(text)) {
    return { bytes: new Uint8Array(text.length).map((_, index) => text.charCodeAt(index)), length: text.length };
  }
  const bytes = new Uint8Array(2 * text.length);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < text.length; index++) view.setUint16(2 * index, text.charCodeAt(index), true);
  return { bytes, length: text.length + (encoding === "utf16" ? 0 : 2 ** 31) };
}

export function storeText(peer: Peer, text: string): [pointer: number, length: number] {
  const { bytes, length } = encodeText(peer.encoding, text);
  const at = peer.allocate(peer.encoding === "utf8" ? 1 : 2, bytes.length);
  peer.bytes().set(bytes, at);
  return [at, length];
}

export function loadText(peer: Peer, at: number, length: number): string {
  const { encoding } = peer;
  if (encoding === "utf8") {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(peer.bytes().slice(at, at + length));
  }
  const wide = encoding === "utf16" || length >= 2 ** 31;
  const memory = peer.bytes();
  let text = "";
  for (let index = 0; index < length % 2 ** 31; index++) {
    text += String.fromCharCode(wide ? intIn(memory, at + 2 * index, 2) : intIn(memory, at + index, 1));
  }
  return text;
}

/** The core types of a value, however many. */
export function flatten(type: ValType): CoreType[] {
  const cases = casesOf(type);
  if (cases) {
    const flat: CoreType[] = [];
    for (const of of cases) {
      for (const [index, core] of (of ? flatten(of) : []).entries()) flat[index] = join(flat[index], core);
    }
    return ["i32", ...flat];
  }
  switch (type.kind) {
    case "s64":
    case "u64":
      return ["i64"];
    case "f32":
    case "f64":
      return [type.kind];
    case "list":
      return type.length === undefined
        ? ["i32", "i32"]
        : Array.from({ length: type.length }, () => flatten(type.element)).flat();
    case "map":
    case "string":
      return ["i32", "i32"];
    case "record":
    case "tuple":
      return membersOf(type).flatMap(flatten);
    default:
      return ["i32"];
  }
}

function join(a: CoreType | undefined, b: CoreType): CoreType {
  if (a === undefined || a === b) return b;
  return `${a} ${b}` === "i32 f32" || `${a} ${b}` === "f32 i32" ? "i32" : "i64";
}

/** The bits of a core value. */
function bitsOf(core: CoreType, value: Core): bigint {
  const view = new DataView(new ArrayBuffer(8));
  if (core === "f32") view.setFloat32(0, Number(value), true);
  else if (core === "f64") view.setFloat64(0, Number(value), true);
  else if (core === "i32") view.setInt32(0, Number(value), true);
  else view.setBigInt64(0, BigInt(value), true);
  return view.getBigUint64(0, true);
}

function ofBits(core: CoreType, bits: bigint): Core {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits, true);
  if (core === "f32") return view.getFloat32(0, true);
  if (core === "f64") return view.getFloat64(0, true);
  return core === "i32" ? view.getInt32(0, true) : view.getBigInt64(0, true);
}

export function lowerFlat(peer: Peer, type: ValType, value: unknown): Core[] {
  const cases = casesOf(type);
  if (cases) {
    const { index, value: payload } = value as Tagged;
    const [, ...joined] = flatten(type);
    const of = cases[index];
    const own = of ? lowerFlat(peer, of, payload) : [];
    const cores = of ? flatten(of) : [];
    return [
      index,
      ...joined.map((core, at) => ofBits(core, bitsOf(cores[at] ?? core, own[at] ?? (core === "i64" ? 0n : 0)))),
    ];
  }
  switch (type.kind) {
    case "list":
      if (type.length !== undefined) return (value as unknown[]).flatMap((one) => lowerFlat(peer, type.element, one));
      return storeRange(peer, type, value);
    case "map":
    case "string":
      return storeRange(peer, type, value);
    case "record":
    case "tuple":
      return membersOf(type).flatMap((member, index) => lowerFlat(peer, member, (value as unknown[])[index]));
    case "s64":
    case "u64":
      return [value as bigint];
    case "f32":
    case "f64":
      return [value as number];
    default:
      return [toInt(type, value)];
  }
}

/** Takes what it needs from the front of `flat`. */
export function liftFlat(peer: Peer, type: ValType, flat: Core[]): unknown {
  const cases = casesOf(type);
  if (cases) {
    const [, ...joined] = flatten(type);
    const index = Number(flat.shift());
    const payload = flat.splice(0, joined.length);
    const of = cases[index];
    const cores = of ? flatten(of) : [];
    const own = cores.map((core, at) => ofBits(core, bitsOf(joined[at] ?? core, payload[at] ?? 0)));
    for (const [at, rest] of payload.slice(cores.length).entries()) {
      if (Number(rest) !== 0) throw new Error(`Core value ${at} after a case is ${rest}`);
    }
    return { index, value: of && liftFlat(peer, of, own) };
  }
  if (type.kind === "record" || type.kind === "tuple") return membersOf(type).map((of) => liftFlat(peer, of, flat));
  if (type.kind === "list" && type.length !== undefined) {
    return Array.from({ length: type.length }, () => liftFlat(peer, type.element, flat));
  }
  const first = flat.shift() ?? 0;
  if (type.kind === "string") return loadText(peer, Number(first) >>> 0, Number(flat.shift()) >>> 0);
  if (type.kind === "list") return loadList(peer, type.element, Number(first) >>> 0, Number(flat.shift()) >>> 0);
  if (type.kind === "map") return loadList(peer, pairOf(type), Number(first) >>> 0, Number(flat.shift()) >>> 0);
  if (type.kind === "u64") return BigInt.asUintN(64, BigInt(first));
  if (type.kind === "s64" || type.kind === "f32" || type.kind === "f64") return first;
  const int = Number(first) >>> 0;
  const signed = type.kind === "s8" || type.kind === "s16";
  if (!signed && int >= 2 ** (8 * sizeOf(type))) throw new Error(`A ${type.kind} is ${int}`);
  const value = fromInt(type, int);
  if (signed && Number(value) >>> 0 !== int) throw new Error(`A ${type.kind} is ${int}`);
  return value;
}
