const NOTHING = new Uint8Array(0);

/**
 * Bytes in order: put in at the end, taken from the front. Holds no memory while it is empty.
 *
 * Never changes a byte that it has once held, so that a view of it stays as it is, whatever is put in and taken later.
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

  /** A view of all bytes. */
  get view(): Uint8Array {
    return this.#store.subarray(this.#start, this.#end);
  }

  /** A view of the first bytes, at most `max`. */
  first(max: number): Uint8Array {
    return this.#store.subarray(this.#start, Math.min(this.#start + max, this.#end));
  }

  /** Copies `bytes` in. */
  push(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#store.set(bytes, at);
  }

  /** Puts in `count` zeroes. */
  pushZeroes(count: number): void {
    // Nobody has written there yet.
    this.#reserve(count);
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
      // Twice as much as is needed, unless it is the first: then moving costs nothing that counts per byte.
      const store = new Uint8Array(size === 0 ? count : 2 * (size + count));
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
