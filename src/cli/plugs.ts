/** `--plug`: components that are named on the command line, to be plugged in. */
import { compile } from "../run/compile.ts";
import type { Plug } from "../run/plugs.ts";
import { readComponent } from "./read.ts";
import { PlugError } from "./run-failure.ts";

/** @throws {PlugError} If one of them is none. */
export async function plugsAt(paths: readonly string[]): Promise<Plug[]> {
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
  return plugs;
}
