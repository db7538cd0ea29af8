/** The functions of preview 1, each by itself: what a libc does not show. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import type { P1Functions } from "../../src/bind/p1/define.ts";
import { errnoOf } from "../../src/bind/p1/errno.ts";
import { lowerP1 } from "../../src/bind/p1/lower.ts";
import { PREVIEW1_NAMES, preview1 } from "../../src/bind/p1/preview1.ts";
import { tracingOf } from "../../src/bind/tracing.ts";
import { Task } from "../../src/wait/task.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { CollectSink, ExitError, MemoryFiles, Trap, type MemoryTree, type Options } from "../../src/index.ts";
import { complete } from "../../src/io/steps.ts";
import { makeWorld } from "../../src/run/world.ts";
import { FakeClock } from "../../src/testing/index.ts";
import { heldSource, until } from "../run/support.ts";

const ERRNO = { again: 6, badf: 8, exist: 20, inval: 28, isdir: 31, mfile: 33, nametoolong: 37, noent: 44, notdir: 54 };
const MORE = { notsock: 57, notsup: 58, notcapable: 76, perm: 63, spipe: 70 };
const RIGHTS = { read: 2n, write: 64n };
const OFLAGS = { creat: 1, directory: 2, excl: 4, trunc: 8 };

/** A guest without a module: memory, and the functions. */
class BareP1 {
  readonly memory = new WebAssembly.Memory({ initial: 1 });
  readonly functions: P1Functions;
  readonly files: MemoryFiles;
  #end: (() => void) | undefined;

