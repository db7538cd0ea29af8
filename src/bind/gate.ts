import { encodeModule, func, get, type CoreType, type Import } from "./encode.ts";

/**
 * What a gated function takes: a "length" is an i64 for the guest and a number for the host (2 ** 53 and more are not
 * exact), since the bigint that it would else become costs as much as the rest of a short read (`npm run bench calls`).
 */
export type GateType = CoreType | "length";

/** A core function as the host writes it: numbers, and bigint for i64. */
export type CoreFunction = (...args: never[]) => unknown;

/** What an attempt returns when the guest has to wait. Not a value that a gated function returns. */
export const WAIT = -1;

/** WebAssembly that may answer a call before JavaScript hears of it. */
export interface Front {
  /** Tells apart what is made of it. */
  readonly name: string;
  readonly imports: readonly Import[];
  /** What is imported, by name. */
  readonly values: Readonly<Record<string, unknown>>;
  /** How many i32 it has, after the parameters. */
  readonly locals: number;
  /** Returns from the function, or leaves the block that it is in for an attempt. */
  readonly code: readonly number[];
}

/** The number of the first function that a front imports, in a gate that can wait. */
export const FRONT_FUNCTION = 2;
/** The number of the type of a `realloc`. */
export const REALLOC_TYPE = 3;

const NO_FRONT: Front = { name: "", imports: [], values: {}, locals: 0, code: [] };
const modules = new Map<string, WebAssembly.Module>();

/**
 * A WebAssembly function that calls `attempt`, and only if that returns `WAIT` suspends the guest in `wait`.
 *
 * A suspending import always suspends, even for a result that is there; so a call that need not wait must not reach
 * it, and the choice has to be made in WebAssembly, since no JavaScript may stand between a guest and its suspension.
 *
 * @param result Whether the function returns an i32 (not `WAIT`) or nothing.
 * @param wait Missing if an attempt never returns `WAIT`.
 */
export function gate(
  params: readonly GateType[],
  result: boolean,
  attempt: CoreFunction,
  wait: ((...args: never[]) => Promise<unknown>) | undefined,
  front: Front = NO_FRONT,
): CoreFunction {
  const key = `${front.name}:${params.join()}:${result}:${wait !== undefined}`;
  let module = modules.get(key);
  if (!module) {
    module = new WebAssembly.Module(gateModule(params, result, wait !== undefined, front));
    modules.set(key, module);
  }
  const { exports } = new WebAssembly.Instance(module, {
    gate: { attempt, ...(wait && { wait: new WebAssembly.Suspending(wait) }) },
    front: front.values,
  });
  // The module above exports exactly this.
  return exports["f"] as CoreFunction;
}

/**
 * (module
 *   (import "gate" "attempt" (func $attempt (param ...) (result i32)))
 *   (import "gate" "wait" (func $wait (param ...) (result ...)))
 *   (func (export "f") (param ...) (result ...) (local ...)
 *     (block ...)            ;; the front
 *     (call $attempt ...)
 *     (if (i32.eq (local.tee ...) (i32.const -1)) (then (return (call $wait ...))))
 *     (local.get ...)))      ;; without a result, the last line is missing
 */
function gateModule(params: readonly GateType[], result: boolean, waits: boolean, front: Front): Uint8Array {
  const outer = params.map((type) => (type === "length" ? "i64" : type));
  const inner = params.map((type) => (type === "length" ? "f64" : type));
  const results: CoreType[] = result ? ["i32"] : [];
  // f64.convert_i64_u
  const args = params.flatMap((type, index) => [...get(index), ...(type === "length" ? [0xba] : [])]);
  const attempted = params.length;
  return encodeModule({
    types: [
      [inner, ["i32"]],
      [inner, results],
      [outer, results],
      // What a front may import: a `realloc`.
      [["i32", "i32", "i32", "i32"], ["i32"]],
    ],
    imports: [
      ["gate", "attempt", ...func(0)],
      ...(waits ? [["gate", "wait", ...func(1)] as const] : []),
      ...front.imports,
    ],
    type: 2,
    locals: Math.max(1, front.locals),
    body: [
      ...(front.code.length > 0 ? [0x02, 0x40, ...front.code, 0x0b] : []),
      ...[...args, 0x10, 0, 0x21, attempted],
      ...(waits ? [...get(attempted), 0x41, 0x7f, 0x46, 0x04, 0x40, ...args, 0x10, 1, 0x0f, 0x0b] : []),
      ...(result ? get(attempted) : []),
    ],
  });
}
