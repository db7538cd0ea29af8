/**
 * WAVE, the notation for values of WIT types that Wasmtime's `--invoke` takes: what reading and printing it share.
 *
 * @see https://github.com/bytecodealliance/wasm-tools/blob/main/crates/wasm-wave/README.md
 */
import { NUMBER_ARRAYS } from "../typed-arrays.ts";
import { camelCaseAll } from "../names.ts";
import { describe } from "../describe.ts";
import type { ValType } from "../types.ts";

/** Levels of values within values: a limit on the stack, and the same as that of wasm-wave. */
export const MAX_DEPTH = 100;

/** A case of an enum or a variant that is one of these is written with a `%` before it. */
export const KEYWORDS: ReadonlySet<string> = new Set(["true", "false", "inf", "nan", "some", "none", "ok", "err"]);

/** What a text has that does not fit, and where. */
export interface WaveErrorDetails {
  /** What there should have been, such as a type. */
  readonly expected: string;
  /** What there was instead. */
  readonly found: string;
  /** Where, from 1, in UTF-16 code units from the start of the text; `undefined` if a value could not be printed. */
  readonly column?: number | undefined;
  /** The name of the parameter that the text is for. */
  readonly parameter?: string | undefined;
}

/** A text that is not WAVE of the type, or a value that has no WAVE. */
export class WaveError extends Error implements WaveErrorDetails {
  override readonly name = "WaveError";
  readonly expected: string;
  readonly found: string;
  readonly column: number | undefined;
  readonly parameter: string | undefined;

  constructor({ expected, found, column, parameter }: WaveErrorDetails) {
    const place = [parameter && `parameter ${parameter}`, column && `column ${column}`].filter(Boolean).join(", ");
    super(`${place && `${place}: `}expected ${expected}, got ${found}`);
    this.expected = expected;
    this.found = found;
    this.column = column;
    this.parameter = parameter;
  }
}

/** Smallest and largest. */
export const INTEGERS = {
  s8: [-0x80, 0x7f],
  u8: [0, 0xff],
  s16: [-0x8000, 0x7fff],
  u16: [0, 0xffff],
  s32: [-0x8000_0000, 0x7fff_ffff],
  u32: [0, 0xffff_ffff],
} as const;

/** Smallest and largest. */
export const BIGINTS = {
  s64: [-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn],
  u64: [0n, 0xffff_ffff_ffff_ffffn],
} as const;

/** Types whose values are numbers in JavaScript. */
export type NumberKind = keyof typeof NUMBER_ARRAYS;
/** Types whose values are bigints in JavaScript. */
export type BigintKind = keyof typeof BIGINTS;

export function isNumberKind(kind: ValType["kind"]): kind is NumberKind {
  return Object.hasOwn(NUMBER_ARRAYS, kind);
}

export function isBigintKind(kind: ValType["kind"]): kind is BigintKind {
  return Object.hasOwn(BIGINTS, kind);
}

/** Whether an option of `some` is `{ tag, val }` in JavaScript, since `undefined` already means that `some` is none. */
export function isTaggedOption(some: ValType): boolean {
  return some.kind === "option";
}

/** Whether `text` is one character of Unicode, or half of one. */
export function isCodePoint(text: string): boolean {
  return text.length === ((text.codePointAt(0) ?? 0) > 0xffff ? 2 : 1);
}

export interface Label {
  /** The name of the property in JavaScript. */
  readonly key: string;
  /** Of the field, or of what the case carries. */
  readonly type: ValType | undefined;
}

export type Labelled = Extract<ValType, { kind: "record" | "variant" | "enum" | "flags" }>;
export type Labels = ReadonlyMap<string, Label>;

const labels = new WeakMap<Labelled, Labels>();

/** Fields, cases, or names by their names in WIT, in the order of the declaration. Computed once for each type. */
export function labelsOf(type: Labelled): Labels {
  let found = labels.get(type);
  if (!found) labels.set(type, (found = computeLabels(type)));
  return found;
}

function computeLabels(type: Labelled): Labels {
  const parts = labelledParts(type);
  const keys = camelCaseAll(parts.map(([name]) => name));
  return new Map(parts.map(([name, of], index) => [name, { key: keys[index] ?? name, type: of }]));
}

function labelledParts(type: Labelled): [name: string, type: ValType | undefined][] {
  switch (type.kind) {
    case "record":
      return type.fields.map(({ name, type: field }) => [name, field]);
    case "variant":
      return type.cases.map(({ name, type: of }) => [name, of]);
    case "enum":
    case "flags":
      return type.names.map((name) => [name, undefined]);
  }
}

/** A type of more parts than this is only named by its kind: nobody would read it, and it might be a tree of millions. */
const MAX_DESCRIBED_PARTS = 64;

/** A type for a message: as `describe` says it, unless that is too long. */
export function nameOf(type: ValType): string {
  let left = MAX_DESCRIBED_PARTS;
  const todo: ValType[] = [type];
  for (let next = todo.pop(); next; next = todo.pop()) {
    const parts = partsOf(next);
    left -= 1 + parts.length;
    if (left < 0) return type.kind;
    todo.push(...parts.filter((part) => part !== undefined));
  }
  return describe(type);
}

function partsOf(type: ValType): readonly (ValType | undefined)[] {
  switch (type.kind) {
    case "record":
    case "variant":
    case "enum":
    case "flags":
      return labelledParts(type).map(([, of]) => of);
    case "tuple":
      return type.members;
    case "option":
      return [type.some];
    case "result":
      return [type.ok, type.err];
    case "map":
      return [type.key, type.value];
    case "list":
    case "stream":
    case "future":
      return [type.element];
    default:
      return [];
  }
}

/** What an error says of a type that WAVE has no notation for. */
export function withoutNotation(type: ValType): WaveErrorDetails {
  const found = `${nameOf(type)}: resources, streams, futures and error contexts cannot be written`;
  return { expected: "a type that has a notation", found };
}
