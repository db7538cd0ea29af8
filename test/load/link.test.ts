/** Functions that stand between core modules, components and JavaScript, when they are made and who may call them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { compile } from "../../src/run/compile.ts";
import { instantiate } from "../../src/run/instantiate.ts";
import { MissingImportsError } from "../../src/run/missing-imports.ts";
import { addToGroup, type GateGroup } from "../../src/load/link/gate-groups.ts";
import type { CoreItem } from "../../src/load/plan/items.ts";
import { exported, running } from "./wat.ts";

function exportNamed(name: string): CoreItem {
  const instance = { is: "instantiated", index: 0, module: { is: "own", index: 0, type: undefined } } as const;
  return { is: "export", sort: "core memory", instance, name, offset: 0, type: undefined };
}

test("functions share a gate if they are of one component instance, and of one memory and allocator", () => {
  const groups: GateGroup[] = [];
  const [a, b] = [exportNamed("a"), exportNamed("b")];
  const needs: readonly (readonly [instance: number, memory?: CoreItem, realloc?: CoreItem])[] = [
    [0],
    [0, a],
    [0, exportNamed("a"), b],
    [0, b],
    [1, a],
    [0, a, a],
    [0, b, a],
  ];
  const ungated = { params: [], result: undefined, attempt: () => 0, boxed: false, front: undefined } as const;
  for (const [index, [instance, memory, realloc]] of needs.entries()) {
    addToGroup(groups, { instance, memory, realloc }, { index, ungated });
  }
  assert.deepEqual(
    groups.map(({ members }) => members.map(({ index }) => index)),
    [[0, 1, 2], [3, 6], [4], [5]],
  );
});

test("what a component lifts from an import, a part of it can call", async () => {
  const instance = await running(
    `(import "f" (func $f (result u32)))
     (core func $lowered (canon lower (func $f)))
     (func $lifted (result u32) (canon lift (core func $lowered)))
     (component $c
       (import "g" (func $g (result u32)))
       (core func $g (canon lower (func $g)))
       (core module $m (import "" "g" (func $g (result i32))) (func (export "h") (result i32) (call $g)))
       (core instance $i (instantiate $m (with "" (instance (export "g" (func $g))))))
       (func (export "h") (result u32) (canon lift (core func $i "h"))))
     (instance $i (instantiate $c (with "g" (func $lifted))))
     (export "h" (func $i "h"))`,
    { imports: { f: () => 42 } },
  );
  assert.equal(exported(instance, "h")(), 42);
});

test("a constructor that is resource.new itself is called by another component", async () => {
  const instance = await running(`
    (component $a
      (type $r' (resource (rep i32)))
      (export $r "r" (type $r'))
      (core func $new (canon resource.new $r))
      (core func $rep (canon resource.rep $r))
      (func (export "[constructor]r") (param "x" u32) (result (own $r)) (canon lift (core func $new)))
      (core module $m (import "" "rep" (func $rep (param i32) (result i32)))
        (func (export "f") (param i32) (result i32) (call $rep (local.get 0))))
      (core instance $i (instantiate $m (with "" (instance (export "rep" (func $rep))))))
      (func (export "take") (param "x" (own $r)) (result u32) (canon lift (core func $i "f"))))
    (instance $a (instantiate $a))
    (component $b
      (import "a" (instance $a
        (export "r" (type $r (sub resource)))
        (export "[constructor]r" (func (param "x" u32) (result (own $r))))
        (export "take" (func (param "x" (own $r)) (result u32)))))
      (core func $new (canon lower (func $a "[constructor]r")))
      (core func $take (canon lower (func $a "take")))
      (core module $m
        (import "" "new" (func $new (param i32) (result i32)))
        (import "" "take" (func $take (param i32) (result i32)))
        (func (export "f") (result i32) (call $take (call $new (i32.const 7)))))
      (core instance $i (instantiate $m (with "" (instance (export "new" (func $new)) (export "take" (func $take))))))
      (func (export "f") (result u32) (canon lift (core func $i "f"))))
    (instance $b (instantiate $b (with "a" (instance $a))))
    (export "f" (func $b "f"))`);
  assert.equal(exported(instance, "f")(), 7);
});

/** Calls `wait`, and says whether somebody was inside before. */
const WAITING = `
  (import "wait" (func $wait))
  (core func $wait (canon lower (func $wait)))
  (core module $m
    (import "" "wait" (func $wait))
    (global $inside (mut i32) (i32.const 0))
    (func (export "f") (result i32)
      (if (global.get $inside) (then (return (i32.const 1))))
      (global.set $inside (i32.const 1))
      (call $wait)
      (global.set $inside (i32.const 0))
      (i32.const 0))
    (func (export "destroy") (param i32) (global.set $inside (i32.const 1)) (call $wait) (global.set $inside (i32.const 0))))
  (core instance $i (instantiate $m (with "" (instance (export "wait" (func $wait))))))
  (type $r' (resource (rep i32) (dtor (core func $i "destroy"))))
  (export $r "r" (type $r'))
  (core func $new (canon resource.new $r))
  (func (export "[constructor]r") (param "x" u32) (result (own $r)) (canon lift (core func $new)))
  (func (export "f") (result bool) (canon lift (core func $i "f")))`;

