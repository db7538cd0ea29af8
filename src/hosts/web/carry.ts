import { guarded } from "../../io/checked-ports.ts";
import type { FetchAdapter } from "../../run/fetch.ts";
import { outlived } from "../../wasi/http/outlived.ts";
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

function responseOf(given: unknown): Response {
  if (given instanceof Response) return given;
  throw new TypeError(`the function must give a Response, got ${given === null ? "null" : typeof given}`);
}
