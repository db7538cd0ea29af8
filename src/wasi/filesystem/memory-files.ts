import { quoted } from "../../io/quoted.ts";
import { isObject } from "../../io/shape.ts";
import { told } from "../../io/told.ts";
import type { OpenDirectory } from "./files.ts";
import { asOurs, FileError } from "./files.ts";
import { MemoryRoot } from "./memory-handles.ts";
import { DirectoryNode, FileNode, LinkNode, type TreeNode } from "./memory-nodes.ts";
import { Volume, type MemoryFilesOptions } from "./memory-volume.ts";

/** What is under a path: the contents of a file (text as UTF-8), a link, or a directory, perhaps an empty one. */
export type MemoryEntry = Uint8Array | string | { readonly link: string } | { readonly directory: true };

/**
 * Paths, such as `etc/motd`, and what is there. Directories on the way need not be named. A path that ends in a slash, with
 * no bytes, is a directory, as what unpacks a zip archive has it.
 */
export type MemoryTree = Readonly<Record<string, MemoryEntry>> | ReadonlyMap<string, MemoryEntry>;

/** Characters of all paths together that `toTree` gives: each is kept whole, and a guest may nest what it likes. */
const MAX_PATHS = 2 ** 27;

/**
 * A file system in memory, with the behaviour of POSIX: links of both kinds, files that outlive their names while they
 * are open, times, identities. For guests that shall have files but nothing of the host's, and for tests.
 */
export class MemoryFiles {
  readonly #volume: Volume;
  readonly #root: DirectoryNode;

  /**
   * @throws {TypeError} For an option that there is not, or that is not what it is to be.
   * @throws {RangeError} For a capacity below 0, or that is no number.
   */
  constructor(options: MemoryFilesOptions = {}) {
    this.#volume = new Volume(options);
    this.#root = new DirectoryNode(this.#volume);
    this.#root.parent = this.#root;
  }

  /**
   * @throws {FileError} If two entries want the same place, or a path or a target cannot be one, or they are too big.
   * @throws {TypeError} If these are no paths, or an entry is none of these.
   */
  static from(tree: MemoryTree, options?: MemoryFilesOptions): MemoryFiles {
    const isMap = tree instanceof Map;
    // What has an order and no paths, such as the bytes of an archive.
    if (!isObject(tree) || (!isMap && Symbol.iterator in tree)) {
      throw new TypeError(`MemoryFiles: files must be an object or a Map; got ${told(tree)}`);
    }
    // Bundlers name a class otherwise that names itself.
    const files = new this(options);
    for (const [path, entry] of isMap ? tree : Object.entries(tree)) files.#put(path, entry);
    return files;
  }

  /** @internal For snapshots. */
  static rootOf(files: MemoryFiles): DirectoryNode {
    return files.#root;
  }

  /** The root, for any number of guests. It holds nothing, and need not be closed. */
  root(): OpenDirectory {
    return asOurs(new MemoryRoot(this.#root));
  }

  /** How many handles of guests are open, and calls under way. A root is none. */
  get openCount(): number {
    return this.#volume.openCount;
  }

  /** How many bytes all files have, those too that are open but have no name any more. */
  get usedBytes(): number {
    return this.#volume.usedBytes;
  }

  /**
   * Everything, by path, sorted, with a copy of all contents. A file with two names is there twice.
   *
   * @throws {RangeError} If all paths together have more than 134,217,728 characters. `writeSnapshot` can keep such files too.
   */
  toTree(): Map<string, Exclude<MemoryEntry, string>> {
    const entries: [path: string, entry: Exclude<MemoryEntry, string>][] = [];
    const directories = [{ node: this.#root, path: "" }];
    let characters = 0;
    for (const directory of directories) {
      for (const [name, node] of directory.node.entries) {
        const path = `${directory.path}${name}`;
        // Counted before anybody looks into it: until then the engine keeps only what it was put together from.
        characters += path.length;
        if (characters > MAX_PATHS) {
          throw new RangeError(`The paths of these files have more than ${MAX_PATHS} characters: see writeSnapshot`);
        }
        entries.push([path, entryOf(node)]);
        if (node.type === "directory") directories.push({ node, path: `${path}/` });
      }
    }
    return new Map(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  #put(path: string, entry: MemoryEntry): void {
    const names = path.split("/");
    const last = names.pop() ?? "";
    let directory = this.#root;
    for (const name of names) directory = directoryIn(directory, name);
    // What unpacks an archive names directories so.
    const isDirectory = last === "" && names.length > 0 && entry instanceof Uint8Array && entry.length === 0;
    if (isDirectory) return;
    if (typeof entry === "string" || entry instanceof Uint8Array) {
      const bytes = typeof entry === "string" ? new TextEncoder().encode(entry) : entry;
      const file = directory.add(last, new FileNode(this.#volume));
      file.resize(bytes.length);
      file.write(bytes, 0);
    } else if (isLink(entry)) {
      directory.add(last, new LinkNode(this.#volume, entry.link));
    } else if (isDirectoryEntry(entry)) {
      directoryIn(directory, last);
    } else {
      throw new TypeError(
        `MemoryFiles: ${quoted(path)} must be text, a Uint8Array, { link: "target" } or { directory: true }; ` +
          'name what is in a directory "a/b"',
      );
    }
  }
}

function isLink(entry: unknown): entry is { readonly link: string } {
  return isObject(entry) && typeof entry["link"] === "string";
}

function isDirectoryEntry(entry: unknown): boolean {
  return isObject(entry) && entry["directory"] === true;
}

function directoryIn(parent: DirectoryNode, name: string): DirectoryNode {
  const node = parent.find(name) ?? parent.add(name, new DirectoryNode(parent.volume));
  if (node.type !== "directory") throw new FileError("ENOTDIR", name);
  return node;
}

function entryOf(node: TreeNode): Exclude<MemoryEntry, string> {
  if (node.type === "directory") return { directory: true };
  return node.type === "symbolic-link" ? { link: node.target } : node.contents.slice();
}
