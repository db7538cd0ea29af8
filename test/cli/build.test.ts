/** `sluice build` where nothing can be built: it says so, and leaves what was there. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folder, guest, NOT_UNIX, sluice } from "./support.ts";

test("a build that fails leaves the one before as it was", async (t) => {
  const into = join(folder(t), "a", "b");
  assert.equal((await sluice(["build", guest("hello"), "-o", into])).code, 0);
  const contents = (): readonly (readonly [string, string])[] =>
    readdirSync(into).map((name) => [name, readFileSync(join(into, name), "base64")]);
  const before = contents();
  assert.ok(before.some(([name]) => name === "index.js"));
  // In the way of the last file.
  const obstacle = join(into, "worker.d.ts.new", "x");
  mkdirSync(obstacle, { recursive: true });
  const { code, stderr } = await sluice(["build", guest("wc"), "-o", into]);
  assert.deepEqual([code, stderr.includes("b: It cannot be written: EISDIR")], [1, true], stderr);
  const kept = readdirSync(into).filter((name) => name !== "worker.d.ts.new");
  assert.deepEqual(
    kept.map((name) => [name, readFileSync(join(into, name), "base64")]),
    before,
  );
});

test("a folder that nobody can make is told of", { skip: NOT_UNIX }, async () => {
  const { code, stderr } = await sluice(["build", guest("hello"), "-o", "/dev/null/a"]);
  assert.deepEqual(
    [code, stderr.split(",")[0]],
    [1, "sluice: /dev/null/a: It cannot be written: ENOTDIR: not a directory"],
  );
  const none = await sluice(["build", guest("hello"), "-o", ""]);
  assert.deepEqual([none.code, none.stderr], [1, "sluice: Expected a folder for what is built: try -o app\n"]);
});

test(
  "a folder that takes none, for which recursive mkdir of Node's has no end",
  { skip: process.platform !== "linux" },
  async () => {
    const { code, stderr } = await sluice(["build", guest("hello"), "-o", "/proc/none"]);
    assert.equal(code, 1);
    assert.match(stderr, /^sluice: \/proc\/none: It cannot be written: E/);
  },
);
