/** A request is answered: what HTTP/1.1 and HTTP/2 have in common. */
import { HttpError } from "../../../wasi/http/error-code.ts";
import type { HttpBody, HttpRequest, HttpResponse, Leaving, Timeouts } from "../../../wasi/http/exchange.ts";
import { contentLength, type Field } from "../../../wasi/http/fields.ts";
import { isAuthority } from "../../../wasi/http/message.ts";
import { wholeOf, type Whole } from "./body.ts";

/**
 * Answers a request.
 *
 * @param leaving See `Leaving`.
 */
export type Answer = (request: HttpRequest, leaving: Leaving) => Promise<HttpResponse>;

/** Told of what kept a request from being answered. */
export type Failed = (error: unknown, request: HttpRequest) => void;

/** Told of what each request was answered with, when that is begun to be sent; of nothing if who asked has left. */
export type Begun = (request: HttpRequest, status: number | undefined) => void;

/** One exchange, as a protocol has it. */
export interface Wire {
  /** Missing: what came is none. */
  readonly request: HttpRequest | undefined;
  /** Whether who asked has left. */
  readonly isGone: boolean;
  /** Whether the header of the response is sent. */
  readonly hasBegun: boolean;
  /** Answers what is no request. */
  refuse(): void;
  /** The request's body may be wanted when the response is sent already. */
  keep(): void;
  /** See `Leaving`. */
  readonly leaving: Leaving;
  /** @param length Bytes of the body, where the headers do not say it. */
  begin(status: number, headers: readonly Field[], length: number | undefined, hasBody: boolean): void;
  /** Sends the header, if it has not left yet, before there is anything of the body. */
  flush(): void;
  /** Ends a response that has no body, or these bytes. */
  end(whole?: Whole): void;
  /** Sends a body, and ends the response. One that fails never looks complete. */
  send(body: HttpBody): Promise<void>;
}

/** Nobody limits what a server does but itself. */
const NO_TIMEOUTS: Timeouts = { connect: Infinity, firstByte: Infinity, betweenBytes: Infinity };

const FAILED_HEADERS: readonly Field[] = [["content-type", Buffer.from("text/html; charset=utf-8")]];
const FAILED = "<!doctype html><title>500 Internal Server Error</title><h1>500 Internal Server Error</h1>\n";

/** A request as it came; `undefined` if it does not say whom it is for. @param given Its path as it came. */
export function requestFrom(
  given: Omit<HttpRequest, "authority" | "timeouts"> & {
    readonly authority: string | undefined;
  },
): HttpRequest | undefined {
  const { method, scheme, authority, path, headers, body } = given;
  if (authority === undefined || !isAuthority(authority)) return undefined;
  // Written out: to copy what is there takes several times as long, for each request.
  return { method, scheme, authority, path: pathOf(path), headers, body, timeouts: NO_TIMEOUTS };
}

/** What a target says behind the authority: absolute, and without a fragment, which is nobody's but the client's. */
function pathOf(target: string): string {
  const end = target.indexOf("#");
  const path = end < 0 ? target : target.slice(0, end);
  return path.startsWith("/") || path === "*" ? path : `/${path}`;
}

/** What a request's body failed of that does not come to its end. */
export function whyCut(cause: unknown): HttpError {
  if (cause instanceof HttpError) return cause;
  return new HttpError({ tag: "connection-terminated" }, "the client left", { cause });
}

/** Never rejects. */
export async function exchange(answer: Answer, failed: Failed, wire: Wire, begun: Begun = () => {}): Promise<void> {
  const { request } = wire;
  if (!request) {
    wire.refuse();
    return;
  }
  let given: HttpResponse | undefined;
  let rest: HttpBody | undefined;
  let isLeft = false;
  try {
    given = await answer(request, (left) =>
      wire.leaving(() => {
        isLeft = true;
        left();
      }),
    );
    if (wire.isGone) {
      given.body?.source.close();
      begun(request, undefined);
      return;
    }
    if (request.body) wire.keep();
    rest = begin(given, request.method, wire);
    begun(request, given.status);
  } catch (error) {
    given?.body?.source.close();
    // Nobody was asked.
    if (!isLeft) failed(error, request);
    const isTold = !isLeft && !wire.isGone && !wire.hasBegun;
    if (isTold) {
      wire.begin(500, FAILED_HEADERS, FAILED.length, true);
      wire.end(FAILED);
    }
    begun(request, isTold ? 500 : undefined);
    return;
  }
  if (rest) await wire.send(rest);
}

/**
 * Writes the header, and ends a response without a body, or whose body is there.
 *
 * @returns The body that is still to be sent.
 * @throws If it cannot be sent as it is: whoever reads the connection would take what follows for its body.
 */
function begin({ status, headers, body }: HttpResponse, method: string, wire: Wire): HttpBody | undefined {
  if (status < 200) throw unsendable(`the status ${status}, which ends no exchange`);
  const length = contentLength(headers);
  // By RFC 9110 these have none, and may say how long it would be.
  const isBare = method === "HEAD" || status === 204 || status === 304;
  if (!body && !isBare && (length ?? 0n) > 0n) throw unsendable(`a content-length of ${length}, and no body`);
  if (!body || isBare) {
    wire.begin(status, headers, isBare || length !== undefined ? undefined : 0, false);
    body?.source.close();
    wire.end();
    return undefined;
  }
  if (body.isWhole?.() === true) {
    const whole = wholeOf(body);
    wire.begin(status, headers, length === undefined ? whole.length : undefined, true);
    wire.end(whole);
    return undefined;
  }
  // One that has failed before anything was sent: throws what it failed of.
  body.source.read(0);
  wire.begin(status, headers, undefined, true);
  // With what is there of the body, or alone.
  if (!body.source.ready()) wire.flush();
  return body;
}

function unsendable(what: string): HttpError {
  return new HttpError({ tag: "HTTP-protocol-error" }, `the guest answered with ${what}`);
}
