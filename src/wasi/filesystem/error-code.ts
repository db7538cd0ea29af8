import { FileError } from "./files.ts";

/** The enum `error-code` of `wasi:filesystem/types`, in WIT's order, each with what POSIX calls it. */
const ERRNOS = {
  // The second is Node's own, for what its --permission refuses.
  access: "EACCES ERR_ACCESS_DENIED",
  "would-block": "EAGAIN EWOULDBLOCK",
  already: "EALREADY",
  "bad-descriptor": "EBADF",
  busy: "EBUSY",
  deadlock: "EDEADLK",
  quota: "EDQUOT",
  exist: "EEXIST",
  "file-too-large": "EFBIG",
  "illegal-byte-sequence": "EILSEQ",
  "in-progress": "EINPROGRESS",
  interrupted: "EINTR",
  invalid: "EINVAL",
  io: "EIO",
  "is-directory": "EISDIR",
  loop: "ELOOP",
  "too-many-links": "EMLINK",
  "message-size": "EMSGSIZE",
  "name-too-long": "ENAMETOOLONG",
  "no-device": "ENODEV",
  "no-entry": "ENOENT",
  "no-lock": "ENOLCK",
  "insufficient-memory": "ENOMEM",
  "insufficient-space": "ENOSPC",
  "not-directory": "ENOTDIR",
  "not-empty": "ENOTEMPTY",
  "not-recoverable": "ENOTRECOVERABLE",
  unsupported: "ENOTSUP EOPNOTSUPP ENOSYS",
  "no-tty": "ENOTTY",
  "no-such-device": "ENXIO",
  overflow: "EOVERFLOW",
  "not-permitted": "EPERM",
  pipe: "EPIPE",
  "read-only": "EROFS",
  "invalid-seek": "ESPIPE",
  "text-file-busy": "ETXTBSY",
  "cross-device": "EXDEV",
};

export type ErrorCode = keyof typeof ERRNOS;

// An object has its members in the order in which they were written.
export const ERROR_CODES: readonly ErrorCode[] = Object.keys(ERRNOS) as ErrorCode[];

const BY_ERRNO: ReadonlyMap<string, ErrorCode> = new Map(
  ERROR_CODES.flatMap((code) => ERRNOS[code].split(" ").map((errno) => [errno, code] as const)),
);

/**
 * The code of an error of the operating system, recognised by its `code` as in Node; `undefined` for any other value.
 * A system error without a code of its own here is `io`.
 */
export function errorCodeOf(cause: unknown): ErrorCode | undefined {
  if (!(cause instanceof Error) || !("code" in cause) || typeof cause.code !== "string") return undefined;
  const known = BY_ERRNO.get(cause.code);
  return known ?? (cause instanceof FileError || ("errno" in cause && "syscall" in cause) ? "io" : undefined);
}
