import { StreamError } from "./errors.ts";
import { InternalError, Trap } from "./trap.ts";

/**
 * How a permit is spent. "strict", as the WIT says: one write for one check. "budget": several writes as long as
 * their sum is covered, for guests that were only ever tried on a lenient host.
 */
export type PermitMode = "strict" | "budget";

/** What a permit is for, as its traps say it. */
export interface Permitted {
  /** The call that spends it, such as `output-stream.write`. */
  readonly call: string;
  /** The call that asks for it, and what it counts. */
  readonly check: string;
  readonly unit: string;
  /** The rules of docs/contract.md for a call without a permit, and for one beyond it. */
  readonly without: string;
  readonly beyond: string;
}

const WRITE: Permitted = {
  call: "output-stream.write",
  check: "check-write",
  unit: "bytes",
  without: "3.3",
  beyond: "3.2",
};

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
 * What a guest may do next with one output stream, of bytes or of datagrams. Holds none of them and does no output.
 *
 * Invariant: `granted` is 0 unless the state is open.
 */
export class Permit {
  readonly mode: PermitMode;
  readonly #permitted: Permitted;
  #state: State = OPEN;
  #granted = 0;

  constructor(mode: PermitMode = "strict", permitted: Permitted = WRITE) {
    this.mode = mode;
    this.#permitted = permitted;
  }

  get state(): State["tag"] {
    return this.#state.tag;
  }

  /** How much the next write may bring. */
  get granted(): number {
    return this.#granted;
  }

  /** Grants the next write up to `amount`, in place of what was granted before. Gives 0 during a flush. */
  grant(amount: number): number {
    if (this.#state !== OPEN) {
      this.report();
      return 0;
    }
    // Also of what is no number at all.
    if (!(amount >= 0)) throw new RangeError(`A permit of ${amount}`);
    return (this.#granted = amount);
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
   * Spends the permit on a write of `amount`.
   *
   * @throws {StreamError} First of all, as `report` does.
   * @throws {Trap} When a flush is under way, or the permit does not cover `amount`.
   */
  spend(amount: number): void {
    this.report();
    if (this.#state === FLUSHING) {
      throw new Trap(
        "3.6",
        `output-stream.write: ${amount} bytes during a flush; wait until check-write permits again`,
      );
    }
    if (amount > this.#granted) throw this.#unpermitted(amount);
    if (this.mode === "budget") this.#granted -= amount;
    else if (amount > 0) this.#granted = 0;
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

  #unpermitted(amount: number): Trap {
    const { call, check, unit, without, beyond } = this.#permitted;
    return new Trap(
      this.#granted === 0 ? without : beyond,
      `${call}: ${amount} ${unit} exceed the permit of ${this.#granted}; it must follow a ${check} that permits as ` +
        `many, one for each (several calls share one with permits: "budget", or --permits budget)`,
    );
  }
}
