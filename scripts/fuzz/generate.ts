/** Random types, and values of them in the shapes that JavaScript has for them. */
import { camelCaseAll } from "../../src/abi/names.ts";
import type { PrimitiveKind, ResourceId, ValType } from "../../src/abi/types.ts";
import type { Random } from "../random.ts";

const PRIMITIVES: readonly PrimitiveKind[] = [
  ...([
    "bool",
    "s8",
    "u8",
    "s16",
    "u16",
    "s32",
    "u32",
    "s64",
    "u64",
    "f32",
    "f64",
    "char",
    "string",
    "string",
  ] as const),
];

/** Labels: some are words of WIT, of WAVE or of JavaScript. */
const LABELS = "a b2 c-d some none ok err true false nan inf record constructor then prototype to-string x-Y".split(
  " ",
);

export function labels(random: Random, count: number): string[] {
  const start = random.below(LABELS.length);
  return Array.from({ length: count }, (_, index) => LABELS[(start + index) % LABELS.length] ?? "").map(
    (label, index) => (index < LABELS.length ? label : `${label}-${index}x`),
  );
}

/** @param depth How many levels of types there may be within it. */
export function anyType(random: Random, depth: number): ValType {
  if (depth === 0 || random.once(3)) return { kind: random.of(PRIMITIVES) };
  const inner = (): ValType => anyType(random, depth - 1);
  const maybe = (): ValType | undefined => (random.once(3) ? undefined : inner());
  switch (random.below(11)) {
    case 0:
    case 1:
      return { kind: "list", element: inner(), length: undefined };
    case 2:
      return { kind: "list", element: inner(), length: random.from(1, 4) };
    case 3:
      return { kind: "tuple", members: Array.from({ length: random.from(1, 5) }, inner) };
    case 4:
      return { kind: "record", fields: labels(random, random.from(1, 5)).map((name) => ({ name, type: inner() })) };
    case 5:
      return { kind: "variant", cases: labels(random, random.from(1, 5)).map((name) => ({ name, type: maybe() })) };
    case 6:
      return { kind: "enum", names: labels(random, random.of([1, 2, 5, 256, 257])) };
    case 7:
      return { kind: "flags", names: labels(random, random.from(1, 32)) };
    case 8:
      return { kind: "option", some: inner() };
    case 9:
      return { kind: "result", ok: maybe(), err: maybe() };
    default:
      return { kind: "map", key: keyType(random), value: inner() };
  }
}

function keyType(random: Random): ValType {
  return { kind: random.of(["bool", "u8", "s32", "u64", "char", "string"] as const) };
}

export function text(random: Random): string {
  const form = random.below(5);
  const length = random.once(20) ? random.below(3000) : random.below(12);
  let result = "";
  for (let index = 0; index < length; index++) result += String.fromCodePoint(codePoint(random, form));
  return result;
}

function codePoint(random: Random, form: number): number {
  if (form === 0) return random.from(0x20, 0x7e);
  if (form === 1) return random.from(0, 0xff);
  if (form === 2) return random.once(8) ? 0x20ac : random.from(0x61, 0xff);
  const code = form === 3 ? random.from(0, 0xffff) : random.from(0, 0x10_ffff);
  return code >= 0xd800 && code <= 0xdfff ? 0xfeff : code;
}

const DOUBLES = [0, -0, 1, -1.5, 0.1, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, Infinity, -Infinity, NaN];

function float(random: Random): number {
  if (random.once(2)) return random.of(DOUBLES);
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, random.u64());
  // What is no number has bits that nobody promises to keep.
  return Number.isNaN(view.getFloat64(0)) ? NaN : view.getFloat64(0);
}

function bits(random: Random): bigint {
  return random.once(3) ? random.of([0n, 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 63n - 1n]) : random.u64();
}

const INTEGERS: Readonly<Record<string, (value: number) => number>> = {
  s8: (value) => (value << 24) >> 24,
  u8: (value) => value & 0xff,
  s16: (value) => (value << 16) >> 16,
  u16: (value) => value & 0xffff,
  s32: (value) => value | 0,
  u32: (value) => value >>> 0,
};

