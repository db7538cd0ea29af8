/** Where random bytes come from. */
export interface RandomSource {
  /** Fills `into`, of any length. */
  fill(into: Uint8Array): void;
}

/** A source that is fast, repeats for the same seed, and is no secret: for tests and `wasi:random/insecure`. */
export class SeededRandom implements RandomSource {
  #low: number;
  #high: number;

  constructor(seed: bigint) {
    this.#low = lowHalf(seed);
    this.#high = lowHalf(seed >> 32n);
  }

  fill(into: Uint8Array): void {
    const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
    let at = 0;
    for (; at + 8 <= into.length; at += 8) this.#next(view, at);
    const last = new DataView(new ArrayBuffer(8));
    this.#next(last, 0);
    for (let rest = 0; at < into.length; at++, rest++) view.setUint8(at, last.getUint8(rest));
  }

  #next(view: DataView, at: number): void {
    const sum = (this.#low >>> 0) + 0x7f4a7c15;
    this.#high = (this.#high + 0x9e3779b9 + (sum > 0xffff_ffff ? 1 : 0)) | 0;
    this.#low = sum | 0;
    storeMixed(view, at, this.#low, this.#high);
  }
}

/** A u64 that depends on each bit of `value`, and only on them. */
export function mixed(value: bigint): bigint {
  const view = new DataView(new ArrayBuffer(8));
  storeMixed(view, 0, lowHalf(value), lowHalf(value >> 32n));
  return view.getBigUint64(0, true);
}

/** The last step of SplitMix64, on halves: with numbers of 64 bits it takes five times as long. */
function storeMixed(view: DataView, at: number, low: number, high: number): void {
  let l = low ^ ((low >>> 30) | (high << 2));
  let h = high ^ (high >>> 30);
  h = (highOfProduct(l, 0x1ce4e5b9) + Math.imul(l, 0xbf58476d) + Math.imul(h, 0x1ce4e5b9)) | 0;
  l = Math.imul(l, 0x1ce4e5b9);
  l ^= (l >>> 27) | (h << 5);
  h ^= h >>> 27;
  h = (highOfProduct(l, 0x133111eb) + Math.imul(l, 0x94d049bb) + Math.imul(h, 0x133111eb)) | 0;
  l = Math.imul(l, 0x133111eb);
  view.setInt32(at, l ^ ((l >>> 31) | (h << 1)), true);
  view.setInt32(at + 4, h ^ (h >>> 31), true);
}

/** The upper 32 of the 64 bits of a product of two u32. */
function highOfProduct(a: number, b: number): number {
  const low = a & 0xffff;
  const high = a >>> 16;
  const upper = Math.imul(high, b & 0xffff) >>> 0;
  const lower = Math.imul(low, b >>> 16) >>> 0;
  const carried = (Math.imul(low, b & 0xffff) >>> 16) + (upper & 0xffff) + (lower & 0xffff);
  return (Math.imul(high, b >>> 16) + (upper >>> 16) + (lower >>> 16) + (carried >>> 16)) | 0;
}

function lowHalf(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}
