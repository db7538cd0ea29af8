/**
 * Runs a guest on the process's own standard streams, and tells its parent of the flags of standard output: that they have
 * changed, while nobody reads; and at the end.
 */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { run } from "../../../src/index.ts";

const guest = (name: string): Promise<Uint8Array> =>
  readFile(new URL(`../../guests/built/${name}.wasm`, import.meta.url));

function flags(): number {
  const [, octal = ""] = /^flags:\s*(\d+)/m.exec(readFileSync("/proc/self/fdinfo/1", "latin1")) ?? [];
  return Number.parseInt(octal, 8);
}

const controller = new AbortController();
const before = flags();
const aborts = process.argv[2] === "abort";
const running = run(await guest(aborts ? "copy-loop" : "writer"), {
  args: ["writer", "1000000"],
  stdin: "inherit",
  stdout: "inherit",
  signal: controller.signal,
  ...(process.argv[3] === "thread" ? { isolate: "thread" } : {}),
});
// Once it has written something.
let during = before;
while (during === before) {
  // oxlint-disable-next-line no-await-in-loop -- turn by turn
  await new Promise((resolve) => setImmediate(resolve));
  during = flags();
}
process.send?.("changed");
if (aborts) controller.abort(new Error("enough"));
await running.catch(() => {});
process.send?.({ before, during, after: flags() });
process.on("disconnect", () => process.exit());
