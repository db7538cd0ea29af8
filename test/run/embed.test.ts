/** What an embedder gives a component, and gets of it: functions, errors, resources, streams, other components. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BytesSource,
  CollectSink,
  compile,
  GuestSource,
  InvalidComponentError,
  instantiate,
  MissingImportsError,
  Trap,
  WitError,
  type Imports,
  type Options,
} from "../../src/index.ts";
import { wat } from "../load/wat.ts";

type AnyFunction = (...args: unknown[]) => unknown;
type Exports = Readonly<Record<string, AnyFunction>>;

/** The exports of a component, as functions. */
async function exportsOf(text: string, options: Options = {}): Promise<Exports> {
  const { exports } = await instantiate(await wat(text), options);
  return exports as Exports;
}

/** A memory, and an allocator that never frees. */
const MEMORY = `
  (core module $mem
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $top) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
      (global.set $top (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $mem (instantiate $mem))
  (alias core export $mem "memory" (core memory $memory))
  (alias core export $mem "realloc" (core func $realloc))`;

/** Exports `call`, which gives on what the import \`f\` of \`a:b/c\` does, of this type; params and result are scalars. */
const scalar = (params: string, result: string, core: string, coreResult: string): string => `(component
  (import "a:b/c@1.2.0" (instance $i (export "f" (func ${params} ${result}))))
  (alias export $i "f" (func $f))
  (core func $lowered (canon lower (func $f)))
  (core module $m
    (import "i" "f" (func $f ${core} ${coreResult}))
    (func (export "call") ${core} ${coreResult} ${[...core.matchAll(/[if]\d\d/g)].map((_, at) => `(local.get ${at})`).join(" ")} (call $f)))
  (core instance $m (instantiate $m (with "i" (instance (export "f" (func $lowered))))))
  (func (export "call") ${params} ${result} (canon lift (core func $m "call"))))`;

const ADD = scalar('(param "x" u32) (param "y" u32)', "(result u32)", "(param i32 i32)", "(result i32)");

test("a function of an interface is found with its version, without, and by a compatible one", async () => {
  for (const key of ["a:b/c@1.2.0", "a:b/c", "a:b/c@1.0.0", "a:b/c@1.9.4"]) {
    const { call } = await exportsOf(ADD, { imports: { [key]: { f: (x: number, y: number) => x + y } } });
    assert.equal(await call?.(3, 4), 7, key);
  }
  for (const key of ["a:b/c@2.0.0", "a:b/d", "f"]) {
    await assert.rejects(exportsOf(ADD, { imports: { [key]: { f: () => 0 } } }), MissingImportsError, key);
  }
});

test("a function that is missing in an interface is named", async () => {
  await assert.rejects(
    exportsOf(ADD, { imports: { "a:b/c": { g: () => 0 } } }),
    (error) => error instanceof MissingImportsError && error.missing.join() === "a:b/c@1.2.0#f",
  );
});

test("an import that is no object is refused in words", async () => {
  const imports = { "a:b/c": 5 } as unknown as Imports;
  await assert.rejects(exportsOf(ADD, { imports }), /imports\["a:b\/c"\] must be a function or an object, got number/);
});

test("a promise suspends the guest, and other guests go on", async () => {
  let resolve: (value: number) => void = () => {};
  const later = new Promise<number>((settle) => (resolve = settle));
  const { call } = await exportsOf(ADD, { imports: { "a:b/c": { f: () => later } } });
  const other = await exportsOf(ADD, { imports: { "a:b/c": { f: () => 1 } } });
  const waiting = Promise.resolve(call?.(1, 2));
  assert.equal(await other["call"]?.(0, 0), 1);
  resolve(42);
  assert.equal(await waiting, 42);
});

