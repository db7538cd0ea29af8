import { FileError, type FileStat } from "../../../wasi/filesystem/files.ts";
import { accessOf, type FileAccess } from "./access.ts";

/** A file that somebody has open, and how many have. */
export interface SharedFile {
  readonly path: string;
  readonly handle: FileSystemFileHandle;
  readonly access: FileAccess;
  users: number;
}

/** What the files behind one handle have in common. */
export class Volume {
  /** By path. The second who opens one waits for the first. */
  readonly #open = new Map<string, Promise<SharedFile>>();
  /** By path, those that are still written. */
  readonly #closing = new Map<string, Promise<void>>();
  /** What the first of those that were closed failed of. */
  #failure: { readonly cause: unknown } | undefined;

  /** Opens the file at `path` once more. */
  async open(path: string, handle: FileSystemFileHandle): Promise<SharedFile> {
    for (;;) {
      const shared = this.#open.get(path) ?? this.#begin(path, handle);
      // oxlint-disable-next-line no-await-in-loop -- until it is one that nobody has let go of meanwhile
      const file = await shared;
      if (this.#open.get(path) !== shared) continue;
      file.users++;
      return file;
    }
  }

  #begin(path: string, handle: FileSystemFileHandle): Promise<SharedFile> {
    const shared = this.idle(path)
      .then(() => accessOf(handle))
      .then((access) => ({ path, handle, access, users: 0 }));
    this.#open.set(path, shared);
    shared.catch(() => this.#open.delete(path));
    return shared;
  }

  /** One of those who have it open has not any more. */
  release(file: SharedFile): void {
    file.users--;
    if (file.users > 0) return;
    this.#open.delete(file.path);
    const closing = this.#close(file).then(() => {
      this.#closing.delete(file.path);
    });
    this.#closing.set(file.path, closing);
  }

  async #close({ access }: SharedFile): Promise<void> {
    try {
      await access.close();
    } catch (cause) {
      this.#failure ??= { cause };
    }
  }

  /** Resolves when what was closed at `path` is written. */
  async idle(path: string): Promise<void> {
    await this.#closing.get(path);
  }

  /** How large the file is for those who have it open; nothing if nobody has. */
  async openSize(path: string): Promise<number | undefined> {
    const file = await this.#open.get(path);
    return file?.access.size();
  }

  /** @throws {FileError} EBUSY, if somebody has the file open: its handle is of its place. */
  mustBeClosed(path: string): void {
    if (this.#open.has(path)) throw new FileError("EBUSY", `${path} is open`);
  }

  /** Resolves when all that was written so far is in its files. */
  async written(): Promise<void> {
    const open = await Promise.all(this.#open.values());
    await Promise.all(open.map(async ({ access }) => access.flush()));
    await Promise.all(this.#closing.values());
  }

  /** Resolves when all that were closed are written. @throws What the first of them failed of. */
  async settled(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- others may be closed meanwhile
    while (this.#closing.size > 0) await Promise.all(this.#closing.values());
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.cause;
  }
}

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** The standard numbers no files: what is at a path has the number of that path, by the hash FNV-1a. */
function numberOf(path: string): bigint {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(path)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  return hash;
}

export function statOf(path: string, type: "directory" | "regular-file", size = 0, modifiedMs?: number): FileStat {
  return {
    type,
    linkCount: 1n,
    size: BigInt(size),
    accessedNs: undefined,
    modifiedNs: modifiedMs === undefined ? undefined : BigInt(modifiedMs) * 1_000_000n,
    changedNs: undefined,
    device: 0n,
    inode: numberOf(path),
  };
}
