/** What requests have in common, whatever carries them: their times, and how their bodies fail. */
import type { EventEmitter } from "node:events";
import type { LookupFunction } from "node:net";
import type { Deferred } from "../../../io/deferred.ts";
import type { HttpError } from "../../../wasi/http/error-code.ts";
import type { HttpRequest, HttpResponse } from "../../../wasi/http/exchange.ts";
import { MAX_TIMER_MS } from "../clock.ts";
import type { BodyParts } from "./body.ts";
import { bodyFailure, failed } from "./errors.ts";
import { textOf } from "./fields.ts";

/** What a response's header may take: more than Node allows by itself, which is less than what others send. */
export const MAX_HEADER_BYTES: number = 128 * 1024;
/** How long a server waits for a client that sends nothing more, or takes nothing: as other servers have it. */
export const STALL_MS = 60_000;

/** Methods that change nothing more when they are sent twice. */
export const REPEATABLE: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "PUT"]);

/** Whom a request reaches. */
export interface Peer {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly lookup: LookupFunction;
}

/** Who waits for a response. */
export type Promised = Pick<Deferred<HttpResponse>, "resolve" | "reject">;

/** How a request ends that is under way. */
export interface Settling {
  /** Milliseconds of `Date.now` until which there is to be a connection. */
  readonly deadline: number;
  readonly timedOut: HttpError;
  /** Nobody wants the response any more. */
  readonly signal: AbortSignal;
  /** Called when the request takes nothing any more. */
  readonly over: () => void;
}

/** As curl has it: servers that do not know of 100 are not waited for without end. */
const EXPECT_MS = 1000;

/** Whether a request says that its body waits for 100. */
export function expectsContinue({ headers, body }: HttpRequest): boolean {
  return (
    body !== undefined &&
    headers.some(([name, value]) => name === "expect" && textOf(value).toLowerCase() === "100-continue")
  );
}

/** Whether the body of such a request is to be sent: unless the server answers first, and not that it likes it. */
export function isWanted(exchange: EventEmitter, statusOf: (response: unknown) => number): Promise<boolean> {
  return new Promise((resolve) => {
    const late = timer(EXPECT_MS, () => resolve(true));
    const settle = (isGood: boolean): void => {
      clearTimeout(late);
      resolve(isGood);
    };
    exchange.once("continue", () => settle(true));
    exchange.once("response", (response: unknown) => settle(statusOf(response) < 400));
    exchange.once("close", () => settle(false));
  });
}

/** What is wrong with a response of this status: Node takes any of three digits, and 101 for the end if it does not say to what. */
export function wrongStatus(status: number): HttpError | undefined {
  if (status === 101)
    return failed("HTTP-upgrade-failed", "the other side changed the protocol, and does not say to what");
  return status >= 100 ? undefined : failed("HTTP-protocol-error", `the status ${status}, which is none`);
}

/** Calls back after `ms`, as far as timers of Node's can wait. */
export function timer(ms: number, act: () => void): NodeJS.Timeout {
  return setTimeout(act, Math.min(ms, MAX_TIMER_MS));
}

/** Rejects with `error` after the time. */
export async function within<T>(ms: number, promise: Promise<T>, error: HttpError): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    late = timer(ms, () => reject(error));
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(late);
  }
}

/**
 * How the body of a response is read.
 *
 * @param betweenBytes Milliseconds in which there is to be more of it, while somebody waits.
 * @param end Ends it, for this reason.
 */
export function responseParts(betweenBytes: number, end: (reason: HttpError) => void): BodyParts {
  return {
    cut: bodyFailure,
    leave: (source) => source.close(),
    waits: stalling(betweenBytes, "response", end),
  };
}

/** Ends a body of which nothing comes for so many milliseconds, while somebody waits. */
export function stalling(
  ms: number,
  what: "request" | "response",
  end: (reason: HttpError) => void,
): NonNullable<BodyParts["waits"]> {
  let late: NodeJS.Timeout | undefined;
  return (isWaiting, source) => {
    if (!isWaiting) {
      clearTimeout(late);
      late = undefined;
      return;
    }
    late ??= timer(ms, () => {
      late = undefined;
      // What has come is there for whoever asks again.
      if (!source.ready()) end(failed("connection-read-timeout", `no more of the ${what} in ${ms} ms`));
    });
  };
}
