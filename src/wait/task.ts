import { Few } from "../io/few.ts";
import type { Readiness } from "../io/readiness.ts";
import type { Steps } from "../io/steps.ts";
import { Trap } from "../io/trap.ts";
import type { CoreValue } from "../abi/type.ts";
import { Drive, type Drives, type Ends } from "./drive.ts";
import type { CoreFunction, GateTask } from "./gate.ts";
import {
  Retrying,
  STEPPING,
  Until,
  Watching,
  askSteps,
  type Ask,
  type Begin,
  type Stepping,
  type Suspended,
  type Suspender,
} from "./suspended.ts";
import { Suspensions } from "./suspensions.ts";
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

const TWO_WAIT = "two tasks of the guest wait in their code, for which this runtime would have to suspend WebAssembly";

/** Calls that a guest may make before it is asked how long it has kept the event loop. */
const CALLS_PER_TURN = 1024;
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
export class Task implements Suspender {
  readonly #loop: Loop;
  #budget = CALLS_PER_TURN;
  #idled = false;
  #hasBegun = false;
  /** When the guest was last given a turn, in milliseconds of the loop's clock. */
  turnStart: number;
  #end: { readonly reason: unknown } | undefined;
  #hasFailed = false;
  readonly #drives: Drives = new Few();
  readonly #suspensions = new Suspensions();
  /** Whether what is pending is for other threads of the guest to bring about: where its thread is blocked. */
  #isForOthers = false;
  /** Whether a thread of the guest waits for others so, and its stack lies below. */
  #isParked = false;
  #gate: GateTask | undefined;
  /** Whether the guest is called in such a way that it cannot be suspended, and so does not give way. */
  isSync = false;

  constructor(loop: Loop) {
    this.#loop = loop;
    this.turnStart = loop.now();
  }

  /** Counts a call. True if the guest has to give way (`giveWay`) before it is carried out. */
  mustGiveWay(cost: number = 1): boolean {
    return (this.#budget -= cost) < 0 && this.#isOverdue();
  }

  /** A call is about to move so many bytes, or to do what takes as long. */
  countBytes(bytes: number): void {
    this.#budget -= bytes >>> BYTES_SHIFT;
  }

  /** What the last attempt gave, if it could not say so itself: see `Ungated.boxed`. */
  get boxed(): CoreValue | undefined {
    return this.#suspensions.boxed;
  }

  set boxed(value: CoreValue | undefined) {
    this.#suspensions.boxed = value;
  }

  /** Has the guest wait for `call`. Returns what an attempt then does. */
  suspend(call: Suspended): number {
    return this.#suspensions.suspend(call);
  }

  /** Has the guest wait for `steps`, which have begun, and wait for `first`. Returns what an attempt then does. */
  pend<A, T>(
    steps: Steps<T>,
    first: Readiness,
    ends: Ends<A, T, CoreValue | undefined>,
    args: A,
    isBoxed = false,
  ): number {
    // They go together, by the signature, and are only handed on together.
    const stepping = { steps, ends, args } as unknown as Stepping<unknown, unknown>;
    return this.pendFor(first, askSteps, STEPPING, stepping, isBoxed);
  }

  /** Has the guest wait for `readiness`, until `ask` gives what `ends` make the result of. Returns what an attempt then does. */
  pendFor<A, T>(
    readiness: Readiness,
    ask: Ask<A, T>,
    ends: Ends<A, T, CoreValue | undefined>,
    args: A,
    isBoxed = false,
  ): number {
    return this.suspend(new Watching(this, readiness, ask, ends, args, isBoxed));
  }

  /** Has the guest give way, and then make the call again that it was making. Returns what an attempt then does. */
  pendRetry(attempt: (...args: never[]) => unknown, args: readonly unknown[]): number {
    return this.suspend(new Retrying(this, attempt, args));
  }

  /**
   * Has the guest wait for what `begin` begins, when the guest is suspended, and which other threads of the guest may bring
   * about. The result is boxed, if there is one. Returns what an attempt then does.
   *
   * @throws {Trap} Where its thread is blocked, and another thread of the guest waits so already: that one could only go on
   *   after this one, for which it may be waited.
   */
  pendUntil(begin: Begin): number {
    if (this.#loop.parking) {
      if (this.#isParked) throw new Trap("4.3", TWO_WAIT);
      this.#isParked = true;
      this.#isForOthers = true;
    }
    return this.suspend(new Until(begin));
  }

  /** Whether a guest that waits blocks its thread: it must not be entered from a promise. */
  get blocksThread(): boolean {
    return this.#loop.parking !== undefined;
  }

  /** Has a guest go on soon: from where it may be entered, and wait. */
  soon(goOn: () => void): void {
    const { parking } = this.#loop;
    void (parking ? parking.enter(goOn) : LATER.then(goOn));
  }

  /** What gates need of it. */
  get gate(): GateTask {
    return (this.#gate ??= this.#makeGate());
  }

  #makeGate(): GateTask {
    const { parking } = this.#loop;
    const suspensions = this.#suspensions;
    const resume = (ticket: number): CoreValue => suspensions.resume(ticket);
    return {
      wait: parking ? () => this.#park(parking) : suspending(() => suspensions.wait()),
      resume,
      resumeLong: (ticket) => BigInt(resume(ticket)),
      unbox: () => suspensions.boxed,
    };
  }

  /** Blocks the guest's thread for what is pending. */
  #park(parking: Parking): number {
    // Whether one of those that wait below it waits for other threads.
    const below = !this.#isForOthers && this.#isParked;
    this.#isForOthers = false;
    try {
      return parking.wait(this.#suspensions.wait());
    } finally {
      this.#isParked = below;
    }
  }

  /** A function of the guest's, as it is called so that it may wait. */
  promising(fn: CoreFunction): (...args: unknown[]) => Promise<unknown> {
    return promising(fn, this.#loop.parking);
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

  /** The next call of the guest gives way first, for two turns: what it has just begun may be done by then. */
  giveWayNext(): void {
    this.#budget = 0;
    this.#idled = true;
    this.#hasBegun = true;
  }

  /** Lets the event loop have a turn. Rejects if the task is ended by then. */
  async giveWay(): Promise<void> {
    await this.#loop.turn();
    // The first turn may end before the host has looked at what was begun in it.
    if (this.#hasBegun) await this.#loop.turn();
    if (this.#end) throw this.#end.reason;
    this.beginTurn();
  }

  /** Others have had their turn: what the guest has done before does not count any more. */
  beginTurn(): void {
    this.#budget = CALLS_PER_TURN;
    this.#idled = false;
    this.#hasBegun = false;
    this.turnStart = this.#loop.now();
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
    this.#suspensions.end(first);
  }

  /** Whether the host does something of which the guest will be told. */
  get isAwaited(): boolean {
    return this.#drives.size > 0 || this.#suspensions.isAwaited;
  }

  /** Whether the guest has called nobody yet. */
  get isUntouched(): boolean {
    return this.#budget === CALLS_PER_TURN && !this.isEnded;
  }

  /** After its end: as a new one. @returns Whether it is one; it is not if a call has trapped, or something still runs. */
  renew(): boolean {
    if (this.#hasFailed || !this.#suspensions.isEmpty || this.#drives.size > 0) return false;
    this.beginTurn();
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
      // Less the call that is being made: the guest is not untouched.
      this.#budget = CALLS_PER_TURN - 1;
      return false;
    }
    if (this.#idled || this.#end || this.#loop.now() - this.turnStart > TURN_MS) return true;
    this.#budget = CALLS_PER_TURN;
    return false;
  }
}

const LATER = Promise.resolve();

function ignore(): void {}
