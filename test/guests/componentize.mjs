// Core modules to components: node componentize.mjs JCO_DIR CORE_DIR OUT_DIR NAME[:[WIT_FILE]]...
// With a WIT file, the module gets that world; with an empty name of one, it has a world in it already;
// without, it is a wasip1 command and gets the preview1 adapter.
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
      ? await componentNew(withRoom(core), [["wasi_snapshot_preview1", await readFile(adapterPath)]])
      : await componentNew(witPath === "" ? core : await embed(core, await readFile(witPath, "utf8")));
  await writeFile(join(outDir, `${name}.wasm`), component);
}

/** The world may ask for another 0.2 version than the WIT files have: WASI 0.2 only grows. */
function embed(binary, world) {
  const version = /wasi:[^@]+@(0\.2\.\d+)/.exec(world)?.[1] ?? wasiVersion;
  const witSource = `${world}\n${wasi.replaceAll(`@${wasiVersion}`, `@${version}`)}`;
  return componentEmbed({ binary, witSource, world: "guest" });
}

/**
 * For a command that exports no cabi_realloc, which is one from Go. The adapter then keeps its state
 * where the memory ends, and Go's heap runs over it when it gets there, since Go takes all that the
 * memory grows by for its own. So the memory begins 32 MiB larger, which is more than the heaps of
 * these guests.
 */
function withRoom(core) {
  if (WebAssembly.Module.exports(new WebAssembly.Module(core)).some(({ name }) => name === "cabi_realloc")) return core;
  const memorySection = 5;
  for (let at = 8; at < core.length;) {
    const size = leb128(core, at + 1);
    if (core[at] === memorySection) {
      // One memory, without a maximum: 1, 0, minimum.
      const pages = leb128(core, size.end + 2).value + 512;
      const section = [memorySection, 5, 1, 0, (pages & 0x7f) | 0x80, ((pages >> 7) & 0x7f) | 0x80, pages >> 14];
      return Buffer.concat([core.subarray(0, at), Uint8Array.from(section), core.subarray(size.end + size.value)]);
    }
    at = size.end + size.value;
  }
  return core;
}

/** An unsigned number of variable length, and where it ends. */
function leb128(bytes, at) {
  let value = 0;
  let shift = 0;
  for (; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, end: at };
  }
}
