import { Signal, type Readiness, type Waker } from "../io/readiness.ts";

/** A clock that only moves forward. All times in nanoseconds. */
export interface MonotonicClock {
  now(): bigint;
  resolution(): bigint;
  /**
   * Calls `callback` once, after the event loop has had a turn, when about `delayNs` have passed; it may be early.
   *
   * @returns A function that cancels it.
   */
  schedule(delayNs: bigint, callback: () => void): () => void;
}

/** A point in time since 1970-01-01T00:00:00Z, as in `wasi:clocks/wall-clock`. */
export interface Datetime {
  readonly seconds: bigint;
  /** Less than 1,000,000,000. */
  readonly nanoseconds: number;
}

/** A clock that shows the time of day, and may be set back. */
export interface WallClock {
  now(): Datetime;
  resolution(): Datetime;
}

/**
 * Ready from a certain time on.
 *
 * One whose time has passed when it is made becomes ready only after the event loop has had a turn, so that a guest
 * that polls such a timer again and again does not keep its other streams from moving (4.2, 4.9).
 */
export class Timer implements Readiness {
  readonly #clock: MonotonicClock;
  readonly #deadline: bigint;
  readonly #changed = new Signal();
  #cancel: (() => void) | undefined;
  #turned: boolean;

  /** @param deadline In the clock's nanoseconds; may lie beyond what a u64 can hold, and is then never reached. */
  constructor(clock: MonotonicClock, deadline: bigint) {
    this.#clock = clock;
    this.#deadline = deadline;
    this.#turned = deadline > clock.now();
    if (!this.#turned) this.#arm();
  }

  ready(): boolean {
    return this.#turned && this.#clock.now() >= this.#deadline;
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
    this.#arm();
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
    if (this.#changed.watchers === 0 && this.#turned) this.drop();
  }

  /** Nobody waits any more: lets go of the host's timer. */
  drop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(): void {
    if (this.#cancel) return;
    const left = this.#deadline - this.#clock.now();
    this.#cancel = this.#clock.schedule(left > 0n ? left : 0n, () => {
      this.#cancel = undefined;
      this.#turned = true;
      if (this.ready()) this.#changed.notify();
      else if (this.#changed.watchers > 0) this.#arm();
    });
  }
}
