/** Streams of WASI 0.3 that a guest has given to its embedder: they can be read, or given to another guest. */
import { COPY, type CopyListener, type SharedStream, type Target } from "../abi/copy.ts";
import type { Source } from "../io/ports.ts";
import { Signal, type Waker } from "../io/readiness.ts";
import { changed } from "../io/steps.ts";

const CHUNK_BYTES = 64 * 1024;
/** Elements that are read at a time. */
const CHUNK_ITEMS = 64;

/** What JavaScript holds of a stream: it can be read, or given to a guest, once. */
abstract class HeldStream {
  #shared: SharedStream | undefined;
  protected readonly arrived: Signal = new Signal();
  protected isEnded = false;
  #isReading = false;

  constructor(shared: SharedStream) {
    this.#shared = shared;
  }

  /** @internal It is somebody else's from now on. @throws {TypeError} If it has been read, or given away. */
  give(): SharedStream {
    const shared = this.#shared;
    if (!shared || this.#isReading) throw new TypeError("the stream has been given away, closed, or is being read");
    this.#shared = undefined;
    return shared;
  }

  /** Asks for more, if nobody has: `target` is told. */
  protected request(target: Target): void {
    const shared = this.#shared;
    if (!shared || this.#isReading || this.isEnded) return;
    this.#isReading = true;
    const listener: CopyListener = {
      onCopy: (reclaim) => {
        reclaim();
        this.#isReading = false;
        this.arrived.notify();
      },
      onDone: (result) => {
        this.#isReading = false;
        if (result !== COPY.completed) this.isEnded = true;
        this.arrived.notify();
      },
    };
    shared.read(target, listener);
  }

  watch(waker: Waker): void {
    this.arrived.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.arrived.unwatch(waker);
  }

  /** Nobody reads any more: who writes is told. */
  close(): void {
    this.isEnded = true;
    const shared = this.#shared;
    this.#shared = undefined;
    shared?.drop();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A `stream<u8>` of a guest's (WASI 0.3): a `Source`, and an iterable of chunks. Close it, or read it to its end. */
export class GuestByteStream extends HeldStream implements Source {
  #bytes: Uint8Array | undefined;

  read(max: number): Uint8Array | null {
    this.#ask(max);
    const bytes = this.#bytes;
    if (!bytes) return this.isEnded ? null : NONE;
    const part = bytes.subarray(0, max);
    this.#bytes = max < bytes.length ? bytes.subarray(max) : undefined;
    return part;
  }

  ready(): boolean {
    this.#ask(CHUNK_BYTES);
    return this.#bytes !== undefined || this.isEnded;
  }

  #ask(max: number): void {
    if (this.#bytes || max === 0) return;
    this.request({
      remaining: max,
      owner: undefined,
      take: (origin, count) => {
        // The guest's memory is its own again when this returns.
        const bytes = (origin.bytes(count) ?? Uint8Array.from(origin.values(count) as readonly number[])).slice();
        origin.took(bytes.length);
        if (bytes.length > 0) this.#bytes = bytes;
        return bytes.length;
      },
    });
  }

  /** Chunks as they come; closes the stream at the end. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (;;) {
        const chunk = this.read(CHUNK_BYTES);
        if (chunk === null) return;
        if (chunk.length > 0) yield chunk;
        // oxlint-disable-next-line no-await-in-loop -- one chunk after the other
        else await changed(this);
      }
    } finally {
      this.close();
    }
  }
}

const NONE = new Uint8Array(0);

/**
 * A stream of a guest's of anything but bytes (`stream<T>` of WASI 0.3): an iterable of its elements. Close it, or read it
 * to its end.
 */
export class GuestStream<T = unknown> extends HeldStream {
  readonly #toJs: (value: unknown) => T;
  readonly #items: T[] = [];

  /** @internal */
  constructor(shared: SharedStream, toJs: (value: unknown) => T) {
    super(shared);
    this.#toJs = toJs;
  }

  ready(): boolean {
    if (this.#items.length > 0) return true;
    this.request({
      remaining: CHUNK_ITEMS,
      owner: undefined,
      take: (origin, count) => {
        const values = origin.values(count);
        origin.took(values.length);
        for (const value of values) this.#items.push(this.#toJs(value));
        return values.length;
      },
    });
    return this.#items.length > 0 || this.isEnded;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    try {
      for (;;) {
        if (!this.ready()) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await changed(this);
          continue;
        }
        if (this.#items.length === 0) return;
        yield* this.#items.splice(0);
      }
    } finally {
      this.close();
    }
  }
}
