/** What MemoryFiles has beyond the contract of the port: plain data, snapshots, limits, a clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import fc from "../../testing/properties.ts";
import type { OpenDirectory, OpenFile, OpenOptions } from "../../../src/wasi/filesystem/files.ts";
import { MemoryFiles, type MemoryEntry } from "../../../src/wasi/filesystem/memory-files.ts";
import { readSnapshot, writeSnapshot } from "../../../src/wasi/filesystem/memory-snapshot.ts";

const CREATE: OpenOptions = {
  read: true,
  write: true,
  create: true,
  exclusive: false,
  truncate: false,
  sync: "none",
};

async function open(directory: OpenDirectory, name: string, options: Partial<OpenOptions> = {}): Promise<OpenFile> {
  const file = await directory.openAt(name, { ...CREATE, ...options });
  if (file.kind !== "file") throw new Error(`${name} is a directory`);
  return file;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a path that begins with a slash is told how it is written", () => {
  assert.throws(() => MemoryFiles.from({ "/a": "x" }), { code: "EINVAL", message: /an empty name: say "a\/b"/ });
});

test("from and toTree: texts, bytes, links, directories that are named and that are not", () => {
  const tree = { "a/b/c.txt": "text", raw: Uint8Array.of(1, 2), empty: { directory: true }, l: { link: "a" } } as const;
  assert.deepEqual(
    [...MemoryFiles.from(tree).toTree()],
    [
      ["a", { directory: true }],
      ["a/b", { directory: true }],
      ["a/b/c.txt", bytes("text")],
      ["empty", { directory: true }],
      ["l", { link: "a" }],
      ["raw", Uint8Array.of(1, 2)],
    ],
  );
  assert.deepEqual(
    MemoryFiles.from(new Map([["__proto__", "x"]]))
      .toTree()
      .get("__proto__"),
    bytes("x"),
  );
});

test("from takes what unpacks a zip archive gives, which names directories too", () => {
  const unzipped = { "a/": new Uint8Array(0), "a/b": bytes("text"), "c/": new Uint8Array(0) };
  assert.deepEqual([...MemoryFiles.from(unzipped).toTree().keys()], ["a", "a/b", "c"]);
  for (const hostile of ["../x/", "/", "a//"]) {
    assert.throws(() => MemoryFiles.from({ [hostile]: new Uint8Array(0) }), { code: "EINVAL" }, hostile);
  }
});

test("from refuses what cannot be", () => {
  const cases: readonly (readonly [Record<string, MemoryEntry>, string])[] = [
    [{ "": "x" }, "EINVAL"],
    [{ "/a": "x" }, "EINVAL"],
    [{ "a/": "x" }, "EINVAL"],
    [{ "a//b": "x" }, "EINVAL"],
    [{ "../a": "x" }, "EINVAL"],
    [{ "a\0": "x" }, "EINVAL"],
    [{ "\ud800": "x" }, "EILSEQ"],
    [{ a: "x", "a/b": "y" }, "ENOTDIR"],
    [{ "a/b": "x", a: "y" }, "EEXIST"],
    [{ l: { link: "" } }, "ENOENT"],
    [{ l: { link: "x".repeat(4096) } }, "ENAMETOOLONG"],
    [{ ["n".repeat(256)]: "" }, "ENAMETOOLONG"],
  ];
  for (const [tree, code] of cases) assert.throws(() => MemoryFiles.from(tree), { code }, JSON.stringify(tree));
});

test("from refuses what is no entry, such as a tree within the tree", () => {
  for (const entry of [{ b: "text" }, {}, { directory: false }, { link: 5 }, [], 5, null, undefined]) {
    // What nobody writes who has TypeScript look at it.
    const tree = { a: entry } as unknown as Readonly<Record<string, MemoryEntry>>;
    assert.throws(
      () => MemoryFiles.from(tree),
      /^TypeError: MemoryFiles: "a" must be text.*name what is in a directory "a\/b"/,
    );
  }
});

test("from refuses what has no paths, such as an archive that nobody has unpacked", () => {
  for (const tree of [undefined, null, 5, "text", [], bytes("PK"), () => {}]) {
    assert.throws(
      () => MemoryFiles.from(tree as unknown as Readonly<Record<string, MemoryEntry>>),
      /^TypeError: MemoryFiles: files must be an object or a Map; got /,
    );
  }
});

test("contents are copied on the way in and out", () => {
  const given = bytes("abc");
  const files = MemoryFiles.from({ f: given });
  given.fill(0);
  const taken = files.toTree().get("f");
  assert.deepEqual(taken, bytes("abc"));
  if (taken instanceof Uint8Array) taken.fill(0);
  assert.deepEqual(files.toTree().get("f"), bytes("abc"));
});

test("capacity: as many bytes as fit are written, then ENOSPC, and room comes back", async () => {
  const files = new MemoryFiles({ capacityBytes: 10 });
  const root = files.root();
  const file = await open(root, "f");
  assert.equal(await file.write(new Uint8Array(8), 0), 8);
  assert.equal(await file.append(new Uint8Array(8)), 2);
  assert.throws(() => file.append(new Uint8Array(1)), { code: "ENOSPC" });
  assert.throws(() => file.setSize(11), { code: "ENOSPC" });
  assert.equal(await file.write(new Uint8Array(8), 2), 8, "bytes that are there can be written over");
  assert.equal(files.usedBytes, 10);
  await root.unlinkAt("f");
  assert.equal(files.usedBytes, 10, "it is open");
  file.close();
  assert.equal(files.usedBytes, 0);
  const other = await open(root, "g");
  assert.throws(() => other.write(new Uint8Array(1), 10), { code: "ENOSPC" });
  assert.equal(files.usedBytes, 0, "a write that failed added no zeroes");
  assert.equal(await other.write(new Uint8Array(5), 8), 2);
});

test("capacity: what makes way by a rename or a truncate gives its room back", async () => {
  const files = MemoryFiles.from({ a: "12345", b: "67890" }, { capacityBytes: 10 });
  const root = files.root();
  await root.renameAt("a", root, "b");
  assert.equal(files.usedBytes, 5);
  (await open(root, "b", { truncate: true })).close();
  assert.equal(files.usedBytes, 0);
  assert.throws(() => MemoryFiles.from({ a: "12345", b: "678901" }, { capacityBytes: 10 }), { code: "ENOSPC" });
});

test("capacity: names are counted", async () => {
  const files = new MemoryFiles({ capacityNames: 2 });
  const root = files.root();
  await root.createDirectoryAt("d");
  await root.symlinkAt("l", "d");
  assert.throws(() => root.createDirectoryAt("e"), { code: "ENOSPC" });
  await root.renameAt("l", root, "m");
  await root.unlinkAt("m");
  await root.createDirectoryAt("e");
});

test("a file is at most 2 GiB, however much room there is", async () => {
  const file = await open(new MemoryFiles({ capacityBytes: 2 ** 50 }).root(), "f");
  assert.throws(() => file.setSize(2 ** 40), { code: "EFBIG" });
  assert.throws(() => file.write(new Uint8Array(1), 2 ** 40), { code: "EFBIG" });
  assert.equal((await file.stat()).size, 0n);
});

test("times come from the clock: the last access, change of contents, change of anything", async () => {
  let now = 1n;
  const root = new MemoryFiles({ clock: () => now }).root();
  const file = await open(root, "f");
  const times = async (): Promise<string> => {
    const { accessedNs, modifiedNs, changedNs } = await file.stat();
    return [accessedNs, modifiedNs, changedNs].join();
  };
  const seen = [await times()];
  for (const act of [
    () => file.write(new Uint8Array(2), 0),
    () => file.write(new Uint8Array(0), 0),
    () => file.read(new Uint8Array(2), 0),
    () => root.linkAt("f", root, "g"),
    () => file.setSize(1),
    () => root.renameAt("g", root, "h"),
    () => file.setTimes("keep", 77n),
    () => file.setTimes("now", "keep"),
  ]) {
    now++;
    await act();
    seen.push(await times());
  }
  assert.deepEqual(seen, ["1,1,1", "1,2,2", "1,2,2", "4,2,2", "4,2,5", "4,6,6", "4,6,7", "4,77,8", "9,77,9"]);
  const { accessedNs, modifiedNs } = await root.stat();
  assert.deepEqual([accessedNs, modifiedNs], [1n, 7n]);
});

test("handles: a closed one refuses, and is not closed twice", async () => {
  const files = new MemoryFiles();
  const directory = await files.root().openSelf();
  assert.equal(files.openCount, 1);
  directory.close();
  assert.equal(files.openCount, 0);
  assert.throws(() => directory.stat(), { code: "EBADF" });
  assert.throws(() => directory.close(), { code: "EBADF" });
});

test("later: a call that is under way keeps the file, and the room that it has", async () => {
  const files = new MemoryFiles({ later: true });
  const root = files.root();
  const file = await open(root, "f");
  const unlinked = root.unlinkAt("f");
  const written = file.write(new Uint8Array(5), 0);
  file.close();
  await unlinked;
  assert.equal(await written, 5);
  assert.equal(files.usedBytes, 0);
  assert.equal(files.openCount, 0);
});

/** What is `levels` directories below the root, each with the name "d". */
async function deepIn(files: MemoryFiles, levels: number): Promise<OpenDirectory> {
  let at = files.root();
  for (let level = 0; level < levels; level++) {
    await at.createDirectoryAt("d");
    at = await at.openDirectoryAt("d");
  }
  return at;
}

