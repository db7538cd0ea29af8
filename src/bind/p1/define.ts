import type { Steps } from "../../io/steps.ts";
import type { Timers } from "../../wasi/clocks/timers.ts";
import type { Listings } from "../../wasi/filesystem/listings.ts";
import type { World } from "../../wasi/world.ts";
import type { Tracing } from "../instance.ts";
import type { Task } from "../../wait/task.ts";
import type { Fds } from "./fds.ts";
import type { P1Memory } from "./memory.ts";

/**
 * A parameter of a function of preview 1: an i32, which is a u32; or an i64 as a u64, as an s64, or as a number for
 * those in which 2 ** 53 and more need not be exact.
 */
export type P1Param = "u32" | "u64" | "s64" | "length";

interface Values {
  readonly u32: number;
  readonly u64: bigint;
  readonly s64: bigint;
  readonly length: number;
}
type ValuesOf<P extends readonly P1Param[]> = { [K in keyof P]: Values[P[K]] };

/** Nothing once it is done, or what is left to do for those who have to wait. */
export type P1Outcome = Steps<void> | undefined | void;

/** One function of preview 1. */
export interface P1Function {
  readonly params: readonly P1Param[];
  /** Whether it gives an errno, as all do but one that does not return. */
  readonly result: boolean;
  /** Does it. Throws an error with a code of POSIX, or a `StreamError`, for an errno: see errno.ts. */
  readonly run: (values: readonly (number | bigint)[]) => P1Outcome;
}

/** What a running instance is to preview 1. */
export interface P1Host {
  readonly task: Task;
  readonly tracing: Tracing | undefined;
  /** Whether the guest was called in such a way that it can be suspended: not while it is instantiated. */
  readonly canWait: () => boolean;
  /** Calls `release` when the instance is over, however that comes. */
  readonly onEnd: (release: () => void) => void;
}

/** What all functions of one instance share. */
export interface P1 {
  readonly world: World;
  readonly host: P1Host;
  readonly memory: P1Memory;
  readonly fds: Fds;
  readonly timers: Timers;
  readonly listings: Listings;
}

/** Functions by name. */
export type P1Functions = Readonly<Record<string, P1Function>>;

/** A function that gives an errno. */
export function define<const P extends readonly P1Param[]>(
  params: P,
  run: (...values: ValuesOf<P>) => P1Outcome,
): P1Function {
  // The signature ties `params` to `run`, and whoever calls it makes the values by `params`.
  return { params, result: true, run: (values) => run(...(values as ValuesOf<P>)) };
}
