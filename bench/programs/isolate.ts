/**
 * What a thread of its own costs a guest: isolate.ts start|add|permit|flush thread|parked|none AMOUNT. Prints `ns`: of one instance
 * from its start to its end, or of one call, for as many milliseconds; or of as many bytes to a function of this thread.
 */
import { readFile } from "node:fs/promises";
import { compile, instantiate, run, type CompiledComponent, type Options } from "sluice";
import { guestPath } from "../peer.ts";
import { nsPerStep } from "./timing.ts";

const [what = "", where = "", amount = "0"] = process.argv.slice(2);
// As on Node 22: every instance has a thread, which blocks when its guest waits.
if (where === "parked") Reflect.deleteProperty(WebAssembly, "Suspending");
const options: Options = where === "thread" ? { isolate: "thread" } : {};

async function compiled(name: string): Promise<CompiledComponent> {
  return compile(await readFile(guestPath(name)));
}

function timed(step: () => Promise<unknown>, first?: number): Promise<number> {
  const steps = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left--) await step();
  };
  return nsPerStep(Number(amount), steps, first);
}

async function start(): Promise<number> {
  const component = await compiled("hello");
  return timed(() => run(component, options), 4);
}

async function add(): Promise<number> {
  const instance = await instantiate(await compiled("multi-export"), options);
  // As multi-export.wasm has it.
  const demo = instance.exports["sluice:guests/demo"] as { readonly add: (a: number, b: number) => Promise<number> };
  const ns = await timed(() => demo.add(1, 2));
  await instance.close();
  return ns;
}

/** @param piece Bytes of each write. */
async function bytes(how: string, piece: number): Promise<number> {
  const component = await compiled("bench-write");
  let arrived = 0;
  const started = performance.now();
  await run(component, {
    ...options,
    args: ["bench-write", how, amount, String(piece)],
    stdout: (chunk) => void (arrived += chunk.length),
  });
  const ns = (performance.now() - started) * 1e6;
  if (arrived !== Number(amount)) throw new Error(`${arrived} bytes of ${amount} arrived`);
  return ns;
}

const MEASURED: Readonly<Record<string, () => Promise<number>>> = {
  start,
  add,
  permit: () => bytes("permit", 65_536),
  flush: () => bytes("flush", 4096),
};

console.log(`ns ${String(await MEASURED[what]?.())}`);
