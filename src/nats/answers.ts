import type { Client } from "./client.ts";
import { BrokerError, type BrokerErrorKind } from "./broker-error.ts";

/** What the codes of JetStream's errors mean to us, where their HTTP status does not say it. */
const KINDS: Readonly<Record<number, BrokerErrorKind>> = {
  // Wrong last message; wrong last sequence.
  10_070: "conflict",
  10_071: "conflict",
  // Another message of the subject, or this one itself as it was sent before, is in process: as long as a cluster has no quorum.
  10_158: "unknown",
  10_164: "unknown",
  // Limits: the store's, by messages, by bytes, by messages for each subject.
  10_077: "full",
  10_109: "sealed",
  // A reader's consumer is gone, which the broker forgets when it starts anew: another one is made.
  10_014: "unknown",
  // The account's, and the server's.
  10_002: "full",
  10_023: "full",
  10_028: "full",
  10_047: "full",
};

/** The client's own errors that say that there was no answer. They are known by name: their classes may exist twice. */
const SILENCE: ReadonlySet<string> = new Set([
  "ConnectionError",
  "JetStreamNotEnabled",
  "JetStreamStatusError",
  "NoRespondersError",
  "RequestError",
  "TimeoutError",
]);

/** An error of the client's, as what it means. */
export function brokerError({ jetstream }: Client, what: string, cause: unknown): BrokerError {
  const message = `Cannot ${what}: ${cause instanceof Error ? cause.message || cause.name : String(cause)}`;
  return new BrokerError(kindOf(jetstream, cause), message, { cause });
}

function kindOf(jetstream: Client["jetstream"], cause: unknown): BrokerErrorKind {
  if (!(cause instanceof Error)) return "refused";
  if (cause instanceof jetstream.JetStreamApiError) {
    // No quorum, no leader, a server that starts: 5xx.
    return KINDS[cause.code] ?? (cause.status >= 500 ? "unknown" : "refused");
  }
  if (isForbidden(jetstream, cause.cause)) return "refused";
  if (SILENCE.has(cause.name) || cause.message === "heartbeats missed") return "unknown";
  return "refused";
}

/** Whether a request had no answer, or none but that there is no JetStream, because it is not for this user. */
function isForbidden(jetstream: Client["jetstream"], cause: unknown): boolean {
  if (cause instanceof jetstream.JetStreamApiError) return cause.code === NOT_FOR_ACCOUNT;
  return cause instanceof Error && cause.name === "PermissionViolationError";
}

const NOT_FOR_ACCOUNT = 10_039;
