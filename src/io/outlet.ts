import { Absorber, ByteQueue } from "./byte-queue.ts";
import { causeOf } from "./cause.ts";
import type { Level } from "./level.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { PeerClosed, type Sink } from "./ports.ts";
import { Signal, type Waker, type Watchable } from "./readiness.ts";
import { woken } from "./steps.ts";
import { newTally, type Tally } from "./tally.ts";
import { InternalError } from "./trap.ts";

/**
 * Permits that several handles of one stream hold at the same time may add up to more than is free. This many times the
 * limit is the most that they can make the host hold; past it, a handle is permitted one byte at a time.
 */
const SHARED_HEADROOM = 16;

/** Zeroes are made so many at a time, and anew: the sink may change them, or give their memory away. */
const ZEROES_BYTES = 4096;

/** What an outlet does, and may do next. */
export type OutletState =
  /** Takes bytes. May become flushing, failed or closed. */
  | { readonly tag: "open" }
  /** Waits until all that it took has left. May become open, failed or closed. */
  | { readonly tag: "flushing" }
  /** The sink failed; what was not taken is gone. Becomes closed when one of the handles takes the failure. */
  | { readonly tag: "failed"; readonly cause: unknown }
  /** The other side is gone, or we ended it. Final. */
  | { readonly tag: "closed" };

const OPEN: OutletState = { tag: "open" };
const FLUSHING: OutletState = { tag: "flushing" };
const CLOSED: OutletState = { tag: "closed" };

/**
 * A sink and the bounded buffer before it: what all handles of one output stream share.
 *
 * Bytes go to the sink at once if it takes them, and are copied into the buffer only if it does not. Watches its sink
 * exactly while the buffer holds bytes or a flush is under way, and wakes its own watchers at each change.
 */
export class Outlet implements Watchable, Waker {
  readonly tally: Tally;
  readonly #sink: Sink;
  readonly #limitBytes: number;
  readonly #queue = new ByteQueue();
  readonly #changed = new Signal();
  #state: OutletState = OPEN;
  #watching = false;
  #sealed = false;
  #reservedBytes = 0;

  constructor(sink: Sink, limitBytes: number = DEFAULT_LIMITS.bufferBytes, tally: Tally = newTally()) {
    this.tally = tally;
    this.#sink = sink;
    this.#limitBytes = limitBytes;
  }

  get state(): OutletState {
    return this.#sealed ? CLOSED : this.#state;
  }

  /** Bytes that wait for the sink. */
  get bufferedBytes(): number {
    return this.#queue.size;
  }

