/** Descriptor and Place over MemoryFiles: what opens and what does not, where paths lead, rights, and nothing left open. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { changed, complete, type Steps } from "../../../src/io/steps.ts";
import { microtasks } from "../../../src/testing/turns.ts";
import { Descriptor } from "../../../src/wasi/filesystem/descriptor.ts";
import type { DescriptorFlags, OpenFlags } from "../../../src/wasi/filesystem/flags.ts";
import { MemoryFiles, type MemoryEntry } from "../../../src/wasi/filesystem/memory-files.ts";
import { readSnapshot, writeSnapshot } from "../../../src/wasi/filesystem/memory-snapshot.ts";
import { Shared } from "../../../src/wasi/filesystem/shared.ts";

const FLAGS: DescriptorFlags = {
  read: false,
  write: false,
  fileIntegritySync: false,
  dataIntegritySync: false,
  requestedWriteSync: false,
  mutateDirectory: false,
};
const READ = { ...FLAGS, read: true };
const WRITE = { ...FLAGS, write: true };
const OPEN: OpenFlags = { create: false, directory: false, exclusive: false, truncate: false };

type Tree = Readonly<Record<string, MemoryEntry>>;

/** A preopened directory over files of its own; every call must leave open what it gives, and nothing else. */
class Guest {
  readonly files: MemoryFiles;
  readonly root: Descriptor;

  constructor(tree: Tree, { readOnly = false, later = false } = {}) {
    this.files = MemoryFiles.from(tree, { later });
    this.root = Descriptor.preopen(new Shared(this.files.root()), readOnly);
  }

  /** Runs a call that gives no descriptor: its result, or the code of its error. */
  async answer(steps: (root: Descriptor) => Steps<unknown>): Promise<unknown> {
    const before = this.files.openCount;
    try {
      return await complete(steps(this.root));
    } catch (error) {
      return codeOf(error);
    } finally {
      assert.equal(this.files.openCount, before, "handles stay open");
    }
  }

  /** Opens, and closes again: what was opened, or the code of the error. */
  open(path: string, { follow = true, open = OPEN, flags = READ } = {}): Promise<unknown> {
    return this.answer(function* (root) {
      const descriptor = yield* root.openAt(follow, path, open, flags);
      try {
        return yield* descriptor.type();
      } finally {
        descriptor.drop();
      }
    });
  }

  with<T>(path: string, use: (descriptor: Descriptor) => Steps<T>, flags = READ): Promise<unknown> {
    return this.answer(function* (root) {
      const descriptor = yield* root.openAt(false, path, OPEN, flags);
      try {
        return yield* use(descriptor);
      } finally {
        descriptor.drop();
      }
    });
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error) return String(error.code);
  throw error;
}

const subsets = <K extends string>(...keys: K[]): Record<K, boolean>[] =>
  Array.from(
    { length: 2 ** keys.length },
    (_, bits) =>
      // The keys are those given, all of them.
      Object.fromEntries(keys.map((key, at) => [key, ((bits >> at) & 1) === 1])) as Record<K, boolean>,
  );

