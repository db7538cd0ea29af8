/**
 * Options, looked at before anything runs, and once: one that makes no sense is named, with what would do (see option-words.ts), and
 * what was found to make sense is what the instance has.
 */
import { isBoolean, isU64 } from "../io/assert-shape.ts";
import { hasMethods, isObject, isThenable, membersSeen, type Members } from "../io/shape.ts";
import { told } from "../io/told.ts";
import type { InstanceOptions } from "./options.ts";

export type OptionName = keyof InstanceOptions<unknown, unknown> | "isolate";

type Fits = (value: unknown) => boolean;

/** Whether it has its members under names: a list or a map has not. */
function isRecord(value: unknown): value is Members {
  return isObject(value) && !(Symbol.iterator in value);
}

/** As `isRecord`, and is no promise of one, which would pass for one that leaves all out. */
function isGiven(value: unknown): value is Members {
  return isRecord(value) && !isThenable(value);
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
  // One of them may be called "then".
  imports: isRecord,
  syncExports: isBoolean,
  leases: isBoolean,
  args: (value) => Array.isArray(value) && value.every(isText),
  env: (value) =>
    isGiven(value) &&
    Object.entries(value).every(([name, text]) => isName(name) && (text === undefined || isText(text))),
  cwd: isText,
  preopens: isGiven,
  blockingFiles: isBoolean,
  blockingStdio: isBoolean,
  stdin: isSomething,
  stdout: isSomething,
  stderr: isSomething,
  signal: (value) =>
    hasMethods<AbortSignal>(value, "addEventListener", "removeEventListener", "throwIfAborted") &&
    isBoolean(value.aborted),
  limits: isGiven,
  timeout: (value) => typeof value === "number" && value >= 0 && Number.isFinite(value),
  deadlock: (value) => value === "trap" || value === "wait",
  // What is in it is looked at by who opens it.
  network: (value) => isBoolean(value) || isGiven(value),
  http: (value) => isBoolean(value) || typeof value === "function" || isObject(value),
  permits: (value) => value === "strict" || value === "budget",
  trace: (value) => typeof value === "function",
  monotonicClock: (value) => hasMethods<Readonly<Record<string, unknown>>>(value, "now", "resolution", "schedule"),
  wallClock: (value) => hasMethods<Readonly<Record<string, unknown>>>(value, "now", "resolution"),
  random: (value) => hasMethods<Readonly<Record<string, unknown>>>(value, "fill"),
  insecureSeed: (value) => Array.isArray(value) && value.length === 2 && value.every(isU64),
};

function isOption(name: string): name is OptionName {
  return Object.hasOwn(CHECKS, name);
}

/**
 * Gives a copy of the options, each read once; or a promise if one makes no sense, which rejects with a `TypeError` that names it.
 * One that is `undefined` counts as left out. The words are loaded then: they are as much as the checks. What a getter throws is
 * thrown.
 *
 * @param others What else may be among them, and is looked at elsewhere.
 * @throws {TypeError} If they are no object.
 */
export function checkedOptions<T extends object>(options: T, others: readonly string[] = []): T | Promise<never> {
  if (!isRecord(options)) throw new TypeError(`The options must be an object, got ${told(options)}`);
  const checked = membersSeen(options, [...Object.keys(CHECKS), ...others]);
  for (const [name, given] of Object.entries(checked)) {
    // Whoever gave these may go on to change them while the component is still being compiled.
    const isMap = ["env", "imports", "preopens"].includes(name) && isGiven(given);
    const value = isMap ? membersSeen(given) : Array.isArray(given) ? [...(given as readonly unknown[])] : given;
    const isFit = isOption(name) ? value === undefined || CHECKS[name](value) : others.includes(name);
    if (!isFit) return import("./option-words.ts").then(({ refuse }) => refuse(name, value, others));
    checked[name] = value;
  }
  // By the same names as they were given.
  return checked as T;
}
