import type { Sink } from "../io/ports.ts";
import { Signal, type Waker } from "../io/readiness.ts";
import { woken } from "../io/steps.ts";
import type { Log, SegmentMark } from "./log.ts";
import { LogWriter, type LogWriterOptions } from "./log-writer.ts";

/** How a sink cuts bytes into records. */
export interface CutOptions {
  /** Bytes that may be taken and not acknowledged. */
  readonly windowBytes: number;
  /** Bytes of a record, at most. */
  readonly messageBytes: number;
  /**
   * When what has been gathered becomes a record: as soon as nothing is under way and whenever a flush asks for it, or only
   * when it is as large as a record may be.
   */
  readonly cut: "soon" | "full";
  /** What each record says of its segment, with the last one of that told. Asked once for each, in order. */
  readonly segment?: (bytes: Uint8Array, isLast: boolean) => SegmentMark;
}

/** How a hash over what is written is kept, if it is. */
export interface Hash {
  update(bytes: Uint8Array): unknown;
  digest(encoding: "hex"): string;
}

/**
 * A sink over a log: takes as many bytes as its window has room for, and is flushed when each of them is acknowledged.
 *
 * A failure of the log is the sink's; a stream that was sealed is `PeerClosed`.
 */
export class LogSink implements Sink {
  readonly #changed = new Signal();
  readonly #cut: CutOptions;
  readonly #writer: LogWriter;
  readonly #hash: Hash | undefined;
  /** What has been taken and is no record yet. */
  #gathered: Uint8Array = NONE;
  #length = 0;
  #taken = 0;
  /** Memory of records that are stored, of the size of a full one: as many as a window has. Without it half the time is the collector's. */
  readonly #spare: Uint8Array[] = [];

  constructor(log: Log, cut: CutOptions, options: LogWriterOptions, hash?: Hash) {
    this.#cut = cut;
    this.#hash = hash;
    this.#writer = new LogWriter(
      log,
      options,
      () => this.#advance(),
      (data) => this.#reuse(data),
    );
  }

  /** Bytes that it has taken. */
  get bytesTaken(): number {
    return this.#taken;
  }

  /** Bytes that it has taken and that are not known to be stored. */
  get bytesPending(): number {
    return this.#writer.bytes + this.#length;
  }

  /** The sequence of the last record that is known to be stored, or of the one before its first. */
  get sequence(): number {
    return this.#writer.sequence;
  }

  /** Why it takes nothing more, if the log has failed. */
  get failure(): unknown {
    return this.#writer.failure?.cause;
  }

  write(bytes: Uint8Array): number {
    this.#check();
    const taken = Math.min(bytes.length, this.#cut.windowBytes - this.bytesPending);
    if (taken <= 0) return 0;
    const { messageBytes } = this.#cut;
    for (let at = 0; at < taken;) {
      const piece = bytes.subarray(at, Math.min(taken, at + messageBytes - this.#length));
      this.#gather(piece, taken - at);
      at += piece.length;
      if (this.#length === messageBytes) this.#append();
    }
    this.#taken += taken;
    if (this.#cut.cut === "soon" && this.#writer.isIdle) this.#append();
    return taken;
  }

  flush(): boolean {
    this.#check();
    if (this.#cut.cut === "soon") this.#append();
    return this.#writer.isIdle;
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }

  close(): void | Promise<void> {}

  abort(): void {
    this.#length = 0;
    this.#writer.stop();
  }

  /**
   * Says that the output is complete, and how its writer has ended: what is left and this mark become one record. Nothing can
   * be written after that.
   *
   * @returns The sequence of that record, when it is acknowledged.
   * @throws What kept it from being stored.
   */
  async end(exitCode?: number): Promise<number> {
    this.#check();
    const bytes = this.#take();
    this.#hash?.update(bytes);
    const digest = this.#hash && digestOf(this.#hash);
    this.#writer.append(bytes, { exitCode, digest }, this.#cut.segment?.(bytes, true));
    return this.#delivered();
  }

  /** Makes a record of what is left, also of nothing, with which a segment is over. As `end`, but the output goes on. */
  async endSegment(): Promise<number> {
    this.#check();
    const bytes = this.#take();
    this.#hash?.update(bytes);
    this.#writer.append(bytes, undefined, this.#cut.segment?.(bytes, true));
    return this.#delivered();
  }

  /**
   * Stores a record without bytes, before anything is written: nobody who has written before it can go on after it.
   *
   * @returns Its sequence, when it is acknowledged.
   * @throws What kept it from being stored.
   */
  begin(): Promise<number> {
    this.#check();
    this.#writer.append(NONE);
    return this.#delivered();
  }

  /** Waits until all is stored; gives the sequence of the last record. */
  async #delivered(): Promise<number> {
    while (!this.#writer.isIdle) {
      // oxlint-disable-next-line no-await-in-loop -- each round waits for the log
      await woken(this);
    }
    this.#check();
    return this.#writer.sequence;
  }

  #check(): void {
    const { failure } = this.#writer;
    if (failure) throw failure.cause;
  }

  #gather(piece: Uint8Array, wanted: number): void {
    const length = this.#length + piece.length;
    if (length > this.#gathered.length) {
      // A record belongs to the log: each has memory of its own, of its own size if that is known already.
      const size = Math.min(this.#cut.messageBytes, Math.max(this.#length + wanted, 2 * this.#gathered.length));
      const larger = (size === this.#cut.messageBytes && this.#spare.pop()) || new Uint8Array(size);
      larger.set(this.#gathered.subarray(0, this.#length));
      this.#gathered = larger;
    }
    this.#gathered.set(piece, this.#length);
    this.#length = length;
  }

  #take(): Uint8Array {
    const bytes = this.#gathered.subarray(0, this.#length);
    this.#gathered = NONE;
    this.#length = 0;
    return bytes;
  }

  #reuse(data: Uint8Array): void {
    const { messageBytes, windowBytes } = this.#cut;
    if (data.length === messageBytes && this.#spare.length * messageBytes < windowBytes) this.#spare.push(data);
  }

  #append(): void {
    if (this.#length === 0) return;
    const bytes = this.#take();
    this.#hash?.update(bytes);
    this.#writer.append(bytes, undefined, this.#cut.segment?.(bytes, false));
  }

  #advance(): void {
    if (this.#cut.cut === "soon" && this.#writer.isIdle) this.#append();
    this.#changed.notify();
  }
}

const NONE = new Uint8Array(0);

/** A hash as records say it. */
export function digestOf(hash: Hash): string {
  return `sha-256=${hash.digest("hex")}`;
}