  /** What it is doing now. */
  level(): Level {
    return {
      state: this.state.tag,
      bufferedBytes: this.#queue.size,
      capacityBytes: this.#limitBytes,
      permittedBytes: this.room(this.#reservedBytes),
      isAwaited: this.#changed.watchers > 0,
    };
  }

  /** Bytes that a handle whose own permit is now `ownBytes` may be permitted: 0 when it has to wait. */
  room(ownBytes: number): number {
    if (this.#state !== OPEN || this.#sealed) return 0;
    const held = this.#queue.size;
    const free = this.#limitBytes - held;
    if (free <= 0) return 0;
    const promised = held + this.#reservedBytes - ownBytes;
    return promised === 0 ? free : Math.min(free, Math.max(1, this.#limitBytes * SHARED_HEADROOM - promised));
  }

  /** Whether what is reserved are the `ownBytes` of one handle and no others. */
  isOnlyReserved(ownBytes: number): boolean {
    return this.#reservedBytes === ownBytes;
  }

  /** A handle's permit went from `from` to `to` bytes. */
  reserve(from: number, to: number): void {
    this.#reservedBytes += to - from;
    // The sum of what all handles are permitted: a negative one would permit others more than there is.
    if (!(this.#reservedBytes >= 0)) throw new RangeError(`Permits add up to ${this.#reservedBytes} bytes`);
  }

  /**
   * Takes all of `bytes`, which the caller may reuse. The caller holds a permit for them.
   *
   * @param waits Whether the caller is going to wait until they have left.
   * @param isGiven Whether nobody will change them: see `Sink.give`.
   */
  accept(bytes: Uint8Array, waits: boolean = false, isGiven: boolean = false): void {
    if (this.#isOver() || this.#sealed) return;
    const taken = this.#queue.size === 0 ? this.#offer(bytes, waits, isGiven) : 0;
    if (taken === bytes.length || this.#isOver()) return;
    this.#queue.push(taken === 0 ? bytes : bytes.subarray(taken));
    this.#watch();
  }

  /** Takes `count` zeroes, as `accept` would. */
  acceptZeroes(count: number): void {
    let left = count;
    while (left > 0 && this.#queue.size === 0 && !this.#isOver()) {
      const piece = Math.min(left, ZEROES_BYTES);
      this.accept(new Uint8Array(piece));
      left -= piece;
    }
    if (left === 0 || this.#isOver()) return;
    this.#queue.pushZeroes(left);
    this.#watch();
  }

  /** Asks that everything taken so far leaves. Complete when the state is open again. */
  flush(): void {
    if (this.#state === OPEN) {
      this.#state = FLUSHING;
      this.#advance();
    }
  }

  /** Whether everything taken so far has left already, so that a flush would be complete at once. */
  flushNow(): boolean {
    return this.#state === OPEN && this.#queue.size === 0 && this.#flushed();
  }

  /** A handle has taken the failure, and will report it. All others find the stream closed (3.16). */
  failureTaken(): void {
    this.#state = CLOSED;
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }

  /** The sink changed. */
  wake(): void {
    this.#advance();
    this.#changed.notify();
  }

  /** Delivers what is buffered, however long that takes, then ends the sink. Failures end it too, silently. */
  async finish(): Promise<void> {
    this.flush();
    while (this.#state === FLUSHING) {
      // oxlint-disable-next-line no-await-in-loop -- each round waits for the sink
      await woken(this);
    }
    // A fault of the sink's that no call has told of.
    if (this.#state.tag === "failed" && this.#state.cause instanceof InternalError) throw this.#state.cause;
    if (this.#isOver()) return;
    this.#end(CLOSED);
    await this.#sink.close();
  }

  /** As `finish`, but whoever writes finds the stream closed from now on. Gives nothing if all is done at once. */
  sealOrWait(): void | Promise<void> {
    this.#sealed = true;
    const isDone = this.flushNow();
    if (isDone) this.#end(CLOSED);
    this.#changed.notify();
    return isDone ? this.#sink.close() : this.finish();
  }

  /** Gives up what is buffered and ends the sink. Whoever watches hears of it, whatever the sink throws. */
  abort(reason: unknown): void {
    this.#end(CLOSED);
    try {
      this.#sink.abort(reason);
    } finally {
      this.#changed.notify();
    }
  }

  #isOver(): boolean {
    return this.#state.tag === "failed" || this.#state.tag === "closed";
  }

  /** Hands the buffer to the sink as far as it goes, and completes the flush if there is one. */
  #advance(): void {
    if (this.#isOver()) return;
    while (this.#queue.size > 0 && !this.#handOver()) {
      const taken = this.#offer(this.#queue.view, false);
      if (taken === 0) break;
      this.#queue.shift(taken);
    }
    this.#queue.recycle();
    if (this.#state === FLUSHING && this.#queue.size === 0 && this.#flushed()) this.#state = OPEN;
    if (this.#isOver()) return;
    if (this.#queue.size > 0 || this.#state === FLUSHING) this.#watch();
    else this.#unwatch();
  }

  /** Whether nothing is left to hand to the sink, since it has taken the whole buffer, or has failed. */
  #handOver(): boolean {
    try {
      return this.#sink instanceof Absorber && this.#sink.absorb(this.#queue);
    } catch (cause) {
      this.#fail(cause);
      return true;
    }
  }

  /** What the sink took of `bytes`; 0 too when it failed, which `state` then says. */
  #offer(bytes: Uint8Array, waits: boolean, isGiven: boolean = false): number {
    try {
      const taken =
        isGiven && this.#sink.give
          ? this.#sink.give(bytes)
          : waits && this.#sink.writeBlocking
            ? this.#sink.writeBlocking(bytes)
            : this.#sink.write(bytes);
      if (Number.isInteger(taken) && taken >= 0 && taken <= bytes.length) return taken;
      throw new RangeError(`A sink must take 0 to ${bytes.length} bytes, or throw: it says that it took ${taken}`);
    } catch (cause) {
      this.#fail(cause);
      return 0;
    }
  }

  #flushed(): boolean {
    try {
      return this.#sink.flush();
    } catch (cause) {
      this.#fail(cause);
      return false;
    }
  }

  #fail(thrown: unknown): void {
    const cause = causeOf(thrown);
    this.#end(cause instanceof PeerClosed ? CLOSED : { tag: "failed", cause });
    try {
      this.#sink.abort(cause);
    } catch {
      // It has failed: how it does so changes nothing.
    }
    // The call of one handle may find out what another one waits for.
    this.#changed.notify();
  }

  #end(state: OutletState): void {
    if (!this.#isOver()) this.#state = state;
    // Not recycled: the sink may be looking at it.
    this.#queue.clear();
    this.#unwatch();
  }

  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    try {
      this.#sink.watch(this);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #unwatch(): void {
    if (!this.#watching) return;
    this.#watching = false;
    try {
      this.#sink.unwatch(this);
    } catch (cause) {
      this.#fail(cause);
    }
  }
}
