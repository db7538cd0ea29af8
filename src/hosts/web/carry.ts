import { guarded } from "../../io/checked-ports.ts";
import type { FetchAdapter } from "../../run/fetch.ts";
import type { HttpResponse } from "../../wasi/http/exchange.ts";
import { HeldBodies } from "./held-bodies.ts";
import { outcomeOf } from "./http.ts";
import { webRequestOf } from "./request.ts";

/** A client that is a function of a `Request`. */
export const clientOf: FetchAdapter = (carryOut) => {
  const held = new HeldBodies();
  return {
    async send(request, signal) {
      const { asked, release } = await webRequestOf(request, { signal, held, isPieceIfShort: false });
      try {
        // What the runtime makes is what it is a function of.
        const given = await carryOut(asked as never);
        return outlived(
          guarded("http", () => outcomeOf(responseOf(given))),
          () => leave(asked),
        );
      } finally {
        release();
      }
    },
  };
};

/** Nobody reads a request any more whose response is over. Who has a reader of its body still does. */
function leave({ body }: Request): void {
  body?.cancel().catch(() => {});
}

/** `response`; `over` is called when it is at its end, or nobody wants it. */
function outlived(response: HttpResponse, over: () => void): HttpResponse {
  const { body } = response;
  if (!body) {
    over();
    return response;
  }
  const { source } = body;
  return {
    ...response,
    body: {
      ...body,
      source: {
        read(max) {
          let bytes;
          try {
            bytes = source.read(max);
          } catch (cause) {
            over();
            throw cause;
          }
          if (bytes === null) over();
          return bytes;
        },
        ready: () => source.ready(),
        watch: (waker) => source.watch(waker),
        unwatch: (waker) => source.unwatch(waker),
        close() {
          source.close();
          over();
        },
      },
      refuse(cause) {
        body.refuse?.(cause);
        over();
      },
    },
  };
}

function responseOf(given: unknown): Response {
  if (given instanceof Response) return given;
  throw new TypeError(`the function must give a Response, got ${given === null ? "null" : typeof given}`);
}
