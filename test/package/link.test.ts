/** scripts/link.js, which puts what the command loads into few files. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

const { link } = (await import(pathToFileURL(join(root, "scripts", "link.js")).href)) as {
  link(folder: string, entries: readonly string[]): void;
};

function folderOf(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-link-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

async function load(folder: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(pathToFileURL(join(folder, path)).href)) as Record<string, unknown>;
}

const SHARED = `import * as path from "node:path";
export class Shared {}
export const slash = path.posix.sep;
const own = "shared";
export function* twice() {
    yield own;
    yield own;
}
`;

test("entries share their modules, and keep the names of each apart", async (t) => {
  const folder = folderOf(t, {
    "shared.js": SHARED,
    "a/first.js": `import { Shared, slash } from "../shared.js";
const own = "first";
export async function second() { return import("../b/second.js"); }
export function make() { return [new Shared(), slash, own]; }
`,
    "b/second.js": `import { make as made } from "../a/first.js";
import * as all from "../shared.js";
import { basename } from "node:path";
const own = basename("b/second");
const modules = "a name like any other";
export const isShared = made()[0] instanceof all.Shared;
export const words = [...all.twice(), own, modules];
`,
  });
  link(folder, ["a/first.js", "b/second.js"]);
  // Nothing but what is linked is needed.
  rmSync(join(folder, "shared.js"));
  const { make, second } = (await load(folder, "a/first.js")) as {
    make(): unknown[];
    second(): Promise<Readonly<Record<string, unknown>>>;
  };
  assert.deepEqual(make().slice(1), ["/", "first"]);
  const { isShared, words } = await second();
  assert.equal(isShared, true);
  assert.deepEqual(words, ["shared", "shared", "second", "a name like any other"]);
});

test("modules that import each other are refused", (t) => {
  const folder = folderOf(t, {
    "a.js": 'import { b } from "./b.js";\nexport const a = 1;\n',
    "b.js": 'import { a } from "./a.js";\nexport const b = 1;\n',
  });
  assert.throws(() => link(folder, ["a.js"]), /import each other: a\.js, b\.js, a\.js/);
});

for (const line of ['import "./b.js";', "export let a = 1;", 'export * from "./b.js";', "export default 1;"]) {
  test(`a form that it does not know is refused: ${line}`, (t) => {
    const folder = folderOf(t, { "a.js": `${line}\n`, "b.js": "export {};\n" });
    assert.throws(() => link(folder, ["a.js"]), /does not know/);
  });
}

test("the command loads no other modules of ours, and none of Node's by an import", () => {
  for (const [path, expected] of [
    ["main.js", []],
    ["run.js", ["./main.js"]],
  ] as const) {
    const text = readFileSync(join(root, "dist", "cli", path), "utf8");
    const imports = [...text.matchAll(/^import .* from "(?<from>[^"]+)";$/gm)].map(({ groups }) => groups?.["from"]);
    assert.deepEqual(imports, expected, path);
  }
});
