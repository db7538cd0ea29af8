/** A guest that answers a request, whose bodies are the streams of a run. */
import {
  serve,
  type CompiledComponent,
  type Field,
  type HttpBody,
  type HttpRequest,
  type HttpResponse,
  type Level,
  type Options,
  type Sink,
  type Source,
} from "sluice";
import type { RequestPlan } from "../protocol.ts";
import { emptyLevel, type Writer } from "./channel.ts";
import { Pump } from "./pump.ts";

const NO_TIMEOUTS = { connect: Infinity, firstByte: Infinity, betweenBytes: Infinity };
/** Whom a request is for: the page, which has no name. */
const AUTHORITY = "playground";

export interface AnswerParts {
  readonly component: CompiledComponent;
  /** What its instance is given. */
  readonly options: Options & { readonly signal: AbortSignal };
  readonly request: RequestPlan;
  /** The body of the request. */
  readonly source: Source;
  /** Takes the body of the answer. */
  readonly sink: Sink;
  readonly bufferBytes: number;
  /** The head of the answer is there, and what writes its body. */
  readonly onAnswered: (status: number, headers: RequestPlan["headers"], writer: Writer) => void;
  /** The guest is over; what it wrote may still be on its way. */
  readonly onLeft: () => void;
}

/**
 * Resolves with the status when the answer has been delivered.
 *
 * @throws What kept the guest from answering, or to the end.
 */
export async function answered(parts: AnswerParts): Promise<number> {
  const { component, options, request, source, sink, bufferBytes, onAnswered, onLeft } = parts;
  let late: { readonly error: unknown } | undefined;
  let response: HttpResponse;
  try {
    const server = await serve(component, { ...options, onError: (error: unknown) => (late ??= { error }) });
    response = await server.client.send(requestOf(request, source), options.signal);
    void server.close().then(onLeft);
  } catch (error) {
    source.close();
    sink.abort(error);
    throw error;
  }
  const { status, headers, body } = response;
  const pump = body && new Pump(body.source, sink);
  onAnswered(status, headers.map(shown), writerOf(body, pump, bufferBytes));
  if (pump) await pump.ended.catch((error: unknown) => Promise.reject(late ? late.error : error));
  else await sink.close();
  return status;
}

function requestOf({ method, path, headers }: RequestPlan, source: Source): HttpRequest {
  const hasBody = method !== "GET" && method !== "HEAD";
  if (!hasBody) source.close();
  return {
    method,
    scheme: "http",
    authority: AUTHORITY,
    path,
    headers: headers.map(([name, value]): Field => [name.toLowerCase(), new TextEncoder().encode(value)]),
    body: hasBody ? { source, length: undefined, trailers: () => Promise.resolve(undefined) } : undefined,
    timeouts: NO_TIMEOUTS,
  };
}

function shown([name, value]: Field): readonly [string, string] {
  return [name, new TextDecoder("latin1").decode(value)];
}

/** What the pump has taken is not delivered before the gate has let it through. */
function writerOf(body: HttpBody | undefined, pump: Pump | undefined, bufferBytes: number): Writer {
  const level = (): Level => {
    const known = body?.level?.() ?? emptyLevel(bufferBytes);
    return { ...known, bufferedBytes: known.bufferedBytes + (pump?.heldBytes ?? 0) };
  };
  const writtenBytes = (): number => (pump ? pump.takenBytes - pump.heldBytes + level().bufferedBytes : 0);
  return { level, writtenBytes };
}
