import { SPURIOUS_ROUNDS, type InputStream } from "./input-stream.ts";
import { StreamError } from "./errors.ts";
import { BLOCKING_WRITE_BYTES } from "./limits.ts";
import type { Outlet } from "./outlet.ts";
import { Permit, type PermitMode } from "./permit.ts";
import type { Readiness, Waker } from "./readiness.ts";
import type { Steps } from "./steps.ts";
import { Trap } from "./trap.ts";

/** What somebody needs to answer in the place of an output stream: see `Lease`. Nobody else has a use for it. */
export interface Lending {
  /**
   * How many bytes somebody else may permit and take in place of this handle, for as long as nothing else happens to the
   * stream; then it has to `catchUp`. 0 if nobody may, since more than its own writes decides what is permitted.
   */
  lend(stream: OutputStream): number;
  /** Whether any bytes have been written, by any handle. */
  hasTaken(stream: OutputStream): boolean;
  /** Bytes that the next `write` may bring. */
  granted(stream: OutputStream): number;
  /** Takes over what was done in its place: `calls`, which left a permit of `granted`, and wrote `bytes`. */
  catchUp(stream: OutputStream, calls: number, granted: number, bytes: Uint8Array): void;
}

/** One for all: many streams are made. */
function nothing(): void {}

/** The class below, which alone reaches its parts, puts the functions in when it is made. */
export const lending: Lending = {} as Lending;

/**
 * One handle of an output stream: a permit of its own over an outlet that other handles may share.
 *
 * Its readiness is computed from the same state as `checkWrite`, so that the two cannot disagree.
 *
 * @see WASI 0.2 `wasi:io/streams` `output-stream`
 */
export class OutputStream implements Readiness {
  readonly #outlet: Outlet;
  readonly #permit: Permit;
  readonly #onDrop: () => void;

  static {
    Object.assign(lending, {
      lend: (stream) => stream.#lend(),
      hasTaken: (stream) => stream.#outlet.tally.bytes > 0,
      granted: (stream) => stream.#permit.granted,
      catchUp: (stream, calls, granted, bytes) => stream.#catchUp(calls, granted, bytes),
    } satisfies Lending);
  }

  /** @param onDrop Called when the guest lets go of this handle; the outlet lives as long as its owner says. */
  constructor(outlet: Outlet, permits: PermitMode = "strict", onDrop: () => void = nothing) {
    this.#outlet = outlet;
    this.#permit = new Permit(permits);
    this.#onDrop = onDrop;
  }

  /**
   * How many bytes the next `write` may bring; 0 for not now. Never waits.
   *
   * @throws {StreamError} `last-operation-failed` once after a failure, then `closed`.
   * @see WASI 0.2 `wasi:io/streams` `output-stream.check-write`
   */
  checkWrite(): number {
    this.#outlet.tally.calls++;
    return this.#grant();
  }

  /**
   * Takes all of `bytes`, which the caller may reuse as soon as this returns. Never waits.
   *
   * @param bytes At most as many as the last `checkWrite` permitted; may be empty.
   * @throws {StreamError} `last-operation-failed` once after a failure, then `closed`.
   * @throws {Trap} If the permit does not cover `bytes`, or a flush is under way.
   * @see WASI 0.2 `wasi:io/streams` `output-stream.write`
   */
  write(bytes: Uint8Array): void {
    this.#outlet.tally.calls++;
    this.#write(bytes);
  }

  /**
   * Writes `count` zeroes, after a check of its own.
   *
   * @throws {StreamError} As `write` does.
   * @throws {Trap} If that is more than is permitted now.
   * @see WASI 0.2 `wasi:io/streams` `output-stream.write-zeroes`
   */
  writeZeroes(count: number): void {
    this.#outlet.tally.calls++;
    const permitted = this.#grant();
    if (count > permitted) {
      throw new Trap("3.9", `output-stream.write-zeroes: ${count} bytes exceed what check-write permits, ${permitted}`);
    }
    this.#spend(count);
    this.#outlet.acceptZeroes(count);
    this.#settle();
    this.#permit.report();
  }

  /**
   * Asks that everything written so far leaves. Never waits: until that is complete `checkWrite` gives 0, and then
   * the readiness says so. May be repeated.
   *
   * @throws {StreamError} `last-operation-failed` once after a failure, then `closed`.
   * @see WASI 0.2 `wasi:io/streams` `output-stream.flush`
   */
  flush(): void {
    this.#outlet.tally.calls++;
    this.#flush();
  }

