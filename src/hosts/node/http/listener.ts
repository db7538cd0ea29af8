/** Requests that come to a server of Node's. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { HttpError } from "../../../wasi/http/error-code.ts";
import type { HttpRequest, HttpResponse, Timeouts } from "../../../wasi/http/exchange.ts";
import { bodyOf, sendBody } from "./body.ts";
import { fieldsOf, flatOf, rawValue } from "./fields.ts";

/** Answers a request. */
export type Answer = (request: HttpRequest) => Promise<HttpResponse>;

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

async function exchange(
  answer: Answer,
  failed: (error: unknown, request: HttpRequest) => void,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const request = requestOf(message);
  if (!request) {
    response.writeHead(400, { connection: "close" }).end();
    return;
  }
  // A client that leaves is no error of ours: what is being sent ends.
  response.on("error", () => {});
  response.once("finish", () => lingering(message));
  let given: HttpResponse;
  try {
    given = await answer(request);
  } catch (error) {
    failed(error, request);
    if (!response.destroyed) {
      response.writeHead(500, { "content-type": "text/html; charset=utf-8", "content-length": FAILED.length });
      response.end(FAILED);
    }
    return;
  }
  if (response.destroyed) {
    given.body?.source.close();
    return;
  }
  await send(given, response);
}

function requestOf(message: IncomingMessage): HttpRequest | undefined {
  const { method = "GET", url = "/", rawHeaders, socket } = message;
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url);
  const authority = absolute ? absolute[1] : rawValue(rawHeaders, "host");
  if (authority === undefined || authority === "") return undefined;
  const hasBody =
    rawValue(rawHeaders, "content-length") !== undefined || rawValue(rawHeaders, "transfer-encoding") !== undefined;
  const path = absolute?.[2] ?? url;
  return {
    method,
    scheme: "encrypted" in socket ? "https" : "http",
    authority,
    path: path.startsWith("/") || path === "*" ? path : `/${path}`,
    headers: fieldsOf(rawHeaders),
    body: hasBody
      ? bodyOf(message, {
          cut: (cause) => new HttpError({ tag: "connection-terminated" }, "the client left", { cause }),
          // The response is still to go out on the same connection.
          leave: () => {},
        })
      : undefined,
    timeouts: NO_TIMEOUTS,
  };
}

async function send({ status, headers, body }: HttpResponse, response: ServerResponse): Promise<void> {
  try {
    if (!body) {
      const isBare =
        status < 200 || status === 204 || status === 304 || headers.some(([name]) => name === "content-length");
      response.writeHead(status, isBare ? flatOf(headers) : [...flatOf(headers), "content-length", "0"]);
      response.end();
      return;
    }
    response.writeHead(status, flatOf(headers));
    // With what is there of the body, or alone.
    if (!body.source.ready()) response.flushHeaders();
  } catch (cause) {
    // What a guest makes that Node does not send, such as a second content-length.
    body?.source.close();
    response.destroy(cause instanceof Error ? cause : undefined);
    return;
  }
  await sendBody(body, response);
}

/** A connection that is closed with bytes unread is reset, and the response with it. */
function lingering(message: IncomingMessage): void {
  if (message.complete) return;
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
