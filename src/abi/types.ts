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
