/* oxlint-disable no-await-in-loop -- what is done to files is done in turn */
import type { OpenDirectory, OpenFile, OpenOptions } from "../wasi/filesystem/files.ts";
import { expect, fail, type Fixture } from "./claims.ts";
import type { Awaitable } from "./subject.ts";

/** A fresh directory without anything in it. */
export interface FilesFixture extends Fixture {
  /** Open; closed by whoever made it. */
  readonly directory: OpenDirectory;
  /** A directory of another file system. */
  readonly elsewhere?: OpenDirectory;
}

export const READ: OpenOptions = {
  read: true,
  write: false,
  create: false,
  exclusive: false,
  truncate: false,
  sync: "none",
};
export const WRITE: OpenOptions = { ...READ, read: false, write: true };
export const EDIT: OpenOptions = { ...READ, write: true };
export const CREATE: OpenOptions = { ...EDIT, create: true };

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Opens what must be a file, lets `use` have it, and closes it. */
export async function withFile<T>(
  directory: OpenDirectory,
  name: string,
  options: OpenOptions,
  use: (file: OpenFile) => Awaitable<T>,
): Promise<T> {
  const file = await directory.openAt(name, options);
  try {
    if (file.kind !== "file") fail(`${name} opened as a directory, expected a file`);
    return await use(file);
  } finally {
    file.close();
  }
}

/** Opens a directory, lets `use` have it, and closes it. */
export async function withDirectory<T>(
  directory: OpenDirectory,
  name: string,
  use: (inner: OpenDirectory) => Awaitable<T>,
): Promise<T> {
  const inner = await directory.openDirectoryAt(name);
  try {
    return await use(inner);
  } finally {
    inner.close();
  }
}

/** Makes a file with these contents. */
export async function put(directory: OpenDirectory, name: string, text: string): Promise<void> {
  await withFile(directory, name, { ...CREATE, truncate: true }, (file) => writeAll(file, text, 0));
}

export async function writeAll(file: OpenFile, text: string, at: number): Promise<void> {
  const bytes = utf8(text);
  for (let done = 0; done < bytes.length;) {
    const count = await file.write(bytes.subarray(done), at + done);
    expect(count > 0 && count <= bytes.length - done, `a write of ${bytes.length - done} bytes gave ${count}`);
    done += count;
  }
}

/** All that a file has. */
export async function contents(file: OpenFile): Promise<string> {
  const parts: Uint8Array[] = [];
  for (let at = 0; ;) {
    const into = new Uint8Array(1024);
    const count = await file.read(into, at);
    expect(count >= 0 && count <= into.length, `a read of ${into.length} bytes gave ${count}`);
    if (count === 0) break;
    parts.push(into.subarray(0, count));
    at += count;
  }
  return parts.map((part) => decoder.decode(part)).join("");
}

/** Fails unless the file under `name` has these contents. */
export async function expectContents(directory: OpenDirectory, name: string, text: string): Promise<void> {
  expectSame(name, await withFile(directory, name, READ, contents), text);
}

/** Fails unless these are all names in `directory`. */
export async function expectNames(directory: OpenDirectory, ...expected: string[]): Promise<void> {
  const names = Array.from(await directory.entries(), ({ name }) => name ?? "(no UTF-8)");
  expectSame("the entries", names.toSorted(byName).join("/"), expected.toSorted(byName).join("/"));
}

function byName(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export function expectSame<T extends string | number | bigint | boolean>(what: string, actual: T, expected: T): void {
  expect(actual === expected, `${what}: ${show(actual)}, expected ${show(expected)}`);
}

/** Makes a call that must fail with one of these codes, separated by spaces. */
export async function expectCode(what: string, codes: string, call: () => Awaitable<unknown>): Promise<void> {
  let result;
  try {
    result = await call();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    expect(codes.split(" ").includes(code), `${what} gave ${code}, expected ${codes}`);
    return;
  }
  if (typeof result === "object" && result !== null && "close" in result && typeof result.close === "function") {
    result.close();
  }
  fail(`${what} gave ok, expected ${codes}`);
}

function show(value: string | number | bigint | boolean): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
