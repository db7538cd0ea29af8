/** What the Fetch standard calls a request and a response, as far as the neutral layers have to know. */
import type { HttpRequest, HttpResponse } from "../wasi/http/exchange.ts";

/** A function of a `Request` that gives a `Response`, now or later: what these are, the runtime knows. */
export type FetchLike = (request: never) => unknown;

/** What a runtime makes of them. */
export interface FetchAdapter {
  requestOf(request: HttpRequest, signal: AbortSignal): unknown;
  /** @throws {TypeError} If it is none. */
  responseOf(response: unknown): HttpResponse;
}
