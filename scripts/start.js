// `npm start`: a demonstration on real input. `npm start -- ARGUMENTS`: the sluice command itself.
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const COMPONENT = "test/guests/built/wc.wasm";
const INPUT = "LICENSE";

if (process.argv.length > 2) {
  // npm changes to the package's folder; paths are meant from where it was called.
  process.chdir(process.env.INIT_CWD ?? process.cwd());
  await import("../bin/sluice.js");
} else {
  process.exitCode = demonstrate();
}

function demonstrate() {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..");
  const input = openSync(join(root, INPUT));
  console.log(`Lines, words and bytes, as a WebAssembly component counts them: sluice run ${COMPONENT} < ${INPUT}`);
  const { status, stderr } = spawnSync(process.execPath, ["bin/sluice.js", "run", "--stats", COMPONENT], {
    cwd: root,
    stdio: [input, "inherit", "pipe"],
    encoding: "utf8",
  });
  closeSync(input);
  console.log("\nWhat its standard streams carried, and how often somebody had to wait for them (--stats):");
  console.log(stderr.trimEnd());
  return status ?? 1;
}
