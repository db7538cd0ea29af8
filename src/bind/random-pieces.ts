import { settled } from "../io/later.ts";
import type { Steps } from "../io/steps.ts";
import type { Task } from "../wait/task.ts";
import type { RandomSource } from "../wasi/random/random.ts";

/** Takes a secure source about a millisecond. */
const PIECE_BYTES = 1024 * 1024;
/** Random bytes that take as long as a call does. */
const BYTES_OF_CALL = 1024;

/** Fills `into`, and lets others have their turn between pieces if it is long, and the guest can wait. */
export function* fillInPieces(source: RandomSource, into: Uint8Array, task: Task): Steps<void> {
  for (let at = 0; at < into.length; at += PIECE_BYTES) {
    if (at > 0 && !task.isSync) yield* settled(task.giveWay());
    const piece = into.subarray(at, at + PIECE_BYTES);
    task.countCalls(Math.ceil(piece.length / BYTES_OF_CALL));
    source.fill(piece);
  }
}
