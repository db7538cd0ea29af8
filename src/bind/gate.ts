/** The types of a core WebAssembly function's parameters and result. */
export type CoreType = "i32" | "i64" | "f32" | "f64";

/** A core function as the host writes it: numbers, and bigint for i64. */
export type CoreFunction = (...args: never[]) => unknown;

/** What an attempt returns when the guest has to wait. Not a value that a gated function returns. */
export const WAIT = -1;

const CODES: Record<CoreType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };
const modules = new Map<string, WebAssembly.Module>();

/**
 * A WebAssembly function that calls `attempt`, and only if that returns `WAIT` suspends the guest in `wait`.
 *
 * A suspending import always suspends, even for a result that is there; so a call that need not wait must not reach
 * it, and the choice has to be made in WebAssembly, since no JavaScript may stand between a guest and its suspension.
 *
 * @param result Whether the function returns an i32 (not `WAIT`) or nothing.
 */
export function gate(
  params: readonly CoreType[],
  result: boolean,
  attempt: CoreFunction,
  wait: (...args: never[]) => Promise<unknown>,
): CoreFunction {
  const key = `${params.join()}:${result}`;
  let module = modules.get(key);
  if (!module) modules.set(key, (module = new WebAssembly.Module(gateModule(params, result))));
  const { exports } = new WebAssembly.Instance(module, { h: { a: attempt, w: new WebAssembly.Suspending(wait) } });
  // The module above exports exactly this.
  return exports["g"] as CoreFunction;
}

/**
 * (module
 *   (import "h" "a" (func $attempt (param ...) (result i32)))
 *   (import "h" "w" (func $wait (param ...) (result ...)))
 *   (func (export "g") (param ...) (result ...) (local $r i32)
 *     (if (i32.eq (local.tee $r (call $attempt ...)) (i32.const -1)) (then (return (call $wait ...))))
 *     (local.get $r)))   ;; without a result, the last line is missing
 */
function gateModule(params: readonly CoreType[], result: boolean): Uint8Array {
  const paramTypes = params.map((type) => CODES[type]);
  const results = result ? [CODES.i32] : [];
  const local = params.length;
  const args = params.flatMap((_, index) => [0x20, index]);
  const body = [
    ...[1, 1, CODES.i32],
    ...[...args, 0x10, 0, 0x22, local, 0x41, 0x7f, 0x46],
    ...[0x04, 0x40, ...args, 0x10, 1, 0x0f, 0x0b],
    ...(result ? [0x20, local] : []),
    0x0b,
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [
      2,
      ...[0x60, ...sized(paramTypes), 1, CODES.i32],
      ...[0x60, ...sized(paramTypes), ...sized(results)],
    ]),
    ...section(2, [
      2,
      ...sized(ascii("h")),
      ...sized(ascii("a")),
      0,
      0,
      ...sized(ascii("h")),
      ...sized(ascii("w")),
      0,
      1,
    ]),
    ...section(3, [1, 1]),
    ...section(7, [1, ...sized(ascii("g")), 0, 2]),
    ...section(10, [1, ...sized(body)]),
  ]);
}

/** All of these are shorter than 128 bytes, so that one byte is their length. */
function sized(bytes: readonly number[]): number[] {
  if (bytes.length > 127) throw new RangeError(`A gate for ${bytes.length} bytes of code is too large`);
  return [bytes.length, ...bytes];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)];
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
