/**
 * Promises whose turn can come in the middle of a call. An engine runs its own only when nobody is called any more, and the
 * guest of a parked thread is. So that thread has these instead, under their name, and its code is built without `async` and
 * `await`, which would make the engine's.
 */

type Resolve<T> = (value: T | PromiseLike<T>) => void;
type Reject = (reason: unknown) => void;
type Outcome<T> = { readonly value: T } | { readonly cause: unknown };

/** What is to be done, in order. None of it throws. */
const jobs: (() => void)[] = [];
/** Of the first that has not begun. */
let first = 0;
let isScheduled = false;

function add(job: () => void): void {
  jobs.push(job);
  if (isScheduled) return;
  isScheduled = true;
  queueMicrotask(() => {
    isScheduled = false;
    runPromises();
  });
}

/** Runs what is to be done, and what follows from that, until there is nothing. */
export function runPromises(): void {
  for (let job; (job = jobs[first]);) {
    first++;
    job();
  }
  jobs.length = 0;
  first = 0;
}

/** As the language has it. What is rejected and nobody hears of is forgotten. */
class RunPromise<T> implements PromiseLike<T> {
  #outcome: Outcome<T> | undefined;
  #reactions: ((outcome: Outcome<T>) => void)[] = [];

  constructor(begin: (resolve: Resolve<T>, reject: Reject) => void) {
    const { resolve, reject } = this.#settling();
    try {
      begin(resolve, reject);
    } catch (cause) {
      reject(cause);
    }
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise
  then<V = T, E = never>(
    onValue?: ((value: T) => V | PromiseLike<V>) | null,
    onCause?: ((cause: unknown) => E | PromiseLike<E>) | null,
  ): RunPromise<V | E> {
    return new RunPromise<V | E>((resolve, reject) => {
      this.#react((outcome) => {
        try {
          if ("value" in outcome) {
            // Without a function it passes through: then `V` is `T`.
            resolve(onValue ? onValue(outcome.value) : (outcome.value as unknown as V));
          } else if (onCause) resolve(onCause(outcome.cause));
          else reject(outcome.cause);
        } catch (cause) {
          reject(cause);
        }
      });
    });
  }

  catch<E>(onCause?: ((cause: unknown) => E | PromiseLike<E>) | null): RunPromise<T | E> {
    return this.then(undefined, onCause);
  }

  finally(onEnd?: (() => unknown) | null): RunPromise<T> {
    return this.then(
      (value) => RunPromise.resolve(onEnd?.()).then(() => value),
      (cause) =>
        RunPromise.resolve(onEnd?.()).then(() => {
          throw cause;
        }),
    );
  }

  static resolve<T>(value: T | PromiseLike<T>): RunPromise<T> {
    return value instanceof RunPromise ? value : new RunPromise((resolve) => resolve(value));
  }

  static reject(cause: unknown): RunPromise<never> {
    return new RunPromise((_, reject) => reject(cause));
  }

  static all<T>(promises: Iterable<T | PromiseLike<T>>): RunPromise<T[]> {
    const all = [...promises];
    return new RunPromise((resolve, reject) => {
      const values: T[] = [];
      let left = all.length;
      if (left === 0) resolve(values);
      for (const [index, promise] of all.entries()) {
        RunPromise.resolve(promise).then((value) => {
          values[index] = value;
          if (--left === 0) resolve(values);
        }, reject);
      }
    });
  }

  static allSettled<T>(promises: Iterable<T | PromiseLike<T>>): RunPromise<PromiseSettledResult<T>[]> {
    return RunPromise.all(
      Array.from(promises, (promise) =>
        RunPromise.resolve(promise).then(
          (value): PromiseSettledResult<T> => ({ status: "fulfilled", value }),
          (reason: unknown): PromiseSettledResult<T> => ({ status: "rejected", reason }),
        ),
      ),
    );
  }

  static race<T>(promises: Iterable<T | PromiseLike<T>>): RunPromise<T> {
    return new RunPromise((resolve, reject) => {
      for (const promise of promises) RunPromise.resolve(promise).then(resolve, reject);
    });
  }

  /** A pair that settles it, of which the first call counts. */
  #settling(): { readonly resolve: Resolve<T>; readonly reject: Reject } {
    let isSettled = false;
    const once =
      <V>(settle: (value: V) => void) =>
      (value: V): void => {
        if (isSettled) return;
        isSettled = true;
        settle(value);
      };
    return {
      resolve: once((value: T | PromiseLike<T>) => this.#resolve(value)),
      reject: once((cause: unknown) => this.#settle({ cause })),
    };
  }

  #resolve(value: T | PromiseLike<T>): void {
    try {
      const then = thenOf(value);
      if (!then) {
        // One without `then` is no promise.
        this.#settle({ value: value as T });
        return;
      }
      add(() => {
        const { resolve, reject } = this.#settling();
        try {
          then.call(value, resolve, reject);
        } catch (cause) {
          reject(cause);
        }
      });
    } catch (cause) {
      this.#settle({ cause });
    }
  }

  #settle(outcome: Outcome<T>): void {
    this.#outcome = outcome;
    for (const reaction of this.#reactions) add(() => reaction(outcome));
    this.#reactions = [];
  }

  #react(reaction: (outcome: Outcome<T>) => void): void {
    const outcome = this.#outcome;
    if (outcome) add(() => reaction(outcome));
    else this.#reactions.push(reaction);
  }
}

function thenOf<T>(value: T | PromiseLike<T>): PromiseLike<T>["then"] | undefined {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return undefined;
  // Whatever it is, it may have one.
  const { then } = value as Partial<PromiseLike<T>>;
  return typeof then === "function" ? then : undefined;
}

Object.assign(globalThis, { Promise: RunPromise });
