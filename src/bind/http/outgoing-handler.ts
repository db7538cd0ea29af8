/** `wasi:http/outgoing-handler` 0.2, as a guest calls it. */
import { own, taken } from "../../abi/owned.ts";
import type { Entry } from "../../abi/resources.ts";
import { option } from "../../abi/variants.ts";
import { InternalError } from "../../io/trap.ts";
import { errorCodeOf, HttpError } from "../../wasi/http/error-code.ts";
import type { HttpClient, HttpRequest, HttpResponse, Timeouts } from "../../wasi/http/exchange.ts";
import { contentLength, sendable, sizeOf, type Field } from "../../wasi/http/fields.ts";
import { Future } from "../../wasi/http/future.ts";
import type { OutgoingRequest, RequestOptions } from "../../wasi/http/message.ts";
import { call, defineInterface, type Interface } from "../definition.ts";
import type { Instance } from "../instance.ts";
import { FUTURE_RESPONSE, httpResult, OUTGOING_REQUEST, REQUEST_OPTIONS, type Answer, type Outgoing } from "./types.ts";

const NS_PER_MS = 1_000_000n;
/** As Wasmtime has it. */
const DEFAULT_TIMEOUT_MS = 600_000;

function handle(instance: Instance, { message, body }: Outgoing<OutgoingRequest>, options?: RequestOptions): Entry {
  const client = instance.world.http;
  message.headers.release();
  let request: HttpRequest;
  try {
    if (!client) throw new HttpError({ tag: "HTTP-request-denied" }, "no HTTP is granted");
    request = requestOf(message, body?.body, options);
  } catch (error) {
    body?.outlet.abort(error);
    throw error;
  }
  const future = new Future<Answer>();
  const controller = new AbortController();
  const { faults } = instance;
  sendBy(client, request, controller.signal, instance.world.limits.fieldBytes).then(
    (response) => {
      // Nobody is there any more who would drop it.
      if (controller.signal.aborted) response.body?.source.close();
      future.settle({ tag: "ok", val: response });
    },
    (cause: unknown) => {
      // Of the client, which is the embedder's.
      if (cause instanceof InternalError) faults.push(cause);
      body?.outlet.abort(cause);
      future.settle({ tag: "err", val: errorCodeOf(cause) });
    },
  );
  return instance.resources.add(FUTURE_RESPONSE, future, () => {
    // A response that nobody took.
    const state = future.take();
    if (state.tag === "waiting") controller.abort();
    if (state.tag === "settled" && state.value.tag === "ok") state.value.val.body?.source.close();
  });
}

/** What a guest would trap on when it asks for it is an error. */
async function sendBy(
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

function requestOf(
  message: OutgoingRequest,
  body: HttpRequest["body"],
  options: RequestOptions | undefined,
): HttpRequest {
  const { method, scheme = "https", authority, pathWithQuery, headers } = message;
  if (authority === undefined || authority === "")
    throw new HttpError({ tag: "HTTP-request-URI-invalid" }, "no authority");
  if (pathWithQuery === undefined) throw new HttpError({ tag: "HTTP-protocol-error" }, "no path");
  if (!/^https?$/i.test(scheme)) throw new HttpError({ tag: "HTTP-protocol-error" }, `the scheme ${scheme}`);
  const fields = sendable(headers.all());
  if (body === undefined && announced(headers.all()) > 0n) {
    // The next request on the connection would be taken for the body.
    throw new HttpError({ tag: "HTTP-request-body-size", val: 0n }, "a content-length, and no body");
  }
  return {
    method,
    scheme: scheme.toLowerCase(),
    authority,
    path: pathWithQuery === "" ? "/" : pathWithQuery,
    headers: fields,
    body,
    timeouts: timeoutsOf(options),
  };
}

/** What no transport could send is an error. */
function announced(fields: readonly Field[]): bigint {
  try {
    return contentLength(fields) ?? 0n;
  } catch (cause) {
    throw new HttpError({ tag: "HTTP-protocol-error" }, "content-lengths that differ", { cause });
  }
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

/** @see WASI 0.2 `wasi:http/outgoing-handler` */
export const outgoingHandler: Interface = defineInterface("wasi:http/outgoing-handler", () => ({
  handle: call([taken(OUTGOING_REQUEST), option(taken(REQUEST_OPTIONS))], httpResult(own(FUTURE_RESPONSE)), handle),
}));