const ARRAYS: Readonly<Record<string, (items: never) => unknown>> = {
  u8: (items) => Uint8Array.from(items),
  s8: (items) => Int8Array.from(items),
  u16: (items) => Uint16Array.from(items),
  s16: (items) => Int16Array.from(items),
  u32: (items) => Uint32Array.from(items),
  s32: (items) => Int32Array.from(items),
  u64: (items) => BigUint64Array.from(items),
  s64: (items) => BigInt64Array.from(items),
  f32: (items) => Float32Array.from(items),
  f64: (items) => Float64Array.from(items),
};

/** What stands for a resource in a value. */
export type ResourceOf = (resource: ResourceId, isOwn: boolean) => unknown;

const noResource: ResourceOf = () => ({});

/** A value of a type, and the smaller one, the less is left of `budget`: types may be trees of millions. */
export class Values {
  readonly #random: Random;
  readonly #resource: ResourceOf;
  #budget: number;

  constructor(random: Random, resource: ResourceOf = noResource, budget = 2000) {
    this.#random = random;
    this.#resource = resource;
    this.#budget = budget;
  }

  of(type: ValType): unknown {
    const random = this.#random;
    this.#budget--;
    if (this.#budget < -100_000) throw new RangeError("A value is too large to be made up");
    switch (type.kind) {
      case "bool":
        return random.once(2);
      case "char":
        return String.fromCodePoint(codePoint(random, random.below(5)));
      case "string":
        return text(random);
      case "f32":
        return Math.fround(float(random));
      case "f64":
        return float(random);
      case "s64":
        return BigInt.asIntN(64, bits(random));
      case "u64":
        return bits(random);
      case "list":
        return this.#list(type.element, type.length);
      case "map":
        return new Map(Array.from({ length: this.#count() }, () => [this.of(type.key), this.of(type.value)]));
      case "tuple":
        return type.members.map((member) => this.of(member));
      case "record":
        return objectOf(
          type.fields.map(({ name }) => name),
          (index) => this.of(type.fields[index]?.type ?? { kind: "bool" }),
        );
      case "flags":
        return objectOf(type.names, () => random.once(2));
      case "own":
      case "borrow":
        return this.#resource(type.resource, type.kind === "own");
      case "stream":
        if (type.element?.kind === "u8") return random.bytes(random.below(20));
        return Array.from({ length: random.below(4) }, () => type.element && this.of(type.element));
      case "future":
        return Promise.resolve(type.element && this.of(type.element));
      case "error-context":
        return new Error("what happened");
      default:
        return this.#case(type);
    }
  }

  #case(type: ValType): unknown {
    const random = this.#random;
    switch (type.kind) {
      case "enum":
        return random.of(type.names);
      case "variant": {
        const { name, type: carried } = random.of(type.cases);
        return carried ? { tag: name, val: this.of(carried) } : { tag: name };
      }
      case "option": {
        const some = this.#budget < 0 || random.once(3) ? undefined : { val: this.of(type.some) };
        if (type.some.kind !== "option") return some?.val;
        return some ? { tag: "some", val: some.val } : { tag: "none", val: undefined };
      }
      case "result": {
        const tag = random.of(["ok", "err"] as const);
        const carried = type[tag];
        return { tag, val: carried && this.of(carried) };
      }
      default:
        // The others are integers.
        return INTEGERS[type.kind]?.(random.once(4) ? random.from(-1, 1) : random.u32());
    }
  }

  #count(): number {
    return this.#budget < 0 ? 0 : this.#random.below(5);
  }

  #list(element: ValType, length: number | undefined): unknown {
    const items = Array.from({ length: length ?? this.#count() }, () => this.of(element));
    const typed = length === undefined ? ARRAYS[element.kind] : undefined;
    return typed ? typed(items as never) : items;
  }
}

function objectOf(names: readonly string[], of: (index: number) => unknown): Record<string, unknown> {
  const keys = camelCaseAll(names);
  return Object.fromEntries(keys.map((key, index) => [key, of(index)]));
}
