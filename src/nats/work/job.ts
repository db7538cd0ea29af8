import type { Sink } from "../../io/ports.ts";
import { FencedError } from "../broker-error.ts";
import { HEADER_BYTES } from "../headers.ts";
import type { Log, StoredRecord, Timing } from "../log.ts";
import { LogSink } from "../log-sink.ts";
import { Retry } from "../retry.ts";
import type { Attempt } from "./attempt.ts";
import { Tail } from "./tail.ts";

/** A job as its queue delivers it. */
export interface Job {
  /** Its sequence in the stream of jobs: what it is known by. */
  readonly sequence: number;
  readonly subject: string;
  /** Its standard input. */
  readonly data: Uint8Array;
  readonly headers: ReadonlyMap<string, string>;
  /** How often it has been delivered, from 1 on. */
  readonly attempt: number;
}

/** What can be done with a delivery, besides carrying it out. */
export interface Delivery {
  readonly job: Job;
  /** It is done: never again. If the broker does not hear of it, it comes again. Does not throw; nor do the others. */
  acknowledge(): void;
  /** Again, not before `ms` milliseconds. */
  again(ms: number): void;
  /** Never again, though it is not done. */
  drop(reason: string): void;
  /** Somebody is at it. */
  working(): void;
}

/** What became of a delivery. */
export type Outcome =
  /** It is done, and its result is stored. */
  | "done"
  /** Its result was there already. */
  | "already"
  /** It failed, and is tried again. */
  | "retried"
  /** It failed for the last time. */
  | "dead"
  /** Somebody else has it by now, or the broker could not be used: it was left as it is. */
  | "left";

/** How jobs are carried out. */
export interface JobOptions {
  /** Runs the component. Gives the exit code, or throws what ended the guest. */
  readonly run: (job: Job, stdout: Sink, stderr: Sink) => Promise<number>;
  /** Where the result of a job belongs. */
  readonly resultLog: (job: Job) => Log;
  /** Where a job belongs that has failed for the last time. Missing: nowhere. */
  readonly deadLog: ((job: Job) => Log) | undefined;
  /** Bytes that a message of that may have, with its headers. */
  readonly deadMessageBytes: number;
  /** How often a job that has failed is tried again. */
  readonly retries: number;
  /** Milliseconds before it is tried again for the first time; each time twice as many. */
  readonly backoffMs: number;
  readonly windowBytes: number;
  readonly messageBytes: number;
  readonly giveUpMs: number;
  readonly timing: Timing;
  /** A name that nobody else has. */
  readonly newWriter: () => string;
  /** Told why a job could not be carried out or put aside. It stays in the queue. */
  readonly onTrouble: (job: Job, cause: unknown) => void;
}

const MOST_BACKOFF_MS = 60_000;
/** Characters of an error that are kept: headers are part of a message, and of its limit. */
const MOST_ERROR = 1000;

/** Milliseconds before a job is tried again that has been tried `attempt` times. */
export function backoffMs(base: number, attempt: number): number {
  return Math.min(MOST_BACKOFF_MS, base * 2 ** (attempt - 1));
}

/**
 * Carries out one delivery of a job: runs the component, stores what it wrote, acknowledges the job, in this order.
 *
 * The result is inserted on a subject of the job's own, where none was. So whoever carries out a job a second time, because it
 * was delivered twice, finds out when it stores the result; and the first stored result stays the only one. What an attempt
 * has left that did not come to its end is followed by the next attempt's; the end says where the result begins.
 *
 * An attempt that is not the first stores that it begins, before it runs: whoever was at the job before and is only slow cannot
 * store anything after that. And it counts the attempts: a delivery that has come to nothing, because its worker was to stop or
 * nothing could be stored, is none.
 */
export async function carryOut(delivery: Delivery, options: JobOptions): Promise<Outcome> {
  const log = options.resultLog(delivery.job);
  let last: StoredRecord | undefined;
  if (delivery.job.attempt > 1) {
    try {
      last = await new Retry(options.timing, options.giveUpMs).until(() => log.last());
    } catch (error) {
      return postpone(delivery, options, error);
    }
  }
  // Whoever tried before may have come to the end of it, and only its acknowledgement was lost.
  if (last?.mark?.end) return already(delivery);
  const turn = { delivery, log, last, attempt: delivery.job.attempt > 1 ? (last?.mark?.attempt ?? 1) + 1 : 1 };
  const { dead } = last?.mark ?? {};
  if (dead !== undefined) return bury(turn, options, { exitCode: undefined, error: dead, stderr: "" });
  // Nobody came to the end of it, not even to its failure: those who tried have died of it.
  if (turn.attempt > options.retries + 1) {
    const failure = { exitCode: undefined, error: "its workers were lost", stderr: "" };
    return closeOff(turn, options, failure, last?.sequence ?? 0);
  }
  return tryOnce(turn, options);
}

/** What is known of a job when it is its turn. */
interface Turn {
  readonly delivery: Delivery;
  /** Where its result belongs. */
  readonly log: Log;
  /** What is stored there last, if that was looked for. */
  readonly last: StoredRecord | undefined;
  /** Which attempt this is, from 1 on. */
  readonly attempt: number;
}

async function tryOnce(turn: Turn, options: JobOptions): Promise<Outcome> {
  const { delivery, attempt } = turn;
  const { job } = delivery;
  const stdout = resultSink(turn, options);
  const stderr = new Tail();
  try {
    if (attempt > 1) await stdout.begin();
  } catch (error) {
    return leave(turn, options, error);
  }
  const ran = await attemptOf(() => options.run(job, stdout, stderr));
  if (stdout.failure !== undefined) return leave(turn, options, stdout.failure);
  if (ran.exitCode !== 0) {
    stdout.abort();
    if (attempt <= options.retries) return retryLater(turn, options);
    return closeOff(turn, options, { ...ran, stderr: stderr.text() }, stdout.sequence);
  }
  try {
    await stdout.end(0);
  } catch (error) {
    return leave(turn, options, error);
  }
  delivery.acknowledge();
  return "done";
}

