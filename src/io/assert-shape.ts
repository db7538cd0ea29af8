import { isObject, membersSeen } from "./shape.ts";
import { told } from "./told.ts";

/** What each member of an object is, in words, and whether something is that. */
export type Shape<T> = {
  readonly [Name in keyof Required<T>]: readonly [expected: string, fits: (value: unknown) => boolean];
};

/**
 * Looks at an object that somebody gave, and gives its members, each read once. What is `undefined` counts as left out.
 *
 * @param what Names it.
 * @throws {TypeError} If it is none, has a member that there is not, or one that is not what it is to be.
 */
export function shaped<T>(what: string, value: unknown, shape: Shape<T>): T {
  const known = Object.keys(shape);
  const names = known.join(", ");
  if (!isObject(value)) throw new TypeError(`${what} must be an object of ${names}; got ${told(value)}`);
  const members = membersSeen(value, known);
  for (const [name, member] of Object.entries(members)) {
    if (!Object.hasOwn(shape, name)) throw new TypeError(`${what}: there is no ${name}; expected ${names}`);
    const [expected, fits] = shape[name as keyof T];
    assertFits(`${what}: ${name}`, member, expected, member === undefined || fits(member));
  }
  // All of them were looked at.
  return members as T;
}

/** @param what Names it. @throws {TypeError} If it does not fit. */
export function assertFits(what: string, value: unknown, expected: string, fits: boolean): void {
  if (!fits) throw new TypeError(`${what} must be ${expected}; got ${told(value)}`);
}

/** @param what Names it. @throws {TypeError} If it is no function. */
export function assertFunction(what: string, value: unknown): void {
  assertFits(what, value, "a function", isFunction(value));
}

/** @param what Names it. @throws {RangeError} If it is no whole number from 1 on. */
export function assertPositive(what: string, value: unknown): void {
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return;
  throw new RangeError(`${what} must be a positive whole number, got ${told(value)}`);
}

export function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

export function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

/** Whether it is a number of 64 bits without a sign. */
export function isU64(value: unknown): value is bigint {
  return typeof value === "bigint" && value >= 0n && value < 1n << 64n;
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
