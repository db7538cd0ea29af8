/** What `types` prints is TypeScript, and means what an embedder can do. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { types } from "../../src/inspect.ts";
import { ASYNC, binaryOf, componentOf, EVERYTHING, STREAMS } from "./made.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const GUESTS = ["cat", "files-rust", "multi-export", "missing-import"];

/** What the compiler says of modules, by their names. */
async function compilerSays(modules: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-types-"));
  try {
    await mkdir(join(folder, "node_modules"));
    await symlink(ROOT, join(folder, "node_modules", "sluice"), "junction");
    await symlink(join(ROOT, "node_modules", "@types"), join(folder, "node_modules", "@types"), "junction");
    const files = Object.keys(modules);
    await Promise.all(files.map((name) => writeFile(join(folder, name), modules[name] ?? "")));
    const compilerOptions = {
      ...{ target: "es2023", module: "nodenext", lib: ["es2024", "esnext.disposable"], types: ["node"] },
      ...{ strict: true, exactOptionalPropertyTypes: true, noUnusedLocals: true, erasableSyntaxOnly: true },
      ...{ verbatimModuleSyntax: true, isolatedModules: true, noEmit: true, skipLibCheck: true },
      ...{ rewriteRelativeImportExtensions: true },
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    return await new Promise((resolve) => {
      execFile(process.execPath, [tsc, "-p", folder, "--pretty", "false"], (error, stdout) => {
        resolve(error ? stdout || error.message : "");
      });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const USE_OF_EVERYTHING = `
import { instantiate, type WitError } from "sluice";
import type { Exports, ExportedTypes, Imports, Mine, Types } from "./everything.ts";

class File {
  readonly path: string;
  constructor(path: string, permissions: Types.Permissions) {
    this.path = permissions.executeAll ? "" : path;
  }
  size(): bigint {
    return 5n;
  }
  static async open(path: string): Promise<File> {
    return new File(path, {});
  }
  [Symbol.dispose](): void {}
}

const types: Imports["a:b/types@1.0.0"] = {
  File,
  numbers: (a, _b, _c, d) => [true, a[0] ?? 0, 0, 0, 0, 0, 0, d[0] ?? 0n, 0n, 0, 0, "c", "string"],
  nested: async (a, b, c) => {
    if (a.tag === "some" && a.val !== undefined) return { tag: "circle", val: a.val.length };
    if (b.tag === "err") return { tag: "circle", val: b.val.length };
    return c.length > 0 ? { tag: "dot" } : { tag: "result", val: { tag: "ok", val: 1 } };
  },
  handles: (a, b) => b[0] ?? a,
  type: (type, from) => ({ x: type, y: from.read ? 1 : 0, record: new Map([["a", 1]]), fixed: [1, 2, 3, 4] }),
  nothing: () => {},
};
const imports: Imports = {
  "a:b/types@1.0.0": types,
  "a:b/user@1.0.0": { move: (_, to) => to },
  inline: { f: async (x) => x },
  log: ({ a1, listB, inner }) => (a1 > (inner ?? 0) ? listB[0] : undefined),
};
const instance = await instantiate(new Uint8Array(), { imports });
const exports = instance.exports as Exports;
const { Counter } = exports.mine;
const counter: Mine.Counter = await new Counter(1);
const next: number = (await counter.next()) + (await counter.next(2));
const [again, bare]: [Mine.Counter, Mine.Bare] = await exports.mine.take([counter]);
const text: string = await bare.describe();
if (again instanceof exports.mine.Counter) again[Symbol.dispose]();
const settings = await exports.compute({ a1: next, listB: ["low", "high"] });
const point: ExportedTypes.Point = await exports["a:b/types@1.0.0"].type(settings.a1, { write: true });
export const all: [number, string, WitError<"low" | "high"> | undefined] = [point.x, text, undefined];

// @ts-expect-error -- not a level
await exports.compute({ a1: 1, listB: ["middle"] });
// @ts-expect-error -- a class is missing
export const lacking: Imports["a:b/types@1.0.0"] = { ...types, File: undefined };
// @ts-expect-error -- an import is missing
export const incomplete: Imports = { inline: imports.inline };
// @ts-expect-error -- it cannot be made
new exports.mine.Bare();
// @ts-expect-error -- another number
await exports["a:b/types@1.0.0"].numbers([1]);
`;

const USE_OF_STREAMS = `
import { instantiate, type GuestSink, type GuestSource } from "sluice";
import type { Exports, Imports } from "./streams.ts";

const imports: Imports = {
  filter: {
    run: (input: GuestSource) => async (chunk: Uint8Array) => void (await input[Symbol.asyncIterator]().next(), chunk),
    both: ({ input, output }: { input: GuestSource; output: GuestSink }) => ({ input, output }),
  },
};
const { exports } = await instantiate(new Uint8Array(), { imports });
const { make } = exports as Exports;
const [source, pollable] = await make.copy({ text: "some" }, "ignore");
for await (const chunk of source) console.log(chunk.length);
pollable[Symbol.dispose]();
// @ts-expect-error -- nobody can make one
export const made: typeof pollable = { [Symbol.dispose]() {} };
`;

const USE_OF_ASYNC = `
import { instantiate, type GuestByteStream, type GuestStream } from "sluice";
import type { Exports, Imports } from "./async.ts";

async function* linesOf(stream: GuestByteStream): AsyncGenerator<string> {
  for await (const chunk of stream) yield new TextDecoder().decode(chunk);
}

const imports: Imports = {
  host: {
    open: async (url) => ({ title: url, body: new Blob([url]).stream() }),
    lines: linesOf,
    told: async (what: Error, when: Promise<void>) => (await when, Promise.resolve({ tag: "err", val: what })),
  },
};
const { exports } = await instantiate(new Uint8Array(), { imports });
const { guest } = exports as Exports;
const [bytes, outcome] = await guest.pages(["a", "b"], Promise.resolve(true));
for await (const chunk of bytes) console.log(chunk.length);
const { tag } = await outcome;
const streams: GuestStream<[number, GuestByteStream]>[] = await guest.nothing([undefined]);
for await (const [number, inner] of streams[0] ?? []) console.log(number + tag.length, inner.read(1));
// @ts-expect-error -- strings, not numbers
await guest.pages([1], Promise.resolve(true));
`;

const USE_OF_HOSTILE = `
import type { Exports, Imports } from "./hostile.ts";

declare const exports: Exports;
const { Static } = exports["a:statics/c"];
export const numbers: Promise<number>[] = [Static.prototype_(), Static.then_(), Static.name()];

export const words: Imports["words"] = {
  new: (a, b, c, d) => ({ constructor: a, default: b, toString: c + d }),
  class: (a, b) => void (a + b),
  then: () => {},
};
`;

test("what is printed compiles, and serves those who embed the component", async () => {
  const made = { hostile: HOSTILE, shadows: SHADOWS, colliding: COLLIDING, nested: NESTED };
  const guests = await Promise.all(
    GUESTS.map(async (name) => {
      const bytes = await readFile(join(ROOT, "test", "guests", "built", `${name}.wasm`));
      return [`${name}.ts`, types(bytes)] as const;
    }),
  );
  const said = await compilerSays({
    "everything.ts": types(componentOf(EVERYTHING)),
    "use-everything.ts": USE_OF_EVERYTHING,
    "streams.ts": types(componentOf(STREAMS)),
    "use-streams.ts": USE_OF_STREAMS,
    "async.ts": types(componentOf(ASYNC)),
    "use-async.ts": USE_OF_ASYNC,
    "use-hostile.ts": USE_OF_HOSTILE,
    "declared.d.ts": types(componentOf(EVERYTHING)),
    ...Object.fromEntries(guests),
    ...Object.fromEntries(Object.entries(made).map(([name, text]) => [`${name}.ts`, types(binaryOf(text))])),
  });
  assert.equal(said, "");
});

/** Names that are text to be quoted, and words that TypeScript keeps for itself. */
const HOSTILE = `(component
  (type $error (record (field "url" string)))
  (import "url=<*/ }; export const evil = 1; /*>" (func))
  (import "integrity=<\\u{2028}\\"\\\\>" (instance
    (export "url=<*/>" (type (sub resource)))
    (export "f" (func (result (result (error string)))))))
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "url=<*/ evil>" (type (sub resource)))))
  (alias export $poll "url=<*/ evil>" (type $evil))
  (import "a:b/user" (instance
    (alias outer 1 $evil (type $e))
    (export "e" (type (eq $e)))
    (type $own (own $e))
    (type $result (result (error $own)))
    (export "f" (func (result $result)))))
  (import "words" (instance
    (type $r (record (field "constructor" u8) (field "default" u8) (field "to-string" u8)))
    (export "r" (type $named (eq $r)))
    (export "new" (func (param "this" u8) (param "new" u8) (param "arguments" u8) (param "await" u8) (result $named)))
    (export "class" (func (param "a-1" u8) (param "a1" u8)))
    (export "then" (func))))
  (import "delete" (func (param "delete" u8)))
  (type $static (resource (rep i32)))
  (core module $seven (func (export "f") (result i32) (i32.const 7)))
  (core instance $seven (instantiate $seven))
  (func $seven (result u32) (canon lift (core func $seven "f")))
  (component $statics
    (import "t" (type $t (sub resource)))
    (import "f" (func $f (result u32)))
    (export "static" (type $t))
    (export "[static]static.prototype" (func $f))
    (export "[static]static.then" (func $f))
    (export "[static]static.name" (func $f)))
  (instance $statics (instantiate $statics (with "t" (type $static)) (with "f" (func $seven))))
  (export "a:statics/c" (instance $statics))
)`;

/** Types that are called as what declarations name. */
const SHADOWS = `(component
  (import "map" (instance
    (type $e (enum "a"))
    (export "promise" (type $promise (eq $e)))
    (export "map" (type $map (eq $e)))
    (export "uint8-array" (type $array (eq $e)))
    (export "input" (type $input (eq $e)))
    (export "imports" (type $imports (eq $e)))
    (export "string" (type $string (eq $e)))
    (export "symbol" (type $symbol (eq $e)))
    (type $bytes (list u8))
    (type $pairs (map string u8))
    (export "f" (func (param "a" $promise) (param "b" $map) (param "c" $array) (param "d" $bytes) (param "e" $pairs)
      (result $string)))))
  (import "imports" (instance
    (type $e (enum "b"))
    (export "map" (type $map (eq $e)))
    (export "f" (func (result $map)))))
  (import "exports" (instance
    (type $e (enum "c"))
    (export "exports" (type $map (eq $e)))
    (export "f" (func (result $map)))))
)`;

/** Names that are the same in camel case, or without their packages. */
const COLLIDING = `(component
  (import "a:b/types@1.0.0" (instance
    (type $a (record (field "a1" u8) (field "a-1" u8)))
    (export "t1" (type $t1 (eq $a)))
    (type $b (flags "a1" "a-1"))
    (export "t-1" (type $t2 (eq $b)))
    (export "f1" (func (param "x" $t1)))
    (export "f-1" (func (result $t2)))))
  (import "a:b/types@2.0.0" (instance
    (type $a (enum "a"))
    (export "t" (type $t (eq $a)))
    (export "f" (func (param "x" $t)))))
  (import "c:b/types@1.0.0" (instance
    (type $a (enum "a"))
    (export "t" (type $t (eq $a)))
    (export "f" (func (param "x" $t)))))
  (import "types" (instance
    (type $a (enum "a"))
    (export "types" (type $t (eq $a)))
    (export "f" (func (param "x" $t)))))
)`;

/** Resources of the world, types without names, and what has no values. */
const NESTED = `(component
  (import "r" (type $r (sub resource)))
  (type $own (own $r))
  (type $borrow (borrow $r))
  (import "[constructor]r" (func (result $own)))
  (import "[method]r.m" (func (param "self" $borrow) (result u8)))
  (import "m" (core module))
  (type $s (stream u8))
  (type $v (variant (case "a" $s) (case "b")))
  (import "v" (type $named (eq $v)))
  (import "f" (func (param "x" $named)))
  (export "g" (func 2))
)`;

test("what the host provides is optional, and nothing else", () => {
  const text = types(componentOf(STREAMS));
  assert.match(text, /readonly "wasi:io\/streams@0\.2\.6"\?: \{/);
  assert.match(text, /readonly "filter": \{/);
});

test("a core module has none", () => {
  assert.throws(() => types(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])), /Expected a component, got a core module/);
});
