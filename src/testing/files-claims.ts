/* oxlint-disable no-await-in-loop -- what is done to files is done in turn */
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
  WRITE,
  writeAll,
  type FilesFixture,
} from "./files-subject.ts";

const claim = claimsAbout<FilesFixture>();

/** What the port of wasi/filesystem/files.ts says of files and of opening. */
export const FILE_CLAIMS: readonly Claim<FilesFixture>[] = [
  claim("F1.1", "a file is made by create, and is empty", ["directory"], async ({ directory }) => {
    await withFile(directory, "f", CREATE, async (file) => expectSame("f", await contents(file), ""));
    await expectNames(directory, "f");
  }),
  claim("F1.1", "create opens what is there", ["directory"], async ({ directory }) => {
    await put(directory, "f", "old");
    await withFile(directory, "f", CREATE, async (file) => expectSame("f", await contents(file), "old"));
  }),
  claim("F1.1", "without create, nothing is ENOENT", ["directory"], async ({ directory }) => {
    for (const options of [READ, WRITE, EDIT, { ...EDIT, truncate: true }]) {
      await expectCode("openAt", "ENOENT", () => directory.openAt("none", options));
    }
    await expectNames(directory);
  }),
  claim("F1.2", "exclusive refuses whatever is there", ["directory"], async ({ directory }) => {
    await put(directory, "file", "old");
    await directory.createDirectoryAt("directory");
    await directory.symlinkAt("link", "file");
    await directory.symlinkAt("dangling", "none");
    for (const name of ["file", "directory", "link", "dangling"]) {
      await expectCode(name, "EEXIST", () => directory.openAt(name, { ...CREATE, exclusive: true, truncate: true }));
    }
    await withFile(directory, "new", { ...CREATE, exclusive: true }, () => {});
    await expectContents(directory, "file", "old");
  }),
  claim("F1.3", "truncate empties", ["directory"], async ({ directory }) => {
    await put(directory, "f", "old");
    await withFile(directory, "f", { ...EDIT, truncate: true }, async (file) => {
      expectSame("f", await contents(file), "");
    });
  }),
  claim("F1.4", "a link is ELOOP, wherever it leads", ["directory"], async ({ directory }) => {
    await put(directory, "file", "old");
    await directory.createDirectoryAt("directory");
    for (const target of ["file", "directory", "none", "to-none"]) {
      await directory.symlinkAt(`to-${target}`, target);
      for (const options of [READ, EDIT, CREATE, { ...EDIT, truncate: true }]) {
        await expectCode(`to-${target}`, "ELOOP", () => directory.openAt(`to-${target}`, options));
      }
    }
    await expectNames(directory, "file", "directory", "to-file", "to-directory", "to-none", "to-to-none");
  }),
  claim("F1.5", "a directory opens for reading only", ["directory"], async ({ directory }) => {
    await directory.createDirectoryAt("d");
    const opened = await directory.openAt("d", READ);
    opened.close();
    expectSame("kind", opened.kind, "directory");
    for (const options of [WRITE, EDIT, CREATE, { ...READ, create: true }, { ...EDIT, truncate: true }]) {
      await expectCode("openAt", "EISDIR", () => directory.openAt("d", options));
    }
  }),
  claim("F1.6", "openDirectoryAt opens directories, and nothing else", ["directory"], async ({ directory }) => {
    await put(directory, "file", "");
    await directory.createDirectoryAt("d");
    await directory.symlinkAt("link", "d");
    await withDirectory(directory, "d", (inner) => inner.createDirectoryAt("e"));
    await withDirectory(directory, "d", (inner) => expectNames(inner, "e"));
    await expectCode("a file", "ENOTDIR", () => directory.openDirectoryAt("file"));
    await expectCode("a link", "ENOTDIR ELOOP", () => directory.openDirectoryAt("link"));
    await expectCode("nothing", "ENOENT", () => directory.openDirectoryAt("none"));
  }),
  claim("F1.7", "openSelf gives the same directory, open by itself", ["directory"], async ({ directory }) => {
    await directory.createDirectoryAt("d");
    const first = await directory.openDirectoryAt("d");
    const second = await first.openSelf();
    first.close();
    await put(second, "f", "text");
    second.close();
    await withDirectory(directory, "d", (inner) => expectContents(inner, "f", "text"));
  }),
  claim("F1.8", "what was not opened for reading or writing refuses", ["directory"], async ({ directory }) => {
    await put(directory, "f", "old");
    await withFile(directory, "f", WRITE, (file) => expectCode("read", "EBADF", () => file.read(new Uint8Array(1), 0)));
    await withFile(directory, "f", READ, async (file) => {
      await expectCode("write", "EBADF", () => file.write(utf8("new"), 0));
      await expectCode("append", "EBADF EACCES", () => file.append(utf8("new")));
      await expectCode("setSize", "EINVAL EBADF", () => file.setSize(0));
    });
    await expectContents(directory, "f", "old");
  }),
  claim("F1.9", "sync in any way writes as without", ["directory"], async ({ directory }) => {
    for (const sync of ["data", "file"] as const) {
      await withFile(directory, sync, { ...CREATE, sync }, (file) => writeAll(file, "text", 0));
      await expectContents(directory, sync, "text");
    }
  }),
  claim("F2.1", "reads begin where they are told to", ["directory"], async ({ directory }) => {
    await put(directory, "f", "abcdef");
    await withFile(directory, "f", READ, async (file) => {
      for (const [at, length, text] of READS) {
        const into = utf8("......");
        const count = await file.read(into.subarray(0, length), at);
        expectSame(`read(${length}) at ${at}`, String.fromCharCode(...into), text.padEnd(6, "."));
        expectSame(`read(${length}) at ${at}`, count, text.length);
      }
    });
  }),
  claim("F2.2", "writes go where they are told to, after zeroes if need be", ["directory"], async ({ directory }) => {
    await withFile(directory, "f", CREATE, async (file) => {
      await writeAll(file, "abcdef", 0);
      await writeAll(file, "XY", 2);
      await writeAll(file, "end", 9);
      expectSame("f", await contents(file), "abXYef\0\0\0end");
    });
  }),
  claim("F2.3", "a write of nothing writes nothing, and adds no zeroes", ["directory"], async ({ directory }) => {
    await withFile(directory, "f", CREATE, async (file) => {
      expectSame("write", await file.write(new Uint8Array(0), 5), 0);
      expectSame("append", await file.append(new Uint8Array(0)), 0);
      expectSame("size", (await file.stat()).size, 0n);
    });
  }),
  claim("F2.4", "bytes may be reused as soon as write and append return", ["directory"], async ({ directory }) => {
    await withFile(directory, "f", CREATE, async (file) => {
      const bytes = utf8("ab");
      const written = file.write(bytes, 0);
      bytes.fill(0);
      expectSame("write", await written, 2);
      bytes.set(utf8("cd"));
      const appended = file.append(bytes);
      bytes.fill(0);
      expectSame("append", await appended, 2);
      expectSame("f", await contents(file), "abcd");
    });
  }),
  claim("F2.5", "append writes at the end, wherever that is by now", ["directory"], async ({ directory }) => {
    await put(directory, "f", "abc");
    await withFile(directory, "f", WRITE, (one) =>
      withFile(directory, "f", WRITE, async (other) => {
        expectSame("append", await one.append(utf8("1")), 1);
        expectSame("append", await other.append(utf8("2")), 1);
        expectSame("append", await one.append(utf8("3")), 1);
        await other.setSize(2);
        expectSame("append", await one.append(utf8("4")), 1);
        await writeAll(one, "A", 0);
      }),
    );
    await expectContents(directory, "f", "Ab4");
  }),
  claim("F2.6", "setSize cuts off, and adds zeroes, never what was there", ["directory"], async ({ directory }) => {
    await put(directory, "f", "abcdef");
    await withFile(directory, "f", EDIT, async (file) => {
      await file.setSize(2);
      expectSame("cut", await contents(file), "ab");
      await file.setSize(5);
      expectSame("longer", await contents(file), "ab\0\0\0");
      await file.setSize(0);
      await writeAll(file, "z", 3);
      expectSame("written", await contents(file), "\0\0\0z");
    });
  }),
  claim("F2.7", "all who have a file open see one file", ["directory"], async ({ directory }) => {
    await put(directory, "f", "abc");
    await withFile(directory, "f", READ, (reader) =>
      withFile(directory, "f", WRITE, async (writer) => {
        await writeAll(writer, "12345", 1);
        expectSame("f", await contents(reader), "a12345");
      }),
    );
  }),
  claim("F2.8", "more than one call can be under way", ["directory"], async ({ directory }) => {
    await withFile(directory, "f", CREATE, async (file) => {
      await Promise.all(["a", "b", "c", "d"].map(async (letter, at) => file.write(utf8(letter), at)));
      expectSame("f", await contents(file), "abcd");
    });
  }),
  claim("F2.9", "a file and a directory can be synchronised", ["directory"], async ({ directory }) => {
    await withFile(directory, "f", CREATE, async (file) => {
      await file.sync();
      await file.syncData();
    });
    await directory.sync();
    await directory.syncData();
  }),
  claim("F2.10", "a file that loses its name lives on while it is open", ["directory"], async ({ directory }) => {
    await put(directory, "f", "old");
    await withFile(directory, "f", EDIT, async (file) => {
      await directory.unlinkAt("f");
      await put(directory, "f", "another");
      await writeAll(file, "er", 3);
      expectSame("f", await contents(file), "older");
      const stat = await file.stat();
      expectSame("link count", stat.linkCount, 0n);
      expect(stat.inode !== (await directory.statAt("f")).inode, "two files that exist have one identity");
    });
    await expectContents(directory, "f", "another");
  }),
];

const READS = [
  [0, 6, "abcdef"],
  [0, 2, "ab"],
  [4, 2, "ef"],
  [4, 6, "ef"],
  [6, 6, ""],
  [100, 6, ""],
  [0, 0, ""],
] as const;
