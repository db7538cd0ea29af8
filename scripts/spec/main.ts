/**
 * `npm run spec -- FOLDER...`: plays the scripts (.wast) of the component model that are in folders or are files, such as
 * the specification's `test` or Wasmtime's `tests/misc_testsuite/component-model`. Fails if one goes otherwise than it
 * says and than spec-known.json expects.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { hostImports } from "./host.ts";
import { knownFailures, type KnownFailures } from "./known.ts";
import { play, TextError, type Outcome } from "./player.ts";

type Verdict = Outcome["verdict"] | "known" | "surprise";

/** In the order in which they are printed. */
const VERDICTS: Readonly<Record<Verdict, string>> = {
  passed: "passed",
  failed: "failed",
  known: "fail as known",
  surprise: "known to fail, but passed",
  unsupported: "not supported",
  text: "refused by the text format already",
};

type Counts = Map<string, Map<Verdict, number>>;

process.exitCode = await main(process.argv.slice(2));

async function main(paths: readonly string[]): Promise<number> {
  if (paths.length === 0) {
    console.error("usage: npm run spec -- FOLDER...");
    return 2;
  }
  const known = knownFailures();
  const folders = new Map<string, Counts>();
  let isGood = true;
  for (const file of paths.flatMap((path) => scriptsIn(resolve(process.env["INIT_CWD"] ?? ".", path)))) {
    const counts = folders.get(dirname(file)) ?? new Map<string, Map<Verdict, number>>();
    folders.set(dirname(file), counts);
    if (!(await playFile(file, known, counts))) isGood = false;
  }
  for (const [folder, counts] of folders) print(folder, counts);
  print("All", merged([...folders.values()]));
  return isGood ? 0 : 1;
}

function scriptsIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".wast"))
    .toSorted()
    .map((name) => join(path, name));
}

/** @returns Whether all went as it should. */
async function playFile(file: string, known: KnownFailures, counts: Counts): Promise<boolean> {
  const outcomes = await play(readFileSync(file, "utf8"), assemble, hostImports());
  const verdicts = outcomes.map((outcome) => ({ outcome, verdict: judged(outcome, known, file) }));
  for (const { outcome, verdict } of verdicts) {
    const { command } = outcome;
    const ofCommand = counts.get(command) ?? new Map<Verdict, number>();
    counts.set(command, ofCommand.set(verdict, (ofCommand.get(verdict) ?? 0) + 1));
    const isShown = verdict === "failed" || verdict === "surprise" || (process.env["SPEC_ALL"] && verdict !== "passed");
    if (isShown) console.log(`${file}:${outcome.line} ${command}: ${VERDICTS[verdict]}: ${outcome.reason}`);
  }
  return verdicts.every(({ verdict }) => verdict !== "failed" && verdict !== "surprise");
}

function judged({ verdict, line }: Outcome, known: KnownFailures, file: string): Verdict {
  if (!known.has(file, line)) return verdict;
  return verdict === "failed" ? "known" : verdict === "passed" ? "surprise" : verdict;
}

async function assemble(text: string): Promise<Uint8Array> {
  try {
    return await parse(text);
  } catch (error) {
    throw new TextError(reasonOf(error), { cause: error });
  }
}

/** Errors of wasm-tools have their words as a payload. */
function reasonOf(error: unknown): string {
  if (typeof error === "object" && error !== null && "payload" in error) return String(error.payload);
  return error instanceof Error ? error.message : String(error);
}

function print(title: string, counts: Counts): void {
  console.log(`\n${title}`);
  for (const [command, verdicts] of [...counts].toSorted(([a], [b]) => a.localeCompare(b))) {
    const parts = Object.entries(VERDICTS).flatMap(([verdict, words]) => {
      const count = verdicts.get(verdict as Verdict);
      return count === undefined ? [] : [`${count} ${words}`];
    });
    console.log(`  ${command}: ${parts.join(", ")}`);
  }
}

function merged(all: readonly Counts[]): Counts {
  const sum: Counts = new Map();
  for (const [command, verdicts] of all.flatMap((counts) => [...counts])) {
    const into = sum.get(command) ?? new Map<Verdict, number>();
    sum.set(command, into);
    for (const [verdict, count] of verdicts) into.set(verdict, (into.get(verdict) ?? 0) + count);
  }
  return sum;
}
