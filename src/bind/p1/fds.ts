import { InputStream } from "../../io/input-stream.ts";
import type { Outlet } from "../../io/outlet.ts";
import { OutputStream } from "../../io/output-stream.ts";
import { Descriptor } from "../../wasi/filesystem/descriptor.ts";
import { FileError, type DirectoryEntry } from "../../wasi/filesystem/files.ts";
import type { StandardOutput, World } from "../../wasi/world.ts";

/** Standard input. */
export interface InputFd {
  readonly tag: "input";
  readonly stream: InputStream;
  readonly isTerminal: boolean;
  nonblocking: boolean;
}

/** Standard output or error. */
export interface OutputFd {
  readonly tag: "output";
  readonly stream: OutputStream;
  readonly outlet: Outlet;
  readonly isTerminal: boolean;
  nonblocking: boolean;
}

/** An open file. Its position is the descriptor's own: none is shared, since preview 1 has no `dup`. */
export interface FileFd {
  readonly tag: "file";
  readonly descriptor: Descriptor;
  position: number;
  append: boolean;
  /** Kept for the guest to see; a file never says "not now". */
  nonblocking: boolean;
}

/** An open directory. */
export interface DirectoryFd {
  readonly tag: "directory";
  readonly descriptor: Descriptor;
  /** What the guest calls it, if it was given it from the start. */
  readonly preopen: string | undefined;
  /** What `fd_readdir` found when it began, until it has told all: cookies are positions in it. */
  listing: Listing | undefined;
}

/** Entries that were found, and what to call when nobody needs them. */
export interface Listing {
  readonly entries: readonly DirectoryEntry[];
  readonly release: () => void;
}

/** Forgets what was found. */
export function endListing(fd: DirectoryFd): void {
  fd.listing?.release();
  fd.listing = undefined;
}

/** What a number stands for. */
export type Fd = InputFd | OutputFd | FileFd | DirectoryFd;

/** Standard streams, which are not counted. */
const STREAMS = 3;

/** The numbers that a guest names its files by: 0 to 2 are the standard streams, then come the preopened directories. */
export class Fds {
  readonly #open = new Map<number, Fd>();
  readonly #limit: number;
  /** All below this one have been given out. */
  #next = 0;
  /** Those that have been given out and are free, the last one first. */
  readonly #free: number[] = [];

  constructor(world: World) {
    const { stdin, limits } = world;
    this.#limit = limits.openFiles + STREAMS;
    const stream = new InputStream(stdin.source, limits.readBytes, stdin.tally);
    this.#put({ tag: "input", stream, isTerminal: stdin.isTerminal, nonblocking: false });
    this.#put(output(world.stdout, world));
    this.#put(output(world.stderr, world));
    for (const { path, directory, readOnly } of world.preopens) {
      directory.share();
      const descriptor = Descriptor.preopen(directory, readOnly);
      this.#put({ tag: "directory", descriptor, preopen: path, listing: undefined });
    }
  }

  /** @throws EBADF if nothing is open under this number. */
  get(number: number): Fd {
    const fd = this.#open.get(number);
    if (!fd) throw new FileError("EBADF", `nothing is open under ${number}`);
    return fd;
  }

  /** @throws EMFILE if one more would be too many. */
  assertRoom(): void {
    if (this.#open.size < this.#limit) return;
    throw new FileError("EMFILE", `${this.#open.size} files and directories are open (limits.openFiles)`);
  }

  /**
   * Takes what has been opened. A libc may keep a number in mind that the guest has closed, above all 0 to 2, which it
   * believes to be the standard streams: what is opened next must not come to lie there as long as there is another. So
   * the highest number that was in use is given out again first, as in Wasmtime.
   *
   * @returns Its number. @throws EMFILE
   */
  add(descriptor: Descriptor, append: boolean, nonblocking: boolean): number {
    try {
      this.assertRoom();
    } catch (error) {
      descriptor.drop();
      throw error;
    }
    if (descriptor.isDirectory)
      return this.#put({ tag: "directory", descriptor, preopen: undefined, listing: undefined });
    return this.#put({ tag: "file", descriptor, position: 0, append, nonblocking });
  }

  /** @throws EBADF */
  close(number: number): void {
    const fd = this.get(number);
    this.#open.delete(number);
    this.#free.push(number);
    release(fd);
  }

  /**
   * Gives what is open under `from` the number `to`. What is open there is closed. Of a standard stream it may also have
   * been before, which is how a guest puts it back after it has put it aside: where `dup2` copies, here it moves.
   *
   * @throws EBADF if nothing is open under one of them.
   */
  renumber(from: number, to: number): void {
    const fd = this.get(from);
    const old = to < STREAMS ? this.#open.get(to) : this.get(to);
    if (from === to) return;
    if (!old) this.#free.splice(this.#free.indexOf(to), 1);
    this.#open.set(to, fd);
    this.#open.delete(from);
    this.#free.push(from);
    if (old) release(old);
  }

  /** The guest is over. */
  closeAll(): void {
    const all = [...this.#open.values()];
    this.#open.clear();
    for (const fd of all) release(fd);
  }

  #put(fd: Fd): number {
    const number = this.#takeFree() ?? this.#next++;
    this.#open.set(number, fd);
    return number;
  }

  /** The highest, which is found by looking: there are few, and a guest that closes many closes the last one first. */
  #takeFree(): number | undefined {
    if (this.#free.length === 0) return undefined;
    const highest = Math.max(...this.#free);
    this.#free.splice(this.#free.lastIndexOf(highest), 1);
    return highest;
  }
}

function output({ outlet, isTerminal }: StandardOutput, world: World): OutputFd {
  return { tag: "output", stream: new OutputStream(outlet, world.permits), outlet, isTerminal, nonblocking: false };
}

/** What was written to a stream is still delivered. */
function release(fd: Fd): void {
  if (fd.tag === "input" || fd.tag === "output") fd.stream.drop();
  else {
    if (fd.tag === "directory") endListing(fd);
    fd.descriptor.drop();
  }
}
