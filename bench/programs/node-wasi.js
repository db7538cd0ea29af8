/**
 * The core module of a component of preview 1, on the WASI that Node has in C++: node-wasi.js PATH. Plain JavaScript: how
 * long Node takes to strip types is not to be measured. What this takes is what V8 takes to compile the module, lazily, and
 * to run it.
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { WASI } from "node:wasi";

const [path] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [basename(path)], returnOnExit: true });
const module = await WebAssembly.compile(await readFile(path));
const { wasi_snapshot_preview1: functions } = wasi.getImportObject();
// A component has each function once by its name: whoever imports one twice has "fd_write [v2]" too.
const imports = WebAssembly.Module.imports(module).map(({ name }) => [name, functions[name.replace(/ \[v\d+\]$/, "")]]);
process.exitCode = wasi.start(
  await WebAssembly.instantiate(module, { wasi_snapshot_preview1: Object.fromEntries(imports) }),
);
