/** From bytes to a component that is ready to be instantiated. */
import { encodeGates } from "../wait/gate-code.ts";
import { assertCompiles } from "../wait/module.ts";
import { Compiled } from "./compiled.ts";
import { moduleTypeOf } from "./decode/core-module.ts";
import { decode } from "./decode/decode.ts";
import { heldPlan } from "./held.ts";
import { InvalidComponentError } from "./invalid-component.ts";
import { rememberType } from "./plan/module-types.ts";
import { loadParts } from "./parts.ts";
import { planOf } from "./plan/plan.ts";

/** Bytes that are compiled at once where that is allowed: more, and the thread would stand still for long. */
const COMPILED_AT_ONCE = 64 * 1024;

/** For components that answer requests. */
export interface Served {
  /** What each memory may have. Missing: what the component says. */
  readonly maxMemoryBytes?: number | undefined;
}

/**
 * @param served Given if instances are to be put back later to what they were when they were made: if that can be, the
 * result has `states`.
 * @throws {InvalidComponentError} If `bytes` are no component that makes sense. Nothing of it has run.
 */
export async function compileComponent(bytes: Uint8Array, served?: Served): Promise<Compiled> {
  // Parts of a Node Buffer cost more to make.
  const plan = await heldPlan(planOf(decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length))));
  await loadParts(plan);
  const changed = served && (await import("./renew/visible-state.ts")).servedModules(plan, served);
  try {
    const modules = await Promise.all(
      (changed?.modules ?? plan.modules).map(async (module) =>
        module.length <= COMPILED_AT_ONCE ? new WebAssembly.Module(module) : WebAssembly.compile(module),
      ),
    );
    for (const [index, module] of modules.entries()) {
      const own = plan.modules[index];
      const type = own && moduleTypeOf(own);
      if (type) rememberType(module, type);
    }
    const sizes = plan.modules.map(({ length }) => length);
    return new Compiled({ plan, modules, sizes, states: changed?.states, newSizes: changed?.newSizes, encodeGates });
  } catch (error) {
    assertCompiles(error);
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    throw new InvalidComponentError(
      `The component is invalid: a core module of it cannot be compiled: ${error.message}`,
      undefined,
      {
        cause: error,
      },
    );
  }
}
