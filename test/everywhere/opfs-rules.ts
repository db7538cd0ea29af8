/**
 * What the files of a page's origin answer otherwise than POSIX has it, or refuse: docs/browsers.md has the same table. What is
 * not in it is as anywhere.
 */
import { HandleFiles } from "../../src/hosts/web/files/handle-files.ts";
import { errorCodeOf, type ErrorCode } from "../../src/wasi/filesystem/error-code.ts";
import type { OpenDirectory, OpenFile, OpenOptions } from "../../src/wasi/filesystem/files.ts";
import { MemoryFiles } from "../../src/wasi/filesystem/memory-files.ts";

/** What comes of something: a code of `wasi:filesystem`, or that it is done. */
export type Outcome = ErrorCode | "done";

/** A directory with a file `f`, with `text` in it; a directory `d`, which is empty; and `full`, with a file `g` in it. */
export interface Tree {
  readonly handle: FileSystemDirectoryHandle;
  readonly root: OpenDirectory;
}

export interface OpfsRule {
  readonly asks: string;
  /** In a worker, which has handles for synchronous access. */
  readonly inWorker: Outcome;
  readonly elsewhere: Outcome;
  /** Each has this outcome. */
  readonly tries: (tree: Tree) => readonly (() => unknown)[];
}

const READ: OpenOptions = { read: true, write: false, create: false, exclusive: false, truncate: false, sync: "none" };
const NOW = 1n;

function everywhere(outcome: Outcome): Pick<OpfsRule, "inWorker" | "elsewhere"> {
  return { inWorker: outcome, elsewhere: outcome };
}

/** Does something while the file `name` is open. */
async function whileOpen(directory: OpenDirectory, name: string, action: () => unknown): Promise<void> {
  const file = await directory.openAt(name, READ);
  try {
    await action();
  } finally {
    file.close();
  }
}

async function fileIn(directory: OpenDirectory, name: string): Promise<OpenFile> {
  const file = await directory.openAt(name, { ...READ, write: true, create: true });
  if (file.kind !== "file") throw new Error(`${name} is no file`);
  return file;
}

export const opfsRules: readonly OpfsRule[] = [
  {
    asks: "a symbolic link, or a second name for a file",
    ...everywhere("unsupported"),
    tries: ({ root }) => [() => root.symlinkAt("link", "f"), () => root.linkAt("f", root, "second")],
  },
  {
    asks: "either under a name that is taken",
    ...everywhere("exist"),
    tries: ({ root }) => [() => root.symlinkAt("f", "d"), () => root.linkAt("f", root, "d")],
  },
  {
    asks: "where a link leads, of what is none",
    ...everywhere("invalid"),
    tries: ({ root }) => [() => root.readLinkAt("f"), () => root.readLinkAt("d")],
  },
  {
    asks: "to set a time",
    ...everywhere("unsupported"),
    tries: ({ root }) => [
      () => root.setTimesAt("f", NOW, "keep"),
      () => root.setTimesAt("d", "keep", "now"),
      () => root.setTimes("now", "now"),
      async () => {
        const file = await fileIn(root, "f");
        try {
          await file.setTimes("keep", NOW);
        } finally {
          file.close();
        }
      },
    ],
  },
  {
    asks: "to set no time",
    ...everywhere("done"),
    tries: ({ root }) => [() => root.setTimesAt("f", "keep", "keep"), () => root.setTimes("keep", "keep")],
  },
  {
    asks: "to rename a file, also to the name of another",
    ...everywhere("done"),
    tries: ({ root }) => [
      () => root.renameAt("f", root, "moved"),
      async () => root.renameAt("moved", await root.openDirectoryAt("full"), "g"),
    ],
  },
  {
    asks: "to rename a directory",
    ...everywhere("unsupported"),
    tries: ({ root }) => [() => root.renameAt("d", root, "e"), () => root.renameAt("full", root, "d")],
  },
  {
    asks: "to rename a file to the name of a directory",
    ...everywhere("is-directory"),
    tries: ({ root }) => [() => root.renameAt("f", root, "d")],
  },
  {
    asks: "to rename or to remove a file that is open, or to rename another to its name",
    ...everywhere("busy"),
    tries: ({ root }) => [
      () => whileOpen(root, "f", () => root.renameAt("f", root, "moved")),
      () => whileOpen(root, "f", () => root.unlinkAt("f")),
      async () => {
        (await fileIn(root, "other")).close();
        await whileOpen(root, "f", () => root.renameAt("other", root, "f"));
      },
    ],
  },
  {
    asks: "to rename a file into other files",
    ...everywhere("cross-device"),
    tries: ({ handle, root }) => [
      () => root.renameAt("f", new HandleFiles(handle).root(), "moved"),
      () => root.renameAt("f", new MemoryFiles().root(), "moved"),
    ],
  },
  {
    asks: "to remove a directory that is not empty",
    ...everywhere("not-empty"),
    tries: ({ root }) => [() => root.removeDirectoryAt("full")],
  },
  {
    asks: "to remove a directory as a file",
    ...everywhere("is-directory"),
    tries: ({ root }) => [() => root.unlinkAt("d")],
  },
  {
    asks: "to remove a file as a directory",
    ...everywhere("not-directory"),
    tries: ({ root }) => [() => root.removeDirectoryAt("f")],
  },
  {
    asks: "anything of a name of more than 255 bytes",
    ...everywhere("name-too-long"),
    tries: ({ root }) => ["a".repeat(256), "ü".repeat(128)].map((name) => () => root.openAt(name, READ)),
  },
  {
    asks: "to make something in a directory that was removed",
    ...everywhere("no-entry"),
    tries: ({ root }) => [
      async () => {
        const removed = await root.openDirectoryAt("d");
        await root.removeDirectoryAt("d");
        await removed.createDirectoryAt("inner");
      },
    ],
  },
  {
    asks: "to open a file that other `HandleFiles`, another page or another worker has open",
    ...{ inWorker: "busy", elsewhere: "done" },
    tries: ({ handle, root }) => [
      () => whileOpen(root, "f", () => whileOpen(new HandleFiles(handle).root(), "f", () => {})),
    ],
  },
];

/** What comes of it. @throws What is no error of files. */
export async function outcomeOf(attempt: () => unknown): Promise<Outcome> {
  try {
    await attempt();
    return "done";
  } catch (error) {
    const code = errorCodeOf(error);
    if (!code) throw error;
    return code;
  }
}
