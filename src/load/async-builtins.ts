/**
 * The functions by which components handle tasks, subtasks, streams, futures and threads.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canonical-definitions
 */
import { codecOf } from "../abi/codec.ts";
import { COPY, SharedFuture, SharedStream } from "../abi/copy.ts";
import { elementOf } from "../abi/element.ts";
import {
  beginCopy,
  BLOCKED,
  CopyEnd,
  END_KINDS,
  endOf,
  ERROR_CONTEXT,
  errorContext,
  newErrorContext,
  type EndKind,
  type SameElement,
} from "../abi/ends.ts";
import type { Guest } from "../abi/guest.ts";
import { FlatValues, type CoreValue, type Type } from "../abi/type.ts";
import { CANCELLED, NO_EVENT, SUBTASK, Waitable, WAITABLE_SET, WaitableSet, type Event } from "../abi/waitable.ts";
import { Trap } from "../io/trap.ts";
import type { CoreFunction, Ungated } from "../wait/gate.ts";
import type { Wait } from "../wait/store.ts";
import { currentThread, retryLater, Thread, type ThreadGroup } from "../wait/threads.ts";
import { GuestCall, makeEntry, runThread, waitableSet } from "./async-lift.ts";
import { blockThread } from "./block.ts";
import { Subtask } from "./async-lower.ts";
import type { AsyncTrampoline } from "./items.ts";
import type { GlobalI32 } from "./link.ts";

/** What a builtin of one component instance works on. */
export interface BuiltinSite {
  readonly group: ThreadGroup;
  readonly guest: Guest;
  readonly mayLeave: GlobalI32;
  readonly same: SameElement;
  /** A call has failed: see `GateContext`. */
  readonly failed: () => void;
  /** The guest has failed, where nobody calls it. */
  readonly fail: (error: unknown) => void;
  /** The function of a table. @throws {Trap} If there is none. */
  readonly tableFunction: (index: number) => CoreFunction;
}

type Made = Ungated | (() => CoreFunction);

/** What calls count as that guests may spin on. */
const POLL_COST = 16;

export function asyncBuiltin(builtin: AsyncTrampoline, site: BuiltinSite): Made {
  const { name } = builtin;
  const [of = "", op = ""] = name.split(".");
  if (of === "stream" || of === "future") return new Copies(builtin, of, site).function(op);
  if (of === "thread") return threadFunction(builtin, op, site);
  const { guest, group } = site;
  const { handles } = guest;
  switch (name) {
    case "task.return":
      return plain(site, (...args: CoreValue[]) => taskReturn(builtin, site, args));
    case "task.cancel":
      return plain(site, () => {
        const { call } = currentThread();
        if (!call.form.isAsync) throw new Trap("1.1", "task.cancel is called in a function that is not lifted async");
        call.cancel();
      });
    case "context.get":
      return () => () => {
        const value = currentThread().storage[builtin.slot] ?? 0;
        return builtin.is64 ? BigInt(value) : Number(value);
      };
    case "context.set":
      return () => (value: CoreValue) => {
        currentThread().storage[builtin.slot] = value;
      };
    case "backpressure.inc":
      return () => () => {
        if (++group.backpressure >= 2 ** 16) throw new Trap("1.1", "backpressure.inc is called 65,536 times");
      };
    case "backpressure.dec":
      return () => () => {
        if (--group.backpressure < 0)
          throw new Trap("1.1", "backpressure.dec is called more often than backpressure.inc");
        if (group.backpressure === 0) group.unblock();
      };
    case "waitable-set.new":
      return plain(site, () => handles.own(WAITABLE_SET, new WaitableSet()));
    case "waitable-set.drop":
      return plain(site, (index: number) => {
        const set = waitableSet(guest, index >>> 0);
        set.assertUnused();
        handles.take(WAITABLE_SET, index >>> 0);
      });
    case "waitable-set.wait":
      return waits(
        site,
        ["i32", "i32"],
        (index, pointer) => {
          const set = waitableSet(guest, index);
          return {
            isReady: () => set.hasEvent,
            watch: (again) => void set.waiters.add(again),
            unwatch: (again) => void set.waiters.delete(again),
            result: (isCancelled) => storeEvent(guest, pointer, isCancelled ? CANCELLED : set.takeEvent()),
            isAtOnce: true,
          };
        },
        builtin.flag,
      );
    case "waitable-set.poll":
      return gated(site, ["i32", "i32"], POLL_COST, (index, pointer) => {
        const set = waitableSet(guest, index);
        const { call } = currentThread();
        const event = call.deliverPendingCancel(builtin.flag) ? CANCELLED : set.hasEvent ? set.takeEvent() : NO_EVENT;
        return storeEvent(guest, pointer, event);
      });
    case "waitable.join":
      return plain(site, (index: number, set: number) => {
        waitable(guest, index >>> 0).join(set === 0 ? undefined : waitableSet(guest, set >>> 0));
      });
    case "subtask.drop":
      return plain(site, (index: number) => {
        subtaskOf(guest, index >>> 0).drop();
        handles.take(SUBTASK, index >>> 0);
      });
    case "subtask.cancel":
      return subtaskCancel(builtin, site);
    case "error-context.new":
      return plain(site, (pointer: number, units: number) => {
        guest.newValues();
        return newErrorContext(guest, guest.text(pointer, units));
      });
    case "error-context.debug-message":
      return plain(site, (index: number, pointer: number) => {
        guest.storeText(guest.place(pointer, 8, 4), errorContext(guest, index >>> 0));
      });
    case "error-context.drop":
      return plain(site, (index: number) => void handles.take(ERROR_CONTEXT, index >>> 0));
    default:
      throw new Error(`There is no ${name}`);
  }
}