test("each scalar result comes back as what it was, -1 and the extremes among them, at once and later", async () => {
  const cases: [type: string, core: string, values: (number | bigint | boolean | string)[]][] = [
    ["bool", "i32", [true, false]],
    ["s8", "i32", [-1, -128, 127]],
    ["u8", "i32", [0, 255]],
    ["s16", "i32", [-1, -32768]],
    ["u16", "i32", [65535]],
    ["s32", "i32", [-1, 2147483647]],
    ["u32", "i32", [0, 4294967295]],
    ["s64", "i64", [-1n, -(2n ** 63n)]],
    ["u64", "i64", [2n ** 64n - 1n]],
    ["f32", "f32", [-1, 0.5]],
    ["f64", "f64", [-1, 0.1]],
    ["char", "i32", ["x", "\u{1f600}"]],
  ];
  for (const [type, core, values] of cases) {
    const text = scalar(`(param "x" ${type})`, `(result ${type})`, `(param ${core})`, `(result ${core})`);
    for (const f of [(x: unknown) => x, (x: unknown) => Promise.resolve(x)]) {
      const { call } = await exportsOf(text, { imports: { "a:b/c": { f } } });
      for (const value of values) assert.equal(await call?.(value), value, `${type} ${value}`);
    }
  }
});

test("a wrong argument is a TypeError that names function, parameter, type and value, and harms nothing", async () => {
  const { call } = await exportsOf(ADD, { imports: { "a:b/c": { f: (x: number, y: number) => x - y } } });
  for (const [wrong, got] of [
    ["7", '"7"'],
    [-1, "-1"],
    [1.5, "1.5"],
    [2 ** 32, "4294967296"],
    [undefined, "undefined"],
    [7n, "7n"],
    [{}, "an object"],
  ] as const) {
    await assert.rejects(
      async () => call?.(1, wrong),
      (error) =>
        error instanceof TypeError &&
        error.message === `call: parameter y (u32): expected u32, a whole number from 0 to 4294967295, got ${got}`,
    );
  }
  assert.equal(await call?.(5, 3), 2);
});

