import { ByteQueue } from "./byte-queue.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { PeerClosed, type Sink, type Source } from "./ports.ts";
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

const ENDED: State = { tag: "ended" };

/**
 * A bounded pipe within the process: what goes into `sink` comes out of `source`, so that the output of one guest is
 * the input of another. The writer waits when it is full, the reader when it is empty.
 */
export class Pipe {
  readonly source: Source;
  readonly sink: Sink;
  readonly #capacityBytes: number;
  readonly #queue = new ByteQueue();
  readonly #changed = new Signal();
  #state: State = { tag: "open" };
  /** Whether those who watch are about to be woken. */
  #notifies = false;

  /** @param capacityBytes The most that it holds, at least 1. */
  constructor(capacityBytes: number = DEFAULT_LIMITS.bufferBytes) {
    if (!Number.isSafeInteger(capacityBytes) || capacityBytes < 1) {
      throw new RangeError(`A pipe holds at least 1 byte: capacityBytes is ${capacityBytes}`);
    }
    this.#capacityBytes = capacityBytes;
    const both = {
      watch: (waker: Waker) => this.#changed.watch(waker),
      unwatch: (waker: Waker) => this.#changed.unwatch(waker),
    };
    this.source = {
      ...both,
      // Each call of the reader says that it is done with what the one before gave.
      watch: (waker) => {
        this.#queue.recycle();
        this.#changed.watch(waker);
      },
      read: (max) => this.#read(max),
      ready: () => this.#queue.size > 0 || this.#state.tag !== "open",
      leave: () => this.#leave(),
      close: () => this.#leave(),
    };
    this.sink = {
      ...both,
      write: (bytes) => this.#write(bytes),
      flush: () => this.#flushed(),
      close: () => this.#become(ENDED),
      abort: (cause) => this.#become({ tag: "failed", cause }),
    };
  }

  #read(max: number): Uint8Array | null {
    this.#queue.recycle();
    const state = this.#state;
    if (state.tag === "failed") {
      this.#state = ENDED;
      throw state.cause;
    }
    if (this.#queue.size === 0) return state.tag === "open" ? NONE : null;
    const bytes = this.#queue.first(max);
    this.#queue.shift(bytes.length);
    if (bytes.length > 0) this.#notifyLater();
    return bytes;
  }

  #write(bytes: Uint8Array): number {
    this.#flushed();
    const taken = bytes.subarray(0, this.#capacityBytes - this.#queue.size);
    if (taken.length > 0) {
      this.#queue.push(taken);
      this.#notifyLater();
    }
    return taken.length;
  }

  /** What the pipe holds is out of the writer's hands: a flush is complete unless the reader is gone. */
  #flushed(): boolean {
    if (this.#state.tag !== "open") throw new PeerClosed();
    return true;
  }

  #leave(): void {
    if (this.#state.tag === "left") return;
    this.#queue.clear();
    this.#queue.recycle();
    this.#state = { tag: "left" };
    this.#notifyLater();
  }

  #become(state: State): void {
    if (this.#state.tag !== "open") return;
    if (state.tag === "failed") this.#queue.clear();
    this.#state = state;
    this.#notifyLater();
  }

  /** Not at once: the reader may still hold a view of what the woken writer would overwrite. */
  #notifyLater(): void {
    if (this.#notifies || this.#changed.watchers === 0) return;
    this.#notifies = true;
    void Promise.resolve().then(() => {
      this.#notifies = false;
      this.#changed.notify();
    });
  }
}
