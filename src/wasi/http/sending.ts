/** What a guest has made of a request, as it is sent. */
import { HttpError } from "./error-code.ts";
import type { HttpClient, HttpRequest, HttpResponse, Timeouts } from "./exchange.ts";
import { contentLength, FieldError, sendable, sizeOf, type Field } from "./fields.ts";
import type { OutgoingRequest, RequestOptions } from "./message.ts";

const NS_PER_MS = 1_000_000n;
/** As Wasmtime has it. */
const DEFAULT_TIMEOUT_MS = 600_000;

/** All of a request but its body. @throws {HttpError} If it cannot be sent. */
export function headOf(message: OutgoingRequest, options: RequestOptions | undefined): Omit<HttpRequest, "body"> {
  const { method, scheme = "https", authority, pathWithQuery, headers } = message;
  if (authority === undefined || authority === "")
    throw new HttpError({ tag: "HTTP-request-URI-invalid" }, "no authority");
  if (authority.includes("@"))
    throw new HttpError({ tag: "HTTP-request-URI-invalid" }, "an authority with a user, which RFC 9110 forbids");
  if (pathWithQuery === undefined) throw new HttpError({ tag: "HTTP-protocol-error" }, "no path");
  if (!/^https?$/i.test(scheme)) throw new HttpError({ tag: "HTTP-protocol-error" }, `the scheme ${scheme}`);
  return {
    method,
    scheme: scheme.toLowerCase(),
    authority,
    path: absolute(pathWithQuery),
    headers: sendable(headers.all()),
    timeouts: timeoutsOf(options),
  };
}

function absolute(path: string): string {
  if (path.startsWith("/") || path === "*") return path;
  if (path === "" || path.startsWith("?")) return `/${path}`;
  throw new HttpError({ tag: "HTTP-request-URI-invalid" }, `the path ${path}, which is not absolute`);
}

/** How long a message says that its body is. @throws {HttpError} If it says that twice, and otherwise: no transport could send it. */
export function announcedLength(fields: readonly Field[]): bigint | undefined {
  try {
    return contentLength(fields);
  } catch (cause) {
    if (!(cause instanceof FieldError)) throw cause;
    throw new HttpError({ tag: "HTTP-protocol-error" }, "content-lengths that differ", { cause });
  }
}

/** A request that has no body. @throws {HttpError} If it says that it has: the next request on the connection would be taken for it. */
export function assertNoLength(fields: readonly Field[]): void {
  if ((announcedLength(fields) ?? 0n) > 0n)
    throw new HttpError({ tag: "HTTP-request-body-size", val: 0n }, "a content-length, and no body");
}

/** What a guest would trap on when it asks for it is an error. @param limitBytes The most that its header may take. */
export async function sendBy(
  client: HttpClient,
  request: HttpRequest,
  signal: AbortSignal,
  limitBytes: number,
): Promise<HttpResponse> {
  const response = await client.send(request, signal);
  const { headers, body } = response;
  const bytes = sizeOf(headers);
  if (bytes <= limitBytes) return response;
  body?.source.close();
  throw new HttpError({ tag: "HTTP-response-header-section-size", val: bytes });
}

function timeoutsOf(options: RequestOptions | undefined): Timeouts {
  const ms = (ns: bigint | undefined): number =>
    ns === undefined ? DEFAULT_TIMEOUT_MS : Number((ns + NS_PER_MS - 1n) / NS_PER_MS);
  return {
    connect: ms(options?.connectTimeout),
    firstByte: ms(options?.firstByteTimeout),
    betweenBytes: ms(options?.betweenBytesTimeout),
  };
}
