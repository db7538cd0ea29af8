/** A request is answered: what HTTP/1.1 and HTTP/2 have in common. */
import { HttpError } from "../../../wasi/http/error-code.ts";
import type { HttpBody, HttpRequest, HttpResponse, Leaving, Timeouts } from "../../../wasi/http/exchange.ts";
import { contentLength, type Field } from "../../../wasi/http/fields.ts";
import { isAuthority } from "../../../wasi/http/message.ts";
import { wholeOf, type Whole } from "./body.ts";
import { cohort, type Member } from "./cohort.ts";

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
  /** Sends a body, and ends the response. One that fails never looks complete. Never rejects. */
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
  if (authority === undefined || !isGood(authority)) return undefined;
  // Written out: to copy what is there takes several times as long, for each request.
  return { method, scheme, authority, path: pathOf(path), headers, body, timeouts: NO_TIMEOUTS };
}

/** The one that was looked at last, and is one: most of those who ask a server call it by the same name. */
let known: string | undefined;

function isGood(authority: string): boolean {
  if (authority !== known && isAuthority(authority)) known = authority;
  return authority === known;
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

/** Has a request answered, with all others that come in this turn of the event loop. */
export function exchange(answer: Answer, failed: Failed, wire: Wire, begun: Begun = () => {}): void {
  const { request } = wire;
  if (request) cohort.begin(new Exchange(answer, failed, begun, wire, request));
  else wire.refuse();
}

class Exchange implements Member {
  readonly #answer: Answer;
  readonly #failed: Failed;
  readonly #begun: Begun;
  readonly #wire: Wire;
  readonly #request: HttpRequest;
  #isLeft = false;
  #given: HttpResponse | undefined;
  #fault: { readonly error: unknown } | undefined;

  constructor(answer: Answer, failed: Failed, begun: Begun, wire: Wire, request: HttpRequest) {
    this.#answer = answer;
    this.#failed = failed;
    this.#begun = begun;
    this.#wire = wire;
    this.#request = request;
  }

  begin(): void {
    if (this.#wire.isGone) {
      this.#leave(this.#request.body);
      return;
    }
    this.#answer(this.#request, this.#leaving).then(
      (given) => {
        this.#given = given;
        cohort.end(this);
      },
      (error: unknown) => {
        this.#fault = { error };
        cohort.end(this);
      },
    );
  }

  end(): void {
    // If it has left before its turn nobody was asked.
    if (this.#isLeft || (this.#given && this.#wire.isGone)) {
      this.#leave(this.#given?.body);
      return;
    }
    let rest: HttpBody | undefined;
    try {
      rest = this.#respond();
    } catch (error) {
      this.#given?.body?.source.close();
      this.#fail(error);
    }
    if (rest) void this.#wire.send(rest);
  }

  readonly #leaving: Leaving = (left) =>
    this.#wire.leaving(() => {
      this.#isLeft = true;
      left();
    });

  /** Nobody is there who could be answered. */
  #leave(body: HttpBody | undefined): void {
    body?.source.close();
    this.#begun(this.#request, undefined);
  }

  /** @returns The body that is still to be sent. @throws What keeps it from being answered. */
  #respond(): HttpBody | undefined {
    if (this.#fault) throw this.#fault.error;
    if (!this.#given) throw new Error("A request ends that nobody has answered");
    if (this.#request.body) this.#wire.keep();
    const rest = begin(this.#given, this.#request.method, this.#wire);
    this.#begun(this.#request, this.#given.status);
    return rest;
  }

  #fail(error: unknown): void {
    const wire = this.#wire;
    this.#failed(error, this.#request);
    const isTold = !wire.isGone && !wire.hasBegun;
    if (isTold) {
      wire.begin(500, FAILED_HEADERS, FAILED.length, true);
      wire.end(FAILED);
    }
    this.#begun(this.#request, isTold ? 500 : undefined);
  }
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
    // By HTTP/2 the header of one without bytes is its end, as gRPC wants it of a call that fails at once.
    wire.begin(status, headers, length === undefined ? whole.length : undefined, whole.length > 0);
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

/** @param what The guest has answered with. */
export function unsendable(what: string): HttpError {
  return new HttpError({ tag: "HTTP-protocol-error" }, `the guest answered with ${what}`);
}
