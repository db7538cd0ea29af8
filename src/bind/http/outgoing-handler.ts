/** `wasi:http/outgoing-handler` 0.2, as a guest calls it. */
import { own, taken } from "../../abi/owned.ts";
import type { Entry } from "../../abi/resources.ts";
import { option } from "../../abi/variants.ts";
import { InternalError } from "../../io/trap.ts";
import { errorCodeOf, HttpError } from "../../wasi/http/error-code.ts";
import type { HttpRequest } from "../../wasi/http/exchange.ts";
import { Future } from "../../wasi/http/future.ts";
import type { OutgoingRequest, RequestOptions } from "../../wasi/http/message.ts";
import { assertNoLength, headOf, sendBy } from "../../wasi/http/sending.ts";
import { call, defineInterface, type Interface } from "../definition.ts";
import type { Instance } from "../instance.ts";
import { FUTURE_RESPONSE, httpResult, OUTGOING_REQUEST, REQUEST_OPTIONS, type Answer, type Outgoing } from "./types.ts";

function handle(instance: Instance, { message, body }: Outgoing<OutgoingRequest>, options?: RequestOptions): Entry {
  const client = instance.world.http;
  message.headers.release();
  let request: HttpRequest;
  try {
    if (!client) throw new HttpError({ tag: "HTTP-request-denied" }, "no HTTP is granted");
    request = { ...headOf(message, options), body: body?.body };
    if (!body) assertNoLength(request.headers);
  } catch (error) {
    body?.outlet.abort(error);
    throw error;
  }
  const future = new Future<Answer>();
  instance.hasAsked = true;
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

/** @see WASI 0.2 `wasi:http/outgoing-handler` */
export const outgoingHandler: Interface = defineInterface("wasi:http/outgoing-handler", () => ({
  handle: call([taken(OUTGOING_REQUEST), option(taken(REQUEST_OPTIONS))], httpResult(own(FUTURE_RESPONSE)), handle),
}));