describe("openAt as open(2)", () => {
  /** What is under each name, and where links lead. */
  const KINDS: Readonly<Record<string, "file" | "directory" | "outside" | { readonly to: string }>> = {
    file: "file",
    dir: "directory",
    "to-file": { to: "file" },
    "to-dir": { to: "dir" },
    "to-to-dir": { to: "to-dir" },
    "to-dir-slash": { to: "dir/" },
    "to-file-slash": { to: "file/" },
    "to-missing": { to: "missing" },
    "to-missing-slash": { to: "missing/" },
    loop: { to: "loop" },
    out: "outside",
    absolute: "outside",
  };
  const TREE: Tree = {
    file: "text",
    "dir/in": "",
    out: { link: "../x" },
    absolute: { link: "/x" },
    ...Object.fromEntries(
      Object.entries(KINDS).flatMap(([name, kind]) => (typeof kind === "object" ? [[name, { link: kind.to }]] : [])),
    ),
  };

  type Flags = Record<"create" | "exclusive" | "directory" | "truncate" | "read" | "write", boolean>;

  /** The model: one name, perhaps with a slash, as the kernel goes about it. */
  function expected(name: string, slash: boolean, follow: boolean, flags: Flags, links = 0): string {
    const { create, exclusive, directory, truncate, write } = flags;
    const changes = create || truncate || write;
    if (directory && (create || exclusive || truncate)) return "EINVAL";
    if (slash && create) return "EISDIR";
    const kind = KINDS[name];
    if (kind && create && exclusive) return "EEXIST";
    if (kind === undefined) return create ? "regular-file, made" : "ENOENT";
    if (kind === "file") return directory || slash ? "ENOTDIR" : truncate ? "regular-file, emptied" : "regular-file";
    if (kind === "directory") return changes ? "EISDIR" : "directory";
    if (!follow && !slash) return directory ? "ENOTDIR" : "ELOOP";
    if (kind === "outside") return "EPERM";
    if (links === 40) return "ELOOP";
    return expected(kind.to.replace("/", ""), slash || kind.to.endsWith("/"), follow, flags, links + 1);
  }

  for (const later of [false, true]) {
    test(`every flag on every target, answers ${later ? "later" : "at once"}`, async () => {
      let tried = 0;
      for (const flags of subsets("create", "exclusive", "directory", "truncate", "read", "write")) {
        for (const name of [...Object.keys(KINDS), "missing"]) {
          for (const { follow, slash, mutateDirectory } of subsets("follow", "slash", "mutateDirectory")) {
            const path = slash ? `${name}/` : name;
            const guest = new Guest(TREE, { later });
            let seen = await guest.open(path, { follow, open: flags, flags: { ...FLAGS, ...flags, mutateDirectory } });
            const after = guest.files.toTree();
            if (after.has("missing")) seen = `${String(seen)}, made`;
            else if (after.get("file") instanceof Uint8Array && guest.files.usedBytes === 0) {
              seen = `${String(seen)}, emptied`;
            }
            assert.equal(seen, expected(name, slash, follow, flags), `${path} ${JSON.stringify({ follow, ...flags })}`);
            tried++;
          }
        }
      }
      assert.equal(tried, 64 * 13 * 8);
    });
  }

  test("the directory itself, however it is named, is opened and not made or changed", async () => {
    const guest = new Guest({ "dir/in": "", dot: { link: "." }, up: { link: "dir/.." } });
    for (const path of [".", "./", "./.", "dir/..", "dir/../", "dir/../.", "dot", "dot/", "up", "dir/.", "dir/./"]) {
      assert.equal(await guest.open(path), "directory", path);
      assert.equal(await guest.open(path, { open: { ...OPEN, directory: true } }), "directory", path);
      assert.equal(await guest.open(path, { flags: WRITE }), "EISDIR", path);
      assert.equal(await guest.open(path, { open: { ...OPEN, truncate: true } }), "EISDIR", path);
      assert.equal(await guest.open(path, { open: { ...OPEN, create: true } }), "EISDIR", path);
    }
    assert.equal(await guest.open("dir/.", { open: { ...OPEN, create: true, exclusive: true } }), "EEXIST");
    assert.equal(await guest.open("new/.", { open: { ...OPEN, create: true } }), "ENOENT");
    assert.equal(await guest.answer((root) => root.createDirectoryAt("new/.")), "ENOENT");
    assert.equal(await guest.answer((root) => root.createDirectoryAt("new/./")), "ENOENT");
  });

  test("what is granted: files as asked, directories always readable, and changeable if their parent is", async () => {
    const guest = new Guest({ file: "", "dir/in": "" });
    const granted = (path: string, flags: DescriptorFlags): Promise<unknown> =>
      guest.answer(function* (root) {
        const descriptor = yield* root.openAt(false, path, OPEN, flags);
        descriptor.drop();
        return Object.entries(descriptor.flags)
          .flatMap(([flag, set]) => (set ? [flag] : []))
          .join();
      });
    assert.equal(await granted("file", FLAGS), "read");
    assert.equal(await granted("file", READ), "read");
    assert.equal(await granted("file", WRITE), "write");
    assert.equal(await granted("file", { ...READ, write: true }), "read,write");
    assert.equal(await granted("dir", FLAGS), "read,mutateDirectory");
    assert.equal(await granted("dir", READ), "read,mutateDirectory");
  });
});

