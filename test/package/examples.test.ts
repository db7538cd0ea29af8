/** The programs in examples/, as somebody runs them. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { root } from "./support.ts";

const exec = promisify(execFile);

const OUTPUT: Readonly<Record<string, string>> = {
  "web-stream.js": "2 5 24\n\n",
  "pipe.js": "84774 502377 10000000\nexit codes 0 and 0\nthe writer wrote 10000000 bytes, and waited often\n",
  "many.js": "1000 guests wait, and the event loop is free\n1000 were ended: time is up\n",
};

test("every example is tried", async () => {
  assert.deepEqual((await readdir(join(root, "examples"))).toSorted(), Object.keys(OUTPUT).toSorted());
});

for (const [name, expected] of Object.entries(OUTPUT)) {
  test(`${name} prints what it says`, { timeout: 60_000 }, async () => {
    const { stdout, stderr } = await exec(process.execPath, [join("examples", name)], { cwd: root });
    assert.deepEqual([stdout, stderr], [expected, ""]);
  });
}
