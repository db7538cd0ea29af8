/** From definitions to a plan: every name and index is looked up, and types are compared where things meet. */
import { quoted } from "../../io/quoted.ts";
import type { ResourceId } from "../../abi/types.ts";
import { ComponentPlan, type Args } from "./component-plan.ts";
import { assertImportsDiffer } from "./core-scope.ts";
import type { CoreExternType } from "../decode/core-types.ts";
import { moduleTypeOf } from "../decode/core-module.ts";
import type { Definition, RawExtern } from "../decode/definitions.ts";
import { abstractResource, instanceOfDeclared, itemOfExtern, type ExternHost } from "./extern.ts";
import type {
  ComponentItem,
  CoreItem,
  InstanceItem,
  Item,
  ModuleItem,
  Plan,
  PlannedResource,
  ResourceOrigin,
  Step,
  Trampoline,
} from "./items.ts";
import { MAX_DEPTH, type Instantiate } from "./planning.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import { Scope } from "./scope.ts";

/** Component instances in one component, and core instances: a binary of a few bytes can ask for 2 ** n of them. */
const MAX_INSTANCES = 1000;
/** Bytes of core modules for each instance but the first: what a module is made of (data, globals) is made each time. */
const MAX_AGAIN = 256 * 1024 * 1024;
/** Pages of memory and entries of tables with which all core instances begin: the latter lie in the engine's heap. */
const MAX_INITIAL = 2 ** 21;

/** @throws {InvalidComponentError} If the definitions make no sense. */
export function planOf(definitions: readonly Definition[]): Plan {
  return new Planner(0).plan(definitions);
}

/** The plan of one component, and of all in it. */
export class Planner {
  readonly #imports = new Map<string, Item>();
  readonly #steps: Step[] = [];
  readonly #modules: Uint8Array[] = [];
  readonly #instantiated = new Set<Uint8Array>();
  #bytesAgain = 0;
  #initial = 0;
  readonly #moduleItems = new Map<Definition, ModuleItem>();
  readonly #trampolines: Trampoline[] = [];
  readonly #resources: PlannedResource[] = [];
  readonly #instances: (number | undefined)[] = [];
  /** Components that make sense. */
  readonly #checked = new Set<readonly Definition[]>();
  #depth: number;
  #unsupported: string | undefined;
  #isAsync = false;
  #hasOtherTexts = false;

  /** @param depth In how many components it is. */
  constructor(depth: number) {
    this.#depth = depth;
  }

  plan(definitions: readonly Definition[]): Plan {
    const { exports } = this.#component(definitions, new Scope(undefined, true), undefined, undefined);
    return {
      imports: this.#imports,
      exports,
      steps: this.#steps,
      modules: this.#modules,
      trampolines: this.#trampolines,
      resources: this.#resources,
      instances: this.#instances,
      isAsync: this.#isAsync,
      hasOtherTexts: this.#hasOtherTexts,
      unsupported: this.#unsupported,
    };
  }

  #component(definitions: readonly Definition[], scope: Scope, args: Args, parent: number | undefined): InstanceItem {
    if (this.#instances.length >= MAX_INSTANCES) {
      throw new InvalidComponentError(`the component makes more than ${MAX_INSTANCES} instances of components`);
    }
    if (++this.#depth > MAX_DEPTH) {
      throw new InvalidComponentError(`components instantiate each other, deeper than ${MAX_DEPTH}`);
    }
    const instance = this.#instances.push(parent) - 1;
    const component = new ComponentPlan(this, scope, args, instance);
    for (const definition of definitions) component.define(definition);
    this.#depth--;
    return scope.planning.instance(component.exports, 0);
  }

  instantiate(component: ComponentItem, args: ReadonlyMap<string, Item>, parent: number, offset: number): InstanceItem {
    if (component.is === "own") {
      return this.#component(component.definitions, new Scope(component.scope, true), args, parent);
    }
    this.refuse("the import of a component");
    return instanceOfDeclared(component, args, this.#host(), offset);
  }

  /** Has a component make sense by itself, whoever instantiates it: once, where it is defined. */
  check(definitions: readonly Definition[], around: Scope): void {
    if (this.#checked.has(definitions)) return;
    this.#checked.add(definitions);
    const inner = this.#inner();
    inner.#component(definitions, new Scope(around, true), undefined, undefined);
  }

  /** What an instance of a component exports; nothing is planned. */
  readonly #tryOut: Instantiate = (component, args, offset) => this.#inner().instantiate(component, args, 0, offset);

  /** Plans what will not be carried out. */
  #inner(): Planner {
    return new Planner(this.#depth);
  }

  #host(): ExternHost {
    return { fresh: abstractResource, instantiate: this.#tryOut };
  }

  /** For what is given: it decides every resource type, so that there are no new ones. */
  readonly givenHost: ExternHost = {
    fresh: (name) => {
      throw new InvalidComponentError(`${quoted(name)} is not given`);
    },
    instantiate: this.#tryOut,
  };

  /** What nobody inside gives: an import of the outermost component. */
  import(name: string, extern: RawExtern, scope: Scope, offset: number): Item {
    const host: ExternHost = {
      fresh: (of, path) => this.resource(of, { is: "imported", path }),
      instantiate: this.#tryOut,
    };
    const item = itemOfExtern(extern, scope, name, host, offset);
    if (item.sort === "component") this.refuse("the import of a component");
    this.#imports.set(name, item);
    return item;
  }

  resource(name: string, origin: ResourceOrigin): ResourceId {
    const id: ResourceId = { name, slot: this.#resources.length };
    this.#resources.push({ id, origin });
    return id;
  }

  module(definition: Definition & { readonly kind: "core module" }): ModuleItem {
    let item = this.#moduleItems.get(definition);
    if (!item) {
      const { bytes, offset } = definition;
      const type = moduleTypeOf(bytes);
      if (type) assertImportsDiffer(type.imports, offset);
      item = { is: "own", index: this.#modules.push(bytes) - 1, type };
      this.#moduleItems.set(definition, item);
    }
    return item;
  }

  step(step: Step): number {
    if (this.#steps.length >= MAX_INSTANCES) {
      throw new InvalidComponentError(`the component makes more than ${MAX_INSTANCES} core instances`, step.offset);
    }
    const bytes = step.module.is === "own" ? this.#modules[step.module.index] : undefined;
    if (bytes && this.#instantiated.has(bytes) && (this.#bytesAgain += bytes.length) > MAX_AGAIN) {
      throw new InvalidComponentError(
        "the component makes too many instances of modules as large as these",
        step.offset,
      );
    }
    if (bytes) this.#instantiated.add(bytes);
    if ((this.#initial += step.module.type?.initial ?? 0) > MAX_INITIAL) {
      throw new InvalidComponentError(
        `its core instances begin with more than ${MAX_INITIAL} pages of memory and entries of tables together`,
        step.offset,
      );
    }
    return this.#steps.push(step) - 1;
  }

  trampoline(trampoline: Trampoline, type: CoreExternType | undefined): CoreItem {
    if (trampoline.is === "unsupported") this.refuse(trampoline.what);
    return { is: "trampoline", sort: "core func", index: this.#trampolines.push(trampoline) - 1, type };
  }

  /** It uses the asynchronous ABI. */
  usesAsync(): void {
    this.#isAsync = true;
  }

  /** It has text in another encoding than UTF-8. */
  hasOtherTexts(): void {
    this.#hasOtherTexts = true;
  }

  refuse(what: string): void {
    this.#unsupported ??= what;
  }
}
