/** What an embedder gives that does not fit, or that throws while it is looked at: the guest never sees it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BytesSource, CollectSink, instantiate, type Options } from "../../src/index.ts";
import { show } from "../../src/abi/show.ts";
import { COUNTED_THING, wat } from "../load/wat.ts";

type AnyFunction = (...args: unknown[]) => unknown;

/** Exports a resource type, functions that take it beside something else, and how many were dropped. */
const THINGS = `(component ${COUNTED_THING}
  (core func $drop (canon resource.drop $thing'))
  (core module $m
    (import "i" "new" (func $new (param i32) (result i32)))
    (import "i" "drop" (func $drop (param i32)))
    (func (export "new") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "get") (param i32) (result i32) (local.get 0))
    (func (export "eat-both") (param i32 i32) (call $drop (local.get 0)) (call $drop (local.get 1)))
    (func (export "eat") (param i32 i32) (result i32) (call $drop (local.get 0)) (local.get 1)))
  (core instance $m (instantiate $m (with "i" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
  (func $drops' (result u32) (canon lift (core func $d "drops")))
  (func $new' (param "x" u32) (result (own $thing')) (canon lift (core func $m "new")))
  (func $get' (param "self" (borrow $thing')) (result u32) (canon lift (core func $m "get")))
  (func $eat' (param "thing" (own $thing')) (param "n" u32) (result u32) (canon lift (core func $m "eat")))
  (func $twice' (param "a" (own $thing')) (param "b" (own $thing')) (canon lift (core func $m "eat-both")))
  (component $shim
    (import "thing" (type $t (sub resource)))
    (import "new" (func $new (param "x" u32) (result (own $t))))
    (import "get" (func $get (param "self" (borrow $t)) (result u32)))
    (import "eat" (func $eat (param "thing" (own $t)) (param "n" u32) (result u32)))
    (import "twice" (func $twice (param "a" (own $t)) (param "b" (own $t))))
    (export $e "thing" (type $t))
    (export "[constructor]thing" (func $new) (func (param "x" u32) (result (own $e))))
    (export "[method]thing.get" (func $get) (func (param "self" (borrow $e)) (result u32)))
    (export "[static]thing.eat" (func $eat) (func (param "thing" (own $e)) (param "n" u32) (result u32)))
    (export "[static]thing.twice" (func $twice) (func (param "a" (own $e)) (param "b" (own $e)))))
  (instance $things (instantiate $shim (with "thing" (type $thing')) (with "new" (func $new'))
    (with "get" (func $get')) (with "eat" (func $eat')) (with "twice" (func $twice'))))
  (export "drops" (func $drops'))
  (export "a:b/things" (instance $things)))`;

interface Thing {
  get(): Promise<number>;
}

interface Things {
  readonly Thing: {
    new (x: number): Promise<Thing>;
    eat(thing: unknown, n: unknown): Promise<number>;
    twice(a: unknown, b: unknown): Promise<void>;
  };
  drops(): Promise<number>;
}

async function things(options: Options = {}): Promise<Things> {
  const { exports } = await instantiate(await wat(THINGS), options);
  const { Thing } = exports["a:b/things"] as Pick<Things, "Thing">;
  return { Thing, drops: exports["drops"] as Things["drops"] };
}

test("a resource that was given beside what is wrong is still its owner's, and can be given again", async () => {
  const { Thing, drops } = await things();
  const thing = await new Thing(7);
  await assert.rejects(Thing.eat(thing, "2"), /\[static\]thing\.eat: parameter n \(u32\): expected u32.*got "2"/);
  assert.equal(await thing.get(), 7);
  await assert.rejects(Thing.twice(thing, thing), /parameter b \(thing\): the resource thing has been given away/);
  assert.equal(await thing.get(), 7);
  assert.equal(await drops(), 0);
  assert.equal(await Thing.eat(thing, 2), 2);
  assert.equal(await drops(), 1);
  await assert.rejects(async () => thing.get(), /has been given away/);
});

