/**
 * The port of `wasi:filesystem`: what a file system has to offer. Everything is done from an open directory with one name
 * at a time, so that nobody who renames things meanwhile can lead a guest elsewhere; paths, links and rights are the
 * business of path.ts and descriptor.ts.
 *
 * All methods throw, or reject with, errors that have the `code` of POSIX (`"ENOENT"`), as Node's do.
 */

/** A value at once, or later: a file system that blocks gives the one, one that does not gives the other. */
export type Later<T> = T | Promise<T>;

/** The enum `descriptor-type` of `wasi:filesystem/types`, in WIT's order. */
export const FILE_TYPES = [
  "unknown",
  "block-device",
  "character-device",
  "directory",
  "fifo",
  "symbolic-link",
  "regular-file",
  "socket",
] as const;

/** What something in a file system is. */
export type FileType = (typeof FILE_TYPES)[number];

/** What is known of something in a file system. */
export interface FileStat {
  readonly type: FileType;
  readonly linkCount: bigint;
  /** In bytes; of a symbolic link, the length of its target. */
  readonly size: bigint;
  /** Nanoseconds since 1970, if the file system knows. */
  readonly accessedNs: bigint | undefined;
  readonly modifiedNs: bigint | undefined;
  readonly changedNs: bigint | undefined;
  /** These two together are the identity of an object: no other that exists has the same. */
  readonly device: bigint;
  readonly inode: bigint;
}

/** What becomes of a time: nanoseconds since 1970, the present, or what it was. */
export type NewTime = bigint | "now" | "keep";

/** How something is opened. */
export interface OpenOptions {
  /** Its bytes will be read. */
  readonly read: boolean;
  /** Its bytes will be written. */
  readonly write: boolean;
  /** Makes a regular file if there is nothing. */
  readonly create: boolean;
  /** With `create`: fails if there is something, be it a link that leads nowhere. */
  readonly exclusive: boolean;
  /** Empties the file. Needs `write`. */
  readonly truncate: boolean;
  /** Writes come back only when they are on the device: the bytes, or everything about the file too. */
  readonly sync: "none" | "data" | "file";
}

/** What an open file and an open directory have in common. */
export interface OpenNode {
  stat(): Later<FileStat>;
  setTimes(accessed: NewTime, modified: NewTime): Later<void>;
  /** Waits until everything about it is on the device. */
  sync(): Later<void>;
  /** Waits until its bytes are on the device. */
  syncData(): Later<void>;
  /** Lets go of it. Called once, when nothing else is called any more. */
  close(): void;
}

/** Anything but a directory, open. Has no position of its own. */
export interface OpenFile extends OpenNode {
  readonly kind: "file";
  /**
   * Reads at `at` into all or the first bytes of `into`, which stays untouched by others until that is done.
   *
   * @returns How many; 0 at and beyond the end.
   */
  read(into: Uint8Array, at: number): Later<number>;
  /**
   * As `read`, of a file that is always read at once. `into` may be a guest's memory: nothing is done with it when this has
   * returned. Missing if reading may take until later.
   */
  readInto?(into: Uint8Array, at: number): number;
  /**
   * Writes all or the first of `bytes` at `at`, with zeroes before them if the file ends earlier. The caller may reuse
   * `bytes` when this returns, even if it returns a promise.
   *
   * @returns How many: at least one, unless `bytes` is empty.
   */
  write(bytes: Uint8Array, at: number): Later<number>;
  /** As `write`, at the end, wherever that is by now. */
  append(bytes: Uint8Array): Later<number>;
  /** Cuts off, or adds zeroes. */
  setSize(size: number): Later<void>;
}

/** A name in a directory. */
export interface DirectoryEntry {
  /** `null` for a name that is no UTF-8, and so cannot be told to a guest. */
  readonly name: string | null;
  readonly type: FileType;
}

/** A directory, open. A `name` is never empty, `.` or `..`, and has no slash and no NUL. Links are never followed. */
export interface OpenDirectory extends OpenNode {
  readonly kind: "directory";
  /**
   * Whether it was closed, and is of no use any more: it is given to no guest then. Missing of one that serves any number of
   * guests, one after the other and at a time, as roots do. Such a one is closed as often as the last guest lets go of it.
   */
  readonly isClosed?: boolean;
  /** All but `.` and `..`, in no order. */
  entries(): Later<readonly DirectoryEntry[]>;
  /** The same directory, once more. */
  openSelf(): Later<OpenDirectory>;
  statAt(name: string): Later<FileStat>;
  setTimesAt(name: string, accessed: NewTime, modified: NewTime): Later<void>;
  /** @throws ENOTDIR or ELOOP for what is no directory. */
  openDirectoryAt(name: string): Later<OpenDirectory>;
  /** Opens whatever is there. @throws ELOOP for a link, EISDIR for a directory that is to be written. */
  openAt(name: string, options: OpenOptions): Later<OpenFile | OpenDirectory>;
  createDirectoryAt(name: string): Later<void>;
  removeDirectoryAt(name: string): Later<void>;
  unlinkAt(name: string): Later<void>;
  /** The target of a link. @throws EINVAL if it is none. */
  readLinkAt(name: string): Later<string>;
  symlinkAt(name: string, target: string): Later<void>;
  /** A second name for what is under `name`. @throws EXDEV if `to` is not of this file system. */
  linkAt(name: string, to: OpenDirectory, toName: string): Later<void>;
  /** @throws As `linkAt`. */
  renameAt(name: string, to: OpenDirectory, toName: string): Later<void>;
}

const ours = new WeakSet<object>();

/** Says of a directory that it, and all that it opens, is as it should be, so that nobody checks what it gives. */
export function asOurs<D extends OpenDirectory>(directory: D): D {
  ours.add(directory);
  return directory;
}

/** Whether somebody has said so. Of an object that only inherits from one of ours nobody has. */
export function isOurs(directory: object): boolean {
  return ours.has(directory);
}

const behind = new WeakMap<OpenFile, OpenFile>();

/** Says that `checked` stands for a file that an embedder's directory has opened. */
export function standsFor(checked: OpenFile, opened: OpenFile): void {
  behind.set(checked, opened);
}

/** What the directory that was given to a guest has opened. */
export function openedBy(file: OpenFile): OpenFile {
  return behind.get(file) ?? file;
}

/** An error with the code of POSIX, for file systems that have no other. */
export class FileError extends Error {
  override readonly name: string = "FileError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}