/** A function that never waits, and is not spun on. */
function plain(site: BuiltinSite, run: (...args: never[]) => unknown): () => CoreFunction {
  return () =>
    (...args: never[]) => {
      try {
        if (site.mayLeave.value === 0) {
          throw new Trap("1.1", "the guest calls while it allocates or cleans up, when it may call nobody");
        }
        return run(...args);
      } catch (error) {
        site.failed();
        throw error;
      }
    };
}

/** A function that never waits, but has a guest give way that makes nothing else. Takes and gives i32. */
function gated(
  { group }: BuiltinSite,
  params: readonly "i32"[],
  cost: number,
  run: (...args: number[]) => number,
): Ungated {
  const { task } = group.store;
  const attempt = (...args: number[]): number => {
    if (task.mustGiveWay(cost)) return retryLater(task, attempt, args, true);
    task.assertAlive();
    task.boxed = run(...args.map((arg) => arg >>> 0)) | 0;
    return 0;
  };
  return { params, result: "i32", attempt, boxed: true, front: undefined, holds: true };
}

interface WaitPlan {
  readonly isReady: () => boolean;
  readonly watch: (again: () => void) => void;
  readonly unwatch: (again: () => void) => void;
  readonly result: (isCancelled: boolean) => number;
  /** Whether it is over without giving anybody a turn, if it is ready. */
  readonly isAtOnce?: boolean;
}

/** A function in which the thread waits. */
function waits(
  { group }: BuiltinSite,
  params: readonly "i32"[],
  plan: (...args: number[]) => WaitPlan,
  cancellable: boolean,
): Ungated {
  const { task } = group.store;
  const attempt = (...args: number[]): number => {
    task.assertAlive();
    const { isReady, watch, unwatch, result, isAtOnce } = plan(...args.map((arg) => arg >>> 0));
    if (isAtOnce === true && isReady()) {
      task.boxed = result(false) | 0;
      return 0;
    }
    let watching: (() => void) | undefined;
    return blockThread(task, currentThread(), {
      isReady,
      cancellable,
      watch: (again) => {
        watching = again;
        watch(again);
      },
      result: (isCancelled) => {
        if (watching) unwatch(watching);
        return result(isCancelled) | 0;
      },
    });
  };
  return { params, result: "i32", attempt, boxed: true, front: undefined };
}

