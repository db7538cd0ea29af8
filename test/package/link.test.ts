/** scripts/link.js, which puts what the command loads into one script. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runInThisContext } from "node:vm";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

const { link } = (await import(pathToFileURL(join(root, "scripts", "link.js")).href)) as {
  link(folder: string, entry: string, out: string): void;
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

interface Linked {
  get(path: string): Readonly<Record<string, unknown>>;
  has(path: string): boolean;
}

/** Links `entry`, and gives what the script gives, with nothing else left in the folder. */
function linked(folder: string, entry: string): Linked {
  link(folder, entry, "all.js");
  const script = readFileSync(join(folder, "all.js"), "utf8");
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  return (runInThisContext(script) as (base: string) => Linked)(`${pathToFileURL(folder).href}/`);
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

test("modules are shared, keep their names apart, and are evaluated when they are first imported", async (t) => {
  const folder = folderOf(t, {
    "shared.js": SHARED,
    "a/first.js": `/** Comments go, \`quotes\` in them too. */
import { Shared, slash } from "../shared.js";
const own = "first, und ü";
    // So do these.
export async function second() { return import("../b/second.js"); }
export function make() { return [new Shared(), slash, own, "/* stays */"]; }
export const url = import.meta.url;
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
  const { get, has } = linked(folder, "a/first.js");
  assert.equal(has("a/first.js"), false);
  const { make, second, url } = get("a/first.js") as {
    make(): unknown[];
    second(): Promise<Readonly<Record<string, unknown>>>;
    readonly url: string;
  };
  assert.deepEqual(make().slice(1), ["/", "first, und ü", "/* stays */"]);
  assert.equal(url, pathToFileURL(join(folder, "a", "first.js")).href);
  assert.equal(has("b/second.js"), false);
  const { isShared, words } = await second();
  assert.equal(has("b/second.js"), true);
  assert.equal(isShared, true);
  assert.deepEqual(words, ["shared", "shared", "second", "a name like any other"]);
});

test("the script is ASCII, so that it can be read byte for byte", (t) => {
  const folder = folderOf(t, { "a.js": 'export const text = "ü, 🎉";\nexport const number = `${1}ß`;\n' });
  link(folder, "a.js", "all.js");
  assert.match(readFileSync(join(folder, "all.js"), "utf8"), /^[\0-\x7f]*$/);
  assert.deepEqual({ ...linked(folder, "a.js").get("a.js") }, { text: "ü, 🎉", number: "1ß" });
});

test("modules that import each other are refused", (t) => {
  const folder = folderOf(t, {
    "a.js": 'import { b } from "./b.js";\nexport const a = 1;\n',
    "b.js": 'import { a } from "./a.js";\nexport const b = 1;\n',
  });
  assert.throws(() => link(folder, "a.js", "all.js"), /import each other: a\.js, b\.js, a\.js/);
});

for (const line of ['import "./b.js";', "export let a = 1;", 'export * from "./b.js";', "export default 1;"]) {
  test(`a form that it does not know is refused: ${line}`, (t) => {
    const folder = folderOf(t, { "a.js": `${line}\n`, "b.js": "export {};\n" });
    assert.throws(() => link(folder, "a.js", "all.js"), /does not know/);
  });
}

test("the command imports nothing: all of it is in the script", () => {
  const text = readFileSync(join(root, "dist", "cli", "sluice.js"), "utf8");
  assert.deepEqual([...text.matchAll(/\bimport\("|^import .*$/gm)].map(String), []);
});
