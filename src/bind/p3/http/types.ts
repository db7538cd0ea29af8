/** The types that all of `wasi:http` 0.3 shares, and what they are in JavaScript. */
import { own } from "../../../abi/owned.ts";
import { Kind } from "../../../abi/resources.ts";
import { result, type Returns } from "../../../abi/returns.ts";
import { string } from "../../../abi/scalars.ts";
import type { Type } from "../../../abi/type.ts";
import { option, resultValue, variant } from "../../../abi/variants.ts";
import { WitError } from "../../../io/errors.ts";
import type { HttpErrorCode } from "../../../wasi/http/error-code.ts";
import { FieldsTooLarge } from "../../../wasi/http/field-memory.ts";
import type { Fields } from "../../../wasi/http/fields.ts";
import type { OutgoingRequest, OutgoingResponse, RequestOptions } from "../../../wasi/http/message.ts";
import { errorCode } from "../../http/types.ts";
import type { Contents } from "./contents.ts";

/** A request or a response, whoever made it: it may be read as well as sent. */
export class Message<T extends OutgoingRequest | OutgoingResponse = OutgoingRequest | OutgoingResponse> {
  readonly parts: T;
  readonly contents: Contents;
  readonly options: RequestOptions | undefined;

  constructor(parts: T, contents: Contents, options?: RequestOptions) {
    this.parts = parts;
    this.contents = contents;
    this.options = options;
  }
}

/** Time-outs as a guest holds them: those of a request cannot be changed. */
export interface HeldOptions {
  readonly values: RequestOptions;
  readonly isImmutable: boolean;
}

export const FIELDS: Kind<Fields> = new Kind("fields");
export const REQUEST: Kind<Message<OutgoingRequest>> = new Kind("request");
export const RESPONSE: Kind<Message<OutgoingResponse>> = new Kind("response");
export const REQUEST_OPTIONS: Kind<HeldOptions> = new Kind("request-options");

/** `result<_, error-code>`, as a future has it. */
export const outcomeType: Type<unknown> = resultValue(null, errorCode as never);
/** `result<option<trailers>, error-code>`, as a future has it. */
export const trailersType: Type<unknown> = resultValue(option(own(FIELDS)) as never, errorCode as never);

/** How a transmission went. */
export type Outcome = { readonly tag: "ok" } | { readonly tag: "err"; readonly val: HttpErrorCode };

const text = option(string);
const headerError = variant({
  "invalid-syntax": null,
  forbidden: null,
  immutable: null,
  "size-exceeded": null,
  other: text,
}) as Type<unknown>;

/** `result<T, header-error>`: the error case is a thrown `FieldError`. */
export function fieldResult<Out>(ok: Type<unknown, Out> | null): Returns<Out> {
  return result(ok, headerError, (payload) => payload);
}

/** What a guest would trap on in WASI 0.2 has words here. */
export function sized<T>(change: () => T): T {
  try {
    return change();
  } catch (error) {
    if (error instanceof FieldsTooLarge) throw new WitError({ tag: "size-exceeded" }, error.message);
    throw error;
  }
}

/** `result<T, request-options-error>`: the error case is a thrown `WitError`. */
export function optionsResult<Out>(ok: Type<unknown, Out> | null): Returns<Out> {
  const error = variant({ "not-supported": null, immutable: null, other: text });
  return result(ok, error as Type<unknown>, (payload) => payload);
}
