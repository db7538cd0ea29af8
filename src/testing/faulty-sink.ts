import { isBoolean, shaped, type Shape } from "../io/assert-shape.ts";
import { PeerClosed, type Sink } from "../io/ports.ts";
import { AMOUNT, ANYTHING } from "./shapes.ts";
import { Signal, type Waker } from "../io/readiness.ts";

/** What goes wrong with a sink, and after how many bytes. Nothing said: it takes everything. */
export interface SinkFaults {
  /** Takes this many bytes, then fails with `cause`. */
  readonly failAt?: number;
  /** Takes this many bytes, then its other side is gone. */
  readonly closeAt?: number;
  /** Takes this many bytes, then none until `release`. */
  readonly stallAt?: number;
  /** Takes at most this many bytes in one call. */
  readonly writeBytes?: number;
  /** What it fails with. */
  readonly cause?: unknown;
  /** Fails already when it is asked to flush after `failAt` or `closeAt` bytes, and not only at the next byte. */
  readonly onFlush?: boolean;
}

const FAULTS: Shape<SinkFaults> = {
  failAt: AMOUNT,
  closeAt: AMOUNT,
  stallAt: AMOUNT,
  writeBytes: AMOUNT,
  cause: ANYTHING,
  onFlush: ["true or false", isBoolean],
};

/** A sink in memory that can be told to misbehave. */
export class FaultySink implements Sink {
  readonly #faults: SinkFaults;
  readonly #changed = new Signal();
  readonly #bytes: number[] = [];
  #allowed: number;
  #gone: { readonly cause: unknown } | undefined;
  #end: "closed" | "aborted" | undefined;
  #abortReason: unknown;

  constructor(faults: SinkFaults = {}) {
    this.#faults = shaped("SinkFaults", faults, FAULTS);
    this.#allowed = this.#faults.stallAt ?? Infinity;
  }

  write(bytes: Uint8Array): number {
    this.#check();
    const { failAt = Infinity, closeAt = Infinity, writeBytes = Infinity } = this.#faults;
    const size = this.#bytes.length;
    const count = Math.min(bytes.length, writeBytes, this.#allowed, failAt - size, closeAt - size);
    if (count === 0 && bytes.length > 0 && this.#allowed > 0) this.#breakDown();
    for (const byte of bytes.subarray(0, count)) this.#bytes.push(byte);
    this.#allowed -= count;
    // A sink that takes less than it is offered says when to offer the rest: at once, unless it stalls.
    if (count < bytes.length && this.#allowed > 0) void Promise.resolve().then(() => this.#changed.notify());
    return count;
  }

  flush(): boolean {
    this.#check();
    if (this.#faults.onFlush === true) this.#breakDown();
    return true;
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }

  close(): void {
    if (this.#end) throw new Error(`A sink must not be closed after it was ${this.#end}`);
    this.#end = "closed";
  }

  abort(reason: unknown): void {
    this.#end ??= "aborted";
    this.#abortReason ??= reason;
  }

  /** Everything that it has taken. */
  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  /** How many bytes it has taken. */
  get takenBytes(): number {
    return this.#bytes.length;
  }

  /** How it ended. */
  get end(): "closed" | "aborted" | undefined {
    return this.#end;
  }

  /** What it was aborted with. */
  get abortReason(): unknown {
    return this.#abortReason;
  }

  /** How many watch it. */
  get watchers(): number {
    return this.#changed.watchers;
  }

  /** Takes nothing more. */
  stall(): void {
    this.#allowed = 0;
  }

  /** Takes `bytes` more before it stalls again. */
  release(bytes: number = Infinity): void {
    this.#allowed = bytes;
    this.#changed.notify();
  }

  /** Fails, from now on. */
  fail(cause: unknown): void {
    this.#gone ??= { cause };
    this.#changed.notify();
  }

  /** The other side goes away. */
  leave(): void {
    this.fail(new PeerClosed());
  }

  #check(): void {
    if (this.#end) throw new Error(`A sink must not be used after it was ${this.#end}`);
    if (this.#gone) throw this.#gone.cause;
  }

  /** Throws if one of the limits is reached. */
  #breakDown(): void {
    const { failAt = Infinity, closeAt = Infinity } = this.#faults;
    const size = this.#bytes.length;
    if (size >= failAt) {
      const { cause = new Error("the sink failed") } = this.#faults;
      throw cause;
    }
    if (size >= closeAt) throw new PeerClosed();
  }
}

/** A sink that fails at byte n, closes at byte n, stalls after n bytes until it is released, or takes little at once. */
export function faultySink(faults: SinkFaults = {}): FaultySink {
  return new FaultySink(faults);
}
