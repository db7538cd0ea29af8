/// <reference lib="esnext.disposable" preserve="true" />
/** Streams of WASI 0.3 that a guest has given to its embedder: they can be read, or given to another guest. */
import { COPY, type CopyListener, type SharedStream, type Target } from "../../abi/copy.ts";
import { copyInto, none, type Source } from "../../io/ports.ts";
import { Signal, type Waker } from "../../io/readiness.ts";
import { changed } from "../../io/steps.ts";
import { CHUNK_BYTES, chunksOf } from "./guest-streams.ts";

/** Elements that are read at a time. */
const CHUNK_ITEMS = 64;

/** The readable end of a stream, until it is closed or given away. */
class Held {
  #shared: SharedStream | undefined;
  readonly arrived: Signal = new Signal();
  #isEnded = false;
  #isReading = false;
  #failure: unknown;

  /** @param cut Asked when nobody writes any more: why, if the instance was ended. */
  constructor(shared: SharedStream, cut: () => unknown) {
    this.#shared = shared;
    shared.onDrop.push(() => {
      this.#failure = cut();
    });
  }

  /** Whether nothing more will come. @throws Why, if that is because the instance was ended. */
  isOver(): boolean {
    if (this.#isEnded && this.#failure !== undefined) throw this.#failure;
    return this.#isEnded;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The end itself, unless something is being read from it. @throws {TypeError} If it was closed or given away. */
  give(): SharedStream | undefined {
    const shared = this.#shared;
    if (!shared) throw new TypeError("the stream is not ours to give: it was closed, or given away");
    if (this.#isReading) return undefined;
    this.#shared = undefined;
    return shared;
  }

  /** What was given for it is not needed after all: it is the end itself, or something that reads it. */
  restore(shared: SharedStream): void {
    if (this.#shared) shared.drop();
    else this.#shared = shared;
  }

  /** Asks for more, if nobody has: `target` is told. */
  request(target: Target): void {
    const shared = this.#shared;
    if (!shared || this.#isReading || this.#isEnded) return;
    this.#isReading = true;
    const listener: CopyListener = {
      onCopy: (reclaim) => {
        reclaim();
        this.#isReading = false;
        this.arrived.notify();
      },
      onDone: (result) => {
        this.#isReading = false;
        if (result !== COPY.completed) this.#isEnded = true;
        this.arrived.notify();
      },
    };
    shared.read(target, listener);
  }

  close(): void {
    this.#isEnded = true;
    const shared = this.#shared;
    this.#shared = undefined;
    shared?.drop();
  }
}

/**
 * A `stream<u8>` of a guest's (WASI 0.3): a `Source`, and an iterable of chunks. Close it, or read it to its end: a guest
 * whose stream is closed early is told that nobody reads.
 */
export class GuestByteStream implements Source {
  readonly #held: Held;
  #bytes: Uint8Array | undefined;

  /** @internal */
  constructor(shared: SharedStream, cut: () => unknown) {
    this.#held = new Held(shared, cut);
  }

  /** @internal The end itself; `undefined` if what was read before has to come first. @throws {TypeError} If it is gone. */
  static give(stream: GuestByteStream): SharedStream | undefined {
    return stream.#bytes ? undefined : stream.#held.give();
  }

  /** @internal It was not given away after all. */
  static restore(stream: GuestByteStream, shared: SharedStream): void {
    stream.#held.restore(shared);
  }

  read(max: number): Uint8Array | null {
    this.#ask(max);
    const bytes = this.#bytes;
    if (!bytes) return this.#held.isOver() ? null : none();
    const part = bytes.subarray(0, max);
    this.#bytes = max < bytes.length ? bytes.subarray(max) : undefined;
    return part;
  }

  readInto(into: Uint8Array): number | null {
    return this.#ask(into.length, into) || copyInto(this.read(into.length), into);
  }

  ready(): boolean {
    this.#ask(CHUNK_BYTES);
    return this.#bytes !== undefined || this.#held.isEnded;
  }

  /** @param into Where what is there now is put, and nothing later. @returns How many bytes were put there. */
  #ask(max: number, into?: Uint8Array): number {
    if (this.#bytes || max === 0) return 0;
    let place = into;
    let filled = 0;
    this.#held.request({
      remaining: max,
      owner: undefined,
      take: (origin, count) => {
        if (place && origin.fill) return (filled = origin.fill(place.subarray(0, count), false));
        const bytes = origin.bytes(count) ?? Uint8Array.from(origin.values(count) as readonly number[]);
        if (place) {
          place.set(bytes);
          filled = bytes.length;
        } else if (bytes.length > 0) {
          // The guest's memory is its own again when this returns.
          this.#bytes = bytes.slice();
        }
        origin.took(bytes.length);
        return bytes.length;
      },
    });
    place = undefined;
    return filled;
  }

  watch(waker: Waker): void {
    this.#held.arrived.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#held.arrived.unwatch(waker);
  }

  close(): void {
    this.#held.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Chunks as they come, which are the reader's own; closes the stream at the end. */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    return chunksOf(this, (chunk) => chunk);
  }
}

/**
 * A stream of a guest's of anything but bytes (`stream<T>` of WASI 0.3): an iterable of its elements. Close it, or read it
 * to its end.
 */
export class GuestStream<T = unknown> {
  readonly #held: Held;
  readonly #toJs: (value: unknown) => T;
  readonly #items: T[] = [];

  /** @internal */
  constructor(shared: SharedStream, cut: () => unknown, toJs: (value: unknown) => T) {
    this.#held = new Held(shared, cut);
    this.#toJs = toJs;
  }

  /** Whether the next element is here, or it is known that none comes. */
  ready(): boolean {
    if (this.#items.length > 0) return true;
    this.#held.request({
      remaining: CHUNK_ITEMS,
      owner: undefined,
      take: (origin, count) => {
        const values = origin.values(count);
        origin.took(values.length);
        for (const value of values) this.#items.push(this.#toJs(value));
        return values.length;
      },
    });
    return this.#items.length > 0 || this.#held.isEnded;
  }

  close(): void {
    this.#held.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Elements as they come; closes the stream at the end. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    const { arrived } = this.#held;
    const waiting = {
      ready: () => this.ready(),
      watch: (waker: Waker) => arrived.watch(waker),
      unwatch: (waker: Waker) => arrived.unwatch(waker),
    };
    try {
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        while (!this.ready()) await changed(waiting);
        if (this.#items.length === 0 && this.#held.isOver()) return;
        yield* this.#items.splice(0);
      }
    } finally {
      this.close();
    }
  }
}
