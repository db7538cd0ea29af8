/** Options, looked at before anything runs: one that makes no sense is named, with what would do (see option-words.ts). */
import { isBoolean, isU64 } from "../io/assert-shape.ts";
import { hasMethods, isObject } from "../io/shape.ts";
import { told } from "../io/told.ts";
import type { InstanceOptions } from "./options.ts";

export type OptionName = keyof InstanceOptions<unknown, unknown> | "isolate";

type Fits = (value: unknown) => boolean;

function isNoArray(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && !Array.isArray(value);
}

/** What every system can pass on: a guest gets it in an encoding of Unicode, and may be one that ends texts with a NUL. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed() && !value.includes("\0");
}

function isName(name: string): boolean {
  return name !== "" && isText(name) && !name.includes("=");
}

/** The platform says which streams it knows. */
function isSomething(value: unknown): boolean {
  return value !== null;
}

/** An entry for each: those that name ports are looked at by who opens them. */
const CHECKS: Readonly<Record<OptionName, Fits>> = {
  isolate: (value) => value === "thread",
  imports: isNoArray,
  syncExports: isBoolean,
  leases: isBoolean,
  args: (value) => Array.isArray(value) && value.every(isText),
  env: (value) =>
    isNoArray(value) &&
    Object.entries(value).every(([name, text]) => isName(name) && (text === undefined || isText(text))),
  cwd: isText,
  preopens: isNoArray,
  blockingFiles: isBoolean,
  blockingStdio: isBoolean,
  stdin: isSomething,
  stdout: isSomething,
  stderr: isSomething,
  signal: (value) =>
    hasMethods<AbortSignal>(value, "addEventListener", "removeEventListener", "throwIfAborted") &&
    isBoolean(value.aborted),
  limits: isNoArray,
  timeout: (value) => typeof value === "number" && value >= 0 && Number.isFinite(value),
  deadlock: (value) => value === "trap" || value === "wait",
  // What is in it is looked at by who opens it.
  network: (value) => isBoolean(value) || isNoArray(value),
  http: (value) => isBoolean(value) || typeof value === "function" || isObject(value),
  permits: (value) => value === "strict" || value === "budget",
  trace: (value) => typeof value === "function",
  monotonicClock: (value) => hasMethods<Readonly<Record<string, unknown>>>(value, "now", "resolution", "schedule"),
  wallClock: (value) => hasMethods<Readonly<Record<string, unknown>>>(value, "now", "resolution"),
  random: (value) => hasMethods<Readonly<Record<string, unknown>>>(value, "fill"),
  insecureSeed: (value) => Array.isArray(value) && value.length === 2 && value.every(isU64),
};

/** @throws {TypeError} If they are no object. */
export function assertOptions(options: unknown): asserts options is Readonly<Record<string, unknown>> {
  if (!isNoArray(options)) throw new TypeError(`The options must be an object, got ${told(options)}`);
}

/** @throws {TypeError} If they are no object. */
export function objectOf<Options extends object>(options: Options): Options {
  assertOptions(options);
  return options;
}

/**
 * Gives a promise if one makes no sense, which rejects with a `TypeError` that names it. One that is `undefined` counts as left
 * out. The words are loaded then: they are as much as the checks.
 *
 * @param ofServer For a server: what it takes beside `ServingOptions`, for who mistakes a name.
 * @throws {TypeError} If they are no object.
 */
export function checkOptions(options: unknown, ofServer?: string): Promise<never> | undefined {
  assertOptions(options);
  for (const [name, value] of Object.entries(options)) {
    // It is one of them.
    const isFit = Object.hasOwn(CHECKS, name) && (value === undefined || CHECKS[name as OptionName](value));
    if (!isFit) return import("./option-words.ts").then(({ refuse }) => refuse(name, value, ofServer));
  }
  return undefined;
}
