/** What somebody threw, before anybody looks at it: JavaScript throws anything, also what throws when it is looked at. */
import { told } from "./told.ts";

/**
 * `thrown`, if whoever tells of it can look at it; else an error that says so in its place. Never `undefined`, which would be
 * taken for no failure at all.
 */
export function causeOf(thrown: unknown): unknown {
  if (thrown === undefined) return new Error("undefined");
  return hasText(thrown) ? thrown : new TypeError(`what was thrown cannot be looked at: ${told(thrown)}`);
}

function hasText(thrown: unknown): boolean {
  try {
    if (!(thrown instanceof Error)) return typeof messageOf(thrown) === "string";
    // Errors of systems have a code too, which is looked at where there is one.
    const { name, message, code }: { name: unknown; message: unknown; code?: unknown } = thrown;
    return typeof name === "string" && typeof message === "string" && typeof code !== "symbol";
  } catch {
    return false;
  }
}

/** What is told of a cause. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
