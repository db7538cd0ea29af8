/** As heap.test.ts, of WASI 0.3: called so that the guest waits, and so that it is told how far a call has come. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { P3_FUNCTIONS } from "./p3-arguments.ts";

const CHILD = fileURLToPath(new URL("children/heap-p3.ts", import.meta.url));

test("1.2 1.5 no import of WASI 0.3 takes more than its limit, for lack of which a heap of 128 MB would not do", () => {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ["--max-old-space-size=128", CHILD], {
    encoding: "utf8",
  });
  assert.deepEqual([status, signal], [0, null], stderr.slice(-2000));
  const lines = stdout.trimEnd().split("\n");
  const calls = lines.filter((line) => line.startsWith("wasi:"));
  assert.equal(calls.length, 2 * P3_FUNCTIONS);
  // What is kept is a handle each, of which a guest has so many; others are called a few times.
  for (const line of calls) assert.ok(Number(line.split(" ").at(-1)) <= 100_000, line);
  assert.ok(calls.some((line) => Number(line.split(" ").at(-1)) > 10_000));
  const turns = lines.at(-1) ?? "";
  assert.ok(Number(turns.split(" ").at(-1)) > 10, turns);
});
