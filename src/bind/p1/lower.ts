/** Functions of preview 1 as core functions: everything here that knows how a guest is made to wait. */
import type { CoreValue } from "../../abi/type.ts";
import { Trap } from "../../io/trap.ts";
import type { GateType, Ungated } from "../../wait/gate.ts";
import type { Ends } from "../../wait/drive.ts";
import { ending, GENERAL_COST } from "../lower.ts";
import type { P1Function, P1Host, P1Param } from "./define.ts";
import { errnoName, errnoOf } from "./errno.ts";

const GATE_TYPES: Readonly<Record<P1Param, GateType>> = { u32: "i32", u64: "i64", s64: "i64", length: "length" };
const SUCCESS = 0;

/** What `definition` is behind a gate. @param name As in a trace. */
export function lowerP1(name: string, definition: P1Function, host: P1Host): Ungated {
  const { params, result, run } = definition;
  const { task, tracing } = host;

  function deliver(values: readonly CoreValue[]): number {
    tracing?.tell(name, values, "= success");
    return SUCCESS;
  }

  /** Gives the errno; rethrows what a guest cannot be told. */
  function deliverError(values: readonly CoreValue[], error: unknown): number {
    const errno = errnoOf(error);
    tracing?.tell(name, values, `! ${errno === undefined ? tracing.show(String(error)) : errnoName(errno)}`);
    if (errno === undefined) throw ending(name, error);
    return errno;
  }

  function attempt(...args: CoreValue[]): number {
    if (task.mustGiveWay(GENERAL_COST) && host.canWait()) return task.pendRetry(attempt, args);
    task.assertAlive();
    const values = valuesOf(params, args);
    try {
      const steps = run(values);
      const step = steps?.next();
      if (steps && step?.done === false) {
        if (host.canWait()) return task.pend(steps, step.value, ends, values);
        steps.return();
        throw new Trap("4.3", `${name}: the guest has to wait in a call that cannot be suspended`);
      }
    } catch (error) {
      return deliverError(values, error);
    }
    return deliver(values);
  }

  const ends: Ends<readonly CoreValue[], void, number> = { deliver, deliverError };
  return {
    params: params.map((param) => GATE_TYPES[param]),
    result: result ? "i32" : undefined,
    attempt,
    boxed: false,
    front: undefined,
  };
}

/** A core integer has no sign of its own. */
function valuesOf(params: readonly P1Param[], args: readonly CoreValue[]): readonly CoreValue[] {
  return args.map((value, index) => {
    if (typeof value === "bigint") return params[index] === "u64" ? BigInt.asUintN(64, value) : value;
    return params[index] === "u32" ? value >>> 0 : value;
  });
}
