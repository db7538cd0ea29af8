/** `wasi:http/types` 0.3: requests and responses, as a guest calls them. */
import { tuple } from "../../../abi/composites.ts";
import { borrow, own, taken } from "../../../abi/owned.ts";
import type { Entry, Kind } from "../../../abi/resources.ts";
import { returns } from "../../../abi/returns.ts";
import { string, u16, u8 } from "../../../abi/scalars.ts";
import type { Type } from "../../../abi/type.ts";
import { option } from "../../../abi/variants.ts";
import type { HttpError } from "../../../wasi/http/error-code.ts";
import type { HttpRequest, HttpResponse } from "../../../wasi/http/exchange.ts";
import { Fields } from "../../../wasi/http/fields.ts";
import {
  isAuthorityWithUser,
  isMethod,
  isRelativePath,
  isScheme,
  OutgoingRequest,
  OutgoingResponse,
} from "../../../wasi/http/message.ts";
import { call, type Interface } from "../../definition.ts";
import { Refused } from "../../http/bodies.ts";
import { fieldMemoryOf } from "../../http/held.ts";
import { method, plainResult, scheme } from "../../http/types.ts";
import type { Instance } from "../../instance.ts";
import { future, stream } from "../streams.ts";
import { consume, dropContents, made } from "./contents.ts";
import { addFields } from "./fields.ts";
import { addOptions } from "./options.ts";
import { FIELDS, Message, outcomeType, REQUEST, REQUEST_OPTIONS, RESPONSE, trailersType } from "./types.ts";

const unit = plainResult<void>(null);
const request = borrow(REQUEST);
const response = borrow(RESPONSE);
const contents = [option(stream(u8)), future(trailersType)] as const;
const body = tuple(stream(u8), future(trailersType));

/** A request that has come, for a guest to answer. @param onRefused Told if it says that something is wrong with it. */
export function addRequest(instance: Instance, given: HttpRequest, onRefused?: (cause: HttpError) => void): Entry {
  const parts = new OutgoingRequest(Fields.from(given.headers, fieldMemoryOf(instance), true));
  const { method: verb, scheme: protocol, authority, path: pathWithQuery } = given;
  Object.assign(parts, { method: verb, scheme: protocol, authority, pathWithQuery });
  return addMessage(
    instance,
    REQUEST,
    new Message(parts, { is: "received", side: "request", body: given.body, onRefused }),
  );
}

/** A response that has come to a guest's request. @throws {FieldsTooLarge} */
export function addResponse(instance: Instance, { status, headers, body: given }: HttpResponse): Entry {
  const parts = new OutgoingResponse(Fields.from(headers, fieldMemoryOf(instance), true));
  parts.status = status;
  return addMessage(instance, RESPONSE, new Message(parts, { is: "received", side: "response", body: given }));
}

function addMessage<T extends OutgoingRequest | OutgoingResponse>(
  { resources }: Instance,
  kind: Kind<Message<T>>,
  message: Message<T>,
): Entry {
  return resources.add(kind, message, () => {
    message.parts.headers.release();
    dropContents(message.contents);
  });
}

/** What a guest reads of a message, which is no more then: its fields, which it may still hold, are. */
function consumed(
  instance: Instance,
  { parts, contents: carried }: Message,
  processed: Parameters<typeof consume>[2],
): ReturnType<typeof consume> {
  parts.headers.release();
  return consume(instance, carried, processed);
}

/** A part of a request that can be asked for, and set to what it can be. */
function part<T>(
  name: string,
  type: Type<T>,
  get: (parts: OutgoingRequest) => T,
  set: (parts: OutgoingRequest, value: T) => void,
  isValid: (value: T) => boolean,
): Interface["functions"] {
  return {
    [`[method]request.get-${name}`]: call([request], returns(type), (_, { parts }) => get(parts)),
    [`[method]request.set-${name}`]: call([request, type], unit, (_, { parts }, value) => {
      if (!isValid(value)) throw new Refused(`no ${name}: ${String(value)}`);
      set(parts, value);
    }),
  };
}

const requestParts = (): Interface["functions"] => ({
  ...part(
    "method",
    method,
    (parts) => parts.method,
    (parts, value) => void (parts.method = value),
    isMethod,
  ),
  ...part(
    "path-with-query",
    option(string),
    (parts) => parts.pathWithQuery,
    // An empty one is that of the root.
    (parts, value) => void (parts.pathWithQuery = value === "" ? "/" : value),
    (value) => value === undefined || isRelativePath(value),
  ),
  ...part(
    "scheme",
    option(scheme),
    (parts) => parts.scheme,
    (parts, value) => void (parts.scheme = value),
    (value) => value === undefined || isScheme(value),
  ),
  ...part(
    "authority",
    option(string),
    (parts) => parts.authority,
    (parts, value) => void (parts.authority = value),
    (value) => value === undefined || isAuthorityWithUser(value),
  ),
});

const requestFunctions = (): Interface["functions"] => ({
  "[static]request.new": call(
    [taken(FIELDS), ...contents, option(taken(REQUEST_OPTIONS))],
    returns(tuple(own(REQUEST), future(outcomeType))),
    (instance, headers, bytes, trailers, options) => {
      const carried = made(instance, bytes, trailers);
      const message = new Message(new OutgoingRequest(headers), carried, options?.values);
      return [addMessage(instance, REQUEST, message), carried.sent.shared] as const;
    },
  ),
  ...requestParts(),
  "[method]request.get-options": call([request], returns(option(own(REQUEST_OPTIONS))), (instance, { options }) =>
    options ? addOptions(instance, options, true) : undefined,
  ),
  "[method]request.get-headers": call([request], returns(own(FIELDS)), (instance, { parts }) =>
    addFields(instance, parts.headers.clone(true)),
  ),
  "[static]request.consume-body": call([taken(REQUEST), future(outcomeType)], returns(body), consumed),
});

const responseFunctions = (): Interface["functions"] => ({
  "[static]response.new": call(
    [taken(FIELDS), ...contents],
    returns(tuple(own(RESPONSE), future(outcomeType))),
    (instance, headers, bytes, trailers) => {
      const carried = made(instance, bytes, trailers);
      const message = new Message(new OutgoingResponse(headers), carried);
      return [addMessage(instance, RESPONSE, message), carried.sent.shared] as const;
    },
  ),
  "[method]response.get-status-code": call([response], returns(u16), (_, { parts }) => parts.status),
  "[method]response.set-status-code": call([response, u16], unit, (_, { parts }, status) => {
    if (status < 100 || status > 599) throw new Refused(`no status: ${status}`);
    parts.status = status;
  }),
  "[method]response.get-headers": call([response], returns(own(FIELDS)), (instance, { parts }) =>
    addFields(instance, parts.headers.clone(true)),
  ),
  "[static]response.consume-body": call([taken(RESPONSE), future(outcomeType)], returns(body), consumed),
});

export const messageFunctions = (): Interface["functions"] => ({ ...requestFunctions(), ...responseFunctions() });
