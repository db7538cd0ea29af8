import { AnyOf, type Readiness } from "./readiness.ts";
import type { Steps } from "./steps.ts";
import { Trap } from "./trap.ts";

/**
 * The positions, in ascending order, of all that are ready now; nothing if none is. The same readiness may stand in several positions.
 *
 * @see WASI 0.2 `wasi:io/poll` `poll`
 */
export function pollNow(list: readonly Readiness[]): number[] | undefined {
  const positions: number[] = [];
  // All are asked, even after one is found ready, so that the others start what they have to start (4.8).
  for (let position = 0; position < list.length; position++) {
    if (list[position]?.ready() === true) positions.push(position);
  }
  return positions.length > 0 ? positions : undefined;
}

/** @throws {Trap} For none, and for more than `most`. */
export function assertPollables(count: number, most: number): void {
  if (count === 0) {
    throw new Trap("4.4", "poll: the list is empty, so that nothing could ever end the wait");
  }
  if (count > most) {
    throw new Trap("4.13", `poll: a list of ${count} pollables, but one call takes at most ${most} (limits.pollables)`);
  }
}

/** As `pollNow`, but waits until at least one is ready; for ever, if there is none in the list: see `assertPollables`. */
export function* poll(list: readonly Readiness[]): Steps<number[]> {
  for (;;) {
    const positions = pollNow(list);
    if (positions) return positions;
    yield new AnyOf(list);
  }
}
