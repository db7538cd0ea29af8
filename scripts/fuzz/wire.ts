/** Values as JSON that another language can read: see reference.py. */
import { camelCaseAll } from "../../src/abi/names.ts";
import type { CoreType } from "../../src/abi/encode.ts";
import type { CoreValue } from "../../src/abi/type.ts";
import type { ValType } from "../../src/abi/types.ts";

const scratch = new DataView(new ArrayBuffer(8));

/** The bits of a number, in decimal; all that are not a number are the same. */
function f32Bits(value: number): string {
  scratch.setFloat32(0, value);
  return Number.isNaN(value) ? "nan" : String(scratch.getUint32(0));
}

function f64Bits(value: number): string {
  scratch.setFloat64(0, value);
  return Number.isNaN(value) ? "nan" : String(scratch.getBigUint64(0));
}

export type Wire = string | number | boolean | null | readonly Wire[];

// Values are of the shapes that their types have: `as` says so.

export function wireOf(type: ValType, value: unknown): Wire {
  switch (type.kind) {
    case "f32":
      return f32Bits(value as number);
    case "f64":
      return f64Bits(value as number);
    case "s64":
    case "u64":
      return String(value);
    case "list":
      return Array.from(value as ArrayLike<unknown>, (item) => wireOf(type.element, item));
    case "map":
      return Array.from(value as Map<unknown, unknown>, ([key, of]) => [wireOf(type.key, key), wireOf(type.value, of)]);
    case "tuple":
      return type.members.map((member, index) => wireOf(member, (value as unknown[])[index]));
    case "record": {
      const keys = camelCaseAll(type.fields.map(({ name }) => name));
      const object = value as Readonly<Record<string, unknown>>;
      return type.fields.map((field, index) => wireOf(field.type, object[keys[index] ?? ""]));
    }
    case "flags": {
      const object = value as Readonly<Record<string, Wire>>;
      return camelCaseAll(type.names).map((key) => object[key] ?? null);
    }
    case "variant":
    case "enum":
    case "option":
    case "result":
      return caseOf(type, value);
    default:
      // Booleans, numbers and text are what they are.
      return value as Wire;
  }
}

function caseOf(type: Extract<ValType, { kind: "variant" | "enum" | "option" | "result" }>, value: unknown): Wire {
  const tagged = value as { readonly tag: string; readonly val?: unknown };
  const carried = (of: ValType | undefined): Wire => (of ? wireOf(of, tagged.val) : null);
  switch (type.kind) {
    case "enum":
      return [type.names.indexOf(value as string), null];
    case "variant": {
      const index = type.cases.findIndex(({ name }) => name === tagged.tag);
      return [index, carried(type.cases[index]?.type)];
    }
    case "result":
      return tagged.tag === "ok" ? [0, carried(type.ok)] : [1, carried(type.err)];
    case "option":
      if (type.some.kind === "option") return tagged.tag === "none" ? [0, null] : [1, carried(type.some)];
      return value === undefined ? [0, null] : [1, wireOf(type.some, value)];
  }
}

/** A value that others have lifted, with maps as JavaScript has them: of pairs with one key, the last one counts. */
export function withoutDoubles(type: ValType, wire: Wire): Wire {
  if (!Array.isArray(wire)) return wire;
  const items = wire as readonly Wire[];
  switch (type.kind) {
    case "list":
      return items.map((item) => withoutDoubles(type.element, item));
    case "map": {
      const pairs = items.map((pair) => {
        const [key = null, value = null] = pair as readonly Wire[];
        return [withoutDoubles(type.key, key), withoutDoubles(type.value, value)] as const;
      });
      const byKey = new Map(pairs.map((pair) => [JSON.stringify(pair[0]), pair]));
      return [...byKey.values()];
    }
    case "tuple":
      return type.members.map((member, index) => withoutDoubles(member, items[index] ?? null));
    case "record":
      return type.fields.map((field, index) => withoutDoubles(field.type, items[index] ?? null));
    case "variant":
    case "option":
    case "result": {
      const [index = 0, value = null] = items;
      const of = carriedBy(type, Number(index));
      return [index, of ? withoutDoubles(of, value) : value];
    }
    default:
      return wire;
  }
}

function carriedBy(type: Extract<ValType, { kind: "variant" | "option" | "result" }>, index: number) {
  if (type.kind === "variant") return type.cases[index]?.type;
  if (type.kind === "option") return index === 0 ? undefined : type.some;
  return index === 0 ? type.ok : type.err;
}

/** A core value in decimal, without a sign: its bits if it is no integer. */
export function coreWire(core: CoreType, value: CoreValue): string {
  if (core === "f32") return f32Bits(Number(value));
  if (core === "f64") return f64Bits(Number(value));
  return core === "i32" ? String(Number(value) >>> 0) : String(BigInt.asUintN(64, BigInt(value)));
}

/** A core value as WebAssembly passes it. */
export function coreOf(core: CoreType, wire: string): CoreValue {
  if (core === "i64") return BigInt.asIntN(64, BigInt(wire));
  if (core === "i32") return Number(wire) | 0;
  if (wire === "nan") return NaN;
  if (core === "f32") {
    scratch.setUint32(0, Number(wire));
    return scratch.getFloat32(0);
  }
  scratch.setBigUint64(0, BigInt(wire));
  return scratch.getFloat64(0);
}
