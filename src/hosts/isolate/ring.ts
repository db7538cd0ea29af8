/** A stream of bytes in memory that two threads share: one puts in, the other takes out, and neither waits for a message. */
import type { Bell } from "./bell.ts";

/** Words of the head, each written by one side alone. */
const WRITTEN = 0;
const READ = 1;
const LEFT = 2;
const WANTED = 3;
const WRITER = 4;
const READER = 5;
const ERROR_BYTES = 6;
/** How many sides will never look at it again. */
const DONE = 7;
const SIDES = 2;
const HEAD_BYTES = 32;
/** The most bytes of an error, encoded, that cross. */
export const RING_ERROR_BYTES: number = 16 * 1024;

/** What becomes of one side: each goes up alone, and `OPEN` is 0. */
export const OPEN = 0;
/** The writer: nothing more comes. The reader: it wants nothing more, though it is there. */
export const ENDED = 1;
/** The writer: what is in the ring is to be forgotten. The reader: it is gone, or has ended what is behind it. */
export const OVER = 2;
/** Either side: it failed, and why is in the ring. */
export const FAILED = 3;

export type SideState = typeof OPEN | typeof ENDED | typeof OVER | typeof FAILED;

/**
 * Bytes in order, at most `capacity`, and what each side says to the other: how much has left behind the reader, how much it
 * wants, that it ends or fails. Positions are counts of all bytes so far, in 32 bits.
 *
 * Invariant: LEFT <= READ <= WRITTEN <= READ + capacity.
 */
export class Ring {
  readonly capacity: number;
  readonly #words: Int32Array;
  readonly #error: Uint8Array;
  readonly #bytes: Uint8Array;

  /** @param capacity A power of 2. */
  static bytesFor(capacity: number): number {
    return HEAD_BYTES + RING_ERROR_BYTES + capacity;
  }

  /** @param at In `memory`, where `Ring.bytesFor(capacity)` bytes are its own: a multiple of 4. */
  constructor(memory: SharedArrayBuffer, at: number, capacity: number) {
    this.capacity = capacity;
    this.#words = new Int32Array(memory, at, HEAD_BYTES / 4);
    this.#error = new Uint8Array(memory, at + HEAD_BYTES, RING_ERROR_BYTES);
    this.#bytes = new Uint8Array(memory, at + HEAD_BYTES + RING_ERROR_BYTES, capacity);
  }

  get used(): number {
    return (this.#get(WRITTEN) - this.#get(READ)) | 0;
  }

  /** Of what was put in, how much has not left behind the reader. */
  get pending(): number {
    return (this.#get(WRITTEN) - this.#get(LEFT)) | 0;
  }

  get wanted(): number {
    return this.#get(WANTED);
  }

  get writer(): SideState {
    return this.#get(WRITER) as SideState;
  }

  get reader(): SideState {
    return this.#get(READER) as SideState;
  }

  /** Puts in as much as there is room for; gives how much. */
  put(bytes: Uint8Array): number {
    const written = this.#get(WRITTEN);
    const count = Math.min(bytes.length, this.capacity - this.used);
    if (count === 0) return 0;
    const start = written & (this.capacity - 1);
    const first = Math.min(count, this.capacity - start);
    this.#bytes.set(count === bytes.length && first === count ? bytes : bytes.subarray(0, first), start);
    if (first < count) this.#bytes.set(bytes.subarray(first, count));
    this.#set(WRITTEN, (written + count) | 0);
    return count;
  }

  /** Copies out the first bytes, as many as there are and fit; gives how many. They stay until `consume`. */
  peek(into: Uint8Array): number {
    const count = Math.min(into.length, this.used);
    const start = this.#get(READ) & (this.capacity - 1);
    const first = Math.min(count, this.capacity - start);
    into.set(this.#bytes.subarray(start, start + first));
    if (first < count) into.set(this.#bytes.subarray(0, count - first), first);
    return count;
  }

  consume(count: number): void {
    this.#set(READ, (this.#get(READ) + count) | 0);
  }

  /** All that was taken out has left. */
  allLeft(): void {
    this.#set(LEFT, this.#get(READ));
  }

  want(bytes: number): void {
    this.#set(WANTED, bytes);
  }

  endWriter(state: SideState, error?: Uint8Array): void {
    this.#end(WRITER, state, error);
  }

  endReader(state: SideState, error?: Uint8Array): void {
    this.#end(READER, state, error);
  }

  /** This side will never look at it again. */
  leave(): void {
    Atomics.add(this.#words, DONE, 1);
  }

  /** Whether nobody will look at it again: then its memory may become another ring, by `clear`. */
  get isLeft(): boolean {
    return this.#get(DONE) === SIDES;
  }

  clear(): void {
    for (const word of this.#words.keys()) this.#set(word, 0);
  }

  /** Why the other side has failed. */
  get error(): Uint8Array {
    return this.#error.slice(0, this.#get(ERROR_BYTES));
  }

  #end(side: number, state: SideState, error: Uint8Array | undefined): void {
    if (error) {
      this.#error.set(error.subarray(0, RING_ERROR_BYTES));
      this.#set(ERROR_BYTES, Math.min(error.length, RING_ERROR_BYTES));
    }
    if (this.#get(side) < state) this.#set(side, state);
  }

  #get(word: number): number {
    return Atomics.load(this.#words, word);
  }

  #set(word: number, value: number): void {
    Atomics.store(this.#words, word, value);
  }
}

/** A ring, and the bells of the threads at its ends. */
export interface Wire {
  readonly ring: Ring;
  /** Rung for the thread that has the source or the sink in place of the other's. */
  readonly near: Bell;
  /** Rung for the thread of what is behind that. */
  readonly far: Bell;
}
