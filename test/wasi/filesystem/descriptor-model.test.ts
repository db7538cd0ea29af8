/**
 * Random sequences of calls through Descriptor against the same calls of Node's on a plain directory: the same answers,
 * or the same errors, and in the end the same tree. The reference knows nothing of descriptors: the kernel walks its paths.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "../../testing/properties.ts";
import { nodeDirectory } from "../../../src/hosts/node/files.ts";
import { complete, type Steps } from "../../../src/io/steps.ts";
import { Descriptor } from "../../../src/wasi/filesystem/descriptor.ts";
import type { DescriptorFlags, OpenFlags } from "../../../src/wasi/filesystem/flags.ts";
import type { OpenDirectory } from "../../../src/wasi/filesystem/files.ts";
import { MemoryFiles } from "../../../src/wasi/filesystem/memory-files.ts";
import { Shared } from "../../../src/wasi/filesystem/shared.ts";

const { constants } = fs;

type Operation =
  | { readonly tag: "mkdir" | "rmdir" | "unlink" | "readlink" | "list"; readonly path: string }
  | { readonly tag: "stat"; readonly path: string; readonly follow: boolean }
  | { readonly tag: "symlink"; readonly target: string; readonly path: string }
  | { readonly tag: "link" | "rename"; readonly path: string; readonly to: string }
  | ({ readonly tag: "open"; readonly path: string; readonly follow: boolean } & Opening);

interface Opening extends OpenFlags {
  readonly write: boolean;
  readonly text: string;
  readonly at: number | "end";
  readonly size: number | undefined;
}

const anyName = fc.constantFrom("a", "b", "c");
/** Up to three names, few of them, and the odd dots and slashes. None leads above where it starts. */
const anyPath = fc
  .tuple(
    fc.array(anyName, { minLength: 1, maxLength: 3 }),
    fc.constantFrom("", "", "", "", "", "/", "/.", "/..", "/./"),
  )
  .chain(([names, end]) => {
    const plain = `${names.join("/")}${end}`;
    const dotted = `./${names.join("//")}${end}`;
    const upAndDown = `${names[0]}/../${names.join("/")}`;
    return fc.constantFrom(plain, plain, plain, plain, dotted, upAndDown);
  });
/** Only downwards, so that no link ever leads out, wherever it is moved. */
const anyTarget = fc.constantFrom("a", "b", "c", "a/b", "b/c", "c/a", "a/", "b/.", "none");

const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ tag: fc.constantFrom("mkdir"), path: anyPath }) },
  { weight: 6, arbitrary: fc.record({ tag: fc.constantFrom("rmdir", "unlink", "readlink", "list"), path: anyPath }) },
  { weight: 2, arbitrary: fc.record({ tag: fc.constantFrom("stat"), path: anyPath, follow: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ tag: fc.constantFrom("symlink"), target: anyTarget, path: anyPath }) },
  { weight: 6, arbitrary: fc.record({ tag: fc.constantFrom("link", "rename"), path: anyPath, to: anyPath }) },
  {
    weight: 6,
    arbitrary: fc.record({
      tag: fc.constantFrom("open"),
      path: anyPath,
      follow: fc.boolean(),
      create: fc.boolean(),
      exclusive: fc.boolean(),
      directory: fc.integer({ max: 3, min: 0 }).map((dice) => dice === 0),
      truncate: fc.boolean(),
      write: fc.boolean(),
      text: fc.constantFrom("", "x", "hello"),
      at: fc.constantFrom(0, 2, 7, "end" as const),
      size: fc.constantFrom(undefined, undefined, 0, 3, 9),
    }),
  },
);

/** What a call gave, as text: a result, or the code of an error. */
type Answer = string;

const NONE: DescriptorFlags = {
  read: true,
  write: false,
  fileIntegritySync: false,
  dataIntegritySync: false,
  requestedWriteSync: false,
  mutateDirectory: false,
};

