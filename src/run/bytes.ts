/** Components as they are given: bytes. */
import { isBytes as areBytes, isObject } from "../io/shape.ts";
import { told } from "../io/told.ts";
import { isCompiled, type CompiledComponent } from "./component.ts";

/** What else is taken where a component may have been compiled before. */
export const OR_COMPILED = ", or what `compile` gave";

/**
 * Whether a component is given as bytes, and not as what `compile` gave.
 *
 * @throws {TypeError} If it is neither. It says what to do with what is often given instead.
 */
export function isBytes(component: Uint8Array | CompiledComponent): component is Uint8Array {
  if (isCompiled(component)) return false;
  assertBytes(component, OR_COMPILED);
  return true;
}

/**
 * Of whatever realm they are, such as one that a test runner makes.
 *
 * @param others What else is taken.
 * @throws {TypeError} If they are no bytes.
 */
export function assertBytes(given: unknown, others: string = ""): asserts given is Uint8Array {
  if (areBytes(given)) return;
  throw new TypeError(`A component must be a Uint8Array${others}; got ${told(given)}${hintFor(given)}`);
}

function hintFor(given: unknown): string {
  if (typeof given === "string") return ". If that is a path, read the file first";
  if (!isObject(given)) return "";
  if (given instanceof ArrayBuffer) return ". Give new Uint8Array(it)";
  if ("then" in given) return ". Wait for it first";
  return "arrayBuffer" in given ? ". Give new Uint8Array(await it.arrayBuffer())" : "";
}
