/** Corners of the asynchronous ABI that outside suites showed, each in its smallest form. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Trap } from "../../src/index.ts";
import { instantiate } from "../../src/index.ts";
import { component } from "./wat.ts";

async function call(fields: string, ...args: unknown[]): Promise<unknown> {
  const { exports } = await instantiate(await component(fields));
  // Each of these exports one function.
  return (exports as Record<string, (...args: unknown[]) => Promise<unknown>>)["f"]?.(...args);
}

/** `context.get` and `context.set`, as `$get` and `$set` of the instance `$context`. */
const CONTEXT = `
  (core func $get (canon context.get i32 0))
  (core func $set (canon context.set i32 0))
  (core instance $context (export "get" (func $get)) (export "set" (func $set)))`;

/** A function that keeps something in its thread, and finds it when it cleans up: called by \`f\`, which keeps something else. */
const POST_RETURN = `
  (component $callee ${CONTEXT}
    (core module $m
      (import "" "get" (func $get (result i32)))
      (import "" "set" (func $set (param i32)))
      (func (export "f") (result i32) (call $set (i32.const 7)) (i32.const 1))
      (func (export "post") (param i32)
        (if (i32.ne (call $get) (i32.const 7)) (then unreachable))
        (call $set (i32.const 8))))
    (core instance $m (instantiate $m (with "" (instance $context))))
    (func (export "f") (result u32) (canon lift (core func $m "f") (post-return (core func $m "post")))))
  (component $caller ${CONTEXT}
    (import "f" (func $f (result u32)))
    (core func $f' (canon lower (func $f)))
    (core module $m
      (import "" "get" (func $get (result i32)))
      (import "" "set" (func $set (param i32)))
      (import "f" "f" (func $f (result i32)))
      (func (export "f") (result i32)
        (call $set (i32.const 3))
        (i32.add (call $f) (call $get))))
    (core instance $m (instantiate $m (with "" (instance $context)) (with "f" (instance (export "f" (func $f'))))))
    (func (export "f") (result u32) (canon lift (core func $m "f"))))
  (instance $callee (instantiate $callee))
  (instance $caller (instantiate $caller (with "f" (func $callee "f"))))
  (func (export "f") (alias export $caller "f"))`;

test("what cleans up after a call finds what the call kept, and the caller what it kept itself", async () => {
  assert.equal(await call(POST_RETURN), 4);
});

/** Takes text. Its allocator keeps something in its thread, and finds nothing there. */
const TAKER = `${CONTEXT}
  (core module $libc
    (import "" "get" (func $get (result i32)))
    (import "" "set" (func $set (param i32)))
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (if (call $get) (then unreachable))
      (call $set (i32.const 5))
      (i32.const 200)))
  (core instance $libc (instantiate $libc (with "" (instance $context))))
  (core module $m
    (import "" "get" (func $get (result i32)))
    (func (export "f") (param i32 i32) (result i32)
      (i32.add (local.get 1) (call $get))))
  (core instance $m (instantiate $m (with "" (instance $context))))
  (func (export "f") (param "a" string) (result u32) (canon lift (core func $m "f")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))`;

test("an allocator has a thread of its own, whoever has it allocate", async () => {
  assert.equal(await call(TAKER, "four"), 4);
  const composed = `
    (component $taker ${TAKER})
    (instance $taker (instantiate $taker))
    (component $caller
      (import "f" (func $f (param "a" string) (result u32)))
      (core module $libc (memory (export "memory") 1) (data (i32.const 64) "four"))
      (core instance $libc (instantiate $libc))
      (core func $f' (canon lower (func $f) (memory (core memory $libc "memory"))))
      (core module $m
        (import "" "f" (func $f (param i32 i32) (result i32)))
        (func (export "f") (result i32)
          (i32.add (call $f (i32.const 64) (i32.const 4)) (call $f (i32.const 64) (i32.const 3)))))
      (core instance $m (instantiate $m (with "" (instance (export "f" (func $f'))))))
      (func (export "f") (result u32) (canon lift (core func $m "f"))))
    (instance $caller (instantiate $caller (with "f" (func $taker "f"))))
    (func (export "f") (alias export $caller "f"))`;
  assert.equal(await call(composed), 7);
});

/** Returns by \`task.return\` with these options. */
const returning = (options: string, lift: string): string => `
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (core func $return (canon task.return ${options}))
  (core module $m
    (import "" "return" (func $return))
    (func (export "f") (call $return)))
  (core instance $m (instantiate $m (with "" (instance (export "return" (func $return))))))
  (func (export "f") async (canon lift (core func $m "f") async ${lift}))`;

test("task.return has the options of its function, or less", async () => {
  const memory = '(memory (core memory $libc "memory"))';
  assert.equal(await call(returning("", "")), undefined);
  assert.equal(await call(returning("", memory)), undefined);
  assert.equal(await call(returning(memory, memory)), undefined);
  await assert.rejects(call(returning(memory, "")), Trap);
  await assert.rejects(call(returning("string-encoding=utf16", "")), Trap);
  await assert.rejects(call(returning(`string-encoding=utf16 ${memory}`, memory)), Trap);
});

test("a guest that fails in a call that is not async is told of as what it did", async () => {
  const failing = POST_RETURN.replace("(call $set (i32.const 8))", "unreachable");
  await assert.rejects(call(failing), /unreachable/);
});
