/** The peer: the same guest as jco transpiles it by default, on preview2-shim. Both are dev dependencies alone. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { guestPath } from "./guests.ts";

/** Where its modules find preview2-shim. */
const FOLDER = fileURLToPath(new URL("../node_modules/.cache/sluice-bench", import.meta.url));

const MAIN = `
import { _setArgs } from "@bytecodealliance/preview2-shim/cli";
import { _addPreopen } from "@bytecodealliance/preview2-shim/filesystem";
const [folder, ...args] = process.argv.slice(2);
_addPreopen("/", folder);
_setArgs(args);
const { run } = await import("./app.js");
run.run();
process.exit(0);
`;

/** The path of a module that runs a guest: its arguments are the folder that is the guest's root, and then the guest's. */
export async function peerModule(name: string): Promise<string> {
  const { transpileBytes } = await import("@bytecodealliance/jco-transpile");
  const { files } = await transpileBytes(await readFile(guestPath(name)), { name: "app" });
  const folder = join(FOLDER, name);
  for (const [file, content] of Object.entries(files)) {
    const path = join(folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  const main = join(folder, "main.mjs");
  await writeFile(main, MAIN);
  return main;
}