test("a wrong result of an import is a TypeError that names it, and ends the guest", async () => {
  const { call } = await exportsOf(ADD, { imports: { "a:b/c": { f: () => "seven" } } });
  await assert.rejects(async () => call?.(1, 2), /^TypeError: a:b\/c@1\.2\.0#f: expected u32.*got "seven"/);
  await assert.rejects(async () => call?.(1, 2), /got "seven"/);
});

test("what an import throws is what its caller catches, and the guest is over", async () => {
  const mine = new Error("mine");
  const { call } = await exportsOf(ADD, {
    imports: {
      "a:b/c": {
        f: () => {
          throw mine;
        },
      },
    },
  });
  await assert.rejects(async () => call?.(1, 2), mine);
  await assert.rejects(async () => call?.(1, 2), mine);
});

const RESULT = `(component
  (import "f" (func $f (param "s" string) (result (result string (error string)))))
  ${MEMORY}
  (core func $lowered (canon lower (func $f) (memory $memory) (realloc (core func $realloc))))
  (core module $m
    (import "i" "f" (func $f (param i32 i32 i32)))
    (func (export "call") (param i32 i32) (result i32)
      (call $f (local.get 0) (local.get 1) (i32.const 64)) (i32.const 64)))
  (core instance $m (instantiate $m (with "i" (instance (export "f" (func $lowered))))))
  (func (export "call") (param "s" string) (result (result string (error string)))
    (canon lift (core func $m "call") (memory $memory) (realloc (core func $realloc)))))`;

test("a result is a value or is thrown, both ways, with its payload and a message that says where", async () => {
  const f = (text: string): string => {
    if (text === "throw") throw "thrown as it is";
    if (text === "payload") throw Object.assign(new Error("with a payload"), { payload: "the payload" });
    if (text === "bug") throw new Error("a bug");
    return `${text}!`;
  };
  const { call } = await exportsOf(RESULT, { imports: { f } });
  assert.equal(await call?.("\uFEFFhé\u{1f600}"), "\uFEFFhé\u{1f600}!");
  for (const [given, payload] of [
    ["throw", "thrown as it is"],
    ["payload", "the payload"],
  ] as const) {
    await assert.rejects(
      async () => call?.(given),
      (error) =>
        error instanceof WitError && error.payload === payload && error.message === `call failed: "${payload}"`,
    );
  }
  await assert.rejects(async () => call?.("bug"), /^Error: a bug$/);
  await assert.rejects(async () => call?.("after"), /a bug/);
});

test("a function that is itself an import may be given as jco wants it", async () => {
  const { call } = await exportsOf(RESULT, { imports: { f: { default: (text: string) => text } } });
  assert.equal(await call?.("x"), "x");
});

/** Imports a class, makes one of it, calls its method twice, and drops it. */
const CLASS = `(component
  (import "a:b/c" (instance $i
    (export "counter" (type $counter (sub resource)))
    (export "[constructor]counter" (func (param "start" u32) (result (own $counter))))
    (export "[method]counter.add" (func (param "self" (borrow $counter)) (param "n" u32) (result u32)))
    (export "[static]counter.total" (func (param "all" (own $counter)) (result u32)))))
  (alias export $i "counter" (type $counter))
  (core func $new (canon lower (func $i "[constructor]counter")))
  (core func $add (canon lower (func $i "[method]counter.add")))
  (core func $total (canon lower (func $i "[static]counter.total")))
  (core func $drop (canon resource.drop $counter))
  (core module $m
    (import "i" "new" (func $new (param i32) (result i32)))
    (import "i" "add" (func $add (param i32 i32) (result i32)))
    (import "i" "total" (func $total (param i32) (result i32)))
    (import "i" "drop" (func $drop (param i32)))
    (func (export "call") (param $n i32) (result i32)
      (local $h i32)
      (local.set $h (call $new (i32.const 10)))
      (drop (call $add (local.get $h) (local.get $n)))
      (call $add (local.get $h) (local.get $n))
      (call $drop (local.get $h)))
    (func (export "give") (param $n i32) (result i32)
      (call $total (call $new (local.get $n)))))
  (core instance $m (instantiate $m (with "i" (instance
    (export "new" (func $new)) (export "add" (func $add)) (export "total" (func $total)) (export "drop" (func $drop))))))
  (func (export "call") (param "n" u32) (result u32) (canon lift (core func $m "call")))
  (func (export "give") (param "n" u32) (result u32) (canon lift (core func $m "give"))))`;

test("a class is a resource type: made, called, disposed of when the guest drops it, given back when it gives", async () => {
  const disposed: Counter[] = [];
  const given: Counter[] = [];
  class Counter {
    #value: number;
    constructor(start: number) {
      this.#value = start;
    }
    add(n: number): number {
      return (this.#value += n);
    }
    static total(counter: Counter): number {
      given.push(counter);
      return counter.add(0);
    }
    [Symbol.dispose](): void {
      disposed.push(this);
    }
  }
  const { call, give } = await exportsOf(CLASS, { imports: { "a:b/c": { Counter } } });
  assert.equal(await call?.(5), 20);
  assert.equal(disposed.length, 1);
  assert.equal(await give?.(33), 33);
  assert.ok(given[0] instanceof Counter);
  assert.equal(disposed.length, 1, "what was given back is not disposed of");
});

test("a class whose dispose promises something, and breaks it, ends no process: it is told at the end", async () => {
  class Counter {
    add(n: number): number {
      return n;
    }
    static total(): number {
      return 0;
    }
    [Symbol.dispose](): Promise<never> {
      return Promise.reject(new Error("on purpose"));
    }
  }
  const { exports, close } = await instantiate(await wat(CLASS), { imports: { "a:b/c": { Counter } } });
  const { call } = exports as Exports;
  assert.equal(await call?.(5), 5);
  await assert.rejects(close(), /^InternalError: \[resource-drop\]counter: on purpose$/);
});

test("a resource type that the world itself imports is a class, under its name in WIT or in JavaScript", async () => {
  const text = `(component
    (import "thing" (type $t (sub resource)))
    (import "[constructor]thing" (func $new (param "x" u32) (result (own $t))))
    (import "[method]thing.get" (func $get (param "self" (borrow $t)) (result u32)))
    (core func $new (canon lower (func $new)))
    (core func $get (canon lower (func $get)))
    (core module $m
      (import "i" "new" (func $new (param i32) (result i32)))
      (import "i" "get" (func $get (param i32) (result i32)))
      (func (export "call") (param i32) (result i32) (call $get (call $new (local.get 0)))))
    (core instance $m (instantiate $m (with "i" (instance (export "new" (func $new)) (export "get" (func $get))))))
    (func (export "call") (param "x" u32) (result u32) (canon lift (core func $m "call"))))`;
  class Thing {
    readonly #x: number;
    constructor(x: number) {
      this.#x = x;
    }
    get(): number {
      return this.#x * 2;
    }
  }
  for (const imports of [{ thing: Thing }, { Thing }, { thing: { Thing } }]) {
    const { call } = await exportsOf(text, { imports });
    assert.equal(await call?.(21), 42);
  }
  await assert.rejects(exportsOf(text), (error) => error instanceof MissingImportsError && error.missing.length === 3);
});

test("what was given in the place of a function is told, and what nobody imports", async () => {
  const wrong = async (imports: Imports, text = ADD): Promise<string> => {
    const error = await exportsOf(text, { imports }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof MissingImportsError);
    // No list of what there is of WASI, which none of these lacks.
    const lines = error.message.split("\n");
    assert.equal(lines.pop(), "Give them in the option `imports`");
    return lines.join("\n");
  };
  const start = "The component imports what this host does not provide:\n";
  assert.equal(
    await wrong({ "a:b/c": { f: "no function" } }),
    `${start}  a:b/c@1.2.0#f: expected a function f, got "no function"`,
  );
  assert.equal(
    await wrong({ "a:b/d": { f: () => 0 }, "a:b/c@2.0.0": { f: () => 0 } }),
    `${start}  a:b/c@1.2.0\nGiven in the option \`imports\`, and not imported: "a:b/d", "a:b/c@2.0.0"`,
  );
  const noMethods = await wrong({ "a:b/c": { Counter: class Bare extends Object {} } }, CLASS);
  assert.match(noMethods, /\[method\]counter\.\S+: expected a method \S+ of the class Counter, got undefined/);
  const noClass = await wrong({ "a:b/c": { Counter: () => 0 } }, CLASS);
  assert.match(noClass, /expected a (?:method|static function) \S+ of the class Counter/);
  assert.match(await wrong({ "a:b/c": {} }, CLASS), /\[constructor\]counter: expected a class Counter, got undefined/);
});

test("a class that is missing is a missing import", async () => {
  await assert.rejects(
    exportsOf(CLASS, { imports: { "a:b/c": { counter: {} } } }),
    (error) => error instanceof MissingImportsError && error.missing.length === 3,
  );
});

/** Gives its output stream and takes an input stream: \`pass\` gives on an input stream of the embedder's. */
const STREAMS = `(component
  (import "wasi:io/streams@0.2.0" (instance $s
    (export "input-stream" (type $in (sub resource))) (export "output-stream" (type $out (sub resource)))))
  (alias export $s "input-stream" (type $in))
  (alias export $s "output-stream" (type $out))
  (import "wasi:cli/stdout@0.2.0" (instance $o
    (alias outer 1 $out (type $out')) (export "output-stream" (type $out'' (eq $out')))
    (export "get-stdout" (func (result (own $out''))))))
  (core func $get (canon lower (func $o "get-stdout")))
  (core module $m
    (import "i" "get" (func $get (result i32)))
    (func (export "get") (result i32) (call $get))
    (func (export "pass") (param i32) (result i32) (local.get 0)))
  (core instance $m (instantiate $m (with "i" (instance (export "get" (func $get))))))
  (func (export "get") (result (own $out)) (canon lift (core func $m "get")))
  (func (export "pass") (param "s" (own $in)) (result (own $in)) (canon lift (core func $m "pass"))))`;

test("an embedder takes an output stream from a guest, and writes to where the guest would", async () => {
  const sink = new CollectSink();
  const { exports, close } = await instantiate(await wat(STREAMS), { stdout: sink });
  const out = (await (exports as Exports)["get"]?.()) as { write(bytes: Uint8Array): number; close(): void };
  assert.equal(out.write(Buffer.from("from outside")), 12);
  out.close();
  await close();
  assert.equal(sink.text(), "from outside");
});

test("a stream of the embedder's goes through a guest, and stays what it is", async () => {
  const { pass } = await exportsOf(STREAMS);
  const back = await pass?.(new BytesSource("through the guest"));
  assert.ok(back instanceof GuestSource);
  const again = await pass?.(back);
  assert.ok(again instanceof GuestSource);
  const chunks: Uint8Array[] = [];
  for await (const chunk of again) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), "through the guest");
  assert.throws(() => back.read(1), /given away/);
  await assert.rejects(async () => pass?.("not a stream"), /parameter s .*the input-stream must be/);
});

