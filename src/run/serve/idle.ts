/** What waits for its next request: who came last is taken first, and who has waited for too long is let go of. */
import type { MonotonicClock } from "../../wasi/clocks/clocks.ts";
import { afterMs } from "../life.ts";

const NS_PER_MS = 1_000_000;

export class Idle<T> {
  readonly #clock: MonotonicClock;
  readonly #maxMs: number | undefined;
  readonly #letGo: (one: T) => Promise<void> | void;
  /** Who has waited longest is first. */
  readonly #ones: T[] = [];
  /** Until when each waits, if it is not for ever. */
  readonly #untils: bigint[] = [];
  readonly #going = new Set<Promise<void>>();
  #stopTimer: (() => void) | undefined;

  /**
   * @param maxMs Milliseconds that one waits. Missing: as long as it takes.
   * @param letGo Nobody will take it any more. Never rejects.
   */
  constructor(clock: MonotonicClock, maxMs: number | undefined, letGo: (one: T) => Promise<void> | void) {
    this.#clock = clock;
    this.#maxMs = maxMs;
    this.#letGo = letGo;
  }

  get size(): number {
    return this.#ones.length;
  }

  add(one: T): void {
    if (this.#maxMs === 0) {
      this.#end(one);
      return;
    }
    this.#ones.push(one);
    if (this.#maxMs === undefined) return;
    this.#untils.push(this.#clock.now() + BigInt(this.#maxMs * NS_PER_MS));
    this.#stopTimer ??= afterMs(this.#clock, this.#maxMs, this.#look);
  }

  take(): T | undefined {
    this.#untils.pop();
    return this.#ones.pop();
  }

  /** Lets go of all. Resolves when none is left. */
  async close(): Promise<void> {
    this.#stopTimer?.();
    this.#untils.length = 0;
    for (const one of this.#ones.splice(0)) this.#end(one);
    await Promise.all(this.#going);
  }

  readonly #look = (): void => {
    const now = this.#clock.now();
    const late = this.#untils.findIndex((until) => until > now);
    const count = late < 0 ? this.#untils.length : late;
    this.#untils.splice(0, count);
    const over = this.#ones.splice(0, count);
    const [next] = this.#untils;
    this.#stopTimer = next === undefined ? undefined : afterMs(this.#clock, Number(next - now) / NS_PER_MS, this.#look);
    for (const one of over) this.#end(one);
  };

  #end(one: T): void {
    const going = this.#letGo(one);
    if (!going) return;
    this.#going.add(going);
    void going.then(() => this.#going.delete(going));
  }
}
