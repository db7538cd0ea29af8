/** Reading a directory, a buffer at a time. */
import type { Steps } from "../../io/steps.ts";
import { FileError, type DirectoryEntry } from "../../wasi/filesystem/files.ts";
import { isAnyOf } from "../../wasi/filesystem/path.ts";
import { define, type P1, type P1Functions } from "./define.ts";
import { endListing, type DirectoryFd, type Listing } from "./fds.ts";
import { filetypeNumber, identityOf } from "./stat.ts";

/** Of a `dirent`, before its name. */
const HEADER_BYTES = 24;
/** The first two entries, which a file system does not tell. */
const DOTS = [".", ".."] as const;

export function readdirFunctions(p1: P1): P1Functions {
  return {
    fd_readdir: define(["u32", "u32", "u32", "length", "u32"], (number, at, length, cookie, used) => {
      const fd = p1.fds.get(number);
      if (fd.tag === "file") throw new FileError("ENOTDIR", "a file has no entries");
      if (fd.tag !== "directory") throw new FileError("EBADF", "a stream has no entries");
      return readEntries(p1, fd, { at, length, cookie, used });
    }),
  };
}

interface Request {
  readonly at: number;
  readonly length: number;
  /** The position of the first entry that is wanted, in all of them. */
  readonly cookie: number;
  readonly used: number;
}

/**
 * Fills the buffer, if need be with a part of an entry, which says that there are more.
 *
 * Cookies are positions in what was found when the guest began, so that it may remove what it has read of. That is kept
 * until all is told.
 */
function* readEntries(p1: P1, fd: DirectoryFd, { at, length, cookie, used }: Request): Steps<void> {
  const { memory } = p1;
  // Both have to be the guest's before anything is asked.
  memory.bytes(at, length);
  memory.storeU32(used, 0);
  if (cookie === 0) endListing(fd);
  const { entries } = (fd.listing ??= yield* list(p1, fd));
  let done = 0;
  for (let index = cookie; index < entries.length + DOTS.length && done < length; index++) {
    const entry = yield* entryAt(p1, fd, entries, index);
    // A name that cannot be told cannot be used either; the others can.
    if (!entry) continue;
    const part = entry.subarray(0, length - done);
    memory.bytes(at + done, part.length).set(part);
    done += part.length;
  }
  if (done < length) endListing(fd);
  memory.storeU32(used, done);
}

function* list({ listings }: P1, { descriptor }: DirectoryFd): Steps<Listing> {
  const entries = yield* descriptor.entries();
  return { entries, release: listings.hold(entries) };
}

function* entryAt(
  { world }: P1,
  { descriptor }: DirectoryFd,
  entries: readonly DirectoryEntry[],
  index: number,
): Steps<Uint8Array | undefined> {
  const dot = DOTS[index];
  if (dot !== undefined) {
    const self = yield* descriptor.stat();
    // Of the parent too, which a guest may not see.
    return encoded(index, identityOf(self, world).inode, "directory", dot);
  }
  const { name, type } = entries[index - DOTS.length] ?? { name: null, type: "unknown" };
  if (name === null) return undefined;
  let inode = 0n;
  try {
    inode = identityOf(yield* descriptor.statAt(false, name), world).inode;
  } catch (error) {
    // Gone meanwhile, or not to be looked at: a libc takes 0 for "ask yourself".
    if (!isAnyOf(error, "ENOENT", "EACCES", "EPERM")) throw error;
  }
  return encoded(index, inode, type, name);
}

function encoded(index: number, inode: bigint, type: DirectoryEntry["type"], name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  const bytes = new Uint8Array(HEADER_BYTES + text.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(index + 1), true);
  view.setBigUint64(8, inode, true);
  view.setUint32(16, text.length, true);
  view.setUint8(20, filetypeNumber(type));
  bytes.set(text, HEADER_BYTES);
  return bytes;
}
