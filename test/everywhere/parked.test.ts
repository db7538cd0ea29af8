/**
 * Guests in threads that block when they wait, where WebAssembly cannot be suspended: on Node 22, by `npm run test:node22`.
 */
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { compile, run } from "../../src/index.ts";
import { canSuspend } from "../../src/wait/suspension.ts";
import type { Host } from "./check.ts";
import { parkedChecks } from "./parked-checks.ts";

const node: Host = {
  compile,
  run,
  file: (path) => readFile(new URL(`../guests/${path}`, import.meta.url)),
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};

const skip = canSuspend() && "WebAssembly can be suspended here";

describe("parked", { concurrency: 4, skip }, () => {
  for (const { title, play } of parkedChecks) test(title, { timeout: 300_000 }, () => play(node));
});
