/** Components that are plugged into one that answers requests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, HttpError, instantiate, MissingImportsError, serve, type ServeOptions } from "../../src/index.ts";
import { binaryOf, HANDLER_TYPES } from "../load/made.ts";
import { guest } from "./support.ts";

/** Exports `a:b/counter`, which counts from 1 on. */
const COUNTER = binaryOf(`
  (component
    (core module $module
      (global $count (mut i32) (i32.const 0))
      (func (export "next") (result i32)
        (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (global.get $count)))
    (core instance $instance (instantiate $module))
    (func $next (result u32) (canon lift (core func $instance "next")))
    (instance $counter (export "next" (func $next)))
    (export "a:b/counter@1.0.0" (instance $counter)))`);

/** Exports `a:b/again`, which counts by the `a:b/counter` that it imports. */
const BETWEEN = binaryOf(`
  (component
    (import "a:b/counter@1.0.0" (instance $counter (export "next" (func (result u32)))))
    (core func $lowered (canon lower (func $counter "next")))
    (core module $module
      (import "" "next" (func $next (result i32)))
      (func (export "next") (result i32) (call $next)))
    (core instance $instance (instantiate $module (with "" (instance (export "next" (func $lowered))))))
    (func $next (result u32) (canon lift (core func $instance "next")))
    (instance $again (export "next" (func $next)))
    (export "a:b/again@1.0.0" (instance $again)))`);

/** Answers nothing, and traps unless the counter of this name is at 1. */
function user(name: string): Uint8Array {
  return binaryOf(`
    (component
      ${HANDLER_TYPES}
      (import "${name}" (instance $counter (export "next" (func (result u32)))))
      (core func $next (canon lower (func $counter "next")))
      (core module $module
        (import "" "next" (func $next (result i32)))
        (func (export "handle") (param i32 i32) (if (i32.ne (call $next) (i32.const 1)) (then (unreachable)))))
      (core instance $instance (instantiate $module (with "" (instance (export "next" (func $next))))))
      (func $handle (param "request" (own $request)) (param "response-out" (own $out))
        (canon lift (core func $instance "handle")))
      (instance $handler (export "handle" (func $handle)))
      (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))`);
}

const USER = user("a:b/counter@1.0.0");
const AGAIN_USER = user("a:b/again@1.0.0");

/** What each of so many requests came to. */
async function outcomes(component: Uint8Array, options: ServeOptions, count: number): Promise<string[]> {
  const guests = await serve(component, options);
  const seen: string[] = [];
  for (let index = 0; index < count; index++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await guests.fetch(new Request("http://localhost/")).catch((error: unknown) => {
      seen.push(
        error instanceof WebAssembly.RuntimeError ? "trap" : error instanceof HttpError ? "no answer" : String(error),
      );
    });
  }
  await guests.close();
  return seen;
}

test("each instance has those that are plugged into it for itself", async () => {
  assert.deepEqual(await outcomes(USER, { plugs: [COUNTER] }, 3), ["no answer", "no answer", "no answer"]);
  const plugs = [await compile(COUNTER), BETWEEN];
  assert.deepEqual(await outcomes(AGAIN_USER, { plugs }, 2), ["no answer", "no answer"]);
});

test("those that share an instance of it by `imports`, or are used again, find what it has done before", async () => {
  const shared = await instantiate(COUNTER);
  assert.deepEqual(await outcomes(USER, { imports: shared.exports as ServeOptions["imports"] & object }, 2), [
    "no answer",
    "trap",
  ]);
  await shared.close();
  // After the trap others are made.
  assert.deepEqual(await outcomes(USER, { plugs: [COUNTER], reuse: 5 }, 3), ["no answer", "trap", "no answer"]);
});

test("what is plugged in ends with who uses it, also when that traps", async () => {
  for (const { component, plugs, reuse, made } of [
    { component: USER, plugs: [COUNTER], reuse: 1, made: 3 },
    { component: AGAIN_USER, plugs: [COUNTER, BETWEEN], reuse: 2, made: 2 },
  ]) {
    let closed = 0;
    const http = { send: () => Promise.reject(new Error("nobody asks")), close: () => void closed++ };
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await outcomes(component, { plugs, http, reuse }, 3);
    // Each of all components; and what was plugged in to see whether it fits.
    assert.equal(closed, made * (plugs.length + 1) + plugs.length);
  }
});

test("what is missing, or does not fit, is told before anything is answered", async () => {
  await assert.rejects(serve(USER), MissingImportsError);
  await assert.rejects(serve(AGAIN_USER, { plugs: [BETWEEN] }), MissingImportsError);
  await assert.rejects(serve(USER, { plugs: [new Uint8Array(8)] }), /component/);
  await assert.rejects(serve(USER, { plugs: USER as never }), /plugs must be an array of components/);
});

test("what nobody imports is not plugged in in vain: the system's own would stand in its place", async () => {
  const why = /^plugs\[1\] says nothing here: nobody imports what it exports \(a:b\/counter@1\.0\.0\)$/;
  for (const isolate of [undefined, "thread"] as const) {
    // The second comes after who imports it.
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(serve(AGAIN_USER, { plugs: [BETWEEN, COUNTER], isolate }), {
      name: "TypeError",
      message: why,
    });
  }
});

test("a middleware of WASI 0.3 stands before a handler that is plugged in", async () => {
  const guests = await serve(await guest("http-middleware-p3"), { plugs: [await guest("http-p3")] });
  const response = await guests.fetch(new Request("http://localhost/on/hello"));
  assert.deepEqual([response.status, await response.text()], [299, "hello"]);
  await guests.close();
});

test("instances in threads of their own are plugged in too", async () => {
  const plugs = [COUNTER, BETWEEN];
  const seen = await outcomes(user("a:b/again@1.0.0"), { plugs, isolate: "thread" }, 2);
  assert.deepEqual(seen, ["no answer", "no answer"]);
});
