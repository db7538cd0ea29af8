/**
 * `npm run fuzz -- WHAT [--seed N] [--count N] [PATH]`: what nobody thinks of, made by chance. A failure says by which seed
 * it happens again.
 *
 * - `mutate`: damaged components are refused, or run as well as they can.
 * - `names`: each name of a component in turn is one that is meant to do harm. It runs as usual, or is refused.
 * - `values FOLDER`: values pass as the specification has it; FOLDER is a checkout of WebAssembly/component-model.
 * - `wasmtime BINARY`: components print what they do in Wasmtime.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Batch } from "./batch.ts";
import { playNames } from "./names.ts";
import { compareValues } from "./values.ts";
import { wasmtime } from "./wasmtime.ts";
import { Watched } from "./watch.ts";

const USAGE =
  "usage: npm run fuzz -- mutate | names | values FOLDER | wasmtime BINARY [--seed N] [--count N] [--save FILE]";

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: "string", default: "1" },
      count: { type: "string" },
      threads: { type: "string", default: String(Math.min(4, availableParallelism())) },
      /** Writes the mutant of the seed to this file, and plays nothing. */
      save: { type: "string" },
    },
  });
  const [what, given] = positionals;
  const seed = Number(values.seed);
  const path = given === undefined ? undefined : resolve(process.env["INIT_CWD"] ?? ".", given);
  const count = (usual: number): number => Number(values.count ?? usual);
  if (what === "mutate" && values.save !== undefined) {
    writeFileSync(values.save, (await Batch.prepare()).mutant(seed).bytes);
    return 0;
  }
  if (what === "mutate") return mutate(seed, count(100_000), Number(values.threads));
  if (what === "names") return names();
  if (what === "values" && path) return (await compareValues(path, seed, count(20_000))) > 0 ? 1 : 0;
  if (what === "wasmtime" && path) return (await wasmtime(path, seed, count(500))) > 0 ? 1 : 0;
  console.error(USAGE);
  return 2;
}

async function names(): Promise<number> {
  const { played, ran, refused, failures } = await playNames();
  for (const failure of failures) console.log(`FAILED: ${failure}\n`);
  console.log(`${played} components: ${ran} ran, ${refused} were refused, ${failures.length} failures`);
  return failures.length > 0 ? 1 : 0;
}

async function mutate(seed: number, count: number, threads: number): Promise<number> {
  const watched = new Watched();
  await watched.run(seed, count, threads);
  watched.print();
  return watched.failures > 0 ? 1 : 0;
}
