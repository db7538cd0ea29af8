import { FileError, type FileStat } from "./files.ts";
import type { Volume } from "./memory-volume.ts";

/** As long as the file systems of POSIX let a name be. */
const MAX_NAME_BYTES = 255;
/** As long as Linux lets the target of a link be. */
const MAX_TARGET_BYTES = 4095;
/** How far up it is looked for what a directory is in. */
const MAX_LEVELS = 4096;
/** A file is one piece of memory, and no runtime gives more than this everywhere. */
const MAX_FILE_BYTES = 2 ** 31 - 1;
const utf8 = new TextEncoder();
const NOTHING = new Uint8Array(0);

abstract class BaseNode {
  abstract readonly type: "regular-file" | "directory" | "symbolic-link";
  readonly volume: Volume;
  readonly inode: bigint;
  /** Handles that are open, and calls that are under way. */
  holders = 0;
  /** Names that lead here. */
  names = 0;
  accessedNs: bigint;
  modifiedNs: bigint;
  changedNs: bigint;

  constructor(volume: Volume) {
    this.volume = volume;
    this.inode = volume.nextInode();
    const now = volume.now();
    this.accessedNs = now;
    this.modifiedNs = now;
    this.changedNs = now;
  }

  abstract get size(): number;

  get linkCount(): number {
    return this.names;
  }

  stat(): FileStat {
    const { type, accessedNs, modifiedNs, changedNs, inode } = this;
    const { device } = this.volume;
    const [linkCount, size] = [BigInt(this.linkCount), BigInt(this.size)];
    return { type, linkCount, size, accessedNs, modifiedNs, changedNs, device, inode };
  }

  accessed(): void {
    this.accessedNs = this.volume.now();
  }

  /** What is in it is new. */
  modified(): void {
    this.modifiedNs = this.volume.now();
    this.changedNs = this.modifiedNs;
  }

  /** What is said about it is new: its names, its times. */
  changed(): void {
    this.changedNs = this.volume.now();
  }

  /** Gives back its room, if nobody can come to it any more. */
  reclaim(): void {}
}

/** A regular file. Invariant: what `#room` has beyond `#size` is zero. */
export class FileNode extends BaseNode {
  readonly type = "regular-file";
  #room = NOTHING;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** All its bytes, as they are now; not to be changed. */
  get contents(): Uint8Array {
    return this.#room.subarray(0, this.#size);
  }

