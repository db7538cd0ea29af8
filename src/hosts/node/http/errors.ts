/** What Node reports of an exchange, in the words of `wasi:http/types`. */
import { HttpError, type BareCode, type HttpErrorCode } from "../../../wasi/http/error-code.ts";

const BY_CODE: Readonly<Record<string, BareCode>> = {
  ECONNREFUSED: "connection-refused",
  EHOSTUNREACH: "destination-IP-unroutable",
  ENETUNREACH: "destination-IP-unroutable",
  EADDRNOTAVAIL: "destination-IP-unroutable",
  ETIMEDOUT: "connection-timeout",
  ECONNRESET: "connection-terminated",
  EPIPE: "connection-terminated",
  ECONNABORTED: "connection-terminated",
  ERR_INVALID_HTTP_TOKEN: "HTTP-request-method-invalid",
  ERR_UNESCAPED_CHARACTERS: "HTTP-request-URI-invalid",
  ERR_TLS_CERT_ALTNAME_INVALID: "TLS-certificate-error",
  // What Node's own --permission refuses.
  ERR_ACCESS_DENIED: "HTTP-request-denied",
  EPROTO: "TLS-protocol-error",
  // The other side speaks HTTP/2, and not as it should; or says so of us.
  ERR_HTTP2_ERROR: "HTTP-protocol-error",
  ERR_HTTP2_SESSION_ERROR: "HTTP-protocol-error",
  ERR_HTTP2_STREAM_CANCEL: "connection-terminated",
};

/** What Node calls what is wrong with a certificate; what it has no name for is unspecified. */
const CERTIFICATE =
  /^(?:UNSPECIFIED$|CERT_|CRL_|UNABLE_TO_|ERROR_IN_C|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_|HOSTNAME_MISMATCH$|DEPTH_ZERO_|SELF_SIGNED_)/;
/** What OpenSSL says of an alert: the rest of its text is about this process, and nothing for a guest. */
const ALERT = /:(?:ssl|tls)\S* (?:alert )?([a-z ]+):.*SSL alert number (\d+)/s;

/** @param cause What a request of Node's, or its response, failed of. */
export function httpFailure(cause: unknown): HttpError {
  if (cause instanceof HttpError) return cause;
  const { code, message } = errorOf(cause);
  return new HttpError(codeFor(code, message), message, { cause });
}

/** @param cause What the body of a response failed of, or what comes after it. */
export function bodyFailure(cause: unknown): HttpError {
  if (cause instanceof HttpError) return cause;
  const { code, message } = errorOf(cause);
  if (code === "HPE_HEADER_OVERFLOW") {
    return new HttpError({ tag: "HTTP-response-trailer-section-size", val: undefined }, message, { cause });
  }
  return code.startsWith("HPE_")
    ? httpFailure(cause)
    : failed("HTTP-response-incomplete", "the response ends too early", cause);
}

export function failed(tag: BareCode | "internal-error", message: string, cause?: unknown): HttpError {
  const code = tag === "internal-error" ? { tag, val: undefined } : { tag };
  return new HttpError(code, message, { cause });
}

/** Nobody wants the response any more. */
export function unwanted(): HttpError {
  return failed("internal-error", "nobody wants the response");
}

function codeFor(code: string, message: string): HttpErrorCode {
  const [, alertMessage, alertId] = ALERT.exec(message) ?? [];
  if (alertId !== undefined) return { tag: "TLS-alert-received", val: { alertId: Number(alertId), alertMessage } };
  const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  if (known) return { tag: known };
  if (code === "HPE_HEADER_OVERFLOW") return { tag: "HTTP-response-header-section-size", val: undefined };
  if (code.startsWith("HPE_")) return { tag: "HTTP-protocol-error" };
  if (CERTIFICATE.test(code)) return { tag: "TLS-certificate-error" };
  if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_")) return { tag: "TLS-protocol-error" };
  return { tag: "internal-error", val: undefined };
}

function errorOf(cause: unknown): { readonly code: string; readonly message: string } {
  if (!(cause instanceof Error)) return { code: "", message: String(cause) };
  // Of several addresses that were tried each has one.
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : undefined;
  const told = first instanceof Error ? first : cause;
  return { code: "code" in told ? String(told.code) : "", message: told.message };
}
