import { WitError } from "../../io/errors.ts";
import { told } from "../../io/told.ts";

/** The payload of `field-size-payload`. */
export interface FieldSize {
  readonly fieldName: string | undefined;
  readonly fieldSize: number | undefined;
}

/** The variant `error-code` of `wasi:http/types`, as `{ tag, val }`, in WIT's order. */
export type HttpErrorCode =
  | { readonly tag: "DNS-timeout" }
  | {
      readonly tag: "DNS-error";
      readonly val: { readonly rcode: string | undefined; readonly infoCode: number | undefined };
    }
  | { readonly tag: "destination-not-found" }
  | { readonly tag: "destination-unavailable" }
  | { readonly tag: "destination-IP-prohibited" }
  | { readonly tag: "destination-IP-unroutable" }
  | { readonly tag: "connection-refused" }
  | { readonly tag: "connection-terminated" }
  | { readonly tag: "connection-timeout" }
  | { readonly tag: "connection-read-timeout" }
  | { readonly tag: "connection-write-timeout" }
  | { readonly tag: "connection-limit-reached" }
  | { readonly tag: "TLS-protocol-error" }
  | { readonly tag: "TLS-certificate-error" }
  | {
      readonly tag: "TLS-alert-received";
      readonly val: { readonly alertId: number | undefined; readonly alertMessage: string | undefined };
    }
  | { readonly tag: "HTTP-request-denied" }
  | { readonly tag: "HTTP-request-length-required" }
  | { readonly tag: "HTTP-request-body-size"; readonly val: bigint | undefined }
  | { readonly tag: "HTTP-request-method-invalid" }
  | { readonly tag: "HTTP-request-URI-invalid" }
  | { readonly tag: "HTTP-request-URI-too-long" }
  | { readonly tag: "HTTP-request-header-section-size"; readonly val: number | undefined }
  | { readonly tag: "HTTP-request-header-size"; readonly val: FieldSize | undefined }
  | { readonly tag: "HTTP-request-trailer-section-size"; readonly val: number | undefined }
  | { readonly tag: "HTTP-request-trailer-size"; readonly val: FieldSize }
  | { readonly tag: "HTTP-response-incomplete" }
  | { readonly tag: "HTTP-response-header-section-size"; readonly val: number | undefined }
  | { readonly tag: "HTTP-response-header-size"; readonly val: FieldSize }
  | { readonly tag: "HTTP-response-body-size"; readonly val: bigint | undefined }
  | { readonly tag: "HTTP-response-trailer-section-size"; readonly val: number | undefined }
  | { readonly tag: "HTTP-response-trailer-size"; readonly val: FieldSize }
  | { readonly tag: "HTTP-response-transfer-coding"; readonly val: string | undefined }
  | { readonly tag: "HTTP-response-content-coding"; readonly val: string | undefined }
  | { readonly tag: "HTTP-response-timeout" }
  | { readonly tag: "HTTP-upgrade-failed" }
  | { readonly tag: "HTTP-protocol-error" }
  | { readonly tag: "loop-detected" }
  | { readonly tag: "configuration-error" }
  | { readonly tag: "internal-error"; readonly val: string | undefined };

/** Codes that carry nothing. */
export type BareCode = Exclude<HttpErrorCode, { readonly val: unknown }>["tag"];

/** An exchange failed, in the words of `wasi:http/types`. Who carries exchanges out may throw it, to say how. */
export class HttpError extends WitError<HttpErrorCode> {
  override readonly name: string = "HttpError";

  /** @throws {TypeError} If the code is none. */
  constructor(code: HttpErrorCode, message?: string, options?: ErrorOptions) {
    const { tag } = Object(code) as Partial<HttpErrorCode>;
    if (typeof tag !== "string")
      throw new TypeError(`An HttpError is of { tag: "DNS-timeout" } and the like; got ${told(code)}`);
    super(code, message ?? tag, options);
  }
}

/** What a guest is told of a failure. Of one that has no code it hears nothing more: it is the host's own. */
export function errorCodeOf(cause: unknown): HttpErrorCode {
  return cause instanceof HttpError ? cause.payload : { tag: "internal-error", val: undefined };
}
