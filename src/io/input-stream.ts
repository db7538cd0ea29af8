import { causeOf } from "./cause.ts";
import { StreamError } from "./errors.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { readInto, type Source } from "./ports.ts";
import type { Readiness, Waker } from "./readiness.ts";
import type { Steps } from "./steps.ts";
import { newTally, type Tally } from "./tally.ts";
import { InternalError } from "./trap.ts";

/** One for all: many streams are made. */
function nothing(): void {}

/** How often a source may say that there is something, and have nothing, before it has to say so anew. */
export const SPURIOUS_ROUNDS = 16;

/**
 * One handle of an input stream, over a source that other handles may share: what one leaves, the next one reads.
 *
 * @see WASI 0.2 `wasi:io/streams` `input-stream`
 */
export class InputStream implements Readiness {
  readonly #source: Source;
  readonly #limitBytes: number;
  readonly #tally: Tally;
  readonly #onDrop: () => void;
  #closed = false;

  /** @param onDrop Called when the guest lets go of this handle; the source lives as long as its owner says. */
  constructor(
    source: Source,
    limitBytes: number = DEFAULT_LIMITS.readBytes,
    tally: Tally = newTally(),
    onDrop: () => void = nothing,
  ) {
    this.#source = source;
    this.#limitBytes = limitBytes;
    this.#tally = tally;
    this.#onDrop = onDrop;
  }

  /**
   * The bytes that are there now, at most `max`; none means not now. Never waits. The view is valid until the next
   * call on this stream.
   *
   * @param waits Whether the caller is going to wait if there are none: see `Source.readBlocking`.
   * @throws {StreamError} `closed` at the end; after a failure `last-operation-failed` once, then `closed`.
   * @see WASI 0.2 `wasi:io/streams` `input-stream.read`
   */
  read(max: number, waits: boolean = false): Uint8Array {
    this.#tally.calls++;
    return this.#read(max, waits);
  }

  /**
   * As `read`, if the next bytes are given away: see `Source.take`. If not, nothing has happened but that they may be fetched.
   *
   * @throws {StreamError} As `read`.
   */
  take(max: number): Uint8Array | undefined {
    if (this.#closed) return undefined;
    let bytes;
    try {
      bytes = this.#source.take?.(Math.min(max, this.#limitBytes));
    } catch (cause) {
      this.#fail(cause);
    }
    if (bytes) {
      this.#tally.calls++;
      this.#tally.bytes += bytes.length;
    }
    return bytes;
  }

  /**
   * As `read(into.length)`, but puts the bytes at the start of `into`, and says how many they are. `into` may be a guest's
   * memory: nobody keeps it.
   *
   * @param waits As of `read`.
   * @throws {StreamError} As `read`.
   */
  readInto(into: Uint8Array, waits: boolean = false): number {
    this.#tally.calls++;
    if (this.#closed) throw StreamError.closed();
    const place = into.length > this.#limitBytes ? into.subarray(0, this.#limitBytes) : into;
    let count;
    try {
      count = readInto(this.#source, place, waits);
    } catch (cause) {
      this.#fail(cause);
    }
    if (count === null) this.#end();
    this.#tally.bytes += count;
    return count;
  }

  /**
   * As `read`, but waits until there is at least one byte (with a `max` of 0: until there would be).
   *
   * Reads before it waits, so that no more than `max` is fetched from where others read too (7.2).
   *
   * @see WASI 0.2 `wasi:io/streams` `input-stream.blocking-read`
   */
  *blockingRead(max: number): Steps<Uint8Array> {
    this.#tally.calls++;
    if (max > 0) {
      const bytes = this.#read(max, true);
      if (bytes.length > 0) return bytes;
    }
    return yield* this.laterRead(max);
  }

  /** The rest of a `blockingRead` that has found nothing so far. */
  *laterRead(max: number): Steps<Uint8Array> {
    for (;;) {
      const bytes = this.readLater(max);
      if (bytes) return bytes;
      yield this;
    }
  }

  /** As `laterRead`, as far as it goes without waiting: nothing if it has to wait for this stream, and then be called again. */
  readLater(max: number): Uint8Array | undefined {
    // A source that says so and has nothing would keep the thread.
    for (let round = 0; round < SPURIOUS_ROUNDS; round++) {
      if (!this.ready()) return undefined;
      const bytes = this.#read(max, false);
      if (bytes.length > 0 || max === 0) return bytes;
    }
    return undefined;
  }

  /**
   * Reads and forgets up to `max` bytes that are there now; gives their number.
   *
   * @see WASI 0.2 `wasi:io/streams` `input-stream.skip`
   */
  skip(max: number): number {
    return this.read(max).length;
  }

  /** @see WASI 0.2 `wasi:io/streams` `input-stream.blocking-skip` */
  *blockingSkip(max: number): Steps<number> {
    return (yield* this.blockingRead(max)).length;
  }

  /** True when `read` would give bytes, the end or the failure. May begin to fetch. */
  ready(): boolean {
    return this.#closed || this.#source.ready();
  }

  watch(waker: Waker): void {
    this.#tally.waits++;
    this.#source.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#source.unwatch(waker);
  }

  /** The guest lets go of this handle. */
  drop(): void {
    this.#onDrop();
  }

  #read(max: number, waits: boolean): Uint8Array {
    if (this.#closed) throw StreamError.closed();
    const bytes = this.#readSource(Math.min(max, this.#limitBytes), waits);
    if (bytes === null) this.#end();
    this.#tally.bytes += bytes.length;
    return bytes;
  }

  #readSource(max: number, waits: boolean): Uint8Array | null {
    try {
      return waits && this.#source.readBlocking ? this.#source.readBlocking(max) : this.#source.read(max);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #end(): never {
    this.#closed = true;
    throw StreamError.closed();
  }

  #fail(thrown: unknown): never {
    this.#closed = true;
    const cause = causeOf(thrown);
    // Of the port, and no failure of the guest's stream.
    if (cause instanceof InternalError) throw cause;
    throw StreamError.failed(cause);
  }
}
