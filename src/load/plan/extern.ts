/** What an import or export is declared to be, held against what it is; or, where nothing is there yet, taken at its word. */
import { quoted } from "../../io/quoted.ts";
import type { ResourceId } from "../../abi/types.ts";
import { moduleMismatch } from "../decode/core-types.ts";
import { addCoreTypes } from "./core-scope.ts";
import type { Declaration, RawExtern } from "../decode/definitions.ts";
import type { ComponentItem, FuncItem, ImportPath, InstanceItem, Item } from "./items.ts";
import { NamedItems } from "./members.ts";
import { MAX_DEPTH, type Instantiate } from "./planning.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import { at, Scope } from "./scope.ts";
import { mentions } from "../../abi/type-facts.ts";
import { typeItem, type TypeItem } from "./type-scope.ts";
import { VisibleTypes } from "./visible-types.ts";

/** What is needed of whoever evaluates. */
export interface ExternHost {
  /** Makes a resource type that is not known yet. */
  readonly fresh: (name: string, path: ImportPath) => ResourceId;
  readonly instantiate: Instantiate;
}

/** A resource type of which nothing is made, where types are only compared. */
export const abstractResource: ExternHost["fresh"] = (name) => ({ name, slot: -1 });

/** What `extern` says, from outside: each function is imported by its path, each resource type is new. */
export function itemOfExtern(extern: RawExtern, scope: Scope, name: string, host: ExternHost, offset: number): Item {
  return evaluate(extern, scope, { path: [name], host, given: undefined }, offset);
}

/**
 * `given` as far as `extern` says: what it has beyond that is not seen.
 *
 * @throws {InvalidComponentError} If it is something else.
 */
export function evaluateExtern(
  extern: RawExtern,
  scope: Scope,
  given: Item,
  name: string,
  host: ExternHost,
  offset: number,
): Item {
  return evaluate(extern, scope, { path: [name], host, given }, offset);
}

/** An instance of a component of which only the type is known. */
export function instanceOfDeclared(
  { declarations, scope }: ComponentItem & { readonly is: "declared" },
  args: ReadonlyMap<string, Item>,
  host: ExternHost,
  offset: number,
): InstanceItem {
  const { exports } = evaluateAll(declarations, scope, { path: ["component"], host, given: undefined, args }, offset);
  return scope.planning.instance(exports, offset);
}

interface Guide {
  readonly path: ImportPath;
  readonly host: ExternHost;
  readonly given: Item | undefined;
}

function evaluate(extern: RawExtern, scope: Scope, guide: Guide, offset: number): Item {
  const { given, path } = guide;
  scope.planning.spend(1, offset);
  if (path.length > MAX_DEPTH) throw new InvalidComponentError(`types are nested deeper than ${MAX_DEPTH}`, offset);
  if (given && given.sort !== extern.sort) mismatch(path, `it is a ${given.sort}, not a ${extern.sort}`, offset);
  switch (extern.sort) {
    case "type":
      return { sort: "type", type: typeBound(extern.equals, scope, guide, offset) };
    case "func":
      return { sort: "func", func: func(extern.type, scope, guide, offset) };
    case "instance":
      return { sort: "instance", instance: instance(extern.type, scope, guide, offset) };
    case "component":
      return { sort: "component", component: component(extern.type, scope, guide, offset) };
    case "core module": {
      const type = at(scope.coreTypes, extern.type, "core type", offset);
      if (type.is !== "module") throw new InvalidComponentError(`core type ${extern.type} is no module type`, offset);
      if (given?.sort !== "core module") {
        return { sort: "core module", module: { is: "imported", path, type: type.type } };
      }
      const wrong = given.module.type && moduleMismatch(type.type, given.module.type);
      if (wrong !== undefined) mismatch(path, wrong, offset);
      return given;
    }
  }
}

