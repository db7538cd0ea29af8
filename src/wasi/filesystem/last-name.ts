/** What is done at the end of a path: the last name, and the links and slashes that may come with it. */
import { settled } from "../../io/later.ts";
import type { Steps } from "../../io/steps.ts";
import type { DescriptorFlags, OpenFlags } from "./flags.ts";
import { FileError, type FileStat, type OpenDirectory, type OpenFile, type OpenOptions } from "./files.ts";
import { isAnyOf, type Place } from "./path.ts";

/** @throws EINVAL if the path led to a directory and no name in it. */
export function nameOf(place: Place, path: string): string {
  if (place.name === undefined) throw new FileError("EINVAL", `${path}: the directory itself`);
  return place.name;
}

/** The name itself, not what it leads to as a link: a link with a slash after it is not renamed or removed. */
export function* assertDirectory({ directory }: Place, name: string): Steps<void> {
  const { type } = yield* settled(directory.statAt(name));
  if (type !== "directory") throw new FileError("ENOTDIR", `${name}: not a directory`);
}

/** A link with a slash after it stands for what it leads to. @throws EPERM if that is outside. Moves the place along. */
export function* assertInside(place: Place): Steps<void> {
  try {
    yield* statOf(place, true);
  } catch (cause) {
    if (isAnyOf(cause, "EPERM")) throw cause;
  }
}

/** @throws EEXIST, or ENOENT if nothing is there: a path with a slash at its end can only become a directory. */
export function* assertNoSlash(place: Place, name: string): Steps<void> {
  if (!place.mustBeDirectory) return;
  yield* settled(place.directory.statAt(name));
  throw new FileError("EEXIST", name);
}

/** What a place is. Goes along links, if `follow` says so or the path means a directory. */
export function* statOf(place: Place, follow: boolean): Steps<FileStat> {
  for (;;) {
    if (place.name === undefined) return yield* settled(place.directory.stat());
    const stat = yield* settled(place.directory.statAt(place.name));
    if (stat.type !== "symbolic-link" || !(follow || place.mustBeDirectory)) {
      if (place.mustBeDirectory && stat.type !== "directory") throw new FileError("ENOTDIR", place.name);
      return stat;
    }
    yield* place.follow();
  }
}

/** Opens what a place is. Goes along links as `statOf`, but never along one that must not be there. */
export function* openPlace(
  place: Place,
  path: string,
  follow: boolean,
  open: OpenFlags,
  flags: DescriptorFlags,
): Steps<OpenFile | OpenDirectory> {
  const sync: OpenOptions["sync"] = flags.fileIntegritySync ? "file" : flags.dataIntegritySync ? "data" : "none";
  for (;;) {
    const { name, directory } = place;
    const wantsDirectory = open.directory || place.mustBeDirectory;
    if (wantsDirectory && open.create && name !== undefined) throw new FileError("EISDIR", path);
    try {
      if (name === undefined || wantsDirectory) {
        if (open.create && open.exclusive) throw new FileError("EEXIST", path);
        const later = name === undefined ? directory.openSelf() : directory.openDirectoryAt(name);
        const opened = yield* settled(later, close);
        if (!open.create && !open.truncate && !flags.write) return opened;
        opened.close();
        throw new FileError("EISDIR", path);
      }
      const { write } = flags;
      const read = flags.read || !write;
      const { create, exclusive, truncate } = open;
      const options = { read, write: write || truncate, create, exclusive, truncate, sync };
      return yield* settled(directory.openAt(name, options), close);
    } catch (cause) {
      const mayFollow = (follow || place.mustBeDirectory) && !(open.create && open.exclusive);
      if (!mayFollow || !isAnyOf(cause, "ELOOP", "ENOTDIR")) throw cause;
      yield* followOr(place, cause);
    }
  }
}

function close(node: OpenFile | OpenDirectory): void {
  node.close();
}

function* followOr(place: Place, cause: unknown): Steps<void> {
  try {
    yield* place.follow();
  } catch (error) {
    throw isAnyOf(error, "EINVAL") ? cause : error;
  }
}
