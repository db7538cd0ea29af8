import { PullSource } from "../io/pull-source.ts";
import { Signal } from "../io/readiness.ts";
import { woken } from "../io/steps.ts";
import { LostRecordsError, skippedRecords, NoResultError } from "./broker-error.ts";
import type { Log, LogReader, OutputEnd, StoredRecord, Timing } from "./log.ts";
import { Retry } from "./retry.ts";

/** Where a source begins, and when it gives up. */
export interface LogSourceOptions {
  /** The sequence of the first record, or of what comes before it. */
  readonly from: number;
  /** The sequence of the stream's last record, if it is known to be sealed already. */
  readonly sealedAt?: number | undefined;
  /** Milliseconds that an outage of the broker may last. */
  readonly giveUpMs: number;
  readonly timing: Timing;
  /** Told of each record before its bytes are read. */
  readonly onRecord?: (record: StoredRecord) => void;
}

/**
 * A source over a log: the bytes of its records in order, to the one that says that the output is complete, or to the end of a
 * stream that is sealed. Fails if records are missing.
 */
export class LogSource extends PullSource {
  readonly #feed: Feed;

  constructor(log: Log, options: LogSourceOptions) {
    const feed = new Feed(log, options);
    super(
      () => feed.next(),
      () => feed.close(),
    );
    this.#feed = feed;
  }

  /** How the output has ended, once that has been read. */
  get end(): OutputEnd | undefined {
    return this.#feed.end;
  }
}

/** Bytes that are read ahead. They are here already: whoever reads is asked for more than that. */
const AHEAD_BYTES = 1024 * 1024;

/** What is read of a record. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly end: OutputEnd | undefined;
}

/** Reads a little ahead, so that who wants the next record mostly has it at once: to wait takes longer than to read. */
class Feed {
  readonly #log: Log;
  readonly #options: LogSourceOptions;
  readonly #reader: LogReader;
  readonly #retry: Retry;
  /** Of the last record. */
  #sequence: number;
  /** Bytes of the output up to here, if its writer counts them. */
  #offset: number | undefined;
  #hasBegun = false;
  #sealedAt: number | undefined;
  #isOver = false;
  readonly #ahead: Piece[] = [];
  #aheadBytes = 0;
  #isReading = false;
  /** What has ended it: whoever has taken all that came before is told. */
  #failure: { readonly cause: unknown } | undefined;
  readonly #changed = new Signal();
  end: OutputEnd | undefined;

  constructor(log: Log, options: LogSourceOptions) {
    this.#log = log;
    this.#options = options;
    this.#reader = log.read(options.from);
    this.#retry = new Retry(options.timing, options.giveUpMs);
    this.#sequence = options.from - 1;
    this.#sealedAt = options.sealedAt;
  }

  /** The bytes of the next record that has some; null at the end. Not a promise if they are there. */
  next(): Uint8Array | null | Promise<Uint8Array | null> {
    for (let piece = this.#ahead.shift(); piece !== undefined; piece = this.#ahead.shift()) {
      this.#aheadBytes -= piece.bytes.length;
      this.end = piece.end;
      if (piece.bytes.length === 0) continue;
      void this.#readAhead();
      return piece.bytes;
    }
    if (this.#failure) throw this.#failure.cause;
    if (this.#isOver) return null;
    // Before it is read on: that it is over may show at once.
    const change = woken(this.#changed);
    void this.#readAhead();
    return change.then(() => this.next());
  }

  async close(): Promise<void> {
    this.#ahead.length = 0;
    await this.#stop();
  }

  async #stop(): Promise<void> {
    this.#isOver = true;
    this.#changed.notify();
    await this.#reader.close();
  }

  /** Never rejects: what it meets is told to who reads. */
  async #readAhead(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (!this.#isOver && this.#aheadBytes < AHEAD_BYTES) {
        // oxlint-disable-next-line no-await-in-loop -- records come one after the other
        const piece = await this.#step();
        if (this.#isOver) break;
        if (piece === undefined) continue;
        this.#ahead.push(piece);
        this.#aheadBytes += piece.bytes.length;
        this.#changed.notify();
        // oxlint-disable-next-line no-await-in-loop -- nothing comes after it
        if (piece.end) await this.#stop();
      }
    } catch (cause) {
      this.#failure = { cause };
      this.#changed.notify();
    }
    this.#isReading = false;
  }

  async #step(): Promise<Piece | undefined> {
    if (this.#sealedAt !== undefined && this.#sequence >= this.#sealedAt) {
      await this.#stop();
      return undefined;
    }
    const record = await this.#retry.until(() => this.#reader.next());
    if (record === undefined) {
      if (this.#isOver) return undefined;
      const { first, sealedAt } = await this.#retry.until(() => this.#log.extent());
      // Nothing will come that would show it.
      if (this.#log.isExclusive && this.#hasBegun && first > this.#sequence + 1)
        throw skippedRecords(this.#log.subject, this.#sequence + 1, first);
      this.#sealedAt = sealedAt;
      return undefined;
    }
    this.#check(record);
    this.#options.onRecord?.(record);
    return { bytes: record.data, end: record.mark?.end };
  }

  #check({ sequence, mark, data }: StoredRecord): void {
    const { subject, isExclusive } = this.#log;
    if (mark?.dead !== undefined) throw new NoResultError(subject, mark.dead);
    if (isExclusive && this.#hasBegun && sequence !== this.#sequence + 1) {
      throw skippedRecords(this.#log.subject, this.#sequence + 1, sequence);
    }
    if (mark && this.#offset !== undefined && mark.offset !== this.#offset) {
      throw new LostRecordsError(
        `${subject} goes on at ${mark.offset} bytes in message ${sequence}, expected ${this.#offset}`,
      );
    }
    if (mark && !this.#hasBegun && this.#options.from === 1 && mark.offset > 0) {
      throw new LostRecordsError(
        `${subject} begins at ${mark.offset} bytes, in message ${sequence}: what was before is gone`,
      );
    }
    this.#hasBegun = true;
    this.#sequence = sequence;
    this.#offset = mark && mark.offset + data.length;
  }
}
