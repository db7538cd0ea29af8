/**
 * `npm test`: all tests. `npm test -- FILE...`: some. What Node has made of a file, without its types and compiled, is kept
 * in `node_modules/.cache`: a fresh process of a test, of which there are hundreds, spends half of its time on that else.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const UNTRACKED = new URL("untracked.js", import.meta.url).href;
const KEPT = fileURLToPath(new URL("../node_modules/.cache/tests", import.meta.url));

const files = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  ["--import", UNTRACKED, "--test", "--test-concurrency=3", ...(files.length > 0 ? files : ["test/**/*.test.ts"])],
  { cwd: ROOT, stdio: "inherit", env: { NODE_COMPILE_CACHE: KEPT, ...process.env } },
);
process.exitCode = status ?? 1;
