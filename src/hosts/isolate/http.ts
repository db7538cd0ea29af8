/** Who carries requests out for a guest in another thread. */
import type { HttpClient } from "../../wasi/http/exchange.ts";
import type { Bodies, WireRequest, WireResponse } from "./bodies.ts";
import type { Link } from "./link.ts";

/** In the thread of the client. Gives what ends all of it. */
export function serveClient(link: Link, bodies: Bodies, client: HttpClient): () => void {
  const underWay = new Map<number, AbortController>();
  link.answer({
    async httpSend(number: number, request: WireRequest): Promise<WireResponse> {
      const unwanted = new AbortController();
      underWay.set(number, unwanted);
      try {
        return bodies.give(await client.send(bodies.take(request), unwanted.signal));
      } finally {
        underWay.delete(number);
      }
    },
    httpAbort: (number: number) => underWay.get(number)?.abort(),
  });
  return () => {
    for (const unwanted of underWay.values()) unwanted.abort();
    client.close?.();
  };
}

/** In the thread of the guest. */
export function remoteClient(link: Link, bodies: Bodies): HttpClient {
  let last = 0;
  return {
    async send(request, signal) {
      const number = ++last;
      const abort = (): void => link.tell("httpAbort", number);
      signal.addEventListener("abort", abort);
      try {
        // What `serveClient` gives.
        return bodies.take((await link.call("httpSend", number, bodies.give(request))) as WireResponse);
      } finally {
        signal.removeEventListener("abort", abort);
      }
    },
  };
}
