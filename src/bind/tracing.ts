/** What an instance that is traced has beside its trace. */
import { show } from "../abi/show.ts";
import { unawaited } from "../io/checked-ports.ts";
import type { Trace, Tracing } from "./instance.ts";

/** What it promises nobody waits for: a promise that is broken ends no process. */
export function unawaitedTrace(trace: Trace): Trace {
  return (name, values, outcome) => {
    const told: unknown = trace(name, values, outcome);
    unawaited(told);
  };
}

export function tracingOf(trace: Trace): Tracing {
  return { tell: unawaitedTrace(trace), show };
}
