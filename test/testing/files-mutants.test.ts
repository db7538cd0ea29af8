/** File systems that are broken on purpose: each claim of the contract of files has one that it finds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CREATE } from "../../src/testing/files-subject.ts";
import { checkFiles, FILES_RULES, type FilesFixture, type Rule } from "../../src/testing/index.ts";
import {
  FileError,
  type FileStat,
  type Later,
  type OpenDirectory,
  type OpenFile,
} from "../../src/wasi/filesystem/files.ts";
import { MemoryFiles } from "../../src/wasi/filesystem/memory-files.ts";
import { brokenRules, changed } from "./mutants.ts";

interface Mutant {
  readonly name: string;
  /** The rule that finds it, with the claim where it has several. */
  readonly breaks: string;
  readonly directory?: (directory: OpenDirectory) => Partial<OpenDirectory>;
  readonly file?: (file: OpenFile) => Partial<OpenFile>;
}

/** Methods that give nothing. */
type Doing =
  | "createDirectoryAt"
  | "removeDirectoryAt"
  | "unlinkAt"
  | "symlinkAt"
  | "linkAt"
  | "renameAt"
  | "setTimesAt"
  | "sync";

function fails(code: string): never {
  throw new FileError(code, "on purpose");
}

/** What a call gives, now or later, or in the place of what it throws. */
async function orElse<T>(call: () => Later<T>, instead: (error: unknown) => Later<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    return instead(error);
  }
}

/** Where a link leads; its own name for what is none. */
function followed(directory: OpenDirectory, name: string): Promise<string> {
  return orElse<string>(
    () => directory.readLinkAt(name),
    () => name,
  );
}

/** Takes a failure for done, or tells another one. */
function forgives(method: Doing, code: string, instead?: string): NonNullable<Mutant["directory"]> {
  return (directory) => ({
    async [method](...args: readonly unknown[]) {
      try {
        await Reflect.apply(directory[method], directory, args);
      } catch (error) {
        if (!(error instanceof FileError && error.code === code)) throw error;
        if (instead !== undefined) fails(instead);
      }
    },
  });
}

/** What `stat` and `statAt` say is something else. */
function seen(change: (stat: FileStat) => Partial<FileStat>): Pick<Mutant, "directory" | "file"> {
  const other = (stat: FileStat): FileStat => ({ ...stat, ...change(stat) });
  return {
    directory: (directory) => ({ statAt: async (name) => other(await directory.statAt(name)) }),
    file: (file) => ({ stat: async () => other(await file.stat()) }),
  };
}

/** One that opens something else, or otherwise. */
function opens(
  open: (directory: OpenDirectory, ...args: Parameters<OpenDirectory["openAt"]>) => ReturnType<OpenDirectory["openAt"]>,
): NonNullable<Mutant["directory"]> {
  return (directory) => ({ openAt: async (...args) => open(directory, ...args) });
}

const A_BYTE = Uint8Array.of(1);

