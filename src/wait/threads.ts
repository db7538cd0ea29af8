/**
 * Threads of control of asynchronous components, one of which runs at a time: each is a call of an export, or a part of it.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#threads
 */
import type { BorrowScope } from "../abi/handles.ts";
import type { FuncType } from "../abi/types.ts";
import { Trap } from "../io/trap.ts";
import type { Task } from "./task.ts";

/**
 * The thread that runs now, as a processor's register has it: of whichever instance. It is set before a guest runs, and put
 * back when that has returned or is suspended, so that nothing of one instance is there for another.
 */
export const cpu: { thread: Thread | undefined } = { thread: undefined };

/** What giving way costs a guest that yields: it has the event loop to itself for a few of these at most. */
const YIELD_COST = 64;

/** A component instance, as far as its threads are concerned. */
export interface EnteredInstance {
  /** Whether it may be entered, 1 or 0: not while a thread of it runs. */
  readonly mayEnter: { value: number };
}

/** What threads of one component instance share. */
export class ThreadGroup {
  readonly store: Store;
  readonly parent: ThreadGroup | undefined;
  /** What they are a part of. */
  readonly instance: EnteredInstance;
  /** How often it has asked for no more calls. */
  backpressure = 0;
  /** Calls that wait to begin. */
  entering = 0;
  /** The one that runs code which only one may be in. */
  exclusive: Thread | undefined;
  /** By number, from 1. */
  readonly threads: (Thread | undefined)[] = [undefined];
  readonly #free: number[] = [];
  /** Waits that found somebody exclusive in their way. */
  readonly #blocked: Wait[] = [];

  constructor(store: Store, instance: EnteredInstance, parent: ThreadGroup | undefined) {
    this.store = store;
    this.instance = instance;
    this.parent = parent;
  }

  add(thread: Thread): number {
    const index = this.#free.pop() ?? this.threads.length;
    this.threads[index] = thread;
    return index;
  }

  remove(index: number): void {
    this.threads[index] = undefined;
    this.#free.push(index);
  }

  /** Tries again when something has changed that all of them may wait for. */
  block(wait: Wait): void {
    this.#blocked.push(wait);
  }

  /** Something has changed that calls wait for: nobody is exclusive any more, or there is no backpressure. */
  unblock(): void {
    for (const wait of this.#blocked.splice(0)) this.store.enqueue(wait);
  }

  /** It and those of which it is a part that `caller` is not. */
  entered(caller: ThreadGroup | undefined): ThreadGroup[] {
    const around = new Set<ThreadGroup>();
    for (let at = caller; at; at = at.parent) around.add(at);
    const groups: ThreadGroup[] = [];
    // Those around a caller are around whatever is around it.
    for (let at: ThreadGroup | undefined = this; at && !around.has(at); at = at.parent) groups.push(at);
    return groups;
  }
}

/** What a thread waits for. */
export interface Wait {
  readonly thread: Thread;
  readonly cancellable: boolean;
  /** Whether it may go on now; asked again after each `enqueue`. */
  readonly isReady: () => boolean;
  /** Goes on. @param isCancelled Whether it goes on because its call is to be cancelled. */
  readonly resume: (isCancelled: boolean) => void;
  /** The instance is over. */
  readonly fail: (reason: unknown) => void;
  isOver: boolean;
}

/** All threads of one component with all in it: who goes on next. */
export class Store {
  readonly task: Task;
  readonly #queue: Wait[] = [];
  readonly #waits = new Set<Wait>();
  #isScheduled = false;
  #held = 0;
  /** Told when nobody is in the way any more. */
  readonly #idle: (() => void)[] = [];

  constructor(task: Task) {
    this.task = task;
  }

