/**
 * What the client gives, looked at where it crosses: nothing that lies goes on. The errors here name what came, and become the
 * `BrokerError` of what was asked for.
 */
import { hasMethods, isBytesUpTo, isCount, isObject, isThenable, unawaited } from "../io/shape.ts";
import { told } from "../io/told.ts";

/** The last moment that a `Date` has. */
const LAST_MS = 8.64e15;

function refuse(name: string, value: unknown, expected: string): never {
  // Nobody else waits for it.
  unawaited(value);
  throw new TypeError(`the client gave ${told(value)} as ${name}; expected ${expected}`);
}

/** An object, whose members are to be looked at one by one. */
export function givenObject<T>(name: string, value: T): NonNullable<T> {
  return isObject(value) && !isThenable(value) ? value : refuse(name, value, "an object");
}

/** A whole number. */
export function givenCount(name: string, value: unknown, least: number): number {
  if (isCount(value, Number.MAX_SAFE_INTEGER) && value >= least) return value;
  return refuse(name, value, `a whole number from ${least} on`);
}

export function givenBytes(name: string, value: unknown): Uint8Array {
  return isBytesUpTo(value, Number.MAX_SAFE_INTEGER) ? value : refuse(name, value, "a Uint8Array");
}

export function givenText(name: string, value: unknown): string {
  return typeof value === "string" ? value : refuse(name, value, "text");
}

/** A time, in milliseconds since 1970. */
export function givenTime(name: string, value: unknown): number {
  const ms: unknown = hasMethods<Date>(value, "getTime") ? value.getTime() : undefined;
  if (isCount(ms, LAST_MS)) return ms;
  unawaited(ms);
  return refuse(name, value, "a Date from 1970 on");
}

/** Texts, or none. */
export function givenTexts(name: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return refuse(name, value, "an array of texts");
  return value.map((text) => givenText(`one of ${name}`, text));
}