const MUTANTS: readonly Mutant[] = [
  {
    name: "a new file has a byte",
    breaks: "F1.1 a file is made by create, and is empty",
    directory: opens(async (directory, name, options) => {
      const file = await directory.openAt(name, options);
      if (options.create && file.kind === "file") await file.write(A_BYTE, 0);
      return file;
    }),
  },
  {
    name: "create empties what is there",
    breaks: "F1.1 create opens what is there",
    directory: opens((directory, name, options) =>
      directory.openAt(name, { ...options, truncate: options.truncate || options.create }),
    ),
  },
  {
    name: "whoever may write makes a file",
    breaks: "F1.1 without create, nothing is ENOENT",
    directory: opens((directory, name, options) => directory.openAt(name, { ...options, create: options.write })),
  },
  {
    name: "exclusive says nothing",
    breaks: "F1.2",
    directory: opens((directory, name, options) => directory.openAt(name, { ...options, exclusive: false })),
  },
  {
    name: "nothing is emptied",
    breaks: "F1.3",
    directory: opens((directory, name, options) => directory.openAt(name, { ...options, truncate: false })),
  },
  {
    name: "a link is followed",
    breaks: "F1.4",
    directory: opens(async (directory, name, options) => {
      return directory.openAt(await followed(directory, name), options);
    }),
  },
  {
    name: "a directory opens for anything",
    breaks: "F1.5",
    directory: opens((directory, name, options) =>
      orElse<OpenDirectory | OpenFile>(
        () => directory.openDirectoryAt(name),
        () => directory.openAt(name, options),
      ),
    ),
  },
  {
    name: "what is no directory is not there",
    breaks: "F1.6",
    directory: (directory) => ({
      openDirectoryAt: (name) =>
        orElse(
          () => directory.openDirectoryAt(name),
          () => fails("ENOENT"),
        ),
    }),
  },
  {
    name: "openSelf gives what is closed with it",
    breaks: "F1.7",
    directory(directory) {
      let isOpen = true;
      return {
        close() {
          isOpen = false;
          directory.close();
        },
        openSelf: async () => {
          const other = await directory.openSelf();
          return changed(other, {
            openAt: (name, options) => (isOpen ? other.openAt(name, options) : fails("EBADF")),
          });
        },
      };
    },
  },
  {
    name: "all that is open is open for everything",
    breaks: "F1.8",
    directory: opens((directory, name, options) => directory.openAt(name, { ...options, read: true, write: true })),
  },
  {
    name: "what is synchronised is opened for reading only",
    breaks: "F1.9",
    directory: opens((directory, name, options) =>
      directory.openAt(name, { ...options, write: options.write && options.sync === "none" }),
    ),
  },
  {
    name: "reads begin at the start",
    breaks: "F2.1",
    file: (file) => ({ read: (into) => file.read(into, 0) }),
  },
  {
    name: "writes begin at the end at most",
    breaks: "F2.2",
    file: (file) => ({
      write: async (bytes, at) => {
        const { size } = await file.stat();
        return file.write(bytes, Math.min(at, Number(size)));
      },
    }),
  },
  {
    name: "a write of nothing adds zeroes",
    breaks: "F2.3",
    file: (file) => ({
      write: async (bytes, at) => {
        if (bytes.length === 0) await file.setSize(at);
        return file.write(bytes, at);
      },
    }),
  },
  {
    name: "bytes are looked at later",
    breaks: "F2.4",
    file: (file) => ({
      write: async (bytes, at) => {
        await Promise.resolve();
        return file.write(bytes, at);
      },
    }),
  },
  {
    name: "append writes where it ended last",
    breaks: "F2.5",
    file(file) {
      let end: number | undefined;
      return {
        append: async (bytes) => {
          end ??= Number((await file.stat()).size);
          const count = await file.write(bytes, end);
          end += count;
          return count;
        },
      };
    },
  },
  {
    name: "what was cut off comes back",
    breaks: "F2.6",
    file(file) {
      let cut = new Uint8Array(0);
      return {
        setSize: async (size) => {
          const before = Number((await file.stat()).size);
          if (size < before) {
            cut = new Uint8Array(before - size);
            await file.read(cut, size);
            return file.setSize(size);
          }
          await file.write(cut.subarray(0, size - before), before);
          return file.setSize(size);
        },
      };
    },
  },
  {
    name: "who reads keeps what was there",
    breaks: "F2.7",
    file(file) {
      const old = new Uint8Array(100);
      const count = orElse(
        () => file.read(old, 0),
        () => 0,
      );
      return {
        read: async (into, at) => {
          const whole = old.subarray(at, Math.max(at, await count)).subarray(0, into.length);
          into.set(whole);
          return whole.length;
        },
      };
    },
  },
  {
    name: "a second call is busy",
    breaks: "F2.8",
    file(file) {
      let isBusy = false;
      return {
        write: async (bytes, at) => {
          if (isBusy) fails("EBUSY");
          isBusy = true;
          try {
            return await file.write(bytes, at);
          } finally {
            isBusy = false;
          }
        },
      };
    },
  },
  { name: "a directory cannot be synchronised", breaks: "F2.9", directory: () => ({ sync: () => fails("EINVAL") }) },
  {
    name: "a file without a name counts one",
    breaks: "F2.10",
    file: (file) => ({ stat: async () => ({ ...(await file.stat()), linkCount: 1n }) }),
  },
  {
    name: "a directory has itself",
    breaks: "F3.1",
    directory: (directory) => ({
      entries: async () => [...(await directory.entries()), { name: ".", type: "directory" }],
    }),
  },
  { name: "a directory is made where one is", breaks: "F3.2", directory: forgives("createDirectoryAt", "EEXIST") },
  { name: "what is full is removed", breaks: "F3.3", directory: forgives("removeDirectoryAt", "ENOTEMPTY") },
  { name: "a removed directory has new ones", breaks: "F3.4", directory: forgives("createDirectoryAt", "ENOENT") },
  {
    name: "what was moved is closed",
    breaks: "F3.5",
    directory: (directory) => ({
      renameAt: async (name, to, toName) => {
        await directory.renameAt(name, to, toName);
        const moved = await to.openDirectoryAt(toName);
        for (const { name: inner } of await moved.entries()) if (inner !== null) await moved.unlinkAt(inner);
        await to.removeDirectoryAt(toName);
      },
    }),
  },
  {
    name: "a name may be of any length",
    breaks: "F3.6",
    directory: forgives("createDirectoryAt", "ENAMETOOLONG"),
  },
  {
    name: "names are in lower case",
    breaks: "F3.7",
    directory: opens((directory, name, options) => directory.openAt(name.toLowerCase(), options)),
  },
  { name: "to remove nothing is nothing", breaks: "F3.8", directory: forgives("unlinkAt", "ENOENT") },
  {
    name: "unlinkAt follows a link",
    breaks: "F4.1",
    directory: (directory) => ({
      unlinkAt: async (name) => {
        const target = await followed(directory, name);
        await directory.unlinkAt(target);
      },
    }),
  },
  {
    name: "a second name is a copy",
    breaks: "F4.2",
    directory: (directory) => ({
      linkAt: async (_, to, toName) => {
        const file = await to.openAt(toName, { ...CREATE, exclusive: true });
        if (file.kind === "file") await file.write(Buffer.from("text"), 0);
        file.close();
        await directory.sync();
      },
    }),
  },
  { name: "a link takes the place of what is there", breaks: "F4.3", directory: forgives("linkAt", "EEXIST") },
  {
    name: "linkAt follows a link",
    breaks: "F4.4",
    directory: (directory) => ({
      linkAt: async (name, to, toName) => directory.linkAt(await followed(directory, name), to, toName),
    }),
  },
  {
    name: "a target is made simple",
    breaks: "F4.5",
    directory: (directory) => ({ symlinkAt: (name, target) => directory.symlinkAt(name, target.replace("//", "/")) }),
  },
  { name: "a symbolic link is made where a name is", breaks: "F4.6", directory: forgives("symlinkAt", "EEXIST") },
  {
    name: "what is no link leads to itself",
    breaks: "F4.7",
    directory: (directory) => ({
      readLinkAt: (name) => followed(directory, name),
    }),
  },
  { name: "another file system is not told", breaks: "F4.8", directory: forgives("renameAt", "EXDEV") },
  {
    name: "what is moved is a copy",
    breaks: "F5.1",
    ...seen(() => ({ inode: nextInode++ })),
  },
  { name: "what is in the way stays", breaks: "F5.2", directory: () => ({ renameAt: () => {} }) },
  {
    name: "an empty directory is in the way",
    breaks: "F5.3",
    directory: (directory) => ({
      renameAt: async (name, to, toName) => {
        const isDirectory = await orElse<boolean>(
          async () => (await to.statAt(toName)).type === "directory",
          () => false,
        );
        if (isDirectory) fails("ENOTEMPTY");
        await directory.renameAt(name, to, toName);
      },
    }),
  },
  { name: "a directory goes over a file", breaks: "F5.4", directory: forgives("renameAt", "ENOTDIR") },
  {
    name: "a directory that goes into itself is not there",
    breaks: "F5.5 a directory cannot go into itself",
    directory: forgives("renameAt", "EINVAL", "ENOENT"),
  },
  {
    name: "a directory goes into one that was moved into it",
    breaks: "F5.5 a directory cannot go into itself by way of one that was moved into it",
    directory: forgives("renameAt", "EINVAL"),
  },
  {
    name: "of two names of a file one goes",
    breaks: "F5.6",
    directory: (directory) => ({
      renameAt: async (name, to, toName) => {
        const [one, other] = await Promise.all([directory.statAt(name), to.statAt(toName)]);
        if (one.inode === other.inode && name !== toName) await directory.unlinkAt(name);
        else await directory.renameAt(name, to, toName);
      },
    }),
  },
  {
    name: "who has it open sees another size",
    breaks: "F6.1",
    file: (file) => ({ stat: async () => ({ ...(await file.stat()), size: 5n }) }),
  },
  {
    name: "times are whole seconds",
    breaks: "F6.2",
    directory: (directory) => ({
      statAt: async (name) => {
        const stat = await directory.statAt(name);
        return { ...stat, modifiedNs: stat.modifiedNs && (stat.modifiedNs / 1_000_000_000n) * 1_000_000_000n };
      },
    }),
  },
  {
    name: "setTimesAt follows a link",
    breaks: "F6.3",
    directory: (directory) => ({
      setTimesAt: async (name, ...times) => directory.setTimesAt(await followed(directory, name), ...times),
    }),
  },
  {
    name: "a read changes the time",
    breaks: "F6.4",
    file: (file) => ({
      read: async (into, at) => {
        await file.setTimes("keep", "now");
        return file.read(into, at);
      },
    }),
  },
];

