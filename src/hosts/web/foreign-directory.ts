/** Directories that are none of ours, as pages are given them: loaded for who has such. */
import { quoted } from "../../io/quoted.ts";
import { isObject } from "../../io/shape.ts";
import { told } from "../../io/told.ts";
import { givenDirectory } from "../../wasi/filesystem/checked-files.ts";
import type { OpenDirectory } from "../../wasi/filesystem/files.ts";

/** @throws {TypeError} If it is none. */
export function foreignDirectory(value: unknown, path: string): OpenDirectory {
  if (typeof FileSystemDirectoryHandle === "function" && value instanceof FileSystemDirectoryHandle) {
    throw new TypeError(`preopens[${quoted(path)}]: give new HandleFiles(handle).root(), of sluice/opfs`);
  }
  if (!isObject(value) || value["kind"] !== "directory") {
    throw new TypeError(
      `preopens[${quoted(path)}] must be an OpenDirectory, such as MemoryFiles.from({ ... }).root(); got ${told(value)}`,
    );
  }
  // Anything that says so is an embedder's own file system: what it gives is checked.
  return givenDirectory(value as unknown as OpenDirectory, `preopens[${quoted(path)}]`);
}
