import { WitError } from "../../io/errors.ts";
import { settled } from "../../io/later.ts";
import type { Source } from "../../io/ports.ts";
import { PullSource } from "../../io/pull-source.ts";
import type { Steps } from "../../io/steps.ts";
import { errorCodeOf, type ErrorCode } from "./error-code.ts";
import { FileSink } from "./file-sink.ts";
import {
  FileError,
  type DirectoryEntry,
  type FileStat,
  type FileType,
  type Later,
  type NewTime,
  type OpenDirectory,
  type OpenFile,
} from "./files.ts";
import { Place } from "./path.ts";
import { assertDirectory, assertInside, assertNoSlash, nameOf, openPlace, statOf } from "./last-name.ts";
import type { DescriptorFlags, OpenFlags } from "./flags.ts";
import { Shared } from "./shared.ts";

/** An error of the enum `error-code`, for the guest. */
export class FilesystemError extends WitError<ErrorCode> {
  override readonly name: string = "FilesystemError";
}

/** Runs `steps`, and makes what they throw an `error-code` for the guest, unless it is no error of a file system. */
export function* reported<T>(steps: Steps<T>): Steps<T> {
  try {
    return yield* steps;
  } catch (cause) {
    const code = errorCodeOf(cause);
    if (!code) throw cause;
    throw new FilesystemError(code, cause instanceof Error ? cause.message : code, { cause });
  }
}

type Node = OpenFile | OpenDirectory;

/**
 * The resource `descriptor` of `wasi:filesystem/types`: an open file or directory, and what may be done with it.
 *
 * Its methods throw errors with codes of POSIX; whoever calls them for a guest wraps them in `reported`.
 */
export class Descriptor {
  readonly #node: Shared<Node> | Shared<OpenDirectory>;
  readonly #flags: DescriptorFlags;
  /** Nothing below a read-only preopen is ever changed, whatever its descriptors were opened for. */
  readonly #readOnly: boolean;
  /** What it was opened with: it may give more. */
  readonly openedWith: DescriptorFlags;

  constructor(
    node: Node | Shared<OpenDirectory>,
    flags: DescriptorFlags,
    readOnly: boolean,
    openedWith: DescriptorFlags = flags,
  ) {
    this.openedWith = openedWith;
    this.#node = node instanceof Shared ? node : new Shared(node);
    this.#flags = flags;
    this.#readOnly = readOnly;
  }

  /** The descriptor of a preopened directory. */
  static preopen(directory: Shared<OpenDirectory>, readOnly: boolean): Descriptor {
    return new Descriptor(directory, { ...NO_FLAGS, read: true, mutateDirectory: !readOnly }, readOnly);
  }

  get flags(): DescriptorFlags {
    return this.#flags;
  }

  get isDirectory(): boolean {
    return this.#node.value.kind === "directory";
  }

  /** The guest lets go of it. Streams that came from it go on. */
  drop(): void {
    this.#node.release();
  }

  *type(): Steps<FileType> {
    return (yield* this.stat()).type;
  }

