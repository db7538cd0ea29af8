/**
 * Options, looked at before anything runs, and once: one that makes no sense is named, with what would do (see option-words.ts), and
 * what was found to make sense is what the instance has.
 */
import { isBoolean, isU64 } from "../io/assert-shape.ts";
import { hasMethods, isObject, isThenable } from "../io/shape.ts";
import { told } from "../io/told.ts";
import type { InstanceOptions } from "./options.ts";

export type OptionName = keyof InstanceOptions<unknown, unknown> | "isolate";

type Fits = (value: unknown) => boolean;

type Members = Readonly<Record<string, unknown>>;

/** Whether it has its members under names: a list or a map has not. */
function isRecord(value: unknown): value is Members {
  return isObject(value) && !(Symbol.iterator in value);
}

/** As `isRecord`, and is no promise of one, which would be taken for one that leaves all out. */
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

function members(value: unknown): unknown {
  return isRecord(value) ? { ...value } : value;
}

function items(value: unknown): unknown {
  return Array.isArray(value) ? Array.from(value as unknown[]) : value;
}

function directories(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([path, one]) => [path, isObject(one) ? directory(one) : one]));
}

/** Alone, or with a word on it, which it may have from elsewhere. */
function directory(value: Members): Members {
  if (!("directory" in value)) return value;
  return { ...value, directory: value["directory"], ...("readOnly" in value && { readOnly: value["readOnly"] }) };
}

/** What was written down for this; what is an object of more than that stays what it is. */
function written(value: unknown): unknown {
  if (!isRecord(value) || hasPrototype(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, items(member)]));
}

function hasPrototype(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  // That of a plain object, of whatever realm, has none itself.
  return prototype !== null && Object.getPrototypeOf(prototype) !== null;
}

/** Of what can be asked twice, and need not answer the same. */
const COPIES: Readonly<Partial<Record<OptionName, (value: unknown) => unknown>>> = {
  imports: members,
  args: items,
  env: members,
  preopens: directories,
  limits: members,
  network: written,
  http: written,
  insecureSeed: items,
};

/** Those that were made, which are looked at again where instances are made of them. */
const copies = new WeakSet<object>();

function copyOf(name: OptionName, value: unknown): unknown {
  if (isObject(value) && copies.has(value)) return value;
  const copy = COPIES[name]?.(value) ?? value;
  if (isObject(copy) && copy !== value) copies.add(copy);
  return copy;
}

function isOption(name: string): name is OptionName {
  return Object.hasOwn(CHECKS, name);
}

/**
 * Gives the options, copied as far as they could be others when they are looked at again; or a promise if one makes no sense, which
 * rejects with a `TypeError` that names it. One that is `undefined` counts as left out. The words are loaded then: they are as
 * much as the checks.
 *
 * @param others What else may be among them, and is looked at elsewhere.
 * @throws {TypeError} If they are no object.
 */
export function checkedOptions<T extends object>(options: T, others: readonly string[] = []): T | Promise<never> {
  const checked: Record<string, unknown> = {};
  for (const name of namesOf(options)) {
    let value: unknown;
    let isFit = false;
    try {
      value = Reflect.get(options, name);
      if (isOption(name)) {
        value = copyOf(name, value);
        isFit = value === undefined || CHECKS[name](value);
      } else if (others.includes(name)) {
        value = items(value);
        isFit = true;
      }
    } catch (cause) {
      return import("./option-words.ts").then(({ unreadable }) => unreadable(name, cause));
    }
    if (!isFit) return import("./option-words.ts").then(({ refuse }) => refuse(name, value, others));
    checked[name] = value;
  }
  // By the same names as they were given.
  return checked as T;
}

function namesOf(options: unknown): readonly string[] {
  try {
    if (isRecord(options)) return Object.keys(options);
  } catch {
    // One that cannot be looked at.
  }
  throw new TypeError(`The options must be an object, got ${told(options)}`);
}
