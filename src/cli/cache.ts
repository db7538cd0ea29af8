/** `sluice cache`, and what the command itself keeps in that folder. */
import { mkdirSync, rmSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { defaultCacheFolder, DiskCache } from "../hosts/node/cache.ts";
import type { CacheOption } from "../run/platform.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./usage.ts";

/** Where Node keeps compiled JavaScript: ours, and the glue of components. A name that nobody else will have given. */
const CODE_FOLDER = "sluice-code";

/** Makes the next start faster, if the cache may be used and written. */
export function cacheCode(cache: CacheOption): void {
  if (cache === false) return;
  const folder = join(cache === true ? defaultCacheFolder() : cache, CODE_FOLDER);
  try {
    // Before Node does, so that what we run from here is for nobody else to change.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch {
    return;
  }
  enableCompileCache(folder);
}

/**
 * Does it, and gives what there is to say.
 *
 * @throws {UsageError} If the folder is not ours to change.
 */
export function manageCache({ action, folder }: Command & { readonly name: "cache" }): string {
  const path = folder ?? defaultCacheFolder();
  if (action === "path") return `${path}\n`;
  try {
    const count = new DiskCache(path).clear();
    rmSync(join(path, CODE_FOLDER), { recursive: true, force: true });
    return `Forgot ${count} prepared component${count === 1 ? "" : "s"} in ${path}\n`;
  } catch (error) {
    throw new UsageError(`The cache cannot be cleared: ${error instanceof Error ? error.message : String(error)}`);
  }
}
