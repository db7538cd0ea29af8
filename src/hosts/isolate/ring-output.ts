/** An output that is a sink in another thread: what is written to here, and what hands it on there. */
import { PeerClosed, type Sink } from "../../io/ports.ts";
import type { Waker } from "../../io/readiness.ts";
import { woken } from "../../io/steps.ts";
import { Unheard } from "../../io/unheard.ts";
import type { Hearing } from "./bell.ts";
import { bytesOfError, errorInBytes } from "./errors.ts";
import { ENDED, FAILED, OPEN, OVER, type SideState, type Wire } from "./ring.ts";

const STAGING_BYTES = 64 * 1024;
/** What is handed on before others in the thread have a turn. */
const TURN_BYTES = 1024 * 1024;

/** In the thread of the writer. */
export class RingSink implements Sink {
  readonly isTerminal: boolean;
  readonly #wire: Wire;
  readonly #hearing: Hearing;
  /** When it last looked, as `Hearing` counts: what follows is as it was then. */
  #moment = -1;
  /** The count of the bell before that. */
  #seen = 0;
  #reader: SideState = OPEN;
  #room = 0;
  /** Bytes that have not left. */
  #pending = 0;
  /** It was ended, and nothing is looked at any more. */
  #isLeft = false;

  /** @param hearing Of `wire.near`. */
  constructor(wire: Wire, hearing: Hearing, isTerminal = false) {
    this.isTerminal = isTerminal;
    this.#wire = wire;
    this.#hearing = hearing;
  }

  write(bytes: Uint8Array): number {
    this.#look();
    const taken = this.#wire.ring.put(bytes.length > this.#room ? bytes.subarray(0, this.#room) : bytes);
    if (taken > 0) {
      this.#room -= taken;
      this.#pending += taken;
      this.#wire.far.ring();
    }
    return taken;
  }

  flush(): boolean {
    this.#look();
    return this.#pending === 0;
  }

  watch(waker: Waker): void {
    this.#hearing.watch(waker, this.#seen);
  }

  unwatch(waker: Waker): void {
    this.#hearing.unwatch(waker);
  }

  /** Resolves when the other thread has ended its sink. */
  async close(): Promise<void> {
    if (this.#isLeft) return;
    const { ring, near, far } = this.#wire;
    ring.endWriter(ENDED);
    far.ring();
    for (;;) {
      this.#seen = near.count;
      const { reader } = ring;
      if (reader !== OPEN) {
        const failure = reader === FAILED ? { cause: errorInBytes(ring.error) } : undefined;
        this.#leave();
        if (failure) throw failure.cause;
        return;
      }
      // Not for the bell alone: the thread may be blocked, and hear it then by other means.
      // oxlint-disable-next-line no-await-in-loop -- each round waits for the bell
      await woken(this);
    }
  }

  abort(): void {
    if (this.#isLeft) return;
    const { ring, far } = this.#wire;
    ring.endWriter(OVER);
    this.#leave();
    far.ring();
  }

  #leave(): void {
    if (!this.#isLeft) this.#wire.ring.leave();
    this.#isLeft = true;
  }

  /** @throws What the sink has thrown. */
  #look(): void {
    if (this.#isLeft) throw new PeerClosed();
    const { ring, near } = this.#wire;
    const { moment } = this.#hearing;
    if (moment !== this.#moment) {
      this.#moment = moment;
      this.#seen = near.count;
      this.#reader = ring.reader;
      this.#room = ring.capacity - ring.used;
      this.#pending = ring.pending;
    }
    if (this.#reader === FAILED) throw errorInBytes(ring.error);
    if (this.#reader !== OPEN) throw new PeerClosed();
  }
}

/** In the thread of the sink. */
export class OutputPump implements Waker {
  readonly #wire: Wire;
  readonly #hearing: Hearing;
  readonly #sink: Sink;
  /** What the sink throws when it is left: who leaves it is another thread. */
  readonly unheard: Unheard = new Unheard();
  #staging: Uint8Array | undefined;
  #isOver = false;
  #isMoving = false;

  constructor(wire: Wire, hearing: Hearing, sink: Sink) {
    this.#wire = wire;
    this.#hearing = hearing;
    this.#sink = sink;
    hearing.watch(this, wire.far.count);
    // For good: it may fail while there is nothing to write.
    try {
      sink.watch(this);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  wake(): void {
    if (this.#isOver || this.#isMoving) return;
    this.#isMoving = true;
    try {
      this.#move();
    } catch (cause) {
      this.#fail(cause);
    } finally {
      this.#isMoving = false;
    }
  }

  /** The instance is over: what was not ended is given up. */
  release(reason: unknown): void {
    if (this.#isOver) return;
    this.#stop();
    const { ring } = this.#wire;
    ring.endReader(OVER);
    ring.leave();
    this.unheard.call("abort", () => this.#sink.abort(reason));
  }

  #move(): void {
    const { ring, near } = this.#wire;
    const { writer } = ring;
    if (writer === OVER) {
      this.release(new Error("The guest's end of the stream failed"));
      return;
    }
    let moved = 0;
    while (moved < TURN_BYTES) {
      // There is room again while the rest is moved.
      if (moved > 0) near.ring();
      const staging = (this.#staging ??= new Uint8Array(STAGING_BYTES));
      const count = ring.peek(staging);
      if (count === 0) break;
      const taken = this.#sink.write(staging.subarray(0, count));
      ring.consume(taken);
      moved += taken;
      if (taken < count) break;
    }
    if (moved >= TURN_BYTES) this.#hearing.soon(() => this.wake());
    // Asked when there is nothing to flush too: it says whether the sink has failed.
    const isDone = this.#sink.flush() && ring.used === 0;
    if (isDone) ring.allLeft();
    near.ring();
    if (isDone && writer === ENDED) void this.#close();
  }

  async #close(): Promise<void> {
    const { ring, near } = this.#wire;
    this.#stop();
    try {
      await this.#sink.close();
      ring.endReader(OVER);
    } catch (cause) {
      ring.endReader(FAILED, bytesOfError(cause));
    }
    ring.leave();
    near.ring();
  }

  #fail(cause: unknown): void {
    const { ring, near } = this.#wire;
    ring.endReader(FAILED, bytesOfError(cause));
    ring.leave();
    near.ring();
    this.#stop();
    try {
      this.#sink.abort(cause);
    } catch {
      // It has failed: how it does so changes nothing.
    }
  }

  #stop(): void {
    this.#isOver = true;
    this.#staging = undefined;
    this.#hearing.unwatch(this);
    this.unheard.call("unwatch", () => this.#sink.unwatch(this));
  }
}
