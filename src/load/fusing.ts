/** What makes calls between components: a sixth of the loader, which most have no use for. Loaded when it is needed. */
import type { FuncType } from "../abi/types.ts";
import type { CoreFunction } from "../wait/gate.ts";
import type * as Fused from "./fused.ts";
import type { Options, Plan } from "./items.ts";
import type { LiftedFunction, Linked } from "./link.ts";

/** Where a function of another component is lowered. */
export interface Caller {
  readonly linked: Linked;
  readonly options: Options;
  readonly instance: number;
  /** As the caller spells it. */
  readonly type: FuncType;
}

/** Once for the process: it is code, and holds nothing of an instance's. */
let fused: typeof Fused | undefined;

/** To be waited for before the first call of `fusedFunction`. */
export async function loadFusing(): Promise<void> {
  fused ??= await import("./fused.ts");
}

/** Whether components in it call each other. */
export function needsFusing({ trampolines }: Plan): boolean {
  return trampolines.some((trampoline) => trampoline.is === "lower" && trampoline.func.is === "lifted");
}

/** The core function by which the caller calls `callee`. */
export function fusedFunction(caller: Caller, callee: LiftedFunction): CoreFunction {
  if (!fused) throw new Error("A call between components is made before what makes it is loaded");
  return fused.fusedFunction(caller, callee);
}
