// `npm start`: a demonstration on real input. `npm start -- ARGUMENTS`: the sluice command itself.
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const COMPONENT = "test/guests/built/wc.wasm";
const INPUT = "LICENSE";

const args = process.argv.slice(2);
process.exitCode = args.length > 0 ? sluice(args, "inherit", process.cwd()) : demonstrate();

function demonstrate() {
  console.log(`A WebAssembly component counts lines, words and bytes: sluice run --stats ${COMPONENT} < ${INPUT}`);
  const input = openSync(join(root, INPUT));
  try {
    return sluice(["run", "--stats", COMPONENT], input, root, () =>
      console.log("What each of its standard streams carried:"),
    );
  } finally {
    closeSync(input);
  }
}
