/** A component that is ready to be instantiated: its plan, its core modules, and what its instances share. */
import { GateModules, type EncodeGates } from "../wait/gate.ts";
import type { CoreItem, Item, ModuleItem, Plan, Trampoline } from "./plan/items.ts";
import type { StateNames } from "./renew/core-state.ts";
import type { SharedSizes } from "./renew/shared-sizes.ts";

/** A `WebAssembly.Module`: see RuntimeError in io/trap.ts for why it is not called so. */
export type CoreModule = object;

/** What it is made of. */
export interface CompiledParts {
  readonly plan: Plan;
  readonly modules: readonly CoreModule[];
  /** In bytes. */
  readonly sizes: readonly number[];
  /** See `Compiled.states`. */
  readonly states?: readonly StateNames[] | undefined;
  /** See `Compiled.newSizes`. */
  readonly newSizes?: (() => SharedSizes) | undefined;
  /** See `GateModules`. */
  readonly encodeGates?: EncodeGates | undefined;
}

export class Compiled {
  readonly plan: Plan;
  readonly modules: readonly CoreModule[];
  /** In bytes. */
  readonly sizes: readonly number[];
  readonly gates: GateModules;
  /** Whether component instances call each other in it. */
  readonly isComposed: boolean;
  /** Whether all that it imports has been found to be ours, and of our types. */
  isChecked = false;
  /** Those that nobody instantiates too. */
  readonly importedModules: readonly ModuleItem[];
  /** By which names instances of `modules` export what they change; missing if they do not. */
  readonly states: readonly StateNames[] | undefined;
  /** What an instance with `states` keeps of the sizes of its memories. */
  readonly newSizes: (() => SharedSizes) | undefined;
  readonly #trampolines: readonly (readonly number[])[];
  readonly #imported: readonly (readonly number[])[];

  constructor({ plan, modules, sizes, states, newSizes, encodeGates }: CompiledParts) {
    this.gates = new GateModules(encodeGates);
    this.states = states;
    this.newSizes = newSizes;
    this.plan = plan;
    this.modules = modules;
    this.sizes = sizes;
    this.isComposed = plan.instances.length > 1;
    this.#trampolines = trampolinesByStep(plan);
    this.#imported = this.#trampolines.map((_, step) =>
      this.#trampolines.slice(step + 1).flatMap((later) => later.filter((index) => isImported(plan, index))),
    );
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

  /** The numbers of those that lower what is imported, and are needed after this step only. None if some may be called as async. */
  importedAfter(step: number): readonly number[] {
    return this.#imported[step] ?? [];
  }
}

function isImported({ isAsync, trampolines }: Plan, index: number): boolean {
  const trampoline = trampolines[index];
  return !isAsync && trampoline?.is === "lower" && trampoline.func.is === "imported";
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