  /**
   * Moves up to `max` bytes that `source` has now, as far as both sides allow without waiting; gives their number.
   *
   * @throws {StreamError} Of this stream, else of `source` (`closed` at its end).
   * @see WASI 0.2 `wasi:io/streams` `output-stream.splice`
   */
  splice(source: InputStream, max: number): number {
    return this.#splice(source, max, false);
  }

  /**
   * `flush`, and waits until it is complete.
   *
   * @see WASI 0.2 `wasi:io/streams` `output-stream.blocking-flush`
   */
  *blockingFlush(): Steps<void> {
    yield* rest(this.flushOrWait());
  }

  /** As `writeAndFlush`, for `blockingFlush`. */
  flushOrWait(): Steps<void> | undefined {
    this.#outlet.tally.calls++;
    this.#flush();
    return this.ready() ? undefined : this.#untilWritable();
  }

  /**
   * Writes all of `bytes` in as many permits as it takes, flushes, and waits until that is complete. A stream that
   * becomes closed by it has completed it (WASI 0.2.7).
   *
   * @param bytes At most 4096; may be empty, and must not change until the steps are done.
   * @throws {StreamError} `closed` only if not all bytes could be written.
   * @throws {Trap} For more than 4096 bytes.
   * @see WASI 0.2 `wasi:io/streams` `output-stream.blocking-write-and-flush`
   */
  *blockingWriteAndFlush(bytes: Uint8Array): Steps<void> {
    yield* rest(this.writeAndFlush(bytes));
  }

  /**
   * `blockingWriteAndFlush` as far as it goes without waiting: gives what is left to do, or nothing if that is all done.
   * For callers to whom steps are too dear when there is nothing to wait for.
   */
  writeAndFlush(bytes: Uint8Array): Steps<void> | undefined {
    assertBlockingWrite("blocking-write-and-flush", bytes.length);
    return this.#writeAll(bytes, true);
  }

  /**
   * Writes all of `bytes`, however many, and waits until they have left: a write of WASI preview 1. Otherwise as
   * `writeAndFlush`.
   *
   * @throws {StreamError} `closed` also if the stream becomes closed before they have all left.
   */
  deliverOrWait(bytes: Uint8Array): Steps<void> | undefined {
    return this.#writeAll(bytes, false);
  }

  /**
   * As `blockingWriteAndFlush`, with `count` zeroes.
   *
   * @throws {Trap} For more than 4096.
   * @see WASI 0.2 `wasi:io/streams` `output-stream.blocking-write-zeroes-and-flush`
   */
  *blockingWriteZeroesAndFlush(count: number): Steps<void> {
    assertBlockingWrite("blocking-write-zeroes-and-flush", count);
    yield* rest(this.#writeAll(new Uint8Array(count), true));
  }

  /**
   * Waits for both sides, then moves what is there: at least one byte, unless `max` is 0.
   *
   * @see WASI 0.2 `wasi:io/streams` `output-stream.blocking-splice`
   */
  *blockingSplice(source: InputStream, max: number): Steps<number> {
    for (let round = 1; ; round++) {
      const permitted = yield* this.#writable();
      if (Math.min(max, permitted) === 0) return 0;
      // Tried before anything else, as in `blockingRead`.
      const moved = this.#splice(source, max, true);
      if (moved > 0) return moved;
      while (!source.ready()) yield source;
      if (round % SPURIOUS_ROUNDS === 0) yield source;
    }
  }

  /** True when `checkWrite` would say anything but 0. */
  ready(): boolean {
    const { tag } = this.#outlet.state;
    if (tag !== "open") return tag !== "flushing";
    return this.#outlet.room(this.#permit.granted) > 0;
  }

  watch(waker: Waker): void {
    this.#outlet.tally.waits++;
    this.#outlet.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#outlet.unwatch(waker);
  }

  /** The guest lets go of this handle. What it wrote is still delivered. */
  drop(): void {
    this.#outlet.reserve(this.#permit.granted, 0);
    this.#onDrop();
  }

  /** Brings the permit up to date with the outlet. What it then owes has to be reported: see Permit.report. */
  #settle(): void {
    const { state } = this.#outlet;
    switch (state.tag) {
      case "open":
        this.#permit.endFlush();
        break;
      case "flushing":
        break;
      case "failed":
        this.#permit.fail(state.cause);
        this.#outlet.failureTaken();
        break;
      case "closed":
        this.#permit.close();
        break;
    }
  }

