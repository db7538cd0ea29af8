/** A request over a stream of HTTP/2. */
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { HttpError, type BareCode } from "../../../wasi/http/error-code.ts";
import type { HttpBody, HttpRequest, HttpResponse } from "../../../wasi/http/exchange.ts";
import { isToken } from "../../../wasi/http/fields.ts";
import { failed, httpFailure, unwanted } from "./errors.ts";
import { fieldsOf, textOf } from "./fields.ts";
import {
  CANCEL,
  endingWhole,
  headersOf,
  NO_ERROR,
  pourStream,
  rawStatus,
  RESET,
  reset,
  streamBody,
  takenHeaders,
} from "./h2.ts";
import {
  expectsContinue,
  isWanted,
  MAX_HEADER_BYTES,
  REPEATABLE,
  responseParts,
  timer,
  wrongStatus,
  type Promised,
  type Settling,
} from "./settling.ts";

/** Codes of RFC 9113 with which the other side resets a stream. */
const REFUSED_STREAM = 7;
const HTTP_1_1_REQUIRED = 13;
/** What those say that are not about the protocol, before there is a response. */
const BY_CODE: ReadonlyMap<number, BareCode> = new Map([
  [NO_ERROR, "connection-terminated"],
  [2, "connection-terminated"],
  [REFUSED_STREAM, "connection-terminated"],
  [CANCEL, "connection-terminated"],
  [12, "TLS-protocol-error"],
]);

/** The server has done nothing with the request: it may be sent again. */
export class NotProcessed extends Error {
  readonly reason: HttpError;
  /** It wants HTTP/1.1. */
  readonly wantsHttp1: boolean;

  constructor(reason: HttpError, wantsHttp1: boolean) {
    super(reason.message);
    this.reason = reason;
    this.wantsHttp1 = wantsHttp1;
  }
}

/** Of sessions: streams that are under way, and whether there have been any. */
const uses = new WeakMap<ClientHttp2Session, Use>();

interface Use {
  count: number;
  isReused: boolean;
}

/** @throws {NotProcessed} If it may be sent again. */
export function sendOverStream(
  session: ClientHttp2Session,
  request: HttpRequest,
  settling: Settling,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    try {
      new StreamSending(session, request, settling, { resolve, reject }).begin();
    } catch (cause) {
      request.body?.source.close();
      reject(httpFailure(cause));
    }
  });
}

/** From when it is sent until its stream is closed. */
class StreamSending {
  readonly #session: ClientHttp2Session;
  readonly #request: HttpRequest;
  readonly #settling: Settling;
  readonly #promised: Promised;
  readonly #stream: ClientHttp2Stream;
  readonly #isReused: boolean;
  readonly #use: Use;
  #timer: NodeJS.Timeout | undefined;
  /** Resets the stream. To close it would first end what is sent, which would look whole. */
  readonly #ending = new AbortController();
  /** Why we have ended it. */
  #reason: HttpError | undefined;
  #failure: unknown;
  #hasResponse = false;
  readonly #onAbort = (): void => this.#end(unwanted());

