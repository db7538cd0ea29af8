import { told } from "../io/told.ts";

/** @throws {RangeError} Unless `value` is a whole number from 1 to `most`. */
export function assertSize(name: string, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return;
  throw new RangeError(`${name} must be a whole number from 1 to ${most}, got ${told(value)}`);
}
