/** The cache of prepared components: shared, damaged, forbidden, cleared. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { folder, guest, shell, sluice, NOT_UNIX } from "./support.ts";

const HELLO = { code: 0, signal: null, stdout: "hello\n", stderr: "" };
const PROCESSES = 10;

function entries(path: string): string[] {
  return readdirSync(path).filter((name) => /^component-[0-9a-f]{8}-\d+$/.test(name));
}

function unfinished(path: string): string[] {
  return readdirSync(path).filter((name) => /^component-[0-9a-f]{8}-\d+-/.test(name));
}

describe("cache", { concurrency: 2 }, () => {
  test("--cache DIR keeps the component there, for the user alone", async (t) => {
    const path = join(folder(t), "a", "b");
    for (const _ of [1, 2]) {
      // oxlint-disable-next-line no-await-in-loop -- the second run finds what the first one left
      assert.deepEqual(await sluice(["--cache", path, guest("hello")]), HELLO);
      assert.equal(entries(path).length, 1);
    }
    assert.deepEqual(unfinished(path), []);
    if (process.platform !== "win32") assert.equal(statSync(path).mode & 0o077, 0);
  });

  test("SLUICE_CACHE_DIR says where, and --cache says it louder", async (t) => {
    const env = { SLUICE_CACHE_DIR: join(folder(t), "env") };
    assert.equal((await sluice(["cache", "path"], { env })).stdout, `${env.SLUICE_CACHE_DIR}\n`);
    assert.equal((await sluice(["cache", "path", "--cache", "here"], { env })).stdout, "here\n");
    assert.equal((await sluice(["cache", "--cache", "here", "path"], { env })).stdout, "here\n");
  });

  test("--no-cache writes nothing", async (t) => {
    const path = folder(t);
    assert.deepEqual(await sluice(["--no-cache", guest("hello")], { env: { SLUICE_CACHE_DIR: path } }), HELLO);
    assert.deepEqual(readdirSync(path), []);
  });

  test("ten processes may start at once with an empty cache", async (t) => {
    const path = join(folder(t), "cache");
    const runs = Array.from({ length: PROCESSES }, () => sluice(["--cache", path, guest("hello")]));
    for (const run of await Promise.all(runs)) assert.deepEqual(run, HELLO);
    assert.equal(entries(path).length, 1);
    assert.deepEqual(unfinished(path), []);
  });

  test("each file of an entry may be damaged or missing: the component is prepared anew", async (t) => {
    const path = folder(t);
    await sluice(["--cache", path, guest("hello")]);
    const [entry = "none"] = entries(path);
    for (const name of readdirSync(join(path, entry))) {
      const file = join(path, entry, name);
      const before = statSync(file).size;
      writeFileSync(file, "damaged");
      // oxlint-disable-next-line no-await-in-loop -- one damage after the other
      assert.deepEqual(await sluice(["--cache", path, guest("hello")]), HELLO, name);
      assert.equal(statSync(file).size, before, name);
    }
  });

  test("a cache that cannot be a folder is done without", async (t) => {
    const path = join(folder(t), "file");
    writeFileSync(path, "");
    assert.deepEqual(await sluice(["--cache", path, guest("hello")]), HELLO);
  });

  const forbidden = NOT_UNIX || (process.getuid?.() === 0 && "root may write everywhere");
  test("a cache that cannot be written is done without", { skip: forbidden }, async (t) => {
    const path = folder(t);
    chmodSync(path, 0o500);
    assert.deepEqual(await sluice(["--cache", path, guest("hello")]), HELLO);
    chmodSync(path, 0o700);
  });

  test(
    "a file system that cannot be written is done without",
    { skip: !existsSync("/sys/kernel") && "no /sys" },
    async () => {
      assert.deepEqual(await sluice(["--cache", "/sys/sluice", guest("hello")]), HELLO);
    },
  );

  test("cache clear forgets what we put there, and nothing else", async (t) => {
    const path = folder(t);
    await Promise.all(["hello", "echo"].map((name) => sluice(["--cache", path, guest(name)])));
    writeFileSync(join(path, "notes.txt"), "mine");
    mkdirSync(join(path, "new-folder"));
    // As 0.1.0 named it.
    mkdirSync(join(path, "0".repeat(64)));
    const { code, stdout } = await sluice(["cache", "clear", "--cache", path]);
    assert.deepEqual([code, stdout], [0, `Forgot 3 prepared components in ${path}\n`]);
    assert.deepEqual(readdirSync(path).toSorted(), ["new-folder", "notes.txt"]);
  });

  test("cache clear of what is not there, or no folder", async (t) => {
    const path = folder(t);
    const none = await sluice(["cache", "clear", "--cache", join(path, "none")]);
    assert.deepEqual([none.code, none.stdout], [0, `Forgot 0 prepared components in ${join(path, "none")}\n`]);
    writeFileSync(join(path, "file"), "");
    const file = await sluice(["cache", "clear", "--cache", join(path, "file")]);
    assert.match(file.stderr, /^sluice: The cache cannot be cleared: ENOTDIR.*\n$/);
    assert.equal(file.code, 1);
  });

  test("without a home, the cache is where XDG_CACHE_HOME says", { skip: NOT_UNIX }, async (t) => {
    const env = { SLUICE_CACHE_DIR: "", XDG_CACHE_HOME: folder(t) };
    const { stdout } = await shell("sluice cache path", { env });
    if (process.platform === "linux") assert.equal(stdout, `${join(env.XDG_CACHE_HOME, "sluice")}\n`);
  });
});
