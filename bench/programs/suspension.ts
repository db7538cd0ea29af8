/**
 * What it costs to wait: suspension.ts guest|bare|loop turn|promise|ready MS. Prints ns per wait. The guest is in a loop
 * of blocking-read, and what it reads comes after a turn of the event loop, with a promise that is already resolved, or
 * is there; `bare` is a loop in WebAssembly around a suspending import that gives the same promise, without any host, and
 * `loop` is JavaScript that awaits it.
 */
import { readFile } from "node:fs/promises";
import { compile, PullSource, run } from "sluice";
import { guestPath } from "../peer.ts";
import { nsPerStep } from "./timing.ts";

const [who, kind, ms = "100"] = process.argv.slice(2);
const chunk = new Uint8Array(64);

function next(): Uint8Array | Promise<Uint8Array> {
  if (kind === "turn") return new Promise((resolve) => setImmediate(resolve, chunk));
  return kind === "promise" ? Promise.resolve(chunk) : chunk;
}

async function loop(): Promise<number> {
  return nsPerStep(Number(ms), async (count) => {
    for (let left = count; left > 0; left--) await next();
  });
}

/**
 * (module
 *   (import "h" "f" (func))
 *   (func (export "f") (param i32)
 *     (loop (call 0) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))
 */
const LOOP = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x08, 0x02, 0x60, 0x00, 0x00, 0x60, 0x01, 0x7f, 0x00],
  ...[0x02, 0x07, 0x01, 0x01, 0x68, 0x01, 0x66, 0x00, 0x00],
  ...[0x03, 0x02, 0x01, 0x01],
  ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x01],
  ...[0x0a, 0x12, 0x01, 0x10, 0x00, 0x03, 0x40, 0x10, 0x00],
  ...[0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00, 0x0d, 0x00, 0x0b, 0x0b],
);

/** The types of Node do not know these yet. */
interface Suspension {
  readonly Suspending: new (fn: () => unknown) => WebAssembly.ImportValue;
  promising(fn: unknown): (count: number) => Promise<void>;
}

async function bare(): Promise<number> {
  const { Suspending, promising } = WebAssembly as unknown as Suspension;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(LOOP), { h: { f: new Suspending(next) } });
  return nsPerStep(Number(ms), promising(exports["f"]));
}

async function guest(): Promise<void> {
  await run(await compile(await readFile(guestPath("bench-calls"))), {
    args: ["bench-calls", "blocking-read-64", "100", ms],
    stdin: new PullSource(next),
    stderr: (line) => process.stdout.write(line),
  });
}

if (who === "guest") await guest();
else console.log(`blocking-read-64 ${(await (who === "bare" ? bare() : loop())).toFixed(1)}`);
