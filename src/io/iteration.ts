/** Iterators of somebody else's, with all that their results may be. */
import { isObject, isThenable, unawaited } from "./shape.ts";
import { told } from "./told.ts";

/** Sync or async. */
export type AnyIterator<T> = AsyncIterator<T> | Iterator<T>;

/** The next item, which may be a promise still; undefined at the end. Of what nobody will look at a promise may break. */
export async function nextOf<T>(iterator: AnyIterator<T>): Promise<{ readonly value: T | PromiseLike<T> } | undefined> {
  const step: unknown = await iterator.next();
  if (!isObject(step)) throw new TypeError(`next() of an iterator must give an object, got ${told(step)}`);
  const done = unawaited(step["done"]);
  if (isThenable(done)) {
    discard(step);
    throw new TypeError("`done` of what next() of an iterator gives must be a boolean, got a promise");
  }
  // Of what a result is to have, `done` is the one that anybody else looks at too: whatever counts as true is the end.
  if (done) {
    discard(step);
    return undefined;
  }
  // As the iterator's type says; who takes items checks them.
  return { value: step["value"] as T };
}

/** Tells an iterator that nobody will ask it again. */
export async function endIterator(iterator: AnyIterator<unknown>): Promise<void> {
  const step: unknown = await iterator.return?.();
  if (isObject(step)) {
    unawaited(step["done"]);
    discard(step);
  }
}

function discard(step: Readonly<Record<string, unknown>>): void {
  try {
    unawaited(step["value"]);
  } catch {
    // It is not asked for.
  }
}
