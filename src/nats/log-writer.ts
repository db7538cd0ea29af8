import { PeerClosed } from "../io/ports.ts";
import { BrokerError, FencedError, LostRecordsError } from "./broker-error.ts";
import type { Log, LogRecord, Mark, OutputEnd, SegmentMark, StoredRecord, Timing } from "./log.ts";
import { Retry } from "./retry.ts";

/** How a writer begins, and what it does when it cannot go on. */
export interface LogWriterOptions {
  /** Its name: no other writer has the same. */
  readonly writer: string;
  /** The sequence of the record that its first one is to follow. */
  readonly after: number;
  /** Bytes of the output before its first record. */
  readonly offset: number;
  /** The sequence of the output's first record, if that is another writer's. */
  readonly first?: number | undefined;
  /** Whether a stream that is full is a failure, or is waited for. */
  readonly full: "fail" | "wait";
  /** Milliseconds that an outage of the broker may last. */
  readonly giveUpMs: number;
  readonly timing: Timing;
  /** What each record says of the job that it belongs to. */
  readonly ofJob?: Pick<Mark, "attempt" | "dead">;
  /** What else the headers of the last record say. */
  readonly endHeaders?: Readonly<Record<string, string>>;
  /**
   * Asked when a record is there, not ours, where the first one of ours should be. True: ours follows it. False, or nothing
   * to ask: the writer is fenced.
   */
  readonly takeOver?: (last: StoredRecord) => boolean;
}

interface Outgoing {
  readonly id: string;
  readonly data: Uint8Array;
  /** Bytes of the output up to its end. */
  readonly until: number;
  readonly end: Omit<OutputEnd, "first"> | undefined;
  readonly segment: SegmentMark | undefined;
  /** Where it is stored, when that is known. */
  sequence: number | undefined;
}

/** Records that may be under way at the same time to a subject whose sequences can be foretold. */
const MAX_IN_FLIGHT = 256;

/** In a row, without a record of anybody else's that would explain them. */
const MAX_CONFLICTS = 5;

/**
 * Appends records to a log, in order and each once, whatever happens to the broker or to its answers.
 *
 * Each append says which sequence it expects before it, and which record if that is still under way, so that what comes late,
 * twice, or after somebody else is refused by the broker. At the first answer that is no success nothing more is sent. When all that is under way is answered, the last
 * record of the log says how far the writer has come; it goes on after that (go-back-N).
 */
export class LogWriter {
  readonly #log: Log;
  readonly #options: LogWriterOptions;
  readonly #onChange: () => void;
  readonly #onStored: (data: Uint8Array) => void;
  readonly #retry: Retry;
  /** What is not known to be stored, in order. */
  readonly #queue: Outgoing[] = [];
  /** How many of them have been sent since the last recovery. */
  #sent = 0;
  #inFlight = 0;
  /** Records that it was given. */
  #count = 0;
  #trouble: unknown;
  /** In a row. */
  #conflicts = 0;
  #failure: { readonly cause: unknown } | undefined;
  #stopped = false;
  /** Of the last record that is known to be stored, ours or the one before ours. */
  #sequence: number;
  #first: number | undefined;
  #until: number;
  #bytes = 0;

  /**
   * @param onChange Called after each change of `bytes` and `failure` that the caller has not made.
   * @param onStored Given the bytes of each record that is stored: they are the caller's again.
   */
  constructor(
    log: Log,
    options: LogWriterOptions,
    onChange: () => void,
    onStored: (data: Uint8Array) => void = () => {},
  ) {
    this.#log = log;
    this.#options = options;
    this.#onChange = onChange;
    this.#onStored = onStored;
    this.#retry = new Retry(options.timing, options.giveUpMs);
    this.#sequence = options.after;
    this.#until = options.offset;
  }

  /** Bytes that are not known to be stored. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether all that was appended is stored. */
  get isIdle(): boolean {
    return this.#queue.length === 0;
  }

  /** Why it has stopped, if it has. Final. */
  get failure(): { readonly cause: unknown } | undefined {
    return this.#failure;
  }

  /** Of the last record that is stored. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Of the first record that it has stored. */
  get first(): number | undefined {
    return this.#first;
  }

