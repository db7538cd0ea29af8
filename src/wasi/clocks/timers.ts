import { Signal, type Readiness, type Waker } from "../../io/readiness.ts";
import type { MonotonicClock } from "./clocks.ts";

/**
 * The timers of one instance: however many wait, the host has one, for the earliest.
 *
 * Setting and clearing a timer of the host for each of a hundred that a guest polls would cost more than the rest of
 * the poll: `npm run bench calls`, rows poll.
 */
export class Timers {
  readonly #clock: MonotonicClock;
  readonly #armed = new Set<Timer>();
  #earliest: bigint | undefined;
  #cancel: (() => void) | undefined;
  #held = false;
  #heldNow: bigint | undefined;
  /** The same as a double; nothing is before it where no time is known. */
  #heldDouble = Infinity;

  constructor(clock: MonotonicClock) {
    this.#clock = clock;
  }

  /**
   * Nanoseconds. Between `hold` and `release` the clock is read once, and only if somebody asks: a poll asks all timers
   * at the same time, and reading the clock costs more than the rest of an answer.
   */
  now(): bigint {
    if (!this.#held) return this.#clock.now();
    if (this.#heldNow === undefined) {
      this.#heldNow = this.#clock.now();
      this.#heldDouble = Number(this.#heldNow);
    }
    return this.#heldNow;
  }

  /**
   * Whether a poll, which has read the clock, knows without bigints that a time has not come: they take longer to compare than
   * all else of an answer. What is rounded to doubles keeps its order, so that it is never late.
   *
   * @param deadline The time as a double.
   */
  isBefore(deadline: number): boolean {
    return this.#heldDouble < deadline;
  }

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#heldNow = undefined;
    this.#heldDouble = Infinity;
  }

  /** Lets `timer` fire when its time has come. */
  arm(timer: Timer): void {
    this.#armed.add(timer);
    if (this.#earliest === undefined || timer.deadline < this.#earliest) this.#schedule(timer.deadline);
  }

  /** Nobody waits for `timer` any more. */
  disarm(timer: Timer): void {
    if (this.#armed.delete(timer) && this.#armed.size === 0) this.#clear();
  }

  #schedule(deadline: bigint): void {
    this.#clear();
    const left = deadline - this.now();
    this.#earliest = deadline;
    this.#cancel = this.#clock.schedule(left > 0n ? left : 0n, () => this.#fire());
  }

  #clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#earliest = undefined;
  }

  /** May be early, and the one that was the earliest may be gone. */
  #fire(): void {
    this.#earliest = undefined;
    this.#cancel = undefined;
    try {
      this.#fireDue();
    } catch {
      // The clock fails: those who wait ask it again, and are told why.
      for (const timer of [...this.#armed]) if (this.#armed.delete(timer)) timer.ask();
    }
  }

  #fireDue(): void {
    const now = this.now();
    for (const timer of [...this.#armed]) {
      if (timer.deadline <= now && this.#armed.delete(timer)) timer.fire();
    }
    let earliest: bigint | undefined;
    for (const { deadline } of this.#armed) {
      if (earliest === undefined || deadline < earliest) earliest = deadline;
    }
    if (earliest !== undefined) this.#schedule(earliest);
  }
}

/** Ready from a certain time on: at once if that has passed. That a guest gives way is the business of calls (4.9). */
export class Timer implements Readiness {
  /** In the clock's nanoseconds; may lie beyond what a u64 can hold, and is then never reached. */
  readonly deadline: bigint;
  readonly #timers: Timers;
  /** None while nobody has watched: most timers are only asked. */
  #changed: Signal | undefined;
  #isDue = false;
  /** The deadline as a double; missing before anybody has asked. */
  #double: number | undefined;

  constructor(timers: Timers, deadline: bigint) {
    this.#timers = timers;
    this.deadline = deadline;
  }

  ready(): boolean {
    // The clock goes forward: what has been due once needs none any more.
    if (this.#isDue) return true;
    if (this.#double !== undefined && this.#timers.isBefore(this.#double)) return false;
    if (this.#timers.now() >= this.deadline) return (this.#isDue = true);
    this.#double ??= Number(this.deadline);
    return false;
  }

  get isSettled(): boolean {
    return this.#isDue;
  }

  watch(waker: Waker): void {
    (this.#changed ??= new Signal()).watch(waker);
    this.#timers.arm(this);
  }

  unwatch(waker: Waker): void {
    this.#changed?.unwatch(waker);
    if ((this.#changed?.watchers ?? 0) === 0) this.drop();
  }

  /** Nobody waits any more. */
  drop(): void {
    // Who is not watched is not armed.
    if (this.#changed) this.#timers.disarm(this);
  }

  /** Its time has come. */
  fire(): void {
    this.#isDue = true;
    this.ask();
  }

  /** Whoever waits is to ask again. */
  ask(): void {
    this.#changed?.notify();
  }
}