test("a directory 4000 levels deep does not take in what it is in, nor what is there its place", async () => {
  const files = new MemoryFiles();
  const root = files.root();
  const at = await deepIn(files, 4000);
  assert.throws(() => root.renameAt("d", at, "d"), { code: "EINVAL" });
  await at.createDirectoryAt("e");
  assert.throws(() => at.renameAt("e", root, "d"), { code: "ENOTEMPTY" });
});

test("a directory 100,000 levels deep can be made, stored and restored; what takes longer the deeper it is, is refused", async () => {
  const files = new MemoryFiles();
  const root = files.root();
  const at = await deepIn(files, 100_000);
  assert.throws(() => root.renameAt("d", at, "d"), { code: "ENAMETOOLONG" });
  const restored = readSnapshot(writeSnapshot(files));
  assert.throws(() => restored.toTree(), {
    name: "RangeError",
    message: "The paths of these files have more than 134217728 characters: see writeSnapshot",
  });
  // What can be said at once is done there as elsewhere.
  await at.createDirectoryAt("e");
  await at.renameAt("e", at, "f");
  await at.renameAt("f", root, "f");
  await root.symlinkAt("l", "target");
  await root.renameAt("l", at, "l");
  assert.equal((await at.statAt("l")).type, "symbolic-link");
});