/** Every call with a path, on a path that each of them refuses in the same way. */
const CALLS: Readonly<Record<string, (root: Descriptor, path: string) => Steps<unknown>>> = {
  openAt: (root, path) => root.openAt(true, path, OPEN, READ),
  "openAt, no follow": (root, path) => root.openAt(false, path, OPEN, READ),
  "openAt, directory": (root, path) => root.openAt(true, path, { ...OPEN, directory: true }, READ),
  statAt: (root, path) => root.statAt(true, path),
  "statAt, no follow": (root, path) => root.statAt(false, path),
  readLinkAt: (root, path) => root.readLinkAt(path),
};
const CHANGES: typeof CALLS = {
  "openAt, create": (root, path) => root.openAt(true, path, { ...OPEN, create: true }, READ),
  "openAt, exclusive": (root, path) => root.openAt(true, path, { ...OPEN, create: true, exclusive: true }, READ),
  "openAt, truncate": (root, path) => root.openAt(true, path, { ...OPEN, truncate: true }, READ),
  "openAt, write": (root, path) => root.openAt(true, path, OPEN, WRITE),
  setTimesAt: (root, path) => root.setTimesAt(true, path, "now", "now"),
  "setTimesAt, no follow": (root, path) => root.setTimesAt(false, path, "now", "now"),
  createDirectoryAt: (root, path) => root.createDirectoryAt(path),
  removeDirectoryAt: (root, path) => root.removeDirectoryAt(path),
  unlinkFileAt: (root, path) => root.unlinkFileAt(path),
  symlinkAt: (root, path) => root.symlinkAt("target", path),
  "linkAt from": (root, path) => root.linkAt(false, path, root, "new"),
  "linkAt to": (root, path) => root.linkAt(false, "file", root, path),
  "renameAt from": (root, path) => root.renameAt(path, root, "new"),
  "renameAt to": (root, path) => root.renameAt("file", root, path),
};
const ALL_CALLS = { ...CALLS, ...CHANGES };

async function refuse(guest: Guest, path: string, code: string, calls = ALL_CALLS): Promise<void> {
  const before = writeSnapshot(guest.files);
  for (const [name, call] of Object.entries(calls)) {
    assert.equal(await guest.answer((root) => call(root, path)), code, `${name} of ${path.slice(0, 60)}`);
  }
  assert.deepEqual(readSnapshot(writeSnapshot(guest.files)).toTree(), readSnapshot(before).toTree());
}

