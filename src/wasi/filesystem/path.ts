import { settled } from "../../io/later.ts";
import type { Steps } from "../../io/steps.ts";
import { FileError, type OpenDirectory } from "./files.ts";

/** As many links as POSIX systems follow before they call it a loop. */
const MAX_LINKS = 40;
/** As long as a path may be on Linux, in UTF-16 units, which are never more than bytes. */
export const MAX_PATH = 4096;
/** Longer in any encoding than any path that is not refused for its length. */
export const MAX_PATH_BYTES: number = 3 * MAX_PATH;
/** As many directories as one path may hold open at the same time: far fewer than a process may. */
const MAX_DEPTH = 256;

/**
 * Where a path leads: an open directory, and a name in it that may or may not exist, or the directory itself. Holds
 * open what it has walked through; `close` lets go of that.
 */
export class Place {
  /** Directories from the preopened one, which is not ours, to where we are. */
  readonly #stack: OpenDirectory[];
  /** What is still to walk, next first. */
  #ahead: string[];
  #links = 0;
  /** The last name, or `undefined` if the path ends in the directory itself. */
  name: string | undefined;
  /** The path says, by a slash at its end, that a directory is meant. */
  mustBeDirectory = false;

  constructor(base: OpenDirectory) {
    this.#stack = [base];
    this.#ahead = [];
  }

  get directory(): OpenDirectory {
    const last = this.#stack.at(-1);
    if (!last) throw new Error("A place has at least the directory it began with");
    return last;
  }

  /** Goes along `path` up to its last name. Links on the way are followed, and never out of the base. */
  *walk(path: string): Steps<void> {
    this.#push(path);
    this.name = undefined;
    for (let step = this.#ahead.shift(); step !== undefined; step = this.#ahead.shift()) {
      if (step === "..") this.#leave();
      else if (step === ".") continue;
      else if (this.#ahead.length === 0) this.name = step;
      else yield* this.#enter(step);
    }
  }

  /** Follows the link that the name is. @throws EINVAL if it is none. */
  *follow(): Steps<void> {
    const { name } = this;
    if (name === undefined) throw new FileError("EINVAL", "a directory is no link");
    const target = yield* settled(this.directory.readLinkAt(name));
    this.#countLink(name);
    yield* this.walk(target);
  }

  close(): void {
    while (this.#stack.length > 1) this.#stack.pop()?.close();
  }

  /** Checks a path, and puts its names before those that are still to walk. */
  #push(path: string): void {
    if (path === "") throw new FileError("ENOENT", "an empty path leads nowhere");
    if (path.includes("\0")) throw new FileError("EINVAL", "a path has no NUL");
    if (path.length >= MAX_PATH) throw new FileError("ENAMETOOLONG", `a path of ${path.length} characters`);
    if (path.startsWith("/")) throw new FileError("EPERM", `${path}: an absolute path leads out of the directory`);
    const names = path.split("/");
    const last = names.findLastIndex((name) => name !== "");
    if (this.#ahead.length === 0 && path.endsWith("/")) this.mustBeDirectory = true;
    // A dot at the end stays: what is before it has to be there, which `new/` need not be.
    this.#ahead.unshift(...names.filter((name, at) => name !== "" && (name !== "." || at === last)));
  }

  #leave(): void {
    if (this.#stack.length === 1) throw new FileError("EPERM", "..: leads out of the directory");
    this.#stack.pop()?.close();
  }

  *#enter(name: string): Steps<void> {
    if (this.#stack.length > MAX_DEPTH) throw new FileError("ENAMETOOLONG", `a path of more than ${MAX_DEPTH} levels`);
    try {
      this.#stack.push(yield* settled(this.directory.openDirectoryAt(name), (late) => late.close()));
    } catch (cause) {
      if (!isAnyOf(cause, "ENOTDIR", "ELOOP")) throw cause;
      yield* this.#followOnTheWay(name, cause);
    }
  }

  *#followOnTheWay(name: string, cause: unknown): Steps<void> {
    let target;
    try {
      target = yield* settled(this.directory.readLinkAt(name));
    } catch (error) {
      throw isAnyOf(error, "EINVAL") ? cause : error;
    }
    this.#countLink(name);
    this.#push(target);
  }

  #countLink(name: string): void {
    if (++this.#links > MAX_LINKS) throw new FileError("ELOOP", `${name}: more than ${MAX_LINKS} links`);
  }
}

/** Whether `error` has one of these codes of POSIX. */
export function isAnyOf(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
