/** The port of `wasi:http`: what carries requests out, and what answers them. Guests and runtimes meet here. */
import type { Level } from "../../io/level.ts";
import type { Source } from "../../io/ports.ts";
import type { HttpError } from "./error-code.ts";
import type { Field } from "./fields.ts";

/** A body: bytes, and what comes after them. */
export interface HttpBody {
  /** Fails, with an `HttpError` if it can say how, where the body is cut short. Closing it says that nobody wants it. */
  readonly source: Source;
  /** Bytes that it has in all, if that is known. */
  readonly length: bigint | undefined;
  /** Settles when the source is at its end: the fields after it, if there are any. Asked for once, at the end. */
  trailers(): Promise<readonly Field[] | undefined>;
  /** Whether all of its bytes can be read now, without waiting, and nothing comes after them. Missing: nobody knows. */
  isWhole?(): boolean;
  /** What who writes it is doing now, with all that its reader has not taken yet. Missing: nobody knows. */
  level?(): Level;
  /** In the place of closing the source: whoever reads it says what is wrong with it. Missing: nobody is there to be told. */
  refuse?(cause: HttpError): void;
}

/** A body without bytes, of a message that has none. */
export const NO_BODY: HttpBody = {
  source: { read: () => null, ready: () => true, watch: () => {}, unwatch: () => {}, close: () => {} },
  length: 0n,
  trailers: () => Promise.resolve(undefined),
};

/** A request, whoever made it. */
export interface HttpRequest {
  /** `GET`, `POST`, or any other token. */
  readonly method: string;
  /** `http`, `https`, or any other. */
  readonly scheme: string;
  /** Host, and port if there is one. */
  readonly authority: string;
  /** As it is sent, with the query. */
  readonly path: string;
  /** In lower case, in order, with duplicates; without those that are the transport's own. */
  readonly headers: readonly Field[];
  /** Missing: it has none. */
  readonly body: HttpBody | undefined;
  readonly timeouts: Timeouts;
}

/** Milliseconds. */
export interface Timeouts {
  /** For looking the host up and connecting. */
  readonly connect: number;
  /** From then to the response's header. */
  readonly firstByte: number;
  /** While nothing of the response's body comes that somebody waits for. */
  readonly betweenBytes: number;
}

/** A response, whoever made it. */
export interface HttpResponse {
  /** 100 to 999. */
  readonly status: number;
  /** As a request's. */
  readonly headers: readonly Field[];
  /** Missing: it has none. */
  readonly body: HttpBody | undefined;
}

/**
 * How somebody hears that a client has left. Called with what to call then, at most once; gives what to call when that
 * is no news any more.
 */
export type Leaving = (left: () => void) => () => void;

/** What carries requests out for an instance. */
export interface HttpClient {
  /**
   * Resolves with the response when its header is there, also while the request's body still flows. Rejects with an
   * `HttpError` if it can say why; anything else is a fault of the client's own, of which the guest hears no more.
   * It reads the request's body to the end, or closes it. One whose body it has not looked at when the response is over is
   * closed for it.
   *
   * @param signal Aborted when nobody wants the response any more. Its body may be wanted all the same.
   */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  /** The instance is over: lets go of connections. */
  close?(): void;
}
