/** What stands between a guest and those whom it may not call. */
import { quoted } from "../../io/quoted.ts";
import { Trap } from "../../io/trap.ts";
import type { CoreFunction, Ungated } from "../../wait/gate.ts";
import type { GlobalI32 } from "./component-instance.ts";
import type { CoreItem } from "../plan/items.ts";
import { InvalidComponentError } from "../invalid-component.ts";

/** A function that never waits, and asks the gate for nothing but whether the guest may call. */
export function gateless(params: Ungated["params"], result: Ungated["result"], attempt: CoreFunction): Ungated {
  return { params, result, attempt, boxed: false, front: undefined };
}

/** An allocator, during which the guest may call nobody. */
export function guardRealloc(realloc: CoreFunction, mayLeave: GlobalI32): CoreFunction {
  return (...args: never[]) => {
    mayLeave.value = 0;
    const result = realloc(...args);
    mayLeave.value = 1;
    return result;
  };
}

/** What a guest calls without a gate. One that catches what this throws, as those with exceptions can, is over too. */
export function failing<Result>(call: (handle: number) => Result, failed: () => void): (handle: number) => Result {
  return (handle) => {
    try {
      return call(handle);
    } catch (error) {
      failed();
      throw error;
    }
  };
}

export function refuseToLeave(): never {
  throw new Trap("1.1", "the guest calls while it allocates or cleans up, when it may call nobody");
}

/** What is missing where a core function, memory or table is expected. */
export function wrongCore(item: CoreItem, expected: string): InvalidComponentError {
  if (item.is === "trampoline") return new InvalidComponentError("a lowered function is needed before it is there");
  return new InvalidComponentError(`a core module exports no ${expected} ${quoted(item.name)}`, item.offset);
}