function* ours(root: Descriptor, operation: Operation): Steps<Answer> {
  switch (operation.tag) {
    case "mkdir":
      yield* root.createDirectoryAt(operation.path);
      return "ok";
    case "rmdir":
      yield* root.removeDirectoryAt(operation.path);
      return "ok";
    case "unlink":
      yield* root.unlinkFileAt(operation.path);
      return "ok";
    case "readlink":
      return yield* root.readLinkAt(operation.path);
    case "symlink":
      yield* root.symlinkAt(operation.target, operation.path);
      return "ok";
    case "link":
      yield* root.linkAt(false, operation.path, root, operation.to);
      return "ok";
    case "rename":
      yield* root.renameAt(operation.path, root, operation.to);
      return "ok";
    case "stat": {
      const { type, size, linkCount } = yield* root.statAt(operation.follow, operation.path);
      return type === "directory" ? type : `${type} ${size} ${linkCount}`;
    }
    case "list": {
      const directory = yield* root.openAt(true, operation.path, { ...NO_OPEN, directory: true }, NONE);
      try {
        const entries = yield* directory.entries();
        return shown(entries.map((entry) => `${entry.name}:${entry.type}`));
      } finally {
        directory.drop();
      }
    }
    case "open":
      return yield* oursOpened(root, operation);
  }
}

const NO_OPEN: OpenFlags = { create: false, directory: false, exclusive: false, truncate: false };

function* oursOpened(root: Descriptor, operation: Operation & { readonly tag: "open" }): Steps<Answer> {
  const { text, at, size, write } = operation;
  const node = yield* root.openAt(operation.follow, operation.path, operation, { ...NONE, write });
  try {
    if ((yield* node.type()) === "directory") return "directory";
    if (write) {
      if (at === "end") {
        const sink = node.writeStream("end");
        sink.write(new TextEncoder().encode(text));
        while (!sink.flush())
          yield { ready: () => sink.flush(), watch: (w) => sink.watch(w), unwatch: (w) => sink.unwatch(w) };
        sink.close();
      } else {
        yield* node.write(new TextEncoder().encode(text), at);
      }
      if (size !== undefined) yield* node.setSize(size);
    }
    const [bytes] = yield* node.read(100, 0);
    return new TextDecoder().decode(bytes);
  } finally {
    node.drop();
  }
}

function theirs(root: string, operation: Operation): Answer {
  // As text: `join` would tidy it up.
  const at = `${root}/${operation.path}`;
  switch (operation.tag) {
    case "mkdir":
      fs.mkdirSync(at);
      return "ok";
    case "rmdir":
      fs.rmdirSync(at);
      return "ok";
    case "unlink":
      fs.unlinkSync(at);
      return "ok";
    case "readlink":
      return fs.readlinkSync(at);
    case "symlink":
      fs.symlinkSync(operation.target, at);
      return "ok";
    case "link":
      fs.linkSync(at, `${root}/${operation.to}`);
      return "ok";
    case "rename":
      fs.renameSync(at, `${root}/${operation.to}`);
      return "ok";
    case "stat": {
      const stat = operation.follow ? fs.statSync(at) : fs.lstatSync(at);
      return stat.isDirectory() ? "directory" : `${typeOf(stat)} ${stat.size} ${stat.nlink}`;
    }
    case "list":
      return shown(fs.readdirSync(at, { withFileTypes: true }).map((entry) => `${entry.name}:${typeOf(entry)}`));
    case "open":
      return theirsOpened(at, operation);
  }
}

function theirsOpened(path: string, operation: Operation & { readonly tag: "open" }): Answer {
  const { create, exclusive, directory, truncate, write, follow, text, at, size } = operation;
  // Wasmtime's own rule, before the kernel is asked.
  if (directory && (create || exclusive || truncate)) return "EINVAL";
  // As Wasmtime's: what creates or truncates is opened for writing, whatever the guest may do with it.
  const flags =
    (write || truncate || create ? constants.O_RDWR : constants.O_RDONLY) |
    (create ? constants.O_CREAT : 0) |
    (create && exclusive ? constants.O_EXCL : 0) |
    (truncate ? constants.O_TRUNC : 0) |
    (directory ? constants.O_DIRECTORY : 0) |
    (follow ? 0 : constants.O_NOFOLLOW);
  const fd = fs.openSync(path, flags);
  try {
    if (fs.fstatSync(fd).isDirectory()) return "directory";
    if (write) {
      const bytes = Buffer.from(text);
      if (bytes.length > 0) fs.writeSync(fd, bytes, 0, bytes.length, at === "end" ? fs.fstatSync(fd).size : at);
      if (size !== undefined) fs.ftruncateSync(fd, size);
    }
    const into = Buffer.alloc(100);
    return into.toString("utf8", 0, fs.readSync(fd, into, 0, 100, 0));
  } finally {
    fs.closeSync(fd);
  }
}