/** Exports a resource of its own. */
const THING = `(component
  (type $thing' (resource (rep i32)))
  (core func $new (canon resource.new $thing'))
  (core module $m
    (import "i" "new" (func $new (param i32) (result i32)))
    (func (export "new") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "get") (param i32) (result i32) (local.get 0))
    (func (export "eat") (param i32) (result i32) (i32.const 1)))
  (core instance $m (instantiate $m (with "i" (instance (export "new" (func $new))))))
  (func $new' (param "x" u32) (result (own $thing')) (canon lift (core func $m "new")))
  (func $get' (param "self" (borrow $thing')) (result u32) (canon lift (core func $m "get")))
  (func $eat' (param "thing" (own $thing')) (result u32) (canon lift (core func $m "eat")))
  (component $shim
    (import "thing" (type $t (sub resource)))
    (import "new" (func $new (param "x" u32) (result (own $t))))
    (import "get" (func $get (param "self" (borrow $t)) (result u32)))
    (import "eat" (func $eat (param "thing" (own $t)) (result u32)))
    (export $e "thing" (type $t))
    (export "[constructor]thing" (func $new) (func (param "x" u32) (result (own $e))))
    (export "[method]thing.get" (func $get) (func (param "self" (borrow $e)) (result u32)))
    (export "[static]thing.eat" (func $eat) (func (param "thing" (own $e)) (result u32))))
  (instance $things (instantiate $shim (with "thing" (type $thing')) (with "new" (func $new'))
    (with "get" (func $get')) (with "eat" (func $eat'))))
  (export "a:b/things" (instance $things)))`;

