/** Core modules that show their state behave as they did: sizes of memories above all, which can be put back. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { exposed } from "../../src/load/renew/core-state.ts";
import { SharedSizes } from "../../src/load/renew/shared-sizes.ts";
import { binaryOf, plan } from "./made.ts";

const GUESTS = new URL("../guests/built/", import.meta.url);

test("the core modules of all guests are valid with their state exported, or left as they are", () => {
  let changed = 0;
  for (const file of readdirSync(GUESTS).filter((name) => name.endsWith(".wasm"))) {
    const bytes = readFileSync(new URL(file, GUESTS));
    // A component, not a core module.
    if (bytes[6] !== 1) continue;
    for (const module of plan(new Uint8Array(bytes)).modules) {
      const found = exposed(module);
      if (!found) continue;
      changed++;
      assert.ok(WebAssembly.validate(new Uint8Array(found.bytes)), file);
    }
  }
  assert.ok(changed > 100);
});

interface Sizes {
  size(): number;
  grow(pages: number): number;
}

/** The same module, as it was and as it is made. */
function both(text: string): readonly [Sizes, Sizes & Record<string, WebAssembly.Global>] {
  const bytes = binaryOf(text);
  const found = exposed(bytes);
  assert.ok(found);
  const [was, is] = [bytes, found.bytes].map(
    (binary) => new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(binary))).exports,
  );
  // What the text exports, and the names of the state.
  return [was as never, is as never];
}

const SIZES = `(module (memory 1 6)
  (func (export "size") (result i32) (block (result i32) memory.size))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`;

test("a memory grows as it did, to its end and no further", () => {
  const [was, is] = both(SIZES);
  for (const pages of [0, 1, 2, 3, -1, 65_536, 65_537, 0x7fff_ffff, 2, 1, 0]) {
    assert.equal(is.grow(pages), was.grow(pages), `${pages}`);
    assert.equal(is.size(), was.size());
  }
});

test("what a memory has grown by is there again once its size is put back", () => {
  const [, is] = both(SIZES);
  const size = Object.entries(is).find(([name]) => name.includes("globals"))?.[1];
  assert.ok(size instanceof WebAssembly.Global);
  assert.equal(is.grow(3), 1);
  size.value = 1;
  assert.equal(is.size(), 1);
  assert.equal(is.grow(2), 1);
  assert.equal(is.grow(3), 3);
  assert.equal(is.grow(1), -1);
  assert.equal(is.size(), 6);
});

test("each of several memories has its own size", () => {
  const [was, is] = both(`(module (memory 1) (memory $b 2)
    (func (export "size") (result i32) (memory.size $b))
    (func (export "grow") (param i32) (result i32) (drop (memory.grow 0 (local.get 0))) (memory.grow $b (local.get 0))))`);
  for (const pages of [1, 5]) assert.equal(is.grow(pages), was.grow(pages));
  assert.equal(is.size(), was.size());
});

test("instructions of every form are passed over", () => {
  const [, is] =
    both(`(module (memory 1) (table 1 funcref) (type $v (func)) (tag $tag) (global $g (mut i32) (i32.const 0))
    (func $f) (elem declare func $f)
    (func (export "size") (result i32) (local f64 v128 funcref)
      (block $out (loop (br_if $out (i32.const 1)) (br_table $out $out (i32.const 63))))
      (drop (f32.const 8.5)) (drop (f64.const 8.5)) (drop (i64.const 0x3f003f003f)) (drop (i32.const 0x3f))
      (drop (v128.const i32x4 0x3f003f 0x40004000 0x3f 0x40))
      (drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get 1) (local.get 1)))
      (drop (i32x4.extract_lane 1 (v128.load offset=64 (i32.const 0))))
      (drop (v128.load8_lane offset=63 1 (i32.const 0) (local.get 1)))
      (i64.store offset=16191 align=1 (i32.const 0) (i64.load (i32.const 64)))
      (drop (select (result funcref) (ref.null func) (ref.func $f) (i32.const 1)))
      (call_indirect (type $v) (i32.const 0))
      (drop (block $caught (result exnref) (try_table (catch_all_ref $caught)) (unreachable)))
      (memory.copy (i32.const 0) (i32.const 1) (i32.const 1))
      (drop (i32.trunc_sat_f64_s (local.get 0)))
      (if (i32.const 0) (then (return (i32.const 1))) (else (global.set $g (memory.size))))
      (memory.size))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`);
  assert.equal(is.grow(1), 1);
});

