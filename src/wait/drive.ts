/** Operations that a guest waits for, on their way. */
import type { Few } from "../io/few.ts";
import type { Readiness, Waker } from "../io/readiness.ts";
import type { Steps } from "../io/steps.ts";

/** What a wait ends in, for a call with these arguments. What they throw the caller gets. */
export interface Ends<A, T, R> {
  deliver(args: A, value: T): R;
  deliverError(args: A, error: unknown): R;
}

export type Drives = Few<{ fail(reason: unknown): void }>;

const LATER = Promise.resolve();

/** What it costs to be woken. */
export const WAKE_COST = 16;

/** Whose steps they are. */
export interface Driver {
  readonly isEnded: boolean;
  /** Throws why it was ended, if it was. */
  assertAlive(): void;
  /** Counts a call. True if it has to give way. */
  mustGiveWay(cost: number): boolean;
  /** Lets the event loop have a turn. Rejects if it is ended by then. */
  giveWay(): Promise<void>;
}

/**
 * Steps on their way. Leaves nothing behind, however they end.
 *
 * Goes on in a microtask of its own: who wakes it is in the middle of something. That is the only one: each promise more
 * costs a suspension 50 ns or more (`npm run bench calls`, rows blocking-read that waits).
 */
export class Drive<A, T, R> implements Waker {
  readonly #task: Driver;
  readonly #steps: Steps<T>;
  readonly #all: Drives;
  readonly #ends: Ends<A, T, R>;
  readonly #args: A;
  readonly #resolve: (result: R) => void;
  readonly #reject: (error: unknown) => void;
  #readiness: Readiness | undefined;
  #isGivenUp = false;

  constructor(
    task: Driver,
    steps: Steps<T>,
    all: Drives,
    ends: Ends<A, T, R>,
    args: A,
    resolve: (result: R) => void,
    reject: (error: unknown) => void,
  ) {
    this.#task = task;
    this.#steps = steps;
    this.#all = all;
    this.#ends = ends;
    this.#args = args;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  #waitFor(readiness: Readiness): void {
    // It may have been ended while these steps were on no list.
    this.#task.assertAlive();
    this.#all.add(this);
    this.#readiness = readiness;
    readiness.watch(this);
  }

  wake(): void {
    // Once more, by somebody who has not forgotten it.
    if (!this.#readiness) return;
    const fault = this.#leave();
    const task = this.#task;
    if (fault) void LATER.then(() => this.#giveUp(fault.cause));
    else if (task.isEnded || !task.mustGiveWay(WAKE_COST)) void LATER.then(() => this.go());
    // Woken again and again in one turn, by a stream that gives nothing for ever, it lets others have theirs.
    else
      void task.giveWay().then(
        () => this.go(),
        (reason: unknown) => this.#giveUp(reason),
      );
  }

  /** Ends it: it takes no further step, also if it has been woken. */
  fail(reason: unknown): void {
    this.#isGivenUp = true;
    this.#leave();
    void LATER.then(() => this.#giveUp(reason));
  }

  /** @param first What they wait for, if that is known without asking them. */
  go(first?: Readiness): void {
    if (this.#isGivenUp) return;
    let value;
    try {
      if (first) {
        this.#waitFor(first);
        return;
      }
      this.#task.assertAlive();
      const step = this.#steps.next();
      if (step.done !== true) {
        this.#waitFor(step.value);
        return;
      }
      value = step.value;
    } catch (error) {
      this.#leave();
      this.#giveUp(error);
      return;
    }
    let result;
    try {
      result = this.#ends.deliver(this.#args, value);
    } catch (error) {
      this.#reject(error);
      return;
    }
    this.#resolve(result);
  }

  #giveUp(error: unknown): void {
    // Given up in the middle they still let go of what they hold. What they return is for nobody.
    (this.#steps as Generator<Readiness, T | void, void>).return();
    let result;
    try {
      result = this.#ends.deliverError(this.#args, error);
    } catch (thrown) {
      this.#reject(thrown);
      return;
    }
    this.#resolve(result);
  }

  /** Drives no more. Gives what goes wrong with that: those who wake it are not to be told. */
  #leave(): { readonly cause: unknown } | undefined {
    const readiness = this.#readiness;
    this.#readiness = undefined;
    this.#all.delete(this);
    try {
      readiness?.unwatch(this);
    } catch (cause) {
      return { cause };
    }
    return undefined;
  }
}
