import type { Declaration } from "../decode/definitions.ts";
import type { ComponentItem, CoreItem, FuncItem, InstanceItem, Item } from "./items.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import { TypeComparison } from "./same-type.ts";

/** Definitions and declarations with all that they list, counted as often as they are carried out. */
const MAX_STEPS = 1_000_000;
/** Instances in instances, and components in the components that instantiate them. */
export const MAX_DEPTH = 100;
/** Exports of an instance with all those of the instances among them. */
const MAX_EXPORTS = 100_000;

/** What the planning of one component shares with that of the components in it: comparisons, and the measure of its work. */
export class Planning {
  readonly comparison: TypeComparison = new TypeComparison();
  /** Of each instance or component type that has been read once, whether it refers to resource types from outside of it. */
  readonly resourceful: WeakMap<readonly Declaration[], boolean> = new WeakMap();
  readonly #sizes = new WeakMap<InstanceItem, Size>();
  readonly #depths = new WeakMap<FuncItem | CoreItem, number>();
  #steps = MAX_STEPS;

  /** Counts work: a binary of a few bytes can ask for 2 ** n of it. */
  spend(steps: number, offset: number): void {
    this.#steps -= 1 + steps;
    if (this.#steps < 0) {
      throw new InvalidComponentError(`the component needs more than ${MAX_STEPS} steps to be understood`, offset);
    }
  }

  /** A function is made of others, lifted or lowered; and those again, but not so often that whoever looks at it is lost. */
  nest(outer: FuncItem | CoreItem, inner: readonly (FuncItem | CoreItem | undefined)[], offset: number): void {
    const depth = 1 + Math.max(...inner.map((one) => (one && this.#depths.get(one)) ?? 0));
    if (depth > MAX_DEPTH) {
      throw new InvalidComponentError(`a function is lifted and lowered more than ${MAX_DEPTH} times`, offset);
    }
    this.#depths.set(outer, depth);
  }

  /** An instance, if it is not so large, nor so deep, that whoever looks at all of it is lost. */
  instance(exports: ReadonlyMap<string, Item>, offset: number): InstanceItem {
    const size = { depth: 1, exports: exports.size };
    for (const item of exports.values()) {
      const inner = item.sort === "instance" ? this.#sizes.get(item.instance) : undefined;
      if (!inner) continue;
      size.depth = Math.max(size.depth, inner.depth + 1);
      size.exports += inner.exports;
    }
    if (size.depth > MAX_DEPTH) {
      throw new InvalidComponentError(`instances are nested deeper than ${MAX_DEPTH}`, offset);
    }
    if (size.exports > MAX_EXPORTS) {
      throw new InvalidComponentError(`an instance has more than ${MAX_EXPORTS} exports`, offset);
    }
    const instance = { exports };
    this.#sizes.set(instance, size);
    return instance;
  }
}

interface Size {
  readonly depth: number;
  readonly exports: number;
}

/** What an instance of a component exports, without a plan for it. */
export type Instantiate = (component: ComponentItem, args: ReadonlyMap<string, Item>, offset: number) => InstanceItem;
