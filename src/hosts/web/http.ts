/** Requests and responses of the Fetch standard, from and to those of `wasi:http`. */
import type { Source } from "../../io/ports.ts";
import { changed } from "../../io/steps.ts";
import { HttpError } from "../../wasi/http/error-code.ts";
import type { HttpBody, HttpClient, HttpRequest, HttpResponse, Timeouts } from "../../wasi/http/exchange.ts";
import { permittedFields, type Field } from "../../wasi/http/fields.ts";
import type { FetchAdapter } from "../../run/fetch.ts";
import { webSource } from "./readable.ts";

const READ_BYTES = 64 * 1024;
const NO_TIMEOUTS: Timeouts = { connect: Infinity, firstByte: Infinity, betweenBytes: Infinity };
/** Those that may have no body. */
const BARE_STATUS: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

/** A body as a stream of bytes; what it fails of errors the stream. */
function streamOf({ source }: HttpBody): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      try {
        const bytes = await next(source);
        if (bytes) controller.enqueue(bytes.slice());
        else {
          controller.close();
          // A reader that brought its own buffer waits for an answer.
          controller.byobRequest?.respond(0);
        }
      } catch (cause) {
        controller.error(cause);
      }
    },
    cancel: () => source.close(),
  });
}

async function next(source: Source): Promise<Uint8Array | null> {
  for (;;) {
    const bytes = source.read(READ_BYTES);
    if (bytes === null || bytes.length > 0) return bytes;
    // oxlint-disable-next-line no-await-in-loop -- until there is something
    await changed(source);
  }
}

function bodyOf(stream: ReadableStream<Uint8Array> | null, headers: Headers): HttpBody | undefined {
  if (!stream) return undefined;
  const length = headers.get("content-length");
  return {
    source: webSource(stream),
    length: length !== null && /^\d+$/.test(length) ? BigInt(length) : undefined,
    trailers: () => Promise.resolve(undefined),
  };
}

function fieldsOf(headers: Headers): Field[] {
  return permittedFields(Array.from(headers, ([name, value]): Field => [name, latin1(value)]));
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff);
}

/** @throws {TypeError} For a value that the standard does not take. */
function headersOf(fields: readonly Field[]): Headers {
  const headers = new Headers();
  for (const [name, value] of fields)
    headers.append(name, Array.from(value, (byte) => String.fromCharCode(byte)).join(""));
  return headers;
}

/** What a guest is asked, as a `Request` has it. */
export function incomingOf(request: Request): HttpRequest {
  const { protocol, host, pathname, search } = new URL(request.url);
  return {
    method: request.method,
    scheme: protocol.slice(0, -1),
    authority: host,
    path: pathname + search,
    headers: fieldsOf(request.headers),
    body: bodyOf(request.body, request.headers),
    timeouts: NO_TIMEOUTS,
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

async function fetched(request: HttpRequest, signal: RequestInit["signal"]): Promise<Response> {
  try {
    return await fetch(webRequestOf(request, signal));
  } catch (cause) {
    throw cause instanceof HttpError
      ? cause
      : new HttpError({ tag: "connection-terminated" }, "fetch failed", { cause });
  }
}

function webRequestOf(
  { scheme, authority, path, method, headers, body }: HttpRequest,
  signal: RequestInit["signal"],
): Request {
  // The standard has no body for these. Many guests open one all the same, and write nothing to it.
  const isBare = method === "GET" || method === "HEAD";
  if (isBare) body?.source.close();
  const init: RequestInit & { duplex?: "half" } = {
    ...{ method, headers: headersOf(headers), redirect: "manual" },
    ...(signal && { signal }),
    ...(body && !isBare && { body: streamOf(body), duplex: "half" }),
  };
  try {
    return new Request(`${scheme}://${authority}${path}`, init);
  } catch (cause) {
    throw new HttpError({ tag: "HTTP-protocol-error" }, "no request that fetch sends", { cause });
  }
}

/** For a client that is a function of a `Request`. */
export const webFetch: FetchAdapter = {
  requestOf: (request, signal) => webRequestOf(request, signal),
  responseOf(given) {
    if (!(given instanceof Response)) {
      throw new TypeError(`http: the function must give a Response, got ${given === null ? "null" : typeof given}`);
    }
    const { status, body, type } = given;
    const headers = new Headers(given.headers);
    // What `fetch` has received is decoded already, though its header says otherwise. One that was made is as it says.
    if (type !== "default" && headers.has("content-encoding")) {
      headers.delete("content-encoding");
      headers.delete("content-length");
    }
    return { status, headers: fieldsOf(headers), body: bodyOf(body, headers) };
  },
};

/** Sends requests by `fetch`, as far as that goes: what it refuses fails, and it follows no redirect. */
export const webClient: HttpClient = {
  send: async (request, signal) => webFetch.responseOf(await fetched(request, signal)),
};
