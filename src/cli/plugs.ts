/** `--plug`: components that are named on the command line, to be plugged in. */
import { compatibleVersion } from "../abi/compatible-version.ts";
import { splitVersion } from "../abi/names.ts";
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
  // What has no version stands for each.
  const wanted = new Set(
    users.flatMap(({ imports }) => imports.flatMap((name) => [familyOf(name), familyOf(splitVersion(name)[0])])),
  );
  if (exports.some((name) => wanted.has(familyOf(name)))) return;
  const given = exports.join(", ") || "nothing";
  throw new UsageError(
    `${path}: --plug says nothing here: nobody imports what it exports (${given}); \`sluice inspect\` tells what is imported`,
  );
}

/** What names of versions that can stand for each other have in common. */
function familyOf(name: string): string {
  const [plain, version] = splitVersion(name);
  return `${plain}@${compatibleVersion(version)}`;
}