/** Functions that wait until they are let go on, one after the other. */
function waits(): { readonly wait: () => Promise<void>; readonly count: () => number; go(): Promise<void> } {
  const waiting: (() => void)[] = [];
  return {
    wait: () => new Promise((resolve) => waiting.push(resolve)),
    count: () => waiting.length,
    async go() {
      waiting.shift()?.();
      await turn();
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("calls enter a guest one after the other, in their order, whenever they come", async () => {
  const { wait, count, go } = waits();
  const f = exported(await running(WAITING, { syncExports: false, imports: { wait } }), "f");
  const done: number[] = [];
  const call = (number: number): void => {
    void Promise.resolve(f()).then((wasInside) => done.push(wasInside === false ? number : -number));
  };
  for (const number of [1, 2, 3]) call(number);
  await turn();
  await go();
  // While the second one is inside, and the third one waits.
  call(4);
  await turn();
  for (let left = 4; left > 1; left--) {
    assert.equal(count(), 1);
    await go();
  }
  assert.deepEqual(done, [1, 2, 3, 4]);
});

test("a destructor that waits keeps calls out, and is kept out by them", async () => {
  const { wait, count, go } = waits();
  const instance = await running(WAITING, { syncExports: false, imports: { wait } });
  const [f, create] = [exported(instance, "f"), exported(instance, "R")];
  const made = await Reflect.construct(create, [1]);
  const disposable = made as Disposable;
  disposable[Symbol.dispose]();
  const call = f();
  await turn();
  assert.equal(count(), 1);
  await go();
  assert.equal(count(), 1);
  await go();
  assert.equal(await call, false);
});

/** Calls `f` of the component that it is given. */
const CALLER = `
  (import "p" (instance $p (export "f" (func (result bool)))))
  (core func $f (canon lower (func $p "f")))
  (core module $m (import "" "f" (func $f (result i32))) (func (export "g") (result i32) (call $f)))
  (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
  (func (export "g") (result bool) (canon lift (core func $i "g")))`;

test("while one component is inside another, JavaScript is not let in; nor the other way round", async () => {
  const { wait, go } = waits();
  const provider = await running(WAITING, { syncExports: false, imports: { wait } });
  const f = exported(provider, "f");
  const before = f();
  const caller = await running(CALLER, { syncExports: false, imports: { p: provider.exports } });
  const g = exported(caller, "g");
  await assert.rejects(Promise.resolve(g()), /cannot enter component instance/);
  await go();
  assert.equal(await before, false);

  const other = exported(await running(CALLER, { syncExports: false, imports: { p: provider.exports } }), "g");
  const inside = other();
  await turn();
  await assert.rejects(Promise.resolve(f()), /cannot enter component instance/);
  await go();
  assert.equal(await inside, false);
  const after = f();
  await go();
  assert.equal(await after, false);
});

test("a component that has trapped is not entered by another", async () => {
  const provider = await running(
    '(core module $m (func (export "f") (result i32) unreachable)) (core instance $i (instantiate $m)) (func (export "f") (result bool) (canon lift (core func $i "f")))',
  );
  const callers = [1, 2].map(() => running(CALLER, { imports: { p: provider.exports } }));
  const [first, second] = await Promise.all(callers);
  assert.ok(first && second);
  assert.throws(exported(first, "g"), WebAssembly.RuntimeError);
  assert.throws(exported(second, "g"), /cannot enter component instance/);
  assert.throws(exported(provider, "f"), /cannot enter component instance/);
});

test("what every object or class inherits is no import", async () => {
  const constructor = '(import "constructor" (func))';
  const text = '(import "to-string" (func (result string)))';
  const member = '(import "i" (instance (export "to-string" (func)) (export "constructor" (func))))';
  const inClass =
    '(import "i" (instance (export "r" (type $r (sub resource))) (export "[static]r.call" (func)) (export "[static]r.caller" (func)) (export "[method]r.constructor" (func (param "self" (borrow $r))))))';
  const missing = (names: readonly string[]) => (error: unknown) => {
    assert.ok(error instanceof MissingImportsError, String(error));
    assert.deepEqual(error.missing, names);
    return true;
  };
  await assert.rejects(running(constructor), missing(["constructor"]));
  await assert.rejects(running(text), missing(["to-string"]));
  await assert.rejects(running(member, { imports: { i: {} } }), missing(["i#to-string", "i#constructor"]));
  await assert.rejects(
    running(inClass, { imports: { i: { R: class Empty extends Object {} } } }),
    missing(["i#[static]r.call", "i#[static]r.caller", "i#[method]r.constructor"]),
  );
  const own = { toString: () => "", constructor: () => {} };
  await running(text, { imports: own });
  await running(constructor, { imports: own });
  await running(member, { imports: { i: own } });
  class Text {
    toString(): string {
      return "";
    }
  }
  await running('(import "i" (instance (export "to-string" (func))))', { imports: { i: new Text() } });
});

test("a method that is exported again says what it is called for", async () => {
  const instance = await running(
    `(import "i" (instance $i
       (export "r" (type $r (sub resource)))
       (export "[method]r.f" (func (param "self" (borrow $r)) (result u32)))))
     (export "i" (instance $i))`,
    {
      imports: {
        i: {
          R: class {
            f(): number {
              return 42;
            }
          },
        },
      },
    },
  );
  // An interface is an object of functions and classes.
  const { R } = instance.exports["i"] as { readonly R: { readonly prototype: { readonly f: () => unknown } } };
  assert.throws(() => R.prototype.f.call({}), /\[method\]r\.f is called for what is no resource r/);
});

for (const name of ["hello", "wait", "cat", "echo"]) {
  test(`one gate is in front of all that ${name} imports, whenever it needs them`, async (context) => {
    const component = await compile(readFileSync(new URL(`../guests/built/${name}.wasm`, import.meta.url)));
    const { Instance } = WebAssembly;
    let instances = 0;
    const counting = class extends Instance {
      constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
        super(module, imports);
        instances++;
      }
    };
    context.mock.property(WebAssembly, "Instance", counting);
    const instance = await instantiate(nodePlatform, component, {});
    const { compiled } = component;
    assert.ok("plan" in compiled);
    assert.equal(instances, compiled.plan.steps.length + 1);
    await instance.close();
  });
}

test("of much that is missing the first is told, and how much more there is", () => {
  const missing = Array.from({ length: 200_000 }, (_, index) => (index === 0 ? "a".repeat(100_000) : `f${index}`));
  const error = new MissingImportsError(missing);
  assert.ok(error.message.length < 5000);
  assert.match(error.message, /^  a{300}\.\.\.\n  f1\n(.*\n)*  f99\n  and 199900 more$/m);
  assert.equal(error.missing.length, 200_000);
});