async function attemptOf(run: () => Promise<number>): Promise<Omit<Attempt, "stderr">> {
  try {
    const exitCode = await run();
    return { exitCode, error: `it exited with ${exitCode}` };
  } catch (error) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { exitCode: undefined, error: text.slice(0, MOST_ERROR) };
  }
}

/** How a log is written from its start, or behind what others have left there. */
function writerOptions(
  { delivery: { job }, attempt }: Turn,
  { newWriter, giveUpMs, timing }: JobOptions,
  after: number,
) {
  return {
    writer: newWriter(),
    after,
    offset: 0,
    full: "wait",
    giveUpMs,
    timing,
    ofJob: { attempt },
    endHeaders: { "Sluice-Job": String(job.sequence) },
  } as const;
}

function resultSink(turn: Turn, options: JobOptions): LogSink {
  return new LogSink(
    turn.log,
    // A result is whole or nothing: a flush has nothing to wait for that anybody could see.
    { windowBytes: options.windowBytes, messageBytes: options.messageBytes, cut: "full" },
    {
      ...writerOptions(turn, options, turn.last?.sequence ?? 0),
      // Who is behind another attempt is the one that is late.
      takeOver: ({ mark }) => isOpen(mark) && (mark?.attempt ?? 1) <= turn.attempt,
    },
  );
}

/** Whether a result can follow. */
function isOpen(mark: StoredRecord["mark"]): boolean {
  return mark?.end === undefined && mark?.dead === undefined;
}

/** The result could not be stored. */
async function leave({ delivery, log }: Turn, options: JobOptions, cause: unknown): Promise<Outcome> {
  // The stream is gone, or out of reach: whoever tries later may be luckier.
  if (!(cause instanceof FencedError)) return postpone(delivery, options, cause);
  const last = await log.last().catch(() => undefined);
  // Somebody else is at it, and further.
  return last?.mark?.end ? already(delivery) : "left";
}

function already(delivery: Delivery): Outcome {
  delivery.acknowledge();
  return "already";
}

function postpone(delivery: Delivery, { onTrouble }: JobOptions, cause: unknown): Outcome {
  onTrouble(delivery.job, cause);
  delivery.again(MOST_BACKOFF_MS);
  return "left";
}

function retryLater({ delivery, attempt }: Turn, options: JobOptions): Outcome {
  delivery.again(backoffMs(options.backoffMs, attempt));
  return "retried";
}

/**
 * The job has failed for the last time. Says so where its result would be, so that nobody who is only slow can store one from
 * here on; then puts it aside.
 *
 * @param after The sequence of the last record there, as far as is known.
 */
async function closeOff(turn: Turn, options: JobOptions, failure: Attempt, after: number): Promise<Outcome> {
  const { delivery, log } = turn;
  const sink = new LogSink(
    log,
    { windowBytes: 1, messageBytes: 1, cut: "full" },
    {
      ...writerOptions(turn, options, after),
      ofJob: { attempt: turn.attempt, dead: failure.error },
      takeOver: ({ mark }) => isOpen(mark),
    },
  );
  try {
    await sink.begin();
  } catch (error) {
    if (!(error instanceof FencedError)) return postpone(delivery, options, error);
    const last = await log.last().catch(() => undefined);
    if (last?.mark?.end) return already(delivery);
    // Somebody else has said so, and may have died of it.
    if (last?.mark?.dead === undefined) return "left";
  }
  return bury(turn, options, failure);
}

/** Puts the job where those are that have failed, once, and out of the queue. */
async function bury(turn: Turn, options: JobOptions, failure: Attempt): Promise<Outcome> {
  const { delivery } = turn;
  const { job } = delivery;
  if (!options.deadLog) {
    delivery.drop(failure.error);
    return "dead";
  }
  const headers = deadHeaders(job, failure, options.deadMessageBytes / 2);
  const most = Math.max(1, options.deadMessageBytes - HEADER_BYTES - bytesOf(headers));
  const sink = new LogSink(
    options.deadLog(job),
    // In one message with its end, if it is not too large for that.
    { windowBytes: Infinity, messageBytes: Math.min(job.data.length + 1, most), cut: "full" },
    { ...writerOptions(turn, options, 0), endHeaders: headers },
  );
  try {
    sink.write(job.data);
    await sink.end(failure.exitCode);
  } catch (error) {
    // Where it cannot be put it stays in the queue; if somebody else has put it there, it is done.
    if (!(error instanceof FencedError)) return postpone(delivery, options, error);
  }
  delivery.acknowledge();
  return "dead";
}

type Headers = Readonly<Record<string, string>>;

/** What the headers of a job say that is put aside: its own too, if there is room for them. */
function deadHeaders(job: Job, { error, stderr }: Attempt, most: number): Headers {
  const headers = {
    "Sluice-Job": String(job.sequence),
    "Sluice-Subject": job.subject,
    "Sluice-Error": JSON.stringify(error),
    "Sluice-Stderr": JSON.stringify(stderr.slice(-most / 8)),
  };
  // Without those that tell the broker what to do.
  const own = Object.fromEntries([...job.headers].filter(([name]) => !/^nats-/i.test(name)));
  return bytesOf(own) + bytesOf(headers) <= most ? { ...own, ...headers } : headers;
}

/** Of headers in a message. */
function bytesOf(headers: Headers): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value) + 4, 0);
}
