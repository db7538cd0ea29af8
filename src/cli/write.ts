import { writeSync } from "node:fs";

const STDOUT = 1;
const STDERR = 2;
const RETRY_MS = 5;

/** Writes what was asked for. */
export function print(text: string): void {
  writeAll(STDOUT, text);
}

/** Whether standard error is in the middle of a line; asked before each message, after which it is not. */
let isMidLine = (): boolean => false;

/** Has messages begin on a line of their own. */
export function onLineOfItsOwn(ask: () => boolean): void {
  isMidLine = ask;
}

/** Writes a message for the person, on a line of its own. */
export function say(text: string): void {
  writeAll(STDERR, isMidLine() ? `\n${text}` : text);
}

/**
 * Writes to a descriptor by plain system calls, in order with what the guest writes to it, and without making a Node
 * stream of it. Nobody is left to hear of a failure: a reader that is gone ends a tool quietly.
 */
function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code !== "EAGAIN" && code !== "EINTR") return;
      // Somebody who shares the descriptor made it non-blocking, and it is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

/** As `say`, where what is there may be in the middle of a line of ours. */
export function sayOnLine(text: string): void {
  writeAll(STDERR, text);
}
