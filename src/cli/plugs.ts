/** `--plug`: components that are named on the command line, to be plugged in. */
import { compile } from "../run/compile.ts";
import type { CompiledComponent } from "../run/component.ts";
import { unusedPlug, type Plug } from "../run/plugs.ts";
import { readComponent } from "./read.ts";
import { PlugError } from "./run-failure.ts";
import { UsageError } from "./usage.ts";

/**
 * @param user What they are plugged into.
 * @throws {PlugError} If one of them is none.
 * @throws {UsageError} If one is of no use: what it was to stand for would be the system's own.
 */
export async function plugsAt(paths: readonly string[], user: CompiledComponent): Promise<Plug[]> {
  const plugs: Plug[] = [];
  for (const path of paths) {
    const failed = (error: unknown): PlugError => new PlugError(path, error);
    try {
      // oxlint-disable-next-line no-await-in-loop -- the first that is none is told
      plugs.push({ component: await compile(readComponent(path)), failed });
    } catch (error) {
      throw failed(error);
    }
  }
  const unused = unusedPlug(
    plugs.map(({ component }) => component),
    user,
  );
  if (!unused) return plugs;
  throw new UsageError(
    `${paths[unused.at]}: --plug says nothing here: ${unused.why}; \`sluice inspect\` tells what is imported`,
  );
}
