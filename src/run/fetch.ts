/** What the Fetch standard calls a request and a response, as far as the neutral layers have to know. */
import type { HttpRequest, HttpResponse } from "../wasi/http/exchange.ts";

/** A `Request`. */
export interface WebRequest {
  readonly url: string;
  readonly method: string;
}

/** A `Response`. */
export interface WebResponse {
  readonly status: number;
}

/** What a runtime makes of them. */
export interface FetchAdapter {
  requestOf(request: HttpRequest, signal: AbortSignal): WebRequest;
  /** @throws {TypeError} If it is none. */
  responseOf(response: WebResponse): HttpResponse;
}
