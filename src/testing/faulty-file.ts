import { assertFits, isBoolean, shaped, type Shape } from "../io/assert-shape.ts";
import { hasMethods } from "../io/shape.ts";
import type { FileStat, Later, NewTime, OpenFile } from "../wasi/filesystem/files.ts";
import { AMOUNT, ANYTHING } from "./shapes.ts";

/** What goes wrong with a file. Nothing said: nothing does. */
export interface FileFaults {
  /** This many reads and writes succeed, then all fail with `cause`. */
  readonly failAfter?: number;
  /** Reads and writes at most this many bytes in one call. */
  readonly pieceBytes?: number;
  /** Reads and writes are under way until `carryOut`. */
  readonly later?: boolean;
  /** What it fails with. */
  readonly cause?: unknown;
}

const FAULTS: Shape<FileFaults> = {
  failAfter: AMOUNT,
  pieceBytes: AMOUNT,
  later: ["true or false", isBoolean],
  cause: ANYTHING,
};

/** A file that can be told to misbehave, over one that does not. */
export class FaultyFile implements OpenFile {
  readonly kind = "file";
  readonly #file: OpenFile;
  readonly #faults: FileFaults;
  readonly #underway: (() => void)[] = [];
  #calls = 0;
  #isClosing = false;

  /** @param file One that does all at once, such as one of `MemoryFiles`. */
  constructor(file: OpenFile, faults: FileFaults = {}) {
    assertFits("The file of a FaultyFile", file, "an OpenFile", hasMethods<OpenFile>(file, "read", "write", "append"));
    this.#file = file;
    this.#faults = shaped("FileFaults", faults, FAULTS);
  }

  read(into: Uint8Array, at: number): Later<number> {
    return this.#call(() => this.#file.read(this.#piece(into), at));
  }

  write(bytes: Uint8Array, at: number): Later<number> {
    const piece = this.#kept(bytes);
    return this.#call(() => this.#file.write(piece, at));
  }

  append(bytes: Uint8Array): Later<number> {
    const piece = this.#kept(bytes);
    return this.#call(() => this.#file.append(piece));
  }

  setSize(size: number): Later<void> {
    return this.#file.setSize(size);
  }

  stat(): Later<FileStat> {
    return this.#file.stat();
  }

  setTimes(accessed: NewTime, modified: NewTime): Later<void> {
    return this.#file.setTimes(accessed, modified);
  }

  sync(): Later<void> {
    return this.#file.sync();
  }

  syncData(): Later<void> {
    return this.#file.syncData();
  }

  /** What is under way still needs the file. */
  close(): void {
    this.#isClosing = true;
    this.#closeUnlessUnderway();
  }

  /** How many reads and writes there have been. */
  get callCount(): number {
    return this.#calls;
  }

  /** How many reads and writes are under way. */
  get underway(): number {
    return this.#underway.length;
  }

  /** Carries out the reads and writes that are under way, in their order. */
  carryOut(): void {
    for (const carryOut of this.#underway.splice(0)) carryOut();
    this.#closeUnlessUnderway();
  }

  #closeUnlessUnderway(): void {
    if (!this.#isClosing || this.#underway.length > 0) return;
    this.#isClosing = false;
    this.#file.close();
  }

  #piece(bytes: Uint8Array): Uint8Array {
    return bytes.subarray(0, this.#faults.pieceBytes ?? Infinity);
  }

  /** What may change before it is carried out is copied. */
  #kept(bytes: Uint8Array): Uint8Array {
    return this.#faults.later === true ? this.#piece(bytes).slice() : this.#piece(bytes);
  }

  #call(run: () => Later<number>): Later<number> {
    const { failAfter = Infinity, later = false, cause = new Error("the file failed") } = this.#faults;
    const fails = this.#calls++ >= failAfter;
    if (!later) {
      if (fails) throw cause;
      return run();
    }
    return new Promise((resolve, reject) => {
      this.#underway.push(() => {
        try {
          if (fails) throw cause;
          resolve(run());
        } catch (error) {
          // Also what the file itself refuses.
          reject(error);
        }
      });
    });
  }
}
