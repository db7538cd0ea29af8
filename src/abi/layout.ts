/**
 * Where a value of a type lies in memory, and as which core values it is passed.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
 */
import type { CoreType } from "./encode.ts";
import { MAX_FLAT_PARAMS, type Case, type PrimitiveKind, type ValType } from "./types.ts";

export interface Layout {
  /** In bytes. */
  readonly size: number;
  /** A power of two. */
  readonly align: number;
  /** The core values; `undefined` if they are more than any function passes (`MAX_FLAT_PARAMS`). */
  readonly flat: readonly CoreType[] | undefined;
}

const layouts = new WeakMap<ValType, Layout>();

/** The layout of a type. Computed once for each type, however often it is used within others. */
export function layoutOf(type: ValType): Layout {
  let layout = layouts.get(type);
  if (!layout) layouts.set(type, (layout = compute(type)));
  return layout;
}

export function alignUp(at: number, align: number): number {
  return Math.ceil(at / align) * align;
}

const PRIMITIVES: Readonly<Record<PrimitiveKind, Layout>> = {
  bool: { size: 1, align: 1, flat: ["i32"] },
  s8: { size: 1, align: 1, flat: ["i32"] },
  u8: { size: 1, align: 1, flat: ["i32"] },
  s16: { size: 2, align: 2, flat: ["i32"] },
  u16: { size: 2, align: 2, flat: ["i32"] },
  s32: { size: 4, align: 4, flat: ["i32"] },
  u32: { size: 4, align: 4, flat: ["i32"] },
  s64: { size: 8, align: 8, flat: ["i64"] },
  u64: { size: 8, align: 8, flat: ["i64"] },
  f32: { size: 4, align: 4, flat: ["f32"] },
  f64: { size: 8, align: 8, flat: ["f64"] },
  char: { size: 4, align: 4, flat: ["i32"] },
  string: { size: 8, align: 4, flat: ["i32", "i32"] },
  "error-context": { size: 4, align: 4, flat: ["i32"] },
};
const LIST: Layout = { size: 8, align: 4, flat: ["i32", "i32"] };
const HANDLE: Layout = { size: 4, align: 4, flat: ["i32"] };

function compute(type: ValType): Layout {
  switch (type.kind) {
    case "record":
      return layoutOfMembers(type.fields.map(({ type: field }) => field));
    case "tuple":
      return layoutOfMembers(type.members);
    case "variant":
    case "option":
    case "result":
    case "enum":
      return layoutOfCases(casesOf(type));
    case "flags": {
      const size = flagsBytes(type.names.length);
      return { size, align: size, flat: ["i32"] };
    }
    case "list":
      if (type.length === undefined) return LIST;
      return layoutOfArray(layoutOf(type.element), type.length);
    case "map":
      return LIST;
    case "own":
    case "borrow":
    case "stream":
    case "future":
      return HANDLE;
    default:
      return PRIMITIVES[type.kind];
  }
}

/** The bytes of flags with so many names. */
export function flagsBytes(count: number): 1 | 2 | 4 {
  return count <= 8 ? 1 : count <= 16 ? 2 : 4;
}

/** The bytes of the number that tells which of so many cases. */
export function discriminantBytes(count: number): 1 | 2 | 4 {
  return count <= 0x100 ? 1 : count <= 0x10000 ? 2 : 4;
}

export type VariantLike = Extract<ValType, { kind: "variant" | "option" | "result" | "enum" }>;

/** Variants, options, results and enums as what they are: variants. */
export function casesOf(type: VariantLike): readonly Case[] {
  switch (type.kind) {
    case "variant":
      return type.cases;
    case "enum":
      return type.names.map((name) => ({ name, type: undefined }));
    case "option":
      return [
        { name: "none", type: undefined },
        { name: "some", type: type.some },
      ];
    case "result":
      return [
        { name: "ok", type: type.ok },
        { name: "err", type: type.err },
      ];
  }
}

/** Where each member of a record or tuple begins. */
export function placesOf(members: readonly ValType[]): number[] {
  let at = 0;
  return members.map((member) => {
    const { size, align } = layoutOf(member);
    const place = alignUp(at, align);
    at = place + size;
    return place;
  });
}

/** Where the payload of a variant begins, whichever case it is. */
export function payloadPlace(cases: readonly Case[]): number {
  const align = Math.max(1, ...typesOf(cases).map((type) => layoutOf(type).align));
  return alignUp(discriminantBytes(cases.length), align);
}

function typesOf(cases: readonly Case[]): ValType[] {
  return cases.flatMap(({ type }) => (type ? [type] : []));
}

function layoutOfMembers(members: readonly ValType[]): Layout {
  let at = 0;
  let align = 1;
  for (const member of members) {
    const layout = layoutOf(member);
    at = alignUp(at, layout.align) + layout.size;
    align = Math.max(align, layout.align);
  }
  return { size: alignUp(at, align), align, flat: concat(members.map((member) => layoutOf(member).flat)) };
}

function layoutOfArray({ size, align, flat }: Layout, length: number): Layout {
  const fits = flat !== undefined && flat.length * length <= MAX_FLAT_PARAMS;
  return { size: size * length, align, flat: fits ? Array.from({ length }, () => flat).flat() : undefined };
}

function layoutOfCases(cases: readonly Case[]): Layout {
  const payloads = typesOf(cases).map((type) => layoutOf(type));
  const discriminant = discriminantBytes(cases.length);
  const payloadAlign = Math.max(1, ...payloads.map(({ align }) => align));
  const align = Math.max(discriminant, payloadAlign);
  const size = alignUp(discriminant, payloadAlign) + Math.max(0, ...payloads.map((payload) => payload.size));
  return { size: alignUp(size, align), align, flat: concat([["i32"], joined(payloads)]) };
}

/** What the cases share: wide enough for each. */
function joined(payloads: readonly Layout[]): readonly CoreType[] | undefined {
  const flat: CoreType[] = [];
  for (const payload of payloads) {
    if (!payload.flat) return undefined;
    for (const [index, type] of payload.flat.entries()) flat[index] = join(flat[index], type);
  }
  return flat;
}

function join(a: CoreType | undefined, b: CoreType): CoreType {
  if (a === undefined || a === b) return b;
  return [a, b].every((type) => type === "i32" || type === "f32") ? "i32" : "i64";
}

export function concat(parts: readonly (readonly CoreType[] | undefined)[]): readonly CoreType[] | undefined {
  const flat: CoreType[] = [];
  for (const part of parts) {
    if (!part || flat.length + part.length > MAX_FLAT_PARAMS) return undefined;
    flat.push(...part);
  }
  return flat;
}
