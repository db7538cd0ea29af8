import { StreamError } from "../../io/errors.ts";
import { FileError } from "../../wasi/filesystem/files.ts";

/** The enum `errno` of preview 1, by what POSIX calls each, in its order: the first one is 1. */
const NAMES =
  "E2BIG EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EALREADY EBADF EBADMSG EBUSY ECANCELED ECHILD " +
  "ECONNABORTED ECONNREFUSED ECONNRESET EDEADLK EDESTADDRREQ EDOM EDQUOT EEXIST EFAULT EFBIG EHOSTUNREACH EIDRM " +
  "EILSEQ EINPROGRESS EINTR EINVAL EIO EISCONN EISDIR ELOOP EMFILE EMLINK EMSGSIZE EMULTIHOP ENAMETOOLONG ENETDOWN " +
  "ENETRESET ENETUNREACH ENFILE ENOBUFS ENODEV ENOENT ENOEXEC ENOLCK ENOLINK ENOMEM ENOMSG ENOPROTOOPT ENOSPC ENOSYS " +
  "ENOTCONN ENOTDIR ENOTEMPTY ENOTRECOVERABLE ENOTSOCK ENOTSUP ENOTTY ENXIO EOVERFLOW EOWNERDEAD EPERM EPIPE EPROTO " +
  "EPROTONOSUPPORT EPROTOTYPE ERANGE EROFS ESPIPE ESRCH ESTALE ETIMEDOUT ETXTBSY EXDEV ENOTCAPABLE";

const BY_NAME: ReadonlyMap<string, number> = new Map([
  ...NAMES.split(" ").map((name, index) => [name, index + 1] as const),
  ["EWOULDBLOCK", 6] as const,
  ["EOPNOTSUPP", 58] as const,
]);

/** The number of an errno that is known to be one. */
function known(name: string): number {
  const number = BY_NAME.get(name);
  if (number === undefined) throw new Error(`${name} is no errno of preview 1`);
  return number;
}

const EIO = known("EIO");
const EPIPE = known("EPIPE");

/** The name of an errno, for a trace. */
export function errnoName(number: number): string {
  return NAMES.split(" ")[number - 1] ?? `errno ${number}`;
}

/**
 * What a guest is told of a failure; `undefined` for what is none of a file or a stream, and has to end it.
 *
 * A stream without a reader is EPIPE, as for a process that ignores SIGPIPE: preview 1 has no signals.
 */
export function errnoOf(cause: unknown): number | undefined {
  if (cause instanceof StreamError) {
    if (cause.payload.tag === "closed") return EPIPE;
    return errnoOf(cause.payload.val.cause) ?? EIO;
  }
  if (!(cause instanceof Error) || !("code" in cause) || typeof cause.code !== "string") return undefined;
  const number = BY_NAME.get(cause.code);
  if (number !== undefined) return number;
  return cause instanceof FileError || ("errno" in cause && "syscall" in cause) ? EIO : undefined;
}
