import type { Readiness, Waker } from "../io/readiness.ts";
import type { Steps } from "../io/steps.ts";

/** What waiting needs of the host. */
export interface Loop {
  /** Resolves after the event loop has had a whole turn: timers, I/O and all. */
  turn(): Promise<void>;
  /** Milliseconds on a clock that only moves forward. */
  now(): number;
}

/** Calls that a guest may make before it is asked how long it has kept the event loop. */
const CALLS_PER_TURN = 1024;
/** What a call costs that was told "not now": a guest that spins gives way after 16 of them. */
const IDLE_COST = 64;
/** How long a guest that makes progress may keep the event loop to itself. */
const TURN_MS = 5;

/**
 * The guest's one thread of control: waits for it, and makes it give way to the event loop, so that a guest that spins
 * on a stream still gets its data (D7), and one that is always ready starves nobody (4.9).
 */
export class Task {
  readonly #loop: Loop;
  #budget = CALLS_PER_TURN;
  #idled = false;
  #turnStart: number;
  #end: { readonly reason: unknown } | undefined;
  readonly #waits = new Set<Wait>();

  constructor(loop: Loop) {
    this.#loop = loop;
    this.#turnStart = loop.now();
  }

  /** Counts a call. True if the guest has to give way (`giveWay`) before it is carried out. */
  mustGiveWay(): boolean {
    return --this.#budget < 0 && this.#isOverdue();
  }

  /** How many calls the guest may make before it is asked. */
  get callsLeft(): number {
    return Math.max(0, this.#budget);
  }

  /** Counts calls that were carried out elsewhere: at most `callsLeft`. */
  countCalls(calls: number): void {
    this.#budget -= calls;
  }

  /** The guest was told "not now". */
  idle(): void {
    this.#budget -= IDLE_COST;
    this.#idled = true;
  }

  /** Lets the event loop have a turn. Rejects if the task is ended by then. */
  async giveWay(): Promise<void> {
    await this.#loop.turn();
    if (this.#end) throw this.#end.reason;
    this.#budget = CALLS_PER_TURN;
    this.#idled = false;
    this.#turnStart = this.#loop.now();
  }

  /** Runs `steps` to the end. `first` is what they wait for, if they have already begun. */
  async drive<T>(steps: Steps<T>, first?: Readiness): Promise<T> {
    let readiness = first;
    try {
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- a task waits for one thing after the other
        if (readiness) await this.#changed(readiness);
        const step = steps.next();
        if (step.done === true) return step.value;
        readiness = step.value;
      }
    } catch (error) {
      // Given up in the middle they still let go of what they hold. What they return is for nobody.
      (steps as Generator<Readiness, T | void, void>).return();
      throw error;
    }
  }

  /** Ends the task: what it waits for now, and ever after, is rejected with `reason`. */
  end(reason: unknown): void {
    this.#end ??= { reason };
    for (const wait of this.#waits) wait.fail(this.#end.reason);
  }

  /** Throws why the task was ended, if it was: nothing more happens for a guest that goes on all the same. */
  assertAlive(): void {
    if (this.#end) throw this.#end.reason;
  }

  #isOverdue(): boolean {
    if (this.#idled || this.#end || this.#loop.now() - this.#turnStart > TURN_MS) return true;
    this.#budget = CALLS_PER_TURN;
    return false;
  }

  #changed(readiness: Readiness): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (this.#end) reject(this.#end.reason);
      else this.#waits.add(new Wait(readiness, this.#waits, resolve, reject));
    });
  }
}

/** One wait. Leaves nothing behind, however it ends. */
class Wait implements Waker {
  readonly #readiness: Readiness;
  readonly #all: Set<Wait>;
  readonly #resolve: () => void;
  readonly #reject: (reason: unknown) => void;

  constructor(readiness: Readiness, all: Set<Wait>, resolve: () => void, reject: (reason: unknown) => void) {
    this.#readiness = readiness;
    this.#all = all;
    this.#resolve = resolve;
    this.#reject = reject;
    readiness.watch(this);
  }

  wake(): void {
    this.#leave();
    this.#resolve();
  }

  fail(reason: unknown): void {
    this.#leave();
    this.#reject(reason);
  }

  #leave(): void {
    this.#readiness.unwatch(this);
    this.#all.delete(this);
  }
}