function typeBound(equals: number | undefined, scope: Scope, { given, path, host }: Guide, offset: number): TypeItem {
  const got = given?.sort === "type" ? given.type : undefined;
  if (equals === undefined) {
    if (got && got.is !== "resource") mismatch(path, "it is no resource type", offset);
    return got ?? { is: "resource", id: host.fresh(path.at(-1) ?? "", path) };
  }
  const expected = scope.type(equals, offset);
  if (got && !isSameType(expected, got, scope)) mismatch(path, "it is another type", offset);
  return expected;
}

function isSameType(a: TypeItem, b: TypeItem, { planning: { comparison } }: Scope): boolean {
  if (a.is === "value" && b.is === "value") return comparison.same(a.type, b.type);
  if (a.is === "func" && b.is === "func") return comparison.differenceOf(a.type, b.type) === undefined;
  if (a.is === "resource" && b.is === "resource") return a.id === b.id;
  // Types of instances and components are for declarations alone: nothing is made of them.
  return a.is === b.is;
}

function func(index: number, scope: Scope, { given, path }: Guide, offset: number): FuncItem {
  const type = scope.type(index, offset);
  if (type.is !== "func") throw new InvalidComponentError(`type ${index} is no function type`, offset);
  if (given?.sort !== "func") return { is: "imported", type: type.type, path };
  const difference = scope.planning.comparison.differenceOf(type.type, given.func.type);
  if (difference !== undefined) mismatch(path, difference, offset);
  return given.func;
}

function instance(index: number, scope: Scope, guide: Guide, offset: number): InstanceItem {
  const type = scope.type(index, offset);
  if (type.is !== "instance") throw new InvalidComponentError(`type ${index} is no instance type`, offset);
  const { exports } = evaluateAll(type.declarations, type.scope, { ...guide, args: undefined }, offset);
  return scope.planning.instance(exports, offset);
}

function component(index: number, scope: Scope, guide: Guide, offset: number): ComponentItem {
  const type = scope.type(index, offset);
  if (type.is !== "component") throw new InvalidComponentError(`type ${index} is no component type`, offset);
  const { declarations } = type;
  const expected: ComponentItem = { is: "declared", declarations, scope: type.scope };
  if (guide.given?.sort !== "component") return expected;
  // One will do for another if it can be instantiated with what the other one is given, and then has what that one has.
  const { path } = guide;
  const host: ExternHost = { fresh: abstractResource, instantiate: guide.host.instantiate };
  const { imports } = evaluateAll(declarations, type.scope, { host, path, given: undefined, args: undefined }, offset);
  const made = host.instantiate(guide.given.component, imports, offset);
  const given: Item = { sort: "instance", instance: made };
  evaluateAll(declarations, type.scope, { host, path, given, args: imports }, offset);
  return guide.given.component;
}

/** `args` are what is imported, if that is known; `given` is the instance that has the exports, if there is one. */
interface DeclarationsGuide extends Guide {
  readonly args: ReadonlyMap<string, Item> | undefined;
  readonly visible?: VisibleTypes | undefined;
}

/** Reads the declarations of a type, with what is given in the place of what they declare. */
function evaluateAll(
  declarations: readonly Declaration[],
  around: Scope,
  guide: DeclarationsGuide,
  offset: number,
): { readonly imports: ReadonlyMap<string, Item>; readonly exports: ReadonlyMap<string, Item> } {
  around.planning.spend(declarations.length, offset);
  const scope = new Scope(around, false);
  const { given, args, visible } = guide;
  const known = given?.sort === "instance" ? given.instance.exports : undefined;
  const imports = new NamedItems("import");
  const exports = new NamedItems("export");
  for (const declaration of declarations) {
    if (declaration.kind !== "import" && declaration.kind !== "export") {
      declare(declaration, scope, guide.host);
      continue;
    }
    const { name, extern } = declaration;
    const from = declaration.kind === "import" ? args : known;
    const path: ImportPath = [...guide.path, name];
    const item = from?.get(name);
    if (from && !item) mismatch(path, "it is missing", declaration.offset);
    const evaluated = evaluate(extern, scope, { host: guide.host, path, given: item }, declaration.offset);
    (declaration.kind === "import" ? imports : exports).add(name, evaluated, declaration.offset);
    visible?.add(declaration.kind, name, evaluated, declaration.offset);
    push(scope, evaluated);
  }
  return { imports: imports.items, exports: exports.items };
}

