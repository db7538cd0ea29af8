/** `wasi:http/types` 0.2: requests and responses, as a guest calls them. */
import { borrow, borrowEntry, own, taken } from "../../abi/owned.ts";
import type { Entry, Kind } from "../../abi/resources.ts";
import { nothing, returns } from "../../abi/returns.ts";
import { string, u16, u64 } from "../../abi/scalars.ts";
import type { Type } from "../../abi/type.ts";
import { option, resultValue } from "../../abi/variants.ts";
import type { HttpRequest, HttpResponse } from "../../wasi/http/exchange.ts";
import { contentLength, FieldError } from "../../wasi/http/fields.ts";
import type { HttpErrorCode } from "../../wasi/http/error-code.ts";
import type { Future } from "../../wasi/http/future.ts";
import {
  isAuthority,
  isMethod,
  isPathWithQuery,
  isScheme,
  OutgoingRequest,
  OutgoingResponse,
  RequestOptions,
} from "../../wasi/http/message.ts";
import { OutgoingBody, type Side } from "../../wasi/http/outgoing-body.ts";
import { call, type Interface } from "../definition.ts";
import type { Instance } from "../instance.ts";
import { addIncomingBody, addOutgoingBody, Refused } from "./bodies.ts";
import { subscribe } from "../io.ts";
import { addHeaders } from "./fields.ts";
import { openBody } from "./held.ts";
import {
  errorCode,
  FIELDS,
  FUTURE_RESPONSE,
  Incoming,
  INCOMING_BODY,
  INCOMING_REQUEST,
  INCOMING_RESPONSE,
  method,
  Outgoing,
  OUTGOING_BODY,
  OUTGOING_REQUEST,
  OUTGOING_RESPONSE,
  plainResult,
  REQUEST_OPTIONS,
  RESPONSE_OUTPARAM,
  scheme,
  type Answer,
  type Outparam,
} from "./types.ts";

const unit = plainResult<void>(null);

function consume<T extends HttpRequest | HttpResponse>(instance: Instance, incoming: Incoming<T>): Entry {
  if (!incoming.consume()) throw new Refused("the body was taken before");
  const { message } = incoming;
  return addIncomingBody(instance, "status" in message ? "response" : "request", message.body);
}

function bodyOf(
  instance: Instance,
  outgoing: Outgoing<OutgoingRequest> | Outgoing<OutgoingResponse>,
  side: Side,
): Entry {
  if (outgoing.body) throw new Refused("the body was taken before");
  const length = lengthOf(outgoing.message.headers.all());
  const body = new OutgoingBody(side, length, instance.world.limits.bufferBytes, openBody(instance));
  outgoing.body = body;
  return addOutgoingBody(instance, body);
}

function lengthOf(headers: Parameters<typeof contentLength>[0]): bigint | undefined {
  try {
    return contentLength(headers);
  } catch (error) {
    throw error instanceof FieldError ? new Refused(error.message) : error;
  }
}

/** Children of their message: what they were when it was asked. */
function headersOf(
  kind: Kind<unknown>,
  fieldsOf: (value: never) => Parameters<typeof addHeaders>[1],
): ReturnType<typeof call> {
  return call([borrowEntry(kind)], returns(own(FIELDS)), (instance, entry) =>
    // The entry is of `kind`, by the type of the parameter.
    addHeaders(instance, fieldsOf(entry.value as never), entry),
  );
}

const incoming = borrow(INCOMING_REQUEST);
const request = borrow(OUTGOING_REQUEST);
const response = borrow(INCOMING_RESPONSE);
const answer = borrow(OUTGOING_RESPONSE);
const options = borrow(REQUEST_OPTIONS);

const incomingFunctions = (): Interface["functions"] => ({
  "[method]incoming-request.method": call([incoming], returns(method), (_, { message }) => message.method),
  "[method]incoming-request.path-with-query": call(
    [incoming],
    returns(option(string)),
    (_, { message }) => message.path,
  ),
  "[method]incoming-request.scheme": call([incoming], returns(option(scheme)), (_, { message }) => message.scheme),
  "[method]incoming-request.authority": call(
    [incoming],
    returns(option(string)),
    (_, { message }) => message.authority,
  ),
  "[method]incoming-request.headers": headersOf(
    INCOMING_REQUEST,
    ({ message }: Incoming<HttpRequest>) => message.headers,
  ),
  "[method]incoming-request.consume": call([incoming], plainResult(own(INCOMING_BODY)), consume),
  "[method]incoming-response.status": call([response], returns(u16), (_, { message }) => message.status),
  "[method]incoming-response.headers": headersOf(
    INCOMING_RESPONSE,
    ({ message }: Incoming<HttpResponse>) => message.headers,
  ),
  "[method]incoming-response.consume": call([response], plainResult(own(INCOMING_BODY)), consume),
});

/** A part of a request that can be asked for, and set to what it can be. */
function part<T>(
  name: string,
  type: Type<T>,
  get: (request: OutgoingRequest) => T,
  set: (request: OutgoingRequest, value: T) => void,
  isValid: (value: T) => boolean,
): Interface["functions"] {
  return {
    [`[method]outgoing-request.${name}`]: call([request], returns(type), (_, { message }) => get(message)),
    [`[method]outgoing-request.set-${name}`]: call([request, type], unit, (_, { message }, value) => {
      if (!isValid(value)) throw new Refused(`no ${name}: ${String(value)}`);
      set(message, value);
    }),
  };
}