interface Thing {
  get(): Promise<number>;
  [Symbol.dispose](): void;
}

test("a resource of a guest's is a class: made, called, given away, disposed of", async () => {
  const { exports } = await instantiate(await wat(THING));
  const { Thing } = exports["a:b/things"] as {
    readonly Thing: { new (x: number): Promise<Thing>; eat(thing: Thing): Promise<number> };
  };
  const thing = await new Thing(41);
  assert.ok(thing instanceof Thing);
  assert.equal(await thing.get(), 41);
  assert.equal(await Thing.eat(thing), 1);
  await assert.rejects(async () => thing.get(), /has been given away/);
  const other = await new Thing(1);
  other[Symbol.dispose]();
  await assert.rejects(async () => other.get(), /disposed of/);
  await assert.rejects(async () => Thing.eat({} as Thing), /expected a resource thing, got an object/);
  const foreign = await instantiate(await wat(THING));
  const things = foreign.exports["a:b/things"] as { readonly Thing: new (x: number) => Promise<Thing> };
  const stranger = await new things.Thing(5);
  await assert.rejects(async () => Thing.eat(stranger), /expected a resource thing/);
});

test("what a component exports is what another imports: types are compared, resources stay what they are", async () => {
  const provider = await instantiate(await wat(THING));
  const consumer = `(component
    (import "a:b/things" (instance $i
      (export "thing" (type $thing (sub resource)))
      (export "[constructor]thing" (func (param "x" u32) (result (own $thing))))
      (export "[method]thing.get" (func (param "self" (borrow $thing)) (result u32)))))
    (alias export $i "thing" (type $thing))
    (core func $new (canon lower (func $i "[constructor]thing")))
    (core func $get (canon lower (func $i "[method]thing.get")))
    (core func $drop (canon resource.drop $thing))
    (core module $m
      (import "i" "new" (func $new (param i32) (result i32)))
      (import "i" "get" (func $get (param i32) (result i32)))
      (import "i" "drop" (func $drop (param i32)))
      (func (export "call") (param i32) (result i32)
        (local $h i32)
        (local.set $h (call $new (local.get 0)))
        (call $get (local.get $h))
        (call $drop (local.get $h))))
    (core instance $m (instantiate $m (with "i" (instance
      (export "new" (func $new)) (export "get" (func $get)) (export "drop" (func $drop))))))
    (func (export "call") (param "x" u32) (result u32) (canon lift (core func $m "call"))))`;
  const imports = { "a:b/things": provider.exports["a:b/things"] } as Imports;
  const { call } = await exportsOf(consumer, { imports });
  assert.equal(await call?.(7), 7);
  const wrong = consumer.replaceAll('(param "x" u32) (result (own $thing))', '(param "x" u64) (result (own $thing))');
  await assert.rejects(
    exportsOf(
      wrong
        .replace("(func $new (param i32) (result i32))", "(func $new (param i64) (result i32))")
        .replace("(call $new (local.get 0))", "(call $new (i64.const 0))"),
      { imports },
    ),
    (error) => error instanceof InvalidComponentError && /its parameter x is u32, not u64/.test(error.message),
  );
});