/** Gives an item the next index of its sort. */
export function push(scope: Scope, item: Item): void {
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

function declare(
  declaration: Exclude<Declaration, { readonly kind: "import" | "export" }>,
  scope: Scope,
  host: ExternHost,
): void {
  const { offset } = declaration;
  switch (declaration.kind) {
    case "type":
      scope.types.push(checkedType(typeItem(declaration.type, scope, offset), scope, host, offset));
      return;
    case "core type":
      addCoreTypes(declaration.type, scope, offset);
      return;
    case "outer alias": {
      const { sort, count, index } = declaration;
      if (sort === "type") scope.types.push(outerType(scope, count, index, offset));
      else if (sort === "core type")
        scope.coreTypes.push(at(scope.outer(count, offset).coreTypes, index, sort, offset));
      else throw new InvalidComponentError(`a ${sort} is used within a type`, offset);
      return;
    }
    case "alias": {
      const item = at(scope.instances, declaration.instance, "instance", offset).exports.get(declaration.name);
      const { sort, name } = declaration;
      if (item?.sort !== sort || (sort !== "type" && sort !== "instance"))
        throw new InvalidComponentError(`an instance type exports no ${sort} ${quoted(name)}`, offset);
      push(scope, item);
      return;
    }
    default:
      throw new InvalidComponentError(`a type declares no ${declaration.kind}`, offset);
  }
}

/** Declarations are read when a type is used; here as well, so that one that nobody uses makes sense too. */
export function checkedType(type: TypeItem, scope: Scope, { instantiate }: ExternHost, offset: number): TypeItem {
  const { resourceful } = scope.planning;
  if ((type.is !== "instance" && type.is !== "component") || resourceful.has(type.declarations)) return type;
  const host: ExternHost = { fresh: abstractResource, instantiate };
  // What an instance has is looked at where there is one.
  const visible = type.is === "component" ? new VisibleTypes(scope.planning) : undefined;
  evaluateAll(type.declarations, scope, { path: ["type"], host, given: undefined, args: undefined, visible }, offset);
  resourceful.set(type.declarations, declarationsMention(type.declarations, scope, 0));
  return type;
}

/** A type of the scope `count` further out. */
export function outerType(scope: Scope, count: number, index: number, offset: number): TypeItem {
  const item = scope.outer(count, offset).type(index, offset);
  if (scope.leavesComponent(count) && mentionsResource(item)) {
    throw new InvalidComponentError("a resource type of a component is used in another that is within", offset);
  }
  return item;
}

function mentionsResource(item: TypeItem): boolean {
  switch (item.is) {
    case "resource":
      return true;
    case "value":
      return mentions(item.type, "own", "borrow");
    case "func":
      return [...item.type.params.map((param) => param.type), item.type.result].some(
        (type) => type && mentions(type, "own", "borrow"),
      );
    default:
      // It has been read where it was defined.
      return item.scope.planning.resourceful.get(item.declarations) ?? false;
  }
}

/** Whether declarations refer to a resource type from outside of them. @param depth In how many types they are. */
function declarationsMention(declarations: readonly Declaration[], around: Scope, depth: number): boolean {
  return declarations.some((declaration) => {
    const { kind, offset } = declaration;
    if (kind === "outer alias" && declaration.sort === "type" && declaration.count > depth) {
      return mentionsResource(around.outer(declaration.count - depth - 1, offset).type(declaration.index, offset));
    }
    if (kind !== "type" || (declaration.type.kind !== "instance" && declaration.type.kind !== "component"))
      return false;
    return declarationsMention(declaration.type.declarations, around, depth + 1);
  });
}

function mismatch(path: ImportPath, what: string, offset: number): never {
  throw new InvalidComponentError(
    `${path.map((name) => quoted(name)).join(" ")} is not what is expected: ${what}`,
    offset,
  );
}
