import { Signal, type Readiness, type Waker } from "./readiness.ts";
import type { Steps } from "./steps.ts";

/** Ready when a promise is settled. */
class Settling<T> implements Readiness {
  readonly #changed = new Signal();
  #outcome: { readonly value: T } | { readonly cause: unknown } | undefined;

  constructor(promise: Promise<T>) {
    promise.then(
      (value) => this.#settle({ value }),
      (cause: unknown) => this.#settle({ cause }),
    );
  }

  ready(): boolean {
    return this.#outcome !== undefined;
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }

  /** Only when ready. */
  result(): T {
    if (!this.#outcome) throw new Error("The promise is not settled");
    if ("cause" in this.#outcome) throw this.#outcome.cause;
    return this.#outcome.value;
  }

  #settle(outcome: { readonly value: T } | { readonly cause: unknown }): void {
    this.#outcome = outcome;
    this.#changed.notify();
  }
}

/**
 * The value of `later`: no step for one that is there, a wait for a promise.
 *
 * @param discard Given the value if the steps are given up before it comes, so that nothing stays open.
 */
export function* settled<T>(later: T | Promise<T>, discard: (value: T) => void = () => {}): Steps<T> {
  if (!(later instanceof Promise)) return later;
  const settling = new Settling(later);
  let waited = false;
  try {
    while (!settling.ready()) yield settling;
    waited = true;
  } finally {
    if (!waited) void later.then(discard).catch(() => {});
  }
  return settling.result();
}
