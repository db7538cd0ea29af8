/**
 * What a guest waits for in the middle of its code, and how the call goes on when it does.
 *
 * It goes on in the guest's own stack: whoever has something to tell wakes the guest, which comes back and asks. So a wait takes
 * one promise and one microtask of ours, and nothing runs in the middle of what others do. None of these classes extends
 * another one, since to make an object of such a class costs as much as the promise (`npm run bench calls`, rows to wait).
 */
import type { CoreValue } from "../abi/type.ts";
import type { Readiness, Waker } from "../io/readiness.ts";
import type { Steps } from "../io/steps.ts";
import { WAKE_COST, type Driver, type Ends } from "./drive.ts";

/** Whose call it is. */
export interface Suspender extends Driver {
  /** Has the guest wait for `call`. Returns what an attempt then does. */
  suspend(call: Suspended): number;
}

/** Has the guest go on that has this ticket. */
type GoOn = (ticket: number) => void;

/** A call whose guest waits. */
export interface Suspended {
  /** What the guest brings when it goes on. */
  ticket: number;
  /** Whether the result has to be asked for: see `Ungated`. */
  readonly isBoxed: boolean;
  /** Whether it is the host that does what it waits for, of which it hears. */
  readonly isWatching: boolean;
  /** Waits from now on. @param goOn Called once. */
  wait(goOn: GoOn): void;
  /** The guest is ended: goes on, unless it hears of that otherwise. */
  fail(reason: unknown): void;
  /** Called in the stack of the guest, which goes on: gives the result of the call, if it does not wait again. */
  resume(): CoreValue | undefined;
}

/**
 * Asks what a call waits for, once it may have come. Gives what came of that; `undefined` to wait on, for what `wait.for` was
 * told last.
 */
export type Ask<A, T> = (args: A, wait: Watching<A, T>) => T | undefined;

type CallEnds<A, T> = Ends<A, T, CoreValue | undefined>;

/** One that waits for a readiness. Leaves nothing behind, however it ends. */
export class Watching<A, T> implements Suspended, Waker {
  ticket = 0;
  readonly isBoxed: boolean;
  isWatching = false;
  readonly #task: Suspender;
  readonly #ask: Ask<A, T>;
  readonly #ends: CallEnds<A, T>;
  readonly #args: A;
  #readiness: Readiness;
  #goOn: GoOn | undefined;
  #failure: { readonly reason: unknown } | undefined;

  constructor(task: Suspender, readiness: Readiness, ask: Ask<A, T>, ends: CallEnds<A, T>, args: A, isBoxed: boolean) {
    this.isBoxed = isBoxed;
    this.#task = task;
    this.#ask = ask;
    this.#ends = ends;
    this.#args = args;
    this.#readiness = readiness;
  }

  /** Waits for `readiness` next. */
  for(readiness: Readiness): undefined {
    this.#readiness = readiness;
  }

  wait(goOn: GoOn): void {
    this.#goOn = goOn;
    try {
      // It may have been ended while nobody looked.
      this.#task.assertAlive();
      this.isWatching = true;
      this.#readiness.watch(this);
    } catch (reason) {
      this.fail(reason);
    }
  }

  wake(): void {
    // Once more, by somebody who has not forgotten it.
    if (!this.isWatching) return;
    this.#leave();
    const task = this.#task;
    if (this.#failure || task.isEnded || !task.mustGiveWay(WAKE_COST)) this.#continue();
    // Woken again and again in one turn, by a stream that gives nothing for ever, it lets others have theirs.
    else
      void task.giveWay().then(
        () => this.#continue(),
        (reason: unknown) => this.fail(reason),
      );
  }

  fail(reason: unknown): void {
    if (this.isWatching) this.#leave();
    this.#failure = { reason };
    this.#continue();
  }

  resume(): CoreValue | undefined {
    let value;
    try {
      if (this.#failure) throw this.#failure.reason;
      this.#task.assertAlive();
      value = this.#ask(this.#args, this);
    } catch (reason) {
      return this.#ends.deliverError(this.#args, reason);
    }
    return value === undefined ? this.#task.suspend(this) : this.#ends.deliver(this.#args, value);
  }

  #continue(): void {
    const goOn = this.#goOn;
    this.#goOn = undefined;
    goOn?.(this.ticket);
  }

  /** Waits no more. What goes wrong with that is the guest's to hear: those who wake it are not to be told. */
  #leave(): void {
    this.isWatching = false;
    try {
      this.#readiness.unwatch(this);
    } catch (reason) {
      this.#failure = { reason };
    }
  }
}

/** Steps on their way, and what they end in. */
export interface Stepping<A, T> {
  readonly steps: Steps<T>;
  readonly ends: Ends<A, T, CoreValue | undefined>;
  readonly args: A;
}

export const askSteps: Ask<Stepping<unknown, unknown>, { readonly value: unknown }> = ({ steps }, wait) => {
  const step = steps.next();
  return step.done === true ? step : wait.for(step.value);
};

export const STEPPING: CallEnds<Stepping<unknown, unknown>, { readonly value: unknown }> = {
  deliver: ({ ends, args }, { value }) => ends.deliver(args, value),
  deliverError({ steps, ends, args }, reason) {
    // Given up in the middle they still let go of what they hold. What they return is for nobody.
    (steps as Generator<Readiness, unknown, void>).return(undefined);
    return ends.deliverError(args, reason);
  },
};

/** One that gives way to the event loop, and is then made again as it was. */
export class Retrying implements Suspended {
  ticket = 0;
  /** It boxes its result itself. */
  readonly isBoxed = false;
  readonly isWatching = false;
  readonly #task: Suspender;
  readonly #attempt: (...args: never[]) => unknown;
  readonly #args: readonly unknown[];
  #failure: { readonly reason: unknown } | undefined;

  constructor(task: Suspender, attempt: (...args: never[]) => unknown, args: readonly unknown[]) {
    this.#task = task;
    this.#attempt = attempt;
    this.#args = args;
  }

  wait(goOn: GoOn): void {
    void this.#task.giveWay().then(
      () => goOn(this.ticket),
      (reason: unknown) => {
        this.#failure = { reason };
        goOn(this.ticket);
      },
    );
  }

  /** It hears of the end when it has given way. */
  fail(): void {}

  resume(): CoreValue {
    if (this.#failure) throw this.#failure.reason;
    // With what it was called with; an attempt gives a core value.
    return this.#attempt(...(this.#args as never[])) as CoreValue;
  }
}

/** Begins what a guest waits for, and is given how to say that it is over; the first word counts. */
export type Begin = (done: (value: CoreValue | undefined) => void, failed: (reason: unknown) => void) => void;

/** One that waits until somebody says so. */
export class Until implements Suspended {
  ticket = 0;
  readonly isBoxed = true;
  readonly isWatching = false;
  readonly #begin: Begin;
  #outcome: { readonly value: CoreValue | undefined } | { readonly reason: unknown } | undefined;

  constructor(begin: Begin) {
    this.#begin = begin;
  }

  wait(goOn: GoOn): void {
    const over = (outcome: { readonly value: CoreValue | undefined } | { readonly reason: unknown }): void => {
      if (this.#outcome) return;
      this.#outcome = outcome;
      goOn(this.ticket);
    };
    try {
      this.#begin(
        (value) => over({ value }),
        (reason) => over({ reason }),
      );
    } catch (reason) {
      over({ reason });
    }
  }

  /** Whoever says that it is over says so then too. */
  fail(): void {}

  resume(): CoreValue | undefined {
    const outcome = this.#outcome;
    if (outcome && "reason" in outcome) throw outcome.reason;
    return outcome?.value;
  }
}
