/** `npm start`. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ended, guest, ROOT, type Ended } from "./support.ts";

async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [join(ROOT, "scripts", "start.js"), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
  });
  child.stdin.end();
  return ended(child);
}

describe("npm start", { concurrency: 4 }, () => {
  test("shows a component at work on a real file, then what its streams carried", async () => {
    const { code, stdout, stderr } = await start([]);
    const bytes = readFileSync(join(ROOT, "LICENSE")).length;
    assert.match(
      stdout,
      new RegExp(`: sluice run .*\\n\\d+ \\d+ ${bytes}\\n\\n.*\\n +bytes +calls +waits\\nstdin +${bytes} `),
    );
    assert.deepEqual([code, stderr], [0, ""]);
  });

  test("passes arguments to the command, and its exit code back", async () => {
    assert.match((await start(["--help"])).stdout, /^Runs WebAssembly components[^]*Usage: sluice/);
    const { code, stdout } = await start(["run", guest("echo"), "--help"]);
    assert.deepEqual([code, stdout], [0, "--help\n"]);
    assert.equal((await start([guest("exit-code"), "7"])).code, 7);
  });

  test("takes paths from where npm was called", async () => {
    const { stdout } = await start(["built/hello.wasm"], { INIT_CWD: join(ROOT, "test", "guests") });
    assert.equal(stdout, "hello\n");
  });
});
