/* oxlint-disable no-await-in-loop -- what is done to files is done in turn */
import type { OpenDirectory } from "../wasi/filesystem/files.ts";
import { claimsAbout, expect, type Claim } from "./claims.ts";
import {
  contents,
  CREATE,
  EDIT,
  expectCode,
  expectContents,
  expectNames,
  expectSame,
  put,
  READ,
  utf8,
  withDirectory,
  withFile,
  writeAll,
  type FilesFixture,
} from "./files-subject.ts";

const claim = claimsAbout<FilesFixture>();

/** What the port of wasi/filesystem/files.ts says of directories, links and names. */
export const DIRECTORY_CLAIMS: readonly Claim<FilesFixture>[] = [
  claim("F3.1", "entries are all names with their types, without . and ..", ["directory"], async ({ directory }) => {
    await expectNames(directory);
    await populate(directory);
    const entries = (await directory.entries()).map(({ name, type }) => `${name} ${type}`);
    expectSame(
      "the entries",
      entries.toSorted().join(),
      "d directory,dangling symbolic-link,f regular-file,full directory,link symbolic-link",
    );
  }),
  claim("F3.2", "createDirectoryAt refuses a name that is taken", ["directory"], async ({ directory }) => {
    await populate(directory);
    for (const name of ["d", "f", "link", "dangling"]) {
      await expectCode(name, "EEXIST", () => directory.createDirectoryAt(name));
    }
  }),
  claim(
    "F3.3",
    "removeDirectoryAt removes empty directories, and nothing else",
    ["directory"],
    async ({ directory }) => {
      await populate(directory);
      await expectCode("nothing", "ENOENT", () => directory.removeDirectoryAt("none"));
      await expectCode("a file", "ENOTDIR", () => directory.removeDirectoryAt("f"));
      await expectCode("a link", "ENOTDIR", () => directory.removeDirectoryAt("link"));
      await expectCode("a full one", "ENOTEMPTY EEXIST", () => directory.removeDirectoryAt("full"));
      await directory.removeDirectoryAt("d");
      await expectNames(directory, "f", "full", "link", "dangling");
    },
  ),
  claim("F3.4", "a directory that was removed takes no new names", ["directory"], async ({ directory }) => {
    await populate(directory);
    await withDirectory(directory, "d", async (inner) => {
      await directory.removeDirectoryAt("d");
      await expectNames(inner);
      expectSame("type", (await inner.stat()).type, "directory");
      await expectCode("openAt", "ENOENT", () => inner.openAt("f", CREATE));
      await expectCode("createDirectoryAt", "ENOENT", () => inner.createDirectoryAt("e"));
      await expectCode("symlinkAt", "ENOENT", () => inner.symlinkAt("l", "f"));
      await expectCode("linkAt", "ENOENT", () => directory.linkAt("f", inner, "f"));
      await expectCode("renameAt", "ENOENT", () => directory.renameAt("f", inner, "f"));
    });
  }),
  claim("F3.5", "a directory that is moved stays open", ["directory"], async ({ directory }) => {
    await populate(directory);
    await withDirectory(directory, "d", async (inner) => {
      await withDirectory(directory, "full", (full) => directory.renameAt("d", full, "moved"));
      await put(inner, "g", "text");
    });
    await withDirectory(directory, "full", (full) =>
      withDirectory(full, "moved", (moved) => expectContents(moved, "g", "text")),
    );
  }),
  claim("F3.6", "names may have 255 bytes, and no more", ["directory"], async ({ directory }) => {
    await put(directory, "f", "");
    for (const [name, longer] of [["n".repeat(255), "n".repeat(256)] as const, LONG_UMLAUTS]) {
      await put(directory, name, "text");
      await expectContents(directory, name, "text");
      await directory.unlinkAt(name);
      for (const [what, call] of callsWith(directory, longer)) await expectCode(what, "ENAMETOOLONG", call);
    }
    await expectNames(directory, "f");
  }),
  claim("F3.7", "names are kept as they are", ["directory"], async ({ directory }) => {
    const names = ["...", " ", "-", "a b", "ünï", "日本", "🙂", "__proto__", "constructor", "%20", "~", "A"];
    for (const name of names) await put(directory, name, name);
    await expectNames(directory, ...names);
    for (const name of names) await expectContents(directory, name, name);
  }),
  claim("F3.8", "what is not there is ENOENT", ["directory"], async ({ directory }) => {
    for (const [what, call] of callsWith(directory, "none")) {
      if (!MAKING.has(what)) await expectCode(what, "ENOENT", call);
    }
    await expectNames(directory);
  }),
  claim("F4.1", "unlinkAt takes a name away, and follows no link", ["directory"], async ({ directory }) => {
    await populate(directory);
    await directory.unlinkAt("link");
    await directory.unlinkAt("dangling");
    await expectCode("a directory", "EISDIR EPERM", () => directory.unlinkAt("d"));
    await expectContents(directory, "f", "text");
    await directory.unlinkAt("f");
    await expectNames(directory, "d", "full");
  }),
  claim("F4.2", "linkAt gives a file a second name", ["directory"], async ({ directory }) => {
    await populate(directory);
    await withDirectory(directory, "d", async (inner) => {
      await directory.linkAt("f", inner, "g");
      const [one, other] = [await directory.statAt("f"), await inner.statAt("g")];
      expectSame("inode", one.inode, other.inode);
      expectSame("device", one.device, other.device);
      expectSame("link count", other.linkCount, 2n);
      await withFile(inner, "g", EDIT, (file) => writeAll(file, "T", 0));
      await directory.unlinkAt("f");
      await expectContents(inner, "g", "Text");
      expectSame("link count", (await inner.statAt("g")).linkCount, 1n);
    });
  }),
  claim("F4.3", "linkAt refuses names that are taken, and directories", ["directory"], async ({ directory }) => {
    await populate(directory);
    for (const name of ["f", "d", "link", "dangling"]) {
      await expectCode(name, "EEXIST", () => directory.linkAt("f", directory, name));
    }
    await expectCode("a directory", "EPERM", () => directory.linkAt("d", directory, "e"));
  }),
  claim("F4.4", "linkAt follows no link", ["directory"], async ({ directory }) => {
    await populate(directory);
    await directory.linkAt("dangling", directory, "second");
    expectSame("second", await directory.readLinkAt("second"), "none");
  }),
  claim("F4.5", "a symbolic link has the target it was given", ["directory"], async ({ directory }) => {
    const targets = ["f", "../../f", "a//b/", ".", "ünï/日本", "x".repeat(1000)];
    for (const [at, target] of targets.entries()) {
      await directory.symlinkAt(`link${at}`, target);
      expectSame("target", await directory.readLinkAt(`link${at}`), target);
      const stat = await directory.statAt(`link${at}`);
      expectSame("type", stat.type, "symbolic-link");
      expectSame("size", stat.size, BigInt(utf8(target).length));
    }
  }),
  claim("F4.6", "symlinkAt refuses a name that is taken", ["directory"], async ({ directory }) => {
    await populate(directory);
    for (const name of ["f", "d", "link", "dangling"]) {
      await expectCode(name, "EEXIST", () => directory.symlinkAt(name, "f"));
    }
  }),
  claim("F4.7", "readLinkAt of what is no link is EINVAL", ["directory"], async ({ directory }) => {
    await populate(directory);
    await expectCode("a file", "EINVAL", () => directory.readLinkAt("f"));
    await expectCode("a directory", "EINVAL", () => directory.readLinkAt("d"));
  }),
  claim("F4.8", "another file system is EXDEV", ["directory", "elsewhere"], async ({ directory, elsewhere }) => {
    await populate(directory);
    await expectCode("linkAt", "EXDEV", () => directory.linkAt("f", elsewhere, "g"));
    await expectCode("renameAt", "EXDEV", () => directory.renameAt("f", elsewhere, "g"));
    await expectContents(directory, "f", "text");
  }),
  claim("F5.1", "renameAt moves files, directories and links", ["directory"], async ({ directory }) => {
    await populate(directory);
    await withDirectory(directory, "d", async (inner) => {
      const { inode } = await directory.statAt("f");
      await directory.renameAt("f", inner, "g");
      expectSame("inode", (await inner.statAt("g")).inode, inode);
      await directory.renameAt("full", inner, "e");
      await directory.renameAt("link", inner, "l");
      await expectNames(directory, "d", "dangling");
      await expectContents(inner, "g", "text");
      await withDirectory(inner, "e", (full) => expectNames(full, "in"));
      expectSame("l", await inner.readLinkAt("l"), "f");
    });
  }),
  claim(
    "F5.2",
    "renameAt takes the place of a file, which lives on while it is open",
    ["directory"],
    async (fixture) => {
      const { directory } = fixture;
      await populate(directory);
      await put(directory, "g", "old");
      await withFile(directory, "g", READ, async (old) => {
        await directory.renameAt("f", directory, "g");
        expectSame("the old one", await contents(old), "old");
        expectSame("link count", (await old.stat()).linkCount, 0n);
      });
      await expectContents(directory, "g", "text");
      await directory.renameAt("g", directory, "link");
      await expectContents(directory, "link", "text");
      await directory.renameAt("dangling", directory, "link");
      expectSame("link", await directory.readLinkAt("link"), "none");
      await expectNames(directory, "d", "full", "link");
    },
  ),
  claim("F5.3", "renameAt takes the place of an empty directory", ["directory"], async ({ directory }) => {
    await populate(directory);
    await directory.renameAt("full", directory, "d");
    await withDirectory(directory, "d", (inner) => expectNames(inner, "in"));
    await expectNames(directory, "f", "d", "link", "dangling");
  }),
  claim("F5.4", "renameAt refuses what cannot give way", ["directory"], async ({ directory }) => {
    await populate(directory);
    const rename = (from: string, to: string) => () => directory.renameAt(from, directory, to);
    await expectCode("over a full directory", "ENOTEMPTY EEXIST", rename("d", "full"));
    await expectCode("a file over a directory", "EISDIR", rename("f", "d"));
    await expectCode("a link over a directory", "EISDIR", rename("link", "d"));
    await expectCode("a directory over a file", "ENOTDIR", rename("d", "f"));
    await expectCode("a directory over a link", "ENOTDIR", rename("d", "link"));
    await expectNames(directory, "f", "d", "full", "link", "dangling");
  }),
  claim("F5.5", "a directory cannot go into itself", ["directory"], async ({ directory }) => {
    await populate(directory);
    await withDirectory(directory, "full", async (full) => {
      await expectCode("into itself", "EINVAL", () => directory.renameAt("full", full, "new"));
      await withDirectory(full, "in", (inner) =>
        expectCode("further in", "EINVAL", () => directory.renameAt("full", inner, "new")),
      );
      await expectCode("what it is in", "ENOTEMPTY EEXIST EINVAL", () => full.renameAt("in", directory, "full"));
    });
  }),
  claim(
    "F5.5",
    "a directory cannot go into itself by way of one that was moved into it",
    ["directory"],
    async (fixture) => {
      const { directory } = fixture;
      await populate(directory);
      await withDirectory(directory, "d", async (inner) => {
        await withDirectory(directory, "full", async (full) => {
          await directory.renameAt("full", inner, "full");
          await expectCode("into what was moved", "EINVAL", () => directory.renameAt("d", full, "new"));
          await inner.renameAt("full", directory, "full");
          await directory.renameAt("d", full, "d");
        });
      });
      await expectNames(directory, "f", "full", "link", "dangling");
    },
  ),
  claim("F5.6", "renameAt between two names of a file does nothing", ["directory"], async ({ directory }) => {
    await populate(directory);
    await directory.linkAt("f", directory, "g");
    await directory.renameAt("f", directory, "g");
    await directory.renameAt("f", directory, "f");
    await directory.renameAt("full", directory, "full");
    await expectNames(directory, "f", "g", "d", "full", "link", "dangling");
  }),
  claim("F6.1", "stat and statAt say the same", ["directory"], async ({ directory }) => {
    await populate(directory);
    const ways = [
      [await directory.statAt("f"), await withFile(directory, "f", READ, (file) => file.stat()), "regular-file"],
      [await directory.statAt("d"), await withDirectory(directory, "d", (inner) => inner.stat()), "directory"],
    ] as const;
    for (const [one, other, type] of ways) {
      expectSame("type", one.type, type);
      for (const key of ["type", "linkCount", "size", "device", "inode"] as const) {
        expectSame(key, other[key], one[key]);
      }
    }
    expectSame("size", ways[0][0].size, 4n);
    expect(ways[0][0].inode !== ways[1][0].inode, "two objects have one identity");
  }),
  claim("F6.2", "times are set as they are given, and kept", ["directory"], async ({ directory }) => {
    await populate(directory);
    await directory.setTimesAt("f", A_TIME, A_TIME + SECOND);
    await expectTimes(directory, "f", A_TIME, A_TIME + SECOND);
    await withFile(directory, "f", EDIT, (file) => file.setTimes("keep", A_TIME));
    await expectTimes(directory, "f", A_TIME, A_TIME);
    await directory.setTimesAt("f", -SECOND, "keep");
    await expectTimes(directory, "f", -SECOND, A_TIME);
    await withDirectory(directory, "d", (inner) => inner.setTimes(A_TIME, A_TIME));
    await expectTimes(directory, "d", A_TIME, A_TIME);
  }),
  claim("F6.3", "setTimesAt follows no link", ["directory"], async ({ directory }) => {
    await populate(directory);
    await directory.setTimesAt("f", A_TIME, A_TIME);
    for (const link of ["link", "dangling"]) {
      await directory.setTimesAt(link, A_TIME + SECOND, A_TIME + SECOND);
      await expectTimes(directory, link, A_TIME + SECOND, A_TIME + SECOND);
    }
    await expectTimes(directory, "f", A_TIME, A_TIME);
  }),
  claim("F6.4", "changes change times, reads do not", ["directory"], async ({ directory }) => {
    await populate(directory);
    const modified = async (name: string): Promise<bigint | undefined> => (await directory.statAt(name)).modifiedNs;
    for (const name of ["f", "d"]) await directory.setTimesAt(name, A_TIME, A_TIME);
    await expectContents(directory, "f", "text");
    expect((await modified("f")) === A_TIME, "a read changed the time of a file");
    await withFile(directory, "f", EDIT, (file) => writeAll(file, "T", 0));
    expect((await modified("f")) !== A_TIME, "a write did not change the time of a file");
    expect((await modified("d")) === A_TIME, "the time of a directory changed by itself");
    await withDirectory(directory, "d", (inner) => put(inner, "g", ""));
    expect((await modified("d")) !== A_TIME, "a new name did not change the time of a directory");
    await directory.setTimesAt("f", "now", "now");
    expect((await modified("f")) !== A_TIME, "now did not set a time");
  }),
];

