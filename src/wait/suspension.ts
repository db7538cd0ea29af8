/** How a guest waits in the middle of its code: its stack is suspended or, where no engine can do that, its thread blocks. */
import { UnsupportedRuntimeError } from "../io/unsupported-runtime.ts";
import { Trap } from "../io/trap.ts";
import type { CoreFunction } from "./gate.ts";

/** What blocks the thread of a guest that cannot be suspended, and has the rest of the thread go on meanwhile. */
export interface Parking {
  /** Blocks until `promise` is settled; gives its value, or throws its reason. Only in the middle of what `enter` calls. */
  wait<T>(promise: Promise<T>): T;
  /** Calls `fn` soon, where it may wait. */
  enter<T>(fn: () => T): Promise<T>;
}

/** Whether this engine can suspend WebAssembly: JavaScript Promise Integration. */
export function canSuspend(): boolean {
  return typeof WebAssembly.Suspending === "function";
}

/** @throws {UnsupportedRuntimeError} If there is no way for a guest to wait. */
export function assertWaits(parking: Parking | undefined): void {
  if (parking || canSuspend()) return;
  throw new UnsupportedRuntimeError(
    "This runtime cannot suspend WebAssembly, as Node 24 and Chromium 137 can; `run` and `instantiate` do on Node 20 too, " +
      "and with syncExports, for components that never wait, anywhere",
  );
}

export function cannotWait(): Trap {
  return new Trap("4.3", "the guest has to wait in a call that cannot be suspended (see docs/embedding.md)");
}

/** An import that has its caller wait for what `wait` promises, by suspending it. */
export function suspending(wait: () => Promise<unknown>): object {
  if (canSuspend()) return new WebAssembly.Suspending(wait);
  return () => {
    throw cannotWait();
  };
}

/** A function of WebAssembly's, as it is called from outside so that it may wait. */
export function promising(fn: CoreFunction, parking: Parking | undefined): (...args: unknown[]) => Promise<unknown> {
  // With core values, which its caller has made for it.
  return parking ? (...args) => parking.enter(() => fn(...(args as never[]))) : WebAssembly.promising(fn);
}
