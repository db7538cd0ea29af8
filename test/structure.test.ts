/** The layers of docs/architecture.md, as the imports of src/ keep them. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const src = join(dirname(fileURLToPath(import.meta.url)), "..", "src");

/** What each folder may import from, besides itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  io: [],
  wasi: ["io"],
  abi: ["io"],
  wait: ["io", "abi"],
  bind: ["io", "wasi", "abi", "wait"],
  load: ["io", "abi", "wait"],
  run: ["io", "wasi", "abi", "wait", "bind", "load"],
  hosts: ["io", "wasi", "abi", "wait", "bind", "load", "run"],
  testing: ["io", "wasi"],
  map: ["io", "wasi", "abi", "wait", "bind", "load", "run", "hosts"],
  cli: ["io", "wasi", "abi", "wait", "bind", "load", "run", "hosts", "nats"],
  nats: ["io", "index.ts"],
  "api.ts": ["io", "wasi", "bind", "load", "run"],
  "browser.ts": ["wait", "run", "hosts", "wasi", "api.ts"],
  "opfs.ts": ["hosts"],
  "terminal.ts": ["hosts"],
  "index.ts": ["api.ts", "io", "wasi", "abi", "wait", "bind", "load", "run", "hosts"],
  "inspect.ts": ["io", "wasi", "abi", "wait", "bind", "load", "run", "hosts"],
};

/** Rooms within a layer: what each may take from others of that layer, types aside. All may have what lies beside them. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  "abi/fuse": [],
  "abi/wave": [],
  "load/decode": [],
  "load/plan": ["load/decode"],
  "load/renew": ["load/decode"],
  "load/link": ["load/plan", "load/renew"],
  "load/async": ["load/decode", "load/plan", "load/link"],
  "load/wit": ["load/decode", "load/plan"],
  "run/embed": [],
  "run/serve": ["run/embed"],
};

/** Folders that name nothing of a runtime: no module but our own, no global but those of src/globals.d.ts. */
const NEUTRAL = new Set(["io", "wasi", "abi", "wait", "bind", "load", "run", "testing", "hosts/isolate"]);

const RUNTIME_GLOBALS =
  /(?<![.\w#])(?:process|Buffer|performance|setTimeout|setInterval|setImmediate|queueMicrotask|navigator|window|document|Deno|Bun|require|global|globalThis|fetch|console|Worker|crypto|ReadableStream|WritableStream|TransformStream|MessageChannel)(?!\w|:|\?:)/;

/** Longer than this needs a reason here. */
const MAX_LINES = 400;
const LONGER: Readonly<Record<string, string>> = {};

interface Source {
  readonly path: string;
  readonly text: string;
  /** Without comments and the contents of strings. */
  readonly code: string;
  readonly imports: readonly string[];
  /** Those that are not of types alone. */
  readonly values: readonly string[];
}

/** Statements at the start of a line, and dynamic imports: not what is in texts. */
const IMPORT = /^(?:import\s*|(?:import|export)\b[^"'`;]*?\bfrom\s*)"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;

const sources: readonly Source[] = readdirSync(src, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
  .map((path) => {
    const text = readFileSync(join(src, path), "utf8");
    const found = [...withoutComments(text).matchAll(IMPORT)];
    const imports = found.map(([, named, dynamic]) => named ?? dynamic ?? "");
    const values = imports.filter((_, at) => !/^import\s+type\b/.test(found[at]?.[0] ?? ""));
    return { path, text, code: codeOf(text), imports, values };
  });

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|[^:"'`])\/\/.*$/gm, "$1");
}

function codeOf(text: string): string {
  return withoutComments(text).replaceAll(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, '""');
}

function layerOf(path: string): string {
  return path.split("/")[0] ?? path;
}

test("there are sources, in known layers", () => {
  assert.ok(sources.length > 40);
  const unknown = sources.filter(({ path }) => !(layerOf(path) in ALLOWED)).map(({ path }) => path);
  assert.deepEqual(unknown, []);
});

test("imports only point down", () => {
  const wrong = sources.flatMap(({ path, imports }) =>
    imports
      .filter((name) => name.startsWith("."))
      .map((name) => posix.join(posix.dirname(path), name))
      .filter((target) => layerOf(target) !== layerOf(path) && !ALLOWED[layerOf(path)]?.includes(layerOf(target)))
      .map((target) => `${path} imports ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test("rooms of a layer take from those that come before them", () => {
  const wrong = sources.flatMap(({ path, values }) => {
    const room = posix.dirname(path);
    const known = ROOMS[room];
    return known === undefined
      ? []
      : values
          .filter((name) => name.startsWith("."))
          .map((name) => posix.join(room, name))
          .filter((target) => {
            const other = posix.dirname(target);
            return (
              other !== room && other !== layerOf(path) && layerOf(other) === layerOf(path) && !known.includes(other)
            );
          })
          .map((target) => `${path} imports ${target}`);
  });
  assert.deepEqual(wrong, []);
  const empty = Object.keys(ROOMS).filter((room) => !sources.some(({ path }) => posix.dirname(path) === room));
  assert.deepEqual(empty, []);
});

test("neutral layers import no module of a runtime, and name none of its globals", () => {
  const wrong = sources
    .filter(({ path }) => NEUTRAL.has(layerOf(path)) || NEUTRAL.has(posix.dirname(path)))
    .flatMap(({ path, imports, code }) => [
      ...imports.filter((name) => !name.startsWith(".")).map((name) => `${path} imports ${name}`),
      ...code
        .split("\n")
        .filter((line) => RUNTIME_GLOBALS.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    ]);
  assert.deepEqual(wrong, []);
});

test("the web host imports nothing of Node", () => {
  const wrong = sources
    .filter(({ path }) => path.startsWith("hosts/web/"))
    .flatMap(({ path, imports }) =>
      imports.filter((name) => name.startsWith("node:") || name.includes("/node/")).map((name) => `${path} ${name}`),
    );
  assert.deepEqual(wrong, []);
});

test("only the entries of the package re-export", () => {
  const barrels = sources
    .filter(({ code }) => /^export (?:type )?(?:\*|\{[^}]*\}) from /m.test(code))
    .map(({ path }) => path)
    .filter(
      (path) =>
        ![
          "api.ts",
          "browser.ts",
          "index.ts",
          "inspect.ts",
          "nats/index.ts",
          "opfs.ts",
          "terminal.ts",
          "testing/index.ts",
        ].includes(path),
    );
  assert.deepEqual(barrels, []);
});

test("no file is longer than 400 lines without a reason, and no reason is without need", () => {
  const long = sources.filter(({ text }) => text.trimEnd().split("\n").length > MAX_LINES).map(({ path }) => path);
  assert.deepEqual(long, Object.keys(LONGER));
});
