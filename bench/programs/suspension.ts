/**
 * What it costs to wait: suspension.ts guest|loop turn|promise MS. Prints ns per wait. The guest is in a loop of
 * blocking-read, and what it reads comes after a turn of the event loop or with a promise that is already resolved;
 * `loop` is JavaScript that awaits the same.
 */
import { readFile } from "node:fs/promises";
import { compile, PullSource, run } from "sluice";
import { guestPath } from "../peer.ts";
import { nsPerStep } from "./timing.ts";

const [who, kind, ms = "100"] = process.argv.slice(2);
const chunk = new Uint8Array(64);
const next: () => Promise<Uint8Array> =
  kind === "turn" ? () => new Promise((resolve) => setImmediate(resolve, chunk)) : () => Promise.resolve(chunk);

async function loop(): Promise<void> {
  const ns = await nsPerStep(Number(ms), async (count) => {
    for (let left = count; left > 0; left--) await next();
  });
  console.log(`blocking-read-64 ${ns.toFixed(1)}`);
}

async function guest(): Promise<void> {
  await run(await compile(await readFile(guestPath("bench-calls"))), {
    args: ["bench-calls", "blocking-read-64", "100", ms],
    stdin: new PullSource(next),
    stderr: (line) => process.stdout.write(line),
  });
}

await (who === "guest" ? guest() : loop());
