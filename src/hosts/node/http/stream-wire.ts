/** A stream of HTTP/2 that carries a request to a server. */
import type { Http2Stream, ServerHttp2Stream } from "node:http2";
import type { HttpBody, HttpRequest, Leaving } from "../../../wasi/http/exchange.ts";
import type { Field } from "../../../wasi/http/fields.ts";
import { lingering, untilTaken, type Whole } from "./body.ts";
import { requestFrom, unsendable, whyCut, type Wire } from "./exchange.ts";
import { incomingFields, rawValue } from "./fields.ts";
import {
  CANCEL,
  endingWhole,
  endStream,
  headersOf,
  NO_ERROR,
  pourStream,
  pseudoOf,
  reset,
  streamBody,
  takenHeaders,
} from "./h2.ts";
import { stalling, timer } from "./settling.ts";

const REFUSED = 400;
const LAST_STATUS = 599;

export class StreamWire implements Wire {
  readonly request: HttpRequest | undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #stallMs: number;

  constructor(stream: Http2Stream, rawHeaders: readonly string[], stallMs: number) {
    // A server has these.
    this.#stream = stream as ServerHttp2Stream;
    this.#stallMs = stallMs;
    this.request = this.#read(rawHeaders);
    // A client that leaves is no error of ours: what is being sent ends.
    stream.on("error", () => {});
    stream.once("finish", () => this.#untilLeft());
  }

  get isGone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  get hasBegun(): boolean {
    return this.#stream.headersSent;
  }

  refuse(): void {
    // What came with it has ended its stream: Node would throw.
    if (this.isGone) return;
    this.#stream.respond({ ":status": REFUSED }, { endStream: true });
    this.#linger();
  }

  // It is begun to be read with each response.
  keep(): void {}

  readonly leaving: Leaving = (left) => {
    const stream = this.#stream;
    stream.once("close", left);
    return () => void stream.off("close", left);
  };

  begin(status: number, headers: readonly Field[], length: number | undefined, hasBody: boolean): void {
    if (status > LAST_STATUS) throw unsendable(`the status ${status}, which Node does not send by HTTP/2`);
    // Node throws away a request that nobody has begun to read once the response is finished, and resets the stream: also while
    // the end of the response still waits for the client's window, so that it never arrives.
    if (this.#stream.endAfterHeaders) this.#stream.resume();
    else this.#stream.read(0);
    // To Node 205 has no body, whatever it says.
    const isReset = status === 205;
    const said = isReset ? headers.filter(([name]) => name !== "content-length") : headers;
    const flat = [":status", String(status), ...headersOf(said)];
    if (length !== undefined && !isReset) flat.push("content-length", String(length));
    this.#stream.respond(takenHeaders(flat), { endStream: !hasBody, waitForTrailers: hasBody });
  }

  // It is sent.
  flush(): void {}

  end(whole?: Whole): void {
    if (this.#stream.writableEnded) return;
    endStream(this.#stream, [], whole);
    untilTaken(this.#stream, "finish", this.#stallMs, (cause) => reset(this.#stream, cause));
  }

  async send(body: HttpBody): Promise<void> {
    if (this.#stream.writableEnded) body.source.close();
    else await pourStream(body, this.#stream, this.#stallMs);
  }

  /** To reset it at once could take away what is still to be sent. */
  #linger(): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    lingering(stream, () => stream.close(this.#hasLeft() ? NO_ERROR : CANCEL));
  }

  /** Whether the client has been sent the end of the response: Node has finished it when that waits for nothing but the client. */
  #hasLeft(): boolean {
    return this.#stream.destroyed || this.#stream.state.localClose === 1;
  }

  /** Lets go of a client that takes the end of its response no more than the rest. */
  #untilLeft(): void {
    const stream = this.#stream;
    if (this.#hasLeft()) return;
    const late = timer(this.#stallMs, () => {
      if (!this.#hasLeft()) stream.close(CANCEL);
    });
    stream.once("close", () => clearTimeout(late));
  }

  #read(rawHeaders: readonly string[]): HttpRequest | undefined {
    const stream = this.#stream;
    const pseudo = pseudoOf(rawHeaders);
    const [method, path] = [pseudo.get(":method"), pseudo.get(":path")];
    // As for a tunnel.
    if (method === undefined || path === undefined) return undefined;
    // By HTTP/1.1 Node takes no others.
    if (!/^[!-~]*$/.test(path)) return undefined;
    const { fields, host } = incomingFields(withOneCookie(rawHeaders));
    const authority = pseudo.get(":authority") ?? host;
    // Nobody is to take it for another's.
    if (host !== undefined && host.toLowerCase() !== authority?.toLowerCase()) return undefined;
    return requestFrom({
      method,
      scheme: stream.session?.encrypted === true ? "https" : "http",
      authority,
      path,
      headers: fields,
      body: stream.endAfterHeaders ? undefined : this.#body(rawHeaders),
    });
  }

  #body(rawHeaders: readonly string[]): HttpBody {
    const stream = this.#stream;
    const isExpected = rawValue(rawHeaders, "expect") !== undefined && !stream.sentInfoHeaders?.length;
    let isAsked = false;
    const goOn = (): void => {
      if (isAsked || stream.headersSent || this.isGone) return;
      isAsked = true;
      stream.additionalHeaders({ ":status": 100 });
    };
    const stalls = stalling(this.#stallMs, "request", (reason) => reset(stream, reason));
    return streamBody(endingWhole(stream), rawHeaders, {
      cut: whyCut,
      leave: () => {
        if (stream.writableFinished) this.#linger();
        else stream.once("finish", () => this.#linger());
      },
      waits: (isWaiting, source) => {
        if (isExpected && isWaiting) goOn();
        stalls(isWaiting, source);
      },
    });
  }
}

/** RFC 9113 has them apart, as they compress better; elsewhere there is one. */
function withOneCookie(rawHeaders: readonly string[]): readonly string[] {
  const cookies = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1] === "cookie");
  if (cookies.length < 2) return rawHeaders;
  const first = rawHeaders.indexOf("cookie");
  const isOther = (at: number): boolean => rawHeaders[at - (at % 2)] !== "cookie" || at - (at % 2) === first;
  return rawHeaders.filter((_, at) => isOther(at)).with(first + 1, cookies.join("; "));
}