test("what is over is not entered by another component either", async () => {
  const text =
    '(component (core module $m (func (export "f") (param i32 i32) (result i32) (local.get 0)))' +
    "(core instance $m (instantiate $m))" +
    '(func $f (param "x" u32) (param "y" u32) (result u32) (canon lift (core func $m "f")))' +
    '(instance $i (export "f" (func $f))) (export "a:b/c@1.2.0" (instance $i)))';
  const provider = await instantiate(await wat(text));
  const { call } = await exportsOf(ADD, { imports: provider.exports as Imports });
  assert.equal(await call?.(3, 4), 3);
  await provider.close();
  await assert.rejects(async () => call?.(3, 4), /cannot enter component instance/);
});

test("sync exports give values, and a call that has to wait traps", async () => {
  const sync = await exportsOf(ADD, {
    imports: { "a:b/c": { f: (x: number, y: number) => x * y } },
    syncExports: true,
  });
  assert.equal(sync["call"]?.(6, 7), 42);
  const waits = await exportsOf(ADD, { imports: { "a:b/c": { f: () => Promise.resolve(1) } }, syncExports: true });
  assert.throws(
    () => waits["call"]?.(6, 7),
    (error) => error instanceof Trap && error.rule === "4.3",
  );
  assert.throws(() => waits["call"]?.(6, 7), Trap);
});

test("a call of a guest from an import of its own cannot enter it", async () => {
  let call: AnyFunction = () => 0;
  const errors: unknown[] = [];
  const exports = await exportsOf(ADD, {
    syncExports: true,
    imports: {
      "a:b/c": {
        f(x: number) {
          try {
            call(1, 1);
          } catch (error) {
            errors.push(error);
          }
          return x;
        },
      },
    },
  });
  call = exports["call"] ?? call;
  assert.equal(call(9, 9), 9);
  assert.match(String(errors[0]), /cannot enter component instance/);
});

test("an export called `then` does not make a promise of the object that has it", async () => {
  const { exports } = await instantiate(
    await wat(`(component
      (core module $m (func (export "then") (result i32) (i32.const 5)))
      (core instance $m (instantiate $m))
      (func $f (result u32) (canon lift (core func $m "then")))
      (instance $i (export "then" (func $f)))
      (export "a:b/c" (instance $i)))`),
  );
  const object = await (exports["a:b/c"] as Promise<Exports>);
  assert.equal(object, exports["a:b/c"]);
  assert.equal(await object["then_"]?.(), 5);
});

