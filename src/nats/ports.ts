import { told } from "../io/told.ts";
import { createHash } from "node:crypto";
import type { Sink, Source } from "../io/ports.ts";
import { NoResultError } from "./broker-error.ts";
import { loadClient, type Client } from "./client.ts";
import type { NatsConnection, StreamConfig } from "./client-types.ts";
import { HEADER_BYTES } from "./headers.ts";
import { accessTo, JetStreamLog } from "./jetstream-log.ts";
import type { OutputEnd } from "./log.ts";
import { LogSink } from "./log-sink.ts";
import { LogSource } from "./log-source.ts";
import { assertSize } from "./numbers.ts";
import { Retry } from "./retry.ts";
import { assertTakes, chosenSubject, onlySubject, StreamConfigError, streamInfo } from "./streams.ts";
import { SYSTEM_TIMING } from "./timing.ts";

/** Which subject of which stream, and how long to wait for the broker. */
export interface StreamOptions {
  /** The stream's name. */
  readonly stream: string;
  /** Without wildcards. Can be left out if the stream has exactly one. */
  readonly subject?: string;
  /**
   * Milliseconds that the broker may be out of reach, or without a leader, before that is a failure. It is waited for as long
   * as it takes by default.
   */
  readonly giveUp?: number;
  /** Milliseconds after which an answer counts as lost: 5000 by default. */
  readonly ackWait?: number;
}

/** As `StreamOptions`, and how bytes become messages. */
export interface NatsSinkOptions extends StreamOptions {
  /** Bytes that may be written and not acknowledged: 1 MiB by default. */
  readonly window?: number;
  /** Bytes of a message, at most: 64 KiB by default. */
  readonly message?: number;
  /** Whether a stream that is full is a failure (the default), or the writer waits until it is not. */
  readonly full?: "fail" | "wait";
  /** Whether the end says the SHA-256 of all bytes of the output. It begins with this sink then. No by default. */
  readonly digest?: boolean;
}

/** As `StreamOptions`, and where to begin. */
export interface NatsSourceOptions extends StreamOptions {
  /** The sequence of the first message to read, or of what comes before it: 1 by default. */
  readonly from?: number;
  /**
   * Reads only an output that has ended, from its first message on, whatever attempts have left before it: the result of a
   * job. It rejects if there is none yet. No by default.
   */
  readonly complete?: boolean;
}

/**
 * A sink over a subject of a stream of JetStream: `flush` is complete when the stream has acknowledged every byte.
 *
 * There is one writer to a subject: of two, the first wins, and the other fails with a `FencedError`. Outages of the broker
 * are waiting. A stream that is full, gone, or has lost what it had acknowledged is a failure; one that is sealed is
 * `PeerClosed`.
 */
export interface NatsSink extends Sink {
  /** Bytes that have been written and not acknowledged. */
  readonly bytesPending: number;
  /**
   * Marks the output as complete: readers find the end there, with the exit code. To be called when the guest is over, as
   * the end of the sink alone does not say that a guest has succeeded.
   *
   * @param exitCode 0 to 255, as `run` gives it.
   * @returns The sequence of the message, when it is acknowledged.
   * @throws What kept it from being stored.
   */
  end(exitCode?: number): Promise<number>;
}

/** A source over a subject of a stream of JetStream: its messages' bytes in order, to the end that a `NatsSink` has marked. */
export interface NatsSource extends Source {
  /** How the output has ended, once that has been read; never if the stream was sealed without. */
  readonly end: OutputEnd | undefined;
}

/** A subject of a stream. */
export interface OpenedLog {
  readonly log: JetStreamLog;
  readonly config: StreamConfig;
  /** Of the stream, 0 if it has never had a message. */
  readonly lastSequence: number;
  readonly giveUpMs: number;
  readonly retry: Retry;
}

const DEFAULT_ACK_WAIT_MS = 5000;
const DEFAULT_WINDOW_BYTES = 1024 * 1024;
const DEFAULT_MESSAGE_BYTES = 64 * 1024;

