/** What an import or export is declared to be, held against what it is; or, where nothing is there yet, taken at its word. */
import type { ResourceId } from "../abi/types.ts";
import type { Declaration, RawExtern } from "./definitions.ts";
import type { FuncItem, ImportPath, Item } from "./items.ts";
import { InvalidComponentError } from "./reader.ts";
import { TypeComparison } from "./same-type.ts";
import { at, Scope } from "./scope.ts";
import { typeItem, type TypeItem } from "./type-scope.ts";

/** Makes a resource type that is not known yet. */
export type FreshResource = (name: string, path: ImportPath) => ResourceId;

const comparison = new TypeComparison();

/** What `extern` says, from outside: each function is imported by its path, each resource type is new. */
export function itemOfExtern(
  extern: RawExtern,
  scope: Scope,
  path: ImportPath,
  fresh: FreshResource,
  offset: number,
): Item {
  return evaluate(extern, scope, { path, fresh, given: undefined }, offset);
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
  fresh: FreshResource,
  offset: number,
): Item {
  return evaluate(extern, scope, { path: [name], fresh, given }, offset);
}

interface Guide {
  readonly path: ImportPath;
  readonly fresh: FreshResource;
  readonly given: Item | undefined;
}

function evaluate(extern: RawExtern, scope: Scope, guide: Guide, offset: number): Item {
  const { given, path } = guide;
  if (given && given.sort !== extern.sort) mismatch(path, `it is a ${given.sort}, not a ${extern.sort}`, offset);
  switch (extern.sort) {
    case "type":
      return { sort: "type", type: typeBound(extern.equals, scope, guide, offset) };
    case "func":
      return { sort: "func", func: func(extern.type, scope, guide, offset) };
    case "instance": {
      const type = scope.type(extern.type, offset);
      if (type.is !== "instance") throw new InvalidComponentError(`type ${extern.type} is no instance type`, offset);
      return instance(type.declarations, type.scope, guide);
    }
    case "component": {
      const type = scope.type(extern.type, offset);
      if (type.is !== "component") throw new InvalidComponentError(`type ${extern.type} is no component type`, offset);
      if (given?.sort === "component") return given;
      throw new InvalidComponentError(
        `the import ${path.join(" ")} of a component by a component is not supported`,
        offset,
      );
    }
    case "core module": {
      const type = at(scope.coreTypes, extern.type, "core type", offset);
      if (type.kind !== "module") throw new InvalidComponentError(`core type ${extern.type} is no module type`, offset);
      if (given?.sort === "core module") return given;
      return { sort: "core module", module: { is: "imported", name: path[0] } };
    }
  }
}

function typeBound(equals: number | undefined, scope: Scope, { given, path, fresh }: Guide, offset: number): TypeItem {
  const got = given?.sort === "type" ? given.type : undefined;
  if (equals === undefined) {
    if (got && got.is !== "resource") mismatch(path, "it is no resource type", offset);
    return got ?? { is: "resource", id: fresh(path.at(-1) ?? "", path) };
  }
  const expected = scope.type(equals, offset);
  if (got && !sameTypeItem(expected, got)) mismatch(path, "it is another type", offset);
  return expected;
}

function sameTypeItem(a: TypeItem, b: TypeItem): boolean {
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
  const difference = comparison.differenceOf(type.type, given.func.type);
  if (difference !== undefined) mismatch(path, difference, offset);
  return given.func;
}

/** Reads the declarations of an instance type, with what is given in the place of what they declare. */
function instance(declarations: readonly Declaration[], around: Scope, guide: Guide): Item {
  const scope = new Scope(around, false);
  const given = guide.given?.sort === "instance" ? guide.given.instance.exports : undefined;
  const exports = new Map<string, Item>();
  for (const declaration of declarations) {
    const { offset } = declaration;
    if (declaration.kind === "export") {
      const { name, extern } = declaration;
      const item = given?.get(name);
      const path: ImportPath = [...guide.path, name];
      if (given && !item) mismatch(path, "it is missing", offset);
      if (exports.has(name))
        throw new InvalidComponentError(`the export ${JSON.stringify(name)} is declared twice`, offset);
      const evaluated = evaluate(extern, scope, { ...guide, path, given: item }, offset);
      exports.set(name, evaluated);
      if (evaluated.sort === "type") scope.types.push(evaluated.type);
      if (evaluated.sort === "instance") scope.instances.push(evaluated.instance);
      if (evaluated.sort === "func") scope.funcs.push(evaluated.func);
    } else declare(declaration, scope);
  }
  return { sort: "instance", instance: { exports } };
}

function declare(declaration: Declaration, scope: Scope): void {
  const { offset } = declaration;
  switch (declaration.kind) {
    case "type":
      scope.types.push(typeItem(declaration.type, scope, offset));
      return;
    case "core type":
      scope.coreTypes.push(declaration.type);
      return;
    case "outer alias": {
      const outer = scope.outer(declaration.count, offset);
      if (declaration.sort === "type") scope.types.push(outer.type(declaration.index, offset));
      else if (declaration.sort === "core type")
        scope.coreTypes.push(at(outer.coreTypes, declaration.index, "core type", offset));
      else throw new InvalidComponentError(`a ${declaration.sort} is used within a type`, offset);
      return;
    }
    case "alias": {
      const item = at(scope.instances, declaration.instance, "instance", offset).exports.get(declaration.name);
      if (item?.sort === "type" && declaration.sort === "type") scope.types.push(item.type);
      else if (item?.sort === "instance" && declaration.sort === "instance") scope.instances.push(item.instance);
      else
        throw new InvalidComponentError(`an instance type exports no ${declaration.sort} ${declaration.name}`, offset);
      return;
    }
    default:
      throw new InvalidComponentError(`an instance type declares no ${declaration.kind}`, offset);
  }
}

function mismatch(path: ImportPath, what: string, offset: number): never {
  throw new InvalidComponentError(
    `${path.map((name) => JSON.stringify(name)).join(" ")} is not what is expected: ${what}`,
    offset,
  );
}
