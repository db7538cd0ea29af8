import type { Readiness, Waker, Watchable } from "./readiness.ts";

/**
 * A blocking operation, written once for every way to wait: it yields the readiness that it waits for, is resumed when
 * that may have changed, and returns or throws its result.
 */
export type Steps<T> = Generator<Readiness, T, void>;

/** Runs `steps` to the end, with promises for waiting. For callers in JavaScript; guests are suspended instead. */
export async function complete<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    // Not only until it is ready: that it may be, and have nothing.
    // oxlint-disable-next-line no-await-in-loop -- waiting in turn is what this function is for
    await woken(step.value);
  }
}

/** Resolves at the next change of `readiness`, or at once if it is ready. Leaves no waker behind. */
export async function changed(readiness: Readiness): Promise<void> {
  if (!readiness.ready()) await woken(readiness);
}

/** Resolves at the next change of `watchable`. Leaves no waker behind. */
export function woken(watchable: Watchable): Promise<void> {
  return new Promise((resolve) => {
    const waker: Waker = {
      wake() {
        watchable.unwatch(waker);
        resolve();
      },
    };
    watchable.watch(waker);
  });
}
