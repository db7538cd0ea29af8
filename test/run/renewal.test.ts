/** Instances that answer one request each are put back to what they were: no guest may see what another has left. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { HttpError, serve, type ServeOptions, type Server } from "../../src/index.ts";
import { binaryOf } from "../load/made.ts";
import { guest } from "./support.ts";

interface Varied {
  /** What the module imports. */
  readonly imports?: string;
  /** More of the module. */
  readonly fields?: string;
  /** What the handler does last. */
  readonly last?: string;
}

/**
 * A handler that traps if anything is not as it was when it was made, changes all of it, keeps its two handles and answers
 * nothing.
 */
function changing({ imports = "", fields = "", last = "" }: Varied = {}): Uint8Array {
  return binaryOf(`
    (component
      (import "wasi:http/types@0.2.0" (instance $types
        (export "incoming-request" (type (sub resource)))
        (export "response-outparam" (type (sub resource)))))
      (alias export $types "incoming-request" (type $request))
      (alias export $types "response-outparam" (type $out))
      (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock (export "now" (func (result u64)))))
      (core func $now (canon lower (func $clock "now")))
      (core module $module
        ${imports}
        (memory 1 5)
        (global $count (mut i32) (i32.const 7))
        (global $long (mut i64) (i64.const -1))
        (global $real (mut f64) (f64.const 1.5))
        (table $functions 2 4 funcref)
        (elem (i32.const 0) $old)
        (elem declare func $new)
        (data (i32.const 70) "as it was")
        (type $number (func (result i32)))
        (func $old (result i32) (i32.const 1))
        (func $new (result i32) (i32.const 2))
        (func $assert (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))))
        ${fields}
        (func (export "handle") (param i32 i32)
          (call $assert (i32.eq (local.get 0) (i32.const 1)))
          (call $assert (i32.eq (local.get 1) (i32.const 2)))
          (call $assert (i32.eq (memory.size) (i32.const 1)))
          (call $assert (i32.eq (i32.load8_u (i32.const 70)) (i32.const 97)))
          (call $assert (i32.eqz (i32.load (i32.const 60000))))
          (call $assert (i32.eq (global.get $count) (i32.const 7)))
          (call $assert (i64.eq (global.get $long) (i64.const -1)))
          (call $assert (f64.eq (global.get $real) (f64.const 1.5)))
          (call $assert (i32.eq (call_indirect $functions (type $number) (i32.const 0)) (i32.const 1)))
          (call $assert (ref.is_null (table.get $functions (i32.const 1))))
          (call $assert (i32.eq (memory.grow (i32.const 3)) (i32.const 1)))
          (call $assert (i32.eq (memory.size) (i32.const 4)))
          (call $assert (i32.eqz (i32.load (i32.const 200000))))
          (call $assert (i32.eq (memory.grow (i32.const 2)) (i32.const -1)))
          (call $assert (i32.eq (memory.grow (i32.const -1)) (i32.const -1)))
          (call $assert (i32.eq (memory.grow (i32.const 0)) (i32.const 4)))
          (memory.fill (i32.const 0) (i32.const 255) (i32.const 262144))
          (global.set $count (i32.const 8))
          (global.set $long (i64.const 8))
          (global.set $real (f64.const 8))
          (table.set $functions (i32.const 0) (ref.func $new))
          (table.set $functions (i32.const 1) (ref.func $new))
          ${last}))
      (core instance $made (instantiate $module
        (with "clock" (instance (export "now" (func $now))))))
      (type $handle (func (param "request" (own $request)) (param "response-out" (own $out))))
      (func $handle (type $handle) (canon lift (core func $made "handle")))
      (instance $handler (export "handle" (func $handle)))
      (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))`);
}

