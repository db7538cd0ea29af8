/**
 * What WASI 0.3 costs, in this process: async.ts WHAT MS PATH. Prints `ns` of one call, or `rate` in MiB/s. WHAT is a key of
 * MEASURED, and PATH the component. Wants --expose-gc.
 */
import { readFile } from "node:fs/promises";
import { BytesSource, compile, DiscardSink, instantiate, run } from "sluice";
import { nsPerStep } from "./timing.ts";

/** Calls that are under way at once. */
const SUBTASKS = 10_000;
const MIB = 1024 * 1024;
const TOTAL = 256 * MIB;

const [what = "", ms = "0", path = ""] = process.argv.slice(2);
const leastMs = Number(ms);
const component = await compile(await readFile(path));

type Call = (x: number) => Promise<unknown>;

/** @param f What the component imports. */
async function exported(name: string, f: (x: number) => unknown): Promise<Call> {
  const { exports } = await instantiate(component, { imports: { f } });
  // Whoever asks knows what the component has.
  return (exports as Readonly<Record<string, Call>>)[name] ?? missing(name);
}

function missing(name: string): never {
  throw new Error(`${path} does not export ${name}`);
}

async function within(name: string): Promise<number> {
  const loop = await exported(name, (x) => x);
  return nsPerStep(leastMs, async (count) => void (await loop(count)));
}

async function each(name: string): Promise<number> {
  const one = await exported(name, (x) => x);
  return nsPerStep(leastMs, async (count) => {
    for (let left = count; left > 0; left--) await one(1);
  });
}

async function subtasks(): Promise<number> {
  const waiting: (() => void)[] = [];
  const loop = await exported(
    "waitLoop",
    (x) =>
      new Promise((resolve) => {
        waiting.push(() => resolve(x));
        if (waiting.length === SUBTASKS) for (const settle of waiting.splice(0)) settle();
      }),
  );
  await loop(SUBTASKS);
  const start = performance.now();
  await loop(SUBTASKS);
  return ((performance.now() - start) * 1e6) / SUBTASKS;
}

/** Bytes in memory through a command, and away. */
async function rate(): Promise<number> {
  const piece = new Uint8Array(TOTAL).fill(65);
  const copy = () => run(component, { stdin: new BytesSource(piece), stdout: new DiscardSink() });
  await copy();
  const start = performance.now();
  await copy();
  return TOTAL / MIB / ((performance.now() - start) / 1000);
}

const MEASURED: Readonly<Record<string, () => Promise<number>>> = {
  "async-import": () => within("asyncLoop"),
  "sync-import": () => within("syncLoop"),
  "async-export": () => each("asyncOne"),
  "sync-export": () => each("syncOne"),
  subtasks,
  rate,
};

const measured = await MEASURED[what]?.();
if (measured === undefined) throw new Error(`${what} is none of ${Object.keys(MEASURED).join(", ")}`);
console.log(`${what === "rate" ? "rate" : "ns"} ${measured}`);
