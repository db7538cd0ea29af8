/** Where random bytes come from. */
export interface RandomSource {
  /** Fills `into`, of any length. */
  fill(into: Uint8Array): void;
}

/** A source that is fast, repeats for the same seed, and is no secret: for tests and `wasi:random/insecure`. */
export class SeededRandom implements RandomSource {
  #state: bigint;

  constructor(seed: bigint) {
    this.#state = BigInt.asUintN(64, seed);
  }

  fill(into: Uint8Array): void {
    const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
    let at = 0;
    for (; at + 8 <= into.length; at += 8) view.setBigUint64(at, this.#next(), true);
    for (let rest = this.#next(); at < into.length; at++, rest >>= 8n) into[at] = Number(rest & 0xffn);
  }

  #next(): bigint {
    this.#state = BigInt.asUintN(64, this.#state + 0x9e3779b97f4a7c15n);
    return mixed(this.#state);
  }
}

/** A u64 that depends on each bit of `value`, and only on them: the last step of SplitMix64. */
export function mixed(value: bigint): bigint {
  let z = BigInt.asUintN(64, value);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}
