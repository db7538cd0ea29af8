import { createHash, type Hash } from "node:crypto";
import type { Sink, Source } from "../../io/ports.ts";
import { PullSource } from "../../io/pull-source.ts";
import { skippedRecords } from "../broker-error.ts";
import type { Log, LogReader, StoredRecord, Timing } from "../log.ts";
import { LogSink } from "../log-sink.ts";
import { Retry } from "../retry.ts";
import { ReplaySink, type Known } from "./replay-sink.ts";

/** A guest has not come to a good end. What it had written may be stored; started again, the stage tries the segment again. */
export class StageFailedError extends Error {
  override readonly name: string = "StageFailedError";
}

/** What a segment's guest is given. */
export interface SegmentInput {
  readonly stdin: Source;
  readonly stdout: Sink;
  /** The sequence of its first record. */
  readonly first: number;
  /** When that was stored, in milliseconds since 1970. */
  readonly time: number;
}

export interface SegmentsOptions {
  /** Runs the component. Gives the exit code, or throws what ended the guest. */
  readonly run: (input: SegmentInput) => Promise<number>;
  /** The hash of the component, in hexadecimal. */
  readonly component: string;
  /** Input records of a segment, at most. */
  readonly records: number;
  readonly windowBytes: number;
  readonly messageBytes: number;
  readonly giveUpMs: number;
  readonly timing: Timing;
  /** A name that nobody else has. */
  readonly newWriter: () => string;
  /** The sequence of the output's last record of all, 0 if it has never had one. */
  readonly lastSequence: number;
  /** Told after each segment. */
  readonly onSegment: (segment: Segment) => void;
  /** Whether to stop before the next segment. */
  readonly isStopping: () => boolean;
}

/** A segment that is over. */
export interface Segment {
  /** The sequences of its input. */
  readonly first: number;
  readonly last: number;
  /** Bytes that it has written. */
  readonly bytes: number;
  /** How many of them were stored already when it was run. */
  readonly replayedBytes: number;
}

interface Position {
  /** The sequence of the next segment's first record. */
  readonly first: number;
  /** Bytes of the output before that segment. */
  readonly start: number;
  readonly known: Known;
  /** The sequence of the output's last record. */
  readonly after: number;
  /** Whether nothing has been written yet: the input may then begin with any sequence. */
  readonly isFresh: boolean;
}

const NOTHING: Known = { bytes: 0, hash: createHash("sha256").digest("hex") };

/**
 * Runs a command over one log into another, segment by segment, until the input has come to its end.
 *
 * Each record of the output says where the input of its segment began, and the hash of what the segment has written so far. That
 * is appended where it is expected, in one step with the bytes: so whoever starts anew reads the last record, runs the segment
 * it belongs to once more, and goes on where the output ends. If the guest does not write again what is stored, it stops.
 *
 * @returns The exit code that the last segment has written; nothing if it has stopped before.
 * @throws {DivergedError} @throws {StageFailedError} @throws {FencedError} @throws {LostRecordsError}
 */
export async function runSegments(input: Log, output: Log, options: SegmentsOptions): Promise<number | undefined> {
  const retry = new Retry(options.timing, options.giveUpMs);
  const last = await retry.until(() => output.last());
  if (last?.mark?.end && last.mark.segment) return last.mark.end.exitCode;
  let position = positionAfter(last, output, options);
  while (!options.isStopping()) {
    const reader = new SegmentReader(input, position.first, options, retry);
    // oxlint-disable-next-line no-await-in-loop -- one segment after the other
    const done = await runSegment(reader, output, position, options, retry).finally(() => reader.close());
    if (done === undefined) return undefined;
    if (done.exitCode !== undefined) return done.exitCode;
    position = done.position;
  }
  return undefined;
}

function positionAfter(last: StoredRecord | undefined, { subject }: Log, options: SegmentsOptions): Position {
  if (!last) return { first: 1, start: 0, known: NOTHING, after: options.lastSequence, isFresh: true };
  const segment = last.mark?.segment;
  if (!last.mark || !segment) {
    throw new StageFailedError(`${subject} ends with message ${last.sequence}, which no stage has written`);
  }
  if (segment.component !== options.component) {
    throw new StageFailedError(
      `${subject} was written by another component (${segment.component}): a new one needs an output of its own`,
    );
  }
  const end = last.mark.offset + last.data.length;
  const after = last.sequence;
  if (segment.last !== undefined) return { first: segment.last + 1, start: end, known: NOTHING, after, isFresh: false };
  const known = { bytes: end - segment.start, hash: segment.hash };
  return { first: segment.first, start: segment.start, known, after, isFresh: false };
}

