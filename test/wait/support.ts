/** What the tests of waiting share. */
import { Signal, type Readiness } from "../../src/io/readiness.ts";

/** Never ready: who waits for it goes on only when `signal` wakes it. */
export function held(): Readiness & { readonly signal: Signal } {
  const signal = new Signal();
  return {
    signal,
    ready: () => false,
    watch: (waker) => signal.watch(waker),
    unwatch: (waker) => signal.unwatch(waker),
  };
}
