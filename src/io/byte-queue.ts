const NOTHING = new Uint8Array(0);

/**
 * Bytes in order: put in at the end, taken from the front. Holds no memory while it is empty.
 *
 * Invariant: the bytes are `#store[#start]` up to, and without, `#store[#end]`.
 */
export class ByteQueue {
  #store: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;

  get size(): number {
    return this.#end - this.#start;
  }

  /** A view of all bytes, valid until the next `push`. */
  get view(): Uint8Array {
    return this.#store.subarray(this.#start, this.#end);
  }

  /** Copies `bytes` in. */
  push(bytes: Uint8Array): void {
    // A view of this very queue (a pipe that is spliced into itself) would move under our hands.
    const safe = bytes.buffer === this.#store.buffer ? bytes.slice() : bytes;
    const at = this.#reserve(safe.length);
    this.#store.set(safe, at);
  }

  /** Puts in `count` zeroes. */
  pushZeroes(count: number): void {
    const at = this.#reserve(count);
    this.#store.fill(0, at, at + count);
  }

  /** Forgets the first `count` bytes, at most `size`. */
  shift(count: number): void {
    this.#start += count;
    if (this.#start === this.#end) this.clear();
  }

  clear(): void {
    this.#store = NOTHING;
    this.#start = 0;
    this.#end = 0;
  }

  /** Makes room for `count` more bytes, and gives their place. */
  #reserve(count: number): number {
    const { size } = this;
    if (this.#end + count > this.#store.length) {
      const enough = size + count <= this.#store.length;
      const store = enough ? this.#store : new Uint8Array(Math.max(size + count, 2 * this.#store.length));
      // Copies within one array are defined for overlapping ranges.
      store.set(this.view);
      this.#store = store;
      this.#start = 0;
      this.#end = size;
    }
    const at = this.#end;
    this.#end += count;
    return at;
  }
}
