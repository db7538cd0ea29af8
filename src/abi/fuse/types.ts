/** What the compiler of fused adapters asks of types, beyond their layout. */
import { casesOf, flagsBytes, layoutOf } from "../layout.ts";
import { describe } from "../describe.ts";
import type { FuncType, ValType } from "../types.ts";

/** A function that cannot cross between two components (yet). */
export class UnsupportedTypeError extends TypeError {
  override readonly name: string = "UnsupportedTypeError";
}

/** Records and tuples alike. */
export function membersOf(type: Extract<ValType, { kind: "record" | "tuple" }>): readonly ValType[] {
  return type.kind === "tuple" ? type.members : type.fields.map((field) => field.type);
}

const entries = new WeakMap<ValType, ValType>();

/** What a list or a map is a list of: always the same object for the same type. */
export function elementOf(type: Extract<ValType, { kind: "list" | "map" }>): ValType {
  if (type.kind === "list") return type.element;
  let entry = entries.get(type);
  if (!entry) entries.set(type, (entry = { kind: "tuple", members: [type.key, type.value] }));
  return entry;
}

function partsOf(type: ValType): readonly ValType[] {
  switch (type.kind) {
    case "record":
    case "tuple":
      return membersOf(type);
    case "variant":
    case "option":
    case "result":
      return casesOf(type).flatMap((one) => one.type ?? []);
    case "list":
    case "map":
      return [elementOf(type)];
    default:
      return [];
  }
}

/** @throws {UnsupportedTypeError} Naming the first type that cannot cross. */
export function checkSupported(type: FuncType): void {
  const seen = new Set<ValType>();
  function visit(part: ValType, direction: "params" | "result"): void {
    if (seen.has(part)) return;
    seen.add(part);
    switch (part.kind) {
      case "stream":
      case "future":
      case "error-context":
        throw new UnsupportedTypeError(`Values of type ${describe(part)} do not cross between components yet`);
      case "borrow":
        if (direction === "result") throw new UnsupportedTypeError(`A result may not have a ${describe(part)}`);
        return;
      default:
        for (const inner of partsOf(part)) visit(inner, direction);
    }
  }
  for (const param of type.params) visit(param.type, "params");
  seen.clear();
  if (type.result) visit(type.result, "result");
}

/** Whether any of the types has a borrow. */
export function haveBorrow(types: readonly ValType[]): boolean {
  const seen = new Set<ValType>();
  const has = (type: ValType): boolean => {
    if (seen.has(type)) return false;
    seen.add(type);
    return type.kind === "borrow" || partsOf(type).some(has);
  };
  return types.some(has);
}

const dense = new WeakMap<ValType, boolean>();

/**
 * Whether all bytes of a value belong to it and any bytes are a value, so that copying them is all there is to do.
 * Padding is not copied: it may hold what the sender has not meant to send.
 */
export function isDense(type: ValType): boolean {
  let known = dense.get(type);
  if (known === undefined) dense.set(type, (known = computeDense(type)));
  return known;
}

function computeDense(type: ValType): boolean {
  switch (type.kind) {
    case "u8":
    case "s8":
    case "u16":
    case "s16":
    case "u32":
    case "s32":
    case "u64":
    case "s64":
    case "f32":
    case "f64":
      return true;
    case "flags":
      return type.names.length === 8 * flagsBytes(type.names.length);
    case "record":
    case "tuple": {
      const members = membersOf(type);
      const bytes = members.reduce((sum, member) => sum + layoutOf(member).size, 0);
      return bytes === layoutOf(type).size && members.every(isDense);
    }
    case "list":
      return type.length !== undefined && isDense(type.element);
    default:
      return false;
  }
}

const weights = new WeakMap<ValType, number>();

/** About how many steps the conversion of one value is if it is written out, shared parts as often as they occur. */
export function weightOf(type: ValType): number {
  let weight = weights.get(type);
  if (weight === undefined) weights.set(type, (weight = computeWeight(type)));
  return weight;
}

function computeWeight(type: ValType): number {
  // What a list holds is converted by a function of its own.
  if (type.kind === "map" || (type.kind === "list" && type.length === undefined) || isDense(type)) return 1;
  return 1 + partsOf(type).reduce((sum, part) => sum + weightOf(part), 0);
}
