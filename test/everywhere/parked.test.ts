/**
 * Guests in threads that block when they wait, where WebAssembly cannot be suspended: on Node 22, by `npm run test:node22`.
 * What depends on the ways of waiting is played: each claim whose streams are not there at once, and all files.
 */
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { compile, run } from "../../src/index.ts";
import { canSuspend } from "../../src/wait/suspension.ts";
import { claims } from "../guests/claims.ts";
import type { Host } from "./check.ts";
import { fileChecks } from "./file-checks.ts";
import { guestChecks } from "./guest-checks.ts";

const node: Host = {
  compile,
  run,
  file: (path) => readFile(new URL(`../guests/${path}`, import.meta.url)),
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};

/** What waits 50 ms for another thread to have got on, which nobody can promise. */
const RACES: ReadonlySet<string> = new Set(["failure-taken-by"]);

const waiting = claims.filter(
  ({ name, stdin, stdout }) =>
    !RACES.has(name) &&
    ((stdin !== undefined && stdin.kind !== "bytes" && stdin.kind !== "closed") ||
      (stdout !== undefined && stdout.kind !== "collect")),
);
const names = new Set(waiting.map(({ name }) => name));
const chosen = guestChecks.filter(({ title }) => {
  const [, name = ""] = /(?:^| )([a-z0-9-]+): /.exec(title) ?? [];
  return names.has(name) && title.endsWith(", leased");
});

const skip = canSuspend() && "WebAssembly can be suspended here";

describe("parked", { concurrency: 4, skip }, () => {
  for (const { title, play } of [...fileChecks, ...chosen]) test(title, { timeout: 60_000 }, () => play(node));
});
