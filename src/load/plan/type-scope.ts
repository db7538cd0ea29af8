/** Types of a component, looked up and made whole: what the binary says by index becomes data without indices. */
import { quoted } from "../../io/quoted.ts";
import { factsOf, mentions } from "../../abi/type-facts.ts";
import { layoutOf } from "../../abi/layout.ts";
import { MAX_LIST_BYTES, type FuncType, type ResourceId, type ValType } from "../../abi/types.ts";
import type { Declaration, RawDefinedType, RawField, RawType, RawTypeDefinition } from "../decode/definitions.ts";
import { uniqueForm } from "../../abi/name-rules.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import type { Scope } from "./scope.ts";

/** What a type index may stand for. */
export type TypeItem =
  | { readonly is: "value"; readonly type: ValType }
  | { readonly is: "func"; readonly type: FuncType }
  | { readonly is: "resource"; readonly id: ResourceId }
  /** Evaluated each time it is used, since each use has resource types of its own. */
  | { readonly is: "instance" | "component"; readonly declarations: readonly Declaration[]; readonly scope: Scope };

/** Types within types: deeper than anybody nests. */
const MAX_TYPE_DEPTH = 100;

/** @throws {InvalidComponentError} If it names what is not there, or is no type that can be. */
export function typeItem(raw: RawTypeDefinition, scope: Scope, offset: number): TypeItem {
  scope.planning.spend(membersOf(raw), offset);
  switch (raw.kind) {
    case "func":
      return { is: "func", type: funcType(raw, scope, offset) };
    case "instance":
    case "component":
      return { is: raw.kind, declarations: raw.declarations, scope };
    case "resource":
      throw new InvalidComponentError("a resource type is defined where only types of others are declared", offset);
    default:
      return { is: "value", type: checked(definedType(raw, scope, offset), offset) };
  }
}

/** How many things it lists. */
function membersOf(raw: RawTypeDefinition): number {
  switch (raw.kind) {
    case "func":
      return raw.params.length;
    case "record":
      return raw.fields.length;
    case "variant":
      return raw.cases.length;
    case "tuple":
      return raw.members.length;
    case "enum":
    case "flags":
      return raw.names.length;
    default:
      return 1;
  }
}

function funcType(raw: RawTypeDefinition & { kind: "func" }, scope: Scope, offset: number): FuncType {
  const result = optional(raw.result, scope, offset);
  if (result && mentions(result, "borrow")) {
    throw new InvalidComponentError("a function returns a borrowed handle", offset);
  }
  return { async: raw.async, params: named(raw.params, scope, offset), result };
}

function named(fields: readonly RawField[], scope: Scope, offset: number) {
  assertUnique(
    fields.map(({ name }) => name),
    offset,
  );
  return fields.map(({ name, type }) => ({ name, type: valueType(type, scope, offset) }));
}

/** @throws {InvalidComponentError} If two of the names are the same to those who do not tell case. */
function assertUnique(names: readonly string[], offset: number): void {
  const seen = new Set<string>();
  for (const name of names) {
    const form = uniqueForm(name);
    if (seen.has(form)) throw new InvalidComponentError(`the name ${quoted(name)} is given twice`, offset);
    seen.add(form);
  }
}

const primitives = new Map<string, ValType>();

export function rawValueType(raw: RawType, scope: Scope, offset: number): ValType {
  return valueType(raw, scope, offset);
}

function valueType(raw: RawType, scope: Scope, offset: number): ValType {
  if (typeof raw === "string") {
    let type = primitives.get(raw);
    if (!type) primitives.set(raw, (type = { kind: raw }));
    return type;
  }
  const item = scope.type(raw, offset);
  if (item.is !== "value") {
    throw new InvalidComponentError(`type ${raw} is ${article(item.is)}, where a value type is expected`, offset);
  }
  return item.type;
}

function article(what: string): string {
  return /^[aeiou]/.test(what) ? `an ${what} type` : `a ${what} type`;
}

function optional(raw: RawType | undefined, scope: Scope, offset: number): ValType | undefined {
  return raw === undefined ? undefined : valueType(raw, scope, offset);
}

function definedType(raw: RawDefinedType, scope: Scope, offset: number): ValType {
  const of = (type: RawType): ValType => valueType(type, scope, offset);
  switch (raw.kind) {
    case "primitive":
      return of(raw.type);
    case "record":
      return { kind: "record", fields: named(raw.fields, scope, offset) };
    case "variant":
      assertUnique(
        raw.cases.map(({ name }) => name),
        offset,
      );
      return {
        kind: "variant",
        cases: raw.cases.map(({ name, type }) => ({ name, type: optional(type, scope, offset) })),
      };
    case "list":
      return { kind: "list", element: of(raw.element), length: raw.length };
    case "tuple":
      return { kind: "tuple", members: raw.members.map(of) };
    case "flags":
    case "enum":
      assertUnique(raw.names, offset);
      return { kind: raw.kind, names: raw.names };
    case "option":
      return { kind: "option", some: of(raw.some) };
    case "result":
      return { kind: "result", ok: optional(raw.ok, scope, offset), err: optional(raw.err, scope, offset) };
    case "own":
    case "borrow":
      return { kind: raw.kind, resource: scope.resource(raw.resource, offset) };
    case "stream":
    case "future":
      return asyncType(raw.kind, optional(raw.element, scope, offset), offset);
    case "map":
      return mapType(of(raw.key), of(raw.value), offset);
  }
}

function asyncType(kind: "stream" | "future", element: ValType | undefined, offset: number): ValType {
  if (element && mentions(element, "borrow")) {
    throw new InvalidComponentError(`a ${kind} of borrowed handles`, offset);
  }
  // Until it is decided what it means.
  if (kind === "stream" && element?.kind === "char") throw new InvalidComponentError("a stream of char", offset);
  return { kind, element };
}

const KEYS = new Set(["bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "char", "string"]);

function mapType(key: ValType, value: ValType, offset: number): ValType {
  if (!KEYS.has(key.kind)) throw new InvalidComponentError(`${key.kind} cannot be the key of a map`, offset);
  return { kind: "map", key, value };
}

/** What holds for every type, however it is made: so that what follows may recurse over it, and multiply its size. */
function checked(type: ValType, offset: number): ValType {
  if (factsOf(type).depth > MAX_TYPE_DEPTH) {
    throw new InvalidComponentError(`a type is nested deeper than ${MAX_TYPE_DEPTH}`, offset);
  }
  const { size } = layoutOf(type);
  if (size > MAX_LIST_BYTES) {
    throw new InvalidComponentError(`a value of a type takes ${size} bytes: at most ${MAX_LIST_BYTES} may be`, offset);
  }
  return type;
}
