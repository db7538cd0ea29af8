import { told } from "../../io/told.ts";
import { setTimeout as delay } from "node:timers/promises";
import { compile, run, type CompiledComponent, type Options } from "../../index.ts";
import { loadClient, type Client } from "../client.ts";
import type { NatsConnection } from "../client-types.ts";
import { HEADER_BYTES } from "../headers.ts";
import { accessTo, JetStreamLog } from "../jetstream-log.ts";
import { assertSize } from "../numbers.ts";
import { Retry } from "../retry.ts";
import { StreamConfigError } from "../streams.ts";
import { SYSTEM_TIMING } from "../timing.ts";
import type { Job, JobOptions, Outcome } from "./job.ts";
import { metricsText } from "./metrics.ts";
import { JobQueue } from "./queue.ts";
import { consumerInfo, jobConsumer, subjectPerJob, type SubjectPerJob } from "./setup.ts";
import { Worker, type WorkCounts } from "./worker.ts";

/** What jobs are, how they are carried out, and where their results go. */
export interface WorkOptions {
  /** The stream of jobs and a pull consumer of it that acknowledges explicitly: both are yours. */
  readonly jobs: { readonly stream: string; readonly consumer: string };
  /**
   * The stream of results. The result of job 7 is in `subject.7`; `subject` is what comes before the dot of the stream's one
   * subject, such as `result` of `result.*`, if it is not given.
   */
  readonly results: { readonly stream: string; readonly subject?: string };
  /** As `results`, for jobs that have failed for the last time. Missing: they are dropped. */
  readonly dead?: { readonly stream: string; readonly subject?: string };
  /** Jobs at the same time: 1 by default. */
  readonly concurrency?: number;
  /** Milliseconds that one attempt may take. A guest that computes and calls nothing ends then only if it is isolated. */
  readonly timeout?: number;
  /** How often a job is tried again that exits with another code than 0, traps, or takes too long: 5 times by default. */
  readonly retries?: number;
  /** Milliseconds before it is tried again for the first time; each time twice as many, up to a minute. 1000 by default. */
  readonly backoff?: number;
  /** Headers of a job that become variables of its environment, under their own names. No others do. */
  readonly headers?: readonly string[];
  /** What else the instance of a job is given; standard input and output are not asked for. */
  readonly options?: (job: Job) => Omit<Options, "stdin" | "stdout">;
  /** Bytes of a message of a result, at most; a result that is larger has several. 64 KiB by default. */
  readonly message?: number;
  /** Milliseconds that the broker may be out of reach. It is waited for as long as it takes by default. */
  readonly giveUp?: number;
  /** Milliseconds after which an answer counts as lost: 5000 by default. */
  readonly ackWait?: number;
  /** Told of what became of each delivery. */
  readonly onOutcome?: (job: Job, outcome: Outcome) => void;
  /** Told why the result of a job, or the job itself if it has failed, could not be stored. It is tried again a minute later. */
  readonly onTrouble?: (job: Job, cause: unknown) => void;
}

/** A worker, which has begun. */
export interface Working {
  readonly counts: Readonly<WorkCounts>;
  /** What an operator should know of the streams, such as that there is one copy of each. */
  readonly warnings: readonly string[];
  /** Resolves when it has stopped; rejects with what it could not go on after, such as a stream that is gone. */
  readonly stopped: Promise<void>;
  /** Whether it takes jobs: not any more from `drain` on, or when it cannot go on. */
  readonly isTaking: boolean;
  /** What it has counted, in the text format of Prometheus. */
  metrics(): string;
  /**
   * Asks for no more jobs, finishes those under way and those that come meanwhile, as they were asked for. Resolves when the
   * broker has heard of it, or has not answered for `ackWait` milliseconds.
   */
  drain(): Promise<void>;
}

/**
 * Carries out jobs with a component: an instance for each, whose standard input is the job and whose standard output is the
 * result. Start the same on as many machines as you like.
 *
 * Each job has its result once, whatever fails and how often. A guest may be run more than once for a job: what it does
 * elsewhere than on standard output happens as often.
 *
 * @param component A command: bytes, or what `compile` gave.
 * @param nc A connection of yours, that reconnects for ever.
 * @throws {MissingClientError} If the client of NATS is not installed.
 * @throws {StreamConfigError} If a stream is not there, or its configuration breaks what is promised.
 */
export async function work(
  component: Uint8Array | CompiledComponent,
  nc: NatsConnection,
  options: WorkOptions,
): Promise<Working> {
  return startWork(await loadClient(), component, nc, options);
}

