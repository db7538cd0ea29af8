/** Values as WAVE: what `parseArguments` would make the same values of. */
import { BIGINT_ARRAYS, NUMBER_ARRAYS } from "../typed-arrays.ts";
import type { ValType } from "../types.ts";
import { nearestF32 } from "./nearest.ts";
import { quote } from "./scan.ts";
import {
  BIGINTS,
  INTEGERS,
  isBigintKind,
  isCodePoint,
  isNumberKind,
  isTaggedOption,
  KEYWORDS,
  labelsOf,
  MAX_DEPTH,
  nameOf,
  WaveError,
  withoutNotation,
  type BigintKind,
  type NumberKind,
} from "./wave.ts";

type Of<K extends ValType["kind"]> = Extract<ValType, { kind: K }>;

/** What would break a literal, is not to be seen, or changes how something else is shown: the same that Wasmtime escapes. */
const ESCAPED = /["'\\\p{C}\p{Grapheme_Extend}\p{Default_Ignorable_Code_Point}]|(?! )\p{Z}/gu;
const SHORT: Readonly<Record<string, string>> = { "\t": "t", "\n": "n", "\r": "r", '"': '"', "'": "'", "\\": "\\" };
/** Decimal digits that tell any f32 from all others. */
const F32_DIGITS = 9;

/** `value`, which has the shape that jco gives `type` in JavaScript, as WAVE on one line. */
export function printValue(value: unknown, type: ValType): string {
  return print(value, type, 0);
}

function print(value: unknown, type: ValType, depth: number): string {
  if (depth === MAX_DEPTH) throw new WaveError({ expected: `at most ${MAX_DEPTH} levels`, found: "more" });
  const inner = depth + 1;
  switch (type.kind) {
    case "bool":
      if (typeof value !== "boolean") throw mismatch(type, value);
      return `${value}`;
    case "char":
      return printChar(value, type);
    case "string":
      return `"${escape(value, type)}"`;
    case "record":
      return printRecord(value, type, inner);
    case "tuple":
      return printTuple(value, type, inner);
    case "variant":
      return printVariant(value, type, inner);
    case "enum":
      if (typeof value !== "string" || !labelsOf(type).has(value)) throw mismatch(type, value);
      return printCase(value);
    case "flags":
      return printFlags(value, type);
    case "option":
      return printOption(value, type, inner);
    case "result":
      return printResult(value, type, inner);
    case "list":
      return `[${elementsOf(value, type, (element) => print(element, type.element, inner)).join(", ")}]`;
    case "map":
      return printMap(value, type, inner);
    case "own":
    case "borrow":
    case "stream":
    case "future":
    case "error-context":
      throw new WaveError(withoutNotation(type));
    default:
      return isBigintKind(type.kind) ? printBigint(value, type.kind) : printNumber(value, type.kind);
  }
}

function printNumber(value: unknown, kind: NumberKind): string {
  if (typeof value !== "number") throw mismatch({ kind }, value);
  if (kind === "f32" || kind === "f64") return printFloat(value, kind);
  const [min, max] = INTEGERS[kind];
  if (!Number.isInteger(value) || value < min || value > max) throw mismatch({ kind }, value);
  return `${value}`;
}

function printBigint(value: unknown, kind: BigintKind): string {
  const [min, max] = BIGINTS[kind];
  if (typeof value !== "bigint" || value < min || value > max) throw mismatch({ kind }, value);
  return `${value}`;
}

function printFloat(value: number, kind: "f32" | "f64"): string {
  const float = kind === "f32" ? Math.fround(value) : value;
  if (Number.isNaN(float)) return "nan";
  if (!Number.isFinite(float)) return float < 0 ? "-inf" : "inf";
  if (Object.is(float, -0)) return "-0";
  return withoutExponent(kind === "f32" ? shortestF32(float) : `${float}`);
}

/** A number as JavaScript writes it, with all its zeros. */
function withoutExponent(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent] = /^(-?)(\d)(?:\.(\d+))?e(.+)$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  const digits = whole + fraction;
  const point = 1 + Number(exponent);
  return point > 0 ? sign + digits.padEnd(point, "0") : `${sign}0.${digits.padStart(digits.length - point, "0")}`;
}

/** As few digits as tell it from other f32: 0.1, and not 0.10000000149011612. */
function shortestF32(float: number): string {
  for (let digits = 1; digits < F32_DIGITS; digits++) {
    const short = float.toPrecision(digits);
    if (nearestF32(short) === float) return `${Number(short)}`;
  }
  return `${Number(float.toPrecision(F32_DIGITS))}`;
}

function printChar(value: unknown, type: ValType): string {
  if (typeof value !== "string" || !isCodePoint(value)) throw mismatch(type, value);
  return `'${escape(value, type)}'`;
}

