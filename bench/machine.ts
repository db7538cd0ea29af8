/** On what, and with which versions, something was measured. */
import { readFile } from "node:fs/promises";
import { cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { C, WASMTIME, type Contestants } from "./contestants.ts";
import { ROOT } from "./processes.ts";

/** Lines of a table. */
export type Machine = Readonly<Record<string, string>>;

export async function machine({ versions }: Contestants): Promise<Machine> {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${processors[0]?.model.trim() ?? "unknown"}, ${processors.length} cores`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    system: `${type()} ${release()}, ${process.arch}`,
    Sluice: await versionOf("."),
    Node: `${process.version}, V8 ${process.versions.v8}`,
    jco: `jco-transpile ${await versionOf("node_modules/@bytecodealliance/jco-transpile")}`,
    "preview2-shim": await versionOf("node_modules/@bytecodealliance/preview2-shim"),
    [WASMTIME]: versions[WASMTIME] ?? "missing",
    [C]: versions[C] ?? "missing",
    esbuild: await versionOf("node_modules/esbuild"),
  };
}

async function versionOf(folder: string): Promise<string> {
  // A package.json has one.
  return (JSON.parse(await readFile(join(ROOT, folder, "package.json"), "utf8")) as { version: string }).version;
}
