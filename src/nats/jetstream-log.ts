import { brokerError } from "./answers.ts";
import type { Client } from "./client.ts";
import type { JetStreamClient, JetStreamManager, MsgQuery, NatsConnection } from "./client-types.ts";
import { givenBytes, givenCount, givenObject } from "./given.ts";
import { markOf, setMark } from "./headers.ts";
import { JetStreamReader } from "./jetstream-reader.ts";
import { lookedAt } from "./streams.ts";
import type { Extent, Log, LogReader, LogRecord, StoredRecord } from "./log.ts";

/** A stream of JetStream, and what it takes to use it. */
export interface JetStreamAccess {
  readonly client: Client;
  readonly js: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly stream: string;
  /** Milliseconds that an answer may take. */
  readonly ackWaitMs: number;
}

/** @param ackWaitMs Milliseconds that an answer may take. */
export async function accessTo(
  client: Client,
  nc: NatsConnection,
  stream: string,
  ackWaitMs: number,
): Promise<JetStreamAccess> {
  const { jetstream } = client;
  // Whether there is JetStream shows when a stream is asked for; a check of its own fails while leaders are elected.
  const manager = await jetstream.jetstreamManager(nc, { checkAPI: false, timeout: ackWaitMs });
  return { client, js: jetstream.jetstream(nc, { timeout: ackWaitMs }), manager, stream, ackWaitMs };
}

/** One subject of a stream of JetStream. */
export class JetStreamLog implements Log {
  readonly subject: string;
  readonly isExclusive: boolean;
  readonly #access: JetStreamAccess;

  /** @param isExclusive Whether `subject` is all that the stream takes. */
  constructor(access: JetStreamAccess, subject: string, isExclusive: boolean) {
    this.#access = access;
    this.subject = subject;
    this.isExclusive = isExclusive;
  }

  async append({ data, mark, id, previous, headers: more = {} }: LogRecord, expected: number): Promise<number> {
    const { client, js, stream, ackWaitMs } = this.#access;
    const headers = client.transport.headers();
    setMark(headers, mark);
    for (const [name, value] of Object.entries(more)) headers.set(name, value);
    const last = this.isExclusive ? { lastSequence: expected } : { lastSubjectSequence: expected };
    try {
      const ack = await js.publish(this.subject, data, {
        headers,
        timeout: ackWaitMs,
        msgID: id,
        expect: { streamName: stream, ...last, ...(previous !== undefined && { lastMsgID: previous }) },
      });
      return givenCount("seq of what was stored", givenObject("what was stored", ack).seq, 1);
    } catch (error) {
      throw brokerError(client, `append to ${this.subject}`, error);
    }
  }

  last(): Promise<StoredRecord | undefined> {
    return this.#message({ last_by_subj: this.subject }, 1);
  }

  at(sequence: number): Promise<StoredRecord | undefined> {
    return this.#message({ seq: sequence, next_by_subj: this.subject }, sequence);
  }

  async extent(): Promise<Extent> {
    const { client, manager, stream } = this.#access;
    try {
      const { config, state } = lookedAt(await manager.streams.info(stream));
      const last = async (): Promise<number> =>
        this.isExclusive ? state.last_seq : ((await this.last())?.sequence ?? 0);
      return { first: state.first_seq, sealedAt: config.sealed ? await last() : undefined };
    } catch (error) {
      throw brokerError(client, `look at stream ${stream}`, error);
    }
  }

  read(sequence: number): LogReader {
    return new JetStreamReader(this.#access, this.subject, sequence);
  }

  async #message(query: MsgQuery, least: number): Promise<StoredRecord | undefined> {
    const { client, manager, stream } = this.#access;
    try {
      const message = await manager.streams.getMessage(stream, query);
      if (message === null) return undefined;
      const { seq, data, header } = givenObject("a message", message);
      return {
        sequence: givenCount("seq of a message", seq, least),
        data: givenBytes("data of a message", data),
        mark: markOf(header),
      };
    } catch (error) {
      throw brokerError(client, `read a message of ${this.subject}`, error);
    }
  }
}