function escape(value: unknown, type: ValType): string {
  if (typeof value !== "string") throw mismatch(type, value);
  if (!value.isWellFormed()) throw new WaveError({ expected: "Unicode", found: "half of a surrogate pair" });
  return value.replaceAll(ESCAPED, (char) => `\\${SHORT[char] ?? `u{${char.codePointAt(0)?.toString(16)}}`}`);
}

function printRecord(value: unknown, type: Of<"record">, depth: number): string {
  const object = objectOf(value, type);
  const fields: string[] = [];
  for (const [name, { key, type: field }] of labelsOf(type)) {
    const member = propertyOf(object, key);
    // Only a case may be without a type.
    if (!field || (field.kind === "option" && isNone(member, field))) continue;
    fields.push(`${name}: ${print(member, field, depth)}`);
  }
  return fields.length === 0 ? "{:}" : `{${fields.join(", ")}}`;
}

function printTuple(value: unknown, type: Of<"tuple">, depth: number): string {
  if (!Array.isArray(value) || value.length !== type.members.length) throw mismatch(type, value);
  return `(${type.members.map((member, index) => print(value[index], member, depth)).join(", ")})`;
}

function printFlags(value: unknown, type: Of<"flags">): string {
  const object = objectOf(value, type);
  const set = [...labelsOf(type)].filter(([, { key }]) => {
    const flag = propertyOf(object, key) ?? false;
    if (typeof flag !== "boolean") throw mismatch(type, value);
    return flag;
  });
  return `{${set.map(([name]) => name).join(", ")}}`;
}

function printVariant(value: unknown, type: Of<"variant">, depth: number): string {
  const object = objectOf(value, type);
  const tag = propertyOf(object, "tag");
  const found = typeof tag === "string" ? labelsOf(type).get(tag) : undefined;
  if (typeof tag !== "string" || !found) throw mismatch(type, value);
  return printCase(tag) + printPayload(object, found.type, depth);
}

function printOption(value: unknown, type: Of<"option">, depth: number): string {
  if (isNone(value, type)) return "none";
  if (!isTaggedOption(type.some)) return `some(${print(value, type.some, depth)})`;
  const object = objectOf(value, type);
  if (propertyOf(object, "tag") !== "some") throw mismatch(type, value);
  return `some${printPayload(object, type.some, depth)}`;
}

function isNone(value: unknown, type: Of<"option">): boolean {
  if (value === undefined) return true;
  if (!isTaggedOption(type.some)) return false;
  return typeof value === "object" && value !== null && propertyOf(value, "tag") === "none";
}

function printResult(value: unknown, type: Of<"result">, depth: number): string {
  const object = objectOf(value, type);
  const tag = propertyOf(object, "tag");
  if (tag !== "ok" && tag !== "err") throw mismatch(type, value);
  return tag + printPayload(object, type[tag], depth);
}

function printPayload(object: object, type: ValType | undefined, depth: number): string {
  return type ? `(${print(propertyOf(object, "val"), type, depth)})` : "";
}

function printCase(name: string): string {
  return KEYWORDS.has(name) ? `%${name}` : name;
}

function printMap(value: unknown, type: Of<"map">, depth: number): string {
  if (!(value instanceof Map)) throw mismatch(type, value);
  const pairs = Array.from(
    value,
    ([key, member]: [unknown, unknown]) => `(${print(key, type.key, depth)}, ${print(member, type.value, depth)})`,
  );
  return `[${pairs.join(", ")}]`;
}

/** Of an array, or of the typed array that is usual for the type. */
function elementsOf(value: unknown, type: Of<"list">, printed: (element: unknown) => string): string[] {
  const list = Array.isArray(value) || isTypedArray(value, type.element.kind) ? value : undefined;
  if (!list || (type.length !== undefined && type.length !== list.length)) throw mismatch(type, value);
  return Array.from<unknown, string>(list, printed);
}

function isTypedArray(value: unknown, kind: ValType["kind"]): value is ArrayLike<unknown> {
  if (isNumberKind(kind)) return value instanceof NUMBER_ARRAYS[kind];
  return isBigintKind(kind) && value instanceof BIGINT_ARRAYS[kind];
}

function objectOf(value: unknown, type: ValType): object {
  if (typeof value !== "object" || value === null) throw mismatch(type, value);
  return value;
}

/** Not what all objects inherit, such as `toString`: fields may have such names, and be missing. */
function propertyOf(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? Reflect.get(object, key) : undefined;
}

function mismatch(type: ValType, value: unknown): WaveError {
  return new WaveError({ expected: nameOf(type), found: briefly(value) });
}

/** A value for a message, without what is in it: it may have cycles. */
function briefly(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const tag = propertyOf(value, "tag");
  return typeof tag === "string" ? `an object with tag ${quote(tag)}` : "an object";
}
