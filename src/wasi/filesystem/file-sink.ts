import { PendingSink } from "../../io/pending-sink.ts";
import { FileError, type Later, type OpenFile } from "./files.ts";

/** A sink that writes to an open file, from a position on or always at the end. */
export class FileSink extends PendingSink {
  readonly #file: OpenFile;
  readonly #writable: boolean;
  readonly #release: () => void;
  #position: number | "end";
  #released = false;

  /** @param release Called once, when the sink needs the file no more. */
  constructor(file: OpenFile, at: number | "end", writable: boolean, release: () => void) {
    super();
    this.#file = file;
    this.#position = at;
    this.#writable = writable;
    this.#release = release;
  }

  write(bytes: Uint8Array): number {
    if (!this.flush()) return 0;
    // Said at the first write, even of nothing (8.4).
    if (!this.#writable) throw new FileError("EBADF", "not open for writing");
    if (bytes.length === 0) return 0;
    const count = this.#put(bytes);
    if (!(count instanceof Promise)) return this.#advance(count);
    this.begin();
    void this.#finish(count, bytes.slice());
    return bytes.length;
  }

  close(): void {
    if (this.#released) return;
    this.#released = true;
    // A write that is under way needs the file.
    if (!this.isPending) this.#release();
  }

  abort(): void {
    this.close();
  }

  #put(bytes: Uint8Array): Later<number> {
    return this.#position === "end" ? this.#file.append(bytes) : this.#file.write(bytes, this.#position);
  }

  #advance(count: number): number {
    if (this.#position !== "end") this.#position += count;
    return count;
  }

  /** Writes the rest, after the first part that is under way. */
  async #finish(first: Promise<number>, bytes: Uint8Array): Promise<void> {
    try {
      let written = this.#advance(await first);
      while (written < bytes.length) {
        // oxlint-disable-next-line no-await-in-loop -- one part after the other
        written += this.#advance(await this.#put(bytes.subarray(written)));
      }
      this.done();
    } catch (cause) {
      this.fail(cause);
    }
    if (this.#released) this.#release();
  }
}