/**
 * Opens a subject for writing, after what is there.
 *
 * @param nc A connection of yours. It should reconnect for ever (`maxReconnectAttempts: -1`): one that is closed is a failure.
 * @throws {MissingClientError} If the client of NATS is not installed.
 * @throws {StreamConfigError} If the stream is not there, does not keep what it acknowledges, or the subject's output has ended.
 * @throws {RangeError} If a number makes no sense.
 */
export async function natsSink(nc: NatsConnection, options: NatsSinkOptions): Promise<NatsSink> {
  const { window = DEFAULT_WINDOW_BYTES, message = DEFAULT_MESSAGE_BYTES, full = "fail", digest = false } = options;
  assertSize("window", window, Number.MAX_SAFE_INTEGER);
  assertSize("message", message, (nc.info?.max_payload ?? Infinity) - HEADER_BYTES);
  const client = await loadClient();
  const { log, config, lastSequence, giveUpMs, retry } = await openLog(client, nc, options);
  assertTakes(config);
  const last = await retry.until(() => log.last());
  if (last?.mark?.end) {
    throw new StreamConfigError(
      `The output in ${log.subject} has ended, in message ${last.sequence}: use another subject`,
    );
  }
  const offset = last?.mark ? last.mark.offset + last.data.length : 0;
  if (digest && offset > 0) {
    throw new StreamConfigError(
      `The digest of ${log.subject} would leave out the ${offset} bytes that are there already`,
    );
  }
  return new LogSink(
    log,
    { windowBytes: window, messageBytes: message, cut: "soon" },
    {
      writer: client.transport.nuid.next(),
      after: log.isExclusive ? lastSequence : (last?.sequence ?? 0),
      offset,
      first: offset > 0 ? (await retry.until(() => log.at(1)))?.sequence : undefined,
      full,
      giveUpMs,
      timing: SYSTEM_TIMING,
    },
    digest ? createHash("sha256") : undefined,
  );
}

/**
 * Opens a subject for reading, from its start or from a message on.
 *
 * @param nc As `natsSink` has it.
 * @throws {MissingClientError} If the client of NATS is not installed.
 * @throws {StreamConfigError} If the stream is not there.
 * @throws {NoResultError} If `complete` is asked for, and it is not.
 */
export async function natsSource(nc: NatsConnection, options: NatsSourceOptions): Promise<NatsSource> {
  const { from = 1, complete = false } = options;
  assertSize("from", from, Number.MAX_SAFE_INTEGER);
  const { log, giveUpMs, config, retry } = await openLog(await loadClient(), nc, options);
  if (complete) {
    const last = await retry.until(() => log.last());
    if (!last?.mark?.end) throw new NoResultError(log.subject, last?.mark?.dead);
    return new LogSource(log, { from: last.mark.end.first ?? last.sequence, giveUpMs, timing: SYSTEM_TIMING });
  }
  const sealedAt = config.sealed ? (await retry.until(() => log.extent())).sealedAt : undefined;
  return new LogSource(log, { from, sealedAt, giveUpMs, timing: SYSTEM_TIMING });
}

/** What whoever reads or writes a subject begins with. @throws {StreamConfigError} */
export async function openLog(client: Client, nc: NatsConnection, options: StreamOptions): Promise<OpenedLog> {
  const { stream, subject, giveUp: giveUpMs = Infinity, ackWait = DEFAULT_ACK_WAIT_MS } = options;
  assertSize("ackWait", ackWait, Number.MAX_SAFE_INTEGER);
  if (!(giveUpMs >= 0)) throw new RangeError(`giveUp must be a number of milliseconds, got ${told(giveUpMs)}`);
  const access = await accessTo(client, nc, stream, ackWait);
  const retry = new Retry(SYSTEM_TIMING, giveUpMs);
  const { config, state } = await retry.until(() => streamInfo(access));
  const chosen = chosenSubject(config, subject);
  const log = new JetStreamLog(access, chosen, onlySubject(config) === chosen);
  return { log, config, lastSequence: state.last_seq, giveUpMs, retry };
}
