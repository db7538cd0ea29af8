/** Types, and values of them as the model has them. */
import fc from "../testing/properties.ts";
import type { PrimitiveKind, StringEncoding, ValType } from "../../src/abi/types.ts";

export const bool: ValType = { kind: "bool" };
export const u8: ValType = { kind: "u8" };
export const u16: ValType = { kind: "u16" };
export const u32: ValType = { kind: "u32" };
export const u64: ValType = { kind: "u64" };
export const f32: ValType = { kind: "f32" };
export const f64: ValType = { kind: "f64" };
export const char: ValType = { kind: "char" };
export const string: ValType = { kind: "string" };
export const list = (element: ValType, length?: number): ValType => ({ kind: "list", element, length });
export const tuple = (...members: readonly ValType[]): ValType => ({ kind: "tuple", members });
export const option = (some: ValType): ValType => ({ kind: "option", some });
export const variant = (...types: readonly (ValType | undefined)[]): ValType => ({
  kind: "variant",
  cases: types.map((type, index) => ({ name: `c${index}`, type })),
});

export const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index}`);

const PRIMITIVES: readonly PrimitiveKind[] = [
  ..."bool s8 u8 s16 u16 s32 u32 s64 u64 f32 f64 char string".split(" "),
] as PrimitiveKind[]; // All of them are.

const made = fc.letrec<{ type: ValType }>((tie) => ({
  type: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(...PRIMITIVES).map((kind): ValType => ({ kind })),
    tie("type").map((element) => list(element)),
    fc.tuple(tie("type"), fc.integer({ min: 1, max: 4 })).map(([element, length]) => list(element, length)),
    fc.array(tie("type"), { minLength: 1, maxLength: 5 }).map((members) => tuple(...members)),
    fc
      .array(tie("type"), { minLength: 1, maxLength: 5 })
      .map((types): ValType => ({ kind: "record", fields: types.map((type, index) => ({ name: `f${index}`, type })) })),
    fc
      .array(fc.option(tie("type"), { nil: undefined }), { minLength: 1, maxLength: 5 })
      .map((types) => variant(...types)),
    fc.constantFrom(1, 2, 5, 256, 257).map((count): ValType => ({ kind: "enum", names: names(count) })),
    fc.integer({ min: 1, max: 32 }).map((count): ValType => ({ kind: "flags", names: names(count) })),
    tie("type").map(option),
    fc
      .tuple(fc.option(tie("type"), { nil: undefined }), fc.option(tie("type"), { nil: undefined }))
      .map(([ok, err]): ValType => ({ kind: "result", ok, err })),
    fc.tuple(tie("type"), tie("type")).map(([key, value]): ValType => ({ kind: "map", key, value })),
  ),
}));

/** Of any kind but handles, and those that carry nothing here. */
export const anyType: fc.Arbitrary<ValType> = made.type;

export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("a", "\u00e9", "\u00ff") }),
);

/** Made once: a unit that is all of Unicode takes long to make. */
const character = fc.string({ unit: "binary", minLength: 1, maxLength: 1 });

function anyOf(types: readonly (ValType | undefined)[]): fc.Arbitrary<unknown> {
  const cases = types.map((type, index) =>
    (type ? valueOf(type) : fc.constant(undefined)).map((value) => ({ index, value })),
  );
  return fc.oneof(...cases);
}

/** Values of a type. */
export function valueOf(type: ValType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "bool":
      return fc.boolean();
    case "s64":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "u64":
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case "f32":
      return fc.float();
    case "f64":
      return fc.double();
    case "char":
      return character;
    case "string":
      return text;
    case "list": {
      const { length } = type;
      const bounds = length === undefined ? { maxLength: 4 } : { minLength: length, maxLength: length };
      return fc.array(valueOf(type.element), bounds);
    }
    case "map":
      return fc.array(fc.tuple(valueOf(type.key), valueOf(type.value)), { maxLength: 4 });
    case "record":
      return fc.tuple(...type.fields.map((field) => valueOf(field.type)));
    case "tuple":
      return fc.tuple(...type.members.map(valueOf));
    case "flags":
      return fc.array(fc.boolean(), { minLength: type.names.length, maxLength: type.names.length });
    case "variant":
      return anyOf(type.cases.map((one) => one.type));
    case "enum":
      return fc.integer({ min: 0, max: type.names.length - 1 }).map((index) => ({ index, value: undefined }));
    case "option":
      return anyOf([undefined, type.some]);
    case "result":
      return anyOf([type.ok, type.err]);
    default:
      return integer(type.kind);
  }
}

function integer(kind: string): fc.Arbitrary<number> {
  const bits = Number(kind.slice(1));
  return kind.startsWith("s")
    ? fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
    : fc.integer({ min: 0, max: 2 ** bits - 1 });
}

export const encoding: fc.Arbitrary<StringEncoding> = fc.constantFrom<StringEncoding>("utf8", "utf16", "latin1+utf16");
