import { UsageError } from "./usage.ts";

/** In milliseconds. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  "": 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * A duration such as 30s, 500ms or 1.5m, in whole milliseconds; seconds where no unit is given.
 *
 * @param option For the message.
 * @param least How many there are at least: one, as a rule.
 * @throws {UsageError}
 */
export function milliseconds(text: string, option: string, least: 0 | 1 = 1): number {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?)(ns|[uμ]s|ms|s|m|h|)$/.exec(text) ?? [];
  const whole = Math.ceil(Number(count) * (UNITS[unit] ?? 1));
  if (Number.isSafeInteger(whole) && whole >= least) return whole;
  throw new UsageError(
    `${option} expects a duration${least > 0 ? " from 1ms on" : ""}, such as 30s, 500ms or 2m, got ${JSON.stringify(text)}`,
  );
}