test("what is wrong leaves no handle behind: as often as it happens", async () => {
  const { Thing, drops } = await things({ limits: { resources: 3 } });
  const thing = await new Thing(7);
  for (let count = 0; count < 10; count++) await assert.rejects(Thing.eat(thing, -1), TypeError);
  assert.equal(await Thing.eat(thing, 1), 1);
  assert.equal(await drops(), 1);
});

test("a resource of another instance, or of nobody, is refused by what it is, and stays what it is", async () => {
  const [{ Thing }, other] = [await things(), await things()];
  const stranger = await new other.Thing(1);
  await assert.rejects(
    Thing.eat(stranger, 1),
    /expected a resource thing of this instance, got that of another instance$/,
  );
  assert.equal(await stranger.get(), 1);
  await assert.rejects(Thing.eat(Object.create(Thing.prototype), 1), /expected a resource thing, got an object Thing$/);
});

const TAKES_STREAMS = `(component
  (import "wasi:io/streams@0.2.0" (instance $s
    (export "input-stream" (type $in (sub resource))) (export "output-stream" (type $out (sub resource)))))
  (alias export $s "input-stream" (type $in))
  (alias export $s "output-stream" (type $out))
  (core module $m
    (func (export "both") (param i32 i32 i32) (result i32) (local.get 0))
    (func (export "out") (param i32 i32) (result i32) (local.get 0)))
  (core instance $m (instantiate $m))
  (func (export "both") (param "i" (own $in)) (param "o" (own $out)) (param "n" u8) (result (own $in))
    (canon lift (core func $m "both")))
  (func (export "out") (param "o" (own $out)) (param "n" u8) (result (own $out)) (canon lift (core func $m "out"))))`;

test("a stream of a guest's that was given beside what is wrong is still its holder's", async () => {
  const { exports, close } = await instantiate(await wat(TAKES_STREAMS));
  const { both, out } = exports as Readonly<Record<"both" | "out", (...args: unknown[]) => Promise<unknown>>>;
  const input = await both(new BytesSource("abc"), "ignore", 1);
  const sink = new CollectSink();
  const output = await out(sink, 1);
  await assert.rejects(both(input, output, 256), /both: parameter n \(u8\): expected u8/);
  await assert.rejects(both(output, input, 1), /both: parameter i \(input-stream\)/);
  const again = (await both(input, output, 1)) as AsyncIterable<Uint8Array>;
  const chunks = [];
  for await (const chunk of again) chunks.push(Buffer.from(chunk).toString());
  assert.deepEqual(chunks, ["abc"]);
  await close();
});

test("a stream of the embedder's that was given beside what is wrong is ended", async () => {
  const { exports, close } = await instantiate(await wat(TAKES_STREAMS));
  let cancelled = 0;
  const stream = new ReadableStream({ cancel: () => void cancelled++ });
  const both = exports["both"] as AnyFunction;
  await assert.rejects(async () => both(stream, "ignore", 256), /parameter n/);
  assert.equal(cancelled, 1);
  await close();
});

/** What JavaScript may be given as a value, each of which throws `error` when it is looked at. */
function throwing(error: unknown): readonly unknown[] {
  const fail = (): never => {
    throw error;
  };
  return [
    new Proxy({}, { get: fail, has: fail, getPrototypeOf: fail }),
    [new Proxy({}, { get: fail })],
    { [Symbol.iterator]: fail },
    [
      {
        get name() {
          return fail();
        },
        size: 1,
      },
    ],
  ];
}

