/** Whatever a guest asks for, and however much of it: a process with a small heap lives on, and others get their turn. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { FUNCTIONS } from "./hostile.ts";

const CHILD = fileURLToPath(new URL("children/heap.ts", import.meta.url));
/** Fewer than a guest of WASI may hold, of what it is given by a call each. */
const LIMITS: Readonly<Record<string, number>> = { subscribe: 100_000, "get-std": 100_000, "read-directory ": 1000 };

test("1.2 1.5 no import takes more than its limit, for lack of which a heap of 128 MB would not do", () => {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ["--max-old-space-size=128", CHILD], {
    encoding: "utf8",
  });
  assert.deepEqual([status, signal], [0, null], stderr.slice(-2000));
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.filter((line) => line.startsWith("wasi:")).length, FUNCTIONS);
  assert.ok(lines.some((line) => line.startsWith("sizes ")) && lines.some((line) => line.startsWith("turns ")));
  for (const line of lines) {
    const count = Number(line.split(" ").at(-1));
    for (const [name, limit] of Object.entries(LIMITS)) if (line.includes(name)) assert.ok(count <= limit, line);
    // A list of one item arrives, one as long as the memory does not, unless it takes no more there than here.
    if (line.startsWith("list of ")) assert.equal(count, 1, line);
    if (line.startsWith("sizes ")) assert.ok(count > 10_000, line);
    if (line.startsWith("turns ")) assert.ok(count > 10, line);
  }
});
