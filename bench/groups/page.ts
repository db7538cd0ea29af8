/** What a page would load. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { OURS, type Case, type Measurement } from "../case.ts";
import type { Contestants } from "../contestants.ts";
import { ROOT } from "../processes.ts";

const runFile = promisify(execFile);

const ENTRY = join(ROOT, "bench", "programs", "page.ts");

/** Nothing but 0.2 without sockets. */
const NO_SOCKETS = "--external:*/sockets.ts";
/** The same without what runs core modules of preview 1 either. */
const NO_PREVIEW1 = "--external:*/core-module.ts";

export function page({ esbuild }: Contestants): readonly Case[] {
  const row = (id: string, what: string, ...leftOut: readonly string[]): Case => ({
    id,
    what,
    unit: "KB",
    better: "less",
    rounds: 1,
    contestants: { [OURS]: esbuild.found ? sizeOf(esbuild.found, leftOut) : esbuild.version },
  });
  return [
    row(
      "bundle",
      "a bundle: loader, WASI 0.2 but sockets and http, Web streams, files in memory",
      NO_SOCKETS,
      NO_PREVIEW1,
    ),
    row("bundle-preview1", "the same with core modules of preview 1", NO_SOCKETS),
    row("bundle-all", "the same with sockets"),
  ];
}

/** Minified, and as gzip sends it. */
function sizeOf(esbuild: string, leftOut: readonly string[]): Measurement {
  return async () => {
    const { stdout } = await runFile(
      esbuild,
      [ENTRY, "--bundle", "--minify", "--format=esm", "--target=es2023", ...leftOut],
      { encoding: "buffer", maxBuffer: 1 << 26 },
    );
    return gzipSync(stdout, { level: 9 }).length / 1000;
  };
}
