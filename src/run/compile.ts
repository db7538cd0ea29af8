import { compileComponent, type Served } from "../load/compile.ts";
import { layerOf } from "../load/decode/decode.ts";
import { assertBytes, OR_COMPILED } from "./bytes.ts";
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
 * @param mayBeCompiled Whether what `compile` gave would have done too.
 * @throws {TypeError} If it is no bytes.
 */
export async function compileGiven(given: unknown, mayBeCompiled: boolean = false): Promise<CompiledComponent> {
  assertBytes(given, mayBeCompiled ? OR_COMPILED : "");
  return compile(given);
}
