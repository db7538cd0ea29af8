/** One component instance on its way into the plan: its definitions, one after the other. */
import { quoted } from "../../io/quoted.ts";
import type { ResourceId } from "../../abi/types.ts";
import { CanonPlan } from "./canon-plan.ts";
import { addCoreTypes, assertFunc, assertGiven, coreExport } from "./core-scope.ts";
import type { Alias, CoreSort, Definition, SortIndex } from "../decode/definitions.ts";
import { checkedType, evaluateExtern, outerType, push } from "./extern.ts";
import type { CoreInstanceItem, CoreItem, InstanceItem, Item } from "./items.ts";
import { NamedItems } from "./members.ts";
import type { Planner } from "./plan.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import { at, type Scope } from "./scope.ts";
import { typeItem, type TypeItem } from "./type-scope.ts";
import { VisibleTypes } from "./visible-types.ts";

/** What a component that is being instantiated is given: nothing, for the outermost. */
export type Args = ReadonlyMap<string, Item> | undefined;

export class ComponentPlan {
  readonly #planner: Planner;
  readonly #scope: Scope;
  readonly #args: Args;
  readonly #instance: number;
  readonly #canon: CanonPlan;
  /** Resource types that it defines itself. */
  readonly #local = new Set<ResourceId>();
  readonly #imports = new NamedItems("import");
  readonly #exports = new NamedItems("export");
  /** Looked at once for each component: not again for each of its instances. */
  readonly #visible: VisibleTypes | undefined;

  constructor(planner: Planner, scope: Scope, args: Args, instance: number) {
    this.#planner = planner;
    this.#scope = scope;
    this.#args = args;
    this.#instance = instance;
    this.#canon = new CanonPlan(planner, scope, instance, this.#local);
    this.#visible = args ? undefined : new VisibleTypes(scope.planning);
  }

  get exports(): ReadonlyMap<string, Item> {
    return this.#exports.items;
  }