function storeEvent(guest: Guest, pointer: number, [code, about, payload]: Event): number {
  const at = guest.place(pointer, 8, 4);
  guest.view.setUint32(at, about, true);
  guest.view.setUint32(at + 4, payload, true);
  return code;
}

function subtaskOf({ handles }: Guest, index: number): Subtask {
  // Handles of this kind are made for subtasks alone.
  return handles.of(SUBTASK, index).rep as Subtask;
}

function waitable({ handles }: Guest, index: number): Waitable {
  const rep = handles.get(index)?.rep;
  if (rep instanceof Waitable) return rep;
  throw new Trap("1.2", `unknown handle: ${index} is no waitable of this instance`);
}

function taskReturn({ result, optionsKey }: AsyncTrampoline, { same }: BuiltinSite, args: readonly CoreValue[]): void {
  const { call } = currentThread();
  if (!(call instanceof GuestCall) || !call.form.isAsync) {
    throw new Trap("1.1", "task.return is called in a function that is not lifted async");
  }
  if (!same(result, call.form.type.result))
    throw new Trap("1.1", "task.return is given another type than the function returns");
  if (result && optionsKey !== call.form.optionsKey) {
    throw new Trap("1.1", "task.return has other options than the function whose result it is given");
  }
  call.return(result && liftResult(call.guest, codecOf(result), args));
}

function liftResult(guest: Guest, codec: Type<unknown>, args: readonly CoreValue[]): unknown {
  guest.newValues();
  return codec.flat
    ? codec.lift(guest, new FlatValues(args))
    : codec.load(guest, guest.place(Number(args[0]), codec.size, codec.align));
}

function subtaskCancel({ flag: isAsync }: AsyncTrampoline, site: BuiltinSite): Ungated {
  const { guest, group } = site;
  const finish = (subtask: Subtask): number => {
    subtask.takeEvent();
    return subtask.state;
  };
  const begin = (index: number): Subtask => {
    const subtask = subtaskOf(guest, index);
    if (subtask.isDelivered) throw new Trap("1.1", "a subtask is cancelled whose result is there");
    if (subtask.isCancelRequested) throw new Trap("1.1", "a subtask is cancelled twice");
    if (subtask.onEvent) throw new Trap("1.1", "a subtask is cancelled while a call waits for it");
    if (subtask.set && !isAsync) throw new Trap("1.1", "a subtask in a waitable set is cancelled synchronously");
    if (!subtask.isResolved) {
      subtask.isCancelRequested = true;
      subtask.started?.cancel(group);
    }
    return subtask;
  };
  if (isAsync) {
    return gated(site, ["i32"], 1, (index) => {
      const subtask = begin(index);
      return subtask.isResolved ? finish(subtask) : BLOCKED;
    });
  }
  return waits(
    site,
    ["i32"],
    (index) => {
      const subtask = begin(index);
      return {
        isReady: () => subtask.isResolved,
        ...alone(subtask),
        result: () => finish(subtask),
        isAtOnce: true,
      };
    },
    false,
  );
}

/** A thread that waits for one waitable. */
function alone(waitable: Waitable): Pick<WaitPlan, "watch" | "unwatch"> {
  return {
    watch: (again) => {
      waitable.onEvent = again;
    },
    unwatch: () => {
      waitable.onEvent = undefined;
    },
  };
}

/** The functions of one stream or future type. */
class Copies {
  readonly #builtin: AsyncTrampoline;
  readonly #is: "stream" | "future";
  readonly #site: BuiltinSite;

  constructor(builtin: AsyncTrampoline, is: "stream" | "future", site: BuiltinSite) {
    this.#builtin = builtin;
    this.#is = is;
    this.#site = site;
  }