  /** @param data Belongs to the writer until it is stored. */
  append(data: Uint8Array, end?: Omit<OutputEnd, "first">, segment?: SegmentMark): void {
    if (this.#failure || this.#stopped) return;
    this.#until += data.length;
    this.#bytes += data.length;
    const id = `${this.#options.writer}.${++this.#count}`;
    this.#queue.push({ id, data, until: this.#until, end, segment, sequence: undefined });
    this.#pump();
  }

  /** Sends nothing more. What is under way may be stored or not. */
  stop(): void {
    this.#stopped = true;
    this.#queue.length = 0;
    this.#bytes = 0;
  }

  #pump(): void {
    const most = this.#log.isExclusive ? MAX_IN_FLIGHT : 1;
    while (this.#trouble === undefined && this.#inFlight < most) {
      const next = this.#queue[this.#sent];
      if (next === undefined || this.#failure) return;
      const previous = this.#sent === 0 ? undefined : this.#queue[this.#sent - 1];
      void this.#send(next, this.#sequence + this.#sent++, previous?.id);
    }
  }

  /** Never rejects: what it meets is the writer's failure. */
  async #send(outgoing: Outgoing, expected: number, previous: string | undefined): Promise<void> {
    this.#inFlight++;
    try {
      const sequence = await this.#log.append({ ...this.#record(outgoing), id: outgoing.id, previous }, expected);
      if (this.#log.isExclusive && sequence !== expected + 1) {
        throw new BrokerError("refused", `The broker stored at ${sequence} what was to be at ${expected + 1}`);
      }
      outgoing.sequence = sequence;
    } catch (error) {
      // What follows one that was not stored is refused because of that, and says nothing of its own.
      if (this.#trouble === undefined || previous === undefined) this.#trouble = error;
    }
    this.#inFlight--;
    if (this.#stopped) return;
    this.#takeStored();
    if (this.#trouble === undefined) this.#pump();
    else if (this.#inFlight === 0) await this.#recover();
  }

  #record({ data, until, end, segment }: Outgoing): Pick<LogRecord, "data" | "mark" | "headers"> {
    const { writer, ofJob } = this.#options;
    const mark = { writer, offset: until - data.length, ...(segment && { segment }), ...ofJob };
    if (end === undefined) return { data, mark };
    const isFirst = this.#first === undefined && mark.offset === this.#options.offset;
    const first = this.#options.first ?? (isFirst ? undefined : (this.#first ?? this.#sequence + 1));
    return { data, mark: { ...mark, end: { ...end, first } }, headers: this.#options.endHeaders };
  }

  /** Forgets the records at the front of the queue that are stored. */
  #takeStored(): void {
    for (let [head] = this.#queue; head?.sequence !== undefined; [head] = this.#queue) {
      this.#stored(head, head.sequence);
      this.#retry.succeeded();
      this.#conflicts = 0;
    }
    this.#onChange();
  }

  /** The first of the queue is stored. */
  #stored(head: Outgoing, sequence: number): void {
    this.#queue.shift();
    this.#sent--;
    this.#bytes -= head.data.length;
    this.#sequence = sequence;
    this.#first ??= sequence;
    this.#onStored(head.data);
  }

  async #recover(): Promise<void> {
    try {
      await this.#settle(this.#trouble);
    } catch (cause) {
      this.#fail(cause);
      return;
    }
    this.#trouble = undefined;
    this.#sent = 0;
    this.#onChange();
    this.#pump();
  }

  /** Finds out how far the writer has come, however long that takes. @throws If it cannot go on. */
  async #settle(trouble: unknown): Promise<void> {
    if (!(trouble instanceof BrokerError) || trouble.kind === "refused") throw trouble;
    if (trouble.kind === "sealed") throw new PeerClosed({ cause: trouble });
    if (trouble.kind === "full" && this.#options.full === "fail") throw trouble;
    // What contradicts itself for so long is not going to change.
    if (trouble.kind === "conflict" && ++this.#conflicts > MAX_CONFLICTS) throw trouble;
    await this.#retry.failed(trouble);
    for (let last; !this.#stopped;) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- asked until there is an answer
        last = await this.#log.last();
      } catch (error) {
        if (!(error instanceof BrokerError) || error.kind !== "unknown") throw error;
        // oxlint-disable-next-line no-await-in-loop -- each round waits
        await this.#retry.failed(error);
        continue;
      }
      this.#adopt(last);
      return;
    }
  }

  /** @param last What is stored last now that nothing is under way. */
  #adopt(last: StoredRecord | undefined): void {
    if (last === undefined || last.sequence < this.#sequence) {
      // What came before ours is nobody's promise, and may have been purged.
      if (this.#first === undefined) return;
      throw new LostRecordsError(
        `${this.#log.subject} ends at message ${last?.sequence ?? 0}, but message ${this.#sequence} had been acknowledged`,
      );
    }
    if (last.sequence === this.#sequence) return;
    const { mark } = last;
    if (mark?.writer === this.#options.writer) {
      this.#adoptOwn(mark.offset + last.data.length, last);
    } else if (this.#first === undefined && this.#options.takeOver?.(last) === true) {
      this.#sequence = last.sequence;
    } else {
      throw new FencedError(this.#log.subject, last.sequence);
    }
  }

  #adoptOwn(until: number, last: StoredRecord): void {
    // Nobody else's are between: the first of those would have made ours after it be refused.
    const count = this.#log.isExclusive ? last.sequence - this.#sequence : 1;
    if (this.#queue[count - 1]?.until !== until) {
      throw new LostRecordsError(`${this.#log.subject} ends at ${until} bytes, where no message of ours does`);
    }
    for (let index = count - 1; index >= 0; index--) {
      const [head] = this.#queue;
      if (head) this.#stored(head, last.sequence - index);
    }
  }

  #fail(cause: unknown): void {
    if (this.#stopped) return;
    this.#failure ??= { cause };
    this.#queue.length = 0;
    this.#bytes = 0;
    this.#onChange();
  }
}