  define(definition: Definition): void {
    const scope = this.#scope;
    const { offset } = definition;
    scope.planning.spend(0, offset);
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
        addCoreTypes(definition.type, scope, offset);
        return;
      case "component":
        this.#planner.check(definition.definitions, scope);
        scope.components.push({ is: "own", definitions: definition.definitions, scope });
        return;
      case "instantiate":
        scope.instances.push(this.#instantiate(definition));
        return;
      case "exports":
        scope.instances.push(scope.planning.instance(this.#namedBag(definition.exports, offset), offset));
        return;
      case "alias":
      case "core alias":
      case "outer alias":
        return this.#alias(definition, offset);
      case "type":
        scope.types.push(this.#type(definition));
        return;
      case "canon":
        return this.#canon.define(definition.canon, offset);
      case "import":
        return this.#import(definition);
      case "export":
        return this.#export(definition);
    }
  }

  #type({ type, offset }: Definition & { readonly kind: "type" }): TypeItem {
    const scope = this.#scope;
    if (type.kind !== "resource") {
      return checkedType(typeItem(type, scope, offset), scope, this.#planner.givenHost, offset);
    }
    const destructor = type.destructor === undefined ? undefined : scope.core("core func", type.destructor, offset);
    assertFunc(destructor, { params: ["i32"], results: [] }, "the destructor of a resource type", offset);
    const id = this.#planner.resource("", { is: "defined", instance: this.#instance, destructor });
    this.#local.add(id);
    return { is: "resource", id };
  }

  #coreInstantiate(definition: Definition & { readonly kind: "core instantiate" }): CoreInstanceItem {
    const { offset } = definition;
    const module = at(this.#scope.modules, definition.module, "core module", offset);
    const args = definition.args.map(
      ([name, index]) => [name, at(this.#scope.coreInstances, index, "core instance", offset)] as const,
    );
    const byName = new Map(args);
    if (byName.size < args.length) {
      throw new InvalidComponentError("an argument of a core instance is given twice", offset);
    }
    for (const [, arg] of args) this.#scope.planning.spend(arg.is === "bag" ? arg.exports.size : 1, offset);
    if (module.type) assertGiven(module.type, byName, offset);
    const index = this.#planner.step({ module, args, instance: this.#instance, offset });
    return { is: "instantiated", index, module };
  }

  #coreBag(
    exports: readonly (readonly [string, SortIndex & { readonly sort: CoreSort }])[],
    offset: number,
  ): ReadonlyMap<string, CoreItem> {
    const items = new Map<string, CoreItem>();
    this.#scope.planning.spend(exports.length, offset);
    for (const [name, { sort, index }] of exports) {
      if (!isCoreItemSort(sort)) throw new InvalidComponentError(`a core instance exports no ${sort}`, offset);
      if (items.has(name)) throw new InvalidComponentError(`the core export ${quoted(name)} is given twice`, offset);
      items.set(name, this.#scope.core(sort, index, offset));
    }
    return items;
  }

  #instantiate(definition: Definition & { readonly kind: "instantiate" }): InstanceItem {
    const { offset, args } = definition;
    const component = at(this.#scope.components, definition.component, "component", offset);
    const given = new Map<string, Item>();
    this.#scope.planning.spend(args.length, offset);
    for (const [name, of] of args) {
      if (given.has(name)) throw new InvalidComponentError(`${quoted(name)} is given twice`, offset);
      given.set(name, this.#item(of, offset));
    }
    return this.#planner.instantiate(component, given, this.#instance, offset);
  }

  /** Names for what there is, as an instance. */
  #namedBag(items: readonly (readonly [string, SortIndex])[], offset: number): ReadonlyMap<string, Item> {
    const bag = new NamedItems("export");
    this.#scope.planning.spend(items.length, offset);
    for (const [name, of] of items) bag.add(name, this.#item(of, offset), offset);
    return bag.items;
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

  #alias(alias: Alias, offset: number): void {
    const scope = this.#scope;
    switch (alias.kind) {
      case "core alias": {
        const { sort, name } = alias;
        if (!isCoreItemSort(sort)) throw new InvalidComponentError(`a core instance exports no ${sort}`, offset);
        const instance = at(scope.coreInstances, alias.instance, "core instance", offset);
        scope.coreItems[sort].push(coreExport(instance, sort, name, offset));
        return;
      }
      case "alias": {
        const { exports } = at(scope.instances, alias.instance, "instance", offset);
        const item = exports.get(alias.name);
        if (item?.sort !== alias.sort) {
          const got = item
            ? `it is a ${item.sort}`
            : `it exports ${[...exports.keys()].slice(0, 20).join(", ") || "nothing"}`;
          throw new InvalidComponentError(`an instance exports no ${alias.sort} ${quoted(alias.name)}: ${got}`, offset);
        }
        return push(scope, item);
      }
      case "outer alias":
        return this.#outerAlias(alias, offset);
    }
  }

  #outerAlias({ sort, count, index }: Alias & { readonly kind: "outer alias" }, offset: number): void {
    const scope = this.#scope;
    const outer = scope.outer(count, offset);
    switch (sort) {
      case "type":
        scope.types.push(outerType(scope, count, index, offset));
        return;
      case "component":
        scope.components.push(at(outer.components, index, sort, offset));
        return;
      case "core module":
        scope.modules.push(at(outer.modules, index, sort, offset));
        return;
      case "core type":
        scope.coreTypes.push(at(outer.coreTypes, index, sort, offset));
        return;
      default:
        throw new InvalidComponentError(`a ${sort} of an outer component cannot be used`, offset);
    }
  }

  #import({ name, extern, offset }: Definition & { readonly kind: "import" }): void {
    const item = this.#args
      ? evaluateExtern(
          extern,
          this.#scope,
          this.#given(name, this.#args, offset),
          name,
          this.#planner.givenHost,
          offset,
        )
      : this.#planner.import(name, extern, this.#scope, offset);
    this.#imports.add(name, item, offset);
    this.#visible?.add("import", name, item, offset);
    push(this.#scope, item);
  }

  #given(name: string, args: ReadonlyMap<string, Item>, offset: number): Item {
    const given = args.get(name);
    if (given) return given;
    throw new InvalidComponentError(`a component is instantiated without its import ${quoted(name)}`, offset);
  }

  #export({ name, of, extern, offset }: Definition & { readonly kind: "export" }): void {
    const given = this.#item(of, offset);
    const item = extern ? evaluateExtern(extern, this.#scope, given, name, this.#planner.givenHost, offset) : given;
    // The first name that a resource type of ours is known by outside is its name in messages.
    nameResource(item, name);
    this.#exports.add(name, item, offset);
    this.#visible?.add("export", name, item, offset);
    push(this.#scope, item);
  }
}

function nameResource(item: Item, name: string): void {
  if (item.sort !== "type" || item.type.is !== "resource" || item.type.id.name !== "") return;
  // Ours alone until the plan is done.
  (item.type.id as { name: string }).name = name;
}

function isCoreItemSort(sort: CoreSort): sort is CoreItem["sort"] {
  return sort !== "core type" && sort !== "core module" && sort !== "core instance";
}
