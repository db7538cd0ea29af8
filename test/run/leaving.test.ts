/** A guest that calls somebody while it allocates, or cleans up after a call, traps, and is over. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate, Trap } from "../../src/index.ts";
import { wat } from "../load/wat.ts";

/** What it calls where it may not. */
const NOW = `(import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock (export "now" (func (result u64)))))
  (core func $now (canon lower (func $clock "now")))`;

const CALLS_NOW = `(import "clock" "now" (func $now (result i64)))`;
const WITH_NOW = `(with "clock" (instance (export "now" (func $now))))`;
const ALLOCATOR = `(memory (export "memory") 1)
  (func (export "realloc") (param i32 i32 i32 i32) (result i32) (drop (call $now)) (i32.const 64))`;
const OPTIONS = `(memory (core memory $m "memory")) (realloc (core func $m "realloc"))`;

const GUESTS: Readonly<Record<string, string>> = {
  "allocates for what JavaScript gives it": `(component ${NOW}
    (core module $m ${CALLS_NOW} ${ALLOCATOR} (func (export "f") (param i32 i32)))
    (core instance $m (instantiate $m ${WITH_NOW}))
    (func (export "f") (param "text" string) (canon lift (core func $m "f") ${OPTIONS})))`,
  "allocates for what an import gives it": `(component ${NOW}
    (import "wasi:random/random@0.2.0" (instance $random
      (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
    (core module $a ${CALLS_NOW} ${ALLOCATOR})
    (core instance $m (instantiate $a ${WITH_NOW}))
    (core func $bytes (canon lower (func $random "get-random-bytes") ${OPTIONS}))
    (core module $b (import "random" "bytes" (func $bytes (param i64 i32)))
      (func (export "f") (param i32 i32) (call $bytes (i64.const 8) (i32.const 16))))
    (core instance $b (instantiate $b (with "random" (instance (export "bytes" (func $bytes))))))
    (core module $c (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64)))
    (core instance $c (instantiate $c))
    (func (export "f") (param "text" string) (canon lift (core func $b "f")
      (memory (core memory $m "memory")) (realloc (core func $c "realloc")))))`,
  "allocates for what another component gives it": `(component ${NOW}
    (component $inner (import "now" (func $now (result u64)))
      (core func $now (canon lower (func $now)))
      (core module $m ${CALLS_NOW} ${ALLOCATOR} (func (export "f") (param i32 i32)))
      (core instance $m (instantiate $m ${WITH_NOW}))
      (func (export "f") (param "text" string) (canon lift (core func $m "f") ${OPTIONS})))
    (component $outer (import "f" (func $f (param "text" string)))
      (core module $m (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64)))
      (core instance $m (instantiate $m))
      (core func $f (canon lower (func $f) ${OPTIONS}))
      (core module $n (import "i" "f" (func $f (param i32 i32)))
        (func (export "f") (param i32 i32) (call $f (local.get 0) (local.get 1))))
      (core instance $n (instantiate $n (with "i" (instance (export "f" (func $f))))))
      (func (export "f") (param "text" string) (canon lift (core func $n "f") ${OPTIONS})))
    (instance $inner (instantiate $inner (with "now" (func $clock "now"))))
    (instance $outer (instantiate $outer (with "f" (func $inner "f"))))
    (export "f" (func $outer "f")))`,
  "cleans up after a call": `(component ${NOW}
    (core module $m ${CALLS_NOW} (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
      (func (export "f") (param i32 i32)) (func (export "after") (drop (call $now))))
    (core instance $m (instantiate $m ${WITH_NOW}))
    (func (export "f") (param "text" string) (canon lift (core func $m "f") ${OPTIONS}
      (post-return (core func $m "after")))))`,
};

for (const [name, text] of Object.entries(GUESTS)) {
  test(`1.1 a guest that calls while it ${name}`, async () => {
    const { exports } = await instantiate(await wat(text));
    // What each of them exports.
    const { f } = exports as { readonly f: (text: string) => Promise<void> };
    await assert.rejects(
      f("some text"),
      (error) => error instanceof Trap && error.rule === "1.1" && /calls while/.test(error.message),
    );
    await assert.rejects(f("more"), WebAssembly.RuntimeError);
  });
}
