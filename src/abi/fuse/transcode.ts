/**
 * The leaves of fused adapters that read text in one memory and write it to another. They are called from WebAssembly
 * and call nothing. Whoever calls has checked pointers, lengths and alignment.
 *
 * 16-bit units are read and written in the order of the machine, which is little-endian wherever WebAssembly runs.
 */

/** What the adapters of a pair of components import from `host`, by name. */
export type Transcoders = Readonly<Record<string, (source: number, units: number, target: number) => number>>;

const INVALID = -1;
const WIDE = -2;

/**
 * The functions for text from the caller to the callee (`-params`) and back (`-result`). A component without a memory
 * never has its functions called.
 */
export function transcoders(
  caller: WebAssembly.Memory | undefined,
  callee: WebAssembly.Memory | undefined,
): Transcoders {
  const callerText = new Text(caller);
  const calleeText = new Text(callee);
  return Object.fromEntries([...oneWay("params", callerText, calleeText), ...oneWay("result", calleeText, callerText)]);
}

/** A memory as bytes and as 16-bit units. Views last until the memory grows. */
class Text {
  readonly #memory: WebAssembly.Memory | undefined;
  #bytes = new Uint8Array(0);
  #units = new Uint16Array(0);

  constructor(memory: WebAssembly.Memory | undefined) {
    this.#memory = memory;
  }

  bytes(): Uint8Array {
    // A view of a buffer that was detached has no length.
    if (this.#bytes.length === 0) this.#renew();
    return this.#bytes;
  }

  units(): Uint16Array {
    if (this.#units.length === 0) this.#renew();
    return this.#units;
  }

  #renew(): void {
    if (!this.#memory) return;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#units = new Uint16Array(this.#memory.buffer);
  }
}

function oneWay(
  direction: "params" | "result",
  from: Text,
  to: Text,
): [name: string, transcoder: (source: number, units: number, target: number) => number][] {
  return [
    /** 1 if the bytes are UTF-8. */
    [`transcode-utf8-valid-${direction}`, (at, bytes) => utf8Valid(from.bytes(), at >>> 0, (at >>> 0) + bytes)],
    /** 1 if the units are UTF-16: no surrogate alone. */
    [`transcode-utf16-valid-${direction}`, (at, units) => utf16Valid(from.units(), at >>> 1, (at >>> 1) + units)],
    /** The units written, at most as many as bytes were read; `INVALID` for what is no UTF-8. */
    [
      `transcode-utf8-to-utf16-${direction}`,
      (at, bytes, target) => utf8ToUtf16(from.bytes(), at >>> 0, (at >>> 0) + bytes, to.units(), target >>> 1),
    ],
    /** The bytes written; `WIDE` at the first character above U+FF, `INVALID` for what is no UTF-8 before it. */
    [
      `transcode-utf8-to-latin1-${direction}`,
      (at, bytes, target) => utf8ToLatin1(from.bytes(), at >>> 0, (at >>> 0) + bytes, to.bytes(), target >>> 0),
    ],
    /** The bytes written, at most three for each unit; `INVALID` at a surrogate alone. */
    [
      `transcode-utf16-to-utf8-${direction}`,
      (at, units, target) => utf16ToUtf8(from.units(), at >>> 1, (at >>> 1) + units, to.bytes(), target >>> 0),
    ],
    /** 1 if all units were written; 0 at the first above U+FF. */
    [
      `transcode-utf16-to-latin1-${direction}`,
      (at, units, target) => utf16ToLatin1(from.units(), at >>> 1, (at >>> 1) + units, to.bytes(), target >>> 0),
    ],
    /** The bytes written, at most two for each read. */
    [
      `transcode-latin1-to-utf8-${direction}`,
      (at, bytes, target) => latin1ToUtf8(from.bytes(), at >>> 0, (at >>> 0) + bytes, to.bytes(), target >>> 0),
    ],
    /** The units written, as many as bytes were read. */
    [
      `transcode-latin1-to-utf16-${direction}`,
      (at, bytes, target) => latin1ToUtf16(from.bytes(), at >>> 0, (at >>> 0) + bytes, to.units(), target >>> 1),
    ],
  ];
}

/** The character that begins at `at`, or `INVALID`: cut off, longer than it needs to be, a surrogate, too high. */
function characterAt(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return first;
  if (first < 0xc2 || first > 0xf4) return INVALID;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + length > end) return INVALID;
  let character = first & (0x7f >> length);
  for (let index = 1; index < length; index++) {
    const next = bytes[at + index] ?? 0;
    if ((next & 0xc0) !== 0x80) return INVALID;
    character = (character << 6) | (next & 0x3f);
  }
  if (length === 3 && (character < 0x800 || (character & 0xf800) === 0xd800)) return INVALID;
  if (length === 4 && (character < 0x10000 || character > 0x10ffff)) return INVALID;
  return character;
}

function utf8Length(character: number): 1 | 2 | 3 | 4 {
  return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
}

function utf8Valid(source: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const character = characterAt(source, at, end);
    if (character === INVALID) return 0;
    at += utf8Length(character);
  }
  return 1;
}

