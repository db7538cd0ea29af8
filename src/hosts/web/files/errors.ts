import { FileError } from "../../../wasi/filesystem/files.ts";

/** The codes of POSIX for what the File System standard throws, by name. */
const CODES: Readonly<Record<string, string>> = {
  NotFoundError: "ENOENT",
  TypeMismatchError: "ENOTDIR",
  InvalidModificationError: "ENOTEMPTY",
  NoModificationAllowedError: "EBUSY",
  QuotaExceededError: "ENOSPC",
  NotAllowedError: "EACCES",
  SecurityError: "EACCES",
  TypeError: "EINVAL",
};

/** What `error` is called in POSIX. @param name What it was about. */
export function fileError(error: unknown, name: string): FileError {
  if (error instanceof FileError) return error;
  const is = error instanceof Error || error instanceof DOMException ? error.name : "";
  return new FileError(CODES[is] ?? "EIO", `${name}: ${String(error)}`);
}

/** The name of an error. */
export function isNamed(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name;
}

/** @throws {FileError} What `call` rejects with, in the words of POSIX. */
export async function named<T>(name: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw fileError(error, name);
  }
}
