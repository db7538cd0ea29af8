/** The entries of a directory, with their types: names are bytes, which may be no text. */
import type { BigIntStats, Dirent } from "node:fs";
import { fs } from "./builtins.ts";

/** Tells what it is. */
type Typed = Pick<
  BigIntStats,
  "isFile" | "isDirectory" | "isSymbolicLink" | "isSocket" | "isFIFO" | "isBlockDevice" | "isCharacterDevice"
>;

export interface Listed extends Typed {
  readonly name: Buffer;
}

const OPTIONS = { withFileTypes: true, encoding: "buffer" } as const;

export function listSync(path: string): Listed[] {
  return fs.readdirSync(path, OPTIONS).map((entry) => typed(path, entry));
}

export function list(path: string, done: (error: Error | null, entries: Listed[]) => void): void {
  fs.readdir(path, OPTIONS, (error, entries) => {
    try {
      done(error, error ? [] : entries.map((entry) => typed(path, entry)));
    } catch (failure) {
      done(failure instanceof Error ? failure : new Error(String(failure)), []);
    }
  });
}

/** Bun gives the name alone, where it is asked for bytes. */
function typed(path: string, entry: Dirent<Buffer> | Buffer): Listed {
  if (!(entry instanceof Uint8Array)) return entry;
  const stat = fs.lstatSync(Buffer.concat([Buffer.from(`${path}/`), entry]), { bigint: true });
  return Object.assign(stat, { name: entry });
}