test("nor does a method of a resource: what is made, or given, can be awaited", async () => {
  const { exports } = await instantiate(
    await wat(`(component
      (type $r (resource (rep i32)))
      (core func $new (canon resource.new $r))
      (core module $m
        (import "r" "new" (func $new (param i32) (result i32)))
        (func (export "make") (result i32) (call $new (i32.const 3)))
        (func (export "then") (param i32) (result i32) (local.get 0)))
      (core instance $m (instantiate $m (with "r" (instance (export "new" (func $new))))))
      (func $make (result (own $r)) (canon lift (core func $m "make")))
      (func $then (param "self" (borrow $r)) (result u32) (canon lift (core func $m "then")))
      (component $c
        (import "r" (type $t (sub resource)))
        (import "make" (func $make (result (own $t))))
        (import "then" (func $then (param "self" (borrow $t)) (result u32)))
        (export $r2 "r" (type $t))
        (export "[constructor]r" (func $make) (func (result (own $r2))))
        (export "[method]r.then" (func $then) (func (param "self" (borrow $r2)) (result u32))))
      (instance $i (instantiate $c (with "r" (type $r)) (with "make" (func $make)) (with "then" (func $then))))
      (export "a:b/c" (instance $i)))`),
  );
  const { R } = exports["a:b/c"] as { readonly R: new () => Promise<Exports> };
  const made = await new R();
  assert.equal(await made["then_"]?.(), 3);
});

test("a resource may have static functions alone, also with names that a class has", async () => {
  const names = ["f", "name", "length", "prototype", "then"];
  const { exports } = await instantiate(
    await wat(`(component
      (type $r (resource (rep i32)))
      (core module $m (func (export "f") (result i32) (i32.const 7)))
      (core instance $m (instantiate $m))
      (func $f (result u32) (canon lift (core func $m "f")))
      (component $c
        (import "t" (type $t (sub resource)))
        (import "f" (func $f (result u32)))
        (export "r" (type $t))
        ${names.map((name) => `(export "[static]r.${name}" (func $f))`).join(" ")})
      (instance $i (instantiate $c (with "t" (type $r)) (with "f" (func $f))))
      (export "a:b/c" (instance $i)))`),
  );
  const { R } = exports["a:b/c"] as { readonly R: Exports };
  assert.equal(await Promise.resolve(R), R);
  const gave = await Promise.all(["f", "name", "length", "prototype_", "then_"].map(async (name) => R[name]?.()));
  assert.deepEqual(gave, [7, 7, 7, 7, 7]);
});

test("a component of types alone needs nobody", async () => {
  const { exports } = await instantiate(
    await wat(`(component
      (import "a:b/types" (instance $t (type $r (record (field "x" u32))) (export "point" (type (eq $r)))))
      (alias export $t "point" (type $p))
      (core module $m (func (export "f") (param i32) (result i32) (local.get 0)))
      (core instance $i (instantiate $m))
      (func $f (param "p" $p) (result u32) (canon lift (core func $i "f")))
      (export "f" (func $f)))`),
  );
  assert.equal(await (exports as Exports)["f"]?.({ x: 7 }), 7);
});

test("compiling says nothing of what is missing: it may be given later", async () => {
  const compiled = await compile(await wat(ADD));
  assert.deepEqual([compiled.imports, compiled.exports], [["a:b/c@1.2.0"], ["call"]]);
});

