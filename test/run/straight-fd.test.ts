/** Descriptors and files of Node's: each system call reads straight into a guest's memory, or writes straight from it. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";

interface Call {
  readonly buffer: ArrayBufferLike;
  readonly at: number;
  readonly count: number;
}

const reads: Call[] = [];
const writes: Call[] = [];
/** The file that is read: Node reads modules too. */
let inode = 0;

// Before any module of ours takes them.
const { readSync, writeSync } = fs;
fs.readSync = ((fd: number, into: Uint8Array, ...rest: [number, number, number | null]) => {
  const count = readSync(fd, into, ...rest);
  if (fs.fstatSync(fd).ino === inode) reads.push({ buffer: into.buffer, at: into.byteOffset, count });
  return count;
}) as typeof fs.readSync;
fs.writeSync = ((fd: number, bytes: Uint8Array, ...rest: [number, number, number | null]) => {
  const count = writeSync(fd, bytes, ...rest);
  writes.push({ buffer: bytes.buffer, at: bytes.byteOffset, count });
  return count;
}) as typeof fs.writeSync;

const { FdSink, fdSource } = await import("../../src/hosts/node/fd.ts");
const { nodeDirectory } = await import("../../src/hosts/node/files.ts");
const { run } = await import("../../src/index.ts");
const { Descriptor } = await import("../../src/wasi/filesystem/descriptor.ts");
const { fifo, folder, freshPath } = await import("../hosts/fixtures.ts");
const { compiled } = await import("./support.ts");

/** Bytes that tell where they are from. */
const CONTENT: Uint8Array = new Uint8Array(150_000).map((_, at) => (at * 7) >> 3);

function assertStraight(): void {
  // The last read is of the end.
  assert.equal(reads.at(-1)?.count, 0);
  const [filled, taken] = [reads.splice(0).slice(0, -1), writes.splice(0)];
  const memories = new Set([...filled, ...taken].map(({ buffer }) => buffer));
  assert.equal(memories.size, 1, "there is one memory: the guest's");
  assert.deepEqual(
    taken.map(({ at, count }) => [at, count]),
    filled.map(({ at, count }) => [at, count]),
  );
}

test("a file that is the standard input of a guest of WASI 0.3, and one that is its output", async () => {
  const [from, to] = [freshPath(), freshPath()];
  fs.writeFileSync(from, CONTENT);
  const [input, output] = [fs.openSync(from, "r"), fs.openSync(to, "w")];
  inode = fs.fstatSync(input).ino;
  const guest = await compiled("p3-cat");
  // Of the content.
  writes.length = 0;
  await run(guest, { stdin: fdSource(input), stdout: new FdSink(output) });
  assertStraight();
  assert.deepEqual(new Uint8Array(fs.readFileSync(to)), CONTENT);
  fs.closeSync(input);
  fs.closeSync(output);
});

test("a pipe that holds all that a guest of WASI 0.3 reads", async () => {
  const { reader, writer, closeReader, closeWriter } = fifo();
  inode = fs.fstatSync(reader).ino;
  const to = freshPath();
  const output = fs.openSync(to, "w");
  const content = CONTENT.subarray(0, 50_000);
  writeSync(writer, content);
  closeWriter();
  const guest = await compiled("p3-cat");
  await run(guest, { stdin: fdSource(reader), stdout: new FdSink(output) });
  assertStraight();
  assert.deepEqual(new Uint8Array(fs.readFileSync(to)), content);
  closeReader();
  fs.closeSync(output);
});

test("a stream on a file of Node's reads straight where the thread may be blocked, and not elsewhere", async () => {
  const path = freshPath();
  fs.writeFileSync(path, CONTENT);
  inode = fs.statSync(path).ino;
  const name = path.slice(folder.length + 1);
  const options = { read: true, write: false, create: false, exclusive: false, truncate: false, sync: "none" } as const;
  const flags = { ...{ read: true, write: false, mutateDirectory: false }, ...NO_SYNC };
  for (const blocking of [true, false]) {
    const directory = nodeDirectory(folder, { blocking });
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const file = await directory.openAt(name, options);
    directory.close();
    assert.ok(file.kind === "file");
    const descriptor = new Descriptor(file, flags, true);
    const source = descriptor.readStream(1000);
    descriptor.drop();
    const into = new Uint8Array(100);
    const count = source.readInto?.(into, false);
    assert.deepEqual(reads.splice(0), blocking ? [{ buffer: into.buffer, at: 0, count: 100 }] : []);
    assert.equal(count, blocking ? 100 : 0);
    // What is read later is read into memory of the host's.
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (!blocking) await new Promise<void>((wake) => source.watch({ wake }));
    if (!blocking) assert.equal(source.readInto?.(into, false), 100);
    assert.deepEqual(into, CONTENT.slice(1000, 1100));
    source.close();
  }
});

const NO_SYNC = { fileIntegritySync: false, dataIntegritySync: false, requestedWriteSync: false };
