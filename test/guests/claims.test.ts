/** Every claim of every guest, in Node; in other runtimes they are played by test/everywhere. */
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { compile, run } from "../../src/index.ts";
import type { Host } from "../everywhere/check.ts";
import { guestChecks } from "../everywhere/guest-checks.ts";

const node: Host = {
  compile,
  run,
  file: (path) => readFile(new URL(path, import.meta.url)),
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};

for (const { title, play } of guestChecks) test(title, { timeout: 300_000 }, () => play(node));
