import { FileError, type DirectoryEntry } from "./files.ts";

/** Of how many calls a guest has had the time. */
interface Counting {
  countCalls(calls: number): void;
}

/** Entries that are found in the time of one call. */
const ENTRIES_OF_CALL = 16;

/** What a guest is in the middle of reading: entries of directories are found at once, and told one by one. */
export class Listings {
  readonly #limit: number;
  readonly #task: Counting;
  #entries = 0;

  /** @param limit Entries of all of them together (limits.listedEntries). */
  constructor(limit: number, task: Counting) {
    this.#limit = limit;
    this.#task = task;
  }

  /** So many entries were found in one call, which takes as long as several. */
  found({ length }: readonly DirectoryEntry[]): void {
    this.#task.countCalls(Math.ceil(length / ENTRIES_OF_CALL));
  }

  /** Counts `entries`. @returns What to call, once, when they are read. @throws ENOMEM if there are too many. */
  hold(entries: readonly DirectoryEntry[]): () => void {
    this.found(entries);
    const { length } = entries;
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
