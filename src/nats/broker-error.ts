import { messageOf } from "../io/cause.ts";

/**
 * What a broker's answer means to whoever appends or reads:
 *
 * - `unknown`: not now, or nobody knows whether it was stored. Ask what the last record is, and go on.
 * - `conflict`: somebody else has appended meanwhile, or we have, and were not told.
 * - `full`: a limit of the stream.
 * - `sealed`: nobody will ever append.
 * - `refused`: anything that asking again does not change, such as a stream that is gone.
 */
export type BrokerErrorKind = "unknown" | "conflict" | "full" | "sealed" | "refused";

/** A broker did not do what it was asked for. */
export class BrokerError extends Error {
  override readonly name: string = "BrokerError";
  readonly kind: BrokerErrorKind;

  constructor(kind: BrokerErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Another writer has appended to the same subject: this one has stopped, and nothing of it was stored after that. */
export class FencedError extends Error {
  override readonly name: string = "FencedError";

  constructor(subject: string, sequence: number) {
    super(
      `Cannot append to ${subject}: another writer has, in message ${sequence}; of two writers of one subject the first wins`,
    );
  }
}

/** Records that had been acknowledged, or that a reader had to get, are not there: purged, deleted or lost by the broker. */
export class LostRecordsError extends Error {
  override readonly name: string = "LostRecordsError";
}

/** A reader is to get the message `wanted`, and the next that is there is `next`. */
export function skippedRecords(subject: string, wanted: number, next: number): LostRecordsError {
  return new LostRecordsError(`${subject} has no message ${wanted}: the next is ${next}`);
}

/** A broker could not be used for longer than `giveUp` milliseconds. `cause` is what it said last. */
export class GaveUpError extends Error {
  override readonly name: string = "GaveUpError";

  constructor(ms: number, cause: unknown) {
    super(`The broker could not be used for ${ms} ms: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** No output has come to its end on a subject: not yet, or never, if it is that of a job that has failed for the last time. */
export class NoResultError extends Error {
  override readonly name: string = "NoResultError";

  /** @param why How the job has failed. Missing: it has not, so far. */
  constructor(subject: string, why?: string) {
    const known = why === undefined ? "" : `: the job has failed for the last time (${why})`;
    super(`There is no output in ${subject} that has come to its end${known}`);
  }
}
