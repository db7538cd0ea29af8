/** From definitions to a plan: every name and index is looked up, and types are compared where things meet. */
import { signatureOf } from "../abi/layout.ts";
import type { FuncType, ResourceId, ValType } from "../abi/types.ts";
import type { Alias, CanonOptions, Canon, CoreSort, Definition, RawExtern, SortIndex } from "./definitions.ts";
import { evaluateExtern, itemOfExtern, type FreshResource } from "./extern.ts";
import type {
  CoreInstanceItem,
  CoreItem,
  FuncItem,
  InstanceItem,
  Item,
  ModuleItem,
  Options,
  Plan,
  PlannedResource,
  ResourceOrigin,
  Step,
  Trampoline,
} from "./items.ts";
import { memberOf, uniqueForm } from "../abi/names.ts";
import { InvalidComponentError } from "./reader.ts";
import { at, Scope } from "./scope.ts";
import { mentions, partsOf, typeItem, type TypeItem } from "./type-scope.ts";

/** Component instances in one component: a binary of a few bytes can ask for 2 ** n of them. */
const MAX_INSTANCES = 10_000;
/** Definitions, counted as often as they are carried out. */
const MAX_DEFINITIONS = 1_000_000;

/** @throws {InvalidComponentError} If the definitions make no sense. */
export function planOf(definitions: readonly Definition[]): Plan {
  return new Planner().plan(definitions);
}

/** What a component that is being instantiated is given: nothing, for the outermost. */
type Args = ReadonlyMap<string, Item> | undefined;

class Planner {
  readonly #imports = new Map<string, Item>();
  readonly #steps: Step[] = [];
  readonly #modules: Uint8Array[] = [];
  readonly #moduleItems = new Map<Definition, ModuleItem>();
  readonly #trampolines: Trampoline[] = [];
  readonly #resources: PlannedResource[] = [];
  readonly #instances: (number | undefined)[] = [];
  #definitions = 0;
  #unsupported: string | undefined;

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
      unsupported: this.#unsupported,
    };
  }

  #component(definitions: readonly Definition[], scope: Scope, args: Args, parent: number | undefined): InstanceItem {
    if (this.#instances.length >= MAX_INSTANCES) {
      throw new InvalidComponentError(`the component makes more than ${MAX_INSTANCES} instances of components`);
    }
    const instance = this.#instances.push(parent) - 1;
    const component = new ComponentPlan(this, scope, args, instance);
    for (const definition of definitions) {
      if (++this.#definitions > MAX_DEFINITIONS) {
        throw new InvalidComponentError(`the component has more than ${MAX_DEFINITIONS} definitions`);
      }
      component.define(definition);
    }
    return { exports: component.exports };
  }

  instantiate(definitions: readonly Definition[], around: Scope, args: Args, parent: number): InstanceItem {
    return this.#component(definitions, new Scope(around, true), args, parent);
  }

  /** What nobody inside gives: an import of the outermost component. */
  import(name: string, extern: RawExtern, scope: Scope, offset: number): Item {
    const item = itemOfExtern(extern, scope, [name], (of, path) => this.resource(of, { is: "imported", path }), offset);
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
      item = { is: "own", index: this.#modules.push(definition.bytes) - 1 };
      this.#moduleItems.set(definition, item);
    }
    return item;
  }

  step(step: Step): number {
    return this.#steps.push(step) - 1;
  }

  trampoline(trampoline: Trampoline): CoreItem {
    if (trampoline.is === "unsupported") this.#unsupported ??= trampoline.what;
    return { is: "trampoline", sort: "core func", index: this.#trampolines.push(trampoline) - 1 };
  }

  refuse(what: string): void {
    this.#unsupported ??= what;
  }
}

/** One component instance on its way. */
class ComponentPlan {
  readonly #planner: Planner;
  readonly #scope: Scope;
  readonly #args: Args;
  readonly #instance: number;
  readonly #importNames = new Set<string>();
  readonly #exportNames = new Set<string>();
  readonly exports = new Map<string, Item>();

  constructor(planner: Planner, scope: Scope, args: Args, instance: number) {
    this.#planner = planner;
    this.#scope = scope;
    this.#args = args;
    this.#instance = instance;
  }

