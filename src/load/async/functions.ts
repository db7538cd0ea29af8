/** How functions of asynchronous components are made: those that never wait, and those in which a thread does. */
import type { SameElement } from "../../abi/ends.ts";
import type { Guest } from "../../abi/guest.ts";
import type { Waitable } from "../../abi/waitable.ts";
import { Trap } from "../../io/trap.ts";
import type { CoreFunction, Ungated } from "../../wait/gate.ts";
import { currentThread, retryFirst, type ThreadGroup } from "../../wait/threads.ts";
import { blockThread } from "./block.ts";
import type { GlobalI32 } from "../link/component-instance.ts";

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

export type Made = Ungated | (() => CoreFunction);

/** A function that never waits, and that nobody can call for ever: it takes away what another one, which counts, has made. */
export function plain(site: BuiltinSite, run: (...args: never[]) => unknown): () => CoreFunction {
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

/** What functions that count give: nothing, or a number. */
interface Results {
  readonly none: void;
  readonly i32: number;
  readonly i64: bigint;
}

/** A function that never waits, but has a guest give way that makes nothing else. Takes i32. */
export function gated<R extends keyof Results>(
  { group }: BuiltinSite,
  params: readonly "i32"[],
  result: R,
  cost: number,
  run: (...args: number[]) => Results[R],
): Ungated {
  const { task } = group.store;
  const boxed = result !== "none";
  const attempt = (...args: number[]): number => {
    if (task.mustGiveWay(cost)) return task.pendRetry(attempt, args);
    task.assertAlive();
    const value: unknown = run(...args.map((arg) => arg >>> 0));
    if (boxed) task.boxed = typeof value === "bigint" ? value : Number(value) | 0;
    return 0;
  };
  return { params, result: result === "none" ? undefined : result, attempt, boxed, front: undefined, holds: true };
}

export interface WaitPlan {
  readonly isReady: () => boolean;
  readonly watch: (again: () => void) => void;
  readonly unwatch: (again: () => void) => void;
  readonly result: (isCancelled: boolean) => number;
}

/**
 * A function in which the thread waits, unless it is ready. @param plan What for; or the result, if it is there already: `cat`
 * goes 15 to 25 % faster for that (`npm run bench async`).
 */
export function waits(
  { group }: BuiltinSite,
  params: readonly "i32"[],
  plan: (...args: number[]) => WaitPlan | number,
  cancellable: boolean,
): Ungated {
  const { task } = group.store;
  return waiting({ group }, params, 1, (...args) => {
    const planned = plan(...args);
    if (typeof planned === "number") {
      task.boxed = planned | 0;
      return 0;
    }
    const { isReady, watch, unwatch, result } = planned;
    // Nobody else is given a turn.
    if (isReady()) {
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
  });
}

/** A function in which the thread may be suspended. Takes and gives i32. @param run As an attempt: see `Ungated`. */
export function waiting(
  { group }: Pick<BuiltinSite, "group">,
  params: readonly "i32"[],
  cost: number,
  run: (...args: number[]) => number,
): Ungated {
  const { task } = group.store;
  const attempt = (...args: number[]): number => {
    if (task.mustGiveWay(cost)) return retryFirst(group.store, attempt, args);
    task.assertAlive();
    return run(...args.map((arg) => arg >>> 0));
  };
  return { params, result: "i32", attempt, boxed: true, front: undefined };
}

/** A thread that waits for one waitable. */
export function alone(waitable: Waitable): Pick<WaitPlan, "watch" | "unwatch"> {
  return {
    watch: (again) => {
      waitable.onEvent = again;
    },
    unwatch: () => {
      waitable.onEvent = undefined;
    },
  };
}
