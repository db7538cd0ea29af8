import { DEFAULT_LIMITS } from "./limits.ts";
import { PullSource, type Chunk } from "./pull-source.ts";
import type { Waker } from "./readiness.ts";

/**
 * A source over one end of something whose other end may be an output: once nobody reads it any more, it goes on to take
 * what comes and forgets it, until it is closed. Who writes at the other end does not have to wait for that.
 */
export class DrainingSource extends PullSource implements Waker {
  readonly #later: (next: () => void) => void;
  #isLeft = false;

  /**
   * @param pull As of `PullSource`.
   * @param cancel As of `PullSource`.
   * @param later Calls back in a later turn of the event loop: one piece a turn is taken, so that others have theirs.
   */
  constructor(pull: (max: number) => Chunk | Promise<Chunk>, cancel: () => unknown, later: (next: () => void) => void) {
    super(pull, cancel);
    this.#later = later;
  }

  leave(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.watch(this);
    this.wake();
  }

  wake(): void {
    this.#later(() => this.#drop());
  }

  override close(): void {
    this.#isLeft = false;
    this.unwatch(this);
    super.close();
  }

  #drop(): void {
    if (!this.#isLeft) return;
    try {
      const bytes = this.read(DEFAULT_LIMITS.readBytes);
      // If there is nothing now, it wakes when there is.
      if (bytes !== null && bytes.length > 0) this.wake();
    } catch {
      // How it ends is no news to anybody.
    }
  }
}
