/** Numbers that look random, and are the same for the same seed: what failed fails again. */
export class Random {
  #a: number;
  #b: number;

  constructor(seed: number) {
    this.#a = seed >>> 0;
    this.#b = Math.imul(Math.floor(seed / 2 ** 32) + 0x9e37_79b9, 0x85eb_ca6b) >>> 0;
    for (let index = 0; index < 8; index++) this.#next();
  }

  #next(): number {
    this.#a = (this.#a + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(this.#a ^ (this.#a >>> 15), this.#b | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    this.#b = (this.#b + mixed) >>> 0;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number from 0 to `end`, without `end` itself; 0 if that is 0. */
  below(end: number): number {
    return Math.floor((this.#next() / 2 ** 32) * end);
  }

  /** From `low` to `high`, with both. */
  from(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** Whether something happens that does once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  /** @throws {RangeError} If there is nothing to choose from. */
  of<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("There is nothing to choose from");
    return item;
  }

  bytes(count: number): Uint8Array {
    return new Uint8Array(count).map(() => this.below(256));
  }

  u32(): number {
    return this.#next();
  }

  u64(): bigint {
    return (BigInt(this.#next()) << 32n) | BigInt(this.#next());
  }
}
