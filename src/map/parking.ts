/**
 * Standard streams and timers for glue that can neither suspend its guest nor return to the event loop: what has to
 * wait blocks the thread, as a native program does.
 */
import { readSync, writeSync } from "node:fs";
import { DiscardSink } from "../io/memory.ts";
import type { Source } from "../io/ports.ts";
import { PullSource } from "../io/pull-source.ts";
import type { Readiness, Waker } from "../io/readiness.ts";
import { sinkFailure } from "../hosts/node/writable.ts";
import type { MonotonicClock } from "../wasi/clocks/clocks.ts";

const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread. */
function sleep(ms: number): void {
  Atomics.wait(NEVER, 0, 0, ms);
}

interface Due {
  readonly at: bigint;
  readonly callback: () => void;
}

/** What a thread that blocks waits for: timers alone, since the streams below are always ready. */
export class Parking {
  /** Its timers fire while the thread is parked, since no turn of the event loop ever comes. */
  readonly clock: MonotonicClock;
  readonly #timers = new Set<Due>();
  readonly #sleep: (ms: number) => void;

  /**
   * @param clock Whose time it is.
   * @param suspends Whether the guest can be suspended after all: then the timers are the clock's own.
   * @param sleepMs Blocks the thread for so many milliseconds, or less.
   */
  constructor(clock: MonotonicClock, suspends: () => boolean, sleepMs: (ms: number) => void = sleep) {
    this.#sleep = sleepMs;
    this.clock = {
      now: () => clock.now(),
      resolution: () => clock.resolution(),
      schedule: (delayNs, callback) => {
        if (suspends()) return clock.schedule(delayNs, callback);
        const timer: Due = { at: clock.now() + delayNs, callback };
        this.#timers.add(timer);
        return () => void this.#timers.delete(timer);
      },
    };
  }

  /** Blocks the thread until `readiness` is ready. @throws {Error} If it waits for nothing that has a time. */
  readonly park = (readiness: Readiness): void => {
    // Whoever is watched has its timer scheduled.
    const waker: Waker = { wake() {} };
    readiness.watch(waker);
    try {
      while (!readiness.ready()) this.#sleepToNext();
    } finally {
      readiness.unwatch(waker);
    }
  };

  #sleepToNext(): void {
    const [first, ...others] = this.#timers;
    if (!first) throw new Error("The guest waits for something that can never come");
    const next = others.reduce((soonest, timer) => (timer.at < soonest.at ? timer : soonest), first);
    const left = next.at - this.clock.now();
    if (left > 0n) this.#sleep(Number(left) / NS_PER_MS);
    if (next.at > this.clock.now()) return;
    this.#timers.delete(next);
    next.callback();
  }
}

const NS_PER_MS = 1e6;

/** Does a system call again while it says that it would block: somebody has set the descriptor so. */
function insist<T>(call: () => T): T {
  for (;;) {
    try {
      return call();
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EAGAIN") sleep(1);
      else if (code !== "EINTR") throw error;
    }
  }
}

export function parkingFdSource(fd: number): Source {
  const buffer = new Uint8Array(64 * 1024);
  return new PullSource((max) => {
    const count = insist(() => readSync(fd, buffer, 0, Math.min(max, buffer.length), null));
    return count === 0 ? null : buffer.subarray(0, count);
  });
}

export class ParkingFdSink extends DiscardSink {
  readonly #fd: number;

  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  override write(bytes: Uint8Array): number {
    try {
      return insist(() => writeSync(this.#fd, bytes));
    } catch (error) {
      throw sinkFailure(error);
    }
  }
}
