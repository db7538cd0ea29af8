import {
  FileError,
  type DirectoryEntry,
  type FileStat,
  type NewTime,
  type OpenDirectory,
  type OpenFile,
  type OpenOptions,
} from "../../../wasi/filesystem/files.ts";
import { unawaited } from "../../../io/shape.ts";
import { isNamed, named } from "./errors.ts";
import { HandleFile, refuseTimes } from "./open-file.ts";
import { statOf, type Volume } from "./volume.ts";

/** Bytes, as on most systems. */
const MAX_NAME_BYTES = 255;

type Handle = FileSystemFileHandle | FileSystemDirectoryHandle;
/** A method that browsers have beside the standard's. */
type Movable = FileSystemFileHandle & { move(to: FileSystemDirectoryHandle, name: string): Promise<void> };

/** A directory behind a handle of the File System standard, which has neither links nor times. */
export class HandleDirectory implements OpenDirectory {
  readonly kind = "directory";
  readonly #volume: Volume;
  readonly #handle: FileSystemDirectoryHandle;
  /** With a slash at its end. */
  readonly #path: string;

  constructor(volume: Volume, handle: FileSystemDirectoryHandle, path: string) {
    this.#volume = volume;
    this.#handle = handle;
    this.#path = path;
  }

  entries(): Promise<readonly DirectoryEntry[]> {
    return named(this.#path, async () => {
      // What is being written has a second file beside it.
      await this.#volume.written();
      const entries: DirectoryEntry[] = [];
      for await (const [name, { kind }] of unawaited(this.#handle.entries()))
        entries.push({ name, type: kind === "file" ? "regular-file" : "directory" });
      return entries;
    });
  }

  openSelf(): OpenDirectory {
    return new HandleDirectory(this.#volume, this.#handle, this.#path);
  }

  async stat(): Promise<FileStat> {
    return statOf(this.#path, "directory");
  }

  async statAt(name: string): Promise<FileStat> {
    const found = await this.#get(name);
    const path = this.#path + name;
    if (found.kind === "directory") return statOf(`${path}/`, "directory");
    return named(name, async () => {
      await this.#volume.idle(path);
      const size = await this.#volume.openSize(path);
      const file = await found.getFile();
      return statOf(path, "regular-file", size ?? file.size, file.lastModified);
    });
  }

  setTimes(accessed: NewTime, modified: NewTime): void {
    refuseTimes(accessed, modified);
  }

  async setTimesAt(name: string, accessed: NewTime, modified: NewTime): Promise<void> {
    await this.#get(name);
    refuseTimes(accessed, modified);
  }

  async openDirectoryAt(name: string): Promise<OpenDirectory> {
    const found = await this.#get(name);
    if (found.kind === "file") throw new FileError("ENOTDIR", name);
    return this.#directory(found);
  }

  async openAt(name: string, options: OpenOptions): Promise<OpenFile | OpenDirectory> {
    const { read, write, create, exclusive, truncate } = options;
    let found = await this.#find(name);
    if (found && create && exclusive) throw new FileError("EEXIST", name);
    if (found?.kind === "directory") {
      if (write || create) throw new FileError("EISDIR", name);
      return this.#directory(found);
    }
    if (!found && !create) throw new FileError("ENOENT", name);
    found ??= await this.#made(name, () => this.#handle.getFileHandle(name, { create: true }));
    const handle = found;
    const file = await named(name, () => this.#volume.open(this.#path + name, handle));
    const opened = new HandleFile(this.#volume, file, read, write);
    try {
      if (truncate) await opened.setSize(0);
    } catch (error) {
      opened.close();
      throw error;
    }
    return opened;
  }

  async createDirectoryAt(name: string): Promise<void> {
    if (await this.#find(name)) throw new FileError("EEXIST", name);
    await this.#made(name, () => this.#handle.getDirectoryHandle(name, { create: true }));
  }

  async removeDirectoryAt(name: string): Promise<void> {
    if ((await this.#get(name)).kind === "file") throw new FileError("ENOTDIR", name);
    await named(name, () => this.#handle.removeEntry(name));
  }

  async unlinkAt(name: string): Promise<void> {
    if ((await this.#get(name)).kind === "directory") throw new FileError("EISDIR", name);
    await this.#mustBeClosed(name);
    await named(name, () => this.#handle.removeEntry(name));
  }

  async readLinkAt(name: string): Promise<string> {
    await this.#get(name);
    throw new FileError("EINVAL", `${name} is no link`);
  }

  async symlinkAt(name: string, _target: string): Promise<void> {
    if (await this.#find(name)) throw new FileError("EEXIST", name);
    throw new FileError("ENOTSUP", "there are no links here");
  }

  async linkAt(name: string, to: OpenDirectory, toName: string): Promise<void> {
    await this.#get(name);
    if (await this.#same(to).#find(toName)) throw new FileError("EEXIST", toName);
    throw new FileError("ENOTSUP", "there are no links here");
  }

  async renameAt(name: string, to: OpenDirectory, toName: string): Promise<void> {
    const found = await this.#get(name);
    const target = this.#same(to);
    const replaced = await target.#find(toName);
    if (this.#path + name === target.#path + toName) return;
    if (found.kind === "directory") throw new FileError("ENOTSUP", "directories cannot be renamed here");
    if (replaced?.kind === "directory") throw new FileError("EISDIR", toName);
    await this.#mustBeClosed(name);
    await target.#mustBeClosed(toName);
    await named(name, () => moved(found, this.#handle, target.#handle, toName));
  }

  // It holds nothing that would be let go of.
  sync(): void {}
  syncData(): void {}
  close(): void {}

  #directory(handle: FileSystemDirectoryHandle): OpenDirectory {
    return new HandleDirectory(this.#volume, handle, `${this.#path}${handle.name}/`);
  }

  #same(to: OpenDirectory): HandleDirectory {
    if (to instanceof HandleDirectory && to.#volume === this.#volume) return to;
    throw new FileError("EXDEV", "another file system");
  }

  /** What `make` makes in it. */
  #made<T>(name: string, make: () => Promise<T>): Promise<T> {
    return named(name, () =>
      make().catch(async (error: unknown) => {
        // So says Firefox also of a directory that is not there any more, whose entries it does not find.
        if (isNamed(error, "UnknownError")) await this.#handle.keys().next();
        throw error;
      }),
    );
  }

  async #mustBeClosed(name: string): Promise<void> {
    await this.#volume.idle(this.#path + name);
    this.#volume.mustBeClosed(this.#path + name);
  }

  async #get(name: string): Promise<Handle> {
    const found = await this.#find(name);
    if (found) return found;
    throw new FileError("ENOENT", name);
  }

  async #find(name: string): Promise<Handle | undefined> {
    if (new TextEncoder().encode(name).length > MAX_NAME_BYTES) throw new FileError("ENAMETOOLONG", name);
    try {
      return await this.#handle.getFileHandle(name);
    } catch (error) {
      if (isNamed(error, "NotFoundError")) {
        // So says also a directory that is not there any more, and then nothing can be made in it.
        return undefined;
      }
      if (!isNamed(error, "TypeMismatchError")) return named(name, () => Promise.reject(error as Error));
    }
    return named(name, () => this.#handle.getDirectoryHandle(name));
  }
}

/** Moves a file where a browser can, and copies it where not. What has that name is replaced. */
async function moved(
  file: FileSystemFileHandle,
  from: FileSystemDirectoryHandle,
  to: FileSystemDirectoryHandle,
  name: string,
): Promise<void> {
  if ("move" in file) {
    // It has the method.
    await (file as Movable).move(to, name);
    return;
  }
  const copy = await (await to.getFileHandle(name, { create: true })).createWritable();
  await (await file.getFile()).stream().pipeTo(copy);
  await from.removeEntry(file.name);
}
