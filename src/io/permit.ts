import { StreamError } from "./errors.ts";
import { InternalError, Trap } from "./trap.ts";

/**
 * How a permit is spent. "strict", as the WIT says: one write for one check. "budget": several writes as long as
 * their sum is covered, for guests that were only ever tried on a lenient host.
 */
export type PermitMode = "strict" | "budget";

type State =
  /** Takes writes. May become flushing, failed or closed. */
  | { readonly tag: "open" }
  /** Drains, permits nothing. May become open, failed or closed. */
  | { readonly tag: "flushing" }
  /** Owes the guest one error. Becomes closed when that error is reported. */
  | { readonly tag: "failed"; readonly cause: unknown }
  /** Final. */
  | { readonly tag: "closed" };

const OPEN: State = { tag: "open" };
const FLUSHING: State = { tag: "flushing" };
const CLOSED: State = { tag: "closed" };

/**
 * What a guest may do next with one output stream. Holds no bytes and does no output.
 *
 * Invariant: `granted` is 0 unless the state is open.
 */
export class Permit {
  readonly mode: PermitMode;
  #state: State = OPEN;
  #granted = 0;

  constructor(mode: PermitMode = "strict") {
    this.mode = mode;
  }

  get state(): State["tag"] {
    return this.#state.tag;
  }

  /** Bytes that the next write may bring. */
  get granted(): number {
    return this.#granted;
  }

  /** Grants the next write up to `bytes`, in place of what was granted before. Gives 0 during a flush. */
  grant(bytes: number): number {
    if (this.#state !== OPEN) {
      this.report();
      return 0;
    }
    return (this.#granted = bytes);
  }

  /** Throws what the guest has to be told: the failure once, then `closed`. Nothing in the open and flushing states. */
  report(): void {
    const state = this.#state;
    if (state === OPEN || state === FLUSHING) return;
    this.#state = CLOSED;
    // Of the port, and no failure of the guest's stream.
    if (state.tag === "failed" && state.cause instanceof InternalError) throw state.cause;
    throw state.tag === "failed" ? StreamError.failed(state.cause) : StreamError.closed();
  }

  /**
   * Spends the permit on a write of `bytes`.
   *
   * @throws {StreamError} First of all, as `report` does.
   * @throws {Trap} When a flush is under way, or the permit does not cover `bytes`.
   */
  spend(bytes: number): void {
    this.report();
    if (this.#state === FLUSHING) {
      throw new Trap("3.6", `output-stream.write: ${bytes} bytes during a flush; wait until check-write permits again`);
    }
    if (bytes > this.#granted) throw this.#unpermitted(bytes);
    if (this.mode === "budget") this.#granted -= bytes;
    else if (bytes > 0) this.#granted = 0;
  }

  /** A flush begins. Idempotent. */
  beginFlush(): void {
    this.report();
    this.#state = FLUSHING;
    this.#granted = 0;
  }

  /** The flush is complete. */
  endFlush(): void {
    if (this.#state === FLUSHING) this.#state = OPEN;
  }

  /** The stream failed. Only the first cause counts, and none after a close. */
  fail(cause: unknown): void {
    if (this.#state === OPEN || this.#state === FLUSHING) {
      this.#state = { tag: "failed", cause };
      this.#granted = 0;
    }
  }

  /** The stream is closed. A failure that is owed is still reported first. */
  close(): void {
    if (this.#state === OPEN || this.#state === FLUSHING) {
      this.#state = CLOSED;
      this.#granted = 0;
    }
  }

  #unpermitted(bytes: number): Trap {
    return new Trap(
      this.#granted === 0 ? "3.3" : "3.2",
      `output-stream.write: ${bytes} bytes exceed the permit of ${this.#granted}; a write must follow a check-write ` +
        `that permits its size, one write for one check (the option permits: "budget", on the command line ` +
        `--permits budget, lets several writes share a permit)`,
    );
  }
}
