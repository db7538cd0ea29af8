/**
 * Requests that come in one turn of the event loop go through it together: all are read, then all are asked of their guests, and
 * then all responses are written. Each of these three runs hundreds of functions, of ours, of Node's and of the system's. One
 * request after the other through all of them finds none of that in the processor's caches any more, and takes twice as long.
 */

/** Milliseconds for which responses are held back, and what the guest takes that is asked then. */
const HOLD_MS = 1;

/** What goes along. */
export interface Member {
  /** All are read that came with it. */
  begin(): void;
  /** After `Cohort.end`: all have begun that came with it, or it was held for long enough. */
  end(): void;
}

export class Cohort {
  readonly #tell: (fault: unknown) => void;
  /** Those that are read, and have not begun. */
  #waiting = 0;
  /** Those that are to end, since the first has begun. */
  #held: Member[] | undefined;
  #heldSince = 0;

  /** @param tell Told of what a member throws, which is no matter of the others. Ends the process, by default, as it would by itself. */
  constructor(tell: (fault: unknown) => void = throwLater) {
    this.#tell = tell;
  }

  /** Has it begin, with all others that come in this turn. */
  begin(member: Member): void {
    this.#waiting++;
    setImmediate(this.#next, member);
  }

  /** Has it end, with all others that have begun in this turn. */
  end(member: Member): void {
    if (this.#held) this.#held.push(member);
    else this.#guard(() => member.end());
  }

  /** Resolves when all that have been read by now have begun, and what is read in the same turn. */
  begun(): Promise<void> {
    return new Promise((resolve) => void setImmediate(resolve));
  }

  /** All that is promised by one member runs before Node calls this for the next. */
  readonly #next = (member: Member): void => {
    const now = performance.now();
    if (this.#held && now - this.#heldSince > HOLD_MS) this.#release();
    if (!this.#held) {
      this.#held = [];
      this.#heldSince = now;
    }
    this.#guard(() => member.begin());
    if (--this.#waiting === 0) queueMicrotask(this.#afterLast);
  };

  // Also what the last one is promised comes before a tick.
  readonly #afterLast = (): void => process.nextTick(this.#release);

  readonly #release = (): void => {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const member of held) this.#guard(() => member.end());
  };

  #guard(step: () => void): void {
    try {
      step();
    } catch (fault) {
      this.#tell(fault);
    }
  }
}

function throwLater(fault: unknown): void {
  queueMicrotask(() => {
    throw fault;
  });
}

/** Of this thread, which has one event loop. */
export const cohort: Cohort = new Cohort();
