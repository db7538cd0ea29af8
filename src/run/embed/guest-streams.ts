/// <reference lib="esnext.disposable" preserve="true" />
/** Streams that a guest has given to its embedder, as ports: they can be read, written, or given to another guest. */
import type { Entry } from "../../abi/resources.ts";
import { StreamError } from "../../io/errors.ts";
import type { InputStream } from "../../io/input-stream.ts";
import type { OutputStream } from "../../io/output-stream.ts";
import { PeerClosed, type Sink, type Source } from "../../io/ports.ts";
import type { Waker } from "../../io/readiness.ts";
import { changed } from "../../io/steps.ts";

/** What is left of an entry that may be given away. */
class Held {
  #entry: Entry | undefined;
  readonly #isOwn: boolean;

  constructor(entry: Entry, isOwn: boolean) {
    this.#entry = entry;
    this.#isOwn = isOwn;
  }

  get(isOwn: boolean): Entry {
    const entry = this.#entry;
    if (!entry || (isOwn && !this.#isOwn)) {
      throw new TypeError("the stream is not ours to give: it was given away, closed, or lent");
    }
    if (isOwn) this.#entry = undefined;
    return entry;
  }

  /** The call is over that it was lent to. */
  end(): void {
    this.#entry = undefined;
  }

  restore(entry: Entry): void {
    this.#entry = entry;
  }

  drop(): void {
    if (this.#isOwn) this.#entry?.drop();
    this.#entry = undefined;
  }
}

/** An `input-stream` of a guest's: a `Source`, and an iterable of chunks. Close it, or read it to its end. */
export class GuestSource implements Source {
  readonly #held: Held;
  readonly #stream: InputStream;

  /** @internal */
  constructor(entry: Entry, stream: InputStream, isOwn: boolean) {
    this.#held = new Held(entry, isOwn);
    this.#stream = stream;
  }

  /** @internal */
  static entryOf(source: GuestSource, isOwn: boolean): Entry {
    return source.#held.get(isOwn);
  }

  /** @internal The call is over that it was lent to. */
  static end(source: GuestSource): void {
    source.#held.end();
  }

  /** @internal It was not given away after all. */
  static restore(source: GuestSource, entry: Entry): void {
    source.#held.restore(entry);
  }

  read(max: number): Uint8Array | null {
    this.#held.get(false);
    return orEnd(() => this.#stream.read(max));
  }

  readInto(into: Uint8Array): number | null {
    this.#held.get(false);
    return orEnd(() => this.#stream.readInto(into));
  }

  ready(): boolean {
    return this.#stream.ready();
  }

  watch(waker: Waker): void {
    this.#stream.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#stream.unwatch(waker);
  }

  close(): void {
    this.#held.drop();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Chunks as they come, which are the reader's own; closes the stream at the end. */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    // The stream's bytes are used again.
    return chunksOf(this, (chunk) => chunk.slice());
  }
}

/** How much is read at a time for those who do not say. */
export const CHUNK_BYTES: number = 64 * 1024;

/** What a source gives, as it comes; closes it at the end. @param kept What a reader may keep of a chunk. */
export async function* chunksOf(
  source: Source,
  kept: (chunk: Uint8Array) => Uint8Array,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    for (;;) {
      const chunk = source.read(CHUNK_BYTES);
      if (chunk === null) return;
      if (chunk.length > 0) yield kept(chunk);
      // oxlint-disable-next-line no-await-in-loop -- one chunk after the other
      else await changed(source);
    }
  } finally {
    source.close();
  }
}

function orEnd<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof StreamError && error.payload.tag === "closed") return null;
    throw causeOf(error);
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof StreamError && error.payload.tag === "last-operation-failed"
    ? error.payload.val.cause
    : error;
}

/** An `output-stream` of a guest's: a `Sink`. Close it when all is written. */
export class GuestSink implements Sink {
  readonly #held: Held;
  readonly #stream: OutputStream;
  #isFlushing = false;

  /** @internal */
  constructor(entry: Entry, stream: OutputStream, isOwn: boolean) {
    this.#held = new Held(entry, isOwn);
    this.#stream = stream;
  }

  /** @internal */
  static entryOf(sink: GuestSink, isOwn: boolean): Entry {
    return sink.#held.get(isOwn);
  }

  /** @internal The call is over that it was lent to. */
  static end(sink: GuestSink): void {
    sink.#held.end();
  }

  /** @internal It was not given away after all. */
  static restore(sink: GuestSink, entry: Entry): void {
    sink.#held.restore(entry);
  }

  write(bytes: Uint8Array): number {
    this.#held.get(false);
    return this.#reported(() => {
      const permitted = Math.min(this.#stream.checkWrite(), bytes.length);
      if (permitted > 0) this.#stream.write(bytes.subarray(0, permitted));
      return permitted;
    });
  }

  flush(): boolean {
    return this.#reported(() => {
      if (!this.#isFlushing) this.#stream.flush();
      this.#isFlushing = this.#stream.checkWrite() === 0;
      return !this.#isFlushing;
    });
  }

  watch(waker: Waker): void {
    this.#stream.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#stream.unwatch(waker);
  }

  close(): void {
    this.#held.drop();
  }

  abort(): void {
    this.#held.drop();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #reported<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (error instanceof StreamError && error.payload.tag === "closed") throw new PeerClosed();
      throw causeOf(error);
    }
  }
}
