/** How functions of the component model are called as core functions. */
import type { CoreType } from "./encode.ts";
import { concat, layoutOf } from "./layout.ts";
import type { FuncType } from "./types.ts";

/** More flat parameters than this lie behind one pointer where a function is lowered with the option async. */
export const MAX_FLAT_ASYNC_PARAMS = 4;

/** How a function is called as a core function. */
export interface CoreSignature {
  readonly params: readonly CoreType[];
  readonly results: readonly CoreType[];
  /** Whether the parameters lie behind one pointer. */
  readonly spilled: boolean;
  /** Whether the result lies behind a pointer: the last parameter of a lowered function, the result of a lifted one. */
  readonly stored: boolean;
}

/** The core signature of a function that is called synchronously: as it is lowered, or as it is lifted. */
export function signatureOf(type: FuncType, side: "lower" | "lift"): CoreSignature {
  const flat = concat(type.params.map((param) => layoutOf(param.type).flat));
  const params: CoreType[] = flat ? [...flat] : ["i32"];
  const result = type.result && layoutOf(type.result).flat;
  const stored = type.result !== undefined && (result === undefined || result.length > 1);
  const direct = !stored && result ? result : [];
  if (side === "lower" && stored) params.push("i32");
  return {
    params,
    results: side === "lift" && stored ? ["i32"] : direct,
    spilled: flat === undefined,
    stored,
  };
}
