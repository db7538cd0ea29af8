/** Whether a component is given all that it imports, and whether that is what it declares. */
import { describe } from "../abi/describe.ts";
import type { FuncType, ResourceId, ValType } from "../abi/types.ts";
import type { ResourceType } from "../abi/handles.ts";
import type { Definition } from "../bind/definition.ts";
import { InvalidComponentError } from "../load/invalid-component.ts";
import type { CoreModule } from "../load/compiled.ts";
import type { ImportPath, InstanceItem, Item, ModuleItem, Plan } from "../load/plan/items.ts";
import { assertModule } from "../load/plan/module-types.ts";
import { TypeComparison } from "../load/plan/same-type.ts";
import type { Provider, Providers } from "./imports.ts";
import { MissingImportsError } from "./missing-imports.ts";

/**
 * Of a function of ours.
 *
 * @param typeOf What stands for a resource type of the component.
 * @throws {InvalidComponentError} If the types differ.
 */
export function assertSameType(
  name: string,
  declared: FuncType,
  definition: Definition,
  typeOf: (id: ResourceId) => ResourceType,
): void {
  // A table's resource types are kinds, which stand for themselves.
  const comparison = new TypeComparison((ours, theirs) => (ours as unknown) === typeOf(theirs));
  const params: readonly ValType[] = definition.params.map((param) => param.wit);
  const wrong = params.findIndex((type, index) => {
    const other = declared.params[index]?.type;
    return other === undefined || !comparison.same(type, other);
  });
  if (wrong >= 0 || params.length !== declared.params.length) {
    const param = declared.params[wrong];
    throw new InvalidComponentError(
      `the component declares ${name} otherwise than WASI: ` +
        (param
          ? `its parameter ${param.name} is ${describe(param.type)}`
          : `it has ${declared.params.length} parameters`),
    );
  }
  const { wit } = definition.returns;
  const { result } = declared;
  if (wit && result ? !comparison.same(wit, result) : wit !== result) {
    throw new InvalidComponentError(
      `the component declares ${name} otherwise than WASI: its result is ${describe(result)}`,
    );
  }
}

/**
 * Of a function of another component.
 *
 * @param isSame Whether two resource types, each as its side has it, are one.
 * @throws {InvalidComponentError} If the types differ.
 */
export function assertGivenType(
  path: ImportPath,
  declared: FuncType,
  given: FuncType,
  isSame: (declared: ResourceId, given: ResourceId) => boolean,
): void {
  const difference = new TypeComparison(isSame).differenceOf(declared, given);
  if (difference === undefined) return;
  throw new InvalidComponentError(`${path.join("#")} is given by a component, but otherwise: ${difference}`);
}

/** Of a core module. @throws {InvalidComponentError} If it is known to be another. */
export function assertGivenModule(module: CoreModule, { path, type }: ModuleItem & { readonly is: "imported" }): void {
  assertModule(module, path, type);
}

/** @throws {MissingImportsError} With all that nobody provides. */
export function assertComplete({ imports, resources }: Plan, providers: Providers): void {
  // A type that is imported may be one of another import.
  const own = new Set(resources.flatMap(({ origin }) => (origin.is === "imported" ? origin.path.join("#") : [])));
  const missing = [...imports].flatMap(([name, item]) =>
    item.sort === "type" && !own.has(name) ? [] : missingOf(name, item, providers.of(name)),
  );
  if (missing.length === 0) return;
  const hints = new Map(missing.flatMap((name) => hintFor(name, imports, providers)));
  throw new MissingImportsError(missing, undefined, hints, providers.unused(imports.keys()));
}

/** Where somebody has given the interface: what is wrong with the function in it. */
function hintFor(name: string, imports: Plan["imports"], providers: Providers): (readonly [string, string])[] {
  const [outer = "", member] = name.split("#", 2);
  const provider = providers.of(outer);
  const item = imports.get(outer);
  if (member === undefined || provider?.is !== "embedder" || item?.sort !== "instance") return [];
  return item.instance.exports.get(member)?.sort === "func" ? [[name, provider.wrong(member)]] : [];
}

function missingOf(name: string, item: Item, provider: Provider | undefined): string[] {
  switch (item.sort) {
    case "func":
      return provider?.is === "embedder" && provider.has(undefined, item.func) ? [] : [name];
    case "core module":
      return provider && provider.is !== "host" && provider.module(undefined) ? [] : [name];
    case "instance":
      return needsNobody(item.instance) ? [] : provider ? missingIn(name, item.instance, provider) : [name];
    case "type":
      return item.type.is !== "resource" || provider ? [] : [name];
    case "component":
      // Nobody can give one: the plan says that it is not supported.
      return [];
  }
}

/** Whether an instance has only types that are known without anybody. */
function needsNobody({ exports }: InstanceItem): boolean {
  return [...exports.values()].every((item) =>
    item.sort === "instance" ? needsNobody(item.instance) : item.sort === "type" && item.type.is !== "resource",
  );
}

function missingIn(name: string, { exports }: InstanceItem, provider: Provider): string[] {
  return [...exports].flatMap(([member, item]) => {
    if (item.sort !== "func" && item.sort !== "core module") return [];
    return isGiven(member, item, provider) ? [] : [`${name}#${member}`];
  });
}

function isGiven(member: string, item: Item & { readonly sort: "func" | "core module" }, provider: Provider): boolean {
  if (provider.is === "host") return item.sort === "func" && Object.hasOwn(provider.interface.functions, member);
  return item.sort === "func" ? provider.has(member, item.func) : provider.module(member) !== undefined;
}
