/** What is done with something open, but for reading and writing. */
import type { Steps } from "../../io/steps.ts";
import { FileError } from "../../wasi/filesystem/files.ts";
import { define, type P1, type P1Functions } from "./define.ts";
import type { DirectoryFd, Fd, FileFd } from "./fds.ts";
import {
  ALL_FDFLAGS,
  FDFLAGS,
  fdflagsOf,
  newTimes,
  storeFdstat,
  storeFilestat,
  storeStreamStat,
  SYNC_FLAGS,
} from "./stat.ts";

/** The last member of the enum `advice`. */
const LAST_ADVICE = 5;

export function descriptorFunctions(p1: P1): P1Functions {
  const { fds, memory } = p1;
  return {
    ...statFunctions(p1),
    ...positionFunctions(p1),
    ...preopenFunctions(p1),
    fd_close: define(["u32"], (fd) => fds.close(fd)),
    fd_renumber: define(["u32", "u32"], (from, to) => fds.renumber(from, to)),
    fd_fdstat_get: define(["u32", "u32"], (number, at) => {
      const fd = fds.get(number);
      return fd.tag === "file" ? storeFileFdstat(p1, at, fd) : storeFdstat(memory, at, fd, "directory");
    }),
    fd_fdstat_set_flags: define(["u32", "u32"], (fd, flags) => setFlags(fds.get(fd), flags)),
    fd_fdstat_set_rights: define(["u32", "u64", "u64"], (fd) => {
      fds.get(fd);
      // See rights.ts: to promise that something is given up, and not to keep it, would be worse.
      throw new FileError("ENOTSUP", "rights cannot be given up");
    }),
    fd_datasync: define(["u32"], (fd) => nodeOf(fds.get(fd)).descriptor.syncData()),
    fd_sync: define(["u32"], (fd) => nodeOf(fds.get(fd)).descriptor.sync()),
  };
}

function* storeFileFdstat({ memory }: P1, at: number, fd: FileFd): Steps<void> {
  storeFdstat(memory, at, fd, yield* fd.descriptor.type());
}

function setFlags(fd: Fd, flags: number): void {
  if (fd.tag === "directory") throw new FileError("EBADF", "a directory has no flags");
  if (flags > ALL_FDFLAGS) throw new FileError("EINVAL", `unknown fdflags ${flags}`);
  if ((flags & SYNC_FLAGS) !== (fdflagsOf(fd) & SYNC_FLAGS)) {
    throw new FileError("EINVAL", "how a file is synchronised is said when it is opened");
  }
  fd.nonblocking = (flags & FDFLAGS.nonblock) !== 0;
  if (fd.tag === "file") fd.append = (flags & FDFLAGS.append) !== 0;
}

function statFunctions(p1: P1): P1Functions {
  const { fds, memory, world } = p1;
  function* storeStat({ descriptor }: FileFd | DirectoryFd, at: number): Steps<void> {
    storeFilestat(memory, at, yield* descriptor.stat(), world);
  }
  return {
    fd_filestat_get: define(["u32", "u32"], (number, at) => {
      const fd = fds.get(number);
      if (fd.tag === "file" || fd.tag === "directory") return storeStat(fd, at);
      return storeStreamStat(memory, at, fd.isTerminal);
    }),
    fd_filestat_set_size: define(["u32", "length"], (fd, size) => fileOf(fds.get(fd)).descriptor.setSize(size)),
    fd_filestat_set_times: define(["u32", "u64", "u64", "u32"], (fd, accessed, modified, flags) =>
      nodeOf(fds.get(fd)).descriptor.setTimes(...newTimes(accessed, modified, flags)),
    ),
    fd_advise: define(["u32", "u64", "u64", "u32"], (fd, _offset, _length, advice) => {
      if (advice > LAST_ADVICE) throw new FileError("EINVAL", `unknown advice ${advice}`);
      // Advice is free to be ignored, but not on what is no file.
      fileOf(fds.get(fd));
    }),
    fd_allocate: define(["u32", "length", "length"], (fd, offset, length) =>
      allocate(fileOf(fds.get(fd)), offset, length),
    ),
  };
}

/** As far as a file system without a call for it goes: the file is as long as is asked, whatever is behind that. */
function* allocate({ descriptor }: FileFd, offset: number, length: number): Steps<void> {
  if (!descriptor.flags.write) throw new FileError("EBADF", "not open for writing");
  if (length === 0) throw new FileError("EINVAL", "nothing to allocate");
  const { size } = yield* descriptor.stat();
  if (offset + length > Number(size)) yield* descriptor.setSize(offset + length);
}

/** The enum `whence`. */
const WHENCE = { set: 0, current: 1, end: 2 } as const;

function positionFunctions({ fds, memory }: P1): P1Functions {
  function move(fd: FileFd, from: bigint, delta: bigint, at: number): void {
    const position = from + delta;
    if (position < 0n || position > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new FileError("EINVAL", `no file has a position ${position}`);
    }
    memory.storeU64(at, position);
    fd.position = Number(position);
  }
  function* moveFromEnd(fd: FileFd, delta: bigint, at: number): Steps<void> {
    move(fd, (yield* fd.descriptor.stat()).size, delta, at);
  }
  return {
    fd_seek: define(["u32", "s64", "u32", "u32"], (number, delta, whence, at) => {
      const fd = seekable(fds.get(number));
      if (whence === WHENCE.end) return moveFromEnd(fd, delta, at);
      if (whence !== WHENCE.set && whence !== WHENCE.current) throw new FileError("EINVAL", `unknown whence ${whence}`);
      return move(fd, whence === WHENCE.set ? 0n : BigInt(fd.position), delta, at);
    }),
    fd_tell: define(["u32", "u32"], (fd, at) => memory.storeU64(at, BigInt(seekable(fds.get(fd)).position))),
  };
}

function preopenFunctions({ fds, memory }: P1): P1Functions {
  function nameOf(number: number, otherwise: string): Uint8Array {
    const fd = fds.get(number);
    const name = fd.tag === "directory" ? fd.preopen : undefined;
    if (name === undefined) throw new FileError(otherwise, `${number} is no preopened directory`);
    return new TextEncoder().encode(name);
  }
  return {
    // A libc looks for preopened directories from 3 on, until it is told this.
    fd_prestat_get: define(["u32", "u32"], (fd, at) => {
      const { length } = nameOf(fd, "EBADF");
      // The tag of a directory, the only kind there is.
      memory.storeU32(at, 0);
      memory.storeU32(at + 4, length);
    }),
    fd_prestat_dir_name: define(["u32", "u32", "u32"], (fd, at, max) => {
      const name = nameOf(fd, "ENOTDIR");
      if (name.length > max) throw new FileError("ENAMETOOLONG", `${name.length} bytes, but there is room for ${max}`);
      memory.bytes(at, name.length).set(name);
    }),
  };
}

/** @throws EBADF for what is neither a file nor a directory. */
function nodeOf(fd: Fd): FileFd | DirectoryFd {
  if (fd.tag === "file" || fd.tag === "directory") return fd;
  throw new FileError("EBADF", "a stream is no file");
}

/** @throws EBADF for what is no file. */
function fileOf(fd: Fd): FileFd {
  if (fd.tag === "file") return fd;
  throw new FileError("EBADF", "not a file");
}

function seekable(fd: Fd): FileFd {
  if (fd.tag === "input" || fd.tag === "output") throw new FileError("ESPIPE", "a stream has no position");
  return fileOf(fd);
}
