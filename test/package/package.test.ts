/** What somebody has who installs the package. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { publint } from "publint";
import { Project, root } from "./support.ts";

const MAX_UNPACKED_BYTES = 10 * 1024 * 1024;

let project: Project;

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: object;
  readonly optionalDependencies?: object;
  readonly peerDependencies?: object;
  readonly peerDependenciesMeta?: object;
}

before(async () => {
  project = await Project.create();
});

after(() => project.remove());

async function manifest(): Promise<Manifest> {
  return JSON.parse(await readFile(project.installed("package.json"), "utf8")) as Manifest;
}

const NODES = { module: "nodenext", types: ["node"] };
/** As docs/browsers.md has it. */
const PAGES = { module: "esnext", moduleResolution: "bundler", types: [], customConditions: ["browser"] };

/** What the compiler says of a program, in a project of Node's if it is no page's. */
async function typeCheck(lib: readonly string[] | undefined, program: string, kind: object = NODES): Promise<string> {
  await project.write("use.ts", program);
  await project.write(
    "tsconfig.json",
    JSON.stringify({
      compilerOptions: {
        target: "es2023",
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        exactOptionalPropertyTypes: true,
        ...kind,
        ...(lib && { lib }),
      },
      files: ["use.ts"],
    }),
  );
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  return project.run(process.execPath, [tsc, "-p", "."]).then(
    () => "",
    (error: { readonly stdout?: string; readonly message: string }) => error.stdout ?? error.message,
  );
}

const PROGRAM = `
import { CollectSink, compile, instantiate, Pipe, run, Trap, type Limits, type Options, type Sink, type Source } from "sluice";
import { streams } from "sluice/io";
import * as testing from "sluice/testing";

const limits: Partial<Limits> = { bufferBytes: 1024 };
const output = new CollectSink();
const sink: Sink = output;
const pipe: Pipe = new Pipe(4096);
const source: Source = pipe.source;
const options: Options = { args: ["app"], stdin: source, stdout: sink, stderr: (chunk) => chunk.length, limits };
const component = await compile(new Uint8Array());
const { exitCode, stats } = await run(component, options);
const instance = await instantiate(component, { stdin: new Blob(["text"]).stream(), stdout: process.stdout });
const sum: number = exitCode + stats.stdout.bytes + instance.stats.stdin.waits;
try {
  await instance.close();
} catch (error) {
  if (error instanceof Trap) console.log(error.rule.length, error.message, sum, streams, testing);
}
const maybe: Options = { timeout: undefined, signal: undefined, stdin: undefined, isolate: undefined, env: process.env };
await run(component, maybe);
// @ts-expect-error -- not a stream
await run(component, { stdin: 5 });
`;

test("it has no dependency at run time; who wants sluice/nats installs the client of NATS", async () => {
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = await manifest();
  assert.deepEqual({ ...dependencies, ...optionalDependencies }, {});
  const peers = ["@nats-io/jetstream", "@nats-io/transport-node"];
  assert.deepEqual(Object.keys(peerDependencies ?? {}), peers);
  assert.deepEqual(peerDependenciesMeta, Object.fromEntries(peers.map((peer) => [peer, { optional: true }])));
});

test("it is below 10 MiB unpacked", () => {
  assert.ok(project.packed.unpackedSize < MAX_UNPACKED_BYTES, `${project.packed.unpackedSize} bytes`);
});

test("it has what it needs, and no sources, tests or leftovers", () => {
  const paths = project.packed.files.map(({ path }) => path);
  for (const needed of ["LICENSE", "README.md", "CHANGELOG.md", "bin/sluice.js"]) {
    assert.ok(paths.includes(needed), `${needed} is missing`);
  }
  const other = paths.filter(
    (path) => !/^(bin\/|dist\/|package\.json$|LICENSE$|README\.md$|CHANGELOG\.md$)/.test(path),
  );
  assert.deepEqual(other, []);
});

