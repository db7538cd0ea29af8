import { compileComponent, type Served } from "../load/compile.ts";
import { layerOf } from "../load/decode/decode.ts";
import { assertBytes, bytesIn, OR_COMPILED } from "./bytes.ts";
import { CompiledComponent } from "./component.ts";
import * as typeChecks from "./type-checks.ts";

/**
 * @param served See `compileComponent`.
 * @throws {InvalidComponentError} Before anything of the component runs.
 */
export async function compile(bytes: Uint8Array, served?: Served): Promise<CompiledComponent> {
  if (layerOf(bytes) !== "core module") {
    return new CompiledComponent(await compileComponent(bytes, served), bytes, typeChecks);
  }
  // Loaded where there is one: a component has no use for preview 1.
  const { compileCore } = await import("./core-module.ts");
  return new CompiledComponent(await compileCore(bytes), bytes);
}

/**
 * As `compile`, of what somebody has given.
 *
 * @param mayBeCompiled Whether what `compile` gave would have done too, and it is not `compile` that was asked.
 * @throws {TypeError} If it is neither bytes nor, for `compile`, a response that has them.
 */
export async function compileGiven(given: unknown, mayBeCompiled: boolean = false): Promise<CompiledComponent> {
  if (!mayBeCompiled) return compile(await bytesIn(given));
  assertBytes(given, OR_COMPILED);
  return compile(given);
}