  function(op: string): Made {
    switch (op) {
      case "new":
        return plain(this.#site, () => this.#new());
      case "read":
      case "write":
        return this.#copy(this.#end(op));
      case "cancel-read":
        return this.#cancel(this.#end("read"));
      case "cancel-write":
        return this.#cancel(this.#end("write"));
      case "drop-readable":
        return this.#drop(this.#end("read"));
      case "drop-writable":
        return this.#drop(this.#end("write"));
      default:
        throw new Error(`There is no ${this.#is}.${op}`);
    }
  }

  #end(op: "read" | "write"): EndKind {
    return END_KINDS[`${this.#is}.${op}`];
  }

  #new(): bigint {
    const { element } = this.#builtin;
    const { handles } = this.#site.guest;
    const carried = elementOf(element && codecOf(element));
    const shared = this.#is === "stream" ? new SharedStream(carried) : new SharedFuture(carried);
    const readable = handles.own(this.#end("read").table, new CopyEnd(this.#end("read"), shared));
    const writable = handles.own(this.#end("write").table, new CopyEnd(this.#end("write"), shared));
    return BigInt(readable) | (BigInt(writable) << 32n);
  }

  #held(end: EndKind, index: number): CopyEnd {
    const held = endOf(this.#site.guest.handles, end, index);
    if (!this.#site.same(held.shared.element.type, this.#builtin.element)) {
      throw new Trap("1.1", `a ${this.#is} is used as one of another type`);
    }
    return held;
  }

  #copy(end: EndKind): Ungated {
    const { guest, group } = this.#site;
    const { element, isAsync } = this.#builtin;
    const carried = elementOf(element && codecOf(element));
    const params = this.#is === "stream" ? (["i32", "i32", "i32"] as const) : (["i32", "i32"] as const);
    const begin = (index: number, pointer: number, length = 1): CopyEnd => {
      const held = this.#held(end, index);
      if (held.set && !isAsync) throw new Trap("1.1", `a ${end.table.name} in a waitable set is used synchronously`);
      beginCopy(guest, carried, held, { index, pointer, length, owner: group });
      return held;
    };
    if (isAsync) {
      const { task } = group.store;
      return gated(this.#site, params, 1, (index = 0, pointer = 0, length = 1) => {
        task.countBytes(length);
        const held = begin(index, pointer, length);
        return held.hasEvent ? held.takeEvent()[2] : BLOCKED;
      });
    }
    return waits(this.#site, params, (...args) => this.#finished(begin(...(args as [number, number, number]))), false);
  }

  #finished(held: CopyEnd): WaitPlan {
    return { isReady: () => held.hasEvent, ...alone(held), result: () => held.takeEvent()[2], isAtOnce: true };
  }

  #cancel(end: EndKind): Ungated {
    const { flag: isAsync } = this.#builtin;
    const begin = (index: number): CopyEnd => {
      const held = this.#held(end, index);
      if (held.state !== "copying" || held.onEvent)
        throw new Trap("1.1", `a copy of a ${end.table.name} is cancelled, and there is none`);
      if (held.set && !isAsync)
        throw new Trap("1.1", `a copy is cancelled synchronously of a ${end.table.name} in a waitable set`);
      held.state = "cancelling";
      if (!held.hasEvent) held.shared.cancel();
      return held;
    };
    const cancelled = (held: CopyEnd): number => {
      const payload = held.takeEvent()[2];
      // What is told as complete has more to come, which does not.
      return end.isStream && (payload & 0xf) === COPY.completed ? payload | COPY.cancelled : payload;
    };
    if (!isAsync) {
      const plan = (held: CopyEnd): WaitPlan => ({ ...this.#finished(held), result: () => cancelled(held) });
      return waits(this.#site, ["i32"], (index) => plan(begin(index)), false);
    }
    return gated(this.#site, ["i32"], 1, (index) => {
      const held = begin(index);
      return held.hasEvent ? cancelled(held) : BLOCKED;
    });
  }

  #drop(end: EndKind): () => CoreFunction {
    const { handles } = this.#site.guest;
    return plain(this.#site, (index: number) => {
      this.#held(end, index >>> 0).drop();
      handles.take(end.table, index >>> 0);
    });
  }
}

