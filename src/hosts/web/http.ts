/** Requests and responses of the Fetch standard, from and to those of `wasi:http`. */
import { told } from "../../io/told.ts";
import { HttpError } from "../../wasi/http/error-code.ts";
import type { HttpRequest, HttpResponse, Leaving, Timeouts } from "../../wasi/http/exchange.ts";
import { permittedFields, type Field } from "../../wasi/http/fields.ts";
import { bodyOf, requestStream, streamOf } from "./body.ts";
import { headersOf } from "./request.ts";

const NO_TIMEOUTS: Timeouts = { connect: Infinity, firstByte: Infinity, betweenBytes: Infinity };
/** Those that may have no body. */
const BARE_STATUS: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

function fieldsOf(headers: Headers): Field[] {
  return permittedFields(Array.from(headers, ([name, value]): Field => [name, latin1(value)]));
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff);
}

/** What a guest is asked, as a `Request` has it. */
export function incomingOf(request: Request): HttpRequest {
  if (typeof Object(request).url !== "string") throw new TypeError(`fetch takes a Request, got ${told(request)}`);
  const { protocol, host, pathname, search } = new URL(request.url);
  return {
    method: request.method,
    scheme: protocol.slice(0, -1),
    authority: host,
    path: pathname + search,
    headers: fieldsOf(request.headers),
    body: bodyOf(requestStream(request), request.headers),
    timeouts: NO_TIMEOUTS,
  };
}

/** Who asks may leave by a signal. */
export function leavingOf(signal: AbortSignal): Leaving {
  return (left) => {
    if (signal.aborted) left();
    else signal.addEventListener("abort", left, { once: true });
    return () => signal.removeEventListener("abort", left);
  };
}

/**
 * What a guest answered, as a `Response`. Trailers are lost: the standard has none.
 *
 * @throws {HttpError} If the standard has no such response, as with a status of 600.
 */
export function webResponseOf({ status, headers, body }: HttpResponse): Response {
  const isBare = BARE_STATUS.has(status);
  try {
    const response = new Response(body && !isBare ? streamOf(body) : null, { status, headers: headersOf(headers) });
    if (isBare) body?.source.close();
    return response;
  } catch (cause) {
    // Whoever writes it would wait for a reader.
    body?.source.close();
    throw new HttpError({ tag: "HTTP-protocol-error" }, `no response that Fetch has: status ${status}`, { cause });
  }
}

/**
 * What a guest is answered, as a `Response` has it.
 *
 * @param within As of `bodyOf`.
 * @throws {HttpError} For one of which nothing may be seen: a redirect that `fetch` shows to nobody.
 */
export function outcomeOf(response: Response, within?: <T>(more: Promise<T>) => Promise<T>): HttpResponse {
  const { status, body, type } = response;
  if (type === "opaqueredirect") {
    const text = "the answer is a redirect, which fetch neither shows nor was to follow";
    throw new HttpError({ tag: "internal-error", val: text }, text);
  }
  const headers = new Headers(response.headers);
  // What `fetch` has received is decoded already, though its header says otherwise. One that was made is as it says.
  if (type !== "default" && headers.has("content-encoding")) {
    headers.delete("content-encoding");
    headers.delete("content-length");
  }
  return { status, headers: fieldsOf(headers), body: bodyOf(body, headers, within) };
}
