import { none } from "./ports.ts";

const NOTHING = new Uint8Array(0);

/**
 * Memory that queues have let go of, for the next one that needs some. New memory has to be cleared, mapped and
 * collected, which costs more than all that is done with it: `npm run bench calls`, rows write into the buffer (7 times).
 */
const spares: Uint8Array[] = [];
const MOST_SPARES = 8;
/** What is smaller is not worth keeping, what is larger is no usual buffer. */
const LEAST_SPARE_BYTES = 32 * 1024;
const MOST_SPARE_BYTES = 256 * 1024;

/** A sink of ours that holds bytes itself. A class, so that nobody else's is one. */
export abstract class Absorber {
  /** Takes over all that `queue` holds, with the memory that it is in, or says that it does not. */
  abstract absorb(queue: ByteQueue): boolean;
}

/**
 * Bytes in order: put in at the end, taken from the front. Holds no memory while it is empty, once that is recycled.
 *
 * Never changes a byte that it has once held, so that a view of it stays as it is, whatever is put in and taken later,
 * until `recycle`.
 *
 * Invariant: the bytes are `#store[#start]` up to, and without, `#store[#end]`.
 */
export class ByteQueue {
  #store: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;
  /** What it held when it was last empty. */
  #drained: Uint8Array = NOTHING;

  get size(): number {
    return this.#end - this.#start;
  }

  /** A view of all bytes. */
  get view(): Uint8Array {
    if (this.size === 0) return none();
    return this.#store.subarray(this.#start, this.#end);
  }

  /** A view of the first bytes, at most `max`. */
  first(max: number): Uint8Array {
    const { size } = this;
    if (size === 0) return none();
    // Most small bodies are all of it. A view would have V8 make an `ArrayBuffer` of what it keeps without one.
    if (size === this.#store.length && max >= size) return this.#store;
    return this.#store.subarray(this.#start, Math.min(this.#start + max, this.#end));
  }

  /** Copies `bytes` in. */
  push(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#store.set(bytes, at);
  }

  /**
   * Has `read` put bytes in: it is given room for `most` of them, says how many it has put at its start, and keeps it no longer.
   * What it throws is thrown, and nothing has come then.
   */
  fill(most: number, read: (into: Uint8Array) => number): number {
    const at = this.#reserve(most);
    let count = 0;
    try {
      count = read(this.#store.subarray(at, at + most));
    } finally {
      this.#end = at + count;
      if (this.#start === this.#end) this.clear();
    }
    return count;
  }

  /** Gives all of its bytes to `other`, which holds none, with the memory that they are in. */
  moveTo(other: ByteQueue): void {
    other.#store = this.#store;
    other.#start = this.#start;
    other.#end = this.#end;
    this.#store = NOTHING;
    this.#start = 0;
    this.#end = 0;
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
    if (this.#store.length > this.#drained.length) this.#drained = this.#store;
    this.#store = NOTHING;
    this.#start = 0;
    this.#end = 0;
  }

  /** Nobody looks at a view any more: what is empty may be used again. */
  recycle(): void {
    const { length } = this.#drained;
    if (length === 0) return;
    if (length >= LEAST_SPARE_BYTES && length <= MOST_SPARE_BYTES && spares.length < MOST_SPARES) {
      spares.push(this.#drained);
    }
    this.#drained = NOTHING;
  }

  /** Makes room for `count` more bytes, and gives their place. */
  #reserve(count: number): number {
    const { size } = this;
    if (this.#end + count > this.#store.length) {
      const store = memoryFor(size, count);
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

function memoryFor(size: number, count: number): Uint8Array {
  const spare = spares.pop();
  if (spare && spare.length >= size + count) return spare;
  // Twice as much as is needed, unless it is the first: then moving costs nothing that counts per byte.
  return new Uint8Array(size === 0 ? count : 2 * (size + count));
}
