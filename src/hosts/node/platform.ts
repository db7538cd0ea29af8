import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { CacheOption, Glue, LoadedComponent, Platform } from "../../run/platform.ts";
import { transpile, type Bindgen } from "../../run/transpile.ts";
import { cacheKey, defaultCacheFolder, DiskCache, GLUE } from "./cache.ts";
import { nodeLoop, nodeMonotonicClock, nodeWallClock } from "./clock.ts";
import type { OpenDirectory } from "../../wasi/files.ts";
import { nodeDirectory } from "./files.ts";
import { openStandard } from "./stdio.ts";

/** Node, and what is compatible with it. */
export const nodePlatform: Platform = {
  loop: nodeLoop,
  monotonicClock: nodeMonotonicClock,
  wallClock: nodeWallClock,
  random: { fill: (into) => void randomFillSync(into) },
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
  if (option === false) return loadInline(component);
  const cache = new DiskCache(option === true ? defaultCacheFolder() : option);
  const key = cacheKey(component);
  let transpiled = await cache.load(key);
  if (!transpiled) {
    transpiled = await transpile(component, loadBindgen);
    if (!(await cache.store(key, transpiled))) return loadInline(component);
  }
  const { imports, cores } = transpiled;
  return { imports, cores, glue: await importGlue(pathToFileURL(join(cache.entry(key), GLUE)).href) };
}

async function loadInline(component: Uint8Array): Promise<LoadedComponent> {
  const { imports, cores, glue } = await transpile(component, loadBindgen);
  return {
    imports,
    cores,
    glue: await importGlue(`data:text/javascript;base64,${Buffer.from(glue).toString("base64")}`),
  };
}

async function importGlue(url: string): Promise<Glue> {
  // What jco generates, checked by its digest if it comes from a cache.
  return (await import(url)) as Glue;
}

async function loadBindgen(): Promise<Bindgen> {
  // Taken out of its package at build time: see scripts/build.js.
  return import("#bindgen");
}
