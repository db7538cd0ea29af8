/**
 * Node's file system behind the port of wasi/filesystem/files.ts.
 *
 * On Linux each step is taken from an open directory, as `/proc/self/fd/N/name`: the kernel then resolves one name in
 * that very directory, wherever it has been moved to meanwhile, and O_NOFOLLOW refuses a link in its place. Elsewhere
 * Node has no such way: there a step goes by the path that the directory was opened under, and somebody outside who
 * swaps a directory for a link at the right moment can lead it astray (docs/filesystem.md).
 */
import type { BigIntStats } from "node:fs";
import { join, resolve } from "node:path";
import {
  FileError,
  type DirectoryEntry,
  type FileStat,
  type FileType,
  type Later,
  type NewTime,
  type OpenDirectory,
  type OpenFile,
  type OpenOptions,
} from "../../wasi/filesystem/files.ts";
import { assertFits, isBoolean, shaped, type Shape } from "../../io/assert-shape.ts";
import { fs } from "./builtins.ts";
import { BLOCKING, WAITING, type Calls } from "./file-calls.ts";
import { secondsOf, setExactTimes } from "./file-times.ts";
import type { Listed } from "./listing.ts";

const { constants } = fs;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
let proc: boolean | undefined;

/** Whether what is open can be named by its descriptor. In Deno that takes all permissions. */
function hasProc(): boolean {
  try {
    return (proc ??= process.platform === "linux" && fs.existsSync("/proc/self/fd"));
  } catch {
    return (proc = false);
  }
}

/** Does something with what is there, now or later. */
function then<T, U>(later: Later<T>, action: (value: T) => Later<U>): Later<U> {
  return later instanceof Promise ? later.then(action) : action(later);
}

/** How a directory of Node's is used. */
export interface NodeFilesOptions {
  /** Whether calls block the thread, which is faster, or wait while the event loop goes on. */
  readonly blocking: boolean;
}

const OPTIONS: Shape<NodeFilesOptions> = { blocking: ["true or false", isBoolean] };

/**
 * Opens a directory of the host's, by a path that its owner trusts: links in it are followed. It serves any number of guests, is
 * closed with the last that has it, and opened once more, by the same path, when it is used again.
 */
export function nodeDirectory(path: string, options: NodeFilesOptions): OpenDirectory {
  assertFits("The path of a directory", path, "a string", typeof path === "string");
  const { blocking } = shaped("nodeDirectory", options, OPTIONS);
  return new NodeRoot(blocking ? BLOCKING : WAITING, hasProc() ? path : fs.realpathSync(path));
}

abstract class NodeNode {
  protected readonly calls: Calls;
  /** Nothing once it is closed: the number may be somebody else's then. */
  #fd: number | undefined;
  #busy = 0;
  #closing = false;

  constructor(calls: Calls, fd: number) {
    this.calls = calls;
    this.#fd = fd;
  }

  protected get fd(): number {
    if (this.#fd === undefined) this.openAgain();
    if (this.#fd === undefined) throw new FileError("EBADF", "closed");
    return this.#fd;
  }

  /** It is asked for something after it was closed. */
  protected openAgain(): void {}

  stat(): Later<FileStat> {
    return this.hold(then(this.calls.fstat(this.fd), statOf));
  }

  setTimes(accessed: NewTime, modified: NewTime): Later<void> {
    return this.hold(
      then(this.stat(), (stat) => {
        if (setExactTimes(this.fd, accessed, modified)) return;
        const [atime, mtime] = secondsOf(accessed, modified, stat);
        return this.calls.futimes(this.fd, atime, mtime);
      }),
    );
  }

  sync(): Later<void> {
    return this.hold(this.calls.fsync(this.fd));
  }

  syncData(): Later<void> {
    return this.hold(this.calls.fdatasync(this.fd));
  }

  close(): void {
    this.#closing = true;
    this.#closeIfIdle();
  }

  /** Undoes a close. @param open Gives a descriptor in the place of the one that was closed. */
  protected undoClose(open: () => number): void {
    this.#fd ??= open();
    this.#closing = false;
  }

  /** Once: twice, it would be whatever has got the same number meanwhile. */
  protected closeNow(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) fs.closeSync(fd);
  }

  #closeIfIdle(): void {
    if (this.#closing && this.#busy === 0) this.closeNow();
  }

  /** Puts off the close until `later` is done: its descriptor's number must not become somebody else's meanwhile. */
  hold<T>(later: Later<T>): Later<T> {
    if (!(later instanceof Promise)) return later;
    this.#busy++;
    return later.finally(() => {
      this.#busy--;
      this.#closeIfIdle();
    });
  }
}

class NodeFile extends NodeNode implements OpenFile {
  readonly kind = "file";
  readonly readInto?: (into: Uint8Array, at: number) => number;
  readonly #writable: boolean;
  #appendFd: number | undefined;

