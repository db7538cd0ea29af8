import { assertFits, shaped, type Shape } from "../io/assert-shape.ts";
import type { Source } from "../io/ports.ts";
import { Signal, type Waker } from "../io/readiness.ts";
import { isBytes } from "../io/shape.ts";
import { AMOUNT, ANYTHING } from "./shapes.ts";

/** What goes wrong with a source, and after how many bytes. Nothing said: it waits for more when it is empty. */
export interface SourceFaults {
  /** Gives this many bytes, then fails with `cause`. */
  readonly failAt?: number;
  /** Gives this many bytes, then ends, whatever is left. */
  readonly endAt?: number;
  /** Gives this many bytes, then none until `release`. */
  readonly stallAt?: number;
  /** Gives at most this many bytes in one call. */
  readonly readBytes?: number;
  /** What it fails with. */
  readonly cause?: unknown;
}

const FAULTS: Shape<SourceFaults> = {
  failAt: AMOUNT,
  endAt: AMOUNT,
  stallAt: AMOUNT,
  readBytes: AMOUNT,
  cause: ANYTHING,
};

/** A source in memory that can be told to misbehave. */
export class FaultySource implements Source {
  readonly #faults: SourceFaults;
  readonly #changed = new Signal();
  readonly #left: number[] = [];
  readonly #asked: number[] = [];
  #given = 0;
  #allowed: number;
  #over: "ended" | { readonly cause: unknown } | undefined;
  #told = false;
  #closed = false;

  constructor(bytes: Uint8Array = new Uint8Array(0), faults: SourceFaults = {}) {
    assertFits("The bytes of a FaultySource", bytes, "a Uint8Array", isBytes(bytes));
    this.#faults = shaped("SourceFaults", faults, FAULTS);
    this.#allowed = this.#faults.stallAt ?? Infinity;
    for (const byte of bytes) this.#left.push(byte);
  }

  read(max: number): Uint8Array | null {
    this.#asked.push(max);
    const over = this.#state();
    if (over === "ended") return null;
    if (over) {
      this.#told = true;
      throw over.cause;
    }
    const count = Math.min(max, this.#faults.readBytes ?? Infinity, this.#available());
    this.#given += count;
    this.#allowed -= count;
    return Uint8Array.from(this.#left.splice(0, count));
  }

  ready(): boolean {
    return this.#state() !== undefined || this.#available() > 0;
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }

  close(): void {
    this.#closed = true;
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** How many bytes it has not given yet. */
  get leftBytes(): number {
    return this.#left.length;
  }

  /** How many bytes each call has asked for. */
  get asked(): readonly number[] {
    return this.#asked;
  }

  /** How many watch it. */
  get watchers(): number {
    return this.#changed.watchers;
  }

  /** More bytes are there. */
  supply(bytes: Uint8Array): void {
    for (const byte of bytes) this.#left.push(byte);
    this.#changed.notify();
  }

  /** Ends, after what is left. */
  end(): void {
    this.#over ??= "ended";
    this.#changed.notify();
  }

  /** Fails, after what is left. */
  fail(cause: unknown): void {
    this.#over ??= { cause };
    this.#changed.notify();
  }

  /** Gives `bytes` more before it stalls again. */
  release(bytes: number = Infinity): void {
    this.#allowed = bytes;
    this.#changed.notify();
  }

  #available(): number {
    const { failAt = Infinity, endAt = Infinity } = this.#faults;
    return Math.min(this.#left.length, this.#allowed, failAt - this.#given, endAt - this.#given);
  }

  #state(): "ended" | { readonly cause: unknown } | undefined {
    const { failAt = Infinity, endAt = Infinity } = this.#faults;
    if (this.#told) return "ended";
    if (this.#allowed <= 0) return undefined;
    if (this.#given >= failAt) {
      // Made when it is told: an error is expensive, and this is asked at each call.
      const { cause = new Error("the source failed") } = this.#faults;
      return { cause };
    }
    if (this.#given >= endAt) return "ended";
    return this.#left.length === 0 ? this.#over : undefined;
  }
}

/** A source that fails at byte n, ends at byte n, stalls after n bytes until it is released, or gives little at once. */
export function faultySource(bytes?: Uint8Array, faults: SourceFaults = {}): FaultySource {
  return new FaultySource(bytes, faults);
}
