import type { P1Memory } from "./memory.ts";

/** As many as Linux takes; further ones are left for the next call, as if this one had been short. */
const MAX_VECTORS = 1024;
/** Of an `iovec`: a pointer and a length. */
const VECTOR_BYTES = 8;

/** Pieces of the guest's memory, none of them empty. */
type Vectors = readonly Uint8Array[];

function vectorsAt(memory: P1Memory, at: number, count: number): Vectors {
  const pieces: Uint8Array[] = [];
  for (let index = 0; index < Math.min(count, MAX_VECTORS); index++) {
    const vector = at + index * VECTOR_BYTES;
    const piece = memory.bytes(memory.loadU32(vector), memory.loadU32(vector + 4));
    if (piece.length > 0) pieces.push(piece);
  }
  return pieces;
}

function totalOf(vectors: Vectors): number {
  let total = 0;
  for (const { length } of vectors) total += length;
  return total;
}

/** How many bytes there is room for. Checks all vectors before anything is read for them. */
export function roomIn(memory: P1Memory, at: number, count: number): number {
  return totalOf(vectorsAt(memory, at, count));
}

/** Puts `bytes`, for which there is room, where the vectors say. */
export function scatter(memory: P1Memory, at: number, count: number, bytes: Uint8Array): void {
  let done = 0;
  for (const piece of vectorsAt(memory, at, count)) {
    if (done === bytes.length) return;
    const part = bytes.subarray(done, done + piece.length);
    piece.set(part);
    done += part.length;
  }
}

/**
 * What the vectors give to write, as one piece: the first part of it if it is a lot. What is not given in one piece is
 * copied, and so may be what a file is given.
 *
 * @param max Bytes that one write takes (limits.writeBytes).
 */
export function gather(memory: P1Memory, at: number, count: number, max: number): Uint8Array {
  const vectors = vectorsAt(memory, at, count);
  const [first] = vectors;
  if (!first) return new Uint8Array(0);
  if (vectors.length === 1 || first.length >= max) return first.subarray(0, max);
  const joined = new Uint8Array(Math.min(totalOf(vectors), max));
  let done = 0;
  for (const piece of vectors) {
    const part = piece.subarray(0, joined.length - done);
    joined.set(part, done);
    done += part.length;
  }
  return joined;
}
