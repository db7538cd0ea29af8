import { pathToFileURL } from "node:url";
import type { CacheOption, Glue, LoadedComponent, Platform } from "../../run/platform.ts";
import { transpile, type Bindgen, type Transpiled } from "../../run/transpile.ts";
import { defaultCacheFolder, DiskCache } from "./cache.ts";
import { nodeLoop, nodeMonotonicClock, nodeWallClock } from "./clock.ts";
import type { OpenDirectory } from "../../wasi/files.ts";
import { nodeDirectory } from "./files.ts";
import { openStandard } from "./stdio.ts";

/** Node, and what is compatible with it. */
export const nodePlatform: Platform = {
  loop: nodeLoop,
  monotonicClock: nodeMonotonicClock,
  wallClock: nodeWallClock,
  // Fetched when it is needed: it takes 5 ms to load.
  random: { fill: (into) => void process.getBuiltinModule("node:crypto").randomFillSync(into) },
  standard: openStandard,
  directory: openDirectory,
  transpile: load,
};

/** What a preopened directory can be: a path of the host's, or an open directory of any file system. */
export type Directory = string | OpenDirectory;

function openDirectory(value: unknown, path: string, blocking: boolean): OpenDirectory {
  if (typeof value === "string") return nodeDirectory(value, { blocking });
  if (typeof value === "object" && value !== null && "kind" in value && value.kind === "directory") {
    // Anything that says so is taken at its word: an embedder's own file system.
    return value as OpenDirectory;
  }
  throw new TypeError(`preopens["${path}"] must be the path of a directory or an OpenDirectory; got ${typeof value}`);
}

async function load(component: Uint8Array, option: CacheOption): Promise<LoadedComponent> {
  if (option === false) return importInline(await transpile(component, loadBindgen));
  const cache = new DiskCache(option === true ? defaultCacheFolder() : option);
  let cached = cache.load(component);
  if (!cached) {
    const transpiled = await transpile(component, loadBindgen);
    cached = cache.store(component, transpiled);
    if (!cached) return importInline(transpiled);
  }
  const { imports, cores, gluePath } = cached;
  return { imports, cores, glue: await importGlue(pathToFileURL(gluePath).href) };
}

async function importInline({ imports, cores, glue }: Transpiled): Promise<LoadedComponent> {
  return {
    imports,
    cores,
    glue: await importGlue(`data:text/javascript;base64,${Buffer.from(glue).toString("base64")}`),
  };
}

async function importGlue(url: string): Promise<Glue> {
  // What jco generates, checked against damage if it comes from a cache.
  return (await import(url)) as Glue;
}

async function loadBindgen(): Promise<Bindgen> {
  // Taken out of its package at build time: see scripts/build.js.
  return import("#bindgen");
}