test("a trap is final, also for a guest that catches what its calls throw", async () => {
  const text = `(component
    (import "f" (func $f))
    (core func $lowered (canon lower (func $f)))
    (core module $m
      (import "i" "f" (func $f))
      (func $caught (block $c (try_table (catch_all $c) (call $f))))
      (func (export "once") (result i32) (call $caught) (i32.const 1))
      (func (export "twice") (result i32) (call $caught) (call $f) (i32.const 2)))
    (core instance $m (instantiate $m (with "i" (instance (export "f" (func $lowered))))))
    (func (export "once") (result u32) (canon lift (core func $m "once")))
    (func (export "twice") (result u32) (canon lift (core func $m "twice"))))`;
  for (const syncExports of [false, true]) {
    for (const name of ["once", "twice"]) {
      let calls = 0;
      const f = (): void => {
        calls++;
        throw new Trap("1.1", "thrown in the host");
      };
      const exports = await exportsOf(text, { imports: { f }, syncExports });
      for (let round = 0; round < 2; round++) await assert.rejects(async () => exports[name]?.(), Trap, name);
      assert.equal(calls, 1, name);
    }
  }
});

test("so is one of a call to another component", async () => {
  const fails = {
    "a value that is none": `(drop (call $f (i32.const 0x110000)))`,
    "a handle that is none": `(drop (call $take (i32.const 5)))`,
    "a drop of a handle that is none": `(call $drop (i32.const 5))`,
  };
  const text = (fail: string): string => `(component
    (component $callee
      (core module $m
        (func (export "f") (param i32) (result i32) (local.get 0))
        (func (export "drop") (param i32)))
      (core instance $m (instantiate $m))
      (type $r (resource (rep i32) (dtor (core func $m "drop"))))
      (export $exported "r" (type $r))
      (func (export "f") (param "x" u32) (result char) (canon lift (core func $m "f")))
      (func (export "take") (param "x" (own $exported)) (result u32) (canon lift (core func $m "f"))))
    (instance $callee (instantiate $callee))
    (alias export $callee "r" (type $r))
    (core func $f (canon lower (func $callee "f")))
    (core func $take (canon lower (func $callee "take")))
    (core func $drop (canon resource.drop $r))
    (core module $m
      (import "i" "f" (func $f (param i32) (result i32)))
      (import "i" "take" (func $take (param i32) (result i32)))
      (import "i" "drop" (func $drop (param i32)))
      (func (export "caught") (result i32) (block $c (try_table (catch_all $c) ${fail})) (i32.const 1)))
    (core instance $m (instantiate $m (with "i" (instance
      (export "f" (func $f)) (export "take" (func $take)) (export "drop" (func $drop))))))
    (func (export "caught") (result u32) (canon lift (core func $m "caught"))))`;
  for (const [what, fail] of Object.entries(fails)) {
    for (const syncExports of [false, true]) {
      const exports = await exportsOf(text(fail), { syncExports });
      for (let round = 0; round < 2; round++) await assert.rejects(async () => exports["caught"]?.(), Trap, what);
    }
  }
});

test("a destructor may drop what else is of its type", async () => {
  const exports = await exportsOf(`(component
    (core module $table
      (table (export "t") 1 funcref)
      (type $drop (func (param i32)))
      (func (export "destroy") (param i32) (call_indirect (type $drop) (local.get 0) (i32.const 0))))
    (core instance $table (instantiate $table))
    (type $r (resource (rep i32) (dtor (core func $table "destroy"))))
    (core func $new (canon resource.new $r))
    (core func $drop (canon resource.drop $r))
    (core module $m
      (import "i" "t" (table $t 1 funcref))
      (import "i" "new" (func $new (param i32) (result i32)))
      (import "i" "drop" (func $drop (param i32)))
      (global $destroyed (mut i32) (i32.const 0))
      (func $destroyed (param $next i32)
        (global.set $destroyed (i32.add (global.get $destroyed) (i32.const 1)))
        (if (local.get $next) (then (call $drop (local.get $next)))))
      (elem (table $t) (i32.const 0) func $destroyed)
      (func (export "chain") (result i32)
        (call $drop (call $new (call $new (call $new (i32.const 0)))))
        (global.get $destroyed)))
    (core instance $m (instantiate $m (with "i" (instance
      (export "t" (table $table "t")) (export "new" (func $new)) (export "drop" (func $drop))))))
    (func (export "chain") (result u32) (canon lift (core func $m "chain"))))`);
  assert.equal(await exports["chain"]?.(), 3);
});