  /** A thread waits from now on. */
  wait(wait: Wait): void {
    this.#waits.add(wait);
    wait.thread.wait = wait;
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

  /** Calls back soon, when nothing is held. */
  whenIdle(callback: () => void): void {
    this.#idle.push(callback);
    this.#schedule();
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
    for (const wait of [...this.#waits]) {
      wait.isOver = true;
      wait.fail(reason);
    }
    this.#waits.clear();
    this.#queue.length = 0;
  }

  /** Whether somebody may go on. */
  get hasWork(): boolean {
    return this.#queue.length > 0;
  }

  #schedule(): void {
    if (this.#isScheduled || (this.#queue.length === 0 && this.#idle.length === 0)) return;
    this.#isScheduled = true;
    void LATER.then(() => this.#run());
  }

  #run(): void {
    this.#isScheduled = false;
    while (!this.isHeld && this.#idle.length > 0) this.#idle.shift()?.();
    for (let next = this.#next(); next; next = this.#next()) {
      this.resume(next, false);
      if (this.task.mustGiveWay(YIELD_COST)) {
        this.#isScheduled = true;
        void this.task.giveWay().then(
          () => this.#run(),
          () => {},
        );
        return;
      }
    }
  }

  #next(): Wait | undefined {
    while (!this.isHeld) {
      const wait = this.#queue.shift();
      if (!wait || (!wait.isOver && wait.isReady())) return wait;
    }
    return undefined;
  }
}

const LATER = Promise.resolve();

/** One thread. */
export class Thread {
  readonly call: Call;
  /** What the guest keeps here: two words. */
  readonly storage: (number | bigint)[] = [0, 0];
  /** Among those of its component instance; 0 before it is one of them, and after. */
  index = 0;
  /** What it waits for, if it does and somebody will tell. */
  wait: Wait | undefined;
  /** Begins it, or lets it go on, if it is suspended until somebody says so. */
  suspended: ((isCancelled: boolean) => void) | undefined;
  /** While it is suspended: whether it goes on if its call is to be cancelled. */
  isCancellable = false;

  /** What its function returned, once it has. */
  returned: readonly unknown[] | undefined;
  #entered: readonly ThreadGroup[] = [];

  constructor(call: Call) {
    this.call = call;
  }

  get group(): ThreadGroup {
    return this.call.group;
  }

  /** Runs the guest in this thread until that returns, or is suspended. @param run Calls it. */
  run<T>(run: () => T, caller: ThreadGroup | undefined): T {
    const before = cpu.thread;
    this.#entered = this.group.entered(caller);
    this.enter();
    try {
      return run();
    } finally {
      this.leave();
      cpu.thread = before;
    }
  }

  /** It goes on where it was suspended. */
  enter(): void {
    for (const { instance } of this.#entered) instance.mayEnter.value = 0;
    cpu.thread = this;
  }

  /** It is suspended, or has returned. */
  leave(): void {
    for (const { instance } of this.#entered) instance.mayEnter.value = 1;
    cpu.thread = undefined;
  }
}

export type CallState = "initial" | "started" | "cancel pending" | "cancel delivered" | "resolved";

/** How a function is lifted. */
export interface CallForm {
  readonly type: FuncType;
  readonly isAsync: boolean;
  readonly hasCallback: boolean;
  /** The memory and the encoding of its values, as one word: those of task.return are the same. */
  readonly optionsKey: string;
}

/** One call of an export: a task of the specification's. */
export class Call implements BorrowScope {
  readonly form: CallForm;
  readonly group: ThreadGroup;
  readonly callee: object;
  /** Handles that were lent for it and are not dropped yet. */
  borrows = 0;
  state: CallState = "initial";
  readonly implicit: Thread;
  readonly threads: Set<Thread> = new Set();
  readonly #onResolve: (values: { readonly value: unknown } | undefined) => void;

  /** @param onResolve Told of the result, or of nothing if it was cancelled. */
  constructor(form: CallForm, group: ThreadGroup, onResolve: (result: { readonly value: unknown } | undefined) => void) {
    this.form = form;
    this.group = group;
    this.callee = group.instance;
    this.#onResolve = onResolve;
    this.implicit = new Thread(this);
  }

  /** Whether no other code of its instance may run while it does, unless that is stackful. */
  get needsExclusive(): boolean {
    return this.form.type.async && (!this.form.isAsync || this.form.hasCallback);
  }

  /** Whether it has to wait before it begins. */
  get isBlocked(): boolean {
    const { backpressure, exclusive } = this.group;
    return backpressure > 0 || (this.needsExclusive && exclusive !== undefined);
  }

  register(thread: Thread): void {
    this.threads.add(thread);
    thread.index = this.group.add(thread);
  }

  /** @throws {Trap} If it was the last one, and nobody has returned. */
  unregister(thread: Thread): void {
    this.threads.delete(thread);
    if (this.threads.size === 0 && this.state !== "resolved") {
      throw new Trap("1.1", "an asynchronous call ends without task.return or task.cancel");
    }
    this.group.remove(thread.index);
    thread.index = 0;
  }

  /** The code that needs it is left. */
  leaveExclusive(): void {
    this.group.exclusive = undefined;
    this.group.unblock();
  }

  /** A thread of it may be told now that it is to be cancelled: it is, then. */
  deliverPendingCancel(isCancellable: boolean): boolean {
    if (!isCancellable || this.state !== "cancel pending") return false;
    this.state = "cancel delivered";
    return true;
  }

  /** @throws {Trap} */
  return(value: unknown): void {
    if (this.state === "resolved") throw new Trap("1.1", "task.return is called twice");
    this.#assertNoBorrows();
    this.state = "resolved";
    this.#onResolve({ value });
  }

  /** @throws {Trap} */
  cancel(): void {
    if (this.state !== "cancel delivered") throw new Trap("1.1", "task.cancel is called, but nobody cancels the task");
    this.#assertNoBorrows();
    this.state = "resolved";
    this.#onResolve(undefined);
  }

  #assertNoBorrows(): void {
    if (this.borrows > 0) throw new Trap("1.2", "borrow handles still remain at the end of the call");
  }

  /** The caller does not want the result any more. */
  requestCancellation(caller: ThreadGroup | undefined): void {
    const { group, implicit } = this;
    if (this.state === "initial") {
      this.state = "cancel delivered";
      if (implicit.wait) group.store.resume(implicit.wait, true);
      return;
    }
    const isBarred = this.needsExclusive && group.exclusive !== undefined && group.exclusive !== implicit;
    const thread = [...this.threads].find(
      (one) => (one.wait?.cancellable === true || (one.suspended && one.isCancellable)) && !(isBarred && one === implicit),
    );
    if (!thread || !group.entered(caller).every(({ instance }) => instance.mayEnter.value === 1)) {
      this.state = "cancel pending";
      return;
    }
    this.state = "cancel delivered";
    if (thread.wait) group.store.resume(thread.wait, true);
    else {
      const { suspended } = thread;
      thread.suspended = undefined;
      suspended?.(true);
    }
  }
}

/** @throws {Trap} If no thread runs: while the component is instantiated. */
export function currentThread(): Thread {
  const { thread } = cpu;
  if (!thread) throw new Trap("1.1", "a function for asynchronous calls is called outside of any");
  return thread;
}
