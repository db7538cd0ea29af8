/** What V8 has compiled of the command, which is kept beside it: ours, or not used. */
import assert from "node:assert/strict";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { test, type TestContext } from "node:test";
import { ended, folder, guest, ROOT, type Ended } from "./support.ts";

/** A copy of the command, with nothing kept. */
function copy(t: TestContext): string {
  const path = folder(t);
  mkdirSync(join(path, "dist", "cli"), { recursive: true });
  cpSync(join(ROOT, "bin"), join(path, "bin"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(path, "package.json"));
  cpSync(join(ROOT, "dist", "cli", "sluice.js"), join(path, "dist", "cli", "sluice.js"));
  return path;
}

function hello(path: string, ...args: readonly string[]): Promise<Ended> {
  const words = args.length > 0 ? args : [guest("hello")];
  return ended(spawn(process.execPath, [join(path, "bin", "sluice.js"), ...words]));
}

function kept(path: string): string[] {
  return readdirSync(join(path, "dist", "cli")).filter((name) => name.includes(".code"));
}

test("it is kept after a run, and runs are the same with it", async (t) => {
  const path = copy(t);
  assert.match((await hello(path, "--version")).stdout, /^sluice /);
  assert.deepEqual(kept(path), [], "of what has run no component");
  const first = await hello(path);
  assert.equal(kept(path).length, 1);
  assert.deepEqual(await hello(path), first);
  assert.deepEqual([first.code, first.stdout, first.stderr], [0, "hello\n", ""]);
});

test("what is damaged, or of another V8, is not used", async (t) => {
  const path = copy(t);
  await hello(path);
  const file = join(path, "dist", "cli", kept(path)[0] ?? "");
  for (const content of [Buffer.from("damaged"), Buffer.alloc(0), readFileSync(file).subarray(0, 5000)]) {
    writeFileSync(file, content);
    const { code, stdout, stderr } = await hello(path);
    assert.deepEqual([code, stdout, stderr], [0, "hello\n", ""]);
  }
});

test("what others could have written is not used, and a folder that cannot be written is no error", async (t) => {
  const path = copy(t);
  await hello(path);
  const file = join(path, "dist", "cli", kept(path)[0] ?? "");
  writeFileSync(file, "whatever somebody else has put here");
  chmodSync(file, 0o666);
  assert.equal((await hello(path)).stdout, "hello\n");
  const other = copy(t);
  chmodSync(join(other, "dist", "cli"), 0o555);
  const { code, stdout, stderr } = await hello(other);
  assert.deepEqual([code, stdout, stderr], [0, "hello\n", ""]);
  chmodSync(join(other, "dist", "cli"), 0o755);
  assert.ok(existsSync(join(other, "dist", "cli", "sluice.js")));
});
