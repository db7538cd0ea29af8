import { Signal, type Readiness, type Waker } from "../../io/readiness.ts";

type State<T> =
  /** May become settled. */
  | { readonly tag: "waiting" }
  /** Becomes taken when somebody takes it. */
  | { readonly tag: "settled"; readonly value: T }
  /** Final. */
  | { readonly tag: "taken" };

/** A value that comes once, and is taken once. */
export class Future<T> implements Readiness {
  readonly #changed = new Signal();
  #state: State<T> = { tag: "waiting" };

  /** The first value counts. */
  settle(value: T): void {
    if (this.#state.tag !== "waiting") return;
    this.#state = { tag: "settled", value };
    this.#changed.notify();
  }

  /** True from when the value has come, also after it was taken. */
  ready(): boolean {
    return this.#state.tag !== "waiting";
  }

  /** The value, if it is there and nobody has taken it. */
  take(): State<T> {
    const state = this.#state;
    if (state.tag === "settled") this.#state = { tag: "taken" };
    return state;
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }
}
