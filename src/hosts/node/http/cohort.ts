/**
 * Requests that come in one turn of the event loop go through it together: all are read, then all are asked of their guests, and
 * then all responses are written. Each of these three runs hundreds of functions, of ours, of Node's and of the system's. One
 * request after the other through all of them finds none of that in the processor's caches any more, and takes twice as long.
 */

/** Milliseconds for which responses are held back, as far as can be known before. */
const HOLD_MS = 1;
/** How many begin together before it is known what they take, and at the most. */
const FIRST = 8;
const MOST = 256;

/** What goes along. */
export interface Member {
  /** All are read that came with it. */
  begin(): void;
  /** After `Cohort.end`: all have begun that came with it, or it was held for long enough. */
  end(): void;
}

export class Cohort {
  readonly #tell: (fault: unknown) => void;
  readonly #now: () => number;
  /** Those that are read, and have not begun. */
  #coming: Member[] = [];
  /** Those that are to end, since those of this turn have begun. */
  #held: Member[] | undefined;
  #heldSince = 0;
  /** How many have begun in this turn, and how many may in the next: as many as these would have done in `HOLD_MS`. */
  #begun = 0;
  #most = FIRST;

  /**
   * @param tell Told of what a member throws, which is no matter of the others. Ends the process, by default, as it would by itself.
   * @param now Milliseconds on a clock that only moves forward.
   */
  constructor(tell: (fault: unknown) => void = throwLater, now: () => number = () => performance.now()) {
    this.#tell = tell;
    this.#now = now;
  }

  /** Has it begin, with others that come in this turn. */
  begin(member: Member): void {
    if (this.#coming.push(member) === 1) setImmediate(this.#next);
  }

  /** Has it end, with all others that have begun in this turn. */
  end(member: Member): void {
    if (this.#held) this.#held.push(member);
    else this.#guard(() => member.end());
  }

  /** Resolves when all that have been read by now have begun, and what is read in the same turn. */
  async begun(): Promise<void> {
    do {
      // oxlint-disable-next-line no-await-in-loop -- turn after turn
      await new Promise((resolve) => void setImmediate(resolve));
    } while (this.#coming.length > 0);
  }

  readonly #next = (): void => {
    this.#held = [];
    this.#heldSince = this.#now();
    this.#begun = 0;
    for (const member of this.#coming) {
      this.#guard(() => member.begin());
      // At least one has begun, however late it is.
      if (++this.#begun === this.#most || this.#now() - this.#heldSince > HOLD_MS) break;
    }
    this.#coming.splice(0, this.#begun);
    if (this.#coming.length > 0) setImmediate(this.#next);
    // What they are promised comes before a tick.
    queueMicrotask(this.#afterLast);
  };

  readonly #afterLast = (): void => process.nextTick(this.#release);

  readonly #release = (): void => {
    const held = this.#held ?? [];
    this.#held = undefined;
    const took = this.#now() - this.#heldSince;
    this.#most = Math.min(MOST, Math.ceil((this.#begun * HOLD_MS) / took));
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
