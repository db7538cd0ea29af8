/** The bytes of a file behind a handle: at once where a worker may have that, else later. */
import { FileError, type Later } from "../../../wasi/filesystem/files.ts";
import { unawaited } from "../../../io/shape.ts";
import { isNamed, named } from "./errors.ts";

/** What can be done with the bytes of one file. All who have it open share one. */
export interface FileAccess {
  read(into: Uint8Array, at: number): Later<number>;
  /** Copies `bytes` before it returns, if it does not write them. @param at Nothing for the end. */
  write(bytes: Uint8Array, at: number | undefined): Later<number>;
  setSize(size: number): Later<void>;
  size(): Later<number>;
  /** Until what was written is there for everybody. */
  flush(): Later<void>;
  /** Nobody has it open any more. */
  close(): Later<void>;
}

/** As the standard has it for workers, of which the types of pages know nothing. */
interface SyncAccessHandle {
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): Later<void>;
  getSize(): number;
  flush(): Later<void>;
  close(): Later<void>;
}

/** The best that there is for a file. */
export async function accessOf(handle: FileSystemFileHandle): Promise<FileAccess> {
  if ("createSyncAccessHandle" in handle) {
    try {
      // As above.
      const open = handle.createSyncAccessHandle as () => Promise<SyncAccessHandle>;
      return new SyncAccess(await open.call(handle), handle.name);
    } catch (error) {
      // A file that is not of the origin's own has none.
      if (!isNamed(error, "InvalidStateError")) throw error;
    }
  }
  return new StreamAccess(handle);
}

class SyncAccess implements FileAccess {
  readonly #handle: SyncAccessHandle;
  readonly #name: string;

  constructor(handle: SyncAccessHandle, name: string) {
    this.#handle = handle;
    this.#name = name;
  }

  read(into: Uint8Array, at: number): number {
    return this.#handle.read(into, { at });
  }

  write(bytes: Uint8Array, at: number = this.#handle.getSize()): number {
    if (bytes.length === 0) return 0;
    const written = this.#handle.write(bytes, { at });
    if (written === 0) throw new FileError("ENOSPC", this.#name);
    return written;
  }

  // In older browsers these give promises.
  setSize(size: number): Later<void> {
    return this.#handle.truncate(size);
  }

  size(): number {
    return this.#handle.getSize();
  }

  flush(): Later<void> {
    return this.#handle.flush();
  }

  close(): Later<void> {
    return this.#handle.close();
  }
}

/**
 * A file that is read as a `Blob` and written by a stream. What such a stream has been given is in the file when it is
 * closed, so that one is kept for writes that follow each other, and closed before anything else is done.
 */
class StreamAccess implements FileAccess {
  readonly #handle: FileSystemFileHandle;
  #writing: { readonly stream: FileSystemWritableFileStream; size: number } | undefined;
  /** Settles when nothing is under way: one thing is done at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(handle: FileSystemFileHandle) {
    this.#handle = handle;
  }

  read(into: Uint8Array, at: number): Promise<number> {
    return this.#next(async () => {
      await this.#commit();
      const file = await this.#handle.getFile();
      const bytes = new Uint8Array(await unawaited(file.slice(at, at + into.length)).arrayBuffer());
      into.set(bytes);
      return bytes.length;
    });
  }

  write(bytes: Uint8Array, at: number | undefined): Promise<number> {
    const copy = bytes.slice();
    return this.#next(async () => {
      if (copy.length === 0) return 0;
      const writing = await this.#begin();
      const position = at ?? writing.size;
      if (position > writing.size) await writing.stream.truncate(position);
      await writing.stream.write({ type: "write", position, data: copy });
      writing.size = Math.max(writing.size, position + copy.length);
      return copy.length;
    });
  }

  setSize(size: number): Promise<void> {
    return this.#next(async () => {
      const writing = await this.#begin();
      await writing.stream.truncate(size);
      writing.size = size;
    });
  }

  size(): Promise<number> {
    return this.#next(async () => this.#writing?.size ?? (await this.#handle.getFile()).size);
  }

  flush(): Promise<void> {
    return this.#next(() => this.#commit());
  }

  close(): Promise<void> {
    return this.flush();
  }

  async #begin(): Promise<{ readonly stream: FileSystemWritableFileStream; size: number }> {
    if (this.#writing) return this.#writing;
    const { size } = await this.#handle.getFile();
    const stream = await this.#handle.createWritable({ keepExistingData: true });
    this.#writing = { stream, size };
    return this.#writing;
  }

  async #commit(): Promise<void> {
    const writing = this.#writing;
    this.#writing = undefined;
    await writing?.stream.close();
  }

  #next<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => named(this.#handle.name, step));
    this.#last = result.catch(() => {});
    return result;
  }
}
