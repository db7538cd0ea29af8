/** Whether what a component declares of what it imports is what it is given. */
import { describe, type FuncType, type ResourceId, type ValType } from "../abi/types.ts";
import type { ResourceType } from "../abi/handles.ts";
import type { Definition } from "../bind/definition.ts";
import { InvalidComponentError } from "../load/invalid-component.ts";
import type { CoreModule } from "../load/compiled.ts";
import type { ImportPath, ModuleItem } from "../load/items.ts";
import { assertModule } from "../load/module-types.ts";
import { TypeComparison } from "../load/same-type.ts";

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
