/** The types that all of `wasi:http` 0.2 shares, and what they are in JavaScript. */
import { record, tuple } from "../../abi/composites.ts";
import type { Guest } from "../../abi/guest.ts";
import { mapped } from "../../abi/mapped.ts";
import { bytes, list } from "../../abi/lists.ts";
import { Kind } from "../../abi/resources.ts";
import { result, type Returns } from "../../abi/returns.ts";
import { boundedString, string, u16, u32, u64, u8 } from "../../abi/scalars.ts";
import type { Type } from "../../abi/type.ts";
import { option, variant } from "../../abi/variants.ts";
import type { HttpError, HttpErrorCode } from "../../wasi/http/error-code.ts";
import type { Field, FieldError, Fields } from "../../wasi/http/fields.ts";
import type { IncomingBody, FutureTrailers } from "../../wasi/http/incoming-body.ts";
import type { OutgoingRequest, OutgoingResponse, RequestOptions } from "../../wasi/http/message.ts";
import type { OutgoingBody } from "../../wasi/http/outgoing-body.ts";
import type { Future } from "../../wasi/http/future.ts";
import type { HttpRequest, HttpResponse } from "../../wasi/http/exchange.ts";

/** A request or a response that has come, until its body is taken. */
export class Incoming<T extends HttpRequest | HttpResponse> {
  readonly message: T;
  #isConsumed = false;

  constructor(message: T) {
    this.message = message;
  }

  /** Whether nobody has taken its body before; once. */
  consume(): boolean {
    const isFirst = !this.#isConsumed;
    this.#isConsumed = true;
    return isFirst;
  }

  /** Nobody wants the body any more, unless somebody has it. */
  drop(): void {
    if (!this.#isConsumed) this.message.body?.source.close();
  }
}

/** A message that a guest makes, and its body if that was asked for. */
export class Outgoing<T extends OutgoingRequest | OutgoingResponse> {
  readonly message: T;
  body: OutgoingBody | undefined;

  constructor(message: T) {
    this.message = message;
  }

