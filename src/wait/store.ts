/** Who of the threads of a component goes on next: one at a time. */
import { DEFAULT_LIMITS } from "../io/limits.ts";
import { Roster, type Listed } from "../io/roster.ts";
import { Trap } from "../io/trap.ts";
import { Stacks } from "./stacks.ts";
import type { Task } from "./task.ts";
import type { Call, Thread } from "./threads.ts";

/** What giving way costs a guest that yields: it has the event loop to itself for a few of these at most. */
const YIELD_COST = 64;

/** What a thread waits for. */
export interface Wait extends Listed {
  readonly thread: Thread;
  readonly cancellable: boolean;
  /** Whether it may go on now; asked again after each `enqueue`. */
  readonly isReady: () => boolean;
  /** Goes on. @param isCancelled Whether it goes on because its call is to be cancelled. */
  readonly resume: (isCancelled: boolean) => void;
  /** Whether the host, or another component, may end it, whatever the threads of this one do. */
  readonly isOutside: boolean;
  /** The instance is over. */
  readonly fail: (reason: unknown) => void;
  isOver: boolean;
}

/** All threads of one component with all in it: who goes on next. */
export class Store {
  readonly task: Task;
  readonly stacks: Stacks = new Stacks();
  /** Those that guests have begun, and still have a handle of. */
  calls = 0;
  readonly #limit: number;
  readonly #queue: Wait[] = [];
  readonly #waits = new Roster<Wait>();
  #isScheduled = false;
  /** Nobody goes on until the event loop has had its turn. */
  #isGivingWay = false;
  /** How many have begun, and are not over. */
  #threads = 0;
  #held = 0;
  #resuming = 0;
  /** How often in a row nobody could go on. */
  #stuck = 0;
  /** Told when no thread can go on for now. */
  onStill: (() => void) | undefined;
  /** Told when nobody is in the way any more. */
  readonly #idle: (() => void)[] = [];
  /** Calls that are not async and have not returned, the innermost last: until then only their own instance's threads go on. */
  readonly #sync: { readonly call: Call; readonly fail: (error: unknown) => void }[] = [];

  /** @param limit Of what it holds for guests: see `Limits.tasks`. */
  constructor(task: Task, limit: number = DEFAULT_LIMITS.tasks) {
    this.task = task;
    this.#limit = limit;
  }

