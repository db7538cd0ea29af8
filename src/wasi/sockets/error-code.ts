import { messageOf } from "../../io/cause.ts";
import { WitError } from "../../io/errors.ts";
import { InternalError } from "../../io/trap.ts";

/** The enum `error-code` of `wasi:sockets/network`, in WIT's order. */
export const ERROR_CODES = [
  "unknown",
  "access-denied",
  "not-supported",
  "invalid-argument",
  "out-of-memory",
  "timeout",
  "concurrency-conflict",
  "not-in-progress",
  "would-block",
  "invalid-state",
  "new-socket-limit",
  "address-not-bindable",
  "address-in-use",
  "remote-unreachable",
  "connection-refused",
  "connection-reset",
  "connection-aborted",
  "datagram-too-large",
  "name-unresolvable",
  "temporary-resolver-failure",
  "permanent-resolver-failure",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** What POSIX, and the system's resolver, call each. */
const BY_ERRNO: Readonly<Record<string, ErrorCode>> = {
  EPERM: "access-denied",
  EACCES: "access-denied",
  // What Node's own --permission refuses.
  ERR_ACCESS_DENIED: "access-denied",
  EADDRINUSE: "address-in-use",
  EADDRNOTAVAIL: "address-not-bindable",
  ETIMEDOUT: "timeout",
  ECONNREFUSED: "connection-refused",
  ECONNRESET: "connection-reset",
  ECONNABORTED: "connection-aborted",
  EINVAL: "invalid-argument",
  EHOSTUNREACH: "remote-unreachable",
  EHOSTDOWN: "remote-unreachable",
  ENETDOWN: "remote-unreachable",
  ENETUNREACH: "remote-unreachable",
  ENONET: "remote-unreachable",
  EISCONN: "invalid-state",
  ENOTCONN: "invalid-state",
  EDESTADDRREQ: "invalid-state",
  EMSGSIZE: "datagram-too-large",
  ENOMEM: "out-of-memory",
  ENOBUFS: "out-of-memory",
  EOPNOTSUPP: "not-supported",
  ENOTSUP: "not-supported",
  ENOPROTOOPT: "not-supported",
  EPFNOSUPPORT: "not-supported",
  EPROTONOSUPPORT: "not-supported",
  EPROTOTYPE: "not-supported",
  ESOCKTNOSUPPORT: "not-supported",
  EAFNOSUPPORT: "not-supported",
  EMFILE: "new-socket-limit",
  ENFILE: "new-socket-limit",
  ENOTFOUND: "name-unresolvable",
  ENODATA: "name-unresolvable",
  EAI_NONAME: "name-unresolvable",
  EAI_NODATA: "name-unresolvable",
  EAI_ADDRFAMILY: "name-unresolvable",
  EAI_AGAIN: "temporary-resolver-failure",
  ESERVFAIL: "temporary-resolver-failure",
  ETIMEOUT: "temporary-resolver-failure",
  EAI_FAIL: "permanent-resolver-failure",
  EAI_MEMORY: "out-of-memory",
};

/** An error with the code of POSIX, for networks that have no other. */
export class NetworkError extends Error {
  override readonly name: string = "NetworkError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** What a call on a socket, or a lookup, reports to its guest. */
export class SocketError extends WitError<ErrorCode> {
  override readonly name: string = "SocketError";

  constructor(code: ErrorCode, message: string = code, options?: ErrorOptions) {
    super(code, message, options);
  }

  /** What a port threw: recognised by its `code`, as in Node. */
  static from(cause: unknown): SocketError {
    if (cause instanceof SocketError) return cause;
    return new SocketError(errorCodeOf(cause), messageOf(cause), { cause });
  }
}

/** What a guest is told of what a port threw, or what ends it: a port at fault is not the network's failure. */
export function failureOf(cause: unknown): SocketError | InternalError {
  return cause instanceof InternalError ? cause : SocketError.from(cause);
}

/** Nothing has gone wrong, and it is often so: one for all, since to note where it was thrown costs more than the call. */
export const WOULD_BLOCK: SocketError = new SocketError("would-block");

/** The code of an error of the operating system; `unknown` for any other value. */
export function errorCodeOf(cause: unknown): ErrorCode {
  return networkErrorCode(cause) ?? "unknown";
}

/** The code of what a stream has failed with; nothing if that has none among those of sockets, such as a full disk. */
export function networkErrorCode(cause: unknown): ErrorCode | undefined {
  if (!(cause instanceof Error) || !("code" in cause) || typeof cause.code !== "string") return undefined;
  return Object.hasOwn(BY_ERRNO, cause.code) ? BY_ERRNO[cause.code] : undefined;
}
