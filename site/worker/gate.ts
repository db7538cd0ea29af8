import { Signal, type Sink, type Waker } from "sluice";

/** How often a gate is given what it may let through. */
export const TICK_MS = 16;

/** A sink that lets through so many bytes a second, and no more than the one behind it takes. */
export class Gate implements Sink {
  passedBytes = 0;
  /** As sinks say it: see docs/browsers.md. */
  readonly isTerminal: boolean;
  readonly #inner: Sink;
  readonly #changed = new Signal();
  #rate: number;
  /** Bytes that may go through now. A part of one counts, so that slow gates let one through now and then. */
  #allowance = 0;

  /**
   * @param rate Bytes a second; `Infinity` for all, 0 for none.
   * @param isTerminal Whether a terminal is behind it.
   */
  constructor(inner: Sink, rate: number, isTerminal: boolean = false) {
    this.isTerminal = isTerminal;
    this.#inner = inner;
    this.#rate = rate;
  }

  set rate(rate: number) {
    this.#rate = rate;
    this.#changed.notify();
  }

  /** Lets so many more through, whatever the rate. */
  let(bytes: number): void {
    this.#allowance += bytes;
    this.#changed.notify();
  }

  /** @param ms Since the last one. */
  tick(ms: number): void {
    if (this.#rate === Infinity || this.#rate === 0) return;
    const added = (this.#rate * ms) / 1000;
    // What nobody wanted is not saved up, but for a byte.
    this.#allowance = Math.min(this.#allowance + added, Math.max(1 + added, this.#allowance));
    if (this.#allowance >= 1) this.#changed.notify();
  }

  write(bytes: Uint8Array): number {
    const allowed = this.#rate === Infinity ? bytes.length : Math.min(bytes.length, Math.floor(this.#allowance));
    if (allowed === 0 && bytes.length > 0) {
      // Tells if the other side is gone.
      this.#inner.flush();
      return 0;
    }
    const taken = this.#inner.write(bytes.subarray(0, allowed));
    if (this.#rate !== Infinity) this.#allowance -= taken;
    this.passedBytes += taken;
    return taken;
  }

  flush(): boolean {
    return this.#inner.flush();
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
    this.#inner.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
    this.#inner.unwatch(waker);
  }

  close(): void | Promise<void> {
    return this.#inner.close();
  }

  abort(reason: unknown): void {
    this.#inner.abort(reason);
  }
}
