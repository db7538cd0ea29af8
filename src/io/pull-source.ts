import { DEFAULT_LIMITS } from "./limits.ts";
import { copyInto, none, type Source } from "./ports.ts";
import { Signal, type Waker } from "./readiness.ts";
import { isBytesUpTo, isThenable } from "./shape.ts";

const NONE = new Uint8Array(0);

/** What a pull gives: bytes or text (as UTF-8), or nothing more (`null` or `undefined`). */
export type Chunk = Uint8Array | string | null | undefined;

/**
 * As a pull, but puts what is there now at the start of `into`, which it does not keep, and gives the number of bytes. Gives
 * a chunk where that has to come later. May block the thread for one that waits.
 */
export type PullInto = (into: Uint8Array, waits: boolean) => number | null | Promise<Chunk>;

type State =
  /** Nobody has asked. May become fetching, ended or failed, or stay, with a chunk. */
  | { readonly tag: "idle" }
  /** A pull is under way. May become idle, ended or failed. */
  | { readonly tag: "fetching" }
  /** Final. */
  | { readonly tag: "ended" }
  /** Owes its reader the cause. Becomes ended when that is given. */
  | { readonly tag: "failed"; readonly cause: unknown };

const IDLE: State = { tag: "idle" };
const FETCHING: State = { tag: "fetching" };
const ENDED: State = { tag: "ended" };

/**
 * A source over anything that hands out chunks when asked: functions, async iterables, Web Streams.
 *
 * Pulls one chunk at a time, and only when the last one has been read and somebody wants more.
 */
export class PullSource implements Source {
  readonly #pull: (max: number) => Chunk | Promise<Chunk>;
  readonly #cancel: () => unknown;
  readonly #pullBlocking: ((max: number) => Chunk) | undefined;
  readonly #pullInto: PullInto | undefined;
  readonly #changed = new Signal();
  // Made once: a source that is pulled for each wait makes none.
  readonly #arrived = (chunk: Chunk): void => this.#arrive(chunk);
  readonly #failed = (cause: unknown): void => this.#settle({ tag: "failed", cause });
  #state: State = IDLE;
  /** What was pulled last, and how much of it has been read. */
  #chunk: Uint8Array = NONE;
  #read = 0;

  /**
   * @param pull Gives the next chunk, now or later; `max` says how many bytes are wanted, and it may give more.
   * @param cancel Called once if nobody will pull again before the end; what it throws is ignored.
   * @param pullBlocking As `pull`, but may block the thread; an empty chunk says that it must not.
   * @param pullInto Missing: the source has its bytes already, or gets them in memory that is not ours to choose.
   */
  constructor(
    pull: (max: number) => Chunk | Promise<Chunk>,
    cancel: () => unknown = () => {},
    pullBlocking?: (max: number) => Chunk,
    pullInto?: PullInto,
  ) {
    this.#pull = pull;
    this.#cancel = cancel;
    this.#pullBlocking = pullBlocking;
    this.#pullInto = pullInto;
  }

  read(max: number): Uint8Array | null {
    if (this.#isEmpty() && max > 0) this.#fetch(max);
    if (!this.#isEmpty()) return this.#next(max);
    const state = this.#state;
    if (state.tag === "failed") {
      this.#state = ENDED;
      throw state.cause;
    }
    return state.tag === "ended" ? null : none();
  }

  /** For a source that is given chunks which nobody else changes: what `Source.take` does. */
  takeChunk(max: number): Uint8Array | undefined {
    if (this.#isEmpty() && max > 0) this.#fetch(max);
    return this.#isEmpty() || max === 0 ? undefined : this.#next(max);
  }

  readInto(into: Uint8Array, waits: boolean = false): number | null {
    if (this.#pullInto && this.#isEmpty() && this.#state === IDLE && into.length > 0) {
      let count;
      try {
        count = this.#pullInto(into, waits);
      } catch (cause) {
        this.#state = ENDED;
        throw cause;
      }
      if (isThenable(count)) {
        this.#state = FETCHING;
        Promise.resolve(count).then(this.#arrived, this.#failed);
      } else if (count === null) {
        this.#state = ENDED;
      } else {
        return count;
      }
    }
    return copyInto(this.read(into.length), into);
  }

  readBlocking(max: number): Uint8Array | null {
    if (this.#pullBlocking && this.#isEmpty() && this.#state === IDLE) {
      let chunk: Chunk;
      try {
        chunk = this.#pullBlocking(max);
      } catch (cause) {
        this.#state = ENDED;
        throw cause;
      }
      if (chunk?.length !== 0) this.#take(chunk);
    }
    return this.read(max);
  }

  ready(): boolean {
    if (this.#isEmpty()) this.#fetch(DEFAULT_LIMITS.readBytes);
    return !this.#isEmpty() || this.#state.tag === "ended" || this.#state.tag === "failed";
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }

  close(): void {
    const over = this.#state.tag === "ended" || this.#state.tag === "failed";
    this.#state = ENDED;
    this.#hold(NONE);
    if (!over) this.#leave();
  }

  #isEmpty(): boolean {
    return this.#read >= this.#chunk.length;
  }

  /** The first bytes of what is there. */
  #next(max: number): Uint8Array {
    const chunk = this.#chunk;
    const left = chunk.length - this.#read;
    const whole = this.#read === 0 && left <= max;
    // A sixth less than `subarray` takes, which asks for the class of the chunk: of what is read small, a large part.
    const bytes = whole ? chunk : new Uint8Array(chunk.buffer, chunk.byteOffset + this.#read, Math.min(max, left));
    this.#read += bytes.length;
    if (this.#isEmpty()) this.#hold(NONE);
    return bytes;
  }

  #hold(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#read = 0;
  }

  #leave(): void {
    void (async () => {
      await this.#cancel();
    })().catch(() => {});
  }

  #fetch(max: number): void {
    if (this.#state.tag !== "idle") return;
    this.#state = FETCHING;
    let chunk: Chunk | Promise<Chunk>;
    try {
      chunk = this.#pull(max);
    } catch (cause) {
      this.#state = { tag: "failed", cause };
      return;
    }
    if (chunk === "" || isBytesUpTo(chunk, 0) || isThenable(chunk)) {
      // An empty chunk says nothing: asked again, but not at once.
      Promise.resolve(chunk).then(this.#arrived, this.#failed);
    } else {
      this.#take(chunk);
    }
  }

  #arrive(chunk: Chunk): void {
    if (this.#state !== FETCHING) return;
    this.#take(chunk);
    this.#changed.notify();
  }

  #settle(state: State): void {
    if (this.#state !== FETCHING) return;
    this.#state = state;
    this.#changed.notify();
  }

  #take(chunk: Chunk): void {
    if (chunk === null || chunk === undefined) {
      this.#state = ENDED;
    } else if (typeof chunk === "string") {
      this.#state = IDLE;
      this.#hold(new TextEncoder().encode(chunk));
    } else if (isBytesUpTo(chunk, Infinity)) {
      this.#state = IDLE;
      this.#hold(chunk);
    } else {
      const cause = new TypeError(`A stream of bytes must give Uint8Array or string, got ${typeof chunk}`);
      this.#state = { tag: "failed", cause };
      // Whoever gives such things would go on.
      this.#leave();
    }
  }
}
