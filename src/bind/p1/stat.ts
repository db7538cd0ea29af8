/** What is known of a file or a stream, as preview 1 lays it out. */
import { FileError, type FileStat, type FileType, type NewTime } from "../../wasi/filesystem/files.ts";
import { mixed } from "../../wasi/random/random.ts";
import type { World } from "../../wasi/world.ts";
import type { Fd } from "./fds.ts";
import type { P1Memory } from "./memory.ts";
import { DIRECTORY_RIGHTS, fileRights, INHERITED_RIGHTS, INPUT_RIGHTS, OUTPUT_RIGHTS } from "./rights.ts";

/** The flags `fdflags`. */
export const FDFLAGS = { append: 1, dsync: 2, nonblock: 4, rsync: 8, sync: 16 } as const;
/** Those that are fixed when a file is opened. */
export const SYNC_FLAGS: number = FDFLAGS.dsync | FDFLAGS.rsync | FDFLAGS.sync;
/** All there are. */
export const ALL_FDFLAGS: number = SYNC_FLAGS | FDFLAGS.append | FDFLAGS.nonblock;

/** The enum `filetype`. It has no FIFO. */
const FILETYPES: Readonly<Record<FileType, number>> = {
  unknown: 0,
  "block-device": 1,
  "character-device": 2,
  directory: 3,
  "regular-file": 4,
  socket: 6,
  "symbolic-link": 7,
  fifo: 0,
};

export function filetypeNumber(type: FileType): number {
  return FILETYPES[type];
}

/** A libc asks for this to see whether a stream is a terminal. */
function streamType(isTerminal: boolean): FileType {
  return isTerminal ? "character-device" : "unknown";
}

/** Of something open: the record `fdstat`. `type` is that of a file. */
export function storeFdstat(memory: P1Memory, at: number, fd: Fd, type: FileType): void {
  memory.bytes(at, 24).fill(0);
  const [base, inheriting] = rightsOf(fd);
  memory.storeU8(at, filetypeNumber(fd.tag === "input" || fd.tag === "output" ? streamType(fd.isTerminal) : type));
  memory.storeU16(at + 2, fdflagsOf(fd));
  memory.storeU64(at + 8, BigInt(base));
  memory.storeU64(at + 16, BigInt(inheriting));
}

function rightsOf(fd: Fd): readonly [base: number, inheriting: number] {
  switch (fd.tag) {
    case "input":
      return [INPUT_RIGHTS, INPUT_RIGHTS];
    case "output":
      return [OUTPUT_RIGHTS, OUTPUT_RIGHTS];
    case "directory":
      return [DIRECTORY_RIGHTS, INHERITED_RIGHTS];
    case "file": {
      const { read, write } = fd.descriptor.flags;
      const rights = fileRights(read, write);
      return [rights, rights];
    }
  }
}

/** The `fdflags` of something open. */
export function fdflagsOf(fd: Fd): number {
  if (fd.tag === "directory") return 0;
  const nonblock = fd.nonblocking ? FDFLAGS.nonblock : 0;
  if (fd.tag !== "file") return nonblock;
  const { dataIntegritySync, fileIntegritySync, requestedWriteSync } = fd.descriptor.flags;
  return (
    nonblock |
    (fd.append ? FDFLAGS.append : 0) |
    (dataIntegritySync ? FDFLAGS.dsync : 0) |
    (requestedWriteSync ? FDFLAGS.rsync : 0) |
    (fileIntegritySync ? FDFLAGS.sync : 0)
  );
}

/** The record `filestat` of a file. */
export function storeFilestat(memory: P1Memory, at: number, stat: FileStat, world: World): void {
  const { device, inode } = identityOf(stat, world);
  memory.bytes(at, 64).fill(0);
  memory.storeU64(at, device);
  memory.storeU64(at + 8, inode);
  memory.storeU8(at + 16, filetypeNumber(stat.type));
  memory.storeU64(at + 24, stat.linkCount);
  memory.storeU64(at + 32, stat.size);
  memory.storeU64(at + 40, timestamp(stat.accessedNs));
  memory.storeU64(at + 48, timestamp(stat.modifiedNs));
  memory.storeU64(at + 56, timestamp(stat.changedNs));
}

/** The record `filestat` of a stream, of which nothing is known. */
export function storeStreamStat(memory: P1Memory, at: number, isTerminal: boolean): void {
  memory.bytes(at, 64).fill(0);
  memory.storeU8(at + 16, filetypeNumber(streamType(isTerminal)));
}

/** Two files are the same if both are. They say nothing of the host's own: the seed is the instance's. */
export function identityOf(
  { device, inode }: FileStat,
  world: World,
): { readonly device: bigint; readonly inode: bigint } {
  const [seed, otherSeed] = world.insecureSeed();
  const own = mixed(seed ^ mixed(device));
  return { device: own, inode: mixed(otherSeed ^ own ^ inode) };
}

/** A time before 1970 has no form in preview 1, and is told as the first there is. */
function timestamp(ns: bigint | undefined): bigint {
  return ns === undefined || ns < 0n ? 0n : ns;
}

/** The flags `fstflags`. */
const FSTFLAGS = { atim: 1, atimNow: 2, mtim: 4, mtimNow: 8 } as const;

/** What becomes of the times of a file. @throws EINVAL for flags that contradict each other. */
export function newTimes(accessed: bigint, modified: bigint, flags: number): readonly [NewTime, NewTime] {
  if (flags > 15) throw new FileError("EINVAL", `unknown fstflags ${flags}`);
  return [
    newTime(accessed, flags & FSTFLAGS.atim, flags & FSTFLAGS.atimNow),
    newTime(modified, flags & FSTFLAGS.mtim, flags & FSTFLAGS.mtimNow),
  ];
}

function newTime(time: bigint, set: number, now: number): NewTime {
  if (set && now) throw new FileError("EINVAL", "a time cannot become two");
  return set ? time : now ? "now" : "keep";
}
