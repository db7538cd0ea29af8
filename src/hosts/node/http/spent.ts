/**
 * Memory of bodies that is let go of once it is sent. Each piece of a body is an `ArrayBuffer`, and V8 finds that nobody has one
 * any more when it collects, after tens of megabytes: meanwhile none of that is in the processor's caches, and V8 marks all that
 * lives for each hundred megabytes. To send back a gibibyte takes half as long again so.
 */
import type { Writable } from "node:stream";
import { Note } from "../../../io/note.ts";

/** Of pieces that nobody else has: their memory. */
const own = new Note<Uint8Array, Transferable>();

interface Transferable {
  readonly byteLength: number;
  /** Node 20 has none. */
  readonly transfer?: (byteLength: number) => unknown;
}

/** Elsewhere nobody knows what a runtime still does with bytes of which it says that they are written. */
const IS_NODE = process.versions["bun"] === undefined && process.versions["deno"] === undefined;

/** Nobody but who is given it has it, or any of its memory, if that is not more than what it shows. */
export function ours(piece: Uint8Array): Uint8Array {
  // Declared by more recent versions of the language.
  const memory = piece.buffer as Transferable;
  // Small pieces share theirs with others.
  if (IS_NODE && memory.byteLength === piece.byteLength) own.set(piece, memory);
  return piece;
}

/** Writes a piece, and lets go of its memory when that is done if it is `ours`. Gives what `write` does. */
export function writeOnce(to: Writable, piece: Uint8Array): boolean {
  const memory = own.get(piece);
  if (!memory) return to.write(piece);
  return to.write(piece, (error) => {
    // What has failed may still be on its way.
    if (!error) memory.transfer?.(0);
  });
}
