/** `wasi:http/types` 0.2: bodies and what comes after them, as a guest calls them. */
import { borrow, borrowEntry, own, taken } from "../../abi/owned.ts";
import type { Entry } from "../../abi/resources.ts";
import { returns } from "../../abi/returns.ts";
import { option, resultValue } from "../../abi/variants.ts";
import { WitError } from "../../io/errors.ts";
import { InputStream } from "../../io/input-stream.ts";
import { OutputStream } from "../../io/output-stream.ts";
import { newTally } from "../../io/tally.ts";
import { HttpError } from "../../wasi/http/error-code.ts";
import { sizeOf, type Fields } from "../../wasi/http/fields.ts";
import { IncomingBody, type FutureTrailers } from "../../wasi/http/incoming-body.ts";
import { NO_BODY, type HttpBody } from "../../wasi/http/exchange.ts";
import type { OutgoingBody, Side } from "../../wasi/http/outgoing-body.ts";
import { call, type Interface } from "../definition.ts";
import type { Instance } from "../instance.ts";
import { ERROR, INPUT_STREAM, OUTPUT_STREAM, subscribe } from "../io.ts";
import { addHeaders } from "./fields.ts";
import { errorCode, FIELDS, FUTURE_TRAILERS, httpResult, INCOMING_BODY, OUTGOING_BODY, plainResult } from "./types.ts";

/** What WIT answers with an error that carries nothing: it was done before, or makes no sense. */
export class Refused extends WitError<undefined> {
  override readonly name: string = "Refused";

  constructor(message: string) {
    super(undefined, message);
  }
}

/** Gives the guest the body of what it has received. @param parent Missing: it may outlive that. */
export function addIncomingBody({ resources }: Instance, side: Side, given: HttpBody | undefined): Entry {
  const body = new IncomingBody(side, given ?? NO_BODY);
  return resources.add(INCOMING_BODY, body, body);
}

export function addOutgoingBody({ resources }: Instance, body: OutgoingBody): Entry {
  return resources.add(OUTGOING_BODY, body, body);
}

function read({ resources, world }: Instance, entry: Entry): Entry {
  // The entry is of this kind, by the type of the parameter.
  const body = entry.value as IncomingBody;
  if (!body.takeStream()) throw new Refused("the stream of the body was taken before");
  const input = new InputStream(body.source, world.limits.readBytes, newTally());
  return resources.add(INPUT_STREAM, input, input, entry);
}

function write({ resources, world }: Instance, entry: Entry): Entry {
  // As above.
  const body = entry.value as OutgoingBody;
  if (!body.takeStream()) throw new Refused("the stream of the body was taken before");
  const output = new OutputStream(body.outlet, world.permits);
  return resources.add(OUTPUT_STREAM, output, output, entry);
}

function finishIncoming({ resources, task }: Instance, body: IncomingBody): Entry {
  const future = body.finish(() => task.giveWay());
  return resources.add(FUTURE_TRAILERS, future, future);
}

/** What is buffered is delivered before the instance is over. */
function finishOutgoing(instance: Instance, body: OutgoingBody, trailers: Fields | undefined): void {
  trailers?.release();
  body.finish(trailers?.all());
  instance.finish(body.outlet);
}

function trailersNow(instance: Instance, future: FutureTrailers): unknown {
  const state = future.take();
  if (state.tag === "waiting") return undefined;
  if (state.tag === "taken") return { tag: "err" };
  const { value } = state;
  if (value.tag === "err") return { tag: "ok", val: value };
  const bytes = sizeOf(value.val ?? []);
  if (bytes > instance.world.limits.fieldBytes) {
    return { tag: "ok", val: { tag: "err", val: { tag: `HTTP-${future.side}-trailer-section-size`, val: bytes } } };
  }
  return { tag: "ok", val: { tag: "ok", val: value.val && addHeaders(instance, value.val) } };
}

const trailersType = option(resultValue(resultValue(option(own(FIELDS)) as never, errorCode as never), null));

export const bodyFunctions = (): Interface["functions"] => ({
  "http-error-code": call([borrow(ERROR)], returns(option(errorCode)), (_, { cause }) =>
    cause instanceof HttpError ? cause.payload : undefined,
  ),
  "[method]incoming-body.stream": call([borrowEntry(INCOMING_BODY)], plainResult(own(INPUT_STREAM)), read),
  "[static]incoming-body.finish": call([taken(INCOMING_BODY)], returns(own(FUTURE_TRAILERS)), finishIncoming),
  "[method]future-trailers.subscribe": subscribe(FUTURE_TRAILERS),
  "[method]future-trailers.get": call([borrow(FUTURE_TRAILERS)], returns(trailersType), trailersNow),
  "[method]outgoing-body.write": call([borrowEntry(OUTGOING_BODY)], plainResult(own(OUTPUT_STREAM)), write),
  "[static]outgoing-body.finish": call(
    [taken(OUTGOING_BODY), option(taken(FIELDS))],
    httpResult<void>(null),
    finishOutgoing,
  ),
});
