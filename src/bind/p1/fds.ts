import { InputStream } from "../../io/input-stream.ts";
import type { Outlet } from "../../io/outlet.ts";
import { OutputStream } from "../../io/output-stream.ts";
import { Descriptor } from "../../wasi/descriptor.ts";
import { FileError, type DirectoryEntry } from "../../wasi/files.ts";
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
  listing: readonly DirectoryEntry[] | undefined;
}

/** What a number stands for. */
export type Fd = InputFd | OutputFd | FileFd | DirectoryFd;

/** Standard streams, which are not counted. */
const STREAMS = 3;

/** The numbers that a guest names its files by: 0 to 2 are the standard streams, then come the preopened directories. */
export class Fds {
  readonly #open = new Map<number, Fd>();
  readonly #limit: number;
  /** No number below this one is free. */
  #lowest = 0;

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

  /** Takes what has been opened. @returns Its number: the lowest that is free, as in POSIX. @throws EMFILE */
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
    this.#lowest = Math.min(this.#lowest, number);
    release(fd);
  }

  /** Gives what is open under `from` the number `to`, whose own is closed. @throws EBADF if either has none. */
  renumber(from: number, to: number): void {
    const fd = this.get(from);
    const old = this.get(to);
    if (from === to) return;
    this.#open.set(to, fd);
    this.#open.delete(from);
    this.#lowest = Math.min(this.#lowest, from);
    release(old);
  }

  /** The guest is over. */
  closeAll(): void {
    const all = [...this.#open.values()];
    this.#open.clear();
    for (const fd of all) release(fd);
  }

  #put(fd: Fd): number {
    while (this.#open.has(this.#lowest)) this.#lowest++;
    this.#open.set(this.#lowest, fd);
    return this.#lowest;
  }
}

function output({ outlet, isTerminal }: StandardOutput, world: World): OutputFd {
  return { tag: "output", stream: new OutputStream(outlet, world.permits), outlet, isTerminal, nonblocking: false };
}

/** What was written to a stream is still delivered. */
function release(fd: Fd): void {
  if (fd.tag === "input" || fd.tag === "output") fd.stream.drop();
  else fd.descriptor.drop();
}