describe("where paths lead", () => {
  const TREE: Tree = {
    file: "text",
    "dir/in": "",
    "dir/up": { link: ".." },
    "dir/out": { link: "../.." },
    out: { link: ".." },
    "out-deep": { link: "dir/../../x" },
    "out-slash": { link: "../" },
    absolute: { link: "/" },
    "to-out": { link: "dir/out" },
    here: { link: "." },
    loop: { link: "loop/x" },
    one: { link: "two" },
    two: { link: "one" },
    "to-file": { link: "file" },
  };

  for (const path of ["..", "../", "../x", "dir/../..", "dir/../../dir", "./..", "/", "/file", "//", "/.."]) {
    test(`${path} is refused`, () => refuse(new Guest(TREE), path, "EPERM"));
  }

  for (const link of ["out", "out-slash", "absolute", "to-out", "dir/out", "out-deep"]) {
    test(`${link} leads out and is refused on the way, in every call`, async () => {
      for (const later of [false, true]) await refuse(new Guest(TREE, { later }), `${link}/x`, "EPERM");
    });
    test(`${link} leads out and is refused at the end where it is followed, and else a link`, async () => {
      const guest = new Guest(TREE);
      for (const path of [link, `here/${link}`, `${link}/`]) {
        for (const call of ["openAt", "openAt, directory", "statAt"]) {
          assert.equal(
            await guest.answer((root) => ALL_CALLS[call]?.(root, path) ?? fail()),
            "EPERM",
            `${call} ${path}`,
          );
        }
      }
      assert.equal(await guest.open(link, { follow: false }), "ELOOP");
      const type = await guest.answer(function* (root) {
        return (yield* root.statAt(false, link)).type;
      });
      assert.equal(type, "symbolic-link");
    });
  }

  test("a link to an absolute path is neither made nor read", async () => {
    const guest = new Guest(TREE);
    assert.equal(await guest.answer((root) => root.symlinkAt("/x", "new")), "EPERM");
    assert.equal(await guest.answer((root) => root.readLinkAt("absolute")), "EPERM");
    assert.equal(await guest.answer((root) => root.readLinkAt("out")), "..");
  });

  test("paths within: dots, slashes, links up and down", async () => {
    const guest = new Guest(TREE);
    const type = (path: string): Promise<unknown> =>
      guest.answer(function* (root) {
        return (yield* root.statAt(true, path)).type;
      });
    for (const path of ["file", "./file", ".//file", "dir/../file", "dir/up/file", "here/here/file", "dir/./../file"]) {
      assert.equal(await type(path), "regular-file", path);
    }
    for (const path of [".", "dir", "dir/", "dir//", "dir/.", "here", "here/", "dir/up", "dir/up/", "dir/up/dir"]) {
      assert.equal(await type(path), "directory", path);
    }
    for (const path of ["file/", "file/.", "file/..", "file/x", "to-file/", "to-file/x", "dir/in/../in"]) {
      assert.equal(await type(path), "ENOTDIR", path);
    }
    for (const path of ["none", "none/x", "none/..", "dir/none/.", "here/none"]) {
      assert.equal(await type(path), "ENOENT", path);
    }
  });

  test("an empty path, a NUL, and what is too long", async () => {
    const guest = new Guest(TREE);
    await refuse(guest, "", "ENOENT");
    await refuse(guest, "file\0", "EINVAL");
    await refuse(guest, "dir/\0/x", "EINVAL");
    await refuse(guest, "n".repeat(256), "ENAMETOOLONG");
    await refuse(guest, `${"n".repeat(256)}/x`, "ENAMETOOLONG");
    await refuse(guest, "./".repeat(2048), "ENAMETOOLONG");
    assert.equal(await guest.open(`${"./".repeat(2045)}file`), "regular-file");
    assert.equal(await guest.answer((root) => root.symlinkAt("", "new")), "ENOENT");
    assert.equal(await guest.answer((root) => root.symlinkAt("a\0", "new")), "EINVAL");
  });

  test("a path holds a bounded number of directories open", async () => {
    const deep = "d/".repeat(300);
    const guest = new Guest({ [`${deep}file`]: "" });
    assert.equal(await guest.open(`${"d/".repeat(250)}d`), "directory");
    await refuse(guest, `${deep}file`, "ENAMETOOLONG", CALLS);
  });

  test("40 links are followed, 41 are a loop, at the end and on the way", async () => {
    const chain: Record<string, MemoryEntry> = { "l0/file": "", file: "" };
    for (let at = 1; at <= 41; at++) chain[`l${at}`] = { link: `l${at - 1}` };
    const guest = new Guest(chain);
    assert.equal(await guest.open("l40"), "directory");
    assert.equal(await guest.open("l40/"), "directory");
    assert.equal(await guest.open("l40/file"), "regular-file");
    assert.equal(await guest.open("l41"), "ELOOP");
    await refuse(guest, "l41/file", "ELOOP");
    assert.equal(await guest.open("l20/../l20/file"), "regular-file");
    assert.equal(await guest.open("l20/../l21/file"), "ELOOP");
  });

  test("loops end", async () => {
    const guest = new Guest(TREE);
    await refuse(guest, "loop/x", "ELOOP");
    await refuse(guest, "one/x", "ELOOP");
    assert.equal(await guest.open("one"), "ELOOP");
    assert.equal(await guest.open("loop"), "ELOOP");
  });

  test("links that grow at every turn cost a bounded time", async () => {
    const guest = new Guest({ l: { link: "./".repeat(2000) + "l/".repeat(40) } });
    assert.equal(await guest.open("l/l/l"), "ELOOP");
  });

  test("a directory that is moved while a guest is in it does not let it out", async () => {
    const guest = new Guest({ "a/b/c/file": "", x: "outside of a" });
    await guest.with("a/b", function* (descriptor) {
      yield* guest.root.renameAt("a/b", guest.root, "b");
      assert.equal((yield* descriptor.statAt(true, "c/file")).type, "regular-file");
      let code;
      try {
        yield* descriptor.statAt(true, "c/../../x");
      } catch (error) {
        code = codeOf(error);
      }
      assert.equal(code, "EPERM");
    });
  });
});

