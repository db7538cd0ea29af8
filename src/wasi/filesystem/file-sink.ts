import { PendingSink } from "../../io/pending-sink.ts";
import { FileError, type Later, type OpenFile } from "./files.ts";

/** A sink that writes to an open file, from a position on or always at the end. */
export class FileSink extends PendingSink {
  readonly file: OpenFile;
  readonly #writable: boolean;
  readonly #release: () => void;
  #position: number | "end";
  #released = false;

  /** @param release Called once, when the sink needs the file no more. */
  constructor(file: OpenFile, at: number | "end", writable: boolean, release: () => void) {
    super();
    this.file = file;
    this.#position = at;
    this.#writable = writable;
    this.#release = release;
  }

  write(bytes: Uint8Array): number {
    if (!this.flush()) return 0;
    // Said at the first write, even of nothing (8.4).
    if (!this.#writable) throw new FileError("EBADF", "not open for writing");
    if (bytes.length === 0) return 0;
    let written = 0;
    // A file that blocks has nothing to say later, so that all has to go now.
    while (written < bytes.length) {
      const rest = bytes.subarray(written);
      const count = this.#put(rest);
      if (count instanceof Promise) {
        this.begin();
        void this.#finish(count, rest.slice());
        return bytes.length;
      }
      written += this.#advance(count, rest.length);
    }
    return written;
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
    return this.#position === "end" ? this.file.append(bytes) : this.file.write(bytes, this.#position);
  }

  /** @throws {RangeError} If the file has not written 1 to `most` bytes: nobody is to wait for it for ever. */
  #advance(count: number, most: number): number {
    if (!Number.isInteger(count) || count < 1 || count > most) {
      throw new RangeError(`A file must write 1 to ${most} of ${most} bytes, or fail: it says that it wrote ${count}`);
    }
    if (this.#position !== "end") this.#position += count;
    return count;
  }

  /** Writes the rest, after the first part that is under way. */
  async #finish(first: Promise<number>, bytes: Uint8Array): Promise<void> {
    try {
      let written = this.#advance(await first, bytes.length);
      while (written < bytes.length) {
        const rest = bytes.subarray(written);
        // oxlint-disable-next-line no-await-in-loop -- one part after the other
        written += this.#advance(await this.#put(rest), rest.length);
      }
      this.done();
    } catch (cause) {
      this.fail(cause);
    }
    if (this.#released) this.#release();
  }
}
