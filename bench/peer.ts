/** What jco makes of our guests: the peer on preview2-shim, and bare glue. Both are dev dependencies alone. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "./processes.ts";

/** What we make for one machine. Here its modules find preview2-shim. */
export const CACHE: string = fileURLToPath(new URL("../node_modules/.cache/sluice-bench", import.meta.url));

/** The path of a guest in test/guests/built. */
export function guestPath(name: string): string {
  return fileURLToPath(new URL(`../test/guests/built/${name}.wasm`, import.meta.url));
}

/** The command that makes of a guest what preview2-shim runs, by jco's default options; and runs it, if that is wanted. */
export function transpileCommand(name: string, folder: string, run?: "run"): readonly string[] {
  const program = fileURLToPath(new URL("programs/transpile.js", import.meta.url));
  return [process.execPath, program, guestPath(name), folder, ...(run ? [run] : [])];
}

const made = new Map<string, Promise<string>>();

/** The path of what is made once in a run of the benchmarks. */
export function once(key: string, make: () => Promise<string>): Promise<string> {
  let path = made.get(key);
  if (!path) made.set(key, (path = make()));
  return path;
}

/** The path of a module that runs a guest: its arguments are the folder that is the guest's root ("" for none), and the guest's. */
export function peerModule(name: string): Promise<string> {
  return once(`peer ${name}`, async () => {
    const folder = join(CACHE, name);
    await runCommand(transpileCommand(name, folder));
    return join(folder, "main.mjs");
  });
}

/** The path of jco's glue for a guest whose `run` may be suspended. It asks functions for their lowered form. */
export function glueModule(name: string): Promise<string> {
  return once(`glue ${name}`, async () => {
    const { $init, generate } = await import("@bytecodealliance/jco-transpile/component");
    await $init;
    const component = await readFile(guestPath(name));
    const { exports } = generate(component, { name: "app", noTypescript: true });
    const { files } = generate(component, {
      name: "app",
      noTypescript: true,
      base64Cutoff: 0,
      instantiation: { tag: "async" },
      importBindings: { tag: "hybrid" },
      asyncMode: {
        tag: "jspi",
        val: { imports: [], exports: exports.map(([interfaceName]) => `${interfaceName}#run`) },
      },
    });
    const folder = join(CACHE, `${name}-glue`);
    for (const [file, content] of files) {
      const path = join(folder, file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
    return join(folder, "app.js");
  });
}