  /** It will never be sent: nobody reads its body. */
  drop(): void {
    this.body?.body.source.close();
  }
}

/** What comes of a request. */
export type Answer =
  | { readonly tag: "ok"; readonly val: HttpResponse }
  | { readonly tag: "err"; readonly val: HttpErrorCode };

/** Where a guest answers. Told once; a handle that is dropped tells nothing. */
export type Outparam = (
  answer: { readonly response: Outgoing<OutgoingResponse> } | { readonly error: HttpErrorCode },
) => void;

export const FIELDS: Kind<Fields> = new Kind("fields");
export const INCOMING_REQUEST: Kind<Incoming<HttpRequest>> = new Kind("incoming-request");
export const OUTGOING_REQUEST: Kind<Outgoing<OutgoingRequest>> = new Kind("outgoing-request");
export const REQUEST_OPTIONS: Kind<RequestOptions> = new Kind("request-options");
export const RESPONSE_OUTPARAM: Kind<Outparam> = new Kind("response-outparam");
export const INCOMING_RESPONSE: Kind<Incoming<HttpResponse>> = new Kind("incoming-response");
export const INCOMING_BODY: Kind<IncomingBody> = new Kind("incoming-body");
export const FUTURE_TRAILERS: Kind<FutureTrailers> = new Kind("future-trailers");
export const OUTGOING_RESPONSE: Kind<Outgoing<OutgoingResponse>> = new Kind("outgoing-response");
export const OUTGOING_BODY: Kind<OutgoingBody> = new Kind("outgoing-body");
export const FUTURE_RESPONSE: Kind<Future<Answer>> = new Kind("future-incoming-response");

const fieldSize = record({ "field-name": option(string), "field-size": option(u32) });

/** `error-code`, in WIT's order. */
const errorVariant = variant({
  "DNS-timeout": null,
  "DNS-error": record({ rcode: option(string), "info-code": option(u16) }),
  "destination-not-found": null,
  "destination-unavailable": null,
  "destination-IP-prohibited": null,
  "destination-IP-unroutable": null,
  "connection-refused": null,
  "connection-terminated": null,
  "connection-timeout": null,
  "connection-read-timeout": null,
  "connection-write-timeout": null,
  "connection-limit-reached": null,
  "TLS-protocol-error": null,
  "TLS-certificate-error": null,
  "TLS-alert-received": record({ "alert-id": option(u8), "alert-message": option(string) }),
  "HTTP-request-denied": null,
  "HTTP-request-length-required": null,
  "HTTP-request-body-size": option(u64),
  "HTTP-request-method-invalid": null,
  "HTTP-request-URI-invalid": null,
  "HTTP-request-URI-too-long": null,
  "HTTP-request-header-section-size": option(u32),
  "HTTP-request-header-size": option(fieldSize),
  "HTTP-request-trailer-section-size": option(u32),
  "HTTP-request-trailer-size": fieldSize,
  "HTTP-response-incomplete": null,
  "HTTP-response-header-section-size": option(u32),
  "HTTP-response-header-size": fieldSize,
  "HTTP-response-body-size": option(u64),
  "HTTP-response-trailer-section-size": option(u32),
  "HTTP-response-trailer-size": fieldSize,
  "HTTP-response-transfer-coding": option(string),
  "HTTP-response-content-coding": option(string),
  "HTTP-response-timeout": null,
  "HTTP-upgrade-failed": null,
  "HTTP-protocol-error": null,
  "loop-detected": null,
  "configuration-error": null,
  "internal-error": option(string),
});

// The same cases, each with what it carries.
export const errorCode: Type<HttpErrorCode> = errorVariant as Type<unknown> as Type<HttpErrorCode>;

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"] as const;

interface Tagged {
  readonly tag: string;
  readonly val?: unknown;
}

// The cases that carry nothing, and `other`, which carries text.
function tokens(names: readonly string[], shown: (name: string) => string): Type<string> {
  const type = variant({ ...Object.fromEntries(names.map((name) => [name, null])), other: string });
  const byText = new Map(names.map((name) => [shown(name), name]));
  return mapped(
    type as Type<unknown> as Type<Tagged>,
    ({ tag, val }: Tagged): string => (tag === "other" ? String(val) : shown(tag)),
    (value: string): Tagged => {
      const tag = byText.get(value);
      return tag === undefined ? { tag: "other", val: value } : { tag };
    },
  );
}

/** `method`, as HTTP spells it: `GET`. */
export const method: Type<string> = tokens(
  METHODS.map((name) => name.toLowerCase()),
  (name) => name.toUpperCase(),
);

const schemeTokens = tokens(["HTTP", "HTTPS"], (name) => name.toLowerCase());
/** `scheme`, as a URL spells it: `http`. */
export const scheme: Type<string> = schemeTokens;

/** Longer ones are none, and are not read. */
const MAX_NAME = 65_536;
/** How much more a name counts than other text, of which a call may give so much: it is looked through, and put in lower case. */
const NAME_WEIGHT = 16;
/** More fields than any message has, and than a guest may give at once. */
const MAX_FIELDS = 16_384;
const shortName = boundedString(MAX_NAME, "");

function weighed(guest: Guest, load: () => string): string {
  const name = load();
  guest.takeValue(name.length * (NAME_WEIGHT - 1), "a name");
  return name;
}

/** A name of a field, as a guest gives it. */
export const fieldName: Type<string> = {
  ...shortName,
  load: (guest, at) => weighed(guest, () => shortName.load(guest, at)),
  lift: (guest, flat) => weighed(guest, () => shortName.lift(guest, flat)),
};

/** Values of one name. */
export const fieldValues: Type<Uint8Array[], readonly Uint8Array[]> = list(bytes, MAX_FIELDS);

export const fieldList: Type<Field[], readonly Field[]> = list(
  tuple(fieldName, bytes),
  MAX_FIELDS,
) as Type<unknown> as Type<Field[], readonly Field[]>;

/** `result<T, header-error>`: the error case is a thrown `FieldError`. */
export function fieldResult<Out>(ok: Type<unknown, Out> | null): Returns<Out> {
  return result(ok, variant({ "invalid-syntax": null, forbidden: null, immutable: null }), (payload) => {
    // Thrown by fields, and only by them: see FieldError.
    return payload as FieldError["payload"];
  });
}

/** `result<T, error-code>`: the error case is a thrown `HttpError`. */
export function httpResult<Out>(ok: Type<unknown, Out> | null): Returns<Out> {
  // As above: see HttpError.
  return result(ok, errorCode, (payload) => payload as HttpError["payload"]);
}

/** `result<T>`: the error case is a thrown `Refused`. */
export function plainResult<Out>(ok: Type<unknown, Out> | null): Returns<Out> {
  return result(ok, null, () => undefined);
}
