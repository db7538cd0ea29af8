/** What an instance that is traced has beside its trace. */
import { show } from "../abi/show.ts";
import { guarded } from "../io/checked-ports.ts";
import type { Trace, Tracing } from "./instance.ts";

/** What it throws is no fault of the guest's. What it promises nobody waits for: a promise that is broken ends no process. */
export function tracingOf(trace: Trace): Tracing {
  return { tell: (name, values, outcome) => guarded("trace", () => trace(name, values, outcome)), show };
}
