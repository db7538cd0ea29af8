/** What a page loads that runs components, with files in memory, and what is fetched when a component needs it. */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type BuildResult } from "esbuild";
import { OURS, type Case } from "../case.ts";
import { ROOT } from "../processes.ts";

/** What the script of a page imports. */
const PAGE = 'export { run, instantiate, compile, MemoryFiles } from "./browser.js";';
const ENTRY = "dist/stdin.js";

/** As people's bundlers leave it. */
interface Bundle {
  /** Zipped, by path. */
  readonly bytes: ReadonlyMap<string, number>;
  readonly outputs: NonNullable<BuildResult["metafile"]>["outputs"];
}

export function page(): readonly Case[] {
  let bundled: Promise<Bundle> | undefined;
  const row = (id: string, what: string, bytesOf: (bundle: Bundle) => number): Case => ({
    id,
    what,
    unit: "KB",
    better: "less",
    rounds: 1,
    contestants: { [OURS]: async () => bytesOf(await (bundled ??= bundle())) / 1000 },
  });
  return [
    row(
      "bundle",
      "a bundle: loader, WASI 0.2, Web streams, files in memory",
      (all) => atOnce(all) + later(all, "load"),
    ),
    row("bundle-ahead", "the same for a component that was built ahead", atOnce),
    row("bundle-composed", "what is fetched for components that call each other", (all) => later(all, "fused")),
    row("bundle-preview1", "what is fetched for core modules of preview 1", (all) => later(all, "core-module")),
  ];
}

/** Minified, and as gzip sends it. */
async function bundle(): Promise<Bundle> {
  const { metafile, outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: join(ROOT, "dist"), sourcefile: "page.js" },
    absWorkingDir: ROOT,
    outdir: "dist",
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    target: "es2023",
    metafile: true,
    write: false,
    // It would say that imports of nothing are left out.
    logLevel: "error",
  });
  const bytes = new Map(outputFiles.map(({ path, contents }) => [path, gzipSync(contents, { level: 9 }).length]));
  return { bytes, outputs: metafile.outputs };
}

/** The entry, and what it imports: all that a component takes that was built ahead. */
function atOnce(all: Bundle): number {
  return sum(all, reached(all, ENTRY));
}

/** What an `import()` of this module adds to it. */
function later(all: Bundle, name: string): number {
  const entry = Object.keys(all.outputs).find((path) => path.startsWith(`dist/web-${name}-`));
  if (entry === undefined) throw new Error(`Nothing imports ${name} later`);
  const there = reached(all, ENTRY);
  return sum(
    all,
    [...reached(all, entry)].filter((path) => !there.has(path)),
  );
}

function reached({ outputs }: Bundle, entry: string): Set<string> {
  const found = new Set([entry]);
  for (const path of found) {
    for (const { path: imported, kind } of outputs[path]?.imports ?? []) {
      if (kind === "import-statement") found.add(imported);
    }
  }
  return found;
}

function sum({ bytes }: Bundle, paths: Iterable<string>): number {
  return [...paths].reduce((total, path) => total + (bytes.get(join(ROOT, path)) ?? 0), 0);
}
