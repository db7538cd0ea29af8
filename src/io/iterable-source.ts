import { endIterator, nextOf } from "./iteration.ts";
import type { Source } from "./ports.ts";
import { PullSource } from "./pull-source.ts";

/** A source over an (async) iterable of bytes or text. Returns the iterator when nobody reads on. */
export function iterableSource(iterable: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>): Source {
  const iterator = Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
  return new PullSource(
    async () => {
      const item = await nextOf(iterator);
      return item ? item.value : null;
    },
    () => endIterator(iterator),
  );
}
