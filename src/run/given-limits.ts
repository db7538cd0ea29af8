import { assertPositive } from "../io/assert-shape.ts";
import { DEFAULT_LIMITS, type Limits } from "../io/limits.ts";
import { quoted } from "../io/quoted.ts";
import { membersSeen } from "../io/shape.ts";

/** Completes `limits` with the defaults. @throws {RangeError} For a value that is not a positive whole number. */
export function limitsFrom(limits?: Partial<Limits>): Limits {
  if (!limits) return DEFAULT_LIMITS;
  // Each is looked at.
  const known = { ...DEFAULT_LIMITS, ...membersSeen(limits, Object.keys(DEFAULT_LIMITS)) } as Limits;
  for (const [name, value] of Object.entries(known)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) {
      throw new RangeError(`Unknown limit ${quoted(name)}: expected one of ${Object.keys(DEFAULT_LIMITS).join(", ")}`);
    }
    assertPositive(`limits.${name}`, value);
  }
  return known;
}
