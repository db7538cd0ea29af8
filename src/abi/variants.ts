/** Types that are one of several: variants, enums, options, results. */
import { Trap } from "../io/trap.ts";
import { ofMember } from "./composites.ts";
import type { CoreType } from "./encode.ts";
import { casesOf, discriminantBytes, layoutOf, payloadPlace, type VariantLike } from "./layout.ts";
import { FlatValues, wrongValue, type AnyType, type CoreValue, type InOf, type OutOf, type Type } from "./type.ts";

/** What a case carries: nothing, or a value of a type. */
export type CaseType = AnyType | null;

type VariantOf<C extends Record<string, CaseType>, Side extends "in" | "out"> = {
  [K in keyof C & string]: C[K] extends null
    ? { readonly tag: K; readonly val?: undefined }
    : { readonly tag: K; readonly val: Side extends "in" ? InOf<C[K]> : OutOf<C[K]> };
}[keyof C & string];

/** How the cases of a variant are told apart in JavaScript. */
interface Shape {
  /** The value of a case that carries `val`, or nothing. */
  readonly make: (index: number, val: unknown) => unknown;
  /** Which case `value` is of. @throws {TypeError} */
  readonly indexOf: (value: unknown) => number;
  readonly valOf: (value: unknown) => unknown;
}

/** Any of them: `types` has what each case carries. */
function variantLike(wit: VariantLike, types: readonly (Type<unknown> | null)[], shape: Shape): Type<unknown> {
  const layout = layoutOf(wit);
  const cases = casesOf(wit);
  const place = payloadPlace(cases);
  const discriminant = discriminantBytes(cases.length);
  const joined = layout.flat?.slice(1) ?? [];
  // Most cases are passed as what they share with the others.
  const isPlain = types.map((type) => !type || (type.flat?.every((core, index) => core === joined[index]) ?? false));
  function checked(index: number): number {
    if (index < types.length) return index;
    throw new Trap("1.1", `${index} is no case of ${cases.map(({ name }) => name).join(", ")}`);
  }
  return {
    wit,
    ...layout,
    load(guest, at) {
      const index = checked(loadNumber(guest.view, at, discriminant));
      return shape.make(index, types[index]?.load(guest, at + place));
    },
    lift(guest, flat) {
      const index = checked(flat.number() >>> 0);
      const end = flat.taken + joined.length;
      const type = types[index];
      const own =
        type && isPlain[index] !== true
          ? new FlatValues(narrowed(flat.peek(joined.length), joined, type.flat ?? []))
          : flat;
      const val = type?.lift(guest, own);
      flat.goTo(end);
      return shape.make(index, val);
    },
    store(guest, at, value) {
      const index = shape.indexOf(value);
      const type = types[index];
      try {
        type?.store(guest, at + place, shape.valOf(value));
      } catch (error) {
        throw ofMember(cases[index]?.name ?? "", error);
      }
      storeNumber(guest.view, at, discriminant, index);
    },
    lower(guest, value, into) {
      const index = shape.indexOf(value);
      const type = types[index];
      const payload: CoreValue[] = [];
      try {
        type?.lower(guest, shape.valOf(value), payload);
      } catch (error) {
        throw ofMember(cases[index]?.name ?? "", error);
      }
      into.push(index, ...widened(payload, type?.flat ?? [], joined));
    },
  };
}

function loadNumber(view: DataView, at: number, bytes: 1 | 2 | 4): number {
  return bytes === 1 ? view.getUint8(at) : bytes === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
}

function storeNumber(view: DataView, at: number, bytes: 1 | 2 | 4, value: number): void {
  if (bytes === 1) view.setUint8(at, value);
  else if (bytes === 2) view.setUint16(at, value, true);
  else view.setUint32(at, value, true);
}

const scratch = new DataView(new ArrayBuffer(8));

/** Core values of the cases' common types, as those of one case. */
function narrowed(values: readonly unknown[], from: readonly CoreType[], to: readonly CoreType[]): unknown[] {
  return to.map((type, index) => sameBits(values[index], from[index] ?? type, type));
}

/** Core values of one case as those of the common types; what it does not fill is zero. */
function widened(values: readonly CoreValue[], from: readonly CoreType[], to: readonly CoreType[]): CoreValue[] {
  return to.map((type, index) => sameBits(values[index] ?? 0, from[index] ?? "i32", type));
}

