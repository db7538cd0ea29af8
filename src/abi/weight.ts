/** What a value takes in JavaScript, as far as its type says: a few bytes of a guest's can become many of ours. */
import type { ValType } from "./types.ts";

/**
 * Estimated high, as V8 has them on 64 bits; an array's place for it included. What takes long to make counts for more: one for
 * each 3/4 of a nanosecond, so that all that one call may pass keeps nobody waiting for more than some 50 ms.
 */
const NUMBER_BYTES = 40;
const BIGINT_BYTES = 80;
/** Of a text, and of what stands for a handle. */
const TEXT_BYTES = 200;
const ARRAY_BYTES = 400;
const OBJECT_BYTES = 200;
const FIELD_BYTES = 32;
/** Of what has cases: which one it is. */
const CASE_BYTES = 64;

const weights = new WeakMap<ValType, number>();

/** Bytes that a value of `type` takes, but for the items of its lists and its text, which are counted as they come. */
export function weightOf(type: ValType | undefined): number {
  if (!type) return 0;
  let weight = weights.get(type);
  // Kept: one that is used twice on each level would else be asked 2 ** depth times.
  if (weight === undefined) weights.set(type, (weight = weigh(type)));
  return weight;
}

function weigh(type: ValType): number {
  switch (type.kind) {
    case "record":
      return OBJECT_BYTES + sum(type.fields.map((field) => FIELD_BYTES + weightOf(field.type)));
    case "tuple":
      return OBJECT_BYTES + sum(type.members.map((member) => FIELD_BYTES + weightOf(member)));
    case "variant":
      return CASE_BYTES + Math.max(...type.cases.map((one) => weightOf(one.type)));
    case "flags":
      return OBJECT_BYTES + FIELD_BYTES * type.names.length;
    case "option":
      return CASE_BYTES + weightOf(type.some);
    case "result":
      return CASE_BYTES + Math.max(weightOf(type.ok), weightOf(type.err));
    case "list":
      return ARRAY_BYTES + (type.length ?? 0) * weightOf(type.element);
    case "map":
      return ARRAY_BYTES;
    case "own":
    case "borrow":
    case "stream":
    case "future":
    case "string":
    case "error-context":
      return TEXT_BYTES;
    case "s64":
    case "u64":
      return BIGINT_BYTES;
    default:
      return NUMBER_BYTES;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
