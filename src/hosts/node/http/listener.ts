/** Requests that come to a server of Node's. */
import { assertPositive } from "../../../io/assert-shape.ts";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { HttpBody, HttpRequest, Leaving } from "../../../wasi/http/exchange.ts";
import type { Field } from "../../../wasi/http/fields.ts";
import { isAuthority } from "../../../wasi/http/message.ts";
import {
  bodyOf,
  cutMessage,
  endWith,
  isSecure,
  lingering,
  resetUnframed,
  sendBody,
  sendHeader,
  untilTaken,
  type Whole,
} from "./body.ts";
import { exchange, requestFrom, whyCut, type Answer, type Begun, type Failed, type Wire } from "./exchange.ts";
import { flatOf, incomingFields, rawValue } from "./fields.ts";
import { comes, isLast } from "./in-line.ts";
import { stalling, STALL_MS } from "./settling.ts";
import { StreamWire } from "./stream-wire.ts";

/** Answers what comes to servers of `node:http`, `node:https` and `node:http2`, of which it takes `request` and `checkContinue`. */
export type NodeListener = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

/** What requests come to. */
export interface ServedBy {
  /** Whether connections are about to be let go of: who asks by HTTP/1.1 is told with the last response. */
  readonly isEnding: () => boolean;
  /** Whether nobody else hears of what comes. */
  readonly isOurs: boolean;
}

const SOMEBODYS: ServedBy = { isEnding: () => false, isOurs: false };

/**
 * @param failed Told of what kept a request from being answered.
 * @param stallMs Milliseconds that a client may keep it waiting: with more of its body while somebody wants that, or by taking
 *   nothing of the response. Then it is let go of.
 * @param server Missing: somebody else's.
 */
export function nodeListener(
  answer: Answer,
  failed: Failed,
  stallMs: number = STALL_MS,
  begun?: Begun,
  server: ServedBy = SOMEBODYS,
): NodeListener {
  assertPositive("maxStallTime", stallMs);
  return (message, response) => {
    const wire =
      "stream" in response && "stream" in message
        ? new StreamWire(message.stream, message.rawHeaders, stallMs)
        : // A server gives both of the same protocol.
          new MessageWire(message as IncomingMessage, response as ServerResponse, stallMs, server);
    exchange(answer, failed, wire, begun);
  };
}

/** A client that leaves is no error of ours: what is being sent ends. */
const ignore = (): void => {};

/** HTTP/1.1. */
class MessageWire implements Wire {
  readonly request: HttpRequest | undefined;
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #stallMs: number;
  readonly #server: ServedBy;

  constructor(message: IncomingMessage, response: ServerResponse, stallMs: number, server: ServedBy) {
    this.#stallMs = stallMs;
    this.#server = server;
    comes(message, response);
    this.#message = message;
    this.#response = response;
    this.request = this.#read();
    response.on("error", ignore);
    if (this.request?.body) response.once("finish", () => outliving(message));
  }

  readonly leaving: Leaving = (left) => {
    const response = this.#response;
    response.once("close", left);
    return () => void response.off("close", left);
  };

  get isGone(): boolean {
    return this.#response.destroyed;
  }

  get hasBegun(): boolean {
    return this.#response.headersSent;
  }

  refuse(): void {
    this.#response.writeHead(400, { connection: "close" }).end();
  }

  keep(): void {
    // Once the response is sent Node throws away a request that nobody has begun to read.
    this.#message.read(0);
  }

  begin(status: number, headers: readonly Field[], length: number | undefined, hasBody: boolean): void {
    const flat = flatOf(headers, hasBody && length === undefined && this.#message.httpVersionMinor > 0);
    if (length !== undefined) flat.push("content-length", String(length));
    // Else it may send another request, of which nobody hears any more.
    if (this.#server.isEnding() && isLast(this.#message, this.#response)) flat.push("connection", "close");
    this.#response.writeHead(status, flat);
  }

  flush(): void {
    sendHeader(this.#response);
  }

  end(whole: Whole = ""): void {
    endWith(this.#response, whole);
    untilTaken(this.#response, "finish", this.#stallMs, (cause) => cutMessage(this.#response, cause));
  }

  send(body: HttpBody): Promise<void> {
    return sendBody(body, this.#response, this.#stallMs);
  }

  #read(): HttpRequest | undefined {
    const message = this.#message;
    const { method = "GET", url = "/", rawHeaders, socket, httpVersionMajor } = message;
    // Node takes a line of HTTP/2.0 or HTTP/0.9 too.
    if (httpVersionMajor !== 1) return undefined;
    // Most are a path.
    const absolute = url.startsWith("/") ? null : /^[a-z][a-z0-9+\-.]*:\/\/([^/?#]*)(.*)$/i.exec(url);
    const { fields, host, hasBody, coding } = incomingFields(rawHeaders);
    if (coding !== undefined) return undefined;
    // Nobody is to take it for another's.
    if (absolute && host !== undefined && !isAuthority(host)) return undefined;
    const path = absolute?.[2] ?? url;
    return requestFrom({
      method,
      scheme: isSecure(socket) ? "https" : "http",
      authority: absolute ? absolute[1] : host,
      path,
      headers: fields,
      body: hasBody ? this.#body() : undefined,
    });
  }

  #body(): HttpBody {
    const [message, response] = [this.#message, this.#response];
    const isWaited = isExpected(message, response);
    const stalls = stalling(this.#stallMs, "request", (reason) => {
      resetUnframed(response);
      message.destroy(reason);
    });
    return bodyOf(message, message, {
      cut: whyCut,
      isOurs: this.#server.isOurs,
      // The response is still to go out on the same connection.
      leave: () => {
        const linger = (): void => {
          if (!message.complete) lingering(message, () => void message.socket.destroy());
        };
        if (response.writableFinished) linger();
        else response.once("finish", linger);
      },
      waits: (isWaiting, source) => {
        if (isWaited && isWaiting) goOn(response);
        stalls(isWaiting, source);
      },
    });
  }
}

/** Whether who asks waits for 100 before they send the body. */
function isExpected({ rawHeaders, httpVersion }: IncomingMessage, response: ServerResponse): boolean {
  // HTTP/1.0 knows none, and whoever speaks it would take 100 for the response.
  return httpVersion !== "1.0" && rawValue(rawHeaders, "expect") !== undefined && !hasGoneOn(response);
}

/** A server without `checkContinue` has sent it by itself. Nothing public says so; to send it twice does no harm. */
function hasGoneOn(response: ServerResponse): boolean {
  return Reflect.get(response, "_sent100") === true;
}

/** Once, when somebody wants the body. Node closes a connection whose request was answered without. */
function goOn(response: ServerResponse): void {
  if (!hasGoneOn(response) && !response.headersSent && !response.destroyed) response.writeContinue();
}

/** Once the response is sent Node no longer says of the request that the client has left. */
function outliving(message: IncomingMessage): void {
  if (message.complete) return;
  const { socket } = message;
  const gone = (): void => void message.destroy(new Error("The client left"));
  const stop = (): void => void socket.off("close", gone);
  socket.once("close", gone);
  message.once("end", stop);
  message.once("close", stop);
}
