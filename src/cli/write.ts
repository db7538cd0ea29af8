import { harmless } from "../io/quoted.ts";
import { writeSync } from "node:fs";
import { UsageError } from "./usage.ts";

const STDOUT = 1;
const STDERR = 2;
const RETRY_MS = 5;

/** Writes what was asked for, or what a guest writes. @throws {UsageError} If it cannot be written, as on a full disk. */
export function print(what: string | Uint8Array): void {
  const failure = writeAll(STDOUT, what);
  // A reader that is gone ends a tool quietly.
  if (failure === undefined || failure.code === "EPIPE") return;
  throw new UsageError(`Standard output cannot be written: ${failure.message}`);
}

/** Whether standard error is in the middle of a line; asked before each message, after which it is not. */
let isMidLine = (): boolean => false;

/** Has messages begin on a line of their own. */
export function onLineOfItsOwn(ask: () => boolean): void {
  isMidLine = ask;
}

/**
 * Writes a message for the person, on a line of its own. What others chose of it, such as the names in a component and paths of
 * requests, is nothing that a terminal would obey.
 */
export function say(text: string): void {
  // Nobody is left to hear of a failure.
  writeAll(STDERR, (isMidLine() ? "\n" : "") + text.split("\n").map(harmless).join("\n"));
}

/**
 * Writes to a descriptor by plain system calls, in order with what the guest writes to it, and without making a Node
 * stream of it.
 *
 * @returns Why it is not all written, if it is not.
 */
function writeAll(fd: number, what: string | Uint8Array): NodeJS.ErrnoException | undefined {
  const bytes = typeof what === "string" ? Buffer.from(what) : what;
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      // Of a system call.
      const failure = error as NodeJS.ErrnoException;
      if (failure.code !== "EAGAIN" && failure.code !== "EINTR") return failure;
      // Somebody who shares the descriptor made it non-blocking, and it is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
  return undefined;
}

/** Writes to standard error, as it is: what a guest writes, or in the middle of a line of ours. */
export function sayOnLine(what: string | Uint8Array): void {
  writeAll(STDERR, what);
}