  /** A guest is about to begin a call, or a thread. @throws {Trap} If there are too many. */
  assertRoom(): void {
    if (this.#threads + this.calls < this.#limit) return;
    throw new Trap(
      "1.2",
      `this instance already has ${this.#limit} calls and threads under way, or not let go of (limits.tasks)`,
    );
  }

  /** A thread waits from now on. */
  wait(wait: Wait): void {
    this.#waits.add(wait);
    wait.thread.wait = wait;
    if (this.onStill) this.#schedule(true);
  }

  /** A thread begins. */
  entered(): void {
    this.#threads++;
  }

  /** Whether one thread is all that there is, and the host is doing nothing for it: when that waits, nothing else goes on. */
  get isAlone(): boolean {
    return this.#threads === 1 && !this.task.isAwaited;
  }

  /** A thread is over. */
  exited(): void {
    this.#threads--;
    if (this.onStill) this.#schedule(true);
  }

  /** A wait may be over: asks soon. */
  enqueue(wait: Wait): void {
    this.#queue.push(wait);
    this.#schedule();
  }

  /** A guest waits in a call during which nothing else of the component may run. */
  hold(): void {
    this.#held++;
  }

  release(): void {
    this.#held--;
    this.#schedule();
  }

  get isHeld(): boolean {
    return this.#held > 0;
  }

  /** A call begins that is not async. @param fail Told if it waits for what nobody can bring about. */
  enterSync(call: Call, fail: (error: unknown) => void): void {
    this.#sync.push({ call, fail });
  }

  /** It has returned. */
  leaveSync(call: Call): void {
    const at = this.#sync.findLastIndex((one) => one.call === call);
    if (at >= 0) this.#sync.splice(at, 1);
    this.#schedule();
  }

  /** A call that is not async has begun, and is suspended: others may go on, or it never will. */
  begun(): void {
    this.#schedule(true);
  }

  /** A suspended thread is about to go on: nobody else does until it has. */
  resuming(): void {
    this.#resuming++;
  }

  /** It goes on. */
  resumed(): void {
    this.#resuming--;
  }

  /** A thread is suspended, or has returned. */
  left(): void {
    this.#schedule(this.#sync.length > 0);
  }

  /** Calls back soon, when nothing is held, or when the instance is over. */
  whenIdle(callback: () => void): void {
    this.#idle.push(callback);
    if (this.task.isEnded) this.#letIn();
    else this.#schedule();
  }

  #letIn(): void {
    for (const callback of this.#idle.splice(0)) callback();
  }

  /** Ends a wait, and lets its thread go on now. */
  resume(wait: Wait, isCancelled: boolean): void {
    wait.isOver = true;
    wait.thread.wait = undefined;
    this.#waits.delete(wait);
    wait.resume(isCancelled);
  }

  /** The instance is over: whoever waits is told. */
  end(reason: unknown): void {
    for (const wait of this.#waits.members) {
      wait.isOver = true;
      wait.fail(reason);
    }
    this.#waits.clear();
    this.#queue.length = 0;
    // Who waits to begin finds out.
    this.#letIn();
  }

  /** Whether no thread runs, or will. */
  get isIdle(): boolean {
    const waiting = this.#waits.size + this.#queue.length + this.#idle.length + this.#sync.length;
    return waiting === 0 && this.#held === 0 && this.#resuming === 0 && !this.#isScheduled;
  }

  /** Whether no thread runs or is about to, and nobody is to be let in. */
  get isStill(): boolean {
    const waiting = this.#queue.length + this.#idle.length + this.#sync.length;
    return waiting === 0 && this.#held === 0 && this.#resuming === 0 && !this.#isScheduled;
  }

  /** Whether somebody may go on. */
  get hasWork(): boolean {
    return this.#queue.length > 0;
  }

  #schedule(isForced = false): void {
    if (this.#isScheduled || (!isForced && this.#queue.length === 0 && this.#idle.length === 0)) return;
    this.#isScheduled = true;
    this.task.soon(() => this.#run());
  }

  #run(): void {
    // Asked for before it did.
    if (this.#isGivingWay) return;
    this.#isScheduled = false;
    if (this.hasWork) this.#stuck = 0;
    if (this.task.isEnded || this.#resuming > 0) return;
    while (!this.isHeld && this.#sync.length === 0 && this.#idle.length > 0) this.#idle.shift()?.();
    for (let next = this.#next(); next; next = this.#next()) {
      this.resume(next, false);
      if (this.task.isEnded || this.#resuming > 0) return;
      if (this.task.mustGiveWay(YIELD_COST)) {
        this.#isScheduled = true;
        this.#isGivingWay = true;
        void this.task.giveWay().then(
          () => {
            this.#isGivingWay = false;
            this.task.soon(() => this.#run());
          },
          // The instance is over.
          () => {
            this.#isGivingWay = false;
            this.#isScheduled = false;
          },
        );
        return;
      }
    }
    const sync = this.#sync.at(-1);
    if (!sync) return this.onStill?.();
    if (this.isHeld || sync.call.implicit.returned) return;
    // It may just have failed, which is told a little later.
    this.#stuck++;
    if (this.#stuck < 3) return this.#schedule(true);
    sync.fail(new Trap("4.3", "a call that is not async waits for what nobody else can bring about"));
  }

  #next(): Wait | undefined {
    if (this.isHeld) return undefined;
    const sync = this.#sync.at(-1)?.call.group;
    for (let at = 0; at < this.#queue.length;) {
      const wait = this.#queue[at];
      if (!wait || wait.isOver || !wait.isReady()) this.#queue.splice(at, 1);
      else if (sync && (wait.thread.group !== sync || wait.thread.isExclusive)) at++;
      else {
        this.#queue.splice(at, 1);
        return wait;
      }
    }
    return undefined;
  }
}
