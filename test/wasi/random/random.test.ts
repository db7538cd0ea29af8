/** Numbers of a seed: those of sfc32, as its author gives them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../src/wasi/random/random.ts";

function bytesOf(seed: bigint, ...lengths: readonly number[]): Uint8Array[] {
  const random = new SeededRandom(seed);
  return lengths.map((length) => {
    const bytes = new Uint8Array(length);
    random.fill(bytes);
    return bytes;
  });
}

test("the numbers of a seed are those of sfc32", () => {
  const [bytes = new Uint8Array()] = bytesOf(1_234_567n, 24);
  assert.deepEqual(
    [...new Uint32Array(bytes.buffer)],
    [148_958_616, 1_149_845_458, 2_469_898_431, 3_875_292_952, 3_360_831_310, 2_810_906_935],
  );
});

test("each of the 64 bits of a seed makes other numbers, and no further one does", () => {
  const all = new Set(Array.from({ length: 64 }, (_, bit) => String(bytesOf(1n << BigInt(bit), 8)[0])));
  assert.equal(all.size, 64);
  assert.deepEqual(bytesOf(5n + (1n << 64n), 8), bytesOf(5n, 8));
  assert.deepEqual(bytesOf(-1n, 8), bytesOf((1n << 64n) - 1n, 8));
});

test("what is no multiple of four bytes ends with the first of the next number, which is used up", () => {
  const [whole = new Uint8Array()] = bytesOf(7n, 16);
  assert.deepEqual(bytesOf(7n, 5, 0, 4, 3), [
    whole.slice(0, 5),
    new Uint8Array(),
    whole.slice(8, 12),
    whole.slice(12, 15),
  ]);
});
