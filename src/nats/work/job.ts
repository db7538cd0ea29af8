import type { Sink } from "../../io/ports.ts";
import { FencedError } from "../broker-error.ts";
import type { Log, Timing } from "../log.ts";
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
}

const MOST_BACKOFF_MS = 60_000;

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
 */
export async function carryOut(delivery: Delivery, options: JobOptions): Promise<Outcome> {
  const { job } = delivery;
  const log = options.resultLog(job);
  if (job.attempt > 1) {
    // Whoever tried before may have come to the end of it, and only its acknowledgement was lost.
    const last = await new Retry(options.timing, options.giveUpMs)
      .until(() => log.last())
      .catch(() => "unknown" as const);
    if (last === "unknown") return postpone(delivery);
    if (last?.mark?.end) return already(delivery);
  }
  // Nobody came to the end of it, not even to its failure: those who tried have died of it.
  if (job.attempt > options.retries + 1) {
    return bury(delivery, options, { exitCode: undefined, error: "its workers were lost", stderr: "" });
  }
  const stdout = resultSink(log, job, options);
  const stderr = new Tail();
  const attempt = await attemptOf(() => options.run(job, stdout, stderr));
  if (stdout.failure !== undefined) return leave(delivery, log, stdout.failure);
  if (attempt.exitCode !== 0) {
    stdout.abort();
    return failed(delivery, options, { ...attempt, stderr: stderr.text() });
  }
  try {
    await stdout.end(0);
  } catch (error) {
    return leave(delivery, log, error);
  }
  delivery.acknowledge();
  return "done";
}

async function attemptOf(run: () => Promise<number>): Promise<Omit<Attempt, "stderr">> {
  try {
    const exitCode = await run();
    return { exitCode, error: `it exited with ${exitCode}` };
  } catch (error) {
    return { exitCode: undefined, error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

/** How a log is written that has nothing of ours yet. */
function fromTheStart({ newWriter, giveUpMs, timing }: JobOptions) {
  return { writer: newWriter(), after: 0, offset: 0, full: "wait", giveUpMs, timing } as const;
}

function resultSink(log: Log, job: Job, options: JobOptions): LogSink {
  return new LogSink(
    log,
    // A result is whole or nothing: a flush has nothing to wait for that anybody could see.
    { windowBytes: options.windowBytes, messageBytes: options.messageBytes, cut: "full" },
    {
      ...fromTheStart(options),
      endHeaders: headersOf(job),
      takeOver: (last) => last.mark?.end === undefined,
    },
  );
}

function headersOf(job: Job): Readonly<Record<string, string>> {
  return { "Sluice-Job": String(job.sequence), "Sluice-Attempt": String(job.attempt) };
}

/** What the job's own headers say, without those that tell the broker what to do. */
function ownHeaders({ headers }: Job): Readonly<Record<string, string>> {
  return Object.fromEntries([...headers].filter(([name]) => !/^nats-/i.test(name)));
}

/** The result could not be stored. */
async function leave(delivery: Delivery, log: Log, cause: unknown): Promise<Outcome> {
  if (!(cause instanceof FencedError)) {
    // The stream is gone, or out of reach: whoever tries later may be luckier.
    return postpone(delivery);
  }
  const last = await log.last().catch(() => undefined);
  // Somebody else is at it, and further.
  return last?.mark?.end ? already(delivery) : "left";
}

function already(delivery: Delivery): Outcome {
  delivery.acknowledge();
  return "already";
}

function postpone(delivery: Delivery): Outcome {
  delivery.again(MOST_BACKOFF_MS);
  return "left";
}

async function failed(delivery: Delivery, options: JobOptions, attempt: Attempt): Promise<Outcome> {
  const { job } = delivery;
  if (job.attempt > options.retries) return bury(delivery, options, attempt);
  delivery.again(backoffMs(options.backoffMs, job.attempt));
  return "retried";
}

/** Puts the job where those are that have failed, once, and out of the queue. */
async function bury(delivery: Delivery, options: JobOptions, attempt: Attempt): Promise<Outcome> {
  const { job } = delivery;
  if (!options.deadLog) {
    delivery.drop(attempt.error);
    return "dead";
  }
  const log = options.deadLog(job);
  const sink = new LogSink(
    log,
    { windowBytes: Infinity, messageBytes: Math.max(1, job.data.length), cut: "full" },
    {
      ...fromTheStart(options),
      endHeaders: {
        ...ownHeaders(job),
        ...headersOf(job),
        "Sluice-Subject": job.subject,
        "Sluice-Error": JSON.stringify(attempt.error),
        "Sluice-Stderr": JSON.stringify(attempt.stderr),
      },
    },
  );
  try {
    await sink.put(job.data, attempt.exitCode);
  } catch (error) {
    // Where it cannot be put it stays in the queue; if somebody else has put it there, it is done.
    if (!(error instanceof FencedError)) return postpone(delivery);
  }
  delivery.acknowledge();
  return "dead";
}
