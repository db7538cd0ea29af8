/** Requests that `fetch` sends, and what it says of its failures as codes of `wasi:http`. */
import { deferred } from "../../io/deferred.ts";
import { HttpError } from "../../wasi/http/error-code.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../../wasi/http/exchange.ts";
import { HeldBodies } from "./held-bodies.ts";
import { outcomeOf } from "./http.ts";
import { webRequestOf } from "./request.ts";

/** The longest that a timer can be set to. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Of a page's own there is nothing in a guest's requests: neither its user's cookies, nor where it is, nor its cache. */
const NOTHING_OF_THE_PAGE: RequestInit = { credentials: "omit", referrerPolicy: "no-referrer", cache: "no-store" };

/**
 * Sends requests by `fetch`, as far as that goes, and follows no redirect.
 *
 * What it cannot do fails: `HTTP-request-denied` for a field that it does not send, and for a host that does not permit
 * what the page asks (CORS); `HTTP-request-method-invalid`, `HTTP-request-URI-invalid`; `HTTP-request-body-size` where a
 * long body would have to be a stream; `destination-unavailable` for all of which it does not say why.
 */
export class FetchClient implements HttpClient {
  readonly #held = new HeldBodies();
  readonly #maxExchanges: number;
  /** Until the header of their response is there. */
  #exchanges = 0;

  constructor(maxExchanges: number) {
    this.#maxExchanges = maxExchanges;
  }

  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    if (this.#exchanges >= this.#maxExchanges) {
      throw new HttpError({ tag: "connection-limit-reached" }, `already ${this.#exchanges} requests are under way`);
    }
    const ending = new AbortController();
    const unwanted = (): void => ending.abort(signal.reason);
    signal.addEventListener("abort", unwanted);
    this.#exchanges++;
    try {
      signal.throwIfAborted();
      return await this.#exchange(request, ending);
    } catch (cause) {
      if (cause instanceof HttpError || ending.signal.aborted) throw cause;
      throw await reasonOf(request, cause, ending);
    } finally {
      this.#exchanges--;
      // The body may be wanted all the same.
      signal.removeEventListener("abort", unwanted);
    }
  }

  async #exchange(request: HttpRequest, ending: AbortController): Promise<HttpResponse> {
    const { connect, firstByte, betweenBytes } = request.timeouts;
    const end = (error: HttpError): void => ending.abort(error);
    const init = "credentials" in Request.prototype ? NOTHING_OF_THE_PAGE : {};
    const use = { signal: ending.signal, held: this.#held, isPieceIfShort: true, init };
    const { asked, release } = await webRequestOf(request, use);
    try {
      // `fetch` does not say when it has connected.
      const ms = connect + firstByte;
      const response = await within(ms, () => fetch(asked), late("no response", ms), end);
      return outcomeOf(response, (more) =>
        within(betweenBytes, () => more, late("no more of the response", betweenBytes), end).catch(cut),
      );
    } finally {
      release();
    }
  }
}

function late(what: string, ms: number): HttpError {
  return new HttpError({ tag: "connection-read-timeout" }, `${what} in ${ms} ms`);
}

function cut(cause: unknown): never {
  if (cause instanceof HttpError) throw cause;
  throw new HttpError({ tag: "HTTP-response-incomplete" }, "the response ends too early", { cause });
}

/** Rejects with `error` after the time, and ends what was begun. */
async function within<T>(
  ms: number,
  begin: () => Promise<T>,
  error: HttpError,
  end: (error: HttpError) => void,
): Promise<T> {
  const { promise: passed, reject } = deferred<never>();
  const timer = setTimeout(
    () => {
      reject(error);
      end(error);
    },
    Math.min(ms, MAX_TIMER_MS),
  );
  try {
    return await Promise.race([begin(), passed]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Why `fetch` failed, which it says to nobody: a page must not learn what is in a network that it cannot reach. But that
 * a host answers, and so forbids what was asked, is what a request without fields or cookies shows, whose answer stays
 * hidden.
 */
async function reasonOf(
  { scheme, authority, timeouts: { connect } }: HttpRequest,
  cause: unknown,
  ending: AbortController,
): Promise<HttpError> {
  const { location } = globalThis;
  const origin = `${scheme}://${authority}`;
  // Only what has a place has an origin for others to permit.
  if (location !== undefined && new URL(origin).origin !== location.origin) {
    const { signal } = ending;
    const probe: RequestInit = { ...NOTHING_OF_THE_PAGE, method: "HEAD", mode: "no-cors", signal };
    // One that answers nobody is not waited for longer than for a connection.
    const asked = within(
      connect,
      () => fetch(origin, probe),
      late("no answer", connect),
      (error) => ending.abort(error),
    );
    const answers = await asked.then(
      () => true,
      () => false,
    );
    if (answers) {
      const message = `${origin} does not permit it to ${location.origin} (CORS), or the page's policy does not`;
      return new HttpError({ tag: "HTTP-request-denied" }, message, { cause });
    }
  }
  return new HttpError({ tag: "destination-unavailable" }, "fetch failed", { cause });
}
