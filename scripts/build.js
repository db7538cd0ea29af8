// Builds dist/: declarations by tsc, which checks all of it, and JavaScript by esbuild. What is loaded as one module takes a
// third of what its hundred sources would: Node spends a quarter of a millisecond on each.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** What package.json exports. Modules that several of them need are in dist/shared, once. */
const ENTRIES = [
  "hosts/node/isolate/worker",
  "index",
  "inspect",
  "map/cli",
  "map/clocks",
  "map/filesystem",
  "map/http",
  "map/io",
  "map/random",
  "map/sockets",
  "nats/index",
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
/** @type {import("esbuild").BuildOptions} */
const LIBRARY = {
  ...COMMON,
  outdir: "dist",
  outbase: "src",
  format: "esm",
  splitting: true,
  chunkNames: "shared/[name]-[hash]",
  // From a module in dist/shared: see src/hosts/node/isolate/host.ts.
  define: { BUILT_WORKER: '"../hosts/node/isolate/worker.js"' },
};
await build({
  ...LIBRARY,
  entryPoints: ENTRIES.map((name) => `src/${name}.ts`),
  plugins: [inOnePiece(await loadedAtOnce("src/index.ts"))],
  // Those that `inOnePiece` adds.
  logOverride: { "ignored-bare-import": "silent" },
});
// Those of pages, workers and all else that is not Node: see `exports` in package.json.
await build({
  ...LIBRARY,
  entryPoints: {
    browser: "src/browser.ts",
    opfs: "src/opfs.ts",
    terminal: "src/terminal.ts",
    "shared/web-inspect": "src/inspect.ts",
    "shared/web-testing": "src/testing/index.ts",
  },
  chunkNames: "shared/web-[name]-[hash]",
  plugins: [inOnePiece(await loadedAtOnce("src/browser.ts"))],
  logOverride: { "ignored-bare-import": "silent" },
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
  // The script is as deep in dist as its modules.
  define: { "import.meta.url": "$url", BUILT_WORKER: '"../hosts/node/isolate/worker.js"' },
});

/** The modules that importing `entry` loads, without those that it imports later. */
async function loadedAtOnce(entry) {
  const { metafile } = await build({ ...LIBRARY, entryPoints: [entry], write: false, metafile: true });
  const { inputs } = metafile;
  const reached = new Set([entry]);
  for (const path of reached) {
    for (const { kind, path: next } of inputs[path]?.imports ?? []) if (kind === "import-statement") reached.add(next);
  }
  return [...reached].filter((path) => path in inputs && path !== entry);
}

/**
 * Puts `modules` into one file: a module for each set of those who import it, as the bundler would have it, makes
 * twenty, and Node takes a third of a millisecond for each. It does so as everything that shares one of them, and all
 * that is imported later, imports all of them. These imports are not in what comes out, as the package has no side
 * effects: they only say what belongs together.
 *
 * @returns {import("esbuild").Plugin}
 */
function inOnePiece(modules) {
  const CORE = "sluice:core";
  return {
    name: "in one piece",
    setup(bundler) {
      const kept = new Set(modules.map((path) => join(root, path)));
      bundler.onResolve({ filter: /^sluice:/ }, () => ({ path: CORE, namespace: "sluice" }));
      bundler.onLoad({ filter: /./, namespace: "sluice" }, () => ({
        contents: [...kept].map((path) => `import ${JSON.stringify(path)};`).join("\n"),
        resolveDir: root,
      }));
      bundler.onResolve({ filter: /./ }, async ({ path, kind, importer, namespace, resolveDir, pluginData }) => {
        if (pluginData === CORE || path.startsWith("node:")) return undefined;
        if (namespace === "sluice") return { path };
        if (kind !== "dynamic-import" && kind !== "entry-point") return undefined;
        const found = await bundler.resolve(path, { kind, importer, resolveDir, pluginData: CORE });
        return { ...found, suffix: "?whole" };
      });
      bundler.onLoad({ filter: /\.ts$/ }, ({ path, suffix }) =>
        suffix === "?whole"
          ? { contents: `import "${CORE}";\n${readFileSync(path, "utf8")}`, loader: "ts", resolveDir: dirname(path) }
          : undefined,
      );
    },
  };
}
