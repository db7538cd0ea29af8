/** Components whose instances can be put back to what they were when they were made. */
import { assertPositive } from "../../io/assert-shape.ts";
import { exposed, type Exposed, type StateNames } from "./core-state.ts";
import type { Served } from "../compile.ts";
import type { Item, Plan } from "../plan/items.ts";
import { withLimitedMemories } from "./memory-limit.ts";
import { SharedSizes } from "./shared-sizes.ts";

/** The core modules of a component as they are compiled, and what can be put back. */
export interface ServedModules {
  readonly modules: readonly Uint8Array[];
  /** Missing where an instance cannot be put back. */
  readonly states: readonly StateNames[] | undefined;
  /** See `Compiled.newSizes`. */
  readonly newSizes: (() => SharedSizes) | undefined;
}

/** @throws {RangeError | UnsupportedComponentError} See `withLimitedMemories`. */
export function servedModules(plan: Plan, { maxMemoryBytes: most }: Served): ServedModules {
  if (most !== undefined) assertPositive("maxMemoryBytes", most);
  const modules = most === undefined ? plan.modules : plan.modules.map((own) => withLimitedMemories(own, most));
  const visible = visibleModules(plan, modules);
  return {
    modules: visible?.map(({ bytes }) => bytes) ?? modules,
    states: visible?.map(({ names }) => names),
    newSizes: visible && (() => new SharedSizes()),
  };
}

/**
 * The core modules of a component, so changed that all their state is exported. `undefined` if there is state elsewhere:
 * in core modules that come from outside or are given away.
 */
function visibleModules(plan: Plan, own: readonly Uint8Array[]): readonly Exposed[] | undefined {
  if (plan.steps.some(({ module }) => module.is === "imported")) return undefined;
  if (hasModules(plan.imports) || hasModules(plan.exports)) return undefined;
  const modules: Exposed[] = [];
  for (const module of own) {
    const found = exposed(module);
    if (!found) return undefined;
    modules.push(found);
  }
  // Of a memory that one module grows by itself, and another too, nobody knows the size.
  if (modules.some(({ keepsOwnSize }) => keepsOwnSize) && modules.some(({ names }) => names.sized)) return undefined;
  // Tables are what they were filled with, then.
  if (modules.some(({ changesTables }) => changesTables)) return modules;
  return modules.map((module) => ({ ...module, names: { ...module.names, tables: [] } }));
}

function hasModules(items: ReadonlyMap<string, Item>): boolean {
  return [...items.values()].some((item) => {
    if (item.sort === "instance") return hasModules(item.instance.exports);
    return item.sort === "core module";
  });
}
