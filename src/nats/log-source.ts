import { PullSource } from "../io/pull-source.ts";
import { LostRecordsError, NoResultError } from "./broker-error.ts";
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
  end: OutputEnd | undefined;

  constructor(log: Log, options: LogSourceOptions) {
    this.#log = log;
    this.#options = options;
    this.#reader = log.read(options.from);
    this.#retry = new Retry(options.timing, options.giveUpMs);
    this.#sequence = options.from - 1;
    this.#sealedAt = options.sealedAt;
  }

  /** The bytes of the next record that has some; null at the end. */
  async next(): Promise<Uint8Array | null> {
    while (!this.#isOver) {
      // oxlint-disable-next-line no-await-in-loop -- records come one after the other
      const bytes = await this.#step();
      if (bytes.length > 0) return bytes;
    }
    return null;
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#reader.close();
  }

  async #step(): Promise<Uint8Array> {
    if (this.#sealedAt !== undefined && this.#sequence >= this.#sealedAt) {
      await this.close();
      return NONE;
    }
    const record = await this.#retry.until(() => this.#reader.next());
    if (record === undefined) {
      const { first, sealedAt } = await this.#retry.until(() => this.#log.extent());
      // Nothing will come that would show it.
      if (this.#log.isExclusive && this.#hasBegun && first > this.#sequence + 1) throw this.#lost(first);
      this.#sealedAt = sealedAt;
      return NONE;
    }
    this.#check(record);
    this.#options.onRecord?.(record);
    this.end = record.mark?.end;
    if (this.end) await this.close();
    return record.data;
  }

  #check({ sequence, mark, data }: StoredRecord): void {
    const { subject, isExclusive } = this.#log;
    if (mark?.dead !== undefined) throw new NoResultError(subject, mark.dead);
    if (isExclusive && this.#hasBegun && sequence !== this.#sequence + 1) {
      throw this.#lost(sequence);
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

  #lost(next: number): LostRecordsError {
    return new LostRecordsError(`${this.#log.subject} has no message ${this.#sequence + 1}: the next is ${next}`);
  }
}

const NONE = new Uint8Array(0);
