import { FileError, type DirectoryEntry } from "./files.ts";

/** What a guest is in the middle of reading: entries of directories are found at once, and told one by one. */
export class Listings {
  readonly #limit: number;
  #entries = 0;

  /** @param limit Entries of all of them together (limits.listedEntries). */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts `entries`. @returns What to call, once, when they are read. @throws ENOMEM if there are too many. */
  hold({ length }: readonly DirectoryEntry[]): () => void {
    if (this.#entries + length > this.#limit) {
      throw new FileError(
        "ENOMEM",
        `${length} entries of a directory, but an instance reads at most ${this.#limit} at a time (limits.listedEntries)`,
      );
    }
    this.#entries += length;
    return () => void (this.#entries -= length);
  }
}
