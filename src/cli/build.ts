/** `sluice build`: a component as modules that are compiled by whoever loads them. */
import { messageOf } from "../io/cause.ts";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { nodePlatform } from "../hosts/node/platform.ts";
import { prepare, type Prepared } from "../run/prepare.ts";
import type { Command } from "./command.ts";
import { readComponent } from "./read.ts";
import { reportRun } from "./run-failure.ts";
import { UsageError } from "./usage.ts";

/** What an earlier build may have left. */
const OURS = /^(?:component|core|core-\d+|made-\d+)\.wasm$/;

/** Writes it, or tells what is wrong; gives the exit code. */
export async function buildComponent({ path, output }: Command & { readonly name: "build" }): Promise<number> {
  const bytes = readComponent(path);
  let prepared;
  try {
    prepared = await prepare(nodePlatform, bytes);
  } catch (error) {
    return reportRun(error, path);
  }
  write(output, filesOf(prepared, basename(path)));
  return 0;
}

/** @throws {UsageError} If they cannot be written. */
function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  const names = Object.keys(files);
  const begun = (name: string): string => join(folder, `${name}.new`);
  try {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) makeFolder(resolve(folder));
    const written: string[] = [];
    try {
      for (const [name, contents] of Object.entries(files)) {
        // A file that takes only a part of it is ours too.
        const file = openSync(begun(name), "w");
        written.push(name);
        try {
          writeFileSync(file, contents);
        } finally {
          closeSync(file);
        }
      }
    } catch (error) {
      // What was built before is as it was.
      for (const name of written) rmSync(begun(name), { force: true });
      throw error;
    }
    for (const name of readdirSync(folder)) if (OURS.test(name)) rmSync(join(folder, name));
    for (const name of names) renameSync(begun(name), join(folder, name));
  } catch (error) {
    throw new UsageError(`${folder}: It cannot be written: ${messageOf(error)}`);
  }
}

/** `recursive: true` of Node's never comes back where a folder is that takes none, as in /proc. */
function makeFolder(path: string): void {
  const parent = dirname(path);
  if (!existsSync(parent)) makeFolder(parent);
  mkdirSync(path);
}

function filesOf({ modules, exports }: Prepared, from: string): Record<string, string | Uint8Array> {
  const names = modules.map(({ name }) => `${name}.wasm`);
  const answers = exports.some((name) => /^wasi:http\/(?:incoming-)?handler@/.test(name));
  const head = `// Made by \`sluice build\` of ${JSON.stringify(from)}: make it again when that or sluice has changed.\n`;
  return {
    ...Object.fromEntries(modules.map(({ name, bytes }) => [`${name}.wasm`, bytes])),
    "index.js": head + indexScript(names),
    "index.d.ts": head + DECLARATIONS,
    "worker.js": head + workerScript(names, answers),
    "worker.d.ts": `${head}export * from "./index.js";\n${answers ? HANDLER_DECLARATION : ""}`,
  };
}

/** Bundlers know an address that is written out as one of a file that they are to bring along. */
function indexScript(names: readonly string[]): string {
  return `${IMPORT}
const addresses = [
${names.map((name) => `  new URL("./${name}", import.meta.url),\n`).join("")}];

async function load(address) {
  if (address.protocol !== "file:") return WebAssembly.compileStreaming(fetch(address));
  return WebAssembly.compile(process.getBuiltinModule("node:fs").readFileSync(address));
}

export const component = await precompiled(await Promise.all(addresses.map(load)));
${FUNCTIONS}`;
}

function workerScript(names: readonly string[], answers: boolean): string {
  return `${names.map((name, index) => `import module${index} from "./${name}";\n`).join("")}${IMPORT}
export const component = await precompiled([${names.map((_, index) => `module${index}`).join(", ")}]);
${FUNCTIONS}${answers ? HANDLER : ""}`;
}

const IMPORT = `import { instantiate as instantiateOf, precompiled, run as runOf, serve as serveOf } from "sluice";
`;

const FUNCTIONS = `
export const run = (options) => runOf(component, options);
export const instantiate = (options) => instantiateOf(component, options);
export const serve = (options) => serveOf(component, options);
`;

/** Nothing of one request may be used by another, in a worker. */
const HANDLER = `
export default {
  async fetch(request) {
    const server = await serve();
    return server.fetch(request);
  },
};
`;

const DECLARATIONS = `import type { CompiledComponent, Options, RunningInstance, RunResult, ServeOptions, Server } from "sluice";
export declare const component: CompiledComponent;
export declare const run: (options?: Options) => Promise<RunResult>;
export declare const instantiate: (options?: Options) => Promise<RunningInstance>;
export declare const serve: (options?: ServeOptions) => Promise<Server>;
`;

const HANDLER_DECLARATION = `declare const handler: { fetch(request: Request): Promise<Response> };
export default handler;
`;
