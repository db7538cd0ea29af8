/** A function as the asynchronous ABI calls it. */
import type { Returns } from "../abi/returns.ts";
import type { AnyType } from "../abi/type.ts";
import type { Store } from "./store.ts";
import type { ThreadGroup } from "./threads.ts";

/** Gives the arguments, when the callee begins. */
export type OnStart = () => readonly unknown[];

/** The caller is told of the result, or of nothing if the call was cancelled; once. */
export type OnResolve = (result: { readonly value: unknown } | undefined) => void;

/** A call that has begun, or waits to. */
export interface Started {
  /** The caller does not want the result any more. @param by Who called, if that is a component. */
  cancel(by: ThreadGroup | undefined): void;
}

/** A function as a guest calls it: one of the host's, or of a component. */
export interface Callee {
  readonly params: readonly AnyType[];
  readonly returns: Returns<unknown>;
  /** Whose threads carry it out, if it is one of a component. */
  readonly store?: Store;
  /** @param caller Who calls, if that is a component. */
  start(onStart: OnStart, onResolve: OnResolve, caller: ThreadGroup | undefined): Started;
}
