/** From the start of a process to its end, for guests that have next to nothing to do: how long, and how much of a processor. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OURS, type Case, type Measurement } from "../case.ts";
import { SHIM, WASMTIME, type Contestants, type GuestCommand } from "../contestants.ts";
import { decode } from "../../src/load/decode/decode.ts";
import { planOf } from "../../src/load/plan/plan.ts";
import { CACHE, guestPath, transpileCommand } from "../peer.ts";
import { cpuMsOf, ROOT, runCommand, type How } from "../processes.ts";

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

type Measure = (command: readonly string[], how: How, runs: number) => Promise<number>;

const MEASURED: readonly (readonly [suffix: string, what: string, measure: Measure])[] = [
  ["cpu", "processor time", cpuMsOf],
  ["time", "from start to end", async (command, how) => (await runCommand(command, how)).ms],
];

export function startup({ guests, wasmtimeAnew }: Contestants): readonly Case[] {
  const { [OURS]: ours = "missing", [SHIM]: shim = "missing", [WASMTIME]: wasmtime = "missing" } = guests;
  return GUESTS.flatMap(({ id, guest, how }) => {
    const size = `${guest}, ${(statSync(guestPath(guest)).size / 1e6).toPrecision(2)} MB`;
    return MEASURED.flatMap(([suffix, unit, measure]): Case[] => {
      const common = { unit: "ms", better: "less" } as const;
      const of = (command: GuestCommand | string, runs = RUNS): Measurement | string =>
        typeof command === "string" ? command : async () => measure(await command(guest, []), how, runs);
      const bare: Measurement = () => measure([process.execPath, "-e", "0"], {}, RUNS);
      const limit = of(onNode);
      return [
        {
          ...common,
          id: `command-${id}-${suffix}`,
          what: `a command (${size}), ${unit}`,
          rounds: ROUNDS,
          contestants: {
            [OURS]: of(ours),
            [BARE]: bare,
            [NODE_WASI]: limit,
            [WASMTIME]: of(wasmtime),
            [SHIM]: of(shim),
          },
        },
        {
          ...common,
          id: `first-${id}-${suffix}`,
          what: `in a library, for the first time (${size}), ${unit}`,
          rounds: SLOW_ROUNDS,
          contestants: {
            [OURS]: of(inLibrary),
            [BARE]: bare,
            [NODE_WASI]: limit,
            [WASMTIME]: of(wasmtimeAnew, 1),
            [SHIM]: () => inScratch((folder) => measure(transpileCommand(guest, folder, "run"), how, 1)),
          },
        },
      ];
    });
  });
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
async function inScratch(measurement: (folder: string) => Promise<number>): Promise<number> {
  const folder = mkdtempSync(join(CACHE, "scratch-"));
  try {
    return await measurement(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
