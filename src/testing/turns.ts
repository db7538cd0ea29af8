/* oxlint-disable no-await-in-loop -- turns are taken one after the other */
import { assertFits, assertFunction } from "../io/assert-shape.ts";
import { isThenable } from "../io/shape.ts";

/** Lets what is under way move on a little: a turn of the microtask queue, of the event loop, or of whatever it is. */
export type Turn = () => Promise<void>;

/** Enough for any chain of promises in this library; cheap enough to take without thinking. */
const MICROTASKS = 30;

/** Lets all promises that can settle by themselves do so. Gives nothing to timers and to input and output. */
export async function microtasks(): Promise<void> {
  for (let turn = 0; turn < MICROTASKS; turn++) await Promise.resolve();
}

/**
 * Whether `promise` is still pending after all promises that can settle by themselves have done so.
 *
 * It proves that somebody waits, without waiting: no timer is involved, and a promise that is pending because of
 * something outside has no chance to settle.
 *
 * @param turn Taken before the answer, for a promise that must outlast more than microtasks.
 */
export async function staysPending(promise: Promise<unknown>, turn: Turn = microtasks): Promise<boolean> {
  assertFits("What staysPending takes", promise, "a promise", isThenable(promise));
  let pending = true;
  const settle = (): void => {
    pending = false;
  };
  promise.then(settle, settle);
  await turn();
  return pending;
}

/**
 * Takes turns until `condition` holds; false if it still does not after `turns`.
 *
 * A bound instead of a time limit: it says the same on a slow machine as on a fast one.
 */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  turn: Turn = microtasks,
  turns = 1000,
): Promise<boolean> {
  assertFunction("What eventually takes", condition);
  for (let taken = 0; taken < turns; taken++) {
    if (await condition()) return true;
    await turn();
  }
  return condition();
}
