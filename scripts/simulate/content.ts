import { hashOf } from "./calls.ts";

/** Bytes that never change, so that states may share them; in the key of a state, what tells them from others. */
export class Content {
  static readonly NONE: Content = new Content(new Uint8Array(0));
  readonly bytes: Uint8Array;
  #key: string | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  static of(count: number, byteAt: (index: number) => number): Content {
    return new Content(new Uint8Array(count).map((_, index) => byteAt(index)));
  }

  static zeroes(count: number): Content {
    return new Content(new Uint8Array(count));
  }

  get length(): number {
    return this.bytes.length;
  }

  get hash(): number {
    return hashOf(this.length, (index) => this.bytes[index] ?? 0);
  }

  part(from: number, count: number): Content {
    return new Content(this.bytes.subarray(from, from + count));
  }

  plus(other: Content): Content {
    return other.length === 0 ? this : this.overwritten(this.length, other);
  }

  /** With these bytes from `at` on, and zeroes before them if it ends before that. */
  overwritten(at: number, other: Content): Content {
    const bytes = new Uint8Array(Math.max(this.length, at + other.length));
    bytes.set(this.bytes);
    bytes.set(other.bytes, at);
    return new Content(bytes);
  }

  toJSON(): string {
    return (this.#key ??= `${this.length} ${this.hash}`);
  }
}
