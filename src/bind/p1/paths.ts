/** What is done with paths. Where they lead, and what is refused, is decided in `wasi/filesystem/path.ts` and `wasi/filesystem/descriptor.ts`. */
import type { Steps } from "../../io/steps.ts";
import { FileError } from "../../wasi/filesystem/files.ts";
import type { Descriptor } from "../../wasi/filesystem/descriptor.ts";
import type { DescriptorFlags, OpenFlags } from "../../wasi/filesystem/flags.ts";
import { define, type P1, type P1Functions } from "./define.ts";
import type { Fds } from "./fds.ts";
import { RIGHTS } from "./rights.ts";
import { ALL_FDFLAGS, FDFLAGS, newTimes, storeFilestat } from "./stat.ts";

/** The flags `oflags`. */
const OFLAGS = { creat: 1, directory: 2, excl: 4, trunc: 8 } as const;
const ALL_OFLAGS = 15;
/** The only one of the flags `lookupflags`. */
const SYMLINK_FOLLOW = 1;

export function pathFunctions(p1: P1): P1Functions {
  const { fds, memory } = p1;
  /** A function of one path, from a directory on. */
  const onPath = (action: (directory: Descriptor, path: string) => Steps<void>) =>
    define(["u32", "u32", "u32"], (fd, at, length) => action(directoryOf(fds, fd), memory.text(at, length)));
  return {
    ...openFunctions(p1),
    ...statFunctions(p1),
    ...linkFunctions(p1),
    path_create_directory: onPath((directory, path) => directory.createDirectoryAt(path)),
    path_remove_directory: onPath((directory, path) => directory.removeDirectoryAt(path)),
    path_unlink_file: onPath((directory, path) => directory.unlinkFileAt(path)),
  };
}

/** @throws ENOTDIR for a file, EBADF for a stream. */
function directoryOf(fds: Fds, number: number): Descriptor {
  const fd = fds.get(number);
  if (fd.tag === "directory") return fd.descriptor;
  throw new FileError(fd.tag === "file" ? "ENOTDIR" : "EBADF", `${number} is no directory`);
}

/** Whether a link at the end of the path is followed. */
function follows(lookupflags: number): boolean {
  if (lookupflags > SYMLINK_FOLLOW) throw new FileError("EINVAL", `unknown lookupflags ${lookupflags}`);
  return lookupflags === SYMLINK_FOLLOW;
}

function openFunctions({ fds, memory }: P1): P1Functions {
  function* open(
    directory: Descriptor,
    path: string,
    follow: boolean,
    flags: readonly [OpenFlags, DescriptorFlags],
    fdflags: number,
    result: number,
  ): Steps<void> {
    fds.assertRoom();
    // Where the number goes has to be the guest's before a file is made.
    memory.storeU32(result, 0);
    const opened = yield* directory.openAt(follow, path, ...flags);
    const number = fds.add(opened, (fdflags & FDFLAGS.append) !== 0, (fdflags & FDFLAGS.nonblock) !== 0);
    memory.storeU32(result, number);
  }
  return {
    path_open: define(
      ["u32", "u32", "u32", "u32", "u32", "u64", "u64", "u32", "u32"],
      (fd, lookupflags, at, length, oflags, rights, _inheriting, fdflags, result) =>
        open(
          directoryOf(fds, fd),
          memory.text(at, length),
          follows(lookupflags),
          [openFlags(oflags), descriptorFlags(rights, fdflags)],
          fdflags,
          result,
        ),
    ),
  };
}

function openFlags(oflags: number): OpenFlags {
  if (oflags > ALL_OFLAGS) throw new FileError("EINVAL", `unknown oflags ${oflags}`);
  return {
    create: (oflags & OFLAGS.creat) !== 0,
    directory: (oflags & OFLAGS.directory) !== 0,
    exclusive: (oflags & OFLAGS.excl) !== 0,
    truncate: (oflags & OFLAGS.trunc) !== 0,
  };
}

/** Of the rights, these two say what a file is opened for; the others come from that. */
function descriptorFlags(rights: bigint, fdflags: number): DescriptorFlags {
  if (fdflags > ALL_FDFLAGS) throw new FileError("EINVAL", `unknown fdflags ${fdflags}`);
  const low = Number(BigInt.asUintN(32, rights));
  return {
    read: (low & RIGHTS.fdRead) !== 0,
    write: (low & RIGHTS.fdWrite) !== 0,
    fileIntegritySync: (fdflags & FDFLAGS.sync) !== 0,
    dataIntegritySync: (fdflags & FDFLAGS.dsync) !== 0,
    requestedWriteSync: (fdflags & FDFLAGS.rsync) !== 0,
    mutateDirectory: false,
  };
}

function statFunctions({ fds, memory, world }: P1): P1Functions {
  function* storeStat(directory: Descriptor, follow: boolean, path: string, result: number): Steps<void> {
    storeFilestat(memory, result, yield* directory.statAt(follow, path), world);
  }
  return {
    path_filestat_get: define(["u32", "u32", "u32", "u32", "u32"], (fd, lookupflags, at, length, result) =>
      storeStat(directoryOf(fds, fd), follows(lookupflags), memory.text(at, length), result),
    ),
    path_filestat_set_times: define(
      ["u32", "u32", "u32", "u32", "u64", "u64", "u32"],
      (fd, lookupflags, at, length, accessed, modified, flags) =>
        directoryOf(fds, fd).setTimesAt(
          follows(lookupflags),
          memory.text(at, length),
          ...newTimes(accessed, modified, flags),
        ),
    ),
  };
}

function linkFunctions({ fds, memory }: P1): P1Functions {
  function* readLink(directory: Descriptor, path: string, at: number, max: number, result: number): Steps<void> {
    const target = new TextEncoder().encode(yield* directory.readLinkAt(path));
    // As in POSIX, what does not fit is cut off, and not missed.
    const part = target.subarray(0, max);
    memory.bytes(at, part.length).set(part);
    memory.storeU32(result, part.length);
  }
  return {
    path_link: define(
      ["u32", "u32", "u32", "u32", "u32", "u32", "u32"],
      (fd, lookupflags, at, length, toFd, toAt, toLength) =>
        directoryOf(fds, fd).linkAt(
          follows(lookupflags),
          memory.text(at, length),
          directoryOf(fds, toFd),
          memory.text(toAt, toLength),
        ),
    ),
    path_readlink: define(["u32", "u32", "u32", "u32", "u32", "u32"], (fd, at, length, into, max, result) =>
      readLink(directoryOf(fds, fd), memory.text(at, length), into, max, result),
    ),
    path_rename: define(["u32", "u32", "u32", "u32", "u32", "u32"], (fd, at, length, toFd, toAt, toLength) =>
      directoryOf(fds, fd).renameAt(memory.text(at, length), directoryOf(fds, toFd), memory.text(toAt, toLength)),
    ),
    path_symlink: define(["u32", "u32", "u32", "u32", "u32"], (targetAt, targetLength, fd, at, length) =>
      directoryOf(fds, fd).symlinkAt(memory.text(targetAt, targetLength), memory.text(at, length)),
    ),
  };
}
