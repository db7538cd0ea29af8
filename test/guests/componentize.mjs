// Core modules to components: node componentize.mjs JCO_DIR CORE_DIR OUT_DIR NAME[:WIT_FILE]...
// With a WIT file, the module gets that world; without, it is a wasip1 command and gets the
// preview1 adapter.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [jcoDir, coreDir, outDir, ...guests] = process.argv.slice(2);
const packages = resolve(jcoDir, "node_modules/@bytecodealliance");
const { componentEmbed, componentNew } = await import(
  pathToFileURL(join(packages, "jco-transpile/dist/wasm-tools.js")).href
);
const wasiVersion = "0.2.12";
const witDir = join(packages, "jco/lib/wit/builtin", wasiVersion);
const adapterPath = join(packages, "jco/lib/wasi_snapshot_preview1.command.wasm");

/** All of WASI in one WIT text: every package nested, so that a world can follow. */
const wasi = (
  await Promise.all(
    (await readdir(witDir)).toSorted().map(async (folder) => {
      const text = await readFile(join(witDir, folder, "package.wit"), "utf8");
      return text.replace(/^package ([^;]+);/m, "package $1 {") + "\n}\n";
    }),
  )
).join("\n");

for (const guest of guests) {
  const [name, witPath] = guest.split(":");
  const core = await readFile(join(coreDir, `${name}.core.wasm`));
  const component =
    witPath === undefined
      ? await componentNew(core, [["wasi_snapshot_preview1", await readFile(adapterPath)]])
      : await componentNew(await embed(core, await readFile(witPath, "utf8")));
  await writeFile(join(outDir, `${name}.wasm`), component);
}

/** The world may ask for another 0.2 version than the WIT files have: WASI 0.2 only grows. */
function embed(binary, world) {
  const version = /wasi:[^@]+@(0\.2\.\d+)/.exec(world)?.[1] ?? wasiVersion;
  const witSource = `${world}\n${wasi.replaceAll(`@${wasiVersion}`, `@${version}`)}`;
  return componentEmbed({ binary, witSource, world: "guest" });
}
