import { excerpt } from "../io/quoted.ts";

/** How deep values are shown that lie within each other, and how many members of an object. */
const MAX_DEPTH = 6;
const MAX_MEMBERS = 16;

/** A value of a WIT type for a person, cut short: what an embedder gives may have more in it than its type says, or throw. */
export function show(value: unknown): string {
  try {
    return shown(value, 0);
  } catch {
    return "what cannot be looked at";
  }
}

function shown(value: unknown, depth: number): string {
  if (value === undefined) return "()";
  if (typeof value === "string") return excerpt(value, 80);
  if (typeof value === "bigint" || typeof value === "number" || typeof value === "boolean") return `${value}`;
  if (typeof value !== "object" || value === null) return typeof value;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (depth === MAX_DEPTH) return "...";
  if (Array.isArray(value)) {
    const items = value.slice(0, 8).map((item) => shown(item, depth + 1));
    return `[${items.join(", ")}${value.length > 8 ? ", ..." : ""}]`;
  }
  if ("kind" in value && "rep" in value) return `resource ${String(value.rep)}`;
  // An object may have no prototype, and so no constructor.
  const { constructor: type } = value as { readonly constructor?: unknown };
  if (typeof type === "function" && type !== Object) {
    // oxlint-disable-next-line typescript/no-base-to-string -- those that have one of their own
    return hasText(value) ? String(value) : type.name;
  }
  const members = Object.entries(value);
  const told = members.slice(0, MAX_MEMBERS).map(([key, member]) => `${key}: ${shown(member, depth + 1)}`);
  return `{ ${told.join(", ")}${members.length > MAX_MEMBERS ? ", ..." : ""} }`;
}

/** Whether it says itself what it is. */
function hasText(value: object): boolean {
  return value.toString !== Object.prototype.toString && typeof value.toString === "function";
}