test("a name that is ours is no module's", () => {
  const { names } = exposed(binaryOf("(module (memory 1))")) ?? {};
  const [taken] = names?.memories ?? [];
  assert.ok(taken !== undefined);
  const escaped = taken.replace("\0", String.raw`\00`);
  assert.equal(exposed(binaryOf(`(module (memory (export "${escaped}") 1))`)), undefined);
});

test("modules that import one memory know its size together", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 6 });
  const bytes = binaryOf(`(module (import "a" "m" (memory 1 6))
    (func (export "size") (result i32) memory.size)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`);
  const found = exposed(bytes);
  assert.deepEqual(found?.names.sized, ["a", "m"]);
  const sizes = new SharedSizes();
  const [one, other] = [1, 2].map((): Sizes => {
    const imports = { a: { m: memory } };
    sizes.addTo(imports, found.names);
    const module = new WebAssembly.Module(new Uint8Array(found.bytes));
    // What the text exports.
    return new WebAssembly.Instance(module, imports).exports as never;
  });
  assert.ok(one && other);
  assert.equal(one.grow(2), 1);
  assert.equal(other.size(), 3);
  assert.equal(other.grow(4), -1);
  assert.equal(other.grow(3), 3);
  assert.equal(one.size(), 6);
  const [size, ...more] = sizes.memories;
  assert.ok(size && more.length === 0);
  new DataView(size.buffer).setUint32(0, 2, true);
  assert.equal(one.grow(1), 2);
  assert.equal(memory.buffer.byteLength, 6 * 65_536);
});

const HIDDEN = {
  "a memory that it imports beside another, and grows":
    '(module (import "a" "m" (memory 1)) (import "a" "n" (memory 1)) (func (drop (memory.grow (i32.const 1)))))',
  "a large memory that it imports, and grows":
    '(module (import "a" "m" (memory i64 1)) (func (drop (memory.grow (i64.const 1)))))',
  "an import of our name": '(module (import "\\00state" "size" (memory 1)))',
  "a large memory that grows": "(module (memory i64 1) (func (drop (memory.grow (i64.const 1)))))",
  structures: `(module (type $s (struct (field (mut i32)))) (global (ref $s) (struct.new $s (i32.const 1))))`,
  "what is no module": '(module binary "\\00asm\\01\\00\\00\\00\\ff\\ff")',
};

for (const [what, text] of Object.entries(HIDDEN)) {
  test(`left as it is: ${what}`, () => {
    assert.equal(exposed(binaryOf(text)), undefined);
  });
}

const TABLES = {
  "table.set": "(table.set (i32.const 0) (ref.null func))",
  "table.fill": "(table.fill (i32.const 0) (ref.null func) (i32.const 1))",
  "table.copy": "(table.copy (i32.const 0) (i32.const 0) (i32.const 1))",
  "table.grow": "(drop (table.grow (ref.null func) (i32.const 1)))",
  nothing:
    "(drop (table.get (i32.const 0))) (drop (table.size)) (drop (i32.const 0x26)) (memory.fill (i32.const 0) (i32.const 0) (i32.const 38))",
};

for (const [what, code] of Object.entries(TABLES)) {
  test(`whether tables are changed: by ${what}`, () => {
    const found = exposed(binaryOf(`(module (memory 1) (table 1 funcref) (func ${code}))`));
    assert.equal(found?.changesTables, what !== "nothing");
  });
}
