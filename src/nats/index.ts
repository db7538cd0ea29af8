/**
 * Durable streams and jobs on NATS JetStream. Needs `@nats-io/transport-node` and `@nats-io/jetstream`, which are not
 * installed with this package.
 *
 * @module
 */
export { natsSink, natsSource } from "./ports.ts";
export type { NatsSink, NatsSinkOptions, NatsSource, NatsSourceOptions, StreamOptions } from "./ports.ts";
export { stage } from "./stage/stage.ts";
export type { StageOptions, StagePlace } from "./stage/stage.ts";
export { StageFailedError, type Segment } from "./stage/segments.ts";
export { DivergedError } from "./stage/replay-sink.ts";
export { work } from "./work/work.ts";
export type { WorkOptions, Working } from "./work/work.ts";
export type { Job, Outcome } from "./work/job.ts";
export type { WorkCounts } from "./work/worker.ts";
export {
  BrokerError,
  FencedError,
  GaveUpError,
  LostRecordsError,
  NoResultError,
  type BrokerErrorKind,
} from "./broker-error.ts";
export { MissingClientError } from "./client.ts";
export type { NatsConnection } from "./client-types.ts";
export { StreamConfigError } from "./streams.ts";
export type { OutputEnd } from "./log.ts";
export type { Sink, Source } from "../io/ports.ts";
export type { Readiness, Waker, Watchable } from "../io/readiness.ts";