  read(into: Uint8Array, at: number): number {
    if (at >= this.#size) return 0;
    const bytes = this.#room.subarray(at, Math.min(this.#size, at + into.length));
    into.set(bytes);
    return bytes.length;
  }

  /** As many of `bytes` as there is room for, and at least one. @throws ENOSPC or EFBIG if there is none. */
  write(bytes: Uint8Array, at: number): number {
    if (bytes.length === 0) return 0;
    if (at >= MAX_FILE_BYTES) throw new FileError("EFBIG", `position ${at}`);
    const end = Math.min(at + bytes.length, MAX_FILE_BYTES, this.#size + this.volume.freeBytes);
    if (end <= at) throw new FileError("ENOSPC", `${bytes.length} bytes at ${at}`);
    if (end > this.#size) this.resize(end);
    this.#room.set(bytes.subarray(0, end - at), at);
    return end - at;
  }

  /** Cuts off, or adds zeroes. */
  resize(size: number): void {
    if (size > MAX_FILE_BYTES) throw new FileError("EFBIG", `${size} bytes`);
    const old = this.#size;
    this.volume.useBytes(size - old);
    if (size > this.#room.length) {
      const room = new Uint8Array(Math.min(MAX_FILE_BYTES, Math.max(size, 2 * this.#room.length)));
      room.set(this.contents);
      this.#room = room;
    } else if (size < this.#room.length / 4) {
      this.#room = this.#room.slice(0, size);
    } else {
      this.#room.fill(0, size, old);
    }
    this.#size = size;
  }

  override reclaim(): void {
    if (this.holders === 0 && this.names === 0) this.resize(0);
  }
}

/** A symbolic link. */
export class LinkNode extends BaseNode {
  readonly type = "symbolic-link";
  readonly target: string;

  constructor(volume: Volume, target: string) {
    checkText(target);
    if (target === "") throw new FileError("ENOENT", "a link has to lead somewhere");
    super(volume);
    this.target = target;
    if (this.size > MAX_TARGET_BYTES) throw new FileError("ENAMETOOLONG", `a target of ${this.size} bytes`);
  }

  get size(): number {
    return utf8.encode(this.target).length;
  }
}

/** A directory. Invariant: it is its parent's, or the root, or removed and empty. */
export class DirectoryNode extends BaseNode {
  readonly type = "directory";
  readonly #entries = new Map<string, TreeNode>();
  #directories = 0;
  /** Where it is; itself, if it is the root; `undefined`, if it was removed. */
  parent: DirectoryNode | undefined;

  get size(): number {
    return 0;
  }

  override get linkCount(): number {
    return this.parent ? 2 + this.#directories : 0;
  }

  get entries(): ReadonlyMap<string, TreeNode> {
    return this.#entries;
  }

  /** What is under `name`, if anything is. */
  find(name: string): TreeNode | undefined {
    checkName(name);
    return this.#entries.get(name);
  }

  /** @throws ENOENT if there is nothing. */
  get(name: string): TreeNode {
    const node = this.find(name);
    if (!node) throw new FileError("ENOENT", name);
    return node;
  }

  /** Gives `node` a name here. @throws EEXIST if the name is taken, ENOENT if the directory was removed. */
  add<T extends TreeNode>(name: string, node: T): T {
    if (this.find(name)) throw new FileError("EEXIST", name);
    if (!this.parent) throw new FileError("ENOENT", `${name}: the directory was removed`);
    this.volume.useNames(1);
    this.#put(name, node);
    node.names++;
    this.modified();
    return node;
  }

  /** Takes away a name that is there. What has none any more lives on as long as it is open. */
  remove(name: string): void {
    const node = this.get(name);
    this.#take(name, node);
    this.volume.useNames(-1);
    node.names--;
    if (node.type === "directory") node.parent = undefined;
    node.changed();
    node.reclaim();
    this.modified();
  }

  /** Gives what is under `name` another name, which is free, in `to`, which is not within it. */
  move(name: string, to: DirectoryNode, toName: string): void {
    const node = this.get(name);
    this.#take(name, node);
    to.#put(toName, node);
    this.modified();
    to.modified();
    node.changed();
  }

  #put(name: string, node: TreeNode): void {
    this.#entries.set(name, node);
    if (node.type !== "directory") return;
    node.parent = this;
    this.#directories++;
  }

  #take(name: string, node: TreeNode): void {
    this.#entries.delete(name);
    if (node.type === "directory") this.#directories--;
  }
}

export type TreeNode = FileNode | DirectoryNode | LinkNode;

/**
 * Whether `node` is `directory`, or one of those that it is in.
 *
 * @throws ENAMETOOLONG if that is too deep to say: a guest may ask again and again, and nobody else has a turn meanwhile.
 */
export function isWithin(directory: DirectoryNode, node: DirectoryNode): boolean {
  let at = directory;
  for (let level = 0; level < MAX_LEVELS; level++) {
    if (at === node) return true;
    const { parent } = at;
    if (!parent || parent === at) return false;
    at = parent;
  }
  throw new FileError("ENAMETOOLONG", `a directory within more than ${MAX_LEVELS} others`);
}

/** @throws What POSIX says of names that cannot be. The caller has seen to it that it is one name. */
function checkName(name: string): void {
  checkText(name);
  if (name === "" || name === "." || name === ".." || name.includes("/")) {
    throw new FileError("EINVAL", name ? `"${name}" is no name` : 'an empty name: say "a/b", not "/a/b" or "a//b"');
  }
  // No UTF-16 unit is more than three bytes.
  if (name.length * 3 > MAX_NAME_BYTES && utf8.encode(name).length > MAX_NAME_BYTES) {
    throw new FileError("ENAMETOOLONG", `a name of more than ${MAX_NAME_BYTES} bytes`);
  }
}

function checkText(text: string): void {
  if (text.includes("\0")) throw new FileError("EINVAL", "a path has no NUL");
  if (!text.isWellFormed()) throw new FileError("EILSEQ", "no Unicode text");
}
