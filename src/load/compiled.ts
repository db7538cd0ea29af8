/** A component that is ready to be instantiated: its plan, its core modules, and what its instances share. */
import { GateModules } from "../wait/gate.ts";
import { assertCompiles } from "../wait/module.ts";
import { moduleTypeOf } from "./core-module.ts";
import type { ModuleType } from "./core-types.ts";
import { loadAsyncs } from "./asyncs.ts";
import { decode } from "./decode.ts";
import { loadFusing, needsFusing } from "./fusing.ts";
import type { CoreItem, Item, ModuleItem, Plan, Trampoline } from "./items.ts";
import { planOf } from "./plan.ts";
import type { StateNames } from "./core-state.ts";
import { InvalidComponentError } from "./reader.ts";

/** A `WebAssembly.Module`: see RuntimeError in io/trap.ts for why it is not called so. */
export type CoreModule = object;

/** Bytes that are compiled at once where that is allowed: more, and the thread would stand still for long. */
const COMPILED_AT_ONCE = 64 * 1024;

/** For components that answer requests. */
export interface Served {
  /** What each memory may have. Missing: what the component says. */
  readonly maxMemoryBytes?: number | undefined;
}

export class Compiled {
  readonly plan: Plan;
  readonly modules: readonly CoreModule[];
  /** In bytes, where they are known. */
  readonly sizes: readonly number[];
  readonly gates: GateModules = new GateModules();
  /** Whether component instances call each other in it. */
  readonly isComposed: boolean;
  /** Whether all that it imports has been found to be ours, and of our types. */
  isChecked = false;
  /** Those that nobody instantiates too. */
  readonly importedModules: readonly ModuleItem[];
  /** By which names instances of `modules` export what they change; missing if they do not. */
  readonly states: readonly StateNames[] | undefined;
  readonly #trampolines: readonly (readonly number[])[];

  constructor(
    plan: Plan,
    modules: readonly CoreModule[],
    sizes: readonly number[] = [],
    states?: readonly StateNames[],
  ) {
    this.states = states;
    this.plan = plan;
    this.modules = modules;
    this.sizes = sizes;
    this.isComposed = plan.instances.length > 1;
    this.#trampolines = trampolinesByStep(plan);
    this.importedModules = importedModules(plan.imports);
  }

  /** By which names an instance of this module exports what it changes, if it does. */
  stateOf(module: ModuleItem): StateNames | undefined {
    return module.is === "own" ? this.states?.[module.index] : undefined;
  }

  /** The numbers of the trampolines that are needed from this step on, and not before; `steps.length` has the rest. */
  trampolinesOf(step: number): readonly number[] {
    return this.#trampolines[step] ?? [];
  }
}

const moduleTypes = new WeakMap<CoreModule, ModuleType>();

/** What a module of one of our components imports and exports, if we understand it. */
export function typeOfModule(module: CoreModule): ModuleType | undefined {
  return moduleTypes.get(module);
}

/**
 * @param served Given if instances are to be put back later to what they were when they were made: if that can be, the
 * result has `states`.
 * @throws {InvalidComponentError} If `bytes` are no component that makes sense. Nothing of it has run.
 */
export async function compileComponent(bytes: Uint8Array, served?: Served): Promise<Compiled> {
  // Parts of a Node Buffer cost more to make.
  const plan = planOf(decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)));
  if (needsFusing(plan)) await loadFusing();
  await loadAsyncs(plan);
  const changed = served && (await import("./visible-state.ts")).servedModules(plan, served);
  try {
    const modules = await Promise.all(
      (changed?.modules ?? plan.modules).map(async (module) =>
        module.length <= COMPILED_AT_ONCE ? new WebAssembly.Module(module) : WebAssembly.compile(module),
      ),
    );
    rememberTypes(plan, modules);
    return new Compiled(
      plan,
      modules,
      plan.modules.map(({ length }) => length),
      changed?.states,
    );
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

/**
 * What `compileComponent` would give.
 *
 * @param shell The component, as `shellOf` gives it.
 * @param modules Its core modules, in order.
 * @throws {InvalidComponentError} If they do not belong together.
 */
export async function compiledBefore(shell: Uint8Array, modules: readonly CoreModule[]): Promise<Compiled> {
  const plan = planOf(decode(shell));
  if (plan.modules.length !== modules.length) {
    throw new InvalidComponentError(
      `The component has ${plan.modules.length} core modules, and ${modules.length} of them were given`,
    );
  }
  if (needsFusing(plan)) await loadFusing();
  await loadAsyncs(plan);
  rememberTypes(plan, modules);
  return new Compiled(plan, modules);
}

function rememberTypes(plan: Plan, modules: readonly CoreModule[]): void {
  for (const [index, module] of modules.entries()) {
    const own = plan.modules[index];
    const type = own && moduleTypeOf(own);
    if (type) moduleTypes.set(module, type);
  }
}

/** Core modules that are imported, or in instances that are. */
function importedModules(items: ReadonlyMap<string, Item>): ModuleItem[] {
  return [...items.values()].flatMap((item) => {
    if (item.sort === "instance") return importedModules(item.instance.exports);
    return item.sort === "core module" ? [item.module] : [];
  });
}

/** Each trampoline is made when it is first needed: what it works on is there by then, and may not have been before. */
function trampolinesByStep({ steps, trampolines, exports, resources }: Plan): number[][] {
  const done = new Set<number>();
  const claim = (items: Iterable<CoreItem | undefined>): number[] => {
    const claimed: number[] = [];
    for (const item of items) {
      if (item?.is !== "trampoline" || done.has(item.index)) continue;
      done.add(item.index);
      const trampoline = trampolines[item.index];
      // What it calls may itself be one.
      for (const index of claim(trampoline ? calledBy(trampoline, resources) : [])) claimed.push(index);
      claimed.push(item.index);
    }
    return claimed;
  };
  const bySteps = steps.map(({ args }) =>
    claim(args.flatMap(([, instance]) => (instance.is === "bag" ? [...instance.exports.values()] : []))),
  );
  const destructors = resources.map(({ origin }) => (origin.is === "defined" ? origin.destructor : undefined));
  return [...bySteps, claim([...coresOf([...exports.values()]), ...destructors])];
}

/** The core functions that a trampoline calls. */
function calledBy(trampoline: Trampoline, resources: Plan["resources"]): (CoreItem | undefined)[] {
  if (trampoline.is === "lower" && trampoline.func.is === "lifted") {
    const { core, options } = trampoline.func;
    return [core, options.realloc, options.postReturn, options.callback];
  }
  if (trampoline.is !== "resource.drop") return [];
  const origin = resources[trampoline.resource.slot]?.origin;
  return origin?.is === "defined" ? [origin.destructor] : [];
}

/** The core functions of exported functions. */
function coresOf(items: readonly Item[]): (CoreItem | undefined)[] {
  return items.flatMap((item) => {
    if (item.sort === "instance") return coresOf([...item.instance.exports.values()]);
    if (item.sort !== "func" || item.func.is !== "lifted") return [];
    const { core, options } = item.func;
    return [core, options.realloc, options.postReturn, options.callback];
  });
}
