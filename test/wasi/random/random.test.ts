/** Numbers of a seed: those of SplitMix64, as its author gives them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../testing/properties.ts";
import { mixed, SeededRandom } from "../../../src/wasi/random/random.ts";

/** As it is written everywhere. */
function reference(seed: bigint, count: number): bigint[] {
  const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
  return Array.from({ length: count }, (_, index) => {
    let z = u64(seed + BigInt(index + 1) * 0x9e3779b97f4a7c15n);
    z = u64((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = u64((z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  });
}

function numbersOf(seed: bigint, count: number): bigint[] {
  const bytes = new Uint8Array(count * 8);
  new SeededRandom(seed).fill(bytes);
  return [...new BigUint64Array(bytes.buffer)];
}

test("the numbers of a seed are those of SplitMix64", () => {
  assert.deepEqual(numbersOf(1_234_567n, 3), [
    6_457_827_717_110_365_317n,
    3_203_168_211_198_807_973n,
    9_817_491_932_198_370_423n,
  ]);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (seed) => {
      const expected = reference(seed, 5);
      assert.deepEqual(numbersOf(seed, 5), expected);
      assert.equal(mixed(seed + 0x9e3779b97f4a7c15n), expected[0]);
    }),
  );
});

test("what is no multiple of eight bytes ends with the first of the next number, which is used up", () => {
  const random = new SeededRandom(7n);
  const [first, second] = [new Uint8Array(11), new Uint8Array(8)];
  random.fill(first);
  random.fill(second);
  const all = new Uint8Array(new BigUint64Array(reference(7n, 3)).buffer);
  assert.deepEqual(first, all.slice(0, 11));
  assert.deepEqual(second, all.slice(16));
});
