import { UnsupportedRuntimeError } from "../../io/unsupported-runtime.ts";
import { isBytes } from "../../run/bytes.ts";
import type { CompiledComponent } from "../../run/component.ts";
import { canSuspend } from "../../wait/suspension.ts";

/**
 * What a thread compiles for itself.
 *
 * @throws {UnsupportedRuntimeError} If it is not known, and there is no other way to run the component here.
 * @throws {TypeError} If it is not known.
 */
export function bytesOf(component: Uint8Array | CompiledComponent): Uint8Array {
  if (isBytes(component)) return component;
  if (component.bytes.length > 0) return component.bytes;
  if (!canSuspend()) {
    throw new UnsupportedRuntimeError(
      "This runtime cannot suspend WebAssembly (JavaScript Promise Integration), so that a guest has to have a thread of its own, " +
        "and what `sluice build` made has no bytes for that: give the bytes of the component",
    );
  }
  throw new TypeError("isolate takes bytes, or what `compile` gave: got a component that was compiled before");
}