  *stat(): Steps<FileStat> {
    return yield* settled(this.#node.value.stat());
  }

  *assertFile(): Steps<void> {
    this.#file("EBADF");
  }

  *sync(): Steps<void> {
    yield* settled(this.#node.value.sync());
  }

  *syncData(): Steps<void> {
    yield* settled(this.#node.value.syncData());
  }

  *setSize(size: number): Steps<void> {
    const file = this.#writable("EINVAL");
    assertOffset(size);
    yield* settled(file.setSize(size));
  }

  *setTimes(accessed: NewTime, modified: NewTime): Steps<void> {
    this.#assertMutable();
    yield* settled(this.#node.value.setTimes(accessed, modified));
  }

  /** Bytes from `at` on, at most `max`, and whether that is all there is. */
  *read(max: number, at: number): Steps<[bytes: Uint8Array, end: boolean]> {
    const file = this.#file("EBADF");
    if (!this.#flags.read) throw new FileError("EBADF", "not open for reading");
    assertOffset(at);
    const bytes = new Uint8Array(max);
    const count = yield* settled(file.read(bytes, at));
    return [bytes.subarray(0, count), count === 0 && max > 0];
  }

  *write(bytes: Uint8Array, at: number): Steps<number> {
    const file = this.#writable("EBADF");
    assertOffset(at);
    return yield* settled(file.write(bytes, at));
  }

  /** As `write`, at the end, wherever that is by now. */
  *append(bytes: Uint8Array): Steps<number> {
    const file = this.#writable("EBADF");
    return yield* settled(file.append(bytes));
  }

  /** A source of the file's bytes from `at` on. Holds the file open until it is closed. */
  readStream(at: number): Source {
    const file = this.#file("EISDIR");
    const release = this.#node.share();
    const readable = this.#flags.read;
    let position = at;
    let buffer: Uint8Array | undefined;
    const assertReadable = (): void => {
      if (!readable) throw new FileError("EBADF", "not open for reading");
    };
    /** Gives how many there are, or nothing at the end. */
    const counted = (count: number, max: number): number | null => {
      if (!Number.isInteger(count) || count < 0 || count > max) {
        throw new RangeError(`A file must read 0 to ${max} bytes, or fail: it says that it read ${count}`);
      }
      position += count;
      return count === 0 ? null : count;
    };
    const pull = (max: number): Later<Uint8Array | null> => {
      assertReadable();
      if (!buffer || buffer.length < max) buffer = new Uint8Array(max);
      const into = buffer.subarray(0, max);
      const arrive = (read: number): Uint8Array | null => {
        const count = counted(read, max);
        return count === null ? null : into.subarray(0, count);
      };
      const count = file.read(into, position);
      return count instanceof Promise ? count.then(arrive) : arrive(count);
    };
    const read = file.readInto?.bind(file);
    const pullInto =
      read &&
      ((into: Uint8Array): number | null => {
        assertReadable();
        return counted(read(into, position), into.length);
      });
    const source = new PullSource(pull, undefined, undefined, pullInto);
    return Object.assign(source, { close: release });
  }

  /** A sink that writes from `at` on, or at the end. Holds the file open until it is closed. */
  writeStream(at: number | "end"): FileSink {
    this.#assertMutable();
    const file = this.#file("EBADF");
    const release = this.#node.share();
    return new FileSink(file, at, this.#flags.write, release);
  }

  *entries(): Steps<readonly DirectoryEntry[]> {
    return yield* settled(this.#directory().entries());
  }

  *createDirectoryAt(path: string): Steps<void> {
    this.#assertMutable();
    yield* this.#at(path, function* (place) {
      if (place.name === undefined) throw new FileError("EEXIST", path);
      yield* settled(place.directory.createDirectoryAt(place.name));
    });
  }

  *removeDirectoryAt(path: string): Steps<void> {
    this.#assertMutable();
    yield* this.#at(path, function* (place) {
      const { directory } = place;
      const name = nameOf(place, path);
      if (place.mustBeDirectory) yield* assertInside(place);
      yield* settled(directory.removeDirectoryAt(name));
    });
  }

  *unlinkFileAt(path: string): Steps<void> {
    this.#assertMutable();
    yield* this.#at(path, function* (place) {
      if (place.name === undefined) throw new FileError("EISDIR", path);
      if (place.mustBeDirectory) yield* assertDirectory(place, place.name);
      yield* settled(place.directory.unlinkAt(place.name));
    });
  }

  *readLinkAt(path: string): Steps<string> {
    return yield* this.#at(path, function* (place) {
      if (place.mustBeDirectory) yield* statOf(place, false);
      const target = yield* settled(place.directory.readLinkAt(nameOf(place, path)));
      if (target.startsWith("/")) throw new FileError("EPERM", `${path}: a link that leads out of the directory`);
      return target;
    });
  }

  *symlinkAt(target: string, path: string): Steps<void> {
    this.#assertMutable();
    if (target.startsWith("/")) throw new FileError("EPERM", `${target}: a link that leads out of the directory`);
    if (target.includes("\0")) throw new FileError("EINVAL", "a path has no NUL");
    if (target === "") throw new FileError("ENOENT", "a link has to lead somewhere");
    yield* this.#at(path, function* (place) {
      if (place.name === undefined) throw new FileError("EEXIST", path);
      yield* assertNoSlash(place, place.name);
      yield* settled(place.directory.symlinkAt(place.name, target));
    });
  }

  *linkAt(follow: boolean, path: string, to: Descriptor, toPath: string): Steps<void> {
    this.#assertMutable();
    to.#assertMutable();
    if (follow) throw new FileError("EINVAL", "a second name for what a link leads to is not supported");
    yield* this.#at(path, function* (place) {
      // What is wrong with the first path is said first, as POSIX systems do.
      yield* statOf(place, false);
      yield* to.#at(toPath, function* (toPlace) {
        if (toPlace.name === undefined) throw new FileError("EEXIST", toPath);
        yield* assertNoSlash(toPlace, toPlace.name);
        if (place.name === undefined) throw new FileError("EPERM", `${path}: a directory has one name`);
        yield* settled(place.directory.linkAt(place.name, toPlace.directory, toPlace.name));
      });
    });
  }

  *renameAt(path: string, to: Descriptor, toPath: string): Steps<void> {
    this.#assertMutable();
    to.#assertMutable();
    yield* this.#at(path, (place) =>
      to.#at(toPath, function* (toPlace) {
        if (place.name === undefined || toPlace.name === undefined) throw new FileError("EBUSY", path);
        if (place.mustBeDirectory || toPlace.mustBeDirectory) yield* assertDirectory(place, place.name);
        yield* settled(place.directory.renameAt(place.name, toPlace.directory, toPlace.name));
      }),
    );
  }

  *statAt(follow: boolean, path: string): Steps<FileStat> {
    return yield* this.#at(path, (place) => statOf(place, follow));
  }

  *setTimesAt(follow: boolean, path: string, accessed: NewTime, modified: NewTime): Steps<void> {
    this.#assertMutable();
    yield* this.#at(path, function* (place) {
      yield* statOf(place, follow);
      const { name, directory } = place;
      yield* settled(
        name === undefined ? directory.setTimes(accessed, modified) : directory.setTimesAt(name, accessed, modified),
      );
    });
  }

  /** Opens what `path` leads to. @throws EPERM if that needs rights that this descriptor does not give. */
  *openAt(follow: boolean, path: string, open: OpenFlags, flags: DescriptorFlags): Steps<Descriptor> {
    this.#directory();
    const changes = open.create || open.truncate || flags.write || flags.mutateDirectory;
    if (this.#readOnly && changes) throw new FileError("EPERM", `${path}: the directory is read-only`);
    if (open.directory && (open.create || open.exclusive || open.truncate)) {
      throw new FileError("EINVAL", `${path}: a directory is not created or truncated by opening it`);
    }
    if (open.create && !this.#flags.mutateDirectory) {
      throw new FileError("EPERM", `${path}: the directory is not open for changes`);
    }
    const node = yield* this.#at(path, (place) => openPlace(place, path, follow, open, flags));
    const isDirectory = node.kind === "directory";
    const granted = {
      ...flags,
      read: isDirectory || flags.read || !flags.write,
      write: flags.write && !isDirectory,
      mutateDirectory: isDirectory && !this.#readOnly && this.#flags.mutateDirectory,
    };
    return new Descriptor(node, granted, this.#readOnly, { ...granted, mutateDirectory: flags.mutateDirectory });
  }

  *isSameObject(other: Descriptor): Steps<boolean> {
    const [mine, its] = [yield* this.stat(), yield* other.stat()];
    return mine.device === its.device && mine.inode === its.inode;
  }

  *#at<T>(path: string, action: (place: Place) => Steps<T>): Steps<T> {
    const place = new Place(this.#directory());
    try {
      yield* place.walk(path);
      return yield* action(place);
    } finally {
      place.close();
    }
  }

  #directory(): OpenDirectory {
    const node = this.#node.value;
    if (node.kind !== "directory") throw new FileError("ENOTDIR", "not a directory");
    return node;
  }

  #file(otherwise: string): OpenFile {
    const node = this.#node.value;
    if (node.kind !== "file") throw new FileError(otherwise, "a directory is no file");
    return node;
  }

  #writable(otherwise: string): OpenFile {
    this.#assertMutable();
    const file = this.#file("EBADF");
    if (!this.#flags.write) throw new FileError(otherwise, "not open for writing");
    return file;
  }

  #assertMutable(): void {
    if (this.#readOnly) throw new FileError("EPERM", "read-only");
  }
}

/** No file reaches as far as a number counts exactly; a guest's offset beyond that comes as just that. */
function assertOffset(at: number): void {
  if (at >= Number.MAX_SAFE_INTEGER) throw new FileError("EINVAL", `no file has ${at} bytes`);
}

const NO_FLAGS: DescriptorFlags = {
  read: false,
  write: false,
  fileIntegritySync: false,
  dataIntegritySync: false,
  requestedWriteSync: false,
  mutateDirectory: false,
};
