/** How a guest is called in a thread of its own: it may be suspended, and what it returned is known before that ends. */
import { call as callCode, encodeModule, func, get, type CoreType } from "../../abi/encode.ts";
import type { CoreValue } from "../../abi/type.ts";
import type { CoreFunction } from "../../wait/gate.ts";
import { sharedModule } from "../../wait/module.ts";
import { canSuspend } from "../../wait/suspension.ts";
import { currentThread, type Thread, type ThreadGroup } from "../../wait/threads.ts";

/** Calls a guest in a thread. `onReturn` is told at once if it is not suspended. */
export function runThread(
  thread: Thread,
  entry: Entry,
  args: readonly CoreValue[],
  caller: ThreadGroup | undefined,
  onReturn: (results: readonly unknown[]) => void,
  onFail: (error: unknown) => void,
): void {
  const { stacks } = thread.group.store;
  thread.returned = undefined;
  let call;
  try {
    call = stacks.enter(() => thread.run(() => entry(...args), caller));
  } catch (error) {
    onFail(error);
    return;
  }
  const { returned } = thread;
  if (returned) {
    stacks.release();
    onReturn(returned);
    return;
  }
  if (!call) return onFail(new Error("A guest returned, and did not say so"));
  stacks.kept();
  call.then(
    () => {
      stacks.release();
      onReturn(thread.returned ?? []);
    },
    (error: unknown) => {
      stacks.release();
      thread.leave();
      onFail(error);
    },
  );
}

/** A core function, called such that it may be suspended. What it returns is told to the thread before that ends. */
export type Entry = (...args: CoreValue[]) => Promise<unknown> | undefined;

export function makeEntry(core: CoreFunction, params: readonly CoreType[], results: readonly CoreType[]): Entry {
  const module = entryModule(params, results);
  const returned = (...values: unknown[]): void => {
    const thread = currentThread();
    thread.returned = values;
    thread.leave();
  };
  const { exports } = new WebAssembly.Instance(module, { entry: { core, returned } });
  // The module exports exactly this.
  return entering(exports["f"] as CoreFunction);
}

/** As `promising` of wait/suspension.ts, but begins at once; what returns without having waited may give `undefined`. */
function entering(fn: CoreFunction): (...args: unknown[]) => Promise<unknown> | undefined {
  if (canSuspend()) return WebAssembly.promising(fn);
  return (...args) => {
    try {
      fn(...(args as never[]));
      return undefined;
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

/** The module behind `makeEntry`, the same for all functions of these types. */
export function entryModule(params: readonly CoreType[], results: readonly CoreType[]): object {
  return sharedModule(`entry ${params.join()}:${results.join()}`, () => encodeEntry(params, results));
}

/** (call $returned (call $core ...)) */
function encodeEntry(params: readonly CoreType[], results: readonly CoreType[]): Uint8Array {
  return encodeModule({
    types: [
      [params, results],
      [results, []],
      [params, []],
    ],
    imports: [
      ["entry", "core", func(0)],
      ["entry", "returned", func(1)],
    ],
    functions: [
      {
        name: "f",
        type: 2,
        locals: [],
        body: [...params.flatMap((_, index) => get(index)), ...callCode(0), ...callCode(1)],
      },
    ],
  });
}
