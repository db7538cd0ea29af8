// Builds the site into site/out, or into the folder that is named: the playground, and the documentation beside it.
// Whatever serves files can serve it. If it is not at the root of its host, its path is named after the folder, such as /sluice/:
// 404.html needs that, which a server gives at any address.
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { SAMPLES } from "./catalog.ts";
import { buildDocs, notFoundPage } from "./docs.js";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..");

const out = process.argv[2] ?? join(here, "out");

// Nothing stays whose source is gone.
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await bundle();
for (const name of ["index.html", "icon.svg"]) cpSync(join(here, name), join(out, name));
for (const { file } of SAMPLES) {
  const built = file === "python" ? join(here, "python") : join(root, "test", "guests", "built");
  cpSync(join(built, `${file}.wasm`), join(out, "guests", `${file}.wasm`));
}
// What others hold the rights of is told beside it.
cpSync(join(here, "python", "NOTICE"), join(out, "guests", "python.txt"));
buildDocs(root, join(out, "docs"));
writeFileSync(join(out, "404.html"), notFoundPage(process.argv[3] ?? "/"));
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
    chunkNames: "chunks/[name]-[hash]",
    // Those who build pages install the package; here it is what that is built of.
    alias: {
      "sluice/inspect": join(root, "src/inspect.ts"),
      "sluice/terminal": join(root, "src/terminal.ts"),
      sluice: join(root, "src/browser.ts"),
    },
  });
}
