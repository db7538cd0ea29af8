/** Core modules whose memories end earlier. */
import { unsigned } from "../../abi/encode.ts";
import { LIMIT_FLAGS, limits } from "../decode/core.ts";
import type { Reader } from "../decode/reader.ts";
import { replacedSection } from "../replaced-section.ts";
import { UnsupportedComponentError } from "../unsupported.ts";

/** Bytes. */
const PAGE = 65_536;
const MEMORIES = 5;

/**
 * The module with no memory of more than `maxBytes`: to grow it further fails, as at the end of any memory.
 *
 * @throws {RangeError} If one has more from the start.
 * @throws {UnsupportedComponentError} If one is of a kind that cannot be held to that.
 */
export function withLimitedMemories(bytes: Uint8Array, maxBytes: number): Uint8Array {
  return replacedSection(bytes, MEMORIES, (content) => {
    const memories: number[] = [];
    const count = content.list(() => memories.push(...limited(content, maxBytes))).length;
    return Uint8Array.of(...unsigned(count), ...memories);
  });
}

function limited(reader: Reader, maxBytes: number): number[] {
  const maxPages = Math.floor(maxBytes / PAGE);
  const flags = reader.peek();
  const { min, max = maxPages } = limits(reader);
  if (flags > (LIMIT_FLAGS.max | LIMIT_FLAGS.shared)) {
    throw new UnsupportedComponentError("a limit for memory of 64 bits, or with pages of its own size");
  }
  if (min > maxPages) {
    throw new RangeError(`maxMemoryBytes is ${maxBytes}, but the component needs ${min * PAGE} from the start`);
  }
  return [flags | LIMIT_FLAGS.max, ...unsigned(min), ...unsigned(Math.min(max, maxPages))];
}
