import { shaped, isBoolean, isFunction, type Shape } from "../../io/assert-shape.ts";
import { FileError } from "./files.ts";
import type { TreeNode } from "./memory-nodes.ts";

/** What somebody who sets no limit gets: a guest that fills its files fills our memory. */
const DEFAULT_CAPACITY_BYTES = 256 * 1024 * 1024;
/** So that a guest cannot fill our memory with empty files either. */
const DEFAULT_CAPACITY_NAMES = 1_000_000;

/** What a file system in memory may hold, and where its times come from. */
export interface MemoryFilesOptions {
  /** Nanoseconds since 1970, for the times of files. */
  readonly clock?: () => bigint;
  /** How many bytes all files together may have; 256 MiB if it is not said. More is ENOSPC. */
  readonly capacityBytes?: number;
  /** How many names all directories together may have; a million if it is not said. More is ENOSPC. */
  readonly capacityNames?: number;
  /** Gives every answer as a promise, as a disk would. */
  readonly later?: boolean;
}

/** What is no number, as NaN, would be none. */
const CAPACITY = ["a number from 0 on", (value: unknown) => typeof value === "number" && value >= 0] as const;

const OPTIONS: Shape<MemoryFilesOptions> = {
  clock: ["a function", isFunction],
  capacityBytes: CAPACITY,
  capacityNames: CAPACITY,
  later: ["true or false", isBoolean],
};

/** What all nodes of a tree have in common. */
export class Volume {
  readonly device: bigint;
  readonly later: boolean;
  readonly now: () => bigint;
  readonly #capacityBytes: number;
  readonly #capacityNames: number;
  #bytes = 0;
  #names = 0;
  #inodes = 0n;
  #open = 0;
  static #devices = 0n;

  constructor(options: MemoryFilesOptions) {
    const {
      clock,
      capacityBytes = DEFAULT_CAPACITY_BYTES,
      capacityNames = DEFAULT_CAPACITY_NAMES,
      later = false,
    } = shaped("MemoryFiles", options, OPTIONS);
    this.device = ++Volume.#devices;
    this.later = later;
    this.now = clock ?? (() => BigInt(Date.now()) * 1_000_000n);
    this.#capacityBytes = capacityBytes;
    this.#capacityNames = capacityNames;
  }

  /** How many handles are open. */
  get openCount(): number {
    return this.#open;
  }

  /** How many bytes all files have, those too that are open but have no name any more. */
  get usedBytes(): number {
    return this.#bytes;
  }

  get freeBytes(): number {
    return this.#capacityBytes - this.#bytes;
  }

  nextInode(): bigint {
    return ++this.#inodes;
  }

  /** Takes, or gives back, room for contents. */
  useBytes(count: number): void {
    if (count > this.freeBytes) {
      throw new FileError("ENOSPC", `${count} bytes more than ${this.#bytes}, of at most ${this.#capacityBytes}`);
    }
    this.#bytes += count;
  }

  /** Takes, or gives back, room for names. */
  useNames(count: number): void {
    if (this.#names + count > this.#capacityNames) {
      throw new FileError("ENOSPC", `more than ${this.#capacityNames} names`);
    }
    this.#names += count;
  }

  /** Somebody opens `node`, or is at work on it. */
  hold(node: TreeNode): void {
    this.#open++;
    node.holders++;
  }

  letGo(node: TreeNode): void {
    this.#open--;
    node.holders--;
    node.reclaim();
  }
}
