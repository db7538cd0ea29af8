/** What is lent for a call is the callee's until that is over, and no longer: to a guest, and by one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GuestSource, instantiate, type Imports, type Options } from "../../src/index.ts";
import { COUNTED_THING, wat } from "../load/wat.ts";
import { turn } from "./support.ts";

/** A resource type whose `get` gives what it was made with, and 1000 for each that has been destroyed. */
const LIBRARY = `(component ${COUNTED_THING}
  (core module $m
    (import "i" "new" (func $new (param i32) (result i32)))
    (import "d" "drops" (func $drops (result i32)))
    (func (export "new") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "get") (param i32) (result i32)
      (i32.add (local.get 0) (i32.mul (i32.const 1000) (call $drops)))))
  (core instance $m (instantiate $m (with "i" (instance (export "new" (func $new)))) (with "d" (instance $d))))
  (func $drops' (result u32) (canon lift (core func $d "drops")))
  (func $new' (param "x" u32) (result (own $thing')) (canon lift (core func $m "new")))
  (func $get' (param "self" (borrow $thing')) (result u32) (canon lift (core func $m "get")))
  (component $shim
    (import "thing" (type $t (sub resource)))
    (import "new" (func $new (param "x" u32) (result (own $t))))
    (import "get" (func $get (param "self" (borrow $t)) (result u32)))
    (export $e "thing" (type $t))
    (export "[constructor]thing" (func $new) (func (param "x" u32) (result (own $e))))
    (export "[method]thing.get" (func $get) (func (param "self" (borrow $e)) (result u32))))
  (instance $things (instantiate $shim (with "thing" (type $thing')) (with "new" (func $new')) (with "get" (func $get'))))
  (export "drops" (func $drops'))
  (export "a:b/things" (instance $things)))`;

/** `use` waits for the embedder, and then calls `get` of what it was lent; `lend` lends what it was given on. */
const user = (kind: "" | "async"): string => `(component
  (import "a:b/things" (instance $i
    (export "thing" (type $thing (sub resource)))
    (export "[method]thing.get" (func (param "self" (borrow $thing)) (result u32)))))
  (alias export $i "thing" (type $thing))
  (import "wait" (func $wait ${kind}))
  (import "keep" (func $keep (param "t" (borrow $thing))))
  (core func $get (canon lower (func $i "[method]thing.get")))
  (core func $wait' (canon lower (func $wait)))
  (core func $keep' (canon lower (func $keep)))
  (core func $drop (canon resource.drop $thing))
  (core module $m
    (import "i" "get" (func $get (param i32) (result i32)))
    (import "i" "wait" (func $wait))
    (import "i" "keep" (func $keep (param i32)))
    (import "i" "drop" (func $drop (param i32)))
    (func (export "use") (param i32) (result i32)
      (call $wait)
      (call $get (local.get 0))
      (call $drop (local.get 0)))
    (func (export "lend") (param i32) (call $keep (local.get 0)) (call $drop (local.get 0))))
  (core instance $m (instantiate $m (with "i" (instance
    (export "get" (func $get)) (export "drop" (func $drop)) (export "wait" (func $wait')) (export "keep" (func $keep'))))))
  (func (export "use") ${kind} (param "t" (borrow $thing)) (result u32) (canon lift (core func $m "use")))
  (func (export "lend") ${kind} (param "t" (own $thing)) (canon lift (core func $m "lend"))))`;

interface Thing extends Disposable {
  get(): Promise<number>;
}

interface User {
  use(thing: Thing): Promise<number>;
  lend(thing: Thing): Promise<void>;
}

/** A user of the library, and the library's own. */
async function pair(kind: "" | "async", keep: (thing: Thing) => void = () => {}) {
  const library = await instantiate(await wat(LIBRARY));
  const waiting: { readonly resolve: () => void; readonly reject: (reason: unknown) => void }[] = [];
  const wait = (): Promise<void> => new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  const imports = { "a:b/things": library.exports["a:b/things"], wait, keep } as Imports;
  const another = async () => {
    const { exports, close } = await instantiate(await wat(user(kind)), { imports });
    return { close, ...(exports as Pick<User, "use" | "lend">) };
  };
  const { Thing } = library.exports["a:b/things"] as { readonly Thing: new (x: number) => Promise<Thing> };
  return {
    Thing,
    drops: library.exports["drops"] as () => Promise<number>,
    waiting,
    another,
    ...(await another()),
  };
}