test("each declaration in it comes from a source that is still there, and each module is an entry or shared by some", () => {
  const paths = project.packed.files.map(({ path }) => path);
  const orphans = paths.filter(
    (path) =>
      path.endsWith(".d.ts") && !existsSync(join(root, path.replace(/^dist\//, "src/").replace(/\.d\.ts$/, ".ts"))),
  );
  assert.deepEqual(orphans, [], "left from an earlier build: remove dist/ and build again");
  const entries = paths.filter((path) => /^dist\/(?!shared\/).*\.js$/.test(path) && !path.startsWith("dist/cli/"));
  for (const path of entries) assert.ok(paths.includes(path.replace(/\.js$/, ".d.ts")), path);
});

test("publint finds nothing to say", async () => {
  const { messages } = await publint({ pkgDir: project.installed(), pack: false, strict: true });
  assert.deepEqual(messages, []);
});

test("the command runs a guest", async () => {
  const guest = join(root, "test", "guests", "built", "echo.wasm");
  const { stdout, stderr } = await project.run(join(project.folder, "node_modules", ".bin", "sluice"), [
    "run",
    guest,
    "one",
    "two",
  ]);
  assert.deepEqual([stdout, stderr], ["one two\n", ""]);
});

test("npx finds the command", async () => {
  const { version } = JSON.parse(await readFile(project.installed("package.json"), "utf8")) as {
    readonly version: string;
  };
  const { stdout } = await project.run("npx", ["--offline", "--no", "--", "sluice", "--version"]);
  assert.equal(stdout.trim(), `sluice ${version}`);
});

for (const [name, ...options] of [
  ["bun", "x", "--bun", "sluice"],
  ["deno", "run", "--allow-all", "npm:sluice"],
] as const) {
  test(`${[name, ...options].join(" ")} is the command`, async () => {
    const guest = join(root, "test", "guests", "built", "echo.wasm");
    const { stdout, stderr } = await project.run(join(root, "node_modules", ".bin", name), [
      ...options,
      ...["run", guest, "one", "two"],
    ]);
    assert.deepEqual([stdout, stderr], ["one two\n", ""]);
  });
}

test("each module that it exports can be imported by its name, and runs a guest", async () => {
  const names = Object.keys((await manifest()).exports).filter((path) => !path.endsWith(".json"));
  assert.ok(names.includes("./testing") && names.includes("./io"));
  const guest = join(root, "test", "guests", "built", "hello.wasm");
  await project.write(
    "use.mjs",
    `import { readFile } from "node:fs/promises";
    import { CollectSink, run } from "sluice";
    for (const name of ${JSON.stringify(names)}) {
      const module = await import(name.replace(".", "sluice"));
      if (Object.keys(module).length === 0) throw new Error(name + " exports nothing");
    }
    const stdout = new CollectSink();
    const { exitCode } = await run(await readFile(${JSON.stringify(guest)}), { stdout });
    console.log(exitCode, stdout.text().trimEnd());`,
  );
  assert.equal((await project.run(process.execPath, ["use.mjs"])).stdout, "0 hello\n");
});

test("its types serve a program in TypeScript, libraries checked", async () => {
  for (const name of ["@types/node", "undici-types"]) {
    await project.borrow(name);
  }
  assert.equal(await typeCheck(undefined, PROGRAM), "");
});

test("its types serve a page that has nothing of Node's", async () => {
  const program = `
import { compile, MemoryFiles, run } from "sluice";
import { openTerminal } from "sluice/terminal";

const preopens = { "/": MemoryFiles.from({ "notes.txt": "one" }).root() };
await run(await compile(fetch("app.wasm")), { preopens, stdout: (chunk) => document.body.append(String(chunk.length)) });
// @ts-expect-error -- not a stream
await run(new Uint8Array(), { stdin: 5 });
console.log(openTerminal);
`;
  assert.equal(await typeCheck(["es2023", "dom"], program, PAGES), "");
});

test("its types serve a program that leaves the DOM out", async () => {
  assert.equal(await typeCheck(["es2024", "esnext.disposable"], PROGRAM), "");
});

test("a class is named as it is exported", async () => {
  await project.write(
    "names.mjs",
    `const isClass = (value) => typeof value === "function" && /^class/.test(Function.prototype.toString.call(value));
for (const name of ["index.js", "browser.js", "opfs.js", "terminal.js", "inspect.js", "testing/index.js", "nats/index.js"]) {
  const entry = await import("./node_modules/sluice/dist/" + name);
  for (const [name, value] of Object.entries(entry)) if (isClass(value) && value.name !== name) console.log(name, value.name);
}`,
  );
  assert.equal((await project.run(process.execPath, ["names.mjs"])).stdout, "");
});

test("an error that nobody catches is shown with a line of what threw it, and not with all of the package", async () => {
  await project.write(
    "uncaught.mjs",
    'import { run } from "sluice";\nawait run(new TextEncoder().encode("<html>"));\n',
  );
  const shown = await project.run(process.execPath, ["uncaught.mjs"]).then(
    () => "",
    ({ stderr }: { readonly stderr: string }) => stderr,
  );
  assert.match(shown, /Expected a WebAssembly component/);
  assert.ok(shown.length < 3000, `${shown.length} characters: ${shown.slice(0, 500)}`);
});
