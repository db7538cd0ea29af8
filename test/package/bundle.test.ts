/** The package in the bundlers that pages are built with, none of which is told anything: no plugin, no condition. */
import assert from "node:assert/strict";
import { copyFile, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { Project, root } from "./support.ts";

/**
 * Bytes that a page has loaded when a command has run, as gzip sends them: one that it is given, or that was built ahead.
 * docs/embedding.md says what they are now.
 */
const MAX_PAGE_BYTES = {
  esbuild: { given: 67_750, ahead: 45_900 },
  rolldown: { given: 64_750, ahead: 44_850 },
};
/** The same for who wants a `Pipe` alone. */
const MAX_PIPE_BYTES = 3150;

const PAGE = `import { MemoryFiles, run } from "sluice";
globalThis.sluice = { MemoryFiles, run };
`;
const PAGE_AHEAD = `import { MemoryFiles } from "sluice";
import { run } from "./ahead/index.js";
globalThis.sluice = { MemoryFiles, run: (_, options) => run(options) };
`;
/** Says at its end which modules were loaded. */
const WATCHED = `import { registerHooks } from "node:module";
const loaded = [];
registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
await import("./driver.mjs");
console.log(JSON.stringify(loaded));
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
  await project.write("watched.mjs", WATCHED);
  await project.write("page-ahead.js", PAGE_AHEAD);
  await project.run(join(project.folder, "node_modules", ".bin", "sluice"), ["build", GUEST, "-o", "ahead"]);
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
const output = { path: process.argv[3], filename: "page.js", publicPath: "", module: true, chunkLoading: "import", chunkFormat: "module" };
webpack({ entry: "./page.js", mode: "production", optimization: { minimize: false }, experiments: { outputModule: true }, output }, (error, stats) => {
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

  for (const name of ["esbuild", "rolldown"] as const) {
    test(`by ${name} is small`, async (t) => {
      const bytes = await loadedBytes(name, "page.js", t);
      assert.ok(bytes <= MAX_PAGE_BYTES[name].given, `${bytes} bytes`);
    });

    test(`by ${name} is smaller for what was built ahead`, async (t) => {
      const bytes = await loadedBytes(name, "page-ahead.js", t);
      assert.ok(bytes <= MAX_PAGE_BYTES[name].ahead, `${bytes} bytes`);
    });
  }

  for (const [name, bundler] of [
    ["rolldown", ["rolldown", "--platform", "browser", "--minify"]],
    ["esbuild", ["esbuild", "--bundle", "--format=esm", "--minify", "--log-level=error"]],
  ] as const) {
    test(`by ${name} has little for who wants little`, async (t) => {
      const [command, ...options] = bundler;
      await project.write("pipe.js", 'import { Pipe } from "sluice";\nglobalThis.made = new Pipe(5);\n');
      const folder = `pipe-${name}`;
      const into = name === "esbuild" ? [`--outdir=${folder}`] : ["--dir", folder];
      await project.run(installed(command), ["pipe.js", ...options, ...into]);
      await project.write("pipe.mjs", WATCHED.replace("driver.mjs", `${folder}/pipe.js`));
      const bytes = await bytesOf(await loadedBy("pipe.mjs"), t);
      assert.ok(bytes <= MAX_PIPE_BYTES, `${bytes} bytes`);
    });
  }

  test("has modules that a browser may compile as they load, where the package is used as it is", async () => {
    const folder = project.installed("dist", "shared");
    for (const name of ["core", "load", "common", "checks"]) {
      const files = (await readdir(folder)).filter((file) => new RegExp(`^web-${name}-[\\w-]{8}\\.js$`).test(file));
      assert.equal(files.length, 1, `${name}: ${files.join(", ")}`);
      const text = await readFile(join(folder, files[0] ?? ""), "utf8");
      assert.ok(text.startsWith("//# allFunctionsCalledOnLoad\n"), name);
    }
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

/** Of a bundle of the page, when a command has run. */
async function loadedBytes(bundler: "esbuild" | "rolldown", page: string, t: TestContext): Promise<number> {
  const folder = `watched-${bundler}-${page}`;
  const made = join(project.folder, folder);
  if (bundler === "esbuild") {
    await build({ ...ESBUILD, absWorkingDir: project.folder, entryPoints: [page], outdir: folder });
  } else await project.run(installed("rolldown"), [page, "--dir", folder, "--minify", "--platform", "browser"]);
  const ahead = join(project.folder, "ahead");
  const names = (await readdir(ahead)).filter((name) => name.endsWith(".wasm"));
  await Promise.all(names.map((name) => copyFile(join(ahead, name), join(made, name))));
  return bytesOf(await loadedBy("watched.mjs", join(made, page), GUEST), t);
}

/** The modules of bundles that a script which watches has loaded. */
async function loadedBy(...script: string[]): Promise<string[]> {
  const { stdout } = await project.run(process.execPath, script);
  const urls = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as string[];
  return urls.filter((url) => url.endsWith(".js")).map((url) => fileURLToPath(url));
}

/** As gzip sends them. */
async function bytesOf(paths: readonly string[], t: TestContext): Promise<number> {
  const sizes = await Promise.all(paths.map(async (path) => gzipSync(await readFile(path)).length));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  t.diagnostic(`${bytes} bytes, minified and by gzip, in ${paths.length} files`);
  return bytes;
}
