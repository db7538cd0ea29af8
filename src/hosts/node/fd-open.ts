/** Opening a descriptor once more, so that nobody who shares its description notices that it is ours, and leaving it. */
import type { Stats } from "node:fs";
import type { Socket } from "node:net";
import { fs } from "./builtins.ts";
import { codeOf } from "./fd-retry.ts";
import { blockAgain, blocks } from "./shared-fds.ts";

const { constants, fstatSync, openSync } = fs;

type Kind = "file" | "terminal" | "pipe" | "socket";

/** A descriptor, as it is read or written. */
export interface Opened {
  readonly kind: Kind;
  readonly fd: number;
  /** Whether `fd` is a description of our own, to close at the end. */
  readonly own: boolean;
  /** Whether it is the end of a pipe whose other end is closed. */
  readonly gone: boolean;
  /** Whether calls on `fd` block. A stream of Node's changes that, also for others who share the description. */
  readonly blocks: boolean;
}

/** @param access Of the flags for opening, the one that says whether it is read or written. */
export function open(fd: number, access: number): Opened {
  const stat = fstatSync(fd);
  const kind = isTerminal(fd) ? "terminal" : stat.isFIFO() ? "pipe" : stat.isSocket() ? "socket" : "file";
  if (kind === "terminal" || kind === "pipe") {
    try {
      const path = `/proc/self/fd/${fd}`;
      return {
        kind,
        fd: openSync(path, access | constants.O_NONBLOCK | constants.O_NOCTTY),
        own: true,
        gone: false,
        blocks: false,
      };
    } catch (error) {
      // A pipe that nobody reads.
      if (codeOf(error) === "ENXIO") return { kind, fd, own: false, gone: true, blocks: true };
      // No /proc here, or no permission: Node's streams serve, more slowly.
    }
  }
  return { kind, fd, own: false, gone: false, blocks: kind !== "file" && blocks(fd) };
}

/**
 * Leaves a descriptor that is not our own as it was before a stream of Node's made it non-blocking: others share the
 * description, and go on with it when we are gone.
 */
export function leave(stream: Socket, { blocks: blocked }: Opened): void {
  if (blocked) blockAgain(stream);
  stream.unref();
}

// node:net and node:tty take milliseconds to load, which most runs can do without: they are fetched when they are needed.

/** Whether `fd` is a terminal. */
export function isTerminal(fd: number): boolean {
  const stat = fstatSync(fd);
  return stat.isCharacterDevice() && !isMemoryDevice(stat) && process.getBuiltinModule("node:tty").isatty(fd);
}

/** /dev/null and its like, which Linux numbers so: nothing has to be loaded to know that they are no terminals. */
function isMemoryDevice({ rdev }: Stats): boolean {
  return process.platform === "linux" && rdev >> 8 === 1;
}