function threadFunction({ flag: cancellable }: AsyncTrampoline, op: string, site: BuiltinSite): Made {
  const { group } = site;
  const { task } = group.store;
  const other = (index: number, mustBeSuspended: boolean): Thread => {
    const thread = index === 0 ? undefined : group.threads[index];
    if (!thread) throw new Trap("1.2", `there is no thread ${index} in this instance`);
    if (mustBeSuspended && !thread.suspended) throw new Trap("1.1", `thread ${index} is not suspended`);
    return thread;
  };
  const resume = (thread: Thread): void => {
    const { suspended } = thread;
    thread.suspended = undefined;
    suspended?.(false);
  };
  /** @param isAlone Whether it lets nobody go on. @param then Done when the thread is suspended. */
  const suspend = (isYield: boolean, isAlone: boolean, then: () => void): number => {
    const thread = currentThread();
    if (thread.call.deliverPendingCancel(cancellable)) return task.pendUntil(() => Promise.resolve(1));
    if (isYield) {
      return blockThread(task, thread, {
        isReady: () => true,
        cancellable,
        watch: then,
        result: (cancelled) => Number(cancelled),
      });
    }
    if (isAlone && !thread.call.form.type.async && thread.call.state !== "resolved" && !group.hasReady(thread)) {
      throw new Trap("4.3", "a call that is not async is suspended, and nobody else can go on");
    }
    return task.pendUntil(
      () =>
        new Promise((resolve) => {
          thread.isCancellable = cancellable;
          thread.suspended = (isCancelled) => {
            thread.resuming();
            resolve(Number(isCancelled));
          };
          then();
        }),
    );
  };
  const waiting = (params: readonly "i32"[], attempt: (index: number) => number): Ungated => ({
    params,
    result: "i32",
    attempt: (index = 0) => {
      task.assertAlive();
      return attempt(index >>> 0);
    },
    boxed: true,
    front: undefined,
  });
  switch (op) {
    case "index":
      return plain(site, () => currentThread().index);
    case "new-indirect":
      return plain(site, (index: number, argument: number) => {
        const entry = threadEntry(site.tableFunction(index >>> 0));
        const thread = new Thread(currentThread().call);
        thread.call.register(thread);
        thread.suspended = () =>
          runThread(
            thread,
            entry,
            [argument],
            undefined,
            () => ended(thread, site),
            (error) => site.fail(error),
          );
        return thread.index;
      });
    case "resume-later":
      return plain(site, (index: number) => {
        const thread = other(index >>> 0, true);
        const { suspended } = thread;
        thread.suspended = undefined;
        const wait: Wait = {
          thread,
          cancellable: thread.isCancellable,
          isReady: () => true,
          resume: (isCancelled) => suspended?.(isCancelled),
          fail: () => {},
          isOver: false,
        };
        group.store.wait(wait);
        group.store.enqueue(wait);
      });
    case "suspend":
      return waiting([], () => suspend(false, true, () => {}));
    case "yield":
      return waiting([], () => suspend(true, true, () => {}));
    case "suspend-then-resume":
    case "yield-then-resume":
      return waiting(["i32"], (index) => {
        const next = other(index, true);
        return suspend(op.startsWith("yield"), false, () => resume(next));
      });
    case "suspend-then-promote":
    case "yield-then-promote":
      return waiting(["i32"], (index) => {
        const { wait } = other(index, false);
        return suspend(op.startsWith("yield"), wait === undefined, () => {
          if (wait && !wait.isOver && wait.isReady()) group.store.resume(wait, false);
        });
      });
    default:
      throw new Error(`There is no thread.${op}`);
  }
}

/** @throws {Trap} If the function takes something else than one i32. */
function threadEntry(core: CoreFunction): ReturnType<typeof makeEntry> {
  try {
    return makeEntry(core, ["i32"], []);
  } catch (cause) {
    if (cause instanceof WebAssembly.LinkError) throw new Trap("1.1", "a thread begins in a function of another type");
    throw cause;
  }
}

function ended(thread: Thread, { fail }: BuiltinSite): void {
  try {
    thread.call.unregister(thread);
  } catch (error) {
    fail(error);
  }
}
