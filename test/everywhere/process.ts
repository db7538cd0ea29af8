/** What a runtime with Node's modules is tried with, as a program of it: prints a line of JSON for each check. */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { compile, run } from "../../src/index.ts";
import type { Host } from "./check.ts";
import { checks } from "./checks.ts";
import { nativeChecks } from "./native-checks.ts";
import { secureChecks } from "./secure-checks.ts";

const files = new Map<string, Promise<Uint8Array>>();

function fileOf(path: string): Promise<Uint8Array> {
  const known = files.get(path) ?? readFile(new URL(`../guests/${path}`, import.meta.url));
  files.set(path, known);
  return known;
}

const host: Host = {
  compile,
  run,
  file: fileOf,
  turn: () => new Promise((resolve) => void setImmediate(resolve)),
};

/** Ends what hangs; nothing is measured by it. */
const HUNG_MS = 300_000;

async function outcomeOf(played: Promise<void>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, HUNG_MS, "it hangs");
  });
  const outcome = played.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
  );
  return Promise.race([outcome, hung]).finally(() => clearTimeout(timer));
}

for (const { title, play } of [...nativeChecks, ...secureChecks, ...checks]) {
  // oxlint-disable-next-line no-await-in-loop -- one at a time
  const failure = await outcomeOf(play(host));
  process.stdout.write(`${JSON.stringify({ title, failure })}\n`);
}
process.exit();
