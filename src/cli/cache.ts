/** `sluice cache`: the folder of prepared components. */
import { defaultCacheFolder, DiskCache } from "../hosts/node/cache.ts";
import type { Command } from "./command.ts";

/** Does it, and gives what there is to say. */
export async function manageCache({ action, folder }: Command & { readonly name: "cache" }): Promise<string> {
  const path = folder ?? defaultCacheFolder();
  if (action === "path") return `${path}\n`;
  const count = await new DiskCache(path).clear();
  return `Forgot ${count} prepared component${count === 1 ? "" : "s"} in ${path}\n`;
}