  define(definition: Definition): void {
    const scope = this.#scope;
    const { offset } = definition;
    switch (definition.kind) {
      case "core module":
        scope.modules.push(this.#planner.module(definition));
        return;
      case "core instantiate":
        scope.coreInstances.push(this.#coreInstantiate(definition));
        return;
      case "core exports":
        scope.coreInstances.push({ is: "bag", exports: this.#coreBag(definition.exports, offset) });
        return;
      case "core type":
        scope.coreTypes.push(definition.type);
        return;
      case "component":
        scope.components.push({ definitions: definition.definitions, scope });
        return;
      case "instantiate":
        scope.instances.push(this.#instantiate(definition));
        return;
      case "exports":
        scope.instances.push({ exports: this.#bag(definition.exports, offset) });
        return;
      case "alias":
      case "core alias":
      case "outer alias":
        return this.#alias(definition, offset);
      case "type":
        scope.types.push(this.#type(definition));
        return;
      case "canon":
        return this.#canon(definition.canon, offset);
      case "import":
        return this.#import(definition);
      case "export":
        return this.#export(definition);
    }
  }

  #type({ type, offset }: Definition & { readonly kind: "type" }): TypeItem {
    if (type.kind !== "resource") return typeItem(type, this.#scope, offset);
    const destructor =
      type.destructor === undefined ? undefined : this.#scope.core("core func", type.destructor, offset);
    return {
      is: "resource",
      id: this.#planner.resource("", { is: "defined", instance: this.#instance, destructor }),
    };
  }

  #coreInstantiate(definition: Definition & { readonly kind: "core instantiate" }): CoreInstanceItem {
    const { offset } = definition;
    const module = at(this.#scope.modules, definition.module, "core module", offset);
    const args = definition.args.map(
      ([name, index]) => [name, at(this.#scope.coreInstances, index, "core instance", offset)] as const,
    );
    if (new Set(args.map(([name]) => name)).size < args.length) {
      throw new InvalidComponentError("an argument of a core instance is given twice", offset);
    }
    const index = this.#planner.step({ module, args, instance: this.#instance, offset });
    return { is: "instantiated", index, module };
  }

  #coreBag(
    exports: readonly (readonly [string, SortIndex & { readonly sort: CoreSort }])[],
    offset: number,
  ): ReadonlyMap<string, CoreItem> {
    const items = new Map<string, CoreItem>();
    for (const [name, { sort, index }] of exports) {
      if (!isCoreItemSort(sort)) throw new InvalidComponentError(`a core instance exports no ${sort}`, offset);
      if (items.has(name))
        throw new InvalidComponentError(`the core export ${JSON.stringify(name)} is given twice`, offset);
      items.set(name, this.#scope.core(sort, index, offset));
    }
    return items;
  }

  #instantiate(definition: Definition & { readonly kind: "instantiate" }): InstanceItem {
    const { offset } = definition;
    const { definitions, scope } = at(this.#scope.components, definition.component, "component", offset);
    return this.#planner.instantiate(definitions, scope, this.#bag(definition.args, offset), this.#instance);
  }

  #bag(items: readonly (readonly [string, SortIndex])[], offset: number): ReadonlyMap<string, Item> {
    const bag = new Map<string, Item>();
    for (const [name, of] of items) {
      if (bag.has(name)) throw new InvalidComponentError(`${JSON.stringify(name)} is given twice`, offset);
      bag.set(name, this.#item(of, offset));
    }
    return bag;
  }

  #item({ sort, index }: SortIndex, offset: number): Item {
    const scope = this.#scope;
    switch (sort) {
      case "func":
        return { sort, func: at(scope.funcs, index, sort, offset) };
      case "type":
        return { sort, type: scope.type(index, offset) };
      case "instance":
        return { sort, instance: at(scope.instances, index, sort, offset) };
      case "component":
        return { sort, component: at(scope.components, index, sort, offset) };
      case "core module":
        return { sort, module: at(scope.modules, index, sort, offset) };
      default:
        throw new InvalidComponentError(`a ${sort} has no name in the component model`, offset);
    }
  }

  #push(item: Item): void {
    const scope = this.#scope;
    switch (item.sort) {
      case "func":
        scope.funcs.push(item.func);
        return;
      case "type":
        scope.types.push(item.type);
        return;
      case "instance":
        scope.instances.push(item.instance);
        return;
      case "component":
        scope.components.push(item.component);
        return;
      case "core module":
        scope.modules.push(item.module);
        return;
    }
  }

  #alias(alias: Alias, offset: number): void {
    const scope = this.#scope;
    if (alias.kind === "core alias") {
      const instance = at(scope.coreInstances, alias.instance, "core instance", offset);
      const item = coreExport(instance, alias.sort, alias.name, offset);
      scope.coreItems[item.sort].push(item);
      return;
    }
    if (alias.kind === "alias") {
      const { exports } = at(scope.instances, alias.instance, "instance", offset);
      const item = exports.get(alias.name);
      if (!item || item.sort !== alias.sort) {
        const got = item ? `a ${item.sort}` : `among ${[...exports.keys()].join(", ") || "nothing"}`;
        throw new InvalidComponentError(
          `an instance exports no ${alias.sort} ${JSON.stringify(alias.name)}: ${got}`,
          offset,
        );
      }
      this.#push(item);
      return;
    }
    this.#outerAlias(alias, offset);
  }

  #outerAlias({ sort, count, index }: Alias & { readonly kind: "outer alias" }, offset: number): void {
    const outer = this.#scope.outer(count, offset);
    switch (sort) {
      case "type": {
        const item = outer.type(index, offset);
        if (this.#scope.leavesComponent(count) && mentionsResource(item)) {
          throw new InvalidComponentError("a resource type of a component is used in another that is within", offset);
        }
        this.#scope.types.push(item);
        return;
      }
      case "component":
        this.#scope.components.push(at(outer.components, index, sort, offset));
        return;
      case "core module":
        this.#scope.modules.push(at(outer.modules, index, sort, offset));
        return;
      case "core type":
        this.#scope.coreTypes.push(at(outer.coreTypes, index, sort, offset));
        return;
      default:
        throw new InvalidComponentError(`a ${sort} of an outer component cannot be used`, offset);
    }
  }

  #canon(canon: Canon, offset: number): void {
    const scope = this.#scope;
    switch (canon.kind) {
      case "lift":
        scope.funcs.push(this.#lift(canon, offset));
        return;
      case "lower":
        scope.coreItems["core func"].push(this.#lower(canon, offset));
        return;
      case "async builtin":
        scope.coreItems["core func"].push(
          this.#planner.trampoline({ is: "unsupported", what: `${canon.name} of the asynchronous ABI (WASI 0.3)` }),
        );
        return;
      default: {
        const resource = scope.resource(canon.type, offset);
        scope.coreItems["core func"].push(
          this.#planner.trampoline({ is: canon.kind, resource, instance: this.#instance }),
        );
      }
    }
  }

  #lift(canon: Canon & { readonly kind: "lift" }, offset: number): FuncItem {
    const item = this.#scope.type(canon.type, offset);
    if (item.is !== "func") throw new InvalidComponentError(`type ${canon.type} is no function type`, offset);
    const options = this.#options(canon.options, offset);
    this.#assertSupported(item.type, canon.options, "lifted");
    if (!canon.options.async) assertNeeds(item.type, options, "lift", offset);
    const core = this.#scope.core("core func", canon.func, offset);
    return { is: "lifted", type: item.type, core, options, instance: this.#instance };
  }

  #lower(canon: Canon & { readonly kind: "lower" }, offset: number): CoreItem {
    const func = at(this.#scope.funcs, canon.func, "func", offset);
    const options = this.#options(canon.options, offset);
    if (options.postReturn) throw new InvalidComponentError("a lowered function has no post-return", offset);
    this.#assertSupported(func.type, canon.options, "lowered");
    if (!canon.options.async) assertNeeds(func.type, options, "lower", offset);
    return this.#planner.trampoline({ is: "lower", func, options, instance: this.#instance });
  }

  #assertSupported(type: FuncType, options: CanonOptions, how: string): void {
    if (options.async || options.callback !== undefined || type.async) {
      this.#planner.refuse(`an async function that is ${how} (WASI 0.3)`);
    }
    const values = [...type.params.map((param) => param.type), ...(type.result ? [type.result] : [])];
    for (const kind of ["stream", "future", "error-context"] as const) {
      if (values.some((value) => mentions(value, kind))) this.#planner.refuse(`values of type ${kind} (WASI 0.3)`);
    }
  }

  #options({ encoding, memory, realloc, postReturn }: CanonOptions, offset: number): Options {
    const core = (sort: CoreItem["sort"], index: number | undefined): CoreItem | undefined =>
      index === undefined ? undefined : this.#scope.core(sort, index, offset);
    return {
      encoding,
      memory: core("core memory", memory),
      realloc: core("core func", realloc),
      postReturn: core("core func", postReturn),
    };
  }

  #import({ name, extern, offset }: Definition & { readonly kind: "import" }): void {
    claim(this.#importNames, name, "import", offset);
    if (!this.#args) {
      this.#push(this.#planner.import(name, extern, this.#scope, offset));
      return;
    }
    const given = this.#args.get(name);
    if (!given)
      throw new InvalidComponentError(`a component is instantiated without its import ${JSON.stringify(name)}`, offset);
    this.#push(evaluateExtern(extern, this.#scope, given, name, noFresh, offset));
  }

  #export({ name, of, extern, offset }: Definition & { readonly kind: "export" }): void {
    claim(this.#exportNames, name, "export", offset);
    const given = this.#item(of, offset);
    assertMember(name, given, this.exports, offset);
    const item = extern ? evaluateExtern(extern, this.#scope, given, name, noFresh, offset) : given;
    // The first name that a resource type of ours is known by outside is its name in messages.
    nameResource(item, name);
    this.exports.set(name, item);
    this.#push(item);
  }
}

function nameResource(item: Item, name: string): void {
  if (item.sort !== "type" || item.type.is !== "resource" || item.type.id.name !== "") return;
  // Ours alone until the plan is done.
  (item.type.id as { name: string }).name = name;
}

/** What is given decides every resource type: there are no new ones. */
const noFresh: FreshResource = (name) => {
  throw new InvalidComponentError(`${JSON.stringify(name)} is not given`);
};

function isCoreItemSort(sort: CoreSort): sort is CoreItem["sort"] {
  return sort !== "core type" && sort !== "core module" && sort !== "core instance";
}

function coreExport(instance: CoreInstanceItem, sort: CoreSort, name: string, offset: number): CoreItem {
  if (!isCoreItemSort(sort)) throw new InvalidComponentError(`a core instance exports no ${sort}`, offset);
  if (instance.is === "instantiated") return { is: "export", sort, instance, name, offset };
  const item = instance.exports.get(name);
  if (item?.sort !== sort) {
    throw new InvalidComponentError(`a core instance exports no ${sort} ${JSON.stringify(name)}`, offset);
  }
  return item;
}

function claim(names: Set<string>, name: string, what: string, offset: number): void {
  // `[constructor]a` and `a` may stand beside each other.
  const form = uniqueForm(name);
  if (names.has(form)) throw new InvalidComponentError(`the ${what} ${JSON.stringify(name)} is there twice`, offset);
  names.add(form);
}

/** What is named like a method is a function of that resource, which is exported before. */
function assertMember(name: string, item: Item, siblings: ReadonlyMap<string, Item>, offset: number): void {
  const member = memberOf(name);
  if (!member) return;
  const resource = siblings.get(member.resource);
  if (item.sort !== "func" || resource?.sort !== "type" || resource.type.is !== "resource") {
    throw new InvalidComponentError(
      `${JSON.stringify(name)} is no function of a resource type that is exported before it`,
      offset,
    );
  }
  if (member.form === "method") {
    const self = item.func.type.params[0]?.type;
    if (self?.kind !== "borrow" || self.resource !== resource.type.id) {
      throw new InvalidComponentError(
        `the first parameter of ${JSON.stringify(name)} does not borrow its resource`,
        offset,
      );
    }
  }
}

function mentionsResource(item: TypeItem): boolean {
  switch (item.is) {
    case "resource":
      return true;
    case "value":
      return mentions(item.type, "own", "borrow");
    case "func":
      return valuesOf(item.type).some((type) => mentions(type, "own", "borrow"));
    default:
      // Their resource types are their own, or those of the scope that they were declared in.
      return false;
  }
}

function valuesOf(type: FuncType): ValType[] {
  return [...type.params.map((param) => param.type), ...(type.result ? [type.result] : [])];
}

/** @throws {InvalidComponentError} If values of the type need a memory or an allocator that is not given. */
function assertNeeds(type: FuncType, options: Options, side: "lift" | "lower", offset: number): void {
  const signature = signatureOf(type, side);
  const params = type.params.some((param) => isPointed(param.type));
  const results = type.result !== undefined && isPointed(type.result);
  const memory = params || results || signature.spilled || signature.stored;
  if (memory && !options.memory) throw new InvalidComponentError("the canonical option memory is missing", offset);
  const allocates = side === "lift" ? params || signature.spilled : results;
  if (allocates && !options.realloc) throw new InvalidComponentError("the canonical option realloc is missing", offset);
}

/** Whether some part of a value lies behind a pointer. */
function isPointed(type: ValType): boolean {
  const seen = new Set<ValType>();
  function visit(part: ValType): boolean {
    if (seen.has(part)) return false;
    seen.add(part);
    if (part.kind === "string" || part.kind === "map" || (part.kind === "list" && part.length === undefined))
      return true;
    return partsOf(part).some(visit);
  }
  return visit(type);
}
