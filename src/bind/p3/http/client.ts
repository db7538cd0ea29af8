/** `wasi:http/client` 0.3, as a guest calls it, and `handler` as a middleware does: what is not answered here is sent on. */
import { own, taken } from "../../../abi/owned.ts";
import type { Entry } from "../../../abi/resources.ts";
import { settled } from "../../../io/later.ts";
import type { Steps } from "../../../io/steps.ts";
import { InternalError, Trap } from "../../../io/trap.ts";
import { errorCodeOf, HttpError } from "../../../wasi/http/error-code.ts";
import type { HttpResponse } from "../../../wasi/http/exchange.ts";
import type { OutgoingRequest } from "../../../wasi/http/message.ts";
import { announcedLength, assertNoLength, headOf, sendBy } from "../../../wasi/http/sending.ts";
import { blocking, defineInterface, type Interface } from "../../definition.ts";
import { httpResult } from "../../http/types.ts";
import type { Instance } from "../../instance.ts";
import { dropContents } from "./contents.ts";
import { addResponse } from "./messages.ts";
import { outcomeOf, transmit, type Transmission } from "./transmission.ts";
import { REQUEST, RESPONSE, type Message } from "./types.ts";

function* send(instance: Instance, message: Message<OutgoingRequest>): Steps<Entry> {
  const controller = new AbortController();
  let isAnswered = false;
  try {
    const response = yield* settled(answered(instance, message, controller.signal), (late) =>
      late.body?.source.close(),
    );
    isAnswered = true;
    return addResponse(instance, response);
  } finally {
    // Nobody wants the answer any more.
    if (!isAnswered) controller.abort();
  }
}

async function answered(
  instance: Instance,
  message: Message<OutgoingRequest>,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const { parts, contents, options } = message;
  const { faults, world } = instance;
  let transmission: Transmission | undefined;
  instance.hasAsked = true;
  parts.headers.release();
  try {
    const client = world.http;
    if (!client) throw new HttpError({ tag: "HTTP-request-denied" }, "no HTTP is granted");
    const { pathWithQuery = "" } = parts;
    const head = headOf(Object.assign(parts, { pathWithQuery }), options);
    transmission = await transmit(instance, contents, "request", announcedLength(head.headers));
    const { body } = transmission;
    if (!body) assertNoLength(head.headers);
    if (signal.aborted) throw new HttpError({ tag: "internal-error", val: undefined }, "nobody wants the response");
    const response = await sendBy(client, { ...head, body }, signal, world.limits.fieldBytes);
    if (contents.is === "made") {
      const { sent } = contents;
      void transmission.over.then((end) => sent.write(outcomeOf(end)));
    }
    return response;
  } catch (cause) {
    // Of the client, which is the embedder's.
    if (cause instanceof InternalError) faults.push(cause);
    // What is not the exchange's ends the guest.
    const failed = cause instanceof HttpError ? cause : new HttpError(errorCodeOf(cause), undefined, { cause });
    if (contents.is === "made" && transmission) contents.sent.write({ tag: "err", val: failed.payload });
    if (transmission) transmission.fail(failed);
    else dropContents(contents, failed);
    throw cause instanceof Trap ? cause : failed;
  }
}

function sending(name: string, key: string): Interface {
  return defineInterface(name, () => ({ [key]: blocking([taken(REQUEST)], httpResult(own(RESPONSE)), send) }));
}

/** @see WASI 0.3 `wasi:http/client` */
export const client: Interface = sending("wasi:http/client", "send");

/** What a middleware sends on, unless its embedder gives it a handler. @see WASI 0.3 `wasi:http/handler` */
export const handler: Interface = sending("wasi:http/handler", "handle");