async function runSegment(
  reader: SegmentReader,
  output: Log,
  { start, known, after, isFresh }: Position,
  options: SegmentsOptions,
  retry: Retry,
): Promise<{ readonly position: Position; readonly exitCode: number | undefined } | undefined> {
  const begin = await reader.begin(isFresh, options.isStopping);
  if (begin === undefined) return undefined;
  const { windowBytes, messageBytes, component, giveUpMs, timing } = options;
  const hash: Hash = createHash("sha256");
  const first = begin.sequence;
  const sink = new LogSink(
    output,
    {
      windowBytes,
      messageBytes,
      cut: "soon",
      segment: (bytes, isLast) => {
        hash.update(bytes);
        const so = { component, first, start, hash: hash.copy().digest("hex") };
        return { ...so, last: isLast ? reader.last : undefined };
      },
    },
    {
      writer: options.newWriter(),
      after,
      offset: start + known.bytes,
      first: start + known.bytes > 0 ? (await retry.until(() => output.at(1)))?.sequence : undefined,
      full: "wait",
      giveUpMs,
      timing,
    },
  );
  const stdout = new ReplaySink(sink, known, hash);
  const stdin = reader.source();
  // Nothing but the mark of the end, after other segments: nobody needs to run for that.
  const isOver = !isFresh && begin.mark?.end !== undefined && begin.data.length === 0;
  const running = isOver ? Promise.resolve(0) : options.run({ stdin, stdout, first, time: begin.time ?? 0 });
  const failed = await running.then(
    (exitCode) => (exitCode === 0 ? undefined : { message: `it exited with ${exitCode}`, cause: undefined }),
    (cause: unknown) => ({ message: String(cause), cause }),
  );
  const why = stdout.diverged ?? sink.failure ?? reader.failure;
  // What is not stored yet is written again: it would be sent beside whoever tries again.
  if (why !== undefined || failed) sink.abort();
  if (why !== undefined) throw why;
  if (failed) {
    throw new StageFailedError(`In the segment from message ${first} on: ${failed.message}`, { cause: failed.cause });
  }
  stdout.finish();
  // A guest may leave before it has read all; what it has not read is passed over.
  await reader.toEnd();
  const sequence = reader.isEnd ? await sink.end(0) : await sink.endSegment();
  const bytes = known.bytes + sink.bytesTaken;
  options.onSegment({ first, last: reader.last, bytes, replayedBytes: known.bytes });
  return {
    position: { first: reader.last + 1, start: start + bytes, known: NOTHING, after: sequence, isFresh: false },
    exitCode: reader.isEnd ? 0 : undefined,
  };
}

/** The input of one segment. */
class SegmentReader {
  readonly #log: Log;
  readonly #retry: Retry;
  readonly #reader: LogReader;
  #begun: StoredRecord | undefined;
  #left: number;
  /** The sequence of the last record of the segment that was read. */
  last: number;
  /** Whether that was the input's last. */
  isEnd = false;
  failure: unknown;

  constructor(log: Log, first: number, options: SegmentsOptions, retry: Retry) {
    this.#log = log;
    this.#retry = retry;
    this.#reader = log.read(first);
    this.#left = options.records;
    this.last = first - 1;
  }

  /** Waits for the segment's first record; nothing if it is to stop before. */
  async begin(isFresh: boolean, isStopping: () => boolean): Promise<StoredRecord | undefined> {
    while (!this.#begun) {
      // oxlint-disable-next-line no-await-in-loop -- until there is one
      this.#begun = await this.#retry.until(() => this.#reader.next());
      // oxlint-disable-next-line no-await-in-loop -- before it waits for longer
      if (!this.#begun && !isFresh) await this.#assertThere();
      if (!this.#begun && isStopping()) return undefined;
    }
    if (isFresh) this.last = this.#begun.sequence - 1;
    return this.#begun;
  }

  source(): Source {
    return new PullSource(() => this.#next());
  }

  /** Passes over what is left of the segment. */
  async toEnd(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- one record after the other
    while ((await this.#next()) !== null) continue;
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async #next(): Promise<Uint8Array | null> {
    try {
      while (this.#left > 0 && !this.isEnd) {
        // oxlint-disable-next-line no-await-in-loop -- one record after the other
        const record = this.#begun ?? (await this.#retry.until(() => this.#reader.next()));
        this.#begun = undefined;
        // oxlint-disable-next-line no-await-in-loop -- before it waits for longer
        if (record === undefined) await this.#assertThere();
        if (record === undefined) continue;
        this.#check(record);
        if (record.data.length > 0) return record.data;
      }
      return null;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  /** Nothing has come for a while. @throws {LostRecordsError} If it cannot, since it is gone. */
  async #assertThere(): Promise<void> {
    const { first } = await this.#retry.until(() => this.#log.extent());
    if (this.#log.isExclusive && first > this.last + 1) throw skippedRecords(this.#log.subject, this.last + 1, first);
  }

  #check({ sequence, mark }: StoredRecord): void {
    const { isExclusive } = this.#log;
    if (isExclusive && sequence !== this.last + 1) throw skippedRecords(this.#log.subject, this.last + 1, sequence);
    this.last = sequence;
    this.#left--;
    this.isEnd = mark?.end !== undefined;
  }
}
