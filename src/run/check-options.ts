/** Options, looked at before anything runs: one that makes no sense is named, with what would do. */
import { hasMethods, isObject } from "../io/shape.ts";
import { told } from "../io/told.ts";
import type { InstanceOptions } from "./options.ts";

/** What an option has to be, if that is not what it is. */
type Check = (value: unknown) => string | undefined;

const U64 = 1n << 64n;

function isNoArray(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && !Array.isArray(value);
}

function expecting(expected: string, fits: (value: unknown) => boolean): Check {
  return (value) => (fits(value) ? undefined : expected);
}

function withMethods(name: string, ...methods: readonly string[]): Check {
  return expecting(`${name}, with ${methods.join(", ")}`, (value) =>
    hasMethods<Readonly<Record<string, unknown>>>(value, ...methods),
  );
}

/** What every system can pass on: a guest gets it in an encoding of Unicode, and may be one that ends texts with a NUL. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed() && !value.includes("\0");
}

function isName(name: string): boolean {
  return name !== "" && isText(name) && !name.includes("=");
}

const boolean = expecting("true or false", (value) => typeof value === "boolean");
const object = expecting("an object", isNoArray);
/** The platform says which streams it knows. */
const stream = expecting('a stream, or "ignore"', (value) => value !== null);

/** An entry for each: those that name ports are looked at by who opens them. */
const CHECKS: Readonly<Record<keyof InstanceOptions<unknown, unknown> | "isolate", Check>> = {
  isolate: expecting('"thread"', (value) => value === "thread"),
  imports: object,
  syncExports: boolean,
  leases: boolean,
  args: expecting(
    "an array of strings (well-formed, without NUL)",
    (value) => Array.isArray(value) && value.every(isText),
  ),
  env: expecting(
    "an object of strings (well-formed, without NUL), under names without =",
    (value) => isNoArray(value) && Object.entries(value).every(([name, text]) => isName(name) && isText(text)),
  ),
  cwd: expecting("a string (well-formed, without NUL)", isText),
  preopens: object,
  blockingFiles: boolean,
  blockingStdio: boolean,
  stdin: stream,
  stdout: stream,
  stderr: stream,
  signal: expecting(
    "an AbortSignal",
    (value) =>
      hasMethods<AbortSignal>(value, "addEventListener", "removeEventListener", "throwIfAborted") &&
      typeof value.aborted === "boolean",
  ),
  limits: object,
  timeout: expecting(
    "a number of milliseconds from 0 on",
    (value) => typeof value === "number" && value >= 0 && Number.isFinite(value),
  ),
  deadlock: expecting('"trap" or "wait"', (value) => value === "trap" || value === "wait"),
  // What is in it is looked at by who opens it.
  network: expecting(
    "true or false, or { tcp, udp, lookup, check, on }",
    (value) => typeof value === "boolean" || isNoArray(value),
  ),
  http: (value) =>
    typeof value === "boolean" || typeof value === "function" || isObject(value)
      ? undefined
      : "true or false, { hosts, denyPrivate, check }, a function of a Request, or an HttpClient",
  permits: expecting('"strict" or "budget"', (value) => value === "strict" || value === "budget"),
  trace: expecting("a function", (value) => typeof value === "function"),
  monotonicClock: withMethods("a MonotonicClock", "now", "resolution", "schedule"),
  wallClock: withMethods("a WallClock", "now", "resolution"),
  random: withMethods("a RandomSource", "fill"),
  insecureSeed: expecting(
    "two bigints from 0 to 2 ** 64 - 1",
    (value) => Array.isArray(value) && value.length === 2 && value.every(isU64),
  ),
};

function isU64(value: unknown): boolean {
  return typeof value === "bigint" && value >= 0n && value < U64;
}

/** @throws {TypeError} If they are no object. */
export function assertOptions(options: unknown): asserts options is Readonly<Record<string, unknown>> {
  if (!isNoArray(options)) throw new TypeError(`The options must be an object, got ${told(options)}`);
}

/** @throws {TypeError} That names the option. One that is `undefined` counts as left out. */
export function checkOptions(options: unknown): void {
  assertOptions(options);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(CHECKS, name)) {
      throw new TypeError(`There is no option ${JSON.stringify(name)}: expected ${Object.keys(CHECKS).join(", ")}`);
    }
    // It is one of them.
    const expected = value === undefined ? undefined : CHECKS[name as keyof typeof CHECKS](value);
    if (expected !== undefined) throw new TypeError(`The option ${name} must be ${expected}; got ${told(value)}`);
  }
}
