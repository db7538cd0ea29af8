/** The stacks of guests that are in the middle of their code: what suspends one keeps it. */
import { Trap } from "../io/trap.ts";

/** Of one instance. */
const MAX_HELD = 4096;
/**
 * Of all instances together. Each takes two mappings of memory, of which Linux gives a process 65,530; without one more the
 * engine does not throw, but ends the process.
 */
const MAX_OF_ALL = 24_576;

interface Count {
  held: number;
}

/** Not of one instance, since what runs out is the process's. */
const all: Count = { held: 0 };

/** An instance of which nobody has heard any more takes its stacks along. Cloudflare's workers had none until 2025. */
const forgotten =
  typeof FinalizationRegistry === "function"
    ? new FinalizationRegistry<Count>(({ held }) => {
        all.held -= held;
      })
    : undefined;

/** Those of one instance. */
export class Stacks {
  readonly #count: Count = { held: 0 };
  #isRegistered = false;

  /** Calls a guest, which takes one until `release`, unless it throws. @throws {Trap} If there are too many. */
  enter<T>(run: () => T): T {
    if (this.#count.held >= MAX_HELD) throw tooMany(MAX_HELD, "of this instance are");
    if (all.held >= MAX_OF_ALL) throw tooMany(MAX_OF_ALL, "of this process are");
    this.#count.held++;
    all.held++;
    try {
      return run();
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** It has returned, or failed. */
  release(): void {
    this.#count.held--;
    all.held--;
  }

  /** It is suspended. */
  kept(): void {
    if (this.#isRegistered) return;
    this.#isRegistered = true;
    forgotten?.register(this, this.#count);
  }
}

function tooMany(count: number, which: string): Trap {
  return new Trap("1.2", `${count} calls and threads ${which} in the middle of their code, and no more may be`);
}
