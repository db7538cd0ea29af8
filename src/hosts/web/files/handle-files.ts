import { hasMethods, isThenable } from "../../../io/shape.ts";
import { told } from "../../../io/told.ts";
import type { OpenDirectory } from "../../../wasi/filesystem/files.ts";
import { HandleDirectory } from "./directory.ts";
import { Volume } from "./volume.ts";

/**
 * The files behind a `FileSystemDirectoryHandle`, for guests: those of the page's origin
 * (`navigator.storage.getDirectory()`), or of a directory that the page's user has picked (`showDirectoryPicker()`).
 *
 * A worker reads and writes files of the origin at once, and nobody else can open one meanwhile. Elsewhere what is written
 * is in a file when it has been closed or synchronised. There are no links, times cannot be set, directories not renamed,
 * and files that are open neither renamed nor removed.
 */
export class HandleFiles {
  readonly #volume = new Volume();
  readonly #handle: FileSystemDirectoryHandle;

  /** @throws {TypeError} If it is no handle of a directory. */
  constructor(handle: FileSystemDirectoryHandle) {
    if (!hasMethods<FileSystemDirectoryHandle>(handle, "getFileHandle", "getDirectoryHandle")) {
      const hint = isThenable(handle) ? ". Wait for it first" : "";
      throw new TypeError(`HandleFiles must be given a FileSystemDirectoryHandle; got ${told(handle)}${hint}`);
    }
    this.#handle = handle;
  }

  /** Opens the root once more. */
  root(): OpenDirectory {
    return new HandleDirectory(this.#volume, this.#handle, "/");
  }

  /** Resolves when all that guests wrote and closed is in its files. @throws {FileError} What the first of it failed of. */
  settled(): Promise<void> {
    return this.#volume.settled();
  }
}