async function begun({ waiting }: { readonly waiting: readonly unknown[] }): Promise<void> {
  while (waiting.length === 0) await turn();
}

for (const kind of ["", "async"] as const) {
  const way = kind === "" ? "a function" : "an asynchronous function";

  test(`what is disposed of while it is lent to ${way} of another component is destroyed after the call`, async () => {
    const all = await pair(kind);
    const thing = await new all.Thing(5);
    const using = all.use(thing);
    await begun(all);
    thing[Symbol.dispose]();
    assert.equal(await all.drops(), 0);
    await assert.rejects(async () => thing.get(), /has been given away, or disposed of/);
    all.waiting[0]?.resolve();
    assert.equal(await using, 5, "it was there until the end");
    await turn();
    assert.equal(await all.drops(), 1);
  });

  test(`what is lent to ${way} cannot be given away before that has returned`, async () => {
    const all = await pair(kind);
    const thing = await new all.Thing(5);
    const using = all.use(thing);
    await begun(all);
    const other = await all.another();
    await assert.rejects(
      other.lend(thing),
      /lend: parameter t \(thing\): the resource thing is lent: it cannot be given away/,
    );
    all.waiting[0]?.resolve();
    assert.equal(await using, 5);
    await other.lend(thing);
    assert.equal(await all.drops(), 1);
  });

  test(`what was lent to ${way} that ends its instance is its owner's again`, async () => {
    for (const end of ["close", "reject"] as const) {
      const all = await pair(kind);
      const thing = await new all.Thing(5);
      const using = all.use(thing);
      using.catch(() => {});
      await begun(all);
      thing[Symbol.dispose]();
      if (end === "close") await all.close();
      else all.waiting[0]?.reject(new Error("on purpose"));
      await assert.rejects(using, end === "close" ? /is closed/ : /on purpose/);
      await turn();
      assert.equal(await all.drops(), 1, end);
    }
  });

  test(`what ${way} lends to the embedder is nothing after the call`, async () => {
    const kept: Thing[] = [];
    const all = await pair(kind, (thing) => void kept.push(thing));
    await all.lend(await new all.Thing(7));
    const [thing] = kept;
    assert.ok(thing);
    await assert.rejects(async () => thing.get(), /the resource thing was lent for a call that is over/);
    thing[Symbol.dispose]();
    assert.equal(await all.drops(), 1, "by its owner");
  });
}

const STREAMS = `(component
  (import "wasi:io/streams@0.2.0" (instance $s
    (export "input-stream" (type $in (sub resource)))))
  (alias export $s "input-stream" (type $in))
  (import "look" (func $look (param "s" (borrow $in))))
  (core func $look' (canon lower (func $look)))
  (core func $drop (canon resource.drop $in))
  (core module $m
    (import "i" "drop" (func $drop (param i32)))
    (import "i" "look" (func $look (param i32)))
    (func (export "one") (param i32) (result i32) (call $look (local.get 0)) (call $drop (local.get 0)) (i32.const 1)))
  (core instance $m (instantiate $m (with "i" (instance (export "drop" (func $drop)) (export "look" (func $look'))))))
  (func (export "lent") (param "s" (borrow $in)) (result u32) (canon lift (core func $m "one")))
  (func (export "given") (param "s" (own $in)) (result u32) (canon lift (core func $m "one"))))`;

test("a stream of the embedder's that is lent to a guest is ended after the call, and counts no longer", async () => {
  let cancelled = 0;
  const looked: unknown[] = [];
  const options: Options = {
    limits: { resources: 4 },
    imports: { look: (stream: unknown) => void looked.push(stream) },
  };
  const { exports, close } = await instantiate(await wat(STREAMS), options);
  const lent = exports["lent"] as (stream: unknown) => Promise<number>;
  for (let count = 1; count <= 10; count++) {
    assert.equal(await lent(new ReadableStream({ cancel: () => void cancelled++ })), 1);
    assert.equal(cancelled, count);
  }
  await close();
  const [stream] = looked;
  assert.ok(stream instanceof GuestSource);
  assert.throws(() => stream.read(1), /given away, closed, or lent/);
});
