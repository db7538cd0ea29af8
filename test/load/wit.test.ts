/** The WIT of a component parses, and says the same as the component. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { describe as describeType } from "../../src/abi/describe.ts";
import type { FuncType } from "../../src/abi/types.ts";
import type { Item, Plan } from "../../src/load/plan/items.ts";
import { witOf } from "../../src/load/wit/wit.ts";
import { binaryOf, componentOf, EVERYTHING, plan, STREAMS, worldOf } from "./made.ts";

const GUESTS = ["cat", "files-rust", "multi-export", "missing-import", "old-version"];

function built(name: string): Promise<Uint8Array> {
  return readFile(new URL(`../guests/built/${name}.wasm`, import.meta.url));
}

/** All functions, by their names and types written out: whatever names the types have. */
function functionsOf({ imports, exports }: Plan): string[] {
  return [...functions("import", imports), ...functions("export", exports)].toSorted();
}

function functions(prefix: string, items: ReadonlyMap<string, Item>): string[] {
  return [...items].flatMap(([name, item]) => {
    if (item.sort === "instance") return functions(`${prefix} ${name}`, item.instance.exports);
    return item.sort === "func" ? [`${prefix} ${name}: ${signature(item.func.type)}`] : [];
  });
}

function signature({ params, result }: FuncType): string {
  return `(${params.map(({ name, type }) => `${name}: ${describeType(type)}`).join(", ")}) -> ${describeType(result)}`;
}

/** The lines of a world, in whatever order. */
function lines(wit: string): string[] {
  return wit
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .toSorted();
}

function assertSays(component: Uint8Array): void {
  const original = plan(component);
  const wit = witOf(original);
  const again = componentOf(wit);
  assert.deepEqual(functionsOf(plan(again)), functionsOf(original));
  assert.deepEqual(lines(worldOf(again)), lines(worldOf(component)));
}

test("every kind of type, in interfaces and in the world", () => {
  assertSays(componentOf(EVERYTHING));
});

test("types of other interfaces are used, not repeated", () => {
  const component = componentOf(STREAMS);
  assertSays(component);
  assert.match(witOf(plan(component)), /use poll\.\{pollable\};/);
  assert.match(witOf(plan(component)), /use wasi:io\/streams@0\.2\.6\.\{input-stream, output-stream\};/);
});

for (const name of GUESTS) {
  test(`the guest ${name}`, async () => assertSays(await built(name)));
}

test("a world of nothing", () => {
  assert.equal(witOf(plan(binaryOf("(component)"))), "package root:component;\n\nworld root {\n}\n");
});

test("a package of the name that is ours", () => {
  assertSays(componentOf("package root:component; interface mine { f: func(); } world root { import mine; }"));
});

test("what WIT has no words for is a comment", () => {
  const component = binaryOf(`(component
    (import "url=<*/\\n}\\u{202e}>" (func))
    (import "a:b/c@1" (instance))
    (import "module" (core module))
    (import "r" (type $r (sub resource)))
    (export "also-r" (type $r))
    (type $own (own $r))
    (import "f" (func (param "x" $own)))
  )`);
  const wit = witOf(plan(component));
  assert.match(wit, /^ {2}\/\/ import "url=<\*\\\/\\n\}\\u202e>": /m);
  assert.match(wit, /\/\/ import "a:b\/c@1": /);
  assert.match(wit, /type also-r = r;/);
  assert.match(wit, /\/\/ import "module": a core module/);
  assert.match(wit, /\/\/ export "also-r": a resource/);
  assert.doesNotThrow(() => componentOf(wit));
});

test("a few bytes do not become a text without end", () => {
  const types = Array.from(
    { length: 49 },
    (_, at) => `(type (list ${at * 2})) (type (tuple ${at * 2 + 1} ${at * 2 + 1}))`,
  );
  const component = binaryOf(
    `(component (type u8) ${types.join(" ")} (type (func (param "x" 98))) (import "f" (func (type 99))))`,
  );
  assert.throws(() => witOf(plan(component)), /more than 16000000 characters/);
});