const requestFunctions = (): Interface["functions"] => ({
  "[constructor]outgoing-request": call([taken(FIELDS)], returns(own(OUTGOING_REQUEST)), (instance, headers) =>
    addOutgoing(instance, OUTGOING_REQUEST, new OutgoingRequest(headers)),
  ),
  "[method]outgoing-request.body": call([request], plainResult(own(OUTGOING_BODY)), (instance, self) =>
    bodyOf(instance, self, "request"),
  ),
  ...part(
    "method",
    method,
    (self) => self.method,
    (self, value) => void (self.method = value),
    isMethod,
  ),
  ...part(
    "path-with-query",
    option(string),
    (self) => self.pathWithQuery,
    (self, value) => void (self.pathWithQuery = value),
    (value) => value === undefined || isPathWithQuery(value),
  ),
  ...part(
    "scheme",
    option(scheme),
    (self) => self.scheme,
    (self, value) => void (self.scheme = value),
    (value) => value === undefined || isScheme(value),
  ),
  ...part(
    "authority",
    option(string),
    (self) => self.authority,
    (self, value) => void (self.authority = value),
    (value) => value === undefined || isAuthority(value),
  ),
  "[method]outgoing-request.headers": headersOf(OUTGOING_REQUEST, ({ message }: Outgoing<OutgoingRequest>) =>
    message.headers.all(),
  ),
});

/** Its headers are counted as long as the guest has it. If it is dropped nobody will read its body. */
function addOutgoing<T extends OutgoingRequest | OutgoingResponse>(
  { resources }: Instance,
  kind: Kind<Outgoing<T>>,
  message: T,
): Entry {
  const outgoing = new Outgoing(message);
  return resources.add(kind, outgoing, () => {
    message.headers.release();
    outgoing.drop();
  });
}

function timeout(
  name: string,
  key: "connectTimeout" | "firstByteTimeout" | "betweenBytesTimeout",
): Interface["functions"] {
  return {
    [`[method]request-options.${name}`]: call([options], returns(option(u64)), (_, self) => self[key]),
    [`[method]request-options.set-${name}`]: call([options, option(u64)], unit, (_, self, value) => {
      self[key] = value;
    }),
  };
}

const optionFunctions = (): Interface["functions"] => ({
  "[constructor]request-options": call([], returns(own(REQUEST_OPTIONS)), ({ resources }) =>
    resources.add(REQUEST_OPTIONS, new RequestOptions()),
  ),
  ...timeout("connect-timeout", "connectTimeout"),
  ...timeout("first-byte-timeout", "firstByteTimeout"),
  ...timeout("between-bytes-timeout", "betweenBytesTimeout"),
});

function setAnswer(_: Instance, outparam: Outparam, given: unknown): void {
  // A result is `{ tag, val }`, of the types of its parameter.
  const { tag, val } = given as
    | { readonly tag: "ok"; readonly val: Outgoing<OutgoingResponse> }
    | { readonly tag: "err"; readonly val: HttpErrorCode };
  if (tag === "ok") val.message.headers.release();
  outparam(tag === "ok" ? { response: val } : { error: val });
}

const responseFunctions = (): Interface["functions"] => ({
  "[constructor]outgoing-response": call([taken(FIELDS)], returns(own(OUTGOING_RESPONSE)), (instance, headers) =>
    addOutgoing(instance, OUTGOING_RESPONSE, new OutgoingResponse(headers)),
  ),
  "[method]outgoing-response.status-code": call([answer], returns(u16), (_, { message }) => message.status),
  "[method]outgoing-response.set-status-code": call([answer, u16], unit, (_, { message }, status) => {
    if (status < 100 || status > 999) throw new Refused(`no status: ${status}`);
    message.status = status;
  }),
  "[method]outgoing-response.headers": headersOf(OUTGOING_RESPONSE, ({ message }: Outgoing<OutgoingResponse>) =>
    message.headers.all(),
  ),
  "[method]outgoing-response.body": call([answer], plainResult(own(OUTGOING_BODY)), (instance, self) =>
    bodyOf(instance, self, "response"),
  ),
  "[static]response-outparam.set": call(
    [taken(RESPONSE_OUTPARAM), resultValue(taken(OUTGOING_RESPONSE) as never, errorCode as never)],
    nothing,
    setAnswer,
  ),
});

function responseNow({ resources }: Instance, future: Future<Answer>): unknown {
  const state = future.take();
  if (state.tag === "waiting") return undefined;
  if (state.tag === "taken") return { tag: "err" };
  const { value } = state;
  if (value.tag === "err") return { tag: "ok", val: value };
  const message = new Incoming(value.val);
  const entry = resources.add(INCOMING_RESPONSE, message, message);
  return { tag: "ok", val: { tag: "ok", val: entry } };
}

const responseType = option(resultValue(resultValue(own(INCOMING_RESPONSE) as never, errorCode as never), null));

const futureFunctions = (): Interface["functions"] => ({
  "[method]future-incoming-response.subscribe": subscribe(FUTURE_RESPONSE),
  "[method]future-incoming-response.get": call([borrow(FUTURE_RESPONSE)], returns(responseType), responseNow),
});

export const messageFunctions = (): Interface["functions"] => ({
  ...incomingFunctions(),
  ...requestFunctions(),
  ...optionFunctions(),
  ...responseFunctions(),
  ...futureFunctions(),
});
