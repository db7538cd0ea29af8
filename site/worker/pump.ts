import { PeerClosed, type Sink, type Source, type Waker } from "sluice";

const NONE = new Uint8Array(0);
/** Taken at a time, and held at most. */
export const PIECE_BYTES = 4096;

/** Moves what comes out of a source into a sink, as this takes it. */
export class Pump implements Waker {
  readonly #source: Source;
  readonly #sink: Sink;
  readonly #ended = Promise.withResolvers<void>();
  #held: Uint8Array = NONE;
  #takenBytes = 0;
  #isOver = false;
  #isMoving = false;

  constructor(source: Source, sink: Sink) {
    this.#source = source;
    this.#sink = sink;
    // Who wants to know asks.
    this.#ended.promise.catch(() => {});
    source.watch(this);
    sink.watch(this);
    this.wake();
  }

  /** Resolves when all is in the sink, or nobody wants more. Rejects with what the source failed of: then so has the sink. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Taken from the source, and not yet by the sink. */
  get heldBytes(): number {
    return this.#held.length;
  }

  get takenBytes(): number {
    return this.#takenBytes;
  }

  wake(): void {
    // What is moved may wake whoever waits for either end.
    if (this.#isOver || this.#isMoving) return;
    this.#isMoving = true;
    try {
      while (this.#give() && this.#take());
    } finally {
      this.#isMoving = false;
    }
  }

  /** @returns Whether nothing is held any more. */
  #give(): boolean {
    try {
      while (this.#held.length > 0) {
        const taken = this.#sink.write(this.#held);
        if (taken === 0) return false;
        this.#held = this.#held.subarray(taken);
      }
      return true;
    } catch (error) {
      this.#end();
      this.#source.close();
      if (error instanceof PeerClosed) this.#ended.resolve();
      else this.#ended.reject(error);
      return false;
    }
  }

  /** @returns Whether there was something. */
  #take(): boolean {
    try {
      const bytes = this.#source.read(PIECE_BYTES);
      if (bytes) {
        // The source may use it for what comes next.
        this.#held = bytes.slice();
        this.#takenBytes += bytes.length;
        return bytes.length > 0;
      }
      this.#end();
      Promise.resolve(this.#sink.close()).then(this.#ended.resolve, this.#ended.reject);
    } catch (error) {
      this.#end();
      this.#sink.abort(error);
      this.#ended.reject(error);
    }
    return false;
  }

  #end(): void {
    this.#isOver = true;
    this.#held = NONE;
    this.#source.unwatch(this);
    this.#sink.unwatch(this);
  }
}
