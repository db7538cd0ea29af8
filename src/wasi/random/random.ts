/** Where random bytes come from. */
export interface RandomSource {
  /** Fills `into`, of any length. */
  fill(into: Uint8Array): void;
}

/** Rounds after which each bit of a seed has changed all others. */
const FIRST_ROUNDS = 12;

/**
 * A source that is fast, repeats for the same seed, and is no secret: for tests and `wasi:random/insecure`. It is sfc32 of
 * PractRand, whose numbers of 32 bits need no bigint.
 */
export class SeededRandom implements RandomSource {
  #a: number;
  #b: number;
  #c = 0;
  #count = 1;

  /** @param seed Its lower 64 bits count. */
  constructor(seed: bigint) {
    this.#a = Number(BigInt.asIntN(32, seed));
    this.#b = Number(BigInt.asIntN(32, seed >> 32n));
    for (let round = 0; round < FIRST_ROUNDS; round++) this.#next();
  }

  fill(into: Uint8Array): void {
    for (let at = 0, bits = 0; at < into.length; at++, bits >>>= 8) {
      if (at % 4 === 0) bits = this.#next();
      into[at] = bits;
    }
  }

  #next(): number {
    const next = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + next) | 0;
    return next;
  }
}

/** A u64 that depends on each bit of `value`, and only on them: the last step of SplitMix64. */
export function mixed(value: bigint): bigint {
  let z = BigInt.asUintN(64, value);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}
