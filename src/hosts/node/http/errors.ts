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
  DEPTH_ZERO_SELF_SIGNED_CERT: "TLS-certificate-error",
  SELF_SIGNED_CERT_IN_CHAIN: "TLS-certificate-error",
  ERR_TLS_CERT_ALTNAME_INVALID: "TLS-certificate-error",
  EPROTO: "TLS-protocol-error",
};

/** @param cause What a request of Node's, or its response, failed of. */
export function httpFailure(cause: unknown): HttpError {
  if (cause instanceof HttpError) return cause;
  const { code, message } = errorOf(cause);
  return new HttpError(codeFor(code, message), message, { cause });
}

function codeFor(code: string, message: string): HttpErrorCode {
  const known = BY_CODE[code];
  if (known) return { tag: known };
  if (code === "HPE_HEADER_OVERFLOW") return { tag: "HTTP-response-header-section-size", val: undefined };
  if (code.startsWith("HPE_")) return { tag: "HTTP-protocol-error" };
  if (code.startsWith("CERT_") || code.startsWith("UNABLE_TO_")) return { tag: "TLS-certificate-error" };
  if (/^ERR_SSL_.*_ALERT_/.test(code)) {
    return { tag: "TLS-alert-received", val: { alertId: undefined, alertMessage: message } };
  }
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
