// Builds the site into site/out, or into the folder that is named: the playground, and the documentation beside it.
// Whatever serves files can serve it.
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { SAMPLES } from "./catalog.ts";
import { buildDocs } from "./docs.js";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..");

/** Large, and not there unless somebody has built it: see site/python/build.sh. */
const python = join(here, "python", "built", "python.wasm");
const hasPython = existsSync(python);

const out = process.argv[2] ?? join(here, "out");

// Nothing stays whose source is gone.
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await bundle();
for (const name of ["index.html", "icon.svg"]) cpSync(join(here, name), join(out, name));
for (const { file } of SAMPLES) {
  cpSync(join(root, "test", "guests", "built", `${file}.wasm`), join(out, "guests", `${file}.wasm`));
}
if (hasPython) cpSync(python, join(out, "guests", "python.wasm"));
buildDocs(root, join(out, "docs"));
console.log(`${out}: index.html is the playground, docs/index.html the documentation`);

async function bundle() {
  await build({
    absWorkingDir: here,
    entryPoints: [
      { in: "page/main.ts", out: "playground" },
      { in: "worker/worker.ts", out: "worker" },
      { in: "page/docs.ts", out: "docs" },
      { in: "style/playground.css", out: "playground" },
      { in: "style/docs.css", out: "docs" },
    ],
    outdir: out,
    bundle: true,
    splitting: true,
    minify: true,
    sourcemap: true,
    format: "esm",
    target: "es2023",
    logLevel: "warning",
    define: { HAS_PYTHON: JSON.stringify(hasPython) },
    chunkNames: "chunks/[name]-[hash]",
    // Those who build pages install the package; here it is what that is built of.
    alias: {
      "sluice/inspect": join(root, "src/inspect.ts"),
      "sluice/terminal": join(root, "src/terminal.ts"),
      sluice: join(root, "src/browser.ts"),
    },
  });
}
