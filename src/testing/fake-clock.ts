import { assertFits, isU64 } from "../io/assert-shape.ts";
import type { MonotonicClock } from "../wasi/clocks/clocks.ts";

interface Scheduled {
  readonly at: bigint;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is told to move: tests of timers without waiting.
 *
 * A callback is never called from within `schedule`: one without delay waits for `turn` (or `advance`).
 */
export class FakeClock implements MonotonicClock {
  #now: bigint;
  readonly #scheduled = new Set<Scheduled>();

  /** @param now Where it starts, in nanoseconds. */
  constructor(now: bigint = 0n) {
    assertFits("The time of a FakeClock", now, "a bigint of nanoseconds from 0 on", isU64(now));
    this.#now = now;
  }

  now(): bigint {
    return this.#now;
  }

  resolution(): bigint {
    return 1n;
  }

  schedule(delayNs: bigint, callback: () => void): () => void {
    const scheduled = { at: this.#now + delayNs, callback };
    this.#scheduled.add(scheduled);
    return () => void this.#scheduled.delete(scheduled);
  }

  /** How many callbacks are scheduled. */
  get pending(): number {
    return this.#scheduled.size;
  }

  /** The event loop has a turn: calls what is due, in the order of its time, and nothing that is scheduled meanwhile. */
  turn(): void {
    const due = [...this.#scheduled].filter(({ at }) => at <= this.#now);
    due.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    for (const scheduled of due) {
      // Cancelled by an earlier one, perhaps.
      if (this.#scheduled.delete(scheduled)) scheduled.callback();
    }
  }

  /** Time passes, then the event loop has a turn. */
  advance(ns: bigint): void {
    this.#now += ns;
    this.turn();
  }

  /** Calls everything that is scheduled before its time, as a host may. */
  fireEarly(): void {
    const all = [...this.#scheduled];
    for (const scheduled of all) {
      if (this.#scheduled.delete(scheduled)) scheduled.callback();
    }
  }
}
