/** Core modules whose memories end earlier. */
import { unsigned } from "../../abi/encode.ts";
import { limits } from "../decode/core.ts";
import { joined } from "../joined.ts";
import { Reader } from "../decode/reader.ts";
import { UnsupportedComponentError } from "../unsupported.ts";

/** Bytes. */
const PAGE = 65_536;
const MEMORIES = 5;
/** Flags of limits: there is a maximum; threads share it. */
const HAS_MAX = 0x01;
const IS_SHARED = 0x02;

/**
 * The module with no memory of more than `maxBytes`: to grow it further fails, as at the end of any memory.
 *
 * @throws {RangeError} If one has more from the start.
 * @throws {UnsupportedComponentError} If one is of a kind that cannot be held to that.
 */
export function withLimitedMemories(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const reader = new Reader(bytes);
  reader.skip(8);
  while (!reader.atEnd) {
    const from = reader.offset;
    const id = reader.byte();
    const content = reader.part(reader.u32());
    if (id !== MEMORIES) continue;
    const memories: number[] = [];
    const count = content.list(() => memories.push(...limited(content, maxBytes))).length;
    const section = [...unsigned(count), ...memories];
    const head = Uint8Array.of(MEMORIES, ...unsigned(section.length), ...section);
    return joined([bytes.subarray(0, from), head, bytes.subarray(reader.offset)]);
  }
  return bytes;
}

function limited(reader: Reader, maxBytes: number): number[] {
  const maxPages = Math.floor(maxBytes / PAGE);
  const flags = reader.peek();
  const { min, max = maxPages } = limits(reader);
  if (flags > (HAS_MAX | IS_SHARED)) {
    throw new UnsupportedComponentError("a limit for memory of 64 bits, or with pages of its own size");
  }
  if (min > maxPages) {
    throw new RangeError(`maxMemoryBytes is ${maxBytes}, but the component needs ${min * PAGE} from the start`);
  }
  return [flags | HAS_MAX, ...unsigned(min), ...unsigned(Math.min(max, maxPages))];
}