  #grant(): number {
    this.#settle();
    const before = this.#permit.granted;
    const granted = this.#permit.grant(this.#outlet.room(before));
    if (granted !== before) this.#outlet.reserve(before, granted);
    return granted;
  }

  /** Takes back what is left of the permit, as a flush does. */
  #revoke(): void {
    const { granted } = this.#permit;
    if (granted > 0) this.#outlet.reserve(granted, this.#permit.grant(0));
  }

  #spend(bytes: number): void {
    this.#settle();
    const before = this.#permit.granted;
    this.#permit.spend(bytes);
    this.#outlet.reserve(before, this.#permit.granted);
    this.#outlet.tally.bytes += bytes;
  }

  #splice(source: InputStream, max: number, waits: boolean): number {
    this.#outlet.tally.calls++;
    const wanted = Math.min(max, this.#grant());
    if (wanted === 0) return 0;
    const given = source.take(wanted);
    const bytes = given ?? source.read(wanted, waits);
    if (bytes.length > 0) this.#write(bytes, waits, given !== undefined);
    return bytes.length;
  }

  /** A failure that comes at once is reported at once. */
  #write(bytes: Uint8Array, waits: boolean = false, isGiven: boolean = false): void {
    this.#spend(bytes.length);
    this.#outlet.accept(bytes, waits, isGiven);
    this.#settle();
    this.#permit.report();
  }

  #flush(): void {
    this.#settle();
    const before = this.#permit.granted;
    this.#permit.beginFlush();
    this.#outlet.reserve(before, 0);
    this.#outlet.flush();
    this.#settle();
    this.#permit.report();
  }

  /**
   * Writes all of `bytes`, flushes, and waits: gives what is left to do, if anything is.
   *
   * @param closedIsDone Whether a stream that is closed when it has taken them all has done its work.
   */
  #writeAll(bytes: Uint8Array, closedIsDone: boolean): Steps<void> | undefined {
    this.#outlet.tally.calls++;
    const room = this.#outlet.room(this.#permit.granted);
    if (room === 0 || room < bytes.length) return this.#writeInPieces(bytes, closedIsDone);
    this.#writeUnchecked(bytes);
    return this.#outlet.flushNow() ? undefined : this.#flushed(closedIsDone);
  }

  /** In as many permits as it takes. */
  *#writeInPieces(bytes: Uint8Array, closedIsDone: boolean): Steps<void> {
    let written = 0;
    do {
      const permitted = yield* this.#writable();
      const piece = bytes.subarray(written, written + permitted);
      this.#writeUnchecked(piece);
      written += piece.length;
    } while (written < bytes.length);
    yield* this.#flushed(closedIsDone);
  }

  /** Writes `bytes`, all of which would be permitted; of a permit that there is already the flush would leave nothing. */
  #writeUnchecked(bytes: Uint8Array): void {
    this.#outlet.tally.bytes += bytes.length;
    this.#revoke();
    this.#outlet.accept(bytes, true);
    this.#settle();
    this.#permit.report();
  }

  /** Waits until a write would be permitted; gives how many bytes. Leaves no permit behind. */
  *#writable(): Steps<number> {
    while (!this.ready()) yield this;
    this.#settle();
    this.#permit.report();
    return this.#outlet.room(this.#permit.granted);
  }

  *#untilWritable(): Steps<void> {
    yield* this.#writable();
  }

  /** Flushes and waits. */
  *#flushed(closedIsDone: boolean): Steps<void> {
    try {
      this.#flush();
      yield* this.#writable();
    } catch (error) {
      if (!(closedIsDone && error instanceof StreamError && error.payload.tag === "closed")) throw error;
    }
  }

  /** See `Lending.lend`. */
  #lend(): number {
    const { mode, granted } = this.#permit;
    if (mode !== "strict" || this.#outlet.state.tag !== "open" || !this.#outlet.isOnlyReserved(granted)) return 0;
    const room = this.#outlet.room(granted);
    // Who borrows counts in i32.
    return Math.max(room, granted) > 0x7fff_ffff ? 0 : room;
  }

  /** See `Lending.catchUp`. */
  #catchUp(calls: number, granted: number, bytes: Uint8Array): void {
    const { tally } = this.#outlet;
    tally.calls += calls;
    tally.bytes += bytes.length;
    // Aborted meanwhile, it takes nothing any more.
    if (this.#outlet.state.tag !== "open") return;
    this.#settle();
    this.#outlet.reserve(this.#permit.granted, this.#permit.grant(granted));
    if (bytes.length > 0) this.#outlet.accept(bytes);
  }
}

/** The steps that are left of an operation, if any are. */
function* rest(steps: Steps<void> | undefined): Steps<void> {
  if (steps) yield* steps;
}

function assertBlockingWrite(name: string, bytes: number): void {
  if (bytes > BLOCKING_WRITE_BYTES) {
    throw new Trap("3.8", `output-stream.${name}: ${bytes} bytes, but it takes at most ${BLOCKING_WRITE_BYTES}`);
  }
}
