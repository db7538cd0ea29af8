import { Few } from "../io/few.ts";
import type { Readiness, Waker } from "../io/readiness.ts";
import type { Steps } from "../io/steps.ts";
import { Trap } from "../io/trap.ts";
import type { CoreType } from "../abi/encode.ts";
import type { CoreValue } from "../abi/type.ts";
import { WAIT, type CoreFunction } from "./gate.ts";
import { promising, suspending, type Parking } from "./suspension.ts";

/** What waiting needs of the host. */
export interface Loop {
  /** Resolves after the event loop has had a whole turn: timers, I/O and all. */
  turn(): Promise<void>;
  /** Milliseconds on a clock that only moves forward. */
  now(): number;
  /** Where guests cannot be suspended: what blocks their thread in place of that. */
  readonly parking?: Parking;
}

/** What a wait is for, until the guest is suspended. */
type Pending = PendingSteps | (() => Promise<CoreValue | undefined>);

/** Steps that have begun if they say what they wait for first. */
interface PendingSteps {
  readonly steps: Steps<unknown>;
  readonly first: Readiness | undefined;
  readonly ends: Ends<unknown, unknown, CoreValue | undefined>;
  readonly args: unknown;
}

/** Calls that a guest may make before it is asked how long it has kept the event loop. */
const CALLS_PER_TURN = 1024;
/** What it costs to be woken. */
const WAKE_COST = 16;
/** Bytes that are moved in the time of one call: 2 ** 12. */
const BYTES_SHIFT = 12;
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
  #hasFailed = false;
  readonly #drives: Drives = new Few();
  #pending: Pending | undefined;
  readonly #wait = (): Promise<CoreValue | undefined> => this.#takePending();
  readonly #suspending = new Map<CoreType | undefined, object>();
  /** What the last attempt gave, if it could not say so itself: see `Ungated.boxed`. */
  boxed: CoreValue | undefined;
  /** Whether the guest is called in such a way that it cannot be suspended, and so does not give way. */
  isSync = false;

  constructor(loop: Loop) {
    this.#loop = loop;
    this.#turnStart = loop.now();
  }

  /** Counts a call. True if the guest has to give way (`giveWay`) before it is carried out. */
  mustGiveWay(cost: number = 1): boolean {
    return (this.#budget -= cost) < 0 && this.#isOverdue();
  }

  /** A call is about to move so many bytes, or to do what takes as long. */
  countBytes(bytes: number): void {
    this.#budget -= bytes >>> BYTES_SHIFT;
  }

  /** Has the guest wait for `steps`; `first` is what they wait for, if they have begun. Returns what an attempt then does. */
  pend<A, T>(steps: Steps<T>, first: Readiness | undefined, ends: Ends<A, T, CoreValue | undefined>, args: A): number {
    // They go together, by the signature, and are only handed on together.
    this.#pending = { steps, first, ends, args } as unknown as PendingSteps;
    return WAIT;
  }

  /** Has the guest give way, and then make the call again that it was making. Returns what an attempt then does. */
  pendRetry(attempt: (...args: never[]) => unknown, args: readonly unknown[], isBoxed = false): number {
    this.#pending = async () => {
      await this.giveWay();
      // With what it was called with.
      const result = attempt(...(args as never[])) as CoreValue | undefined;
      if (this.#pending) return this.#takePending();
      return isBoxed ? this.boxed : result;
    };
    return WAIT;
  }

  /** Has the guest wait for what `wait` promises, which it begins when the guest is suspended. Returns what an attempt then does. */
  pendUntil(wait: () => Promise<CoreValue | undefined>): number {
    this.#pending = wait;
    return WAIT;
  }

  /** The import that suspends a guest whose attempt was told to wait, for functions with this result. */
  suspending(result: CoreType | undefined): object {
    let made = this.#suspending.get(result);
    if (!made) this.#suspending.set(result, (made = suspending(this.#wait, this.#loop.parking)));
    return made;
  }

  /** A function of the guest's, as it is called so that it may wait. */
  promising(fn: CoreFunction): (...args: unknown[]) => Promise<unknown> {
    return promising(fn, this.#loop.parking);
  }

  #takePending(): Promise<CoreValue | undefined> {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined) throw new Error("Nothing is pending");
    if (typeof pending === "function") return pending();
    return this.drive(pending.steps, pending.first, pending.ends, pending.args);
  }

  /** How many calls the guest may make before it is asked. */
  get callsLeft(): number {
    return Math.max(0, this.#budget);
  }

  /** Counts calls that were carried out elsewhere, at most `callsLeft`; or a call as several, for what it takes. */
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

  /**
   * Runs `steps` to the end. `first` is what they wait for, if they have already begun. Gives what `ends` makes of `args`
   * and their value, or what they throw, or why the task is ended.
   */
  drive<A, T, R>(steps: Steps<T>, first: Readiness | undefined, ends: Ends<A, T, R>, args: A): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const drive = new Drive(this, steps, this.#drives, ends, args, resolve, reject);
      drive.go(first);
    });
  }

  /**
   * As `drive`, of steps that have begun and wait for `first`, for whom nobody waits: the end is told by `ends` alone.
   *
   * @returns What gives them up: `ends` is told of the reason.
   */
  begin<A, T>(steps: Steps<T>, first: Readiness, ends: Ends<A, T, void>, args: A): (reason: unknown) => void {
    const drive = new Drive<A, T, void>(this, steps, this.#drives, ends, args, ignore, ignore);
    drive.go(first);
    return (reason) => drive.fail(reason);
  }

  /** Ends the task: what it waits for now, and ever after, is rejected with `reason`. */
  end(reason: unknown): void {
    this.#end ??= { reason };
    const first = this.#end.reason;
    this.#drives.forEach((drive) => drive.fail(first));
  }

  /** Whether the host does something of which the guest will be told. */
  get isAwaited(): boolean {
    return this.#drives.size > 0;
  }

  /** Whether the guest has called nobody yet. */
  get isUntouched(): boolean {
    return this.#budget === CALLS_PER_TURN && !this.isEnded;
  }

  /** After its end: as a new one. @returns Whether it is one; it is not if a call has trapped, or something still runs. */
  renew(): boolean {
    if (this.#hasFailed || this.#pending || this.#drives.size > 0) return false;
    this.#budget = CALLS_PER_TURN;
    this.#idled = false;
    this.#turnStart = this.#loop.now();
    this.#end = undefined;
    this.boxed = undefined;
    return true;
  }

  get isEnded(): boolean {
    return this.#end !== undefined || this.#hasFailed;
  }

  /** Why it was ended; `undefined` before that. */
  get endedBy(): unknown {
    return this.#end?.reason;
  }

  /** A call of the guest has trapped, which is final: whatever it makes of that, it makes no other. */
  fail(): void {
    this.#hasFailed = true;
    // The next call asks, whichever it is.
    this.#budget = 0;
  }

  /** Throws why the task was ended, if it was: nothing more happens for a guest that goes on all the same. */
  assertAlive(): void {
    if (this.#end) throw this.#end.reason;
    if (this.#hasFailed) throw new Trap("1.1", "the guest goes on after one of its calls has trapped");
  }

  #isOverdue(): boolean {
    if (this.#hasFailed) this.assertAlive();
    if (this.isSync) {
      this.#budget = CALLS_PER_TURN;
      return false;
    }
    if (this.#idled || this.#end || this.#loop.now() - this.#turnStart > TURN_MS) return true;
    this.#budget = CALLS_PER_TURN;
    return false;
  }
}

/** What a wait ends in, for a call with these arguments. What they throw the caller gets. */
export interface Ends<A, T, R> {
  readonly deliver: (args: A, value: T) => R;
  readonly deliverError: (args: A, error: unknown) => R;
}

type Drives = Few<{ fail(reason: unknown): void }>;

const LATER = Promise.resolve();

function ignore(): void {}

/**
 * Steps on their way. Leaves nothing behind, however they end.
 *
 * Goes on in a microtask of its own: who wakes it is in the middle of something. That is the only one: each promise more
 * costs a suspension 50 ns or more (`npm run bench calls`, rows blocking-read that waits).
 */
class Drive<A, T, R> implements Waker {
  readonly #task: Task;
  readonly #steps: Steps<T>;
  readonly #all: Drives;
  readonly #ends: Ends<A, T, R>;
  readonly #args: A;
  readonly #resolve: (result: R) => void;
  readonly #reject: (error: unknown) => void;
  #readiness: Readiness | undefined;
  #isGivenUp = false;

  constructor(
    task: Task,
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
    this.#finish(this.#ends.deliver, value);
  }

  #giveUp(error: unknown): void {
    // Given up in the middle they still let go of what they hold. What they return is for nobody.
    (this.#steps as Generator<Readiness, T | void, void>).return();
    this.#finish(this.#ends.deliverError, error);
  }

  #finish<V>(end: (args: A, value: V) => R, value: V): void {
    let result;
    try {
      result = end(this.#args, value);
    } catch (error) {
      this.#reject(error);
      return;
    }
    this.#resolve(result);
  }

  /** Waits no more. Gives what goes wrong with that: those who wake it are not to be told. */
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
