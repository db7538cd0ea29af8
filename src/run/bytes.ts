/** Components as they are given: bytes. */
import { hasMethods, isBytes as areBytes, isObject } from "../io/shape.ts";
import { told } from "../io/told.ts";
import { isCompiled, type CompiledComponent } from "./component.ts";

/** As much of a `Response` as is looked at. */
export interface ComponentResponse {
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A component: its bytes, or a response that has them, as `fetch` gives it. */
export type ComponentBytes = Uint8Array | ComponentResponse;

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

/**
 * The bytes that are given.
 *
 * @throws {TypeError} If they are none, or not in the response.
 */
export async function bytesIn(given: unknown): Promise<Uint8Array> {
  if (isResponse(given)) {
    if (given.ok) return new Uint8Array(await given.arrayBuffer());
    throw new TypeError(
      `A component cannot be had from ${told(given.url)}: ${given.status} ${given.statusText}`.trimEnd(),
    );
  }
  assertBytes(given, ", or a Response");
  return given;
}

/** Of whatever make, as `assertBytes`. */
function isResponse(given: unknown): given is ComponentResponse {
  return isObject(given) && "ok" in given && hasMethods<ComponentResponse>(given, "arrayBuffer");
}

function hintFor(given: unknown): string {
  if (typeof given === "string") return ". If that is a path, read the file first";
  if (!isObject(given)) return "";
  if (given instanceof ArrayBuffer) return ". Give new Uint8Array(it)";
  if ("then" in given) return ". Wait for it first";
  if (isResponse(given)) return ". Give await compile(it)";
  return "arrayBuffer" in given ? ". Give new Uint8Array(await it.arrayBuffer())" : "";
}
