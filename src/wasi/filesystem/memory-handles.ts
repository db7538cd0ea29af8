import {
  FileError,
  type DirectoryEntry,
  type FileStat,
  type Later,
  type NewTime,
  type OpenDirectory,
  type OpenFile,
  type OpenOptions,
} from "./files.ts";
import { DirectoryNode, FileNode, isWithin, LinkNode, type TreeNode } from "./memory-nodes.ts";

/** A node of a tree in memory, open. */
abstract class Handle<T extends TreeNode> {
  /** Only for other handles of the same tree. */
  readonly node: T;
  isClosed = false;

  constructor(node: T) {
    this.node = node;
    node.volume.hold(node);
  }

  stat(): Later<FileStat> {
    return this.answer(() => this.node.stat());
  }

  setTimes(accessed: NewTime, modified: NewTime): Later<void> {
    return this.answer(() => setTimes(this.node, accessed, modified));
  }

  sync(): Later<void> {
    return this.answer(() => {});
  }

  syncData(): Later<void> {
    return this.answer(() => {});
  }

  close(): void {
    this.assertOpen();
    this.isClosed = true;
    this.node.volume.letGo(this.node);
  }

  /** Does `action` now or later, as the tree was told to. */
  protected answer<R>(action: () => R): Later<R> {
    this.assertOpen();
    return this.node.volume.later ? this.#answerLater(action) : action();
  }

  protected assertOpen(): void {
    if (this.isClosed) throw new FileError("EBADF", "closed");
  }

  async #answerLater<R>(action: () => R): Promise<R> {
    const { node } = this;
    node.volume.hold(node);
    try {
      await Promise.resolve();
      return action();
    } finally {
      node.volume.letGo(node);
    }
  }
}

export class MemoryFile extends Handle<FileNode> implements OpenFile {
  readonly kind = "file";
  readonly readInto?: (into: Uint8Array, at: number) => number;
  readonly #options: OpenOptions;

  constructor(node: FileNode, options: OpenOptions) {
    super(node);
    this.#options = options;
    if (node.volume.later) return;
    this.readInto = (into, at) => {
      this.assertOpen();
      return this.#read(into, at);
    };
  }

