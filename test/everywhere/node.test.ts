/** What every runtime is tried with, in Node; the claims of guests are played by test/guests/claims.test.ts. */
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { compile, run } from "../../src/index.ts";
import type { Host } from "./check.ts";
import { checks } from "./checks.ts";
import { guestChecks } from "./guest-checks.ts";

const node: Host = {
  compile,
  run,
  file: (path) => readFile(new URL(`../guests/${path}`, import.meta.url)),
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};

for (const { title, play } of checks.filter((check) => !guestChecks.includes(check)))
  test(title, { timeout: 300_000 }, () => play(node));