describe("rights", () => {
  const TREE: Tree = { file: "text", "dir/in": "text", empty: { directory: true }, link: { link: "file" } };

  test("a read-only preopen refuses every change, also below it, and of what is not there", async () => {
    for (const path of ["file", "dir", "empty", "link", "none", "dir/in", "..", "", "none/x"]) {
      await refuse(new Guest(TREE, { readOnly: true }), path, "EPERM", CHANGES);
    }
    const guest = new Guest(TREE, { readOnly: true });
    const below = await guest.with("dir", function* (dir) {
      const codes: unknown[] = [];
      for (const call of Object.values(CHANGES)) {
        try {
          yield* call(dir, "in");
          codes.push("ok");
        } catch (error) {
          codes.push(codeOf(error));
        }
      }
      return [...new Set(codes)].join();
    });
    assert.equal(below, "EPERM");
  });

  test("a read-only preopen refuses to change through a descriptor", async () => {
    const guest = new Guest(TREE, { readOnly: true });
    assert.equal(await guest.with("file", (file) => file.setSize(0)), "EPERM");
    assert.equal(await guest.with("file", (file) => file.write(new Uint8Array(1), 0)), "EPERM");
    assert.equal(await guest.with("file", (file) => file.setTimes("now", "now")), "EPERM");
    assert.equal(await guest.with("dir", (dir) => dir.setTimes("now", "now")), "EPERM");
    assert.equal(
      await guest.with("file", function* (file) {
        file.writeStream("end");
      }),
      "EPERM",
    );
    assert.equal(
      await guest.answer((root) => root.openAt(true, "dir", OPEN, { ...READ, mutateDirectory: true })),
      "EPERM",
    );
    assert.equal(await guest.open("file"), "regular-file");
    assert.equal(await guest.open("link"), "regular-file");
  });

  test("neither end of a rename or a link may be read-only", async () => {
    const [guest, other] = [new Guest(TREE), new Guest(TREE, { readOnly: true })];
    assert.equal(await guest.answer((root) => root.renameAt("file", other.root, "new")), "EPERM");
    assert.equal(await guest.answer((root) => other.root.renameAt("file", root, "new")), "EPERM");
    assert.equal(await guest.answer((root) => root.linkAt(false, "file", other.root, "new")), "EPERM");
    assert.equal(await guest.answer((root) => other.root.linkAt(false, "file", root, "new")), "EPERM");
    const third = new Guest(TREE);
    assert.equal(await guest.answer((root) => root.renameAt("file", third.root, "new")), "EXDEV");
    assert.equal(third.files.openCount, 0);
  });

  test("a descriptor does what it was opened for", async () => {
    const guest = new Guest(TREE);
    assert.equal(await guest.with("file", (file) => file.write(new Uint8Array(1), 0)), "EBADF");
    assert.equal(await guest.with("file", (file) => file.setSize(0)), "EINVAL");
    assert.equal(await guest.with("file", (file) => file.read(1, 0), WRITE), "EBADF");
    assert.equal(await guest.with("dir", (dir) => dir.read(1, 0)), "EBADF");
    assert.equal(await guest.with("dir", (dir) => dir.write(new Uint8Array(1), 0)), "EBADF");
    assert.equal(await guest.with("dir", (dir) => dir.setSize(0)), "EBADF");
    assert.equal(await guest.with("file", (file) => file.entries()), "ENOTDIR");
    for (const [name, call] of Object.entries(ALL_CALLS)) {
      assert.equal(await guest.with("file", (file) => call(file, "x")), "ENOTDIR", name);
    }
  });

  test("read says the end only with nothing read", async () => {
    const guest = new Guest(TREE);
    for (const [max, at, length, end] of [
      [9, 0, 4, false],
      [2, 2, 2, false],
      [9, 4, 0, true],
      [0, 9, 0, false],
    ] as const) {
      const [bytes, over] = await complete(
        (function* () {
          const file = yield* guest.root.openAt(true, "link", OPEN, READ);
          const result = yield* file.read(max, at);
          file.drop();
          return result;
        })(),
      );
      assert.deepEqual([bytes.length, over], [length, end]);
    }
  });
});

