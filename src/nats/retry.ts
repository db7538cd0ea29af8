import { BrokerError, GaveUpError } from "./broker-error.ts";
import type { Timing } from "./log.ts";

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2000;

/** Outages of a broker: when to ask again, and when to give up. */
export class Retry {
  readonly #timing: Timing;
  readonly #giveUpMs: number;
  #since: number | undefined;
  #attempts = 0;

  /** @param giveUpMs How long an outage may be; `Infinity`: as long as it takes. */
  constructor(timing: Timing, giveUpMs: number) {
    this.#timing = timing;
    this.#giveUpMs = giveUpMs;
  }

  /** The broker has done what it was asked for: the outage, if there was one, is over. */
  succeeded(): void {
    this.#since = undefined;
    this.#attempts = 0;
  }

  /**
   * Waits until it makes sense to ask again, longer each time.
   *
   * @throws {GaveUpError} If it has gone on for too long.
   */
  async failed(cause: unknown): Promise<void> {
    const now = this.#timing.now();
    this.#since ??= now;
    if (now - this.#since >= this.#giveUpMs) throw new GaveUpError(this.#giveUpMs, cause);
    await this.#timing.wait(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#attempts++));
  }

  /** Asks until there is an answer. @throws What `ask` throws, if asking again does not change it. */
  async until<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one answer at a time
        const answer = await ask();
        this.succeeded();
        return answer;
      } catch (error) {
        if (!(error instanceof BrokerError) || error.kind !== "unknown") throw error;
        // oxlint-disable-next-line no-await-in-loop -- each round waits
        await this.failed(error);
      }
    }
  }
}
