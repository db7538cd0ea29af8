import { messageOf } from "../io/cause.ts";
import { quoted } from "../io/quoted.ts";
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { UsageError } from "./usage.ts";

const PIECE_BYTES = 64 * 1024;
/** What WebAssembly begins with. */
const MAGIC = "\0asm";

/** The bytes of a component's file. @throws {UsageError} If there is nothing to read. */
export function readComponent(path: string): Uint8Array {
  try {
    const file = openSync(path, "r");
    try {
      return fstatSync(file).isFile() ? readFileSync(file) : readStream(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new UsageError(unreadable(path, error));
  }
}

/** What a pipe or a device gives: only the beginning if that is no component's, since it may have no end. */
function readStream(file: number): Uint8Array {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const piece = Buffer.allocUnsafe(Math.max(PIECE_BYTES, bytes.length));
    const count = readSync(file, piece);
    bytes = Buffer.concat([bytes, piece.subarray(0, count)]);
    if (count === 0 || !isBegun(bytes)) return bytes;
  }
}

function isBegun(bytes: Buffer): boolean {
  return MAGIC.startsWith(bytes.toString("latin1", 0, MAGIC.length));
}

const COMMANDS = ", or a command (run, serve, build, types, inspect, work, pipe, put, get, help)";

/** Whether it may have been meant to be a command. */
function isWord(path: string): boolean {
  return /^[a-z]+$/i.test(path);
}

/** A path as it was typed, unless it would not be seen as one. */
function shown(path: string): string {
  return path === "" || /[\r\n]/.test(path) ? quoted(path) : path;
}

function unreadable(given: string, error: unknown): string {
  const path = shown(given);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return `${path}: There is no such file: expected a component${isWord(given) ? COMMANDS : ""}`;
  if (code === "EISDIR") return `${path}: This is a folder: expected the file of a component`;
  if (code === "EACCES") return `${path}: You may not read this file: expected a component that you may`;
  return `${path}: The file cannot be read: ${messageOf(error)}`;
}
