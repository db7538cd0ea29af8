/** What each option has to be, in words, for who gives something else. */
import { quoted } from "../io/quoted.ts";
import { told } from "../io/told.ts";
import type { OptionName } from "./check-options.ts";

const BOOLEAN = "true or false";
const OBJECT = "an object";
const STREAM = 'a stream, or "ignore"';

const EXPECTED: Readonly<Record<OptionName, string>> = {
  isolate: '"thread"',
  imports: OBJECT,
  syncExports: BOOLEAN,
  leases: BOOLEAN,
  args: "an array of strings (well-formed, without NUL)",
  env: "an object of strings (well-formed, without NUL), under names without =",
  cwd: "a string (well-formed, without NUL)",
  preopens: OBJECT,
  blockingFiles: BOOLEAN,
  blockingStdio: BOOLEAN,
  stdin: STREAM,
  stdout: STREAM,
  stderr: STREAM,
  signal: "an AbortSignal",
  limits: OBJECT,
  timeout: "a number of milliseconds from 0 on",
  deadlock: '"trap" or "wait"',
  network: "true or false, or { tcp, udp, lookup, connect, listen, denyPrivate, check, on }",
  http: "true or false, { hosts, denyPrivate, check }, a function of a Request, or an HttpClient",
  permits: '"strict" or "budget"',
  trace: "a function",
  monotonicClock: "a MonotonicClock, with now, resolution, schedule",
  wallClock: "a WallClock, with now, resolution",
  random: "a RandomSource, with fill",
  insecureSeed: "two bigints from 0 to 2 ** 64 - 1",
};

/** @param others What else may be named. @throws {TypeError} That names the option. */
export function refuse(name: string, value: unknown, others: readonly string[]): never {
  if (!Object.hasOwn(EXPECTED, name)) {
    const known = [...others, ...Object.keys(EXPECTED)].join(", ");
    throw new TypeError(`There is no option ${quoted(name)}: expected ${known}`);
  }
  // It is one of them.
  throw new TypeError(`The option ${name} must be ${EXPECTED[name as OptionName]}; got ${told(value)}`);
}
