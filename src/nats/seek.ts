import type { Log } from "./log.ts";

/**
 * The sequence of the record of an output that has the byte at `offset`, or of the last one before it.
 *
 * @param first The sequence of the output's first record.
 * @param last That of its last one.
 */
export async function seek(log: Log, first: number, last: number, offset: number): Promise<number> {
  let found = first;
  let low = first + 1;
  let high = last;
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    // oxlint-disable-next-line no-await-in-loop -- each answer halves what is left
    const record = await log.at(middle);
    if (record?.mark === undefined || record.sequence > high || record.mark.offset > offset) {
      high = middle - 1;
    } else {
      found = record.sequence;
      low = record.sequence + 1;
    }
  }
  return found;
}
