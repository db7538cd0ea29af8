/** Guests that answer requests: those of the page, whose bodies are the streams of a run, and those of other guests. */
import {
  HttpError,
  serve,
  type CompiledComponent,
  type Field,
  type HttpRequest,
  type HttpResponse,
  type Options,
  type Server,
  type Sink,
  type Source,
} from "sluice";
import type { RequestPlan } from "../protocol.ts";
import { writerOf, type Bodies } from "./bodies.ts";
import type { Writer } from "./channel.ts";
import { Pump } from "./pump.ts";

const NO_TIMEOUTS = { connect: Infinity, firstByte: Infinity, betweenBytes: Infinity };
/** Whom a request is for: the page, which has no name. */
const AUTHORITY = "playground";

/** The head of an answer is there. */
export type OnAnswered = (
  request: Pick<RequestPlan, "method" | "path">,
  status: number,
  headers: RequestPlan["headers"],
) => void;

/** A guest that answers. */
export class Served {
  readonly server: Server;
  #late: { readonly error: unknown } | undefined;
  #requests = 0;

  private constructor(server: Server) {
    this.server = server;
  }

  /** @param options What its instances are given. @throws As `serve` does. */
  static async of(component: CompiledComponent, options: Options): Promise<Served> {
    const served: Served = new Served(
      await serve(component, { ...options, onError: (error: unknown) => (served.#late ??= { error }) }),
    );
    return served;
  }

  /** Asks it for another guest. @throws {HttpError} What that is told of. */
  async ask(
    request: HttpRequest,
    signal: AbortSignal,
    sent: Bodies,
    received: Bodies,
    onAnswered: OnAnswered,
  ): Promise<HttpResponse> {
    this.#requests++;
    let response: HttpResponse;
    try {
      response = await this.server.client.send({ ...request, body: request.body && sent.pass(request.body) }, signal);
    } catch (error) {
      if (error instanceof HttpError) throw error;
      // What ended it is told of it, and to who asks that there is no answer.
      this.#late ??= { error };
      throw new HttpError({ tag: "internal-error", val: undefined }, "the server has failed");
    }
    onAnswered(request, response.status, response.headers.map(shown));
    return { ...response, body: response.body && received.pass(response.body) };
  }

  /** Resolves with how many requests were answered, when all of them are, and nobody asks any more. @throws What went wrong with one. */
  async close(): Promise<number> {
    await this.server.close();
    if (this.#late) throw this.#late.error;
    return this.#requests;
  }

  /** What went wrong with it, and before that `error`. */
  causeOf(error: unknown): unknown {
    return this.#late ? this.#late.error : error;
  }
}

export interface AnswerParts {
  readonly served: Served;
  readonly signal: AbortSignal;
  readonly request: RequestPlan;
  /** The body of the request. */
  readonly source: Source;
  /** Takes the body of the answer. */
  readonly sink: Sink;
  readonly onAnswered: OnAnswered;
  /** The body of the answer has begun. */
  readonly onWriter: (writer: Writer) => void;
  /** The guest is over; what it wrote may still be on its way. */
  readonly onLeft: () => void;
}

/**
 * Resolves with the status when the answer has been delivered.
 *
 * @throws What kept the guest from answering, or to the end.
 */
export async function answered(parts: AnswerParts): Promise<number> {
  const { served, signal, request, source, sink, onAnswered, onWriter, onLeft } = parts;
  const { server } = served;
  let response: HttpResponse;
  try {
    response = await server.client.send(requestOf(request, source), signal);
    void server.close().then(onLeft);
  } catch (error) {
    source.close();
    sink.abort(error);
    throw error;
  }
  const { status, headers, body } = response;
  const pump = body && new Pump(body.source, sink);
  onWriter(writerOf(body, pump));
  onAnswered(request, status, headers.map(shown));
  if (pump) await pump.ended.catch((error: unknown) => Promise.reject(served.causeOf(error)));
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
