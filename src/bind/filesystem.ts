/**
 * `wasi:filesystem` 0.2 without a preopened directory: enough that ordinary command components link and run. No
 * descriptor ever exists, so that any method of one is called with an unknown handle, and traps.
 */
import { ERROR_CODES, errorCodeOf } from "../wasi/error-code.ts";
import { borrow, enumeration, list, nothing, option, own, returns, string, tuple } from "./abi.ts";
import { bind, call, functions, resourceClass, type Definition } from "./func.ts";
import type { Instance } from "./instance.ts";
import { ERROR } from "./io.ts";
import type { Kind } from "./resources.ts";

const DESCRIPTOR: Kind<never> = { name: "descriptor" };
const DIRECTORY_ENTRY_STREAM: Kind<never> = { name: "directory-entry-stream" };

const DESCRIPTOR_METHODS = [
  "read-via-stream",
  "write-via-stream",
  "append-via-stream",
  "advise",
  "sync-data",
  "get-flags",
  "get-type",
  "set-size",
  "set-times",
  "read",
  "write",
  "read-directory",
  "sync",
  "create-directory-at",
  "stat",
  "stat-at",
  "set-times-at",
  "link-at",
  "open-at",
  "readlink-at",
  "remove-directory-at",
  "rename-at",
  "symlink-at",
  "unlink-file-at",
  "is-same-object",
  "metadata-hash",
  "metadata-hash-at",
];

/** @see WASI 0.2 `wasi:filesystem/preopens` */
export function preopens(instance: Instance): Record<string, unknown> {
  return functions(instance, {
    getDirectories: call("wasi:filesystem/preopens#get-directories", [], returns(list(tuple(own, string))), () => []),
  });
}

/** @see WASI 0.2 `wasi:filesystem/types` */
export function types(instance: Instance): Record<string, unknown> {
  return {
    Descriptor: resourceClass(instance, DESCRIPTOR, unreachable("descriptor", DESCRIPTOR, DESCRIPTOR_METHODS)),
    DirectoryEntryStream: resourceClass(
      instance,
      DIRECTORY_ENTRY_STREAM,
      unreachable("directory-entry-stream", DIRECTORY_ENTRY_STREAM, ["read-directory-entry"]),
    ),
    filesystemErrorCode: bind(
      instance,
      call(
        "wasi:filesystem/types#filesystem-error-code",
        [borrow(ERROR)],
        returns(option(enumeration(...ERROR_CODES))),
        (error) => errorCodeOf(error.cause),
      ),
      false,
    ),
  };
}

/** Looking up the descriptor is the first thing that each method does, and the last. */
function unreachable(resource: string, kind: Kind<never>, methods: readonly string[]): Record<string, Definition> {
  return Object.fromEntries(
    methods.map((method) => [
      method.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      call(`wasi:filesystem/types#[method]${resource}.${method}`, [borrow(kind)], nothing, (never) => never),
    ]),
  );
}
