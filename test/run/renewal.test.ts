/** Instances that answer one request each are put back to what they were: no guest may see what another has left. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { HttpError, serve, type ServeOptions, type Server } from "../../src/index.ts";
import { binaryOf, HANDLER_TYPES } from "../load/made.ts";
import { counted } from "./counted.ts";
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
      ${HANDLER_TYPES}
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

/** How a memory gets large: it is, or it grows by more or less each time. */
const LARGE = {
  "a large memory": ["(memory $large 16)", ""],
  "a memory that grows large": [
    "(memory $large 1)",
    `(call $assert (i32.eq (i32.const 1) (memory.grow $large
      (i32.add (i32.const 8) (i32.wrap_i64 (i64.and (call $time) (i64.const 7)))))))`,
  ],
} as const;

for (const [what, [memory, grow]] of Object.entries(LARGE)) {
  test(`${what} is all 0 again, wherever the guest wrote: little of it each time, or now and then all`, async (t) => {
    const server = await served(
      t,
      changing({
        imports: '(import "clock" "now" (func $time (result i64)))',
        fields: `${memory}
          (global $at (mut i32) (i32.const 0))
          (global $end (mut i32) (i32.const 0))`,
        last: `
          ${grow}
          (global.set $end (i32.mul (memory.size $large) (i32.const 65536)))
          (loop $all
            (call $assert (i64.eqz (i64.load $large (global.get $at))))
            (global.set $at (i32.add (global.get $at) (i32.const 8)))
            (br_if $all (i32.lt_u (global.get $at) (global.get $end))))
          (i64.store $large (i32.sub (global.get $end) (i32.const 8)) (i64.const -1))
          (i64.store $large (i32.and (i32.wrap_i64 (call $time)) (i32.const 0x7fff8)) (i64.const -1))
          (if (i64.eqz (i64.and (call $time) (i64.const 7)))
            (then (memory.fill $large (i32.const 0) (i32.const 255) (global.get $end))))`,
      }),
    );
    const answers = await answersOf(server, 60);
    assert.deepEqual(
      answers,
      Array.from(answers, () => UNANSWERED),
    );
  });
}