const SECOND = 1_000_000_000n;
const A_TIME = 1_000_000_000n * SECOND + 500_000_000n;
/** For 255 and 257 bytes. */
const LONG_UMLAUTS = [`${"ä".repeat(127)}a`, `${"ä".repeat(128)}a`] as const;
/** Of `callsWith`, those that need nothing under the name. */
const MAKING: ReadonlySet<string> = new Set(["create", "createDirectoryAt", "symlinkAt", "linkAt to", "renameAt to"]);

/** A file `f`, directories `d` and `full`, and links. */
async function populate(directory: OpenDirectory): Promise<void> {
  await put(directory, "f", "text");
  await directory.createDirectoryAt("d");
  await directory.createDirectoryAt("full");
  await withDirectory(directory, "full", (full) => full.createDirectoryAt("in"));
  await directory.symlinkAt("link", "f");
  await directory.symlinkAt("dangling", "none");
}

/** Every method with a name, by what it is called. There has to be a file `f` for some. */
function callsWith(directory: OpenDirectory, name: string): readonly (readonly [string, () => unknown])[] {
  return [
    ["openAt", () => directory.openAt(name, READ)],
    ["create", () => directory.openAt(name, CREATE)],
    ["statAt", () => directory.statAt(name)],
    ["setTimesAt", () => directory.setTimesAt(name, "now", "now")],
    ["openDirectoryAt", () => directory.openDirectoryAt(name)],
    ["createDirectoryAt", () => directory.createDirectoryAt(name)],
    ["removeDirectoryAt", () => directory.removeDirectoryAt(name)],
    ["unlinkAt", () => directory.unlinkAt(name)],
    ["readLinkAt", () => directory.readLinkAt(name)],
    ["symlinkAt", () => directory.symlinkAt(name, "f")],
    ["linkAt", () => directory.linkAt(name, directory, "g")],
    ["linkAt to", () => directory.linkAt("f", directory, name)],
    ["renameAt", () => directory.renameAt(name, directory, "g")],
    ["renameAt to", () => directory.renameAt("f", directory, name)],
  ];
}

/** Fails unless these are the times, to the microsecond that every system gives. */
async function expectTimes(directory: OpenDirectory, name: string, accessed: bigint, modified: bigint): Promise<void> {
  const stat = await directory.statAt(name);
  for (const [what, time, expected] of [
    ["accessed", stat.accessedNs, accessed],
    ["modified", stat.modifiedNs, modified],
  ] as const) {
    const off = time === undefined ? undefined : time - expected;
    expect(off !== undefined && off > -1000n && off < 1000n, `${name} ${what} ${time}, expected ${expected}`);
  }
}
