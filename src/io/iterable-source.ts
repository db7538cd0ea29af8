import { assertFits } from "./assert-shape.ts";
import { endIterator, nextOf } from "./iteration.ts";
import type { Source } from "./ports.ts";
import { PullSource } from "./pull-source.ts";
import { isObject } from "./shape.ts";

/** A source over an (async) iterable of bytes or text. Returns the iterator when nobody reads on. */
export function iterableSource(iterable: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>): Source {
  const isIterable = isObject(iterable) && (Symbol.asyncIterator in iterable || Symbol.iterator in iterable);
  assertFits("What iterableSource takes", iterable, "an iterable of Uint8Array or strings, async or not", isIterable);
  const iterator = Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
  return new PullSource(
    async () => {
      const item = await nextOf(iterator);
      return item ? item.value : null;
    },
    () => endIterator(iterator),
  );
}
