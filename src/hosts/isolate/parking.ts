/**
 * The thread of a guest that cannot be suspended. What a guest waits for comes about while its thread is blocked: by the
 * other thread, which rings a bell, by messages of it, by timers, and by promises that depend on these. No runtime turns any of
 * that over below a guest; so this does.
 */
import type { MonotonicClock } from "../../wasi/clocks/clocks.ts";
import type { Parking } from "../../wait/suspension.ts";
import type { Loop } from "../../wait/task.ts";
import { Trap } from "../../io/trap.ts";
import type { Hearing } from "./bell.ts";

interface Timer {
  readonly at: bigint;
  readonly callback: () => void;
  /** Takes it from the event loop. Missing where that has not heard of it, as it is blocked. */
  cancel: (() => void) | undefined;
}

const NS_PER_MS = 1e6;

export class ParkedThread implements Parking {
  readonly loop: Loop;
  /** Its timers are heard of while the thread is blocked, too. */
  readonly clock: MonotonicClock;
  readonly #hearing: Hearing;
  readonly #listen: () => boolean;
  readonly #clock: MonotonicClock;
  readonly #runPromises: () => void;
  readonly #timers = new Set<Timer>();
  /** What is to be called by nobody but the event loop. */
  readonly #soon: (() => void)[] = [];
  /** Whether the event loop will call `#called`. */
  #isComing = false;
  #isCalled = false;
  /** The count of the bell before everybody was last told. */
  #heard: number;

  /**
   * @param listen Takes a message of the other thread. False if there is none. The bell is rung after each.
   * @param clock Of the thread while it is not blocked.
   * @param runPromises What runs promises, which the language does only when nobody is called any more.
   */
  constructor(hearing: Hearing, listen: () => boolean, clock: MonotonicClock, runPromises: () => void) {
    this.#runPromises = runPromises;
    this.#hearing = hearing;
    this.#listen = listen;
    this.#clock = clock;
    this.#heard = hearing.bell.count;
    this.clock = {
      now: () => clock.now(),
      resolution: () => clock.resolution(),
      schedule: (delayNs, callback) => this.#schedule(delayNs, callback),
    };
    this.loop = {
      turn: () => new Promise((resolve) => this.#later(resolve)),
      now: () => Number(clock.now()) / NS_PER_MS,
      parking: this,
    };
  }

  enter<T>(fn: () => T): Promise<T> {
    return new Promise((resolve, reject) =>
      this.#later(() => {
        try {
          resolve(fn());
        } catch (error) {
          reject(error);
        }
      }),
    );
  }

  wait<T>(promise: Promise<T>): T {
    let canRun = false;
    void Promise.resolve().then(() => (canRun = true));
    let outcome: { readonly value: T } | { readonly cause: unknown } | undefined;
    // It is other functions that assign it.
    const settled = (): typeof outcome => outcome;
    promise.then(
      (value) => void (outcome = { value }),
      (cause: unknown) => void (outcome = { cause }),
    );
    this.#runPromises();
    if (!canRun) {
      throw new Trap(
        "4.3",
        "the guest has to wait where this runtime, which cannot suspend it, cannot block it either",
      );
    }
    while (!settled()) {
      this.#turn();
      this.#runPromises();
    }
    const end = settled();
    if (end && "value" in end) return end.value;
    throw end?.cause;
  }

  /** Everybody has a turn for whom something has changed. Blocks until something has. */
  #turn(): void {
    const { bell } = this.#hearing;
    if (this.#soon.length === 0) bell.park(this.#heard, this.#msLeft());
    // Before they look: what comes after that is heard of.
    this.#heard = bell.count;
    this.#hearing.hear();
    while (this.#listen()) this.#runPromises();
    this.#fireTimers();
    this.#runSoon();
  }

  /** Until the first timer. */
  #msLeft(): number {
    let first: bigint | undefined;
    for (const { at } of this.#timers) if (first === undefined || at < first) first = at;
    if (first === undefined) return Number.POSITIVE_INFINITY;
    const left = first - this.#clock.now();
    return left > 0n ? Number(left) / NS_PER_MS : 0;
  }

  #fireTimers(): void {
    if (this.#timers.size === 0) return;
    const now = this.#clock.now();
    for (const timer of [...this.#timers]) {
      if (timer.at > now || !this.#timers.delete(timer)) continue;
      timer.cancel?.();
      timer.callback();
      this.#runPromises();
    }
  }

  /** A timer that is heard of whichever way the thread waits. */
  #schedule(delayNs: bigint, callback: () => void): () => void {
    const timer: Timer = { at: this.#clock.now() + delayNs, callback, cancel: undefined };
    this.#timers.add(timer);
    if (!this.#isCalled) this.#arm(timer);
    return () => {
      if (this.#timers.delete(timer)) timer.cancel?.();
    };
  }

  /** The event loop has it too. */
  #arm(timer: Timer): void {
    const left = timer.at - this.#clock.now();
    timer.cancel = this.#clock.schedule(left > 0n ? left : 0n, () => {
      if (this.#timers.delete(timer)) timer.callback();
    });
  }

  #later(callback: () => void): void {
    this.#soon.push(callback);
    if (this.#isComing) return;
    this.#isComing = true;
    this.#hearing.soon(() => this.#called());
  }

  /** By the event loop, which has no other turn until this returns, however often the guest waits. */
  #called(): void {
    this.#isComing = false;
    this.#isCalled = true;
    this.#runSoon();
    this.#isCalled = false;
    for (const timer of this.#timers) if (!timer.cancel) this.#arm(timer);
  }

  #runSoon(): void {
    // One at a time: a guest that waits in one of them may wait for what comes after it.
    for (let left = this.#soon.length; left > 0; left--) {
      this.#soon.shift()?.();
      this.#runPromises();
    }
  }
}
