/** `--plug`: components that are named on the command line, to be plugged in. */
import { canStandFor } from "../abi/compatible-version.ts";
import { compile } from "../run/compile.ts";
import type { CompiledComponent } from "../run/component.ts";
import type { Plug } from "../run/plugs.ts";
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
  const components = [...plugs.map(({ component }) => component), user];
  for (const [at, path] of paths.entries()) {
    const [given, ...users] = components.slice(at);
    if (given) assertUsed(path, given, users);
  }
  return plugs;
}

function assertUsed(path: string, { exports }: CompiledComponent, users: readonly CompiledComponent[]): void {
  const wanted = users.flatMap(({ imports }) => imports);
  if (exports.some((given) => wanted.some((name) => canStandFor(given, name)))) return;
  const given = exports.join(", ") || "nothing";
  throw new UsageError(
    `${path}: --plug says nothing here: nobody imports what it exports (${given}); \`sluice inspect\` tells what is imported`,
  );
}