test("a directory counts the directories in it, however they come and go", async () => {
  const root = new MemoryFiles().root();
  const links = async (): Promise<bigint> => (await root.stat()).linkCount;
  await root.createDirectoryAt("a");
  await root.createDirectoryAt("b");
  await open(root, "f");
  assert.equal(await links(), 4n);
  await root.renameAt("a", await root.openDirectoryAt("b"), "a");
  assert.equal(await links(), 3n);
  assert.equal((await root.statAt("b")).linkCount, 3n);
  const b = await root.openDirectoryAt("b");
  await b.removeDirectoryAt("a");
  await root.createDirectoryAt("c");
  await root.renameAt("b", root, "c");
  assert.equal(await links(), 3n);
  await root.removeDirectoryAt("c");
  await root.unlinkAt("f");
  assert.equal(await links(), 2n);
});

test("snapshots keep hard links, times and sizes", async () => {
  let now = 5n;
  const files = MemoryFiles.from({ f: "text", "d/e": "" }, { clock: () => now });
  const root = files.root();
  const inner = await root.openDirectoryAt("d");
  await root.linkAt("f", inner, "g");
  now = 9n;
  const restored = readSnapshot(writeSnapshot(files), { clock: () => now });
  const [again, before] = [restored.root(), await root.statAt("f")];
  const [one, other] = [await again.statAt("f"), await (await again.openDirectoryAt("d")).statAt("g")];
  assert.equal(one.inode, other.inode);
  assert.equal(restored.usedBytes, 4);
  const { device: _, inode: __, ...rest } = one;
  const { device: ___, inode: ____, ...restBefore } = before;
  assert.deepEqual(rest, restBefore);
  assert.deepEqual(writeSnapshot(restored), writeSnapshot(files));
});

