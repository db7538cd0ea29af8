/** Core types of a component, looked up; and whether core items are of the types that are asked of them. */
import { quoted } from "../../io/quoted.ts";
import {
  coreMismatch,
  importKey,
  type CoreExternType,
  type CoreFuncType,
  type CoreImport,
  type ModuleType,
} from "../decode/core-types.ts";
import type { ModuleDeclaration, RawCoreExtern, RawCoreType } from "../decode/definitions.ts";
import type { CoreInstanceItem, CoreItem } from "./items.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import { at, type Scope } from "./scope.ts";

/** Of 64 KiB each: as many as 32 bits can address. */
const MAX_PAGES = 65_536;

/** Gives core types the next indices. */
export function addCoreTypes(raw: RawCoreType, scope: Scope, offset: number): void {
  if (raw.kind === "types") {
    scope.planning.spend(raw.types.length, offset);
    for (const func of raw.types) scope.coreTypes.push({ is: "type", func });
    return;
  }
  scope.planning.spend(raw.declarations.length, offset);
  scope.coreTypes.push({ is: "module", type: moduleType(raw.declarations, scope, offset) });
}

function moduleType(declarations: readonly ModuleDeclaration[], scope: Scope, offset: number): ModuleType {
  const types: (CoreFuncType | undefined)[] = [];
  const imports: CoreImport[] = [];
  const exports = new Map<string, CoreExternType>();
  for (const declaration of declarations) {
    switch (declaration.kind) {
      case "types":
        for (const type of declaration.types) types.push(type);
        break;
      case "outer alias":
        types.push(outerType(declaration.count, declaration.index, types, scope, offset));
        break;
      case "import": {
        const { module, name, extern } = declaration;
        imports.push({ module, name, type: externType(extern, types, offset) });
        break;
      }
      case "export":
        if (exports.has(declaration.name)) {
          throw new InvalidComponentError(`a module type has the export ${quoted(declaration.name)} twice`, offset);
        }
        exports.set(declaration.name, externType(declaration.extern, types, offset));
        break;
    }
  }
  assertImportsDiffer(imports, offset);
  return { imports, exports };
}

/** The scope of a module type is the innermost one. */
function outerType(
  count: number,
  index: number,
  own: readonly (CoreFuncType | undefined)[],
  scope: Scope,
  offset: number,
): CoreFuncType | undefined {
  if (count === 0) {
    if (index >= own.length) throw new InvalidComponentError(`there is no core type ${index}`, offset);
    return own[index];
  }
  const item = at(scope.outer(count - 1, offset).coreTypes, index, "core type", offset);
  if (item.is === "module") throw new InvalidComponentError("a module type is used within another", offset);
  return item.func;
}

function externType(raw: RawCoreExtern, types: readonly (CoreFuncType | undefined)[], offset: number): CoreExternType {
  switch (raw.sort) {
    case "core func":
    case "core tag":
      if (raw.type >= types.length) throw new InvalidComponentError(`there is no core type ${raw.type}`, offset);
      return { sort: raw.sort, func: types[raw.type] };
    case "core memory": {
      const { min, max = min, is64 } = raw.limits;
      if (!is64 && Math.max(min, max) > MAX_PAGES) {
        throw new InvalidComponentError(`a memory has more than ${MAX_PAGES} pages`, offset);
      }
      return raw;
    }
    default:
      return raw;
  }
}

/** In core modules they may be the same; in components they may not. */
export function assertImportsDiffer(imports: readonly CoreImport[], offset: number): void {
  const keys = new Set<string>();
  for (const one of imports) {
    const key = importKey(one);
    if (keys.has(key)) throw new InvalidComponentError(`a core module has the import ${key} twice`, offset);
    keys.add(key);
  }
}

/** @throws {InvalidComponentError} If a core module imports what it is not given. */
export function assertGiven(
  { imports }: ModuleType,
  args: ReadonlyMap<string, CoreInstanceItem>,
  offset: number,
): void {
  for (const one of imports) {
    const instance = args.get(one.module);
    const item = instance && exportOf(instance, one.type.sort, one.name, offset);
    const wrong = item ? item.type && coreMismatch(one.type, item.type) : "it is missing";
    if (wrong !== undefined) {
      throw new InvalidComponentError(
        `the import ${importKey(one)} of a core module is not what it needs: ${wrong}`,
        offset,
      );
    }
  }
}

/** What a core instance exports by this name. @throws {InvalidComponentError} If it is known to export none such. */
export function coreExport(instance: CoreInstanceItem, sort: CoreItem["sort"], name: string, offset: number): CoreItem {
  const item = exportOf(instance, sort, name, offset);
  if (item?.sort === sort) return item;
  const got = item ? `: it is a ${item.sort}` : "";
  throw new InvalidComponentError(`a core instance exports no ${sort} ${quoted(name)}${got}`, offset);
}

/** @param sort What it is taken for if nothing is known of it. */
function exportOf(
  instance: CoreInstanceItem,
  sort: CoreItem["sort"],
  name: string,
  offset: number,
): CoreItem | undefined {
  if (instance.is === "bag") return instance.exports.get(name);
  const module = instance.module.type;
  const type = module?.exports.get(name);
  if (module && !type) return undefined;
  return { is: "export", sort: type?.sort ?? sort, instance, name, offset, type };
}

/** @throws {InvalidComponentError} If a core function is known to be of another type. */
export function assertFunc(item: CoreItem | undefined, expected: CoreFuncType, what: string, offset: number): void {
  const wrong = item?.type && coreMismatch({ sort: "core func", func: expected }, item.type);
  if (wrong !== undefined) throw new InvalidComponentError(`${what} has another type than it needs: ${wrong}`, offset);
}