  read(into: Uint8Array, at: number): Later<number> {
    return this.answer(() => this.#read(into, at));
  }

  write(bytes: Uint8Array, at: number): Later<number> {
    return this.#write(bytes, () => at);
  }

  append(bytes: Uint8Array): Later<number> {
    return this.#write(bytes, () => this.node.size);
  }

  setSize(size: number): Later<void> {
    return this.answer(() => {
      // As Linux says it; a write says EBADF.
      if (!this.#options.write) throw new FileError("EINVAL", "not open for writing");
      this.node.resize(size);
      this.node.modified();
    });
  }

  #read(into: Uint8Array, at: number): number {
    if (!this.#options.read) throw new FileError("EBADF", "not open for reading");
    if (into.length > 0) this.node.accessed();
    return this.node.read(into, at);
  }

  #write(bytes: Uint8Array, at: () => number): Later<number> {
    const kept = this.node.volume.later ? bytes.slice() : bytes;
    return this.answer(() => {
      if (!this.#options.write) throw new FileError("EBADF", "not open for writing");
      const count = this.node.write(kept, at());
      if (count > 0) this.node.modified();
      return count;
    });
  }
}

export class MemoryDirectory extends Handle<DirectoryNode> implements OpenDirectory {
  readonly kind = "directory";

  entries(): Later<readonly DirectoryEntry[]> {
    return this.answer(() => {
      this.node.accessed();
      return Array.from(this.node.entries, ([name, { type }]) => ({ name, type }));
    });
  }

  openSelf(): Later<OpenDirectory> {
    return this.answer(() => new MemoryDirectory(this.node));
  }

  statAt(name: string): Later<FileStat> {
    return this.answer(() => this.node.get(name).stat());
  }

  setTimesAt(name: string, accessed: NewTime, modified: NewTime): Later<void> {
    return this.answer(() => setTimes(this.node.get(name), accessed, modified));
  }

  openDirectoryAt(name: string): Later<OpenDirectory> {
    return this.answer(() => new MemoryDirectory(directoryAt(this.node, name)));
  }

  openAt(name: string, options: OpenOptions): Later<OpenFile | OpenDirectory> {
    return this.answer(() => {
      const { create, exclusive, truncate, write } = options;
      const found = this.node.find(name);
      if (found && create && exclusive) throw new FileError("EEXIST", name);
      if (!found && !create) throw new FileError("ENOENT", name);
      const node = found ?? this.node.add(name, new FileNode(this.node.volume));
      if (node.type === "symbolic-link") throw new FileError("ELOOP", `${name} is a link`);
      if (node.type === "directory") {
        if (create || write || truncate) throw new FileError("EISDIR", name);
        return new MemoryDirectory(node);
      }
      if (truncate && found) {
        node.resize(0);
        node.modified();
      }
      return new MemoryFile(node, options);
    });
  }

  createDirectoryAt(name: string): Later<void> {
    return this.answer(() => void this.node.add(name, new DirectoryNode(this.node.volume)));
  }

  removeDirectoryAt(name: string): Later<void> {
    return this.answer(() => {
      const { entries } = directoryAt(this.node, name);
      if (entries.size > 0) throw new FileError("ENOTEMPTY", name);
      this.node.remove(name);
    });
  }

  unlinkAt(name: string): Later<void> {
    return this.answer(() => {
      if (this.node.get(name).type === "directory") throw new FileError("EISDIR", name);
      this.node.remove(name);
    });
  }

  readLinkAt(name: string): Later<string> {
    return this.answer(() => {
      const node = this.node.get(name);
      if (node.type !== "symbolic-link") throw new FileError("EINVAL", `${name} is no link`);
      node.accessed();
      return node.target;
    });
  }

  symlinkAt(name: string, target: string): Later<void> {
    return this.answer(() => void this.node.add(name, new LinkNode(this.node.volume, target)));
  }

  linkAt(name: string, to: OpenDirectory, toName: string): Later<void> {
    return this.answer(() => {
      const node = this.node.get(name);
      const target = this.#sibling(to);
      if (target.find(toName)) throw new FileError("EEXIST", toName);
      if (node.type === "directory") throw new FileError("EPERM", `${name}: a directory has one name`);
      target.add(toName, node).changed();
    });
  }

  renameAt(name: string, to: OpenDirectory, toName: string): Later<void> {
    return this.answer(() => {
      const node = this.node.get(name);
      const target = this.#sibling(to);
      const there = target.find(toName);
      if (!target.parent) throw new FileError("ENOENT", `${toName}: the directory was removed`);
      const isElsewhere = target !== this.node;
      if (isElsewhere && node.type === "directory" && isWithin(target, node)) {
        throw new FileError("EINVAL", `${name}: cannot go into itself`);
      }
      if (there === node) return;
      if (isElsewhere && there?.type === "directory" && isWithin(this.node, there)) {
        throw new FileError("ENOTEMPTY", `${toName}: has ${name} in it`);
      }
      if (there) assertGivesWay(there, node, toName);
      if (there) target.remove(toName);
      this.node.move(name, target, toName);
    });
  }

  #sibling(directory: OpenDirectory): DirectoryNode {
    if (directory instanceof MemoryDirectory && directory.node.volume === this.node.volume) return directory.node;
    throw new FileError("EXDEV", "the two directories are of different file systems");
  }
}

/** The root for any number of guests: it holds nothing, and stays open. */
export class MemoryRoot extends MemoryDirectory {
  constructor(node: DirectoryNode) {
    super(node);
    node.volume.letGo(node);
  }

  override close(): void {}
}

function directoryAt(parent: DirectoryNode, name: string): DirectoryNode {
  const node = parent.get(name);
  if (node.type !== "directory") throw new FileError("ENOTDIR", name);
  return node;
}

/** @throws What POSIX says if `node` cannot take the place of `there`. */
function assertGivesWay(there: TreeNode, node: TreeNode, name: string): void {
  if (there.type === "directory") {
    if (node.type !== "directory") throw new FileError("EISDIR", name);
    if (there.entries.size > 0) throw new FileError("ENOTEMPTY", name);
  } else if (node.type === "directory") {
    throw new FileError("ENOTDIR", name);
  }
}

function setTimes(node: TreeNode, accessed: NewTime, modified: NewTime): void {
  const now = node.volume.now();
  const time = (next: NewTime, before: bigint): bigint => (next === "now" ? now : next === "keep" ? before : next);
  node.accessedNs = time(accessed, node.accessedNs);
  node.modifiedNs = time(modified, node.modifiedNs);
  node.changed();
}