test("a time beyond what a snapshot can say is the nearest there that it can", async () => {
  const files = MemoryFiles.from({ f: "" });
  const [latest, earliest] = [2n ** 63n - 1n, -(2n ** 63n)];
  for (const [time, nearest] of [
    [latest, latest],
    [latest + 1n, latest],
    [(2n ** 64n - 1n) * 1_000_000_000n, latest],
    [earliest, earliest],
    [earliest * 1_000_000_000n, earliest],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await files.root().setTimesAt("f", time, time);
    // oxlint-disable-next-line no-await-in-loop -- as above
    const { accessedNs, modifiedNs } = await readSnapshot(writeSnapshot(files)).root().statAt("f");
    assert.deepEqual([accessedNs, modifiedNs], [nearest, nearest]);
  }
});

test("snapshots do not hold files that have lost their name", async () => {
  const files = MemoryFiles.from({ f: "text" });
  const root = files.root();
  await open(root, "f");
  await root.unlinkAt("f");
  assert.deepEqual([...readSnapshot(writeSnapshot(files)).toTree()], []);
});

const name = fc.oneof(
  fc.constantFrom("a", "b", "ü", "🙂", "__proto__", "..."),
  fc.string({ minLength: 1, maxLength: 5 }).filter((text) => !/^\.\.?$|[/\0]/.test(text)),
);
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
const entry: fc.Arbitrary<MemoryEntry> = fc.oneof(
  fc.uint8Array({ maxLength: 50 }),
  fc
    .string({ minLength: 1, maxLength: 9 })
    .filter((text) => !text.includes("\0"))
    .map((link) => ({ link })),
  fc.constant({ directory: true } as const),
);
/** Entries of which none is in the way of another. */
const tree = fc.array(fc.tuple(path, entry), { maxLength: 12 }).map((entries) => {
  const kept = new Map<string, MemoryEntry>();
  for (const [at, what] of entries) {
    const inTheWay = [...kept.keys()].some((other) => `${at}/`.startsWith(`${other}/`) || other.startsWith(`${at}/`));
    if (!inTheWay) kept.set(at, what);
  }
  return kept;
});

test("any tree comes back from a snapshot as it was", () => {
  fc.assert(
    fc.property(tree, (given) => {
      const files = MemoryFiles.from(given);
      const listed = files.toTree();
      for (const [at, what] of given) assert.deepEqual(listed.get(at), what);
      assert.deepEqual([...readSnapshot(writeSnapshot(files)).toTree()], [...listed]);
      assert.deepEqual([...MemoryFiles.from(listed).toTree()], [...listed]);
    }),
  );
});

test("a snapshot that is damaged anywhere is refused", () => {
  const whole = writeSnapshot(MemoryFiles.from({ "a/f": "text", l: { link: "a" }, e: { directory: true } }));
  for (let at = 0; at < whole.length; at++) {
    const bent = whole.slice();
    bent[at] = (bent[at] ?? 0) ^ 0x10;
    assert.throws(() => readSnapshot(bent), /^RangeError: Cannot restore files/, `byte ${at}`);
    assert.throws(() => readSnapshot(whole.subarray(0, at)), /^RangeError: Cannot restore files/, `cut at ${at}`);
  }
  assert.throws(() => readSnapshot(Uint8Array.of(...whole, 0)), /^RangeError: Cannot restore files/);
});

test("a snapshot that lies, with a checksum that is right, is refused or restored, and nothing else", () => {
  const whole = writeSnapshot(
    MemoryFiles.from({ "a/f": "text", "a/b/c": "", l: { link: "a" }, e: { directory: true } }),
  );
  const changes = fc.array(fc.tuple(fc.nat(whole.length - 17), fc.nat(255)), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(changes, (list) => {
      const bent = whole.slice();
      for (const [at, value] of list) bent[12 + at] = value;
      try {
        const files = readSnapshot(withChecksum(bent));
        assert.deepEqual([...readSnapshot(writeSnapshot(files)).toTree()], [...files.toTree()]);
      } catch (error) {
        assert.match(String(error), /^RangeError: Cannot restore files/);
      }
    }),
    { numRuns: 2000 },
  );
});

test("a snapshot of another version says so", () => {
  const bent = writeSnapshot(new MemoryFiles());
  bent[8] = 2;
  assert.throws(() => readSnapshot(withChecksum(bent)), /their version is 2, and ours 1/);
});

test("the format of snapshots stays as it is", () => {
  const files = MemoryFiles.from({ d: { directory: true }, f: "hi", l: { link: "f" } }, { clock: () => 258n });
  const time = "0201000000000000".repeat(3);
  assert.equal(
    Buffer.from(writeSnapshot(files).subarray(0, -4)).toString("hex"),
    [
      "534c554943454653",
      "01000000",
      "04000000",
      `02${time}03000000`,
      "0100640100000001006602000000",
      "01006c03000000",
      `02${time}00000000`,
      `01${time}020000006869`,
      `03${time}0100000066`,
    ].join(""),
  );
});

/** With the checksum that it should have. */
function withChecksum(snapshot: Uint8Array): Uint8Array {
  const whole = snapshot.slice();
  new DataView(whole.buffer).setUint32(whole.length - 4, crc32(whole.subarray(0, -4)), true);
  return whole;
}

for (const wrong of [
  { capacityBytes: Number.NaN },
  { capacityBytes: -1 },
  { capacityNames: Number.NaN },
  { capacityNames: -1 },
]) {
  test(`${JSON.stringify(wrong)} (${Object.values(wrong).join()}) is no capacity, and not as good as none`, () => {
    assert.throws(
      () => new MemoryFiles(wrong),
      /^TypeError: MemoryFiles: capacity(?:Bytes|Names) must be a number from 0 on; got /,
    );
  });
}

for (const [options, message] of [
  [{ capacity: 5 }, "there is no capacity; expected clock, capacityBytes, capacityNames, later"],
  [{ capacityBytes: "5" }, 'capacityBytes must be a number from 0 on; got "5"'],
  [{ capacityNames: 5n }, "capacityNames must be a number from 0 on; got 5n"],
  [{ clock: 5 }, "clock must be a function; got 5"],
  [{ later: 1 }, "later must be true or false; got 1"],
] as const) {
  test(`an option that makes no sense is named: ${message}`, () => {
    const make = [
      () => void Reflect.construct(MemoryFiles, [options]),
      () => void Reflect.apply(MemoryFiles.from, MemoryFiles, [{}, options]),
      () => void Reflect.apply(readSnapshot, undefined, [writeSnapshot(new MemoryFiles()), options]),
    ];
    for (const one of make) assert.throws(one, { name: "TypeError", message: `MemoryFiles: ${message}` });
  });
}