  constructor(tree: MemoryTree = {}, options: Options = {}) {
    this.files = MemoryFiles.from(tree);
    const preopens = { "/": this.files.root(), ...options.preopens };
    const { monotonicClock, wallClock } = options;
    const exit = (code: number): never => {
      throw new ExitError(code);
    };
    const world = makeWorld(nodePlatform, { ...options, preopens }, exit, { monotonicClock, wallClock });
    const host = {
      task: new Task(nodePlatform.loop),
      tracing: undefined,
      canWait: () => true,
      onEnd: (end: () => void) => void (this.#end = end),
    };
    this.functions = preview1(world, host, () => this.memory.buffer);
  }

  get view(): DataView {
    return new DataView(this.memory.buffer);
  }

  /** Runs a function to its end, and gives the errno. */
  async call(name: string, ...values: (number | bigint)[]): Promise<number> {
    try {
      const steps = this.functions[name]?.run(values);
      if (steps) await complete(steps);
      return 0;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      return errno;
    }
  }

  /** Puts a text into memory; gives what a function takes for it. */
  text(text: string, at = 1000): [at: number, length: number] {
    const bytes = new TextEncoder().encode(text);
    new Uint8Array(this.memory.buffer).set(bytes, at);
    return [at, bytes.length];
  }

  bytes(at: number, length: number): string {
    return Buffer.from(this.memory.buffer, at, length).toString();
  }

  /** Describes pieces of memory at 64; gives what a function takes for them. */
  vectors(...pieces: [at: number, length: number][]): [at: number, count: number] {
    for (const [index, [at, length]] of pieces.entries()) {
      this.view.setUint32(64 + index * 8, at, true);
      this.view.setUint32(68 + index * 8, length, true);
    }
    return [64, pieces.length];
  }

  /** Opens a path from the preopened directory on; gives the number. */
  async open(path: string, oflags = 0, rights: bigint = RIGHTS.read, fdflags = 0): Promise<number> {
    assert.equal(await this.call("path_open", 3, 0, ...this.text(path), oflags, rights, 0n, fdflags, 0), 0, path);
    return this.view.getUint32(0, true);
  }

  end(): void {
    this.#end?.();
  }
}

test("there are the 46 functions, and no others", () => {
  assert.deepEqual(Object.keys(new BareP1().functions).toSorted(), [...PREVIEW1_NAMES].toSorted());
  assert.equal(PREVIEW1_NAMES.size, 46);
});

test("errors of any kind have the number that preview 1 gives them", () => {
  const coded = (code: string): Error => Object.assign(new Error(code), { code });
  assert.equal(errnoOf(coded("E2BIG")), 1);
  assert.equal(errnoOf(coded("EXDEV")), 75);
  assert.equal(errnoOf(coded("ENOTCAPABLE")), MORE.notcapable);
  assert.equal(errnoOf(coded("EWOULDBLOCK")), ERRNO.again);
  assert.equal(errnoOf(Object.assign(coded("EWHATEVER"), { errno: -1, syscall: "read" })), 29);
  assert.equal(errnoOf(coded("ERR_SOMETHING")), undefined);
  assert.equal(errnoOf(new TypeError("a fault")), undefined);
});

test("arguments and environment lie where the guest wants them", async () => {
  const guest = new BareP1({}, { args: ["prog", "zwölf", ""], env: { A: "1" } });
  assert.equal(await guest.call("args_sizes_get", 0, 4), 0);
  assert.deepEqual([guest.view.getUint32(0, true), guest.view.getUint32(4, true)], [3, 5 + 7 + 1]);
  assert.equal(await guest.call("args_get", 16, 100), 0);
  assert.equal(guest.bytes(100, 13), "prog\0zwölf\0\0");
  assert.deepEqual(
    [16, 20, 24].map((at) => guest.view.getUint32(at, true)),
    [100, 105, 112],
  );
  assert.equal(await guest.call("environ_get", 16, 100), 0);
  assert.equal(guest.bytes(100, 4), "A=1\0");
});

test("a number that was closed is given out again, the highest first; EBADF meanwhile; a renumbered one moves", async () => {
  const guest = new BareP1({ a: "first", b: "second" });
  assert.deepEqual([await guest.open("a"), await guest.open("b")], [4, 5]);
  assert.equal(await guest.call("fd_close", 4), 0);
  assert.equal(await guest.call("fd_close", 4), ERRNO.badf);
  assert.equal(await guest.open("a"), 4);
  assert.equal(await guest.call("fd_renumber", 5, 4), 0);
  assert.equal(await guest.call("fd_tell", 5, 0), ERRNO.badf);
  assert.equal(await guest.call("fd_renumber", 4, 77), ERRNO.badf);
  assert.equal(await guest.call("fd_renumber", 4, 5), ERRNO.badf, "it was closed, as it moved");
  assert.equal(await guest.call("fd_renumber", 4, 4), 0);
  assert.equal(await guest.call("fd_read", 4, ...guest.vectors([200, 10]), 0), 0);
  assert.equal(guest.bytes(200, 6), "second");
  guest.end();
  assert.equal(guest.files.openCount, 0);
});

test("what a guest puts in the place of its output, and back, is where it says: nothing else comes to lie there", async () => {
  const sink = new CollectSink();
  const guest = new BareP1({}, { stdout: sink });
  // As a shell does it: 1 is put aside, a file in its place, and then the other way round.
  const [aside, log] = [await guest.open("aside", OFLAGS.creat), await guest.open("log", OFLAGS.creat)];
  assert.equal(await guest.call("fd_close", await guest.open("other", OFLAGS.creat)), 0);
  assert.equal(await guest.call("fd_renumber", 1, aside), 0);
  const next = await guest.open("next", OFLAGS.creat);
  assert.notEqual(next, 1, "a libc still takes 1 for the output");
  assert.equal(await guest.call("fd_renumber", log, 1), 0);
  assert.equal(await guest.call("fd_renumber", aside, 1), 0);
  assert.equal(await guest.call("fd_write", 1, ...guest.vectors([200, 5]), 0), 0);
  assert.equal(sink.bytes().length, 5);
});

test("more open files than the limit are EMFILE, and none of them is made", async () => {
  const guest = new BareP1({}, { limits: { openFiles: 3 } });
  await guest.open("a", OFLAGS.creat);
  await guest.open("b", OFLAGS.creat);
  assert.equal(await guest.call("path_open", 3, 0, ...guest.text("c"), OFLAGS.creat, 0n, 0n, 0, 0), ERRNO.mfile);
  assert.deepEqual([...guest.files.toTree().keys()], ["a", "b"]);
});

test("a file is read and written in pieces, at its position and elsewhere", async () => {
  const guest = new BareP1();
  const fd = await guest.open("file", OFLAGS.creat, RIGHTS.read | RIGHTS.write);
  guest.text("hello world", 300);
  assert.equal(await guest.call("fd_write", fd, ...guest.vectors([300, 6], [0, 0], [306, 5]), 0), 0);
  assert.equal(guest.view.getUint32(0, true), 11);
  assert.equal(await guest.call("fd_pwrite", fd, ...guest.vectors([300, 1]), 6, 0), 0);
  assert.equal(await guest.call("fd_tell", fd, 8), 0);
  assert.equal(guest.view.getBigUint64(8, true), 11n);
  assert.equal(await guest.call("fd_seek", fd, -5n, 2, 8), 0);
  assert.equal(guest.view.getBigUint64(8, true), 6n);
  assert.equal(await guest.call("fd_read", fd, ...guest.vectors([400, 2], [500, 100]), 0), 0);
  assert.deepEqual([guest.bytes(400, 2), guest.bytes(500, 3), guest.view.getUint32(0, true)], ["ho", "rld", 5]);
  assert.equal(await guest.call("fd_pread", fd, ...guest.vectors([400, 5]), 0, 0), 0);
  assert.equal(guest.bytes(400, 5), "hello");
  for (const [delta, whence] of [
    [-1n, 0],
    [-12n, 1],
    [2n ** 63n - 1n, 1],
    [0n, 3],
  ] as const) {
    assert.equal(await guest.call("fd_seek", fd, delta, whence, 8), ERRNO.inval);
  }
});

test("append, and the other flags, can be changed; how a file is synchronised cannot", async () => {
  const guest = new BareP1({ file: "0123" });
  const fd = await guest.open("file", 0, RIGHTS.read | RIGHTS.write, 1);
  guest.text("ab", 300);
  assert.equal(await guest.call("fd_write", fd, ...guest.vectors([300, 1]), 0), 0);
  assert.equal(await guest.call("fd_tell", fd, 8), 0);
  assert.equal(guest.view.getBigUint64(8, true), 5n);
  assert.equal(await guest.call("fd_fdstat_set_flags", fd, 0), 0);
  assert.equal(await guest.call("fd_seek", fd, 0n, 0, 8), 0);
  assert.equal(await guest.call("fd_write", fd, ...guest.vectors([301, 1]), 0), 0);
  assert.deepEqual(Buffer.from(guest.files.toTree().get("file") as Uint8Array).toString(), "b123a");
  assert.equal(await guest.call("fd_fdstat_set_flags", fd, 4), 0);
  assert.equal(await guest.call("fd_fdstat_get", fd, 16), 0);
  assert.deepEqual([guest.view.getUint8(16), guest.view.getUint16(18, true)], [4, 4]);
  assert.equal(await guest.call("fd_fdstat_set_flags", fd, 16), ERRNO.inval);
  assert.equal(await guest.call("fd_fdstat_set_flags", fd, 32), ERRNO.inval);
  assert.equal(await guest.call("fd_fdstat_set_flags", 3, 0), ERRNO.badf);
});

test("what a number is not, it is told", async () => {
  const guest = new BareP1({ file: "x" });
  const file = await guest.open("file");
  const vectors = guest.vectors([200, 1]);
  assert.equal(await guest.call("fd_write", file, ...vectors, 0), ERRNO.badf);
  assert.equal(await guest.call("fd_read", 3, ...vectors, 0), ERRNO.badf);
  assert.equal(await guest.call("fd_read", 1, ...vectors, 0), ERRNO.badf);
  assert.equal(await guest.call("fd_pread", 0, ...vectors, 0, 0), MORE.spipe);
  assert.equal(await guest.call("fd_seek", 1, 0n, 1, 0), MORE.spipe);
  assert.equal(await guest.call("fd_readdir", file, 0, 100, 0, 200), ERRNO.notdir);
  assert.equal(await guest.call("path_unlink_file", file, ...guest.text("x")), ERRNO.notdir);
  assert.equal(await guest.call("path_unlink_file", 0, ...guest.text("x")), ERRNO.badf);
  assert.equal(await guest.call("fd_sync", 1), ERRNO.badf);
  assert.equal(await guest.call("fd_fdstat_set_rights", file, 0n, 0n), MORE.notsup);
  assert.equal(await guest.call("sock_recv", file, 0, 0, 0, 0, 0), MORE.notsock);
  assert.equal(await guest.call("sock_recv", 99, 0, 0, 0, 0, 0), ERRNO.badf);
  assert.equal(await guest.call("clock_time_get", 2, 0n, 0), ERRNO.inval);
  assert.equal(await guest.call("proc_raise", 9), MORE.notsup);
});

test("preopened directories have their names, and no others", async () => {
  const guest = new BareP1({ folder: { directory: true } }, { preopens: { "/data": MemoryFiles.from({}).root() } });
  assert.equal(await guest.call("fd_prestat_get", 4, 0), 0);
  assert.deepEqual([guest.view.getUint32(0, true), guest.view.getUint32(4, true)], [0, 5]);
  assert.equal(await guest.call("fd_prestat_dir_name", 4, 100, 4), ERRNO.nametoolong);
  assert.equal(await guest.call("fd_prestat_dir_name", 4, 100, 5), 0);
  assert.equal(guest.bytes(100, 5), "/data");
  const folder = await guest.open("folder", OFLAGS.directory);
  assert.equal(await guest.call("fd_prestat_get", folder, 0), ERRNO.badf);
  assert.equal(await guest.call("fd_prestat_dir_name", folder, 100, 5), ERRNO.notdir);
});

interface Dirent {
  readonly name: string;
  readonly next: bigint;
  readonly inode: bigint;
  readonly type: number;
}

/** One call of fd_readdir: the entries that are whole, and whether the buffer was filled. */
async function readdir(guest: BareP1, fd: number, size: number, cookie: bigint): Promise<[Dirent[], boolean]> {
  assert.equal(await guest.call("fd_readdir", fd, 2000, size, Number(cookie), 0), 0);
  const used = guest.view.getUint32(0, true);
  const entries: Dirent[] = [];
  for (let at = 2000; at + 24 <= 2000 + used;) {
    const length = guest.view.getUint32(at + 16, true);
    if (at + 24 + length > 2000 + used) break;
    const [next, inode] = [guest.view.getBigUint64(at, true), guest.view.getBigUint64(at + 8, true)];
    entries.push({ name: guest.bytes(at + 24, length), next, inode, type: guest.view.getUint8(at + 20) });
    at += 24 + length;
  }
  return [entries, used === size];
}

test("a directory is read in any size of buffer, each entry once, though its files are removed meanwhile", async () => {
  const names = Array.from({ length: 40 }, (_, index) => `file number ${index}`);
  for (const size of [40, 50, 111, 5000]) {
    const guest = new BareP1(Object.fromEntries(names.map((name) => [name, name])));
    const found: string[] = [];
    for (let cookie = 0n, more = true; more;) {
      const [entries, full] = await readdir(guest, 3, size, cookie);
      for (const { name, type } of entries) {
        found.push(name);
        assert.equal(type, name.startsWith(".") ? 3 : 4);
        if (!name.startsWith(".")) assert.equal(await guest.call("path_unlink_file", 3, ...guest.text(name)), 0);
      }
      cookie = entries.at(-1)?.next ?? cookie;
      more = full;
    }
    assert.deepEqual(found.toSorted(), [".", "..", ...names].toSorted());
    assert.equal(guest.files.toTree().size, 0);
  }
});

test("the inode of an entry is that of the file, and says nothing of the host's", async () => {
  const guest = new BareP1({ file: "x" });
  const [entries] = await readdir(guest, 3, 5000, 0n);
  assert.equal(await guest.call("path_filestat_get", 3, 0, ...guest.text("file"), 128), 0);
  const inode = guest.view.getBigUint64(136, true);
  assert.equal(entries.find(({ name }) => name === "file")?.inode, inode);
  assert.ok(inode > 1000n);
  // Beyond the end there is nothing, whatever the cookie.
  assert.deepEqual(await readdir(guest, 3, 5000, 1000n), [[], false]);
});

test("paths keep to the directory, and flags to those there are", async () => {
  const guest = new BareP1({ file: "x", link: { link: "../outside" } });
  const open = (path: string, oflags = 0, lookup = 0, rights = 0n, fdflags = 0): Promise<number> =>
    guest.call("path_open", 3, lookup, ...guest.text(path), oflags, rights, 0n, fdflags, 0);
  assert.equal(await open("../outside"), MORE.perm);
  assert.equal(await open("/etc/passwd"), MORE.perm);
  assert.equal(await open("link", 0, 1), MORE.perm);
  assert.equal(await open("none"), ERRNO.noent);
  assert.equal(await open("file", OFLAGS.creat | OFLAGS.excl), ERRNO.exist);
  assert.equal(await open("file/"), ERRNO.notdir);
  assert.equal(await open("a\0b"), ERRNO.inval);
  assert.equal(await open("x".repeat(5000)), ERRNO.nametoolong);
  for (const [oflags, lookup, fdflags] of [
    [16, 0, 0],
    [0, 2, 0],
    [0, 0, 32],
  ] as const) {
    assert.equal(await open("file", oflags, lookup, 0n, fdflags), ERRNO.inval);
  }
  assert.equal(await guest.call("path_open", 3, 0, 1000, 40_000, 0, 0n, 0n, 0, 0), ERRNO.nametoolong);
  guest.view.setUint8(1000, 0xff);
  assert.equal(await guest.call("path_open", 3, 0, 1000, 1, 0, 0n, 0n, 0, 0), 25, "EILSEQ");
});

test("times are set, kept or contradict each other", async () => {
  const guest = new BareP1({ file: "x" });
  const times = (flags: number): Promise<number> =>
    guest.call("path_filestat_set_times", 3, 0, ...guest.text("file"), 5n, 123_456_789n, flags);
  assert.equal(await times(5), 0);
  assert.equal(await guest.call("path_filestat_get", 3, 0, ...guest.text("file"), 128), 0);
  assert.deepEqual([guest.view.getBigUint64(168, true), guest.view.getBigUint64(176, true)], [5n, 123_456_789n]);
  for (const flags of [3, 12, 16, 0xffff_ffff]) assert.equal(await times(flags), ERRNO.inval);
});

test("a file that is allocated is as long as that, and never shorter than it was", async () => {
  const guest = new BareP1({ file: "0123456789" });
  const fd = await guest.open("file", 0, RIGHTS.write);
  assert.equal(await guest.call("fd_allocate", fd, 2, 3), 0);
  assert.equal(await guest.call("fd_allocate", fd, 8, 8), 0);
  assert.equal((guest.files.toTree().get("file") as Uint8Array).length, 16);
  assert.equal(await guest.call("fd_allocate", fd, 0, 0), ERRNO.inval);
});

test("a stream that does not block says EAGAIN, and takes what it can", async () => {
  const [stdin, stdout] = [heldSource(), new CollectSink()];
  const guest = new BareP1({}, { stdin: stdin.source, stdout, limits: { bufferBytes: 100 } });
  assert.equal(await guest.call("fd_fdstat_set_flags", 0, 4), 0);
  assert.equal(await guest.call("fd_read", 0, ...guest.vectors([200, 10]), 0), ERRNO.again);
  stdin.give("abc");
  let errno = ERRNO.again;
  for (; errno === ERRNO.again; await new Promise(setImmediate)) {
    errno = await guest.call("fd_read", 0, ...guest.vectors([200, 2], [300, 10]), 0);
  }
  assert.deepEqual([errno, guest.bytes(200, 2), guest.bytes(300, 1)], [0, "ab", "c"]);
  assert.equal(await guest.call("fd_fdstat_set_flags", 1, 4), 0);
  assert.equal(await guest.call("fd_write", 1, ...guest.vectors([1000, 5000]), 0), 0);
  assert.equal(guest.view.getUint32(0, true), 100);
});

test("a long list of pieces is taken in part", async () => {
  const stdout = new CollectSink();
  const guest = new BareP1({}, { stdout });
  for (let index = 0; index < 5000; index++) {
    guest.view.setUint32(8192 + index * 8, 0, true);
    guest.view.setUint32(8196 + index * 8, 1, true);
  }
  assert.equal(await guest.call("fd_write", 1, 8192, 5000, 4), 0);
  assert.deepEqual([guest.view.getUint32(4, true), stdout.text().length], [1024, 1024]);
  assert.equal(await guest.call("poll_oneoff", 0, 0, 5000, 4), ERRNO.inval);
});

test("a function that would have to wait while its guest is instantiated traps, and holds on to nothing", () => {
  const clock = new FakeClock();
  const exit = (): never => {
    throw new ExitError(0);
  };
  const world = makeWorld(nodePlatform, {}, exit, { monotonicClock: clock });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const host = { task: new Task(nodePlatform.loop), tracing: undefined, canWait: () => false, onEnd: () => {} };
  const definition = preview1(world, host, () => memory.buffer)["poll_oneoff"];
  assert.ok(definition);
  new DataView(memory.buffer).setUint32(16, 1, true);
  new DataView(memory.buffer).setBigUint64(24, 1000n, true);
  const call = lowerP1("poll_oneoff", definition, host).attempt as unknown as (...args: number[]) => number;
  assert.throws(
    () => call(0, 100, 1, 200),
    (error) => error instanceof Trap && error.rule === "4.3",
  );
  assert.equal(clock.pending, 0);
});

test("each call is told to a trace", async () => {
  const lines: string[] = [];
  const world = makeWorld(nodePlatform, {}, () => {
    throw new ExitError(0);
  });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const trace = (name: string, values: readonly unknown[], outcome: string): void =>
    void lines.push(`${name}(${values.join()}) ${outcome}`);
  const host = { task: new Task(nodePlatform.loop), tracing: tracingOf(trace), canWait: () => false, onEnd: () => {} };
  const functions = preview1(world, host, () => memory.buffer);
  for (const name of ["fd_close", "fd_close"]) {
    const definition = functions[name];
    assert.ok(definition);
    (lowerP1(name, definition, host).attempt as unknown as (fd: number) => number)(2);
  }
  assert.deepEqual(lines, ["fd_close(2) = success", "fd_close(2) ! EBADF"]);
  await until(() => true);
});

/** What a hostile guest passes: small numbers that mean something, pointers at the edges, and anything. */
const u32 = fc.oneof(
  fc.integer({ min: 0, max: 8 }),
  fc.constantFrom(64, 1000, 1024, 65_535, 65_536, 65_528, 2 ** 31, 2 ** 32 - 8, 2 ** 32 - 1),
  fc.nat({ max: 70_000 }),
);
const u64 = fc.oneof(fc.bigInt({ min: 0n, max: 100n }), fc.constantFrom(2n ** 53n, 2n ** 63n, 2n ** 64n - 1n));
const VALUES = {
  u32,
  u64,
  s64: u64.map((value) => BigInt.asIntN(64, value)),
  length: u64.map(Number),
};

test("whatever a guest passes, it gets an errno, a trap or its exit", async () => {
  // Those that wait for what does not come, or for all that they are asked for, are not called.
  const names = [...PREVIEW1_NAMES].filter((name) => name !== "poll_oneoff").toSorted();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...names), fc.infiniteStream(fc.record(VALUES))), { maxLength: 30 }),
      fc.uint8Array({ minLength: 2048, maxLength: 2048 }),
      async (calls, noise) => {
        const guest = new BareP1(
          { file: "some text", "folder/inner": "inner", link: { link: "file" } },
          { stdout: new CollectSink(), stderr: new CollectSink(), args: ["a"], limits: { randomBytes: 65_536 } },
        );
        for (const [name, values] of calls) {
          new Uint8Array(guest.memory.buffer).set(noise);
          guest.text("file");
          const params = guest.functions[name]?.params ?? [];
          const args = params.map((param) => {
            const next = values.next();
            return next.done === true ? 0 : next.value[param];
          });
          try {
            const errno = await guest.call(name, ...args);
            assert.ok(errno >= 0 && errno <= MORE.notcapable, `${name} ${errno}`);
          } catch (error) {
            if (!(error instanceof Trap || error instanceof ExitError)) throw error;
          }
        }
        guest.end();
        assert.equal(guest.files.openCount, 0);
      },
    ),
    { numRuns: 300 },
  );
});

test("whatever a guest waits for, it is told of, and no timer stays when the wait is given up", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(u64, fc.nat({ max: 4 }), u32, u64, fc.nat({ max: 2 })), { minLength: 1, maxLength: 8 }),
      (subscriptions) => {
        const clock = new FakeClock(1000n);
        const guest = new BareP1({}, { monotonicClock: clock });
        for (const [index, [userdata, type, what, timeout, flags]] of subscriptions.entries()) {
          const at = 1024 + index * 48;
          guest.view.setBigUint64(at, userdata, true);
          guest.view.setUint8(at + 8, type);
          guest.view.setUint32(at + 16, what, true);
          guest.view.setBigUint64(at + 24, timeout, true);
          guest.view.setUint16(at + 40, flags, true);
        }
        const steps = guest.functions["poll_oneoff"]?.run([1024, 4096, subscriptions.length, 8192]);
        assert.ok(steps);
        try {
          if (steps.next().done === true) assert.ok(guest.view.getUint32(8192, true) > 0);
          else steps.return();
        } catch (error) {
          assert.equal(errnoOf(error), ERRNO.inval);
        }
        assert.equal(clock.pending, 0);
        guest.end();
      },
    ),
  );
});