/** Counts core instances that are made from here on. */
function counted(t: TestContext): { count: number } {
  const made = { count: 0 };
  const { Instance } = WebAssembly;
  class Counted extends Instance {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      super(module, imports);
      made.count++;
    }
  }
  WebAssembly.Instance = Counted;
  t.after(() => void (WebAssembly.Instance = Instance));
  return made;
}

async function served(t: TestContext, component: Uint8Array, options: ServeOptions = {}): Promise<Server> {
  // One after the other, also in what comes after the answer.
  const server = await serve(component, { maxConcurrent: 1, ...options });
  t.after(() => server.close());
  return server;
}

/** What `requests`, one after the other, are told. */
async function answersOf(server: Server, requests: number, path = "/"): Promise<string[]> {
  const told: string[] = [];
  for (let index = 0; index < requests; index++) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- an instance is put back when it has answered
      const response = await server.fetch(new Request(`http://example.com${path}`));
      // oxlint-disable-next-line no-await-in-loop -- as above
      told.push(await response.text());
    } catch (error) {
      told.push(error instanceof HttpError ? error.message : String(error));
    }
  }
  return told;
}

const UNANSWERED = "the guest returned without a response";

test("a guest that has changed all that it has finds nothing changed, in the same instance", async (t) => {
  const made = counted(t);
  const server = await served(t, changing(), { limits: { resources: 10 } });
  const first = await answersOf(server, 1);
  const { count } = made;
  const others = await answersOf(server, 20);
  assert.deepEqual(
    [...first, ...others],
    Array.from({ length: 21 }, () => UNANSWERED),
  );
  assert.equal(made.count, count);
});

/** A handler of two modules: one has the memory, and the other grows it. With `too`, both do. */
function growing(too: boolean): Uint8Array {
  return binaryOf(`
    (component
      (import "wasi:http/types@0.2.0" (instance $types
        (export "incoming-request" (type (sub resource)))
        (export "response-outparam" (type (sub resource)))))
      (alias export $types "incoming-request" (type $request))
      (alias export $types "response-outparam" (type $out))
      (core module $owner
        (memory (export "memory") 1)
        (func (export "grow") (result i32) ${too ? "(memory.grow (i32.const 1))" : "(i32.const 1)"}))
      (core module $user
        (import "owner" "memory" (memory 1))
        (import "owner" "grow" (func $grow (result i32)))
        (func $assert (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))))
        (func (export "handle") (param i32 i32)
          (call $assert (i32.eq (memory.size) (i32.const 1)))
          (call $assert (i32.eqz (i32.load (i32.const 8))))
          (call $assert (i32.eq (memory.grow (i32.const 2)) (i32.const 1)))
          (call $assert (i32.eqz (i32.load (i32.const 150000))))
          (call $assert (i32.ge_u (call $grow) (i32.const 1)))
          (memory.fill (i32.const 0) (i32.const 255) (i32.const 196608))))
      (core instance $own (instantiate $owner))
      (core instance $made (instantiate $user (with "owner" (instance $own))))
      (type $handle (func (param "request" (own $request)) (param "response-out" (own $out))))
      (func $handle (type $handle) (canon lift (core func $made "handle")))
      (instance $handler (export "handle" (func $handle)))
      (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))`);
}

for (const too of [false, true]) {
  test(`a memory that ${too ? "two modules grow" : "another module grows"} is as it was`, async (t) => {
    const made = counted(t);
    const server = await served(t, growing(too));
    const first = await answersOf(server, 1);
    const { count } = made;
    assert.deepEqual(
      [...first, ...(await answersOf(server, 4))],
      Array.from({ length: 5 }, () => UNANSWERED),
    );
    // Nobody knows the size of what two grow: each instance is made.
    assert.equal(made.count > count, too);
  });
}

test("a memory grows to maxMemoryBytes and no further", async (t) => {
  // It says itself that it ends after five pages, and wants four.
  const enough = await served(t, changing(), { maxMemoryBytes: 5 * 65_536 });
  assert.deepEqual(await answersOf(enough, 2), [UNANSWERED, UNANSWERED]);
  const little = await served(t, changing(), { maxMemoryBytes: 3 * 65_536 });
  assert.deepEqual(await answersOf(little, 1), ["RuntimeError: unreachable"]);
});

