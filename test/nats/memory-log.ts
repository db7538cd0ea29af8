/** A stream of a broker in memory, as JetStream behaves, whose answers can be lost, late or refused. */
import { BrokerError } from "../../src/nats/broker-error.ts";
import type { Log, LogReader, LogRecord, Mark, StoredRecord, Timing } from "../../src/nats/log.ts";

/**
 * What becomes of an append: it is done, its answer or all of it is lost, it is held, or whoever sent it dies: before it arrives
 * ("dies"), or after (`"last words"`).
 */
export type Fault = "none" | "answer" | "request" | "hold" | "dies" | "last words";

const NEVER = new Promise<never>(() => {});

interface Held {
  readonly store: () => void;
}

export class MemoryStream {
  readonly records: (StoredRecord & { readonly subject: string })[] = [];
  /** What else the headers of records said that have some, in order. */
  readonly headers: Readonly<Record<string, string>>[] = [];
  readonly #waiting = new Set<() => void>();
  #held: Held[] = [];
  lastSequence = 0;
  #lastId = "";
  isSealed = false;
  isGone = false;
  isFull = false;
  /** A mutant of a broker, that looks at nobody's expectations. */
  isCareless = false;
  /** Readers that have been made and are not closed. */
  readers = 0;
  /** Whether the broker answers at all. */
  isOffline = false;
  /** Asked for each append that arrives, in order from 0. */
  fault: (append: number) => Fault = () => "none";
  appends = 0;

  log(subject: string, isExclusive: boolean): Log {
    return {
      subject,
      isExclusive,
      append: (record, expected) => this.#append(subject, isExclusive, record, expected),
      last: async () => {
        this.#assertThere();
        return this.records.findLast((record) => record.subject === subject);
      },
      at: async (sequence) => {
        this.#assertThere();
        return this.records.find((record) => record.subject === subject && record.sequence >= sequence);
      },
      extent: async () => {
        this.#assertThere();
        const [first = { sequence: this.lastSequence + 1 }] = this.records;
        return { first: first.sequence, sealedAt: this.isSealed ? this.lastSequence : undefined };
      },
      read: (sequence) => new MemoryReader(this, subject, sequence),
    };
  }

  /** All bytes of a subject. */
  bytes(subject: string): Uint8Array {
    return Uint8Array.from(
      this.records.filter((record) => record.subject === subject).flatMap(({ data }) => [...data]),
    );
  }

  /** Puts a record there, as somebody else would. */
  put(subject: string, data: Uint8Array, mark?: Mark): number {
    this.#lastId = "";
    this.records.push({ sequence: ++this.lastSequence, subject, data, mark });
    this.changed();
    return this.lastSequence;
  }

  /** Forgets all records, as an operator may. */
  purge(): void {
    this.records.length = 0;
    this.changed();
  }

  /** Does what was held. */
  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const { store } of held) store();
  }

  changed(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  nextChange(): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
    });
  }

  async #append(subject: string, isExclusive: boolean, record: LogRecord, expected: number): Promise<number> {
    const fault = this.fault(this.appends++);
    if (this.isOffline || fault === "request") throw new BrokerError("unknown", "timeout");
    if (fault === "hold") {
      return new Promise((resolve, reject) => {
        const store = (): void => {
          try {
            resolve(this.#store(subject, isExclusive, record, expected));
          } catch (error) {
            reject(error);
          }
        };
        this.#held.push({ store });
      });
    }
    if (fault === "dies") return NEVER;
    const sequence = this.#store(subject, isExclusive, record, expected);
    if (fault === "last words") return NEVER;
    if (fault === "answer") throw new BrokerError("unknown", "timeout");
    return sequence;
  }

  #store(
    subject: string,
    isExclusive: boolean,
    { data, mark, id, previous, headers }: LogRecord,
    expected: number,
  ): number {
    this.#assertThere();
    if (this.isSealed) throw new BrokerError("sealed", "invalid operation on sealed stream");
    const last = this.records.findLast((record) => record.subject === subject);
    const actual = isExclusive ? this.lastSequence : (last?.sequence ?? 0);
    if (actual !== expected && !this.isCareless) throw new BrokerError("conflict", `wrong last sequence: ${actual}`);
    if (previous !== undefined && this.#lastId !== previous && !this.isCareless) {
      throw new BrokerError("conflict", `wrong last msg id: ${this.#lastId}`);
    }
    if (this.isFull) throw new BrokerError("full", "maximum bytes exceeded");
    if (headers) this.headers.push(headers);
    const sequence = this.put(subject, data.slice(), mark);
    this.#lastId = id;
    return sequence;
  }

  #assertThere(): void {
    if (this.isOffline) throw new BrokerError("unknown", "timeout");
    if (this.isGone) throw new BrokerError("refused", "stream not found");
  }
}

class MemoryReader implements LogReader {
  readonly #stream: MemoryStream;
  readonly #subject: string;
  #next: number;
  #isClosed = false;

  constructor(stream: MemoryStream, subject: string, next: number) {
    this.#stream = stream;
    this.#subject = subject;
    this.#next = next;
    stream.readers++;
  }

  async next(): Promise<StoredRecord | undefined> {
    while (!this.#isClosed) {
      if (this.#stream.isOffline) throw new BrokerError("unknown", "timeout");
      const found = this.#stream.records.find(
        ({ sequence, subject }) => subject === this.#subject && sequence >= this.#next,
      );
      if (found) {
        this.#next = found.sequence + 1;
        return found;
      }
      if (this.#stream.isGone) throw new BrokerError("refused", "stream not found");
      if (this.#stream.isSealed) return undefined;
      // oxlint-disable-next-line no-await-in-loop -- until there is something
      await this.#stream.nextChange();
      // Something has happened, and it was no record: that is "not for a while".
      if (!this.#stream.records.some(({ sequence }) => sequence >= this.#next)) return undefined;
    }
    return undefined;
  }

  async close(): Promise<void> {
    if (!this.#isClosed) this.#stream.readers--;
    this.#isClosed = true;
    this.#stream.changed();
  }
}

/** Time that passes when somebody waits. */
export class MemoryTiming implements Timing {
  waits: number[] = [];
  #now = 0;
  /** Called at each wait. */
  onWait: () => void = () => {};

  now(): number {
    return this.#now;
  }

  async wait(ms: number): Promise<void> {
    this.waits.push(ms);
    this.#now += ms;
    this.onWait();
    await Promise.resolve();
  }
}