let nextInode = 1n;

/** What a directory in other words stands for. */
const behind = new WeakMap<OpenDirectory, OpenDirectory>();

/** A directory, with all that is opened there, as a mutant has them. */
function mutated(directory: OpenDirectory, mutant: Mutant): OpenDirectory {
  const own = changed(directory, mutant.directory?.(directory));
  const inner = (opened: OpenDirectory): OpenDirectory => mutated(opened, mutant);
  const real = (to: OpenDirectory): OpenDirectory => behind.get(to) ?? to;
  const shown = changed(own, {
    openAt: async (name, options) => {
      const opened = await own.openAt(name, options);
      return opened.kind === "directory" ? inner(opened) : changed(opened, mutant.file?.(opened));
    },
    openDirectoryAt: async (name) => inner(await own.openDirectoryAt(name)),
    openSelf: async () => inner(await own.openSelf()),
    linkAt: (name, to, toName) => own.linkAt(name, real(to), toName),
    renameAt: (name, to, toName) => own.renameAt(name, real(to), toName),
  });
  behind.set(shown, directory);
  return shown;
}

function fixtureOf(mutant: Mutant): FilesFixture {
  const [directory, elsewhere] = [new MemoryFiles().root(), new MemoryFiles().root()];
  return { directory: mutated(directory, mutant), elsewhere: mutated(elsewhere, mutant) };
}

const NONE: Mutant = { name: "none", breaks: "" };

test("what is in other words but the same breaks nothing", async () => {
  const { kept, skipped } = await checkFiles(() => fixtureOf(NONE));
  assert.deepEqual(skipped, []);
  assert.deepEqual(kept, FILES_RULES);
});

/** The claim that a mutant is for. */
function claimOf({ breaks }: Mutant): Rule | undefined {
  return FILES_RULES.find(({ rule, claim }) => rule === breaks || `${rule} ${claim}` === breaks);
}

test("each claim has a mutant", () => {
  const found = new Set(MUTANTS.map(claimOf));
  assert.deepEqual(
    FILES_RULES.filter((rule) => !found.has(rule)),
    [],
  );
});

for (const mutant of MUTANTS) {
  test(`${mutant.name}: ${mutant.breaks}`, async () => {
    const wanted = claimOf(mutant);
    const only = ({ claim }: Rule): boolean => claim === wanted?.claim;
    assert.deepEqual(await brokenRules(checkFiles(() => fixtureOf(mutant), { only })), [wanted?.rule]);
  });
}