/** `count` takes a list of records, and gives how many there are; `many` the same as the last of many parameters. */
const RECORDS = `(component
  (core module $m
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $top) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
      (global.set $top (i32.add (local.get $at) (local.get 3)))
      (if (i32.gt_u (global.get $top) (i32.const 60000)) (then unreachable))
      (local.get $at))
    (func (export "count") (param i32 i32) (result i32) (local.get 1))
    (func (export "many") (param i32) (result i32) (i32.load offset=132 (local.get 0))))
  (core instance $m (instantiate $m))
  (alias core export $m "memory" (core memory $memory))
  (alias core export $m "realloc" (core func $realloc))
  (type $item' (record (field "name" string) (field "size" u32)))
  (export $item "item" (type $item'))
  (func (export "count") (param "items" (list $item)) (result u32)
    (canon lift (core func $m "count") (memory $memory) (realloc (core func $realloc))))
  (func (export "many") (param "a" (tuple u64 u64 u64 u64 u64 u64 u64 u64))
    (param "b" (tuple u64 u64 u64 u64 u64 u64 u64 u64)) (param "items" (list $item)) (result u32)
    (canon lift (core func $m "many") (memory $memory) (realloc (core func $realloc)))))`;

const EIGHT = Array.from({ length: 8 }, () => 1n);

for (const syncExports of [false, true]) {
  const way = syncExports ? "synchronously" : "as a promise";
  test(`what an embedder's own object throws reaches the caller as it is, ${way}, and the guest goes on`, async () => {
    const { exports } = await instantiate(await wat(RECORDS), { syncExports });
    const { count, many } = exports as Readonly<Record<"count" | "many", AnyFunction>>;
    for (const error of [new Error("mine"), new WebAssembly.RuntimeError("another guest's"), "no error at all"]) {
      for (const value of throwing(error)) {
        const same = (caught: unknown): boolean => caught === error;
        await assert.rejects(async () => count(value), same);
        await assert.rejects(async () => many(EIGHT, EIGHT, value), same);
      }
    }
    await assert.rejects(
      async () => many(EIGHT, [1], []),
      /many: parameter b \(tuple<.*expected a tuple, an array of 8/,
    );
    assert.equal(await count([{ name: "a", size: 1 }]), 1);
    assert.equal(await many(EIGHT, EIGHT, [{ name: "a", size: 1 }]), 1);
  });

  test(`an array that becomes another while it is looked at counts as what it was, ${way}`, async () => {
    const { exports } = await instantiate(await wat(RECORDS), { syncExports });
    const count = exports["count"] as AnyFunction;
    const growing: unknown[] = [];
    const item = {
      get name() {
        if (growing.length < 1000) for (let index = 0; index < 5000; index++) growing.push(item);
        return "x";
      },
      size: 1,
    };
    growing.push(item, item);
    assert.equal(await count(growing), 2);
    const shrinking: unknown[] = [
      {
        get name() {
          return ((shrinking.length = 1), "x");
        },
        size: 1,
      },
      { name: "y", size: 2 },
    ];
    await assert.rejects(async () => count(shrinking), /item 1: expected a record, an object, got undefined/);
    assert.equal(await count([]), 0);
  });

  test(`an object that calls the guest while it is looked at waits, or is refused, ${way}`, async () => {
    const { exports } = await instantiate(await wat(RECORDS), { syncExports });
    const count = exports["count"] as AnyFunction;
    let inner: unknown;
    const calling = {
      get name() {
        return ((inner = count([])), "x");
      },
      size: 1,
    };
    if (syncExports) assert.throws(() => count([calling]), /cannot enter component instance/);
    else {
      assert.equal(await count([calling]), 1);
      assert.equal(await inner, 0);
    }
    assert.equal(await count([]), 0);
  });

  test(`a guest that fails while it allocates is over, ${way}`, async () => {
    const { exports } = await instantiate(await wat(RECORDS), { syncExports });
    const count = exports["count"] as AnyFunction;
    await assert.rejects(async () => count([{ name: "x".repeat(70_000), size: 1 }]), /unreachable/);
    await assert.rejects(async () => count([]), /unreachable/);
  });
}

test("what a function of the embedder's gives is shown in a trace whatever else is in it", async () => {
  const circular: Record<string, unknown> = Object.assign(Object.create(null), { name: "x" });
  circular["self"] = circular;
  assert.match(show(circular), /^\{ name: "x", self: \{ name: "x", self: .*\.\.\./);
  assert.equal(show(Object.create(null)), "{  }");
  const wide = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`a${index}`, index]));
  assert.match(show(wide), /a15: 15, \.\.\. \}$/);
});
