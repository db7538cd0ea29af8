/** Tables do not grow for ever: what is in them lies in the engine's heap, which ends the process when it is full. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, instantiate, run } from "../../src/index.ts";
import { withHeldTables } from "../../src/load/held-tables.ts";
import { wat } from "./wat.ts";

const MAX = 2 ** 21;

/** Grows each of its tables until it may not any more, and gives how large they are. */
async function grown(bytes: Uint8Array): Promise<number[]> {
  const module = await WebAssembly.compile(new Uint8Array(bytes));
  const { exports } = new WebAssembly.Instance(module);
  return Object.values(exports).flatMap((table) => {
    if (!(table instanceof WebAssembly.Table)) return [];
    for (let step = 2 ** 20; step >= 1;) {
      try {
        table.grow(step);
      } catch {
        step = Math.floor(step / 2);
      }
    }
    return [table.length];
  });
}

test("tables that grow share what there is, and the others are as they were", async () => {
  const bytes = await wat(`(module
    (table (export "a") 1 funcref)
    (table (export "b") 3 5 funcref)
    (table (export "c") 7 7 externref)
    (table (export "d") 2 4000000 externref)
    (table (export "e") 600000 funcref)
    (func $f)
    (elem (i32.const 0) $f))`);
  assert.deepEqual(await grown(withHeldTables(bytes, 4)), [MAX / 4, 5, 7, MAX / 4, 600_000]);
  assert.equal(withHeldTables(bytes, 0), bytes);
});

test("tables with an initial value are held too", async () => {
  const bytes = await wat(`(module
    (func $f)
    (elem declare func $f)
    (table (export "a") 1 (ref null func) (ref.func $f))
    (table (export "b") 2 funcref))`);
  assert.deepEqual(await grown(withHeldTables(bytes, 2)), [MAX / 2, MAX / 2]);
});

test("a module without tables is as it was", async () => {
  const bytes = await wat("(module (memory 1))");
  assert.deepEqual(withHeldTables(bytes, 1), bytes);
});

/** Grows its own table by a million three times, and gives how often that failed. */
const GROWING = `
  (table $t 1 funcref)
  (func $tries (result i32)
    (local $left i32) (local $failed i32)
    (local.set $left (i32.const 3))
    (loop $again
      (if (i32.lt_s (table.grow $t (ref.null func) (i32.const 1000000)) (i32.const 0))
        (then (local.set $failed (i32.add (local.get $failed) (i32.const 1)))))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $failed))`;

test("a core module of preview 1 grows its tables so far", async () => {
  const bytes = await wat(`(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    ${GROWING}
    (func (export "_start") (call $exit (call $tries))))`);
  assert.equal((await run(bytes)).exitCode, 1);
});

for (const [instances, failed] of [
  [1, 1],
  [2, 2],
  [3, 3],
] as const) {
  test(`all tables of a component with ${instances} core instances grow so far`, async () => {
    const bytes = await wat(`(component
      (core module $m ${GROWING} (export "tries" (func $tries)))
      ${Array.from({ length: instances }, (_, at) => `(core instance $i${at} (instantiate $m))`).join(" ")}
      (func (export "tries") (result s32) (canon lift (core func $i0 "tries"))))`);
    const { exports, close } = await instantiate(await compile(bytes));
    const { tries } = exports;
    assert.ok(typeof tries === "function");
    assert.equal(await tries(), failed);
    await close();
  });
}
