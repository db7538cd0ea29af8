/** The functions of threads. */
import { Trap } from "../../io/trap.ts";
import { WAKE_COST } from "../../wait/drive.ts";
import type { CoreFunction } from "../../wait/gate.ts";
import type { Wait } from "../../wait/store.ts";
import { currentThread, Thread } from "../../wait/threads.ts";
import { makeEntry, runThread, type Entry } from "../link/entry.ts";
import { gated, plain, waiting, type BuiltinSite, type Made } from "./functions.ts";
import { blockThread } from "./block.ts";
import type { AsyncTrampoline } from "../plan/items.ts";

/** What the first thread of a function counts as: a module is instantiated for it. */
const ENTRY_COST = 64;

export function threadFunction({ flag: cancellable }: AsyncTrampoline, op: string, site: BuiltinSite): Made {
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
    if (thread.call.deliverPendingCancel(cancellable)) return task.pendUntil((done) => done(1));
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
    return task.pendUntil((done, failed) => {
      thread.isCancellable = cancellable;
      thread.abandon = failed;
      thread.suspended = (isCancelled) => {
        thread.abandon = undefined;
        thread.resuming();
        done(Number(isCancelled));
      };
      then();
    });
  };
  const entries = new WeakMap<CoreFunction, Entry>();
  const entryOf = (core: CoreFunction): Entry => {
    let entry = entries.get(core);
    if (!entry) {
      task.countCalls(ENTRY_COST);
      entries.set(core, (entry = threadEntry(core)));
    }
    return entry;
  };
  switch (op) {
    case "index":
      return plain(site, () => currentThread().index);
    case "new-indirect":
      return gated(site, ["i32", "i32"], "i32", 1, (index = 0, argument = 0) => {
        const entry = entryOf(site.tableFunction(index));
        group.store.assertRoom();
        const thread = new Thread(currentThread().call);
        thread.call.register(thread);
        thread.suspended = () =>
          runThread(
            thread,
            entry,
            [argument | 0],
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
          isOutside: false,
          resume: (isCancelled) => suspended?.(isCancelled),
          fail: () => {},
          isOver: false,
          place: -1,
        };
        group.store.wait(wait);
        group.store.enqueue(wait);
      });
    case "suspend":
      return waiting(site, [], WAKE_COST, () => suspend(false, true, () => {}));
    case "yield":
      return waiting(site, [], WAKE_COST, () => suspend(true, true, () => {}));
    case "suspend-then-resume":
    case "yield-then-resume":
      return waiting(site, ["i32"], WAKE_COST, (index = 0) => {
        const next = other(index, true);
        return suspend(op.startsWith("yield"), false, () => resume(next));
      });
    case "suspend-then-promote":
    case "yield-then-promote":
      return waiting(site, ["i32"], WAKE_COST, (index = 0) => {
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
function threadEntry(core: CoreFunction): Entry {
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
