/**
 * What of JetStream our protocols stand on, as a model without time of its own: a stream that appends where it is expected, and a
 * work queue. test/nats/model.test.ts plays the same operations on it and on the real server.
 */
import { BrokerError, type BrokerErrorKind } from "../../../src/nats/broker-error.ts";

/** What a publisher says of a message. */
export interface Publication<T> {
  readonly subject: string;
  readonly body: T;
  readonly id: string | undefined;
  /** That the stream's last message has this sequence. */
  readonly lastSequence?: number;
  /** That the subject's last one has. */
  readonly lastSubjectSequence?: number;
  /** That the stream's last message has this id. */
  readonly lastId?: string | undefined;
}

export interface Stored<T> {
  readonly sequence: number;
  readonly subject: string;
  readonly body: T;
  /** When, as its stream was told. */
  readonly time: number;
}

export interface ModelStreamOptions {
  /** Messages that it takes, at most. */
  readonly mostMessages?: number;
  /** For how long it knows ids. */
  readonly duplicateWindowMs?: number;
  /** Whether a message that it knows is told where it is whatever it expects, as servers of 2.9 do: not those of 2.15. */
  readonly isKnownFirst?: boolean;
}

export class ModelStream<T> {
  readonly messages: Stored<T>[] = [];
  lastSequence = 0;
  isSealed = false;
  isGone = false;
  mostMessages: number;
  readonly #duplicateWindowMs: number;
  readonly #isKnownFirst: boolean;
  #lastId = "";
  /** By id: where it is, and since when. */
  readonly #ids = new Map<string, { readonly sequence: number; readonly time: number }>();

  constructor({ mostMessages = Infinity, duplicateWindowMs = 120_000, isKnownFirst = false }: ModelStreamOptions = {}) {
    this.mostMessages = mostMessages;
    this.#isKnownFirst = isKnownFirst;
    this.#duplicateWindowMs = duplicateWindowMs;
  }

  /** @returns Its sequence; that of the message which has the same id, if one has. @throws {BrokerError} */
  publish(publication: Publication<T>, now: number): number {
    this.assertThere();
    if (this.isSealed) throw refusal("sealed");
    const { subject, body, id } = publication;
    const known = id === undefined ? undefined : this.#ids.get(id);
    const sequences = { ...publication, lastId: undefined };
    if (known && now - known.time < this.#duplicateWindowMs && (this.#isKnownFirst || this.isExpected(sequences))) {
      return known.sequence;
    }
    if (!this.isExpected(publication)) throw refusal("conflict");
    if (this.messages.length >= this.mostMessages) throw refusal("full");
    const sequence = ++this.lastSequence;
    this.messages.push({ sequence, subject, body, time: now });
    this.#lastId = id ?? "";
    if (id !== undefined) this.#ids.set(id, { sequence, time: now });
    return sequence;
  }

  /** Whether the stream is as the publisher believes. */
  isExpected({ subject, lastSequence, lastSubjectSequence, lastId }: Publication<T>): boolean {
    if (lastSubjectSequence !== undefined && lastSubjectSequence !== (this.last(subject)?.sequence ?? 0)) return false;
    if (lastSequence !== undefined && lastSequence !== this.lastSequence) return false;
    return lastId === undefined || lastId === this.#lastId;
  }

  last(subject: string): Stored<T> | undefined {
    this.assertThere();
    return this.messages.findLast((message) => message.subject === subject);
  }

  /** The first of a subject whose sequence is at least `sequence`. */
  next(subject: string, sequence: number): Stored<T> | undefined {
    this.assertThere();
    return this.messages.find((message) => message.subject === subject && message.sequence >= sequence);
  }

  /** A work queue drops what is done. */
  remove(sequence: number): void {
    const at = this.messages.findIndex((message) => message.sequence === sequence);
    if (at >= 0) this.messages.splice(at, 1);
  }

  assertThere(): void {
    if (this.isGone) throw refusal("refused");
  }
}

function refusal(kind: BrokerErrorKind): BrokerError {
  return new BrokerError(kind, `the model says ${kind}`);
}

interface Pending {
  deliveries: number;
  /** When it comes again; nothing: it is not under way. */
  until: number | undefined;
}

/** A delivery of a queue. */
export interface Delivered<T> {
  readonly message: Stored<T>;
  /** From 1 on. */
  readonly deliveries: number;
}

/** A work queue and its one consumer, which acknowledges explicitly. */
export class ModelQueue<T> {
  readonly stream: ModelStream<T>;
  readonly #ackWaitMs: number;
  readonly #pending = new Map<number, Pending>();
  #nextSequence = 1;

  constructor(stream: ModelStream<T>, ackWaitMs: number) {
    this.stream = stream;
    this.#ackWaitMs = ackWaitMs;
  }

  /** One that comes again before one that comes for the first time. */
  deliver(now: number): Delivered<T> | undefined {
    this.stream.assertThere();
    for (const message of this.stream.messages) {
      const pending = this.#pending.get(message.sequence);
      if (pending?.until !== undefined && pending.until <= now) return this.#delivered(message, pending, now);
    }
    const message = this.stream.messages.find(({ sequence }) => sequence >= this.#nextSequence);
    if (!message) return undefined;
    this.#nextSequence = message.sequence + 1;
    const pending = { deliveries: 0, until: undefined };
    this.#pending.set(message.sequence, pending);
    return this.#delivered(message, pending, now);
  }

  #delivered(message: Stored<T>, pending: Pending, now: number): Delivered<T> {
    pending.deliveries++;
    pending.until = now + this.#ackWaitMs;
    return { message, deliveries: pending.deliveries };
  }

  acknowledge(sequence: number): void {
    if (this.#pending.delete(sequence)) this.stream.remove(sequence);
  }

  /** Never again, as if it were done. */
  terminate(sequence: number): void {
    this.acknowledge(sequence);
  }

  again(sequence: number, at: number): void {
    const pending = this.#pending.get(sequence);
    if (pending) pending.until = at;
  }

  working(sequence: number, now: number): void {
    this.again(sequence, now + this.#ackWaitMs);
  }
}
