/** What bytes of files pass: as a gate, for who asks for bytes instead of being offered them. */
export class Valve {
  passedBytes = 0;
  #rate: number;
  /** Bytes that may pass now; see `Gate`. */
  #allowance = 0;
  #waiters: (() => void)[] = [];

  /** @param rate Bytes a second; `Infinity` for all, 0 for none. */
  constructor(rate: number) {
    this.#rate = rate;
  }

  get isAwaited(): boolean {
    return this.#waiters.length > 0;
  }

  set rate(rate: number) {
    this.#rate = rate;
    this.#wake();
  }

  /** Lets so many more through, whatever the rate. */
  let(bytes: number): void {
    this.#allowance += bytes;
    this.#wake();
  }

  /** @param ms Since the last one. */
  tick(ms: number): void {
    if (this.#rate === Infinity || this.#rate === 0) return;
    const added = (this.#rate * ms) / 1000;
    this.#allowance = Math.min(this.#allowance + added, Math.max(1 + added, this.#allowance));
    if (this.#allowance >= 1) this.#wake();
  }

  /** How many of `most` may pass, as soon as one may: at once if that is now. */
  ask(most: number): number | Promise<number> {
    const allowed = this.#rate === Infinity ? most : Math.min(most, Math.floor(this.#allowance));
    return allowed > 0 || most === 0 ? allowed : this.#askLater(most);
  }

  /** So many have passed. */
  passed(bytes: number): void {
    if (this.#rate !== Infinity) this.#allowance = Math.max(0, this.#allowance - bytes);
    this.passedBytes += bytes;
  }

  async #askLater(most: number): Promise<number> {
    await new Promise<void>((resolve) => void this.#waiters.push(resolve));
    return this.ask(most);
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
