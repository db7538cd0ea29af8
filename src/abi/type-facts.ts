/** What holds for a type and all that it is made of. */
import type { ValType } from "./types.ts";

interface Facts {
  /** How deep types are within each other in it. */
  readonly depth: number;
  /** The kinds of types that are somewhere in it, itself among them. */
  readonly kinds: ReadonlySet<ValType["kind"]>;
  readonly isPointed: boolean;
}

const facts = new WeakMap<ValType, Facts>();

/** Found once for each, so that a type that is used twice on each level is no work of 2 ** depth. */
export function factsOf(type: ValType): Facts {
  let known = facts.get(type);
  if (!known) {
    const parts = partsOf(type).map(factsOf);
    known = {
      depth: 1 + parts.reduce((most, { depth }) => Math.max(most, depth), 0),
      kinds: new Set([type.kind, ...parts.flatMap(({ kinds }) => [...kinds])]),
      isPointed:
        type.kind === "string" ||
        type.kind === "map" ||
        (type.kind === "list" && type.length === undefined) ||
        (type.kind !== "stream" && type.kind !== "future" && parts.some((part) => part.isPointed)),
    };
    facts.set(type, known);
  }
  return known;
}

/** Whether a type of one of these kinds is somewhere in `type`. */
export function mentions(type: ValType, ...kinds: readonly ValType["kind"][]): boolean {
  const inside = factsOf(type).kinds;
  return kinds.some((kind) => inside.has(kind));
}

/** Whether some part of a value lies behind a pointer. */
export function isPointed(type: ValType): boolean {
  return factsOf(type).isPointed;
}

/** The types that `type` is made of. */
export function partsOf(type: ValType): readonly ValType[] {
  switch (type.kind) {
    case "record":
      return type.fields.map((field) => field.type);
    case "tuple":
      return type.members;
    case "variant":
      return type.cases.flatMap((one) => one.type ?? []);
    case "option":
      return [type.some];
    case "result":
      return [type.ok, type.err].flatMap((one) => one ?? []);
    case "list":
      return [type.element];
    case "stream":
    case "future":
      return type.element ? [type.element] : [];
    case "map":
      return [type.key, type.value];
    default:
      return [];
  }
}