  /** @throws If Node does not take it. */
  constructor(session: ClientHttp2Session, request: HttpRequest, settling: Settling, promised: Promised) {
    this.#session = session;
    this.#request = request;
    this.#settling = settling;
    this.#promised = promised;
    const { body } = request;
    // In Deno a body may come before its header is told of.
    this.#stream = endingWhole(
      session.request(takenHeaders(headersFor(request)), {
        endStream: !body,
        waitForTrailers: body !== undefined,
        signal: this.#ending.signal,
      }),
    );
    const use = uses.get(session) ?? { count: 0, isReused: false };
    uses.set(session, use);
    this.#use = use;
    this.#isReused = use.isReused;
    use.isReused = true;
  }

  begin(): void {
    const { body, timeouts } = this.#request;
    // Nobody waits for a session that nobody uses.
    if (this.#use.count++ === 0) this.#session.ref();
    this.#stream.once("close", () => {
      if (--this.#use.count === 0) this.#session.unref();
      this.#closed();
    });
    this.#stream.on("error", (cause: unknown) => (this.#failure ??= cause));
    this.#stream.once("response", (_: unknown, __: unknown, raw: readonly string[]) => this.#answered(raw));
    this.#settling.signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#timer = timer(timeouts.firstByte, () =>
      this.#end(failed("connection-read-timeout", `no response in ${timeouts.firstByte} ms`)),
    );
    if (body) void this.#send(body);
  }

  async #send(body: HttpBody): Promise<void> {
    const statusOf = (headers: unknown): number => Number(Reflect.get(Object(headers), ":status"));
    if (!expectsContinue(this.#request) || (await isWanted(this.#stream, statusOf))) {
      await pourStream(body, this.#stream);
      return;
    }
    body.source.close();
    this.#stream.once("end", () => this.#end(unwanted()));
  }

  #end(reason: HttpError): void {
    this.#reason ??= reason;
    reset(this.#stream, reason, () => this.#ending.abort());
    // Also where that waits for the connection.
    this.#closed();
  }

  #settled(): void {
    clearTimeout(this.#timer);
    this.#settling.signal.removeEventListener("abort", this.#onAbort);
  }

  #answered(raw: readonly string[]): void {
    const bytes = raw.reduce((sum, text) => sum + text.length, 0);
    if (bytes > MAX_HEADER_BYTES) {
      const code = { tag: "HTTP-response-header-section-size", val: bytes } as const;
      this.#end(new HttpError(code, `a header of ${bytes} bytes, of at most ${MAX_HEADER_BYTES}`));
      return;
    }
    const status = rawStatus(raw);
    const wrong = wrongStatus(status);
    if (wrong) {
      this.#end(wrong);
      return;
    }
    this.#hasResponse = true;
    this.#settled();
    const parts = responseParts(this.#request.timeouts.betweenBytes, (reason) => this.#end(reason));
    const body = streamBody(this.#stream, raw, {
      ...parts,
      cut: (cause) => parts.cut(this.#reason ?? cause),
      leave: () => this.#end(unwanted()),
    });
    this.#promised.resolve({ status, headers: fieldsOf(raw), body });
  }

  #closed(): void {
    this.#settled();
    const { body } = this.#request;
    body?.source.close();
    if (this.#hasResponse) {
      this.#settling.over();
      return;
    }
    const error = this.#reason ?? this.#failed();
    const mayRepeat = !body && !this.#reason;
    if (mayRepeat && this.#isUntouched()) {
      this.#promised.reject(new NotProcessed(error, this.#stream.rstCode === HTTP_1_1_REQUIRED));
    } else this.#promised.reject(error);
  }

  /** Whether the server says so, or nobody minds: a connection that was kept is gone, which the other side closed meanwhile. */
  #isUntouched(): boolean {
    const { rstCode } = this.#stream;
    if (rstCode === REFUSED_STREAM || rstCode === HTTP_1_1_REQUIRED) return true;
    return this.#session.destroyed && this.#isReused && REPEATABLE.has(this.#request.method);
  }

  #failed(): HttpError {
    const { rstCode } = this.#stream;
    const isReset = codeOf(this.#failure) === RESET || this.#failure === undefined;
    if (!isReset) return httpFailure(this.#failure);
    return failed(BY_CODE.get(rstCode) ?? "HTTP-protocol-error", `the stream was reset: ${rstCode}`, this.#failure);
  }
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && "code" in cause ? cause.code : undefined;
}

/** @throws {HttpError} If it cannot be sent. */
function headersFor({ method, scheme, authority, path, headers }: HttpRequest): readonly string[] {
  // A tunnel, which is no exchange.
  if (!isToken(method) || method === "CONNECT") throw failed("HTTP-request-method-invalid", `the method ${method}`);
  const sent = textOf(Buffer.from(path));
  if (!/^[!-~\x80-\xff]+$/.test(sent)) throw failed("HTTP-request-URI-invalid", `the path ${path}`);
  const first = [":method", method, ":scheme", scheme, ":authority", authority, ":path", sent];
  return [...first, ...headersOf(headers)];
}
