/** The package in the bundlers that pages are built with, none of which is told anything: no plugin, no condition. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { Project, root } from "./support.ts";

/** What a page loads to run a command, before it has one. docs/embedding.md says what it is now. */
const MAX_PAGE_BYTES = 74_000;

const PAGE = `import { MemoryFiles, run } from "sluice";
globalThis.sluice = { MemoryFiles, run };
`;
/** Runs a guest with what the bundle has put there. */
const DRIVER = `import { readFileSync } from "node:fs";
globalThis.self = globalThis;
await import(process.argv[2]);
const { MemoryFiles, run } = globalThis.sluice;
let output = "";
const { exitCode } = await run(new Uint8Array(readFileSync(process.argv[3])), {
  args: ["cat-files", "/notes.txt"],
  preopens: { "/": MemoryFiles.from({ "notes.txt": "a note" }).root() },
  stdout: (chunk) => void (output += new TextDecoder().decode(chunk)),
});
console.log(exitCode, output.trimEnd());
`;
const GUEST = join(root, "test", "guests", "built", "cat-files.wasm");

/** What it has to be told to make several modules. */
const ESBUILD = { bundle: true, minify: true, splitting: true, format: "esm", logLevel: "silent" } as const;

let project: Project;

before(async () => {
  project = await Project.create();
  await project.write("page.js", PAGE);
  await project.write("driver.mjs", DRIVER);
});

after(() => project.remove());

/** Each puts a bundle of page.js, in modules of its own making, into a folder. */
const BUNDLERS: Readonly<Record<string, (folder: string) => Promise<void>>> = {
  async esbuild(outdir) {
    await build({ ...ESBUILD, absWorkingDir: project.folder, entryPoints: ["page.js"], outdir });
  },
  async rolldown(dir) {
    await project.run(installed("rolldown"), ["page.js", "--dir", dir, "--minify", "--platform", "browser"]);
  },
  async webpack(path) {
    // Its command is a package of its own.
    const script = await project.write("webpack.mjs", WEBPACK);
    await project.run(process.execPath, [script, join(root, "node_modules", "webpack", "lib", "index.js"), path]);
  },
  async "bun build"(outdir) {
    await project.run(installed("bun"), ["build", "page.js", "--outdir", outdir, "--minify", "--splitting"]);
  },
};

const WEBPACK = `const { default: webpack } = await import(process.argv[2]);
const output = { path: process.argv[3], filename: "page.js", publicPath: "" };
webpack({ entry: "./page.js", mode: "production", optimization: { minimize: false }, output }, (error, stats) => {
  if (error) throw error;
  if (stats.hasErrors()) throw new Error(stats.toString());
});
`;

/** The command of a development dependency of ours. */
function installed(name: string): string {
  return join(root, "node_modules", ".bin", name);
}

async function bundled(name: string): Promise<string> {
  const folder = join(project.folder, name.replace(" ", "-"));
  await mkdir(folder);
  await BUNDLERS[name]?.(folder);
  return folder;
}

describe("a bundle for pages", () => {
  for (const name of Object.keys(BUNDLERS)) {
    test(`by ${name} has nothing of Node, and runs a guest`, async () => {
      const folder = await bundled(name);
      for (const file of await readdir(folder)) {
        assert.doesNotMatch(await readFile(join(folder, file), "utf8"), /["'`]node:|getBuiltinModule/, file);
      }
      const { stdout } = await project.run(process.execPath, ["driver.mjs", join(folder, "page.js"), GUEST]);
      assert.equal(stdout, "0 a note\n");
    });
  }

  test("is small", async (t) => {
    const { outputs, sizes } = await esbuilt(PAGE);
    const files = loadedWith(outputs, "stdin.js");
    const bytes = [...files].reduce((sum, path) => sum + (sizes.get(path) ?? Number.NaN), 0);
    t.diagnostic(`${bytes} bytes, minified and by gzip, in ${files.size} files`);
    assert.ok(bytes <= MAX_PAGE_BYTES, `${bytes} bytes`);
  });

  test("has each class once, whichever modules of the package are in it", async () => {
    await project.write(
      "both.js",
      `import { InvalidComponentError as one } from "sluice";
      import { inspect, InvalidComponentError as same } from "sluice/inspect";
      import { FaultySink } from "sluice/testing";
      console.log(one === same, typeof inspect, typeof FaultySink);`,
    );
    const outdir = join(project.folder, "both");
    await build({ ...ESBUILD, absWorkingDir: project.folder, entryPoints: ["both.js"], outdir });
    const { stdout } = await project.run(process.execPath, [join(outdir, "both.js")]);
    assert.equal(stdout, "true function function\n");
  });
});

interface Built {
  readonly outputs: Readonly<Record<string, { readonly imports: readonly { path: string; kind: string }[] }>>;
  /** As gzip sends them, by path. */
  readonly sizes: ReadonlyMap<string, number>;
}

async function esbuilt(contents: string): Promise<Built> {
  const { metafile, outputFiles } = await build({
    absWorkingDir: project.folder,
    stdin: { contents, resolveDir: project.folder, sourcefile: "stdin.js" },
    outdir: ".",
    ...ESBUILD,
    metafile: true,
    write: false,
  });
  const sizes = new Map(outputFiles.map(({ path, contents: code }) => [basename(path), gzipSync(code).length]));
  return { outputs: metafile.outputs, sizes };
}

/** A file, and those that it imports. */
function loadedWith(outputs: Built["outputs"], entry: string): Set<string> {
  const files = new Set([entry]);
  for (const file of files) {
    for (const { path, kind } of outputs[file]?.imports ?? []) if (kind === "import-statement") files.add(path);
  }
  return files;
}
