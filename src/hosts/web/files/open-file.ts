import { FileError, type FileStat, type Later, type NewTime, type OpenFile } from "../../../wasi/filesystem/files.ts";
import { fileError, named } from "./errors.ts";
import { statOf, type SharedFile, type Volume } from "./volume.ts";

/** A file behind a handle, open. */
export class HandleFile implements OpenFile {
  readonly kind = "file";
  readonly #volume: Volume;
  readonly #file: SharedFile;
  readonly #mayRead: boolean;
  readonly #mayWrite: boolean;
  #isOpen = true;

  constructor(volume: Volume, file: SharedFile, mayRead: boolean, mayWrite: boolean) {
    this.#volume = volume;
    this.#file = file;
    this.#mayRead = mayRead;
    this.#mayWrite = mayWrite;
  }

  read(into: Uint8Array, at: number): Later<number> {
    return this.#do(this.#mayRead, () => this.#file.access.read(into, at));
  }

  write(bytes: Uint8Array, at: number): Later<number> {
    return this.#do(this.#mayWrite, () => this.#file.access.write(bytes, at));
  }

  append(bytes: Uint8Array): Later<number> {
    return this.#do(this.#mayWrite, () => this.#file.access.write(bytes, undefined));
  }

  setSize(size: number): Later<void> {
    return this.#do(this.#mayWrite, () => this.#file.access.setSize(size));
  }

  async stat(): Promise<FileStat> {
    const { path, handle, access } = this.#file;
    return named(path, async () => {
      const size = await access.size();
      return statOf(path, "regular-file", size, (await handle.getFile()).lastModified);
    });
  }

  setTimes(accessed: NewTime, modified: NewTime): void {
    refuseTimes(accessed, modified);
  }

  sync(): Later<void> {
    return this.#do(true, () => this.#file.access.flush());
  }

  syncData(): Later<void> {
    return this.sync();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#volume.release(this.#file);
  }

  #do<T>(isPermitted: boolean, call: () => Later<T>): Later<T> {
    const { path } = this.#file;
    if (!this.#isOpen || !isPermitted) throw new FileError("EBADF", `${path} is not open for this`);
    try {
      return call();
    } catch (error) {
      throw fileError(error, path);
    }
  }
}

/** @throws {FileError} ENOTSUP, unless both are kept: the standard has no way to set them. */
export function refuseTimes(accessed: NewTime, modified: NewTime): void {
  if (accessed !== "keep" || modified !== "keep") throw new FileError("ENOTSUP", "times cannot be set here");
}
