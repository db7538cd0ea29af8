/**
 * Types of the component model as data: what a component declares, resolved, without a trace of how it is encoded.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#type-definitions
 */

/** A resource type as a component sees it before it is instantiated: an unknown one, unequal to every other. */
export interface ResourceId {
  /** WIT's name, for messages; empty if it has none. */
  readonly name: string;
  /** Which of the resource types of its component it is: where an instance keeps the real one. */
  readonly slot: number;
}

export type PrimitiveKind =
  | "bool"
  | "s8"
  | "u8"
  | "s16"
  | "u16"
  | "s32"
  | "u32"
  | "s64"
  | "u64"
  | "f32"
  | "f64"
  | "char"
  | "string"
  | "error-context";

export interface NamedType {
  /** As in WIT, in kebab case. */
  readonly name: string;
  readonly type: ValType;
}

export interface Case {
  readonly name: string;
  readonly type: ValType | undefined;
}

/** A value type. Fields, cases and labels are in the order of the declaration. */
export type ValType =
  | { readonly kind: PrimitiveKind }
  | { readonly kind: "record"; readonly fields: readonly NamedType[] }
  | { readonly kind: "tuple"; readonly members: readonly ValType[] }
  | { readonly kind: "variant"; readonly cases: readonly Case[] }
  | { readonly kind: "enum"; readonly names: readonly string[] }
  /** 1 to 32 names. */
  | { readonly kind: "flags"; readonly names: readonly string[] }
  | { readonly kind: "option"; readonly some: ValType }
  | { readonly kind: "result"; readonly ok: ValType | undefined; readonly err: ValType | undefined }
  /** `length` for a list of exactly so many, at least 1. */
  | { readonly kind: "list"; readonly element: ValType; readonly length: number | undefined }
  | { readonly kind: "map"; readonly key: ValType; readonly value: ValType }
  | { readonly kind: "own"; readonly resource: ResourceId }
  | { readonly kind: "borrow"; readonly resource: ResourceId }
  | { readonly kind: "stream"; readonly element: ValType | undefined }
  | { readonly kind: "future"; readonly element: ValType | undefined };

export interface FuncType {
  readonly async: boolean;
  readonly params: readonly NamedType[];
  readonly result: ValType | undefined;
}

/** How text lies in a guest's memory. */
export type StringEncoding = "utf8" | "utf16" | "latin1+utf16";

/** More flat parameters than this lie behind one pointer. */
export const MAX_FLAT_PARAMS = 16;
/** Bytes that a list or a string has at most: fixed by the canonical ABI. */
export const MAX_LIST_BYTES: number = 2 ** 28 - 1;

/** How deep a type is described: one that is used twice on each level would else be a text of 2 ** depth. */
const MAX_DESCRIBED = 5;
/** How many members of a type are described, and of those within it. */
const MAX_LISTED = 100;
const MAX_LISTED_WITHIN = 8;

/** A type's name as a person would write it, on one line. */
export function describe(type: ValType | undefined, depth = 0): string {
  if (type === undefined) return "_";
  if (depth === MAX_DESCRIBED) return type.kind;
  const of = (part: ValType | undefined): string => describe(part, depth + 1);
  const list = <T>(members: readonly T[], one: (member: T) => string): string => {
    const most = depth === 0 ? MAX_LISTED : MAX_LISTED_WITHIN;
    return [...members.slice(0, most).map(one), ...(members.length > most ? ["..."] : [])].join(", ");
  };
  switch (type.kind) {
    case "record":
      return `record { ${list(type.fields, ({ name, type: field }) => `${name}: ${of(field)}`)} }`;
    case "tuple":
      return `tuple<${list(type.members, of)}>`;
    case "variant":
      return `variant { ${list(type.cases, ({ name, type: carried }) => (carried ? `${name}(${of(carried)})` : name))} }`;
    case "enum":
    case "flags":
      return `${type.kind} { ${list(type.names, (name) => name)} }`;
    case "option":
      return `option<${of(type.some)}>`;
    case "result":
      return describeResult(type.ok && of(type.ok), type.err && of(type.err));
    case "list":
      return `list<${of(type.element)}${type.length === undefined ? "" : `, ${type.length}`}>`;
    case "map":
      return `map<${of(type.key)}, ${of(type.value)}>`;
    case "own":
      return type.resource.name || "resource";
    case "borrow":
      return `borrow<${type.resource.name || "resource"}>`;
    case "stream":
    case "future":
      return type.element ? `${type.kind}<${of(type.element)}>` : type.kind;
    default:
      return type.kind;
  }
}

function describeResult(ok: string | undefined, err: string | undefined): string {
  if (err) return `result<${ok ?? "_"}, ${err}>`;
  return ok ? `result<${ok}>` : "result";
}