/** Whether the unit at `at` is half of a character. */
function isSurrogate(unit: number): boolean {
  return (unit & 0xf800) === 0xd800;
}

/** The character whose first half is at `at`, or `INVALID` if there is no second. */
function pairAt(units: Uint16Array, at: number, end: number): number {
  const first = units[at] ?? 0;
  const second = at + 1 < end ? (units[at + 1] ?? 0) : 0;
  if (first >= 0xdc00 || (second & 0xfc00) !== 0xdc00) return INVALID;
  return 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
}

function utf16Valid(source: Uint16Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (!isSurrogate(source[at] ?? 0)) continue;
    if (pairAt(source, at, end) === INVALID) return 0;
    at++;
  }
  return 1;
}

function utf8ToUtf16(source: Uint8Array, start: number, end: number, target: Uint16Array, first: number): number {
  let at = start;
  let to = first;
  while (at < end) {
    const character = characterAt(source, at, end);
    if (character === INVALID) return INVALID;
    at += utf8Length(character);
    if (character < 0x10000) {
      target[to++] = character;
    } else {
      target[to++] = 0xd7c0 + (character >> 10);
      target[to++] = 0xdc00 | (character & 0x3ff);
    }
  }
  return to - first;
}

function utf8ToLatin1(source: Uint8Array, start: number, end: number, target: Uint8Array, first: number): number {
  let at = start;
  let to = first;
  while (at < end) {
    const character = characterAt(source, at, end);
    if (character === INVALID) return INVALID;
    if (character > 0xff) return WIDE;
    at += utf8Length(character);
    target[to++] = character;
  }
  return to - first;
}

function utf16ToUtf8(source: Uint16Array, start: number, end: number, target: Uint8Array, first: number): number {
  let to = first;
  for (let at = start; at < end; at++) {
    let character = source[at] ?? 0;
    if (character < 0x80) {
      target[to++] = character;
    } else if (character < 0x800) {
      target[to++] = 0xc0 | (character >> 6);
      target[to++] = 0x80 | (character & 0x3f);
    } else if (isSurrogate(character)) {
      character = pairAt(source, at, end);
      if (character === INVALID) return INVALID;
      at++;
      target[to++] = 0xf0 | (character >> 18);
      target[to++] = 0x80 | ((character >> 12) & 0x3f);
      target[to++] = 0x80 | ((character >> 6) & 0x3f);
      target[to++] = 0x80 | (character & 0x3f);
    } else {
      target[to++] = 0xe0 | (character >> 12);
      target[to++] = 0x80 | ((character >> 6) & 0x3f);
      target[to++] = 0x80 | (character & 0x3f);
    }
  }
  return to - first;
}

function utf16ToLatin1(source: Uint16Array, start: number, end: number, target: Uint8Array, first: number): number {
  let to = first;
  for (let at = start; at < end; at++) {
    const unit = source[at] ?? 0;
    if (unit > 0xff) return 0;
    target[to++] = unit;
  }
  return 1;
}

function latin1ToUtf8(source: Uint8Array, start: number, end: number, target: Uint8Array, first: number): number {
  let to = first;
  for (let at = start; at < end; at++) {
    const character = source[at] ?? 0;
    if (character < 0x80) {
      target[to++] = character;
    } else {
      target[to++] = 0xc0 | (character >> 6);
      target[to++] = 0x80 | (character & 0x3f);
    }
  }
  return to - first;
}

function latin1ToUtf16(source: Uint8Array, start: number, end: number, target: Uint16Array, first: number): number {
  let to = first;
  for (let at = start; at < end; at++) target[to++] = source[at] ?? 0;
  return end - start;
}
