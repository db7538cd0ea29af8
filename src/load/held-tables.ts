/** Core modules whose tables do not grow for ever: what is in them lies in the engine's heap. */
import { unsigned } from "../abi/encode.ts";
import { LIMIT_FLAGS, limits, valueType } from "./decode/core.ts";
import { moduleTypeOf, skipConstant } from "./decode/core-module.ts";
import { joined } from "./joined.ts";
import { replacedSection } from "./replaced-section.ts";

const TABLES = 4;
/** A table with an initial value begins with this, and a zero. */
const HAS_VALUE = 0x40;
/** Entries of all tables that grow: 16 MiB of the heap, and some more beside it. */
const MAX_ENTRIES = 2 ** 21;

/** As `withHeldTables`, of a module that is alone. */
export function withOwnTablesHeld(bytes: Uint8Array): Uint8Array {
  return withHeldTables(bytes, moduleTypeOf(bytes)?.growing ?? 0);
}

/**
 * The module with no table that grows beyond its part of what all may have: there `table.grow` fails, as at the end of any table.
 *
 * @param growing Of how many tables it has some. Of none: the module is as it was.
 */
export function withHeldTables(bytes: Uint8Array, growing: number): Uint8Array {
  if (growing === 0) return bytes;
  const most = Math.max(1, Math.floor(MAX_ENTRIES / growing));
  return replacedSection(bytes, TABLES, (content) => {
    const parts: Uint8Array[] = [];
    const start = content.offset;
    let left = content.u32();
    const copy = (from: number): void => void parts.push(bytes.subarray(from, content.offset));
    copy(start);
    let isKnown = true;
    for (; left > 0 && isKnown; left--) {
      const from = content.offset;
      const hasValue = content.peek() === HAS_VALUE;
      if (hasValue) content.skip(2);
      valueType(content);
      copy(from);
      const before = content.offset;
      const { min, max = Infinity } = limits(content);
      const end = Math.max(min, most);
      if (max > end && min <= MAX_ENTRIES) {
        const flags = (bytes[before] ?? 0) | LIMIT_FLAGS.max;
        parts.push(Uint8Array.of(flags, ...unsigned(min), ...unsigned(end)));
      } else copy(before);
      const value = content.offset;
      isKnown = !hasValue || skipConstant(content);
      copy(value);
    }
    // Behind an initial value that we do not understand all stays as it is.
    const rest = content.offset;
    while (!content.atEnd) content.byte();
    copy(rest);
    return joined(parts);
  });
}
