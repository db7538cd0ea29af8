/** A request of `wasi:http` as one of the Fetch standard. */
import { HttpError } from "../../wasi/http/error-code.ts";
import type { HttpBody, HttpRequest } from "../../wasi/http/exchange.ts";
import type { Field } from "../../wasi/http/fields.ts";
import { continued, gather, streamOf } from "./body.ts";
import type { HeldBodies } from "./held-bodies.ts";

/** A body that is no longer is sent in one piece where that is all the same to the guest: its length is known then. */
const PIECE_BYTES = 64 * 1024;
/** Fields that fetch sets itself, so that one of the guest's is not missed. */
const OWN: ReadonlySet<string> = new Set(["accept-charset", "accept-encoding", "content-length", "date", "dnt"]);

/** How a request is made. */
export interface RequestUse {
  readonly signal: AbortSignal;
  readonly held: HeldBodies;
  /** Whether a body that is short, or that Chromium would not send as a stream, is sent in one piece when it is over. */
  readonly isPieceIfShort: boolean;
  /** What else the request is made with. */
  readonly init?: RequestInit;
}

/** A request, and how its body is let go of once it has been sent or given up. */
export interface Asked {
  readonly asked: Request;
  readonly release: () => void;
}

/**
 * @throws {HttpError} If fetch sends no such request, by its method, its URL, a field or its body.
 * @throws What the body fails of.
 */
export async function webRequestOf(request: HttpRequest, use: RequestUse): Promise<Asked> {
  const { scheme, authority, path, method, headers, body } = request;
  // The standard has no body for these. Many guests open one all the same, and write nothing to it.
  const isBare = method === "GET" || method === "HEAD";
  if (isBare) body?.source.close();
  let taken = 0;
  const release = (): void => {
    use.held.release(taken);
    taken = 0;
  };
  const take = (bytes: number): void => {
    use.held.take(bytes);
    taken += bytes;
  };
  try {
    const given =
      body && !isBare ? await bodyInit(body, use.isPieceIfShort ? longestPiece(scheme) : 0, take) : undefined;
    const init: RequestInit & { duplex?: "half" } = {
      ...use.init,
      ...{ method, headers: headersOf(headers), redirect: "manual", signal: use.signal },
      ...(given !== undefined && { body: given, duplex: "half" }),
    };
    const asked = madeOf(request, `${scheme}://${authority}${path}`, init);
    const missing = headers.find(([name]) => !OWN.has(name) && !asked.headers.has(name));
    if (missing) throw new HttpError({ tag: "HTTP-request-denied" }, `fetch sends no field ${missing[0]}`);
    return { asked, release };
  } catch (error) {
    release();
    throw error;
  }
}

function madeOf(request: HttpRequest, url: string, init: RequestInit): Request {
  try {
    return new Request(url, init);
  } catch (cause) {
    throw refusal(request.method, url, cause);
  }
}

async function bodyInit(
  body: HttpBody,
  pieceBytes: number,
  take: (bytes: number) => void,
): Promise<BodyInit | undefined> {
  const streams = takesStreams();
  if (streams && pieceBytes === 0) return streamOf(body);
  const { bytes, isWhole } = await gather(body, streams ? pieceBytes : Infinity, take);
  if (!isWhole) return continued(bytes, body);
  return bytes.length > 0 ? bytes : undefined;
}

/** Pages send streams by HTTP/2 alone, which there is over TLS alone. */
function longestPiece(scheme: string): number {
  return scheme === "http" && globalThis.location !== undefined ? Infinity : PIECE_BYTES;
}

let streamsTaken: boolean | undefined;

/** Whether requests can have a stream for a body: where not, it would be sent as the text `[object ReadableStream]`. */
function takesStreams(): boolean {
  if (streamsTaken !== undefined) return streamsTaken;
  const init: RequestInit & { duplex: "half" } = { method: "POST", body: new ReadableStream(), duplex: "half" };
  streamsTaken = !new Request("http://name.invalid/", init).headers.has("content-type");
  return streamsTaken;
}

function refusal(method: string, url: string, cause: unknown): HttpError {
  if (/^(?:connect|trace|track)$/i.test(method)) {
    return new HttpError({ tag: "HTTP-request-method-invalid" }, `fetch sends no ${method}`, { cause });
  }
  if (!URL.canParse(url) || new URL(url).username !== "") {
    return new HttpError({ tag: "HTTP-request-URI-invalid" }, `fetch takes no ${url}`, { cause });
  }
  return new HttpError({ tag: "HTTP-protocol-error" }, "no request that fetch sends", { cause });
}

/** @throws {TypeError} For a value that the standard does not take. */
export function headersOf(fields: readonly Field[]): Headers {
  const headers = new Headers();
  for (const [name, value] of fields)
    headers.append(name, Array.from(value, (byte) => String.fromCharCode(byte)).join(""));
  return headers;
}
