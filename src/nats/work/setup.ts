import { brokerError } from "../answers.ts";
import type { Client } from "../client.ts";
import type { ConsumerInfo, NatsConnection, StreamConfig } from "../client-types.ts";
import { givenObject } from "../given.ts";
import { accessTo, type JetStreamAccess } from "../jetstream-log.ts";
import type { Retry } from "../retry.ts";
import { assertTakes, StreamConfigError, streamInfo } from "../streams.ts";
import { backoffMs } from "./job.ts";

const NS_PER_MS = 1e6;

/** A stream with a subject for each job. */
export interface SubjectPerJob {
  readonly access: JetStreamAccess;
  readonly config: StreamConfig;
  /** What comes before the job's sequence, with the dot. */
  readonly prefix: string;
  /** Bytes that a message may have, with its headers. */
  readonly messageBytes: number;
}

/** A stream for results, or for jobs that have failed. @throws {StreamConfigError} */
export async function subjectPerJob(
  client: Client,
  nc: NatsConnection,
  given: { readonly stream: string; readonly subject?: string },
  ackWaitMs: number,
  retry: Retry,
): Promise<SubjectPerJob> {
  const access = await accessTo(client, nc, given.stream, ackWaitMs);
  const { config } = await retry.until(() => streamInfo(access));
  assertTakes(config);
  const [pattern = "", ...more] = config.subjects ?? [];
  const subject = given.subject ?? (more.length === 0 ? /^([^*>\s]+)\.[*>]$/.exec(pattern)?.[1] : undefined);
  if (subject === undefined || /[*>\s]/.test(subject) || subject === "") {
    throw new StreamConfigError(
      `Stream ${config.name} needs a subject for each job, such as result.*: it has ` +
        `${config.subjects?.join(", ") || "none of its own"}; say what comes before the number`,
    );
  }
  const { max_msg_size: most = -1 } = config;
  const permitted = nc.info?.max_payload ?? Infinity;
  return { access, config, prefix: `${subject}.`, messageBytes: most > 0 ? Math.min(most, permitted) : permitted };
}

/** How long a job may take in all. */
export interface Horizon {
  readonly retries: number;
  readonly backoffMs: number;
  /** Missing: as long as it takes. */
  readonly timeoutMs: number | undefined;
}

/** The consumer of a stream of jobs. @throws {StreamConfigError} If it would lose some, or never come to an end with them. */
export async function jobConsumer(
  access: JetStreamAccess,
  consumer: string,
  horizon: Horizon,
  retry: Retry,
): Promise<{ readonly info: ConsumerInfo; readonly config: StreamConfig }> {
  const { config } = await retry.until(() => streamInfo(access));
  const info = await retry.until(() => consumerInfo(access, consumer));
  const { ack_policy: policy, max_deliver: deliveries = -1, ack_wait: ackWaitNs = 0 } = info.config;
  if (policy !== "explicit") {
    throw new StreamConfigError(`Consumer ${consumer} acknowledges by ${policy}; expected explicit`);
  }
  if (deliveries > 0 && deliveries <= horizon.retries + 1) {
    throw new StreamConfigError(
      `Consumer ${consumer} delivers ${deliveries} times at most, which leaves jobs behind that nobody hears of; ` +
        `expected no limit, or more than ${horizon.retries + 1} for ${horizon.retries} retries`,
    );
  }
  const neededMs = horizonMs(horizon, ackWaitNs / NS_PER_MS);
  if (config.max_age > 0 && config.max_age / NS_PER_MS < neededMs) {
    throw new StreamConfigError(
      `Stream ${config.name} drops jobs after ${config.max_age / NS_PER_MS} ms (max_age), ` +
        `but ${horizon.retries} retries may take ${neededMs} ms`,
    );
  }
  return { info, config };
}

/** @throws {StreamConfigError} If there is none. @throws {BrokerError} */
export async function consumerInfo(
  { client, manager, stream }: JetStreamAccess,
  consumer: string,
): Promise<ConsumerInfo> {
  try {
    const info = await manager.consumers.info(stream, consumer);
    givenObject("config of a consumer", givenObject("a consumer", info).config);
    return info;
  } catch (error) {
    if (error instanceof client.jetstream.JetStreamApiError && error.status === 404) {
      throw new StreamConfigError(`Stream ${stream} has no consumer ${consumer}: it is yours to create`, {
        cause: error,
      });
    }
    throw brokerError(client, `look at consumer ${consumer}`, error);
  }
}

function horizonMs({ retries, backoffMs: base, timeoutMs }: Horizon, ackWaitMs: number): number {
  let ms = (timeoutMs ?? ackWaitMs) * (retries + 1);
  for (let attempt = 1; attempt <= retries; attempt++) ms += backoffMs(base, attempt);
  return ms;
}
