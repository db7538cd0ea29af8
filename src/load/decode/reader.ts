import { InvalidComponentError } from "../invalid-component.ts";

let utf8: TextDecoder | undefined;

/** Characters that are made one by one: most names are short, and ASCII, and a decoder takes a millisecond to make. */
const SHORT = 100;

/** @throws {TypeError} If they are no text. */
function decoded(bytes: Uint8Array, start: number, end: number): string {
  const codes: number[] = [];
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x80 || end - start > SHORT) {
      utf8 ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      return utf8.decode(bytes.subarray(start, end));
    }
    codes.push(byte);
  }
  return String.fromCharCode(...codes);
}

/** Items of lists, in all parts of what is read together: each takes some hundred bytes, but one or two of the binary. */
const MAX_ITEMS = 250_000;

/** Bytes of a name: as engines, and other tools, have it. */
const MAX_NAME = 100_000;

/** How many there were. */
interface Count {
  items: number;
}

/** WebAssembly's binary form, read once from the front to the back. Whatever the bytes: a value, or an error with a place. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #end: number;
  readonly #count: Count | undefined;

  /**
   * @param end The first byte that is not to be read.
   * @param count If items are counted, and bounded.
   */
  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length, count?: Count) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
    this.#count = count;
  }

  get offset(): number {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#at === this.#end;
  }

  fail(message: string, offset: number = this.#at): never {
    throw new InvalidComponentError(message, offset);
  }

  peek(): number {
    return this.#at < this.#end ? (this.#bytes[this.#at] ?? 0) : this.fail("the bytes end too early");
  }

  byte(): number {
    if (this.#at >= this.#end) this.fail("the bytes end too early");
    return this.#bytes[this.#at++] ?? 0;
  }

  /** One of the bytes that `what` can be. */
  unknown(what: string): never {
    const offset = this.#at - 1;
    return this.fail(`0x${(this.#bytes[offset] ?? 0).toString(16)} is no ${what}`, offset);
  }

  /** How many items the list has that comes next. */
  peekCount(): number {
    const start = this.#at;
    const count = this.u32();
    this.#at = start;
    return count;
  }

  /** An unsigned number of 32 bits in LEB128. */
  u32(): number {
    const start = this.#at;
    // Most are of one byte.
    let byte = this.byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value > 0xffff_ffff ? this.fail("a number is larger than 32 bits", start) : value;
    }
    return this.fail("a number is longer than 32 bits", start);
  }

  /** A type index, or `undefined` and nothing read if the next byte is the code of a type (negative as a signed number). */
  index(): number | undefined {
    // As a signed number of 33 bits, what is not negative has bit 6 of its last byte clear.
    const start = this.#at;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte >= 0x80) continue;
      if ((byte & 0x40) === 0) return value > 0xffff_ffff ? this.fail("a type index is too large", start) : value;
      this.#at = start;
      return undefined;
    }
    return this.fail("a type index is too long", start);
  }

  bytes(count: number): Uint8Array {
    this.skip(count);
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  skip(count: number): void {
    if (count > this.#end - this.#at) this.fail(`${count} bytes are expected, but ${this.#end - this.#at} are left`);
    this.#at += count;
  }

  /** What follows, as a reader of its own; this one goes on behind it. */
  part(count: number): Reader {
    const start = this.#at;
    this.skip(count);
    return new Reader(this.#bytes, start, start + count, this.#count);
  }

  name(): string {
    const start = this.#at;
    const length = this.u32();
    if (length > MAX_NAME) this.fail(`a name of ${length} bytes: at most ${MAX_NAME} are supported`, start);
    this.skip(length);
    try {
      return decoded(this.#bytes, this.#at - length, this.#at);
    } catch {
      return this.fail("a name is not UTF-8", start);
    }
  }

  /** @param most How many there may be. Each has at least a byte, so that no number makes anybody allocate in vain. */
  list<T>(item: () => T, most: number = Number.MAX_SAFE_INTEGER, what = "items"): T[] {
    const start = this.#at;
    const count = this.u32();
    if (count > this.#end - this.#at)
      this.fail(`${count} ${what} are announced, but ${this.#end - this.#at} bytes are left`, start);
    if (count > most) this.fail(`${count} ${what}, but at most ${most} are supported`, start);
    this.count(count, start);
    const items: T[] = [];
    for (let index = 0; index < count; index++) items.push(item());
    return items;
  }

  /** As many more items. */
  count(items: number, offset: number): void {
    if (this.#count && (this.#count.items += items) > MAX_ITEMS) {
      this.fail(`at most ${MAX_ITEMS} definitions, with all that they list, are supported`, offset);
    }
  }

  optional<T>(item: () => T): T | undefined {
    const flag = this.byte();
    if (flag > 1) this.unknown("flag: expected 0 or 1");
    return flag === 1 ? item() : undefined;
  }
}
