import { Absorber, ByteQueue } from "./byte-queue.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { none, PeerClosed, type Sink, type Source } from "./ports.ts";
import { Signal, type Waker } from "./readiness.ts";

const NONE = new Uint8Array(0);

type State =
  /** Bytes go in and come out. May become ended, failed or left. */
  | { readonly tag: "open" }
  /** The writer is done; what is in the pipe still comes out. Final but for left. */
  | { readonly tag: "ended" }
  /** The writer gave up. Becomes ended when the reader has been told. */
  | { readonly tag: "failed"; readonly cause: unknown }
  /** The reader is gone: the writer is told. Final. */
  | { readonly tag: "left" };

const OPEN: State = { tag: "open" };
const ENDED: State = { tag: "ended" };

// Classes, and not objects of functions: a pipe is made for each body of HTTP.

/** What is between the two ends of a pipe. */
class Between {
  readonly changed = new Signal();
  readonly #capacityBytes: number;
  /** What was given away, before all that is in the queue. */
  #given: Uint8Array = NONE;
  readonly #queue = new ByteQueue();
  #state: State = OPEN;
  /** Whether those who watch are about to be woken. */
  #notifies = false;

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes;
  }

  get isReadable(): boolean {
    return this.#size() > 0 || this.#state.tag !== "open";
  }

  read(max: number): Uint8Array | null {
    this.#queue.recycle();
    const state = this.#state;
    if (state.tag === "failed") {
      this.#state = ENDED;
      throw state.cause;
    }
    if (this.#size() === 0) return state.tag === "open" ? none() : null;
    if (this.#given.length > 0) return this.#takeGiven(max);
    const bytes = this.#queue.first(max);
    this.#queue.shift(bytes.length);
    if (bytes.length > 0) this.#notifyLater();
    return bytes;
  }

  take(max: number): Uint8Array | undefined {
    if (this.#given.length === 0 || max === 0) return undefined;
    this.#queue.recycle();
    return this.#takeGiven(max);
  }

  #takeGiven(max: number): Uint8Array {
    const bytes = upTo(this.#given, max);
    this.#given = this.#given === bytes ? NONE : this.#given.subarray(bytes.length);
    if (bytes.length > 0) this.#notifyLater();
    return bytes;
  }

  #size(): number {
    return this.#given.length + this.#queue.size;
  }

  /** The reader is done with what it was given before. */
  recycle(): void {
    this.#queue.recycle();
  }

  write(bytes: Uint8Array): number {
    this.flushed();
    const free = this.#capacityBytes - this.#size();
    const taken = bytes.length <= free ? bytes : bytes.subarray(0, free);
    if (taken.length > 0) {
      this.#queue.push(taken);
      this.#notifyLater();
    }
    return taken.length;
  }

  /** What the writer holds comes in as it is, if it fits and nothing is before it: it was copied once already. */
  absorb(queue: ByteQueue): boolean {
    this.flushed();
    if (this.#size() > 0 || queue.size > this.#capacityBytes) return false;
    queue.moveTo(this.#queue);
    this.#notifyLater();
    return true;
  }

  /** One piece is kept as it is, if nothing is before it. */
  give(bytes: Uint8Array): number {
    this.flushed();
    if (this.#size() > 0 || bytes.length === 0) return this.write(bytes);
    this.#given = upTo(bytes, this.#capacityBytes);
    this.#notifyLater();
    return this.#given.length;
  }

  /** What the pipe holds is out of the writer's hands: a flush is complete unless the reader is gone. */
  flushed(): boolean {
    if (this.#state.tag !== "open") throw new PeerClosed();
    return true;
  }

  leave(): void {
    if (this.#state.tag === "left") return;
    this.#given = NONE;
    this.#queue.clear();
    this.#queue.recycle();
    this.#state = { tag: "left" };
    this.#notifyLater();
  }

  become(state: State): void {
    if (this.#state.tag !== "open") return;
    if (state.tag === "failed") {
      this.#given = NONE;
      this.#queue.clear();
    }
    this.#state = state;
    this.#notifyLater();
  }

  /** Not at once: the reader may still hold a view of what the woken writer would overwrite. */
  #notifyLater(): void {
    if (this.#notifies || this.changed.watchers === 0) return;
    this.#notifies = true;
    void Promise.resolve().then(() => {
      this.#notifies = false;
      this.changed.notify();
    });
  }
}

/** What is whole stays the same object. */
function upTo(bytes: Uint8Array, most: number): Uint8Array {
  return bytes.length <= most ? bytes : bytes.subarray(0, most);
}

class Reader implements Source {
  readonly #between: Between;

  constructor(between: Between) {
    this.#between = between;
  }

  read(max: number): Uint8Array | null {
    return this.#between.read(max);
  }

  take(max: number): Uint8Array | undefined {
    return this.#between.take(max);
  }

  ready(): boolean {
    return this.#between.isReadable;
  }

  /** Each call of the reader says that it is done with what the one before gave. */
  watch(waker: Waker): void {
    this.#between.recycle();
    this.#between.changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#between.changed.unwatch(waker);
  }

  leave(): void {
    this.#between.leave();
  }

  close(): void {
    this.#between.leave();
  }
}

class Writer extends Absorber implements Sink {
  readonly #between: Between;

  constructor(between: Between) {
    super();
    this.#between = between;
  }

  write(bytes: Uint8Array): number {
    return this.#between.write(bytes);
  }

  give(bytes: Uint8Array): number {
    return this.#between.give(bytes);
  }

  absorb(queue: ByteQueue): boolean {
    return this.#between.absorb(queue);
  }

  flush(): boolean {
    return this.#between.flushed();
  }

  watch(waker: Waker): void {
    this.#between.changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#between.changed.unwatch(waker);
  }

  close(): void {
    this.#between.become(ENDED);
  }

  abort(cause: unknown): void {
    this.#between.become({ tag: "failed", cause });
  }
}

/**
 * A bounded pipe within the process: what goes into `sink` comes out of `source`, so that the output of one guest is
 * the input of another. The writer waits when it is full, the reader when it is empty.
 */
export class Pipe {
  readonly source: Source;
  readonly sink: Sink;

  /** @param capacityBytes The most that it holds, at least 1. */
  constructor(capacityBytes: number = DEFAULT_LIMITS.bufferBytes) {
    if (!Number.isSafeInteger(capacityBytes) || capacityBytes < 1) {
      const got = typeof capacityBytes === "number" ? capacityBytes : `a ${typeof capacityBytes}`;
      throw new RangeError(`The capacityBytes of a Pipe must be a whole number from 1 on; got ${got}`);
    }
    const between = new Between(capacityBytes);
    this.source = new Reader(between);
    this.sink = new Writer(between);
  }
}