/** A core value as one of another type. Of a longer type, what it does not fill is zero. */
function sameBits(value: unknown, from: CoreType, to: CoreType): CoreValue {
  // Of the type that it says.
  if (from === to) return value as CoreValue;
  scratch.setBigInt64(0, from === "i64" ? BigInt(value as CoreValue) : 0n, true);
  if (from === "f64") scratch.setFloat64(0, Number(value), true);
  else if (from === "f32") scratch.setFloat32(0, Number(value), true);
  else if (from === "i32") scratch.setInt32(0, Number(value), true);
  if (to === "i64") return scratch.getBigInt64(0, true);
  if (to === "f64") return scratch.getFloat64(0, true);
  return to === "f32" ? scratch.getFloat32(0, true) : scratch.getInt32(0, true);
}

/** A variant is `{ tag, val }`. */
export function variant<const C extends Record<string, CaseType>>(
  cases: C,
): Type<VariantOf<C, "in">, VariantOf<C, "out">> {
  const names = Object.keys(cases);
  const indices = new Map<unknown, number>(names.map((name, index) => [name, index]));
  // Each by its name, by the signature; inside they are walked by index.
  const types = Object.values(cases) as readonly unknown[] as readonly (Type<unknown> | null)[];
  const type = variantLike(
    { kind: "variant", cases: names.map((name, index) => ({ name, type: types[index]?.wit })) },
    types,
    {
      make: (index, val) => (types[index] ? { tag: names[index], val } : { tag: names[index] }),
      indexOf(value) {
        const tag = typeof value === "object" && value !== null && "tag" in value ? value.tag : undefined;
        return indices.get(tag) ?? wrongValue(`{ tag, val } with a tag of ${names.join(", ")}`, tag ?? value);
      },
      valOf,
    },
  );
  return type as Type<VariantOf<C, "in">, VariantOf<C, "out">>;
}

function valOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "val" in value ? value.val : undefined;
}

/** An enum is the name of its case. */
export function enumeration<const T extends string>(...names: readonly T[]): Type<T> {
  const indices = new Map<unknown, number>(names.map((name, index) => [name, index]));
  const types = names.map(() => null);
  const type = variantLike({ kind: "enum", names }, types, {
    make: (index) => names[index],
    indexOf: (value) => indices.get(value) ?? wrongValue(`one of ${names.join(", ")}`, value),
    valOf: () => undefined,
  });
  return type as Type<T>;
}

/** An option is its value, or `undefined`. */
export function option<In, Out>(some: Type<In, Out>): Type<In | undefined, Out | undefined> {
  // What it carries is of its own type, by the signature.
  const type = variantLike({ kind: "option", some: some.wit }, [null, some as Type<unknown> | Type<In, Out> as never], {
    make: (index, val) => (index === 0 ? undefined : val),
    indexOf: (value) => (value === undefined || value === null ? 0 : 1),
    valOf: (value) => value,
  });
  return type as Type<In | undefined, Out | undefined>;
}

/** An option of what may itself be `undefined`: `{ tag: "none" }` or `{ tag: "some", val }`. */
export function nestedOption<In, Out>(some: Type<In, Out>): Type<unknown> {
  return variantLike(
    { kind: "option", some: some.wit },
    [null, some as unknown as Type<unknown>],
    tagged(["none", "some"]),
  );
}

/** A result that is a value, and not what a function returns: `{ tag: "ok" or "err", val }`. */
export function resultValue(ok: Type<unknown> | null, err: Type<unknown> | null): Type<unknown> {
  return variantLike({ kind: "result", ok: ok?.wit, err: err?.wit }, [ok, err], tagged(["ok", "err"]));
}

function tagged(tags: readonly unknown[]): Shape {
  return {
    make: (index, val) => ({ tag: tags[index], val }),
    indexOf(value) {
      const tag = typeof value === "object" && value !== null && "tag" in value ? value.tag : undefined;
      const index = tags.indexOf(tag);
      return index >= 0 ? index : wrongValue(`{ tag, val } with a tag of ${tags.join(", ")}`, tag ?? value);
    },
    valOf,
  };
}