/** As `work`. */
export async function startWork(
  client: Client,
  component: Uint8Array | CompiledComponent,
  nc: NatsConnection,
  options: WorkOptions,
): Promise<Working> {
  const { concurrency = 1, retries = 5, backoff = 1000, message = 65_536, ackWait = 5000 } = options;
  const { giveUp = Infinity, onOutcome = () => {}, onTrouble = () => {} } = options;
  assertSize("concurrency", concurrency, 10_000);
  if (!Number.isSafeInteger(retries) || retries < 0) {
    throw new RangeError(`retries must be a whole number from 0 on, got ${told(retries)}`);
  }
  assertSize("backoff", backoff, 3_600_000);
  assertSize("ackWait", ackWait, 3_600_000);
  assertSize("message", message, (nc.info?.max_payload ?? Infinity) - HEADER_BYTES);
  const compiled = component instanceof Uint8Array ? await compile(component) : component;
  const retry = new Retry(SYSTEM_TIMING, giveUp);
  const access = await accessTo(client, nc, options.jobs.stream, ackWait);
  const horizon = { retries, backoffMs: backoff, timeoutMs: options.timeout };
  const { info, config } = await jobConsumer(access, options.jobs.consumer, horizon, retry);
  const results = await subjectPerJob(client, nc, options.results, ackWait, retry);
  if (results.messageBytes < message + HEADER_BYTES) {
    throw new StreamConfigError(
      `Stream ${results.config.name} takes messages of ${results.messageBytes} bytes at most (max_msg_size); ` +
        `expected ${message + HEADER_BYTES} for a result's of ${message} bytes and their headers`,
    );
  }
  const dead = options.dead && (await subjectPerJob(client, nc, options.dead, ackWait, retry));
  const consumer = await access.js.consumers.get(options.jobs.stream, options.jobs.consumer);
  const job: JobOptions = {
    run: async (given, stdout, stderr) =>
      (await run(compiled, { stderr, ...instanceOptions(options, given), stdin: given.data, stdout })).exitCode,
    resultLog: (given) => logFor(results, given),
    deadLog: dead && ((given) => logFor(dead, given)),
    deadMessageBytes: dead?.messageBytes ?? Infinity,
    retries,
    backoffMs: backoff,
    windowBytes: 2 * message,
    messageBytes: message,
    giveUpMs: giveUp,
    timing: SYSTEM_TIMING,
    newWriter: () => client.transport.nuid.next(),
    onTrouble,
  };
  const worker = new Worker(new JobQueue(client, consumer, () => consumerInfo(access, options.jobs.consumer)), {
    ...job,
    concurrency,
    heartbeatMs: Math.max(100, (info.config.ack_wait ?? DEFAULT_ACK_WAIT_NS) / NS_PER_MS / 3),
    every: (ms, callback) => {
      const timer = setInterval(callback, ms);
      return () => clearInterval(timer);
    },
    onOutcome: (delivery, outcome) => onOutcome(delivery.job, outcome),
  });
  return {
    counts: worker.counts,
    stopped: worker.stopped,
    get isTaking() {
      return worker.isTaking;
    },
    warnings: [config, results.config, ...(dead ? [dead.config] : [])]
      .filter(({ num_replicas: replicas }) => replicas === 1)
      .map(({ name }) => `Stream ${name} has one replica: what it acknowledges is as safe as that one machine`),
    metrics: () => metricsText(worker.counts),
    drain: () => worker.drain().finally(() => heard(nc, ackWait)),
  };
}

/** Waits until the broker has got what was sent to it, for `ms` milliseconds at most. */
async function heard(nc: NatsConnection, ms: number): Promise<void> {
  const tooLong = new AbortController();
  // A connection that is closed has told what it could.
  const flushed = nc.flush().catch(() => {});
  await Promise.race([flushed, delay(ms, undefined, { signal: tooLong.signal }).catch(() => {})]);
  tooLong.abort();
}

const NS_PER_MS = 1e6;
/** As the server has it. */
const DEFAULT_ACK_WAIT_NS = 30e9;

function logFor({ access, prefix }: SubjectPerJob, { sequence }: Job): JetStreamLog {
  return new JetStreamLog(access, `${prefix}${sequence}`, false);
}

function instanceOptions({ headers = [], timeout, options }: WorkOptions, job: Job): Omit<Options, "stdin" | "stdout"> {
  const given = options?.(job) ?? {};
  const variables = headers.flatMap((name) => {
    const value = job.headers.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...(timeout !== undefined && { timeout }),
    ...given,
    env: { ...given.env, ...Object.fromEntries(variables) },
  };
}