function typeOf(entry: fs.Stats | fs.Dirent): string {
  return entry.isDirectory() ? "directory" : entry.isSymbolicLink() ? "symbolic-link" : "regular-file";
}

const shown = (list: readonly string[]): string => list.toSorted().join();

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error) return String(error.code);
  throw error;
}

/** Everything below a directory of the host's, as `toTree` gives it. */
function treeOf(root: string): unknown[] {
  return [...listed(root, "")].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function* listed(root: string, below: string): Generator<[path: string, what: unknown]> {
  for (const entry of fs.readdirSync(join(root, below), { withFileTypes: true })) {
    const path = below + entry.name;
    if (entry.isDirectory()) {
      yield [path, { directory: true }];
      yield* listed(root, `${path}/`);
    } else if (entry.isSymbolicLink()) {
      yield [path, { link: fs.readlinkSync(join(root, path)) }];
    } else {
      yield [path, new Uint8Array(fs.readFileSync(join(root, path)))];
    }
  }
}

interface Made {
  readonly directory: OpenDirectory;
  readonly tree: () => unknown[];
  readonly end: () => void;
}

function inMemory(later: boolean): Made {
  const files = new MemoryFiles({ later });
  return {
    directory: files.root(),
    tree: () => [...files.toTree()],
    end: () => assert.equal(files.openCount, 0, "handles stay open"),
  };
}

function onDisk(blocking: boolean): Made {
  const root = fs.mkdtempSync(join(tmpdir(), "sluice-model-"));
  return {
    directory: nodeDirectory(root, { blocking }),
    tree: () => treeOf(root),
    end: () => fs.rmSync(root, { recursive: true }),
  };
}

async function play(make: () => Made, operations: readonly Operation[]): Promise<void> {
  const reference = fs.mkdtempSync(join(tmpdir(), "sluice-model-"));
  const made = make();
  const root = Descriptor.preopen(new Shared(made.directory), false);
  try {
    for (const [at, operation] of operations.entries()) {
      const answer = await complete(ours(root, operation)).catch(codeOf);
      let expected;
      try {
        expected = theirs(reference, operation);
      } catch (error) {
        expected = codeOf(error);
      }
      if (!isSame(operation, answer, expected)) {
        assert.fail(`${at} ${JSON.stringify(operation)} gave ${answer}, expected ${expected}`);
      }
    }
    assert.deepEqual(made.tree(), treeOf(reference));
  } finally {
    root.drop();
    made.end();
    fs.rmSync(reference, { recursive: true });
  }
}

/** Where we differ: in which of two things that are wrong is said. */
const DIFFERENCES: ReadonlySet<string> = new Set([
  // The kernel tells `.` from `..` when it refuses to remove either.
  "rmdir EINVAL ENOTEMPTY",
  // A second name for a directory, that is taken too.
  "link EPERM EEXIST",
]);

function isSame({ tag, path }: Operation, answer: Answer, expected: Answer): boolean {
  if (answer === expected) return true;
  return DIFFERENCES.has(`${tag} ${answer} ${expected}`) && (tag !== "rmdir" || path.endsWith(".."));
}

const cases = [
  ["MemoryFiles, at once", () => inMemory(false), 600],
  ["MemoryFiles, later", () => inMemory(true), 300],
  ["Node's files, blocking", () => onDisk(true), 200],
  ["Node's files, waiting", () => onDisk(false), 100],
] as const;

for (const [what, make, numRuns] of cases) {
  test(
    `${what}: the same answers as the kernel, and the same tree`,
    { skip: process.platform !== "linux" },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyOperation, { minLength: 1, maxLength: 40, size: "max" }), (operations) =>
          play(make, operations),
        ),
        { numRuns },
      );
    },
  );
}
