/**
 * Makes of a guest what preview2-shim runs: transpile.js PATH FOLDER [run]. Runs it at once if that is wanted. Plain
 * JavaScript: how long Node takes to strip types is not to be measured.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { transpileBytes } from "@bytecodealliance/jco-transpile";

/** Its arguments are the folder that is the guest's root ("" for none), and the guest's. */
const MAIN = `
import { _setArgs } from "@bytecodealliance/preview2-shim/cli";
import { _addPreopen } from "@bytecodealliance/preview2-shim/filesystem";
const [folder, ...args] = process.argv.slice(2);
if (folder !== "") _addPreopen("/", folder);
_setArgs(args);
const { run } = await import("./app.js");
run.run();
`;

const [path, folder, run] = process.argv.slice(2);
const { files } = await transpileBytes(await readFile(path), { name: "app" });
for (const [file, content] of Object.entries(files)) {
  const place = join(folder, file);
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, content);
}
const main = join(folder, "main.mjs");
await writeFile(main, MAIN);
if (run !== undefined) {
  process.argv.splice(2, Infinity, "");
  await import(pathToFileURL(main).href);
}
