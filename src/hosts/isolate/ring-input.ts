/** An input that is a source in another thread: what is read from here, and what feeds that there. */
import { Unheard } from "../../io/unheard.ts";
import type { Source } from "../../io/ports.ts";
import type { Waker } from "../../io/readiness.ts";
import type { Hearing } from "./bell.ts";
import { bytesOfError, errorInBytes } from "./errors.ts";
import { ENDED, FAILED, OPEN, OVER, type SideState, type Wire } from "./ring.ts";

/** In the thread of the reader. Asks for one piece at a time, when the last one has been read and somebody wants more. */
export class RingSource implements Source {
  readonly isTerminal: boolean;
  readonly #wire: Wire;
  readonly #hearing: Hearing;
  #bytes: Uint8Array | undefined;
  /** When it last looked, as `Hearing` counts: what follows is as it was then. */
  #moment = -1;
  /** The count of the bell before that. */
  #seen = 0;
  #writer: SideState = OPEN;
  #used = 0;
  #isOver = false;
  #isClosed = false;
  #failure: { readonly cause: unknown } | undefined;

  /** @param hearing Of `wire.near`. */
  constructor(wire: Wire, hearing: Hearing, isTerminal = false) {
    this.isTerminal = isTerminal;
    this.#wire = wire;
    this.#hearing = hearing;
  }

  read(max: number): Uint8Array | null {
    this.#bytes ??= new Uint8Array(this.#wire.ring.capacity);
    const count = this.readInto(this.#bytes.subarray(0, max));
    return count === null ? null : this.#bytes.subarray(0, count);
  }

  readInto(into: Uint8Array): number | null {
    if (this.#isOver) return null;
    const { ring } = this.#wire;
    this.#look();
    if (this.#failure) {
      this.#isOver = true;
      throw this.#failure.cause;
    }
    if (this.#used > 0) {
      const count = ring.peek(into.length > this.#used ? into.subarray(0, this.#used) : into);
      ring.consume(count);
      this.#used -= count;
      return count;
    }
    if (this.#writer === OPEN) {
      if (into.length > 0) this.#ask(into.length);
      return 0;
    }
    const failure = this.#writer === FAILED ? { cause: errorInBytes(ring.error) } : undefined;
    // Whether or not anybody does it: the memory is for others.
    this.close();
    if (failure) throw failure.cause;
    return null;
  }

  ready(): boolean {
    this.#look();
    if (this.#isOver || this.#failure || this.#used > 0 || this.#writer !== OPEN) return true;
    this.#ask(this.#wire.ring.capacity);
    return false;
  }

  watch(waker: Waker): void {
    this.#hearing.watch(waker, this.#seen);
  }

  unwatch(waker: Waker): void {
    this.#hearing.unwatch(waker);
  }

  /** The other thread is gone. */
  fail(cause: unknown): void {
    this.#failure ??= { cause };
    this.#wire.near.ring();
  }

  leave(): void {
    if (this.#isClosed) return;
    this.#wire.ring.endReader(ENDED);
    this.#wire.far.ring();
  }

  close(): void {
    this.#isOver = true;
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { ring, far } = this.#wire;
    ring.endReader(OVER);
    ring.leave();
    far.ring();
  }

  #look(): void {
    if (this.#isClosed) return;
    const { ring, near } = this.#wire;
    const { moment } = this.#hearing;
    if (moment === this.#moment) return;
    this.#moment = moment;
    this.#seen = near.count;
    // Before the bytes: it ends after them.
    this.#writer = ring.writer;
    this.#used = ring.used;
  }

  #ask(bytes: number): void {
    const { ring, far } = this.#wire;
    // In this order: whoever is not asked any more has put in what was wanted.
    if (ring.wanted > 0 || ring.used > 0) return;
    ring.want(Math.min(bytes, ring.capacity));
    far.ring();
  }
}

/** In the thread of the source. */
export class InputFeed implements Waker {
  readonly #wire: Wire;
  readonly #hearing: Hearing;
  readonly #source: Source;
  readonly #onEnd: (hasEnded: boolean) => void;
  /** What the source throws when it is left: who leaves it is another thread. */
  readonly unheard: Unheard = new Unheard();
  #isLeft = false;
  #isOver = false;
  #isWatching = false;

  /**
   * @param hearing Of `wire.far`.
   * @param onEnd Called once, when nothing more will be read from `source`: whether that is its end.
   */
  constructor(wire: Wire, hearing: Hearing, source: Source, onEnd: (hasEnded: boolean) => void = () => {}) {
    this.#onEnd = onEnd;
    this.#wire = wire;
    this.#hearing = hearing;
    this.#source = source;
    hearing.watch(this, wire.far.count);
  }

  wake(): void {
    if (this.#isOver) return;
    const { ring, near } = this.#wire;
    const { reader } = ring;
    if (reader === OVER) {
      this.release();
      return;
    }
    if (reader === ENDED && !this.#isLeft) {
      this.#isLeft = true;
      this.unheard.call("leave", () => this.#source.leave?.());
    }
    if (reader !== OPEN || ring.wanted === 0) return;
    try {
      this.#feed();
    } catch (cause) {
      this.#fail(cause);
      near.ring();
    }
  }

  /** Says at once what is known: that there is nothing, or a failure. */
  tell(): void {
    try {
      if (this.#source.read(0) === null) this.#put(null);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  /** What is there goes over unasked, as far as there is room: the end and a failure that are known too. */
  push(): void {
    const { ring, near } = this.#wire;
    try {
      while (!this.#isOver && ring.writer === OPEN) {
        const bytes = this.#source.read(ring.capacity - ring.used);
        if (bytes !== null && bytes.length === 0) return;
        this.#put(bytes);
      }
    } catch (cause) {
      this.#fail(cause);
    } finally {
      near.ring();
    }
  }

  /** The instance is over. */
  release(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#hearing.unwatch(this);
    this.unheard.call("unwatch", () => this.#watch(false));
    this.unheard.call("close", () => this.#source.close());
    const { ring } = this.#wire;
    const isOpen = ring.writer === OPEN;
    ring.leave();
    if (isOpen) this.#onEnd(false);
  }

  #feed(): void {
    const { ring, near } = this.#wire;
    if (ring.writer !== OPEN) return;
    const bytes = this.#source.read(Math.min(ring.wanted, ring.capacity - ring.used));
    if (bytes !== null && bytes.length === 0) {
      this.#watch(true);
      return;
    }
    this.#watch(false);
    this.#put(bytes);
    near.ring();
  }

  #put(bytes: Uint8Array | null): void {
    const { ring } = this.#wire;
    if (bytes === null) {
      ring.endWriter(ENDED);
      this.#onEnd(true);
    } else {
      ring.put(bytes);
      // Then: who looks between would ask again, and there would be more than there is room for. Who has read all of it
      // already is rung for, and asks then.
      ring.want(0);
    }
  }

  #fail(cause: unknown): void {
    this.#wire.ring.endWriter(FAILED, bytesOfError(cause));
    this.unheard.call("unwatch", () => this.#watch(false));
    this.#onEnd(false);
  }

  #watch(watches: boolean): void {
    if (watches === this.#isWatching) return;
    this.#isWatching = watches;
    if (watches) this.#source.watch(this);
    else this.#source.unwatch(this);
  }
}