describe("calls that are given up", () => {
  const TREE: Tree = { file: "text", "dir/in": "", to: { link: "here/dir" }, here: { link: "." }, "e/e": "" };

  for (const [name, call] of Object.entries({
    ...ALL_CALLS,
    "openAt, directory to write": (root: Descriptor, path: string) =>
      root.openAt(true, path, { ...OPEN, directory: true }, WRITE),
  })) {
    test(`${name} leaves nothing open, wherever it waits`, async () => {
      for (const path of ["dir/in", "dir", "here/to/in", "to", ".", "dir/..", "e/new", "here/", "new/"]) {
        for (let waits = 0; ; waits++) {
          const guest = new Guest(TREE, { later: true });
          const steps = call(guest.root, path);
          const over = await giveUpAfter(waits, steps);
          guest.root.drop();
          assert.equal(guest.files.openCount, 0, `${path}, given up after ${waits} waits`);
          if (over) break;
        }
      }
    });
  }

  /** Gives up a call that waits for this many times, and lets all that is under way end. Tells if it ended before. */
  async function giveUpAfter(waits: number, steps: Steps<unknown>): Promise<boolean> {
    try {
      for (let done = 0; done <= waits; done++) {
        const step = steps.next();
        if (step.done === true) {
          if (step.value instanceof Descriptor) step.value.drop();
          return true;
        }
        if (done < waits) await changed(step.value);
      }
      steps.return(undefined);
      await microtasks();
      return false;
    } catch (error) {
      codeOf(error);
      return true;
    }
  }
});

describe("streams hold their file", () => {
  test("a file is closed when the descriptor and its last stream are", async () => {
    const guest = new Guest({ file: "text" });
    const file = await complete(guest.root.openAt(true, "file", OPEN, { ...READ, write: true }));
    const [source, sink] = [file.readStream(0), file.writeStream("end")];
    file.drop();
    assert.equal(guest.files.openCount, 1);
    source.close?.();
    source.close?.();
    assert.equal(sink.write(new Uint8Array(3)), 3);
    sink.close();
    sink.abort();
    assert.equal(guest.files.openCount, 0);
    assert.equal(guest.files.usedBytes, 7);
  });

  test("a stream that fails to open takes no share", async () => {
    const guest = new Guest({ file: "text", "dir/in": "" });
    assert.equal(
      await guest.with("dir", function* (dir) {
        dir.readStream(0);
      }),
      "EISDIR",
    );
    assert.equal(
      await guest.with("dir", function* (dir) {
        dir.writeStream(0);
      }),
      "EBADF",
    );
  });

  test("a write that is under way ends though its sink is closed", async () => {
    const guest = new Guest({ file: "" }, { later: true });
    const file = await complete(guest.root.openAt(true, "file", OPEN, WRITE));
    const sink = file.writeStream(2);
    assert.equal(sink.write(Uint8Array.of(1, 2)), 2);
    assert.equal(sink.write(Uint8Array.of(3)), 0);
    assert.equal(sink.flush(), false);
    sink.close();
    file.drop();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    assert.equal(guest.files.openCount, 0);
    assert.deepEqual(guest.files.toTree().get("file"), Uint8Array.of(0, 0, 1, 2));
  });
});

function fail(): never {
  throw new Error("There is no such call");
}