/** A handler of two modules: one has the memory, and the other grows it. With `too`, both do. */
function growing(too: boolean): Uint8Array {
  return binaryOf(`
    (component
      ${HANDLER_TYPES}
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

interface ComposedVaried {
  /** What the counting component does when it is made. */
  readonly start?: string;
  /** What the handler does last. */
  readonly last?: string;
}

/**
 * Two instances of a component that counts, which has resources of its own, and a handler that calls both: each of them
 * traps if anything is not as it was when it was made, and changes all of it.
 */
function composed({ start = "", last = "" }: ComposedVaried = {}): Uint8Array {
  return binaryOf(`
    (component
      ${HANDLER_TYPES}
      (component $counting
        (core module $table
          (table (export "t") 1 funcref)
          (type $drop (func (param i32)))
          (func (export "destroy") (param i32) (call_indirect (type $drop) (local.get 0) (i32.const 0))))
        (core instance $table (instantiate $table))
        (type $item (resource (rep i32) (dtor (core func $table "destroy"))))
        (core func $new (canon resource.new $item))
        (core func $drop (canon resource.drop $item))
        (core module $module
          (import "" "t" (table $t 1 funcref))
          (import "" "new" (func $new (param i32) (result i32)))
          (import "" "drop" (func $drop (param i32)))
          (memory (export "memory") 1)
          (global $count (mut i32) (i32.const 0))
          (global $free (mut i32) (i32.const 1024))
          (elem (table $t) (i32.const 0) func $destroyed)
          (func $assert (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))))
          (func $destroyed (param i32) (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (local.get 0))))
          (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $free)
            (global.set $free (i32.add (global.get $free) (local.get 3))))
          ;; The first call makes an item of the number 1, and keeps it.
          (func (export "count") (param i32 i32) (result i32)
            (global.set $count (i32.add (global.get $count) (i32.const 1)))
            (if (i32.eq (global.get $count) (i32.const 1)) (then
              (call $assert (i32.eqz (i32.load (i32.const 8))))
              (call $assert (i32.eqz (i32.load8_u (i32.const 60000))))
              (call $assert (i32.eq (local.get 0) (i32.const 1024)))
              (call $assert (i32.eq (call $new (i32.const 5)) (i32.const 1)))))
            (i32.store8 (i32.const 60000) (i32.const 1))
            (global.get $count))
          (func (export "make") (result i32) (call $new (i32.const 9)))
          (func (export "look") (param i32) (result i32) (local.get 0))
          ${start})
        (core instance $made (instantiate $module (with "" (instance
          (export "t" (table $table "t")) (export "new" (func $new)) (export "drop" (func $drop))))))
        (export $exported "item" (type $item))
        (func (export "count") (param "text" string) (result u32)
          (canon lift (core func $made "count") (memory (core memory $made "memory")) (realloc (core func $made "realloc"))))
        (func (export "make") (result (own $exported)) (canon lift (core func $made "make")))
        (func (export "look") (param "item" (borrow $exported)) (result u32) (canon lift (core func $made "look"))))
      (instance $first (instantiate $counting))
      (instance $second (instantiate $counting))
      (alias export $first "item" (type $item))
      (core module $memory (memory (export "memory") 1) (data (i32.const 16) "caf\\c3\\a9"))
      (core instance $memory (instantiate $memory))
      (core func $first-count (canon lower (func $first "count") (memory (core memory $memory "memory"))))
      (core func $second-count (canon lower (func $second "count") (memory (core memory $memory "memory")) string-encoding=utf8))
      (core func $make (canon lower (func $first "make")))
      (core func $look (canon lower (func $first "look")))
      (core func $drop (canon resource.drop $item))
      (core module $module
        (import "" "first" (func $first (param i32 i32) (result i32)))
        (import "" "second" (func $second (param i32 i32) (result i32)))
        (import "" "make" (func $make (result i32)))
        (import "" "look" (func $look (param i32) (result i32)))
        (import "" "drop" (func $drop (param i32)))
        (func $assert (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))))
        (func (export "handle") (param i32 i32) (local $item i32)
          (call $assert (i32.eq (call $first (i32.const 16) (i32.const 5)) (i32.const 1)))
          (call $assert (i32.eq (call $first (i32.const 16) (i32.const 5)) (i32.const 2)))
          (call $assert (i32.eq (call $second (i32.const 16) (i32.const 5)) (i32.const 1)))
          (local.set $item (call $make))
          (call $assert (i32.eq (local.get $item) (i32.const 3)))
          (call $assert (i32.eq (call $look (local.get $item)) (i32.const 9)))
          (call $drop (local.get $item))
          (call $assert (i32.eq (call $make) (i32.const 3)))
          ${last}))
      (core instance $made (instantiate $module (with "" (instance
        (export "first" (func $first-count)) (export "second" (func $second-count))
        (export "make" (func $make)) (export "look" (func $look)) (export "drop" (func $drop))))))
      (type $handle (func (param "request" (own $request)) (param "response-out" (own $out))))
      (func $handle (type $handle) (canon lift (core func $made "handle")))
      (instance $handler (export "handle" (func $handle)))
      (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))`);
}

test("so does one of several components that call each other", async (t) => {
  const made = counted(t);
  const server = await served(t, composed());
  assert.deepEqual(await answersOf(server, 1), [UNANSWERED]);
  const { count } = made;
  assert.deepEqual(
    await answersOf(server, 20),
    Array.from({ length: 20 }, () => UNANSWERED),
  );
  assert.equal(made.count, count);
});

test("handles that were given up while it was made have used up numbers: each instance is made", async (t) => {
  const made = counted(t);
  const start = "(start $start) (func $start (call $drop (call $new (i32.const 0))))";
  const server = await served(t, composed({ start }));
  const before = made.count;
  await answersOf(server, 2);
  const { count } = made;
  await answersOf(server, 1);
  assert.equal(made.count - count, (count - before) / 2);
});

test("one that traps is not put back", async (t) => {
  const made = counted(t);
  const server = await served(t, changing({ last: "(unreachable)" }));
  await answersOf(server, 1);
  const before = made.count;
  await answersOf(server, 1);
  const { count } = made;
  assert.deepEqual(await answersOf(server, 2), ["RuntimeError: unreachable", "RuntimeError: unreachable"]);
  assert.ok(count > before);
  assert.equal(made.count - count, 2 * (count - before));
});

test("one that asked for something while it was made is not put back", async (t) => {
  const made = counted(t);
  const imports = '(import "clock" "now" (func $now (result i64)))';
  for (const times of [1, 1024, 1025, 2050]) {
    const start = `(start $start) (func $start (local $left i32) (local.set $left (i32.const ${times}))
      (loop $next (drop (call $now))
        (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))`;
    // oxlint-disable-next-line no-await-in-loop -- they count for all
    const server = await served(t, changing({ imports, fields: start }));
    // oxlint-disable-next-line no-await-in-loop -- as above
    await answersOf(server, 1);
    const { count } = made;
    // oxlint-disable-next-line no-await-in-loop -- as above
    assert.deepEqual(await answersOf(server, 1), [UNANSWERED]);
    assert.ok(made.count > count, `${times} calls`);
  }
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