test("such a guest does find out where an instance answers several", async (t) => {
  const server = await served(t, changing(), { reuse: 2 });
  assert.deepEqual(await answersOf(server, 3), [UNANSWERED, "RuntimeError: unreachable", UNANSWERED]);
});

test("where not all of its state can be reached each instance is made", async (t) => {
  const hidden = {
    "data that can be dropped": { fields: '(data $passive "x")', last: "(data.drop $passive)" },
    "elements that can be dropped": { fields: "(elem $passive func $old)", last: "(elem.drop $passive)" },
    "a table that grows": { last: "(drop (table.grow $functions (ref.null func) (i32.const 1)))" },
    "a table of references": { fields: "(table 1 externref)" },
    "a global that refers to something": { fields: "(global (mut funcref) (ref.null func))" },
    "a global of 128 bits": { fields: "(global (mut v128) (v128.const i64x2 0 0))" },
    "memory that threads share": { fields: "(memory 1 1 shared)" },
  };
  for (const [what, varied] of Object.entries(hidden)) {
    // oxlint-disable-next-line no-await-in-loop -- they count for all
    await t.test(what, async (each) => {
      const made = counted(each);
      const server = await served(t, changing(varied));
      const before = made.count;
      assert.deepEqual(await answersOf(server, 2), [UNANSWERED, UNANSWERED]);
      const { count } = made;
      assert.deepEqual(await answersOf(server, 1), [UNANSWERED]);
      assert.equal(made.count - count, (count - before) / 2);
    });
  }
});

test("one that traps is not put back", async (t) => {
  const made = counted(t);
  const server = await served(t, changing({ last: "(unreachable)" }));
  await answersOf(server, 1);
  const { count } = made;
  assert.deepEqual(await answersOf(server, 2), ["RuntimeError: unreachable", "RuntimeError: unreachable"]);
  assert.equal(made.count, count * 3);
});

test("one that asked for something while it was made is not put back", async (t) => {
  const made = counted(t);
  const imports = '(import "clock" "now" (func $now (result i64)))';
  const server = await served(t, changing({ imports, fields: "(start $start) (func $start (drop (call $now)))" }));
  await answersOf(server, 1);
  const { count } = made;
  assert.deepEqual(await answersOf(server, 1), [UNANSWERED]);
  assert.ok(made.count > count);
});

test("a program of Rust's counts from one each time, whatever others have done to its instance", async (t) => {
  const made = counted(t);
  const server = await served(t, await guest("http-handler"));
  await answersOf(server, 1, "/count");
  const { count } = made;
  const paths = ["/hello", "/count", "/nothing", "/count", "/half", "/count", "/error", "/count"];
  const told: string[] = [];
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (const path of paths) told.push(...(await answersOf(server, 1, path)));
  assert.deepEqual(
    [1, 3, 5, 7].map((index) => told[index]),
    ["1", "1", "1", "1"],
  );
  assert.equal(made.count, count);
});

test("what a guest of WASI 0.3 leaves under way is over: the next one begins as the first did", async (t) => {
  const made = counted(t);
  const server = await served(t, await guest("http-p3"));
  await answersOf(server, 1, "/count");
  const { count } = made;
  for (const path of ["/leave", "/large/1000", "/error", "/left", "/trailers", "/nowhere"]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await answersOf(server, 1, path);
    // oxlint-disable-next-line no-await-in-loop -- as above
    assert.deepEqual(await answersOf(server, 1, "/count"), ["1"], path);
    assert.equal(made.count, count, path);
  }
  await answersOf(server, 1, "/trap");
  assert.deepEqual(await answersOf(server, 1, "/count"), ["1"]);
  assert.ok(made.count > count);
});
