/**
 * Threads of control of asynchronous components, one of which runs at a time: each is a call of an export, or a part of it.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#threads
 */
import { endScope, type BorrowScope } from "../abi/handles.ts";
import type { CoreValue } from "../abi/type.ts";
import type { FuncType } from "../abi/types.ts";
import { Trap } from "../io/trap.ts";
import type { Store, Wait } from "./store.ts";

/**
 * The thread that runs now, as a processor's register has it: of whichever instance. It is set before a guest runs, and put
 * back when that has returned or is suspended, so that nothing of one instance is there for another.
 */
export const cpu: { thread: Thread | undefined } = { thread: undefined };

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
  readonly #blocked = new Set<Wait>();
  #all: readonly ThreadGroup[] | undefined;

  constructor(store: Store, instance: EnteredInstance, parent: ThreadGroup | undefined) {
    this.store = store;
    this.instance = instance;
    this.parent = parent;
  }

  add(thread: Thread): number {
    const index = this.#free.pop() ?? this.threads.length;
    this.threads[index] = thread;
    this.store.entered();
    return index;
  }

  remove(index: number): void {
    this.threads[index] = undefined;
    this.#free.push(index);
    this.store.exited();
  }

  /** After the end of all its threads: as new. @returns Whether they are all over. */
  renew(): boolean {
    if (this.entering > 0 || this.exclusive || this.threads.some((thread) => thread)) return false;
    this.backpressure = 0;
    this.threads.length = 1;
    this.#free.length = 0;
    this.#blocked.clear();
    return this.instance.mayEnter.value === 1;
  }

  /** Whether a thread of it can go on, beside this one. */
  hasReady(than: Thread): boolean {
    return this.threads.some(
      (other) => other && other !== than && !other.isExclusive && other.wait?.isReady() === true,
    );
  }

  /** Tries again when something has changed that all of them may wait for. */
  block(wait: Wait): void {
    this.#blocked.add(wait);
  }

  /** Something has changed that calls wait for: nobody is exclusive any more, or there is no backpressure. */
  unblock(): void {
    if (this.#blocked.size === 0) return;
    const blocked = [...this.#blocked];
    this.#blocked.clear();
    for (const wait of blocked) this.store.enqueue(wait);
  }

  /** It and those of which it is a part that `caller` is not. */
  entered(caller: ThreadGroup | undefined): readonly ThreadGroup[] {
    // From outside it is always the same.
    if (!caller) return (this.#all ??= [this, ...(this.parent?.entered(undefined) ?? [])]);
    const around = new Set<ThreadGroup>();
    for (let at: ThreadGroup | undefined = caller; at; at = at.parent) around.add(at);
    const groups: ThreadGroup[] = [];
    // Those around a caller are around whatever is around it.
    if (around.has(this)) return groups;
    groups.push(this);
    for (let at = this.parent; at && !around.has(at); at = at.parent) groups.push(at);
    return groups;
  }
}

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
  /** While it is suspended in the middle of its code: has it fail there, so that its stack is let go of. */
  abandon: ((reason: unknown) => void) | undefined;
  /** While it is suspended: whether it goes on if its call is to be cancelled. */
  isCancellable = false;

  /** What its function returned, once it has. */
  returned: readonly unknown[] | undefined;
  #entered: readonly ThreadGroup[] = [];
  #isResuming = false;

  constructor(call: Call) {
    this.call = call;
  }

  get group(): ThreadGroup {
    return this.call.group;
  }

  /** Whether it runs code that only one thread of its instance may be in. */
  get isExclusive(): boolean {
    return this.call.needsExclusive && this.call.implicit === this;
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

  /** It is suspended, and goes on soon. */
  resuming(): void {
    this.#isResuming = true;
    this.group.store.resuming();
  }

  /** It goes on where it was suspended. */
  enter(): void {
    if (this.#isResuming) {
      this.#isResuming = false;
      this.group.store.resumed();
    }
    for (const { instance } of this.#entered) instance.mayEnter.value = 0;
    cpu.thread = this;
  }

  /** It is suspended, or has returned. */
  leave(): void {
    for (const { instance } of this.#entered) instance.mayEnter.value = 1;
    cpu.thread = undefined;
    this.group.store.left();
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
  lenders: (() => void)[] | undefined;
  state: CallState = "initial";
  readonly implicit: Thread;
  readonly threads: Set<Thread> = new Set();
  readonly #onResolve: (values: { readonly value: unknown } | undefined) => void;
  /** Told when no thread is left of it, and of all that was begun for it in the same store: the call from outside alone. */
  onExit: (() => void) | undefined;
  /** That for which it was begun, over however many others; itself if it comes from outside. */
  readonly #root: Call;
  /** Of a root: how many calls are not over. */
  #open = 0;

  /**
   * @param onResolve Told of the result, or of nothing if it was cancelled.
   * @param beginner What has begun it, if that is of the same store.
   */
  constructor(
    form: CallForm,
    group: ThreadGroup,
    onResolve: (result: { readonly value: unknown } | undefined) => void,
    beginner?: Call,
  ) {
    this.#root = beginner ? beginner.#root : this;
    this.#root.#open++;
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

  get isResolved(): boolean {
    return this.state === "resolved";
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
    if (this.threads.size === 0) this.#exited();
  }

  #exited(): void {
    const root = this.#root;
    root.#open--;
    if (root.#open === 0) root.onExit?.();
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
    endScope(this);
    this.#onResolve({ value });
  }

  /** @throws {Trap} */
  cancel(): void {
    if (this.state !== "cancel delivered") throw new Trap("1.1", "task.cancel is called, but nobody cancels the task");
    this.#assertNoBorrows();
    this.state = "resolved";
    endScope(this);
    this.#onResolve(undefined);
    // It has never begun.
    if (this.threads.size === 0) this.#exited();
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
      (one) =>
        (one.wait?.cancellable === true || (one.suspended && one.isCancellable)) && !(isBarred && one === implicit),
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

/**
 * As `Task.pendRetry`, of a call that may wait for other threads: until it is made again it gives way to the event loop, and to
 * none of them.
 */
export function retryFirst(store: Store, attempt: (...args: never[]) => CoreValue, args: readonly unknown[]): number {
  store.hold();
  const again = (...given: never[]): CoreValue => {
    store.release();
    return attempt(...given);
  };
  return store.task.pendRetry(again, args);
}

/** @throws {Trap} If no thread runs: while the component is instantiated. */
export function currentThread(): Thread {
  const { thread } = cpu;
  if (!thread) throw new Trap("1.1", "a function for asynchronous calls is called outside of any");
  return thread;
}
