/**
 * `npm test`: all tests. `npm test -- FILE...`: some. What Node has made of a file, without its types and compiled, is kept
 * in `node_modules/.cache`: a fresh process of a test, of which there are hundreds, spends half of its time on that else.
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const UNTRACKED = new URL("untracked.js", import.meta.url).href;
const KEPT = fileURLToPath(new URL("../node_modules/.cache/tests", import.meta.url));

/** What takes longest, and begins first: one that is left to the end goes on alone, on a machine with nothing else to do. */
const LONGEST = [
  "test/everywhere/chromium.test.ts",
  "test/everywhere/firefox.test.ts",
  "test/nats/wires.test.ts",
  "test/site/playground.test.ts",
  "test/site/keyboard.test.ts",
  "test/bind/heap-p3.test.ts",
  "test/testing/shim.test.ts",
  "test/everywhere/processes.test.ts",
  "test/cli/drain.test.ts",
  "test/simulate.test.ts",
];

/** Node plays files in the order of their names, of which those of whole paths come first. */
function all() {
  const others = globSync("test/**/*.test.ts", { cwd: ROOT }).filter((file) => !LONGEST.includes(file));
  return [...LONGEST.map((file) => join(ROOT, file)), ...others];
}

const given = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  [
    "--import",
    UNTRACKED,
    // As many processes as there are cores have no other left to collect garbage on.
    "--single-threaded-gc",
    "--test",
    `--test-concurrency=${availableParallelism() + 1}`,
    ...(given.length > 0 ? given : all()),
  ],
  { cwd: ROOT, stdio: "inherit", env: { NODE_COMPILE_CACHE: KEPT, ...process.env } },
);
process.exitCode = status ?? 1;
