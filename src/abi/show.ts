/** A value of a WIT type for a person, cut short. */
export function show(value: unknown): string {
  if (value === undefined) return "()";
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
  if (typeof value === "bigint" || typeof value === "number" || typeof value === "boolean") return `${value}`;
  if (typeof value !== "object" || value === null) return typeof value;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `[${value.slice(0, 8).map(show).join(", ")}${value.length > 8 ? ", ..." : ""}]`;
  if ("kind" in value && "rep" in value) return `resource ${String(value.rep)}`;
  // oxlint-disable-next-line typescript/no-base-to-string -- those that have one of their own
  if (value.constructor !== Object) return hasText(value) ? String(value) : value.constructor.name;
  return `{ ${Object.entries(value)
    .map(([key, member]) => `${key}: ${show(member)}`)
    .join(", ")} }`;
}

/** Whether it says itself what it is. */
function hasText(value: object): boolean {
  return value.toString !== Object.prototype.toString && typeof value.toString === "function";
}
