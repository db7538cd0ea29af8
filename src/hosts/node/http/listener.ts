/** Requests that come to a server of Node's. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { HttpError } from "../../../wasi/http/error-code.ts";
import type { HttpBody, HttpRequest, HttpResponse, Leaving, Timeouts } from "../../../wasi/http/exchange.ts";
import { contentLength } from "../../../wasi/http/fields.ts";
import { isAuthority } from "../../../wasi/http/message.ts";
import { bodyOf, endWith, sendBody, wholeOf } from "./body.ts";
import { flatOf, incomingFields } from "./fields.ts";

/**
 * Answers a request.
 *
 * @param leaving See `Leaving`.
 */
export type Answer = (request: HttpRequest, leaving: Leaving) => Promise<HttpResponse>;

/** How long the rest of a request is read, and thrown away, that nobody wanted to the end: the response is to arrive. */
const LINGER_MS = 5000;
const LINGER_BYTES = 1024 * 1024;

/** Nobody limits what a server does but itself. */
const NO_TIMEOUTS: Timeouts = { connect: Infinity, firstByte: Infinity, betweenBytes: Infinity };

const FAILED = "<!doctype html><title>500 Internal Server Error</title><h1>500 Internal Server Error</h1>\n";

/** @param failed Told of what kept a request from being answered. */
export function nodeListener(answer: Answer, failed: (error: unknown, request: HttpRequest) => void): RequestListener {
  return (message, response) => void exchange(answer, failed, message, response);
}

/** A client that leaves is no error of ours: what is being sent ends. */
const ignore = (): void => {};

async function exchange(
  answer: Answer,
  failed: (error: unknown, request: HttpRequest) => void,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const request = requestOf(message, response);
  if (!request) {
    response.writeHead(400, { connection: "close" }).end();
    return;
  }
  response.on("error", ignore);
  if (request.body) response.once("finish", () => outliving(message));
  let given: HttpResponse | undefined;
  let rest: HttpBody | undefined;
  let isLeft = false;
  try {
    given = await answer(request, (left) => {
      const leave = (): void => {
        isLeft = true;
        left();
      };
      response.once("close", leave);
      return () => void response.off("close", leave);
    });
    if (response.destroyed) {
      given.body?.source.close();
      return;
    }
    // Once the response is sent Node throws away a request that nobody has begun to read: the guest may still want it.
    if (request.body) message.read(0);
    rest = begin(given, request.method, response);
  } catch (error) {
    given?.body?.source.close();
    // Nobody was asked.
    if (isLeft) return;
    failed(error, request);
    if (!response.destroyed && !response.headersSent) {
      response.writeHead(500, { "content-type": "text/html; charset=utf-8", "content-length": FAILED.length });
      response.end(FAILED);
    }
    return;
  }
  if (rest) await sendBody(rest, response);
}

function requestOf(message: IncomingMessage, response: ServerResponse): HttpRequest | undefined {
  const { method = "GET", url = "/", rawHeaders, socket } = message;
  // Most are a path.
  const absolute = url.startsWith("/") ? null : /^https?:\/\/([^/?#]*)(.*)$/i.exec(url);
  const { fields, host, hasBody } = incomingFields(rawHeaders);
  const authority = absolute ? absolute[1] : host;
  if (authority === undefined || !isAuthority(authority)) return undefined;
  const path = absolute?.[2] ?? url;
  return {
    method,
    scheme: "encrypted" in socket ? "https" : "http",
    authority,
    path: path.startsWith("/") || path === "*" ? path : `/${path}`,
    headers: fields,
    body: hasBody
      ? bodyOf(message, {
          cut: (cause) => new HttpError({ tag: "connection-terminated" }, "the client left", { cause }),
          // The response is still to go out on the same connection.
          leave: () => {
            if (response.writableFinished) lingering(message);
            else response.once("finish", () => lingering(message));
          },
        })
      : undefined,
    timeouts: NO_TIMEOUTS,
  };
}

/**
 * Writes the header, and ends a response without a body, or whose body is there.
 *
 * @returns The body that is still to be sent.
 * @throws If it cannot be sent as it is: whoever reads the connection would take what follows for its body.
 */
function begin(
  { status, headers, body }: HttpResponse,
  method: string,
  response: ServerResponse,
): HttpBody | undefined {
  if (status < 200) throw unsendable(`the status ${status}, which ends no exchange`);
  const length = contentLength(headers);
  // By RFC 9110 these have none, and may say how long it would be.
  const isBare = method === "HEAD" || status === 204 || status === 304;
  if (!body && !isBare && (length ?? 0n) > 0n) throw unsendable(`a content-length of ${length}, and no body`);
  const flat = flatOf(headers);
  if (!body || isBare) {
    if (!isBare && length === undefined) flat.push("content-length", "0");
    response.writeHead(status, flat);
    body?.source.close();
    response.end();
    return undefined;
  }
  if (body.isWhole?.() === true) {
    const whole = wholeOf(body);
    if (length === undefined) flat.push("content-length", String(whole.length));
    response.writeHead(status, flat);
    endWith(response, whole);
    return undefined;
  }
  // One that has failed before anything was sent: throws what it failed of.
  body.source.read(0);
  response.writeHead(status, flat);
  // With what is there of the body, or alone.
  if (!body.source.ready()) response.flushHeaders();
  return body;
}

function unsendable(what: string): HttpError {
  return new HttpError({ tag: "HTTP-protocol-error" }, `the guest answered with ${what}`);
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

/** A connection that is closed with bytes unread is reset, and the response with it. */
function lingering(message: IncomingMessage): void {
  if (message.complete || message.listenerCount("data") > 0) return;
  const { socket } = message;
  const end = (): void => void socket.destroy();
  const timer = setTimeout(end, LINGER_MS);
  timer.unref();
  let bytes = 0;
  message.on("error", () => {});
  message.on("data", (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > LINGER_BYTES) end();
  });
  message.once("end", () => clearTimeout(timer));
  message.once("close", () => clearTimeout(timer));
}
