/** The peer: the same guest as jco transpiles it by default, on preview2-shim. Both are dev dependencies alone. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What we make for one machine. Here its modules find preview2-shim. */
export const CACHE: string = fileURLToPath(new URL("../node_modules/.cache/sluice-bench", import.meta.url));

/** The path of a guest in test/guests/built. */
export function guestPath(name: string): string {
  return fileURLToPath(new URL(`../test/guests/built/${name}.wasm`, import.meta.url));
}

const MAIN = `
import { _setArgs } from "@bytecodealliance/preview2-shim/cli";
import { _addPreopen } from "@bytecodealliance/preview2-shim/filesystem";
const [folder, ...args] = process.argv.slice(2);
if (folder !== "") _addPreopen("/", folder);
_setArgs(args);
const { run } = await import("./app.js");
run.run();
`;

const modules = new Map<string, Promise<string>>();

/** The path of a module that runs a guest: its arguments are the folder that is the guest's root ("" for none), and the guest's. */
export function peerModule(name: string): Promise<string> {
  let module = modules.get(name);
  if (!module) modules.set(name, (module = transpilePeer(name)));
  return module;
}

/** The same, made anew. */
export async function transpilePeer(name: string): Promise<string> {
  const { transpileBytes } = await import("@bytecodealliance/jco-transpile");
  const { files } = await transpileBytes(await readFile(guestPath(name)), { name: "app" });
  const folder = join(CACHE, name);
  for (const [file, content] of Object.entries(files)) {
    const path = join(folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  const main = join(folder, "main.mjs");
  await writeFile(main, MAIN);
  return main;
}
