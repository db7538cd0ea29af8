/** From the start of a process to its end, for guests that have next to nothing to do: how long, and how much of a processor. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OURS, type Case, type Measurement } from "../case.ts";
import { forEach, SHIM, WASMTIME, type Contestants, type GuestCommand } from "../contestants.ts";
import { decode } from "../../src/load/decode/decode.ts";
import { planOf } from "../../src/load/plan/plan.ts";
import { Kept } from "../kept.ts";
import { CACHE, guestPath, transpileCommand } from "../peer.ts";
import { ROOT, timesOf, type How } from "../processes.ts";

/** Node, which does nothing. */
export const BARE = "node -e 0";
/** What V8 takes for the same core module: nobody who runs it on Node can take less. */
const NODE_WASI = "node:wasi";

/** The Go program finds no folder to work in and ends at once, with 1. */
const GUESTS = [
  { id: "small", guest: "hello", how: {} },
  { id: "large", guest: "files-go", how: { exitCodes: [1] } },
] as const satisfies readonly { id: string; guest: string; how: How }[];

const ROUNDS = 5;
/** For what takes a second. */
const SLOW_ROUNDS = 3;
/** Within one sample of processor time, which comes in milliseconds. */
const RUNS = 5;

export function startup({ guests, wasmtimeAnew }: Contestants): readonly Case[] {
  const { [OURS]: ours = "missing", [SHIM]: shim = "missing", [WASMTIME]: wasmtime = "missing" } = guests;
  return GUESTS.flatMap(({ id, guest, how }) => {
    const size = `${guest}, ${(statSync(guestPath(guest)).size / 1e6).toPrecision(2)} MB`;
    const of = (command: GuestCommand | string, runs = RUNS): Times | string =>
      typeof command === "string" ? command : async () => timesOf(await command(guest, []), how, runs);
    const bare: Times = () => timesOf([process.execPath, "-e", "0"], {}, RUNS);
    return [
      ...both(`command-${id}`, `a command (${size})`, ROUNDS, {
        [OURS]: of(ours),
        [BARE]: bare,
        [NODE_WASI]: of(onNode),
        [WASMTIME]: of(wasmtime),
        [SHIM]: of(shim),
      }),
      ...both(`first-${id}`, `in a library, for the first time (${size})`, SLOW_ROUNDS, {
        [OURS]: of(inLibrary),
        [BARE]: bare,
        [NODE_WASI]: of(onNode),
        [WASMTIME]: of(wasmtimeAnew, 1),
        [SHIM]: () => inScratch((folder) => timesOf(transpileCommand(guest, folder, "run"), how, 1)),
      }),
    ];
  });
}

/** Processor time, and that from start to end, of the same runs. */
type Times = () => Promise<readonly [cpuMs: number, ms: number]>;

function both(
  id: string,
  what: string,
  rounds: number,
  all: Readonly<Record<string, Times | string>>,
): readonly Case[] {
  const kept = new Kept();
  const of = (measurement: (times: Times, name: string) => Measurement): Case["contestants"] =>
    forEach(all, measurement);
  const common = { unit: "ms", better: "less", rounds } as const;
  return [
    {
      ...{ id: `${id}-cpu`, what: `${what}, processor time`, ...common },
      contestants: of((times, name) => kept.first(name, times)),
    },
    {
      ...{ id: `${id}-time`, what: `${what}, from start to end`, ...common },
      contestants: of((_, name) => kept.second(name)),
    },
  ];
}

const inLibrary: GuestCommand = (guest) =>
  Promise.resolve([process.execPath, join(ROOT, "bench", "programs", "first-start.js"), guestPath(guest)]);

const onNode: GuestCommand = async (guest) => {
  const program = join(ROOT, "bench", "programs", "node-wasi.js");
  const module = join(CACHE, `${guest}.core.wasm`);
  await writeFile(module, largestCore(await readFile(guestPath(guest))));
  return [process.execPath, "--no-warnings", program, module];
};

/** The largest core module of a component: the program, beside its adapters. */
function largestCore(component: Uint8Array): Uint8Array {
  return planOf(decode(component)).modules.reduce((largest, module) =>
    module.length > largest.length ? module : largest,
  );
}

/** With a folder that has nothing in it, where preview2-shim can be found. */
async function inScratch<T>(measurement: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(CACHE, "scratch-"));
  try {
    return await measurement(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
