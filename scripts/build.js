// Builds dist/: declarations by tsc, which checks all of it, and JavaScript by esbuild. What is loaded as one module takes a
// third of what its hundred sources would: Node spends a quarter of a millisecond on each.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** What package.json exports. Modules that several of them need are in dist/shared, once. */
const ENTRIES = [
  "browser",
  "hosts/node/isolate/worker",
  "index",
  "inspect",
  "map/cli",
  "map/clocks",
  "map/filesystem",
  "map/io",
  "map/random",
  "testing/index",
];

/** @type {import("esbuild").BuildOptions} */
const COMMON = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  // As in tsconfig.base.json.
  target: "es2023",
  charset: "ascii",
  legalComments: "none",
  logLevel: "warning",
};

// Nothing stays whose source is gone: all of dist/ is published.
rmSync(join(root, "dist"), { recursive: true, force: true });
execFileSync(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-b", "tsconfig.node.json"], {
  cwd: root,
  stdio: "inherit",
});
await build({
  ...COMMON,
  entryPoints: ENTRIES.map((name) => `src/${name}.ts`),
  outdir: "dist",
  outbase: "src",
  format: "esm",
  splitting: true,
  chunkNames: "shared/[name]-[hash]",
  // From a module in dist/shared: see src/hosts/node/isolate/host.ts.
  define: { BUILT_WORKER: '"../hosts/node/isolate/worker.js"' },
});
// The command is one script, which bin/start.js gives to V8 with what V8 has compiled of it before: a function of `require`,
// the module that it fills, and its own URL.
await build({
  ...COMMON,
  entryPoints: ["src/cli/main.ts"],
  outfile: "dist/cli/sluice.js",
  format: "cjs",
  banner: { js: "(function (require, module, $url) {" },
  footer: { js: "})" },
  define: { "import.meta.url": "$url" },
});
