/** File systems of an embedder's, checked where they are asked: errors have codes of POSIX, answers are of their types. */
import { causeOf } from "../../io/cause.ts";
import { guarded, misbehaved } from "../../io/checked-ports.ts";
import { isU64 } from "../../io/assert-shape.ts";
import { isCount, isObject, isThenable } from "../../io/shape.ts";
import { InternalError } from "../../io/trap.ts";
import { errorCodeOf } from "./error-code.ts";
import {
  FILE_TYPES,
  standsFor,
  type DirectoryEntry,
  type FileStat,
  type Later,
  type NewTime,
  type OpenDirectory,
  type OpenFile,
  type OpenNode,
  type OpenOptions,
} from "./files.ts";

type Check<T> = (port: string, value: unknown) => T;

const nothing: Check<void> = () => {};

function isFileType(value: unknown): boolean {
  return FILE_TYPES.some((type) => type === value);
}

function isTime(value: unknown): boolean {
  return value === undefined || typeof value === "bigint";
}

const stat: Check<FileStat> = (port, value) => {
  const fits =
    isObject(value) &&
    isFileType(value["type"]) &&
    ["linkCount", "size", "device", "inode"].every((name) => isU64(value[name])) &&
    ["accessedNs", "modifiedNs", "changedNs"].every((name) => isTime(value[name]));
  if (!fits) throw misbehaved(port, "a FileStat", value);
  // All of its fields were looked at.
  return value as unknown as FileStat;
};

const entries: Check<readonly DirectoryEntry[]> = (port, value) => {
  if (!Array.isArray(value)) throw misbehaved(port, "an array of entries", value);
  for (const entry of value) {
    const named = isObject(entry) && (entry["name"] === null || typeof entry["name"] === "string");
    if (!named || !isFileType(entry["type"])) throw misbehaved(port, "entries { name, type }", entry);
  }
  // All of its items were looked at.
  return value as readonly DirectoryEntry[];
};

const text: Check<string> = (port, value) => {
  if (typeof value === "string") return value;
  throw misbehaved(port, "a string", value);
};

/** @param name Of the file system, which those that it opens have too. */
function nodeOf(name: string): Check<OpenFile | OpenDirectory> {
  return (port, value) => {
    // What it says it is: each of its methods is looked at when it is called.
    if (isObject(value) && value["kind"] === "file") return new CheckedFile(value as unknown as OpenFile, name);
    return directoryOf(name)(port, value);
  };
}

function directoryOf(name: string): Check<OpenDirectory> {
  return (port, value) => {
    // As above.
    if (isObject(value) && value["kind"] === "directory") {
      return checkedDirectory(value as unknown as OpenDirectory, name);
    }
    throw misbehaved(port, "what is open, with a kind", value);
  };
}

function count(least: number, most: number): Check<number> {
  return (port, value) => {
    if (isCount(value, most) && value >= least) return value;
    throw misbehaved(port, `a whole number from ${least} to ${most}`, value);
  };
}

/** An error that a guest can be told of, or what is wrong with the port. */
function asFault(port: string, thrown: unknown): unknown {
  const cause = causeOf(thrown);
  return cause instanceof InternalError || errorCodeOf(cause) ? cause : new InternalError(port, cause);
}

/** What `call` gives. @throws What it throws, as a guest or the embedder is told of it. */
function called<T>(port: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw asFault(port, cause);
  }
}

function answer<T>(port: string, call: () => unknown, check: Check<T>): Later<T> {
  const value = called(port, call);
  // What is given may throw when it is looked at.
  const checked = (given: unknown): T => called(port, () => check(port, given));
  if (!isThenable(value)) return checked(value);
  return Promise.resolve(value).then(checked, (cause: unknown) => {
    throw asFault(port, cause);
  });
}

abstract class CheckedNode<N extends OpenNode> implements OpenNode {
  readonly #node: N;
  protected readonly name: string;

  constructor(open: N, name: string) {
    this.#node = open;
    this.name = name;
  }

  static nodeOf<N extends OpenNode>(checked: CheckedNode<N>): N {
    return checked.#node;
  }

  stat(): Later<FileStat> {
    return this.ask("stat", (open) => open.stat(), stat);
  }

  setTimes(accessed: NewTime, modified: NewTime): Later<void> {
    return this.ask("setTimes", (open) => open.setTimes(accessed, modified), nothing);
  }

  sync(): Later<void> {
    return this.ask("sync", (open) => open.sync(), nothing);
  }

  syncData(): Later<void> {
    return this.ask("syncData", (open) => open.syncData(), nothing);
  }

