/** Values as glue that converts to JavaScript has them, where that is not how we have them. */
import { messageOf } from "../io/cause.ts";
import { Failed, type Returns } from "../abi/returns.ts";
import type { Entry } from "../abi/resources.ts";
import { length } from "../abi/scalars.ts";
import { clamped, type AnyType } from "../abi/type.ts";
import type { ResourceType } from "../abi/handles.ts";
import type { ResourceId, ValType } from "../abi/types.ts";
import { WitError } from "../io/errors.ts";

/** Resources on the JavaScript side of the glue: instances of classes that carry a rep. */
interface JcoResources {
  entryOf(kind: ResourceType, instance: unknown): Entry;
  instanceOf(entry: Entry): object;
}

/** A table's resource types are kinds, which stand for themselves. */
function kindOf(id: ResourceId): ResourceType {
  return id as unknown as ResourceType;
}

/** A parameter as glue gives it, in the shape that our functions take. */
export function fromJs(type: AnyType, value: unknown, resources: JcoResources): unknown {
  return taken(type.wit, value, resources, type);
}

function taken(wit: ValType, value: unknown, resources: JcoResources, type?: AnyType): unknown {
  switch (wit.kind) {
    case "u64":
      if (typeof value !== "bigint") throw new TypeError(`Expected a bigint, got ${typeof value}`);
      return wit === length.wit ? clamped(value) : value;
    case "borrow": {
      const entry = resources.entryOf(kindOf(wit.resource), value);
      return type && takesEntry(type) ? entry : entry.value;
    }
    case "list":
      if (wit.element.kind === "u8") return value;
      if (!Array.isArray(value)) throw new TypeError(`Expected a list, got ${typeof value}`);
      return value.map((item: unknown) => taken(wit.element, item, resources));
    default:
      return value;
  }
}

/** Whether a function is given the entry of what is lent, and not its value. */
function takesEntry(type: AnyType): boolean {
  return "asEntry" in type && type.asEntry === true;
}

/** A result of our functions as glue takes it. */
export function toJs(wit: ValType | undefined, value: unknown, resources: JcoResources): unknown {
  if (wit === undefined) return undefined;
  switch (wit.kind) {
    case "u64":
      return typeof value === "number" ? BigInt(value) : value;
    case "own":
      // What our functions give away are entries.
      return resources.instanceOf(value as Entry);
    case "option":
      return value === undefined ? undefined : toJs(wit.some, value, resources);
    case "list":
      return value instanceof Uint8Array
        ? value
        : Array.from(value as unknown[], (item) => toJs(wit.element, item, resources));
    case "tuple":
      return wit.members.map((member, index) => toJs(member, (value as readonly unknown[])[index], resources));
    case "variant": {
      const { tag, val } = value as { readonly tag: string; readonly val?: unknown };
      const type = wit.cases.find(({ name }) => name === tag)?.type;
      return type ? { tag, val: toJs(type, val, resources) } : value;
    }
    default:
      return value;
  }
}

/** What to throw to glue in JavaScript for the error case of a result. */
export function resultOf(returns: Returns<unknown>, value: unknown, resources: JcoResources, error: unknown): unknown {
  if (!(value instanceof Failed) || returns.wit?.kind !== "result") return error;
  const message = messageOf(error);
  return new WitError(toJs(returns.wit.err, value.value, resources), message, { cause: error });
}

/** Adds all kinds of resources that are in a type of ours. */
export function resourcesIn(wit: ValType, into: Set<ResourceType>): void {
  switch (wit.kind) {
    case "own":
    case "borrow":
      into.add(kindOf(wit.resource));
      return;
    case "record":
      for (const { type } of wit.fields) resourcesIn(type, into);
      return;
    case "tuple":
      for (const member of wit.members) resourcesIn(member, into);
      return;
    case "variant":
      for (const { type } of wit.cases) if (type) resourcesIn(type, into);
      return;
    case "option":
      resourcesIn(wit.some, into);
      return;
    case "list":
      resourcesIn(wit.element, into);
      return;
    case "result":
      if (wit.ok) resourcesIn(wit.ok, into);
      if (wit.err) resourcesIn(wit.err, into);
      return;
    default:
  }
}
