/** A promise, and what settles it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T | PromiseLike<T>) => void;
  readonly reject: (reason: unknown) => void;
}

/** As `Promise.withResolvers`, which Node 20 does not have. */
export function deferred<T>(): Deferred<T> {
  let resolve: Deferred<T>["resolve"] = () => {};
  let reject: Deferred<T>["reject"] = () => {};
  const promise = new Promise<T>((onValue, onReason) => {
    resolve = onValue;
    reject = onReason;
  });
  return { promise, resolve, reject };
}

type State<T> =
  /** Becomes settled. */
  | { readonly tag: "waiting" }
  /** Final. */
  | { readonly tag: "value"; readonly value: T }
  /** Final. */
  | { readonly tag: "failed"; readonly reason: unknown };

const WAITING: State<never> = { tag: "waiting" };

/** As `Deferred`, for what few ask for: there is no promise until somebody does. */
export class LazyDeferred<T> {
  #state: State<T> = WAITING;
  #asked: Deferred<T> | undefined;

  /** Another one each time once it is settled. */
  get promise(): Promise<T> {
    const state = this.#state;
    if (state.tag === "value") return Promise.resolve(state.value);
    if (state.tag === "failed") return Promise.reject(state.reason);
    return (this.#asked ??= deferred<T>()).promise;
  }

  /** The first that settles it counts. */
  resolve(value: T): void {
    if (this.#state.tag !== "waiting") return;
    this.#state = { tag: "value", value };
    this.#asked?.resolve(value);
  }

  /** As `resolve`. */
  reject(reason: unknown): void {
    if (this.#state.tag !== "waiting") return;
    this.#state = { tag: "failed", reason };
    this.#asked?.reject(reason);
  }
}
