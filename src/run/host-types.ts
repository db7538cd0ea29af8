/** Whether what a component declares of an interface of ours is what it is. */
import { describe, type FuncType, type ResourceId, type ValType } from "../abi/types.ts";
import type { ResourceType } from "../abi/handles.ts";
import type { Definition } from "../bind/definition.ts";
import { InvalidComponentError } from "../load/reader.ts";
import { TypeComparison } from "../load/same-type.ts";

/**
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
