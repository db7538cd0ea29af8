/** What the Fetch standard calls a request and a response, as far as the neutral layers have to know. */
import type { HttpClient } from "../wasi/http/exchange.ts";

/** A function of a `Request` that gives a `Response`, now or later: what these are, the runtime knows. */
export type FetchLike = (request: never) => unknown;

/** Makes a client of a function. What it gives that is no `Response` is an `InternalError`. */
export type FetchAdapter = (carryOut: FetchLike) => HttpClient;
