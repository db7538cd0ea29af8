// Builds dist/: our TypeScript, and the bindgen, taken out of its package.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { link } from "./link.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);

// Nothing stays whose source is gone: all of dist/ is published.
rmSync(join(root, "dist"), { recursive: true, force: true });
buildBindgen();
execFileSync(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-b", "tsconfig.node.json"], {
  cwd: root,
  stdio: "inherit",
});
// The second one is loaded when Node's cache of compiled code is on: see src/cli/cache.ts.
link(join(root, "dist"), ["cli/main.js", "cli/run.js"]);

/**
 * jco's bindgen is a component with glue of its own, which imports WASI from preview2-shim, which starts a thread when
 * it is imported. We take the glue and its core modules alone, and give it WASI from our own modules instead.
 */
function buildBindgen() {
  const entry = require.resolve("@bytecodealliance/jco-transpile/component");
  const vendor = dirname(entry);
  const out = join(root, "dist", "bindgen");
  mkdirSync(out, { recursive: true });
  const glue = readFileSync(entry, "utf8");
  const mapped = glue.replaceAll(/'@bytecodealliance\/preview2-shim\/\w+'/g, "'./wasi.js'");
  if (mapped === glue || mapped.includes("preview2-shim")) {
    throw new Error("The bindgen no longer imports WASI as scripts/build.js expects: look at its first lines");
  }
  writeFileSync(join(out, "bindgen.js"), mapped);
  writeFileSync(
    join(out, "bindgen.d.ts"),
    "export declare const $init: Promise<void>;\n" +
      "export declare function generate(component: Uint8Array, options: object): { files: [string, Uint8Array][] };\n",
  );
  for (const core of ["core", "core2"]) {
    const name = `js-component-bindgen-component.${core}.wasm`;
    cpSync(join(vendor, name), join(out, name));
  }
  cpSync(join(vendor, "..", "LICENSE"), join(out, "LICENSE"));
  const { name, version, license } = JSON.parse(readFileSync(join(vendor, "..", "package.json"), "utf8"));
  writeFileSync(
    join(out, "NOTICE"),
    `bindgen.js and the .wasm files in this folder are part of ${name} ${version}, by the Bytecode Alliance and its\n` +
      `contributors, under ${license} (see LICENSE). In bindgen.js the imports of WASI are mapped to wasi.js;\n` +
      "wasi.js, the .d.ts files and this text are Sluice's.\n",
  );
}