  close(): void {
    guarded(`${this.name}.close`, () => this.#node.close());
  }

  protected ask<T>(method: string, call: (open: N) => unknown, check: Check<T>): Later<T> {
    return answer(`${this.name}.${method}`, () => call(this.#node), check);
  }
}

class CheckedFile extends CheckedNode<OpenFile> implements OpenFile {
  readonly kind = "file";
  readonly readInto?: (into: Uint8Array, at: number) => number;

  constructor(open: OpenFile, name: string) {
    super(open, name);
    standsFor(this, open);
    if (typeof open.readInto === "function") {
      const port = `${name}.readInto`;
      this.readInto = (into, at) => {
        const value = called(port, () => open.readInto?.(into, at));
        // After the call: of a view that is gone, since the file let its memory grow, nothing can have been filled.
        return count(0, into.length)(port, value);
      };
    }
  }

  read(into: Uint8Array, at: number): Later<number> {
    return this.ask("read", (file) => file.read(into, at), count(0, into.length));
  }

  write(bytes: Uint8Array, at: number): Later<number> {
    return this.ask("write", (file) => file.write(bytes, at), count(Math.min(1, bytes.length), bytes.length));
  }

  append(bytes: Uint8Array): Later<number> {
    return this.ask("append", (file) => file.append(bytes), count(Math.min(1, bytes.length), bytes.length));
  }

  setSize(size: number): Later<void> {
    return this.ask("setSize", (file) => file.setSize(size), nothing);
  }
}

class CheckedDirectory extends CheckedNode<OpenDirectory> implements OpenDirectory {
  readonly kind = "directory";

  entries(): Later<readonly DirectoryEntry[]> {
    return this.ask("entries", (open) => open.entries(), entries);
  }

  openSelf(): Later<OpenDirectory> {
    return this.ask("openSelf", (open) => open.openSelf(), directoryOf(this.name));
  }

  statAt(name: string): Later<FileStat> {
    return this.ask("statAt", (open) => open.statAt(name), stat);
  }

  setTimesAt(name: string, accessed: NewTime, modified: NewTime): Later<void> {
    return this.ask("setTimesAt", (open) => open.setTimesAt(name, accessed, modified), nothing);
  }

  openDirectoryAt(name: string): Later<OpenDirectory> {
    return this.ask("openDirectoryAt", (open) => open.openDirectoryAt(name), directoryOf(this.name));
  }

  openAt(name: string, options: OpenOptions): Later<OpenFile | OpenDirectory> {
    return this.ask("openAt", (open) => open.openAt(name, options), nodeOf(this.name));
  }

  createDirectoryAt(name: string): Later<void> {
    return this.ask("createDirectoryAt", (open) => open.createDirectoryAt(name), nothing);
  }

  removeDirectoryAt(name: string): Later<void> {
    return this.ask("removeDirectoryAt", (open) => open.removeDirectoryAt(name), nothing);
  }

  unlinkAt(name: string): Later<void> {
    return this.ask("unlinkAt", (open) => open.unlinkAt(name), nothing);
  }

  readLinkAt(name: string): Later<string> {
    return this.ask("readLinkAt", (open) => open.readLinkAt(name), text);
  }

  symlinkAt(name: string, target: string): Later<void> {
    return this.ask("symlinkAt", (open) => open.symlinkAt(name, target), nothing);
  }

  linkAt(name: string, to: OpenDirectory, toName: string): Later<void> {
    return this.ask("linkAt", (open) => open.linkAt(name, ownOf(to), toName), nothing);
  }

  renameAt(name: string, to: OpenDirectory, toName: string): Later<void> {
    return this.ask("renameAt", (open) => open.renameAt(name, ownOf(to), toName), nothing);
  }
}

/** How many guests have each of those that they were given. */
const guests = new WeakMap<OpenDirectory, number>();

/** What was given to a guest: closed when the last that has it lets go. */
class GivenDirectory extends CheckedDirectory {
  readonly #open: OpenDirectory;

  constructor(open: OpenDirectory, name: string) {
    super(open, name);
    this.#open = open;
    this.#count(1);
  }

  override close(): void {
    if (this.#count(-1) === 0) super.close();
  }

  #count(change: number): number {
    const left = (guests.get(this.#open) ?? 0) + change;
    guests.set(this.#open, left);
    return left;
  }
}

/** A file system knows its own directories. */
function ownOf(to: OpenDirectory): OpenDirectory {
  return to instanceof CheckedDirectory ? CheckedNode.nodeOf(to) : to;
}

/**
 * `open`, as it should be. What it gives that is not of its type, or throws without a code of POSIX, is an
 * `InternalError` that names it.
 *
 * @param name As in a message, such as `preopens["/"]`.
 */
export function checkedDirectory(open: OpenDirectory, name: string): OpenDirectory {
  return new CheckedDirectory(open, name);
}

/**
 * As `checkedDirectory`, for one guest of perhaps several.
 *
 * @throws {TypeError} If it was closed.
 */
export function givenDirectory(open: OpenDirectory, name: string): OpenDirectory {
  if (open.isClosed !== true) return new GivenDirectory(open, name);
  throw new TypeError(
    "expected a directory that is open, got one that was closed, as directories are with the guest that was given them: open it anew " +
      "for each guest, or give a root, which serves any number",
  );
}