  constructor(calls: Calls, fd: number, writable: boolean) {
    super(calls, fd);
    this.#writable = writable;
    if (calls === BLOCKING) this.readInto = (into, at) => BLOCKING.read(this.fd, into, at);
  }

  read(into: Uint8Array, at: number): Later<number> {
    return this.hold(this.calls.read(this.fd, into, at));
  }

  write(bytes: Uint8Array, at: number): Later<number> {
    return this.hold(this.calls.write(this.fd, bytes, at));
  }

  append(bytes: Uint8Array): Later<number> {
    // The description that appends would not know.
    if (!this.#writable) throw new FileError("EBADF", "not open for writing");
    if (!hasProc()) {
      const copy = bytes.slice();
      return this.hold(then(this.stat(), ({ size }) => this.calls.write(this.fd, copy, Number(size))));
    }
    // A description of its own, of which the kernel knows that it appends.
    this.#appendFd ??= fs.openSync(`/proc/self/fd/${this.fd}`, constants.O_WRONLY | constants.O_APPEND);
    return this.hold(this.calls.write(this.#appendFd, bytes, null));
  }

  setSize(size: number): Later<void> {
    return this.hold(this.calls.ftruncate(this.fd, size));
  }

  protected override closeNow(): void {
    const fd = this.#appendFd;
    this.#appendFd = undefined;
    if (fd !== undefined) fs.closeSync(fd);
    super.closeNow();
  }
}

class NodeDirectory extends NodeNode implements OpenDirectory {
  readonly kind = "directory";
  isClosed = false;
  /** Under which it was opened; used where there is no /proc. */
  readonly #path: string;

  constructor(calls: Calls, fd: number, path: string) {
    super(calls, fd);
    this.#path = path;
  }

  override close(): void {
    super.close();
    this.isClosed = true;
  }

  openSelf(): Later<OpenDirectory> {
    return this.#openDirectory(hasProc() ? `/proc/self/fd/${this.fd}` : this.#path, this.#path, 0);
  }

  entries(): Later<readonly DirectoryEntry[]> {
    const path = hasProc() ? `/proc/self/fd/${this.fd}` : this.#path;
    return this.hold(
      then(this.calls.readdir(path), (entries) =>
        entries.map((entry) => ({ name: textOf(entry.name), type: typeOf(entry) })),
      ),
    );
  }

  statAt(name: string): Later<FileStat> {
    return this.hold(then(this.calls.lstat(this.#at(name)), statOf));
  }

  setTimesAt(name: string, accessed: NewTime, modified: NewTime): Later<void> {
    return this.hold(
      then(this.statAt(name), (stat) => {
        const path = this.#at(name);
        if (setExactTimes(path, accessed, modified)) return;
        const [atime, mtime] = secondsOf(accessed, modified, stat);
        return this.calls.lutimes(path, atime, mtime);
      }),
    );
  }

  openDirectoryAt(name: string): Later<OpenDirectory> {
    return this.#openDirectory(this.#at(name), join(this.#path, name), constants.O_NOFOLLOW);
  }

  openAt(name: string, options: OpenOptions): Later<OpenFile | OpenDirectory> {
    const path = this.#at(name);
    const opened = then(this.calls.open(path, flagsOf(options), 0o666), (fd) =>
      then(this.calls.fstat(fd), (stat): OpenFile | OpenDirectory =>
        stat.isDirectory()
          ? new NodeDirectory(this.calls, fd, join(this.#path, name))
          : new NodeFile(this.calls, fd, options.write),
      ),
    );
    return this.hold(opened);
  }

  createDirectoryAt(name: string): Later<void> {
    return this.hold(this.calls.mkdir(this.#at(name)));
  }

  removeDirectoryAt(name: string): Later<void> {
    return this.hold(this.calls.rmdir(this.#at(name)));
  }

  unlinkAt(name: string): Later<void> {
    return this.hold(this.calls.unlink(this.#at(name)));
  }

  readLinkAt(name: string): Later<string> {
    return this.hold(then(this.calls.readlink(this.#at(name)), targetOf));
  }

  symlinkAt(name: string, target: string): Later<void> {
    return this.hold(this.calls.symlink(target, this.#at(name)));
  }

  linkAt(name: string, to: OpenDirectory, toName: string): Later<void> {
    const target = sibling(to);
    return this.hold(target.hold(this.calls.link(this.#at(name), target.#at(toName))));
  }

  renameAt(name: string, to: OpenDirectory, toName: string): Later<void> {
    const target = sibling(to);
    return this.hold(target.hold(this.calls.rename(this.#at(name), target.#at(toName))));
  }

  #at(name: string): string {
    return hasProc() ? `/proc/self/fd/${this.fd}/${name}` : join(this.#path, name);
  }

  #openDirectory(path: string, knownAs: string, flags: number): Later<OpenDirectory> {
    const open = this.calls.open(path, constants.O_RDONLY | constants.O_DIRECTORY | flags, 0);
    return this.hold(then(open, (fd) => new NodeDirectory(this.calls, fd, knownAs)));
  }
}

/** One that its owner has opened by a path, which is the same whatever guests do. */
export class NodeRoot extends NodeDirectory {
  readonly #opened: string;

  constructor(calls: Calls, path: string) {
    super(calls, openDirectory(path), path);
    // Whatever the working directory is by then.
    this.#opened = resolve(path);
  }

  override close(): void {
    super.close();
    this.isClosed = false;
  }

  /** Whether it is one, and does not only inherit from one. */
  static is(value: object): value is NodeRoot {
    return #opened in value;
  }

  /** For one more guest: those before it may have let go of it. @throws If it is not there any more. */
  override openAgain(): void {
    this.undoClose(() => openDirectory(this.#opened));
  }
}

function openDirectory(path: string): number {
  return fs.openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
}

function sibling(directory: OpenDirectory): NodeDirectory {
  if (directory instanceof NodeDirectory) return directory;
  throw new FileError("EXDEV", "the two directories are of different file systems");
}

function flagsOf({ read, write, create, exclusive, truncate, sync }: OpenOptions): number {
  return (
    // A FIFO that nobody writes to must not hold up the thread.
    constants.O_NOFOLLOW |
    constants.O_NONBLOCK |
    constants.O_NOCTTY |
    (read && write ? constants.O_RDWR : write ? constants.O_WRONLY : constants.O_RDONLY) |
    (create ? constants.O_CREAT : 0) |
    (create && exclusive ? constants.O_EXCL : 0) |
    (truncate ? constants.O_TRUNC : 0) |
    (sync === "file" ? constants.O_SYNC : sync === "data" ? constants.O_DSYNC : 0)
  );
}

/** Names and targets are bytes to the system, and text to a guest. Gives `null` for what is no UTF-8. */
function textOf(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

function targetOf(bytes: Uint8Array): string {
  const text = textOf(bytes);
  if (text === null) throw new FileError("EILSEQ", "the target of the link is no UTF-8");
  return text;
}

function typeOf(entry: BigIntStats | Listed): FileType {
  if (entry.isFile()) return "regular-file";
  if (entry.isDirectory()) return "directory";
  if (entry.isSymbolicLink()) return "symbolic-link";
  if (entry.isFIFO()) return "fifo";
  if (entry.isSocket()) return "socket";
  if (entry.isBlockDevice()) return "block-device";
  if (entry.isCharacterDevice()) return "character-device";
  return "unknown";
}

function statOf(stat: BigIntStats): FileStat {
  return {
    type: typeOf(stat),
    linkCount: stat.nlink,
    size: stat.size,
    accessedNs: stat.atimeNs,
    modifiedNs: stat.mtimeNs,
    changedNs: stat.ctimeNs,
    device: stat.dev,
    inode: stat.ino,
  };
}
