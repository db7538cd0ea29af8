/** File systems that fail under a guest: it is told with the right code, and nothing stays open. */
import assert from "node:assert/strict";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  FileError,
  MemoryFiles,
  nodeDirectory,
  run,
  Trap,
  type OpenDirectory,
  type OpenFile,
  type Options,
} from "../../../src/index.ts";
import { complete } from "../../../src/io/steps.ts";
import { Descriptor } from "../../../src/wasi/filesystem/descriptor.ts";
import { Shared } from "../../../src/wasi/filesystem/shared.ts";
import { collector, guest, until } from "../../run/support.ts";

async function play(name: string, options: Options): Promise<{ exitCode: number; text: string; error: string }> {
  const [stdout, stderr] = [collector(), collector()];
  const { exitCode } = await run(await guest(name), { ...options, stdout: stdout.sink, stderr: stderr.sink });
  return { exitCode, text: stdout.text(), error: stderr.text() };
}

function temporary(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "sluice-faults-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** An open directory whose files are seen through `view`. */
function viewed(directory: OpenDirectory, view: (file: OpenFile) => Partial<OpenFile>): OpenDirectory {
  const openAt: OpenDirectory["openAt"] = async (name, options) => {
    const node = await directory.openAt(name, options);
    return node.kind === "file" ? over(node, view(node)) : viewed(node, view);
  };
  return over(directory, { openAt });
}

/** `base` with some of its methods replaced; the others still run on `base` itself. */
function over<T extends object>(base: T, replaced: Partial<T>): T {
  return new Proxy(base, {
    get(target, key) {
      const found: unknown = Reflect.get(key in replaced ? replaced : target, key);
      // A method of a class with private fields knows only its own object.
      return typeof found === "function" ? found.bind(key in replaced ? replaced : target) : found;
    },
  });
}

for (const later of [false, true]) {
  test(`8.4 5.3 a disk that fills up in the middle of a write is insufficient-space (${later ? "waiting" : "blocking"})`, async () => {
    const files = new MemoryFiles({ capacityBytes: 100_000, later });
    const { exitCode, text, error } = await play("fs-fill", { preopens: { "/": files.root() } });
    assert.equal(exitCode, 0, error);
    assert.match(text, /bytes: insufficient-space/);
    assert.equal(files.openCount, 0);
  });
}

test("8.3 a disk that fails while it is read is an error of the guest's, after what came before", async () => {
  const files = MemoryFiles.from({ big: new Uint8Array(200_000) });
  const failing = viewed(files.root(), (file) => ({
    read(into: Uint8Array, at: number) {
      if (at >= 65_536) throw new FileError("EIO", "the disk is broken");
      return file.read(into, at);
    },
  }));
  const { exitCode, text, error } = await play("cat-files", {
    args: ["cat-files", "/big"],
    preopens: { "/": failing },
  });
  assert.equal(exitCode, 1);
  // The C library reads on from inside the last page.
  assert.ok(text.length >= 65_536 && text.length < 2 * 65_536, String(text.length));
  assert.match(error, /big: I\/O error/);
});

test("8.3 a file that is cut off while it is read just ends", async () => {
  const { path, remove } = temporary();
  writeFileSync(join(path, "file"), Buffer.alloc(300_000));
  const root = Descriptor.preopen(new Shared(nodeDirectory(path, { blocking: true })), true);
  const flags = { ...root.flags, mutateDirectory: false };
  const none = { create: false, directory: false, exclusive: false, truncate: false };
  const file = await complete(root.openAt(true, "file", none, flags));
  const source = file.readStream(0);
  assert.equal(source.read(65_536)?.length, 65_536);
  truncateSync(join(path, "file"), 70_000);
  assert.equal(source.read(65_536)?.length, 70_000 - 65_536);
  assert.equal(source.read(65_536), null);
  source.close();
  file.drop();
  root.drop();
  remove();
});

test(
  "a directory that was removed before it is opened once more, by its descriptor, is empty",
  { skip: !existsSync("/proc/self/fd") },
  async () => {
    const { path, remove } = temporary();
    const fd = openSync(path, "r");
    remove();
    const directory = nodeDirectory(`/proc/self/fd/${fd}`, { blocking: true });
    closeSync(fd);
    assert.deepEqual(await directory.entries(), []);
    directory.close();
  },
);

test("a directory that is removed while it is listed gives an empty listing or an error, and no more", async () => {
  const { path, remove } = temporary();
  mkdirSync(join(path, "folder"));
  const root = Descriptor.preopen(new Shared(nodeDirectory(path, { blocking: true })), false);
  const none = { create: false, directory: true, exclusive: false, truncate: false };
  const folder = await complete(root.openAt(true, "folder", none, { ...root.flags, mutateDirectory: false }));
  rmSync(join(path, "folder"), { recursive: true });
  const listed = await complete(folder.entries()).catch((error: unknown) => (error as { code: string }).code);
  assert.ok(listed === "ENOENT" || (Array.isArray(listed) && listed.length === 0), JSON.stringify(listed));
  folder.drop();
  root.drop();
  remove();
});

test("1.2 a guest that has no place for what it opens leaves nothing open", async () => {
  let refused = 0;
  // From where nothing has a place, to where all has.
  for (let resources = 1; resources < 10; resources++) {
    const files = MemoryFiles.from({ a: "one", b: "two" });
    const options = { args: ["cat-files", "/a", "/b"], preopens: { "/": files.root() }, limits: { resources } };
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await play("cat-files", options).catch((error: unknown) => {
      assert.match(String(error), /limits\.resources/);
      refused++;
    });
    assert.equal(files.openCount, 0, `${resources} resources`);
  }
  assert.ok(refused > 3, String(refused));
});

test("1.2 a guest that opens without end traps at its limit, and everything is closed", async () => {
  const { path, remove } = temporary();
  const before = readdirSync("/proc/self/fd").length;
  await assert.rejects(
    play("fs-leak", { args: ["fs-leak"], preopens: { "/": path }, limits: { openFiles: 50 } }),
    (error) => error instanceof Trap && /limits\.openFiles/.test(error.message),
  );
  assert.equal(readdirSync("/proc/self/fd").length, before);
  remove();
});

test("an abort while a call on a file is under way closes what that call opened", { timeout: 300_000 }, async () => {
  const { path, remove } = temporary();
  writeFileSync(join(path, "file"), "x");
  const before = readdirSync("/proc/self/fd").length;
  for (let calls = 1; calls < 40; calls++) {
    const controller = new AbortController();
    let seen = 0;
    const running = play("cat-files", {
      args: ["cat-files", "/file"],
      preopens: { "/": path },
      signal: controller.signal,
      trace: () => {
        if (++seen === calls) setImmediate(() => controller.abort(new Error("enough")));
      },
    });
    await running.catch(() => {});
  }
  await until(() => readdirSync("/proc/self/fd").length === before);
  remove();
});

test("a directory that is not there is refused before anything runs", async () => {
  const component = await guest("hello");
  const before = readdirSync("/proc/self/fd").length;
  const preopens = { "/": tmpdir(), "/gone": "/there/is/no/such/folder" };
  await assert.rejects(run(component, { preopens }), /preopens\["\/gone"\]: ENOENT/);
  assert.equal(readdirSync("/proc/self/fd").length, before);
});
