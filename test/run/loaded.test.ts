/** Components that went wrong once, each in its smallest form: what they may, and what becomes of those that may not. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { CollectSink, instantiate, MissingImportsError, run, Trap, WitError, type Options } from "../../src/index.ts";
import { wat } from "../load/wat.ts";
import { guest } from "./support.ts";

type AnyFunction = (...args: unknown[]) => unknown;

async function exportsOf(text: string, options: Options = {}): Promise<Readonly<Record<string, AnyFunction>>> {
  const { exports } = await instantiate(await wat(text), options);
  return exports as Readonly<Record<string, AnyFunction>>;
}

/** A component of one core module, whose exports are lifted as `lifts` says: `NAME TYPE` each. */
function component(
  core: string,
  ...lifts: readonly (readonly [name: string, type: string, options?: string])[]
): string {
  return `(component
    (core module $m ${core})
    (core instance $m (instantiate $m))
    (alias core export $m "memory" (core memory $memory))
    ${lifts.map(([name, type, options = ""]) => `(func (export "${name}") ${type} (canon lift (core func $m "${name}") ${options}))`).join("\n")})`;
}

const MEMORY = '(memory (export "memory") 1)';

test("core names are data: what would end a string, a line or a template does nothing", async () => {
  for (const name of [
    "it's",
    'a\\"]); globalThis.canary = 1; //',
    "`${globalThis.canary = 1}`",
    "\\0a globalThis.canary = 1 \\0a",
    "\\e2\\80\\a8",
    "__proto__",
    "constructor",
    "then",
    "",
  ]) {
    const { f } = await exportsOf(`(component
      (core module $a (func (export "${name}") (result i32) (i32.const 7)))
      (core instance $a (instantiate $a))
      (core module $b (import "${name}" "${name}" (func $f (result i32))) (func (export "${name}") (result i32) (call $f)))
      (core instance $b (instantiate $b (with "${name}" (instance $a))))
      (func (export "f") (result u32) (canon lift (core func $b "${name}"))))`);
    assert.equal(await f?.(), 7, name);
  }
  assert.equal("canary" in globalThis, false);
});

test("a guest runs where no code may be made of strings", async () => {
  const program = `
    import { readFile } from "node:fs/promises";
    import { run } from ${JSON.stringify(fileURLToPath(new URL("../../src/index.ts", import.meta.url)))};
    const bytes = await readFile(${JSON.stringify(fileURLToPath(new URL("../guests/built/hello.wasm", import.meta.url)))});
    await run(bytes, { stdout: "inherit" });
    try { new Function("return 1"); } catch { console.log("no code of strings"); }`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--disallow-code-generation-from-strings", "--input-type=module", "--eval", program],
    { encoding: "utf8" },
  );
  assert.equal(stdout, "hello\nno code of strings\n", stderr);
});

test("calls that wait behind one that traps reject, and never enter", async () => {
  let entered = 0;
  const { f } = await exportsOf(
    `(component
      (import "enter" (func $enter))
      (core func $enter (canon lower (func $enter)))
      (core module $m (import "i" "enter" (func $enter)) (global $n (mut i32) (i32.const 0))
        (func (export "f") (result i32)
          (call $enter)
          (global.set $n (i32.add (global.get $n) (i32.const 1)))
          (if (i32.eq (global.get $n) (i32.const 4)) (then unreachable))
          (global.get $n)))
      (core instance $m (instantiate $m (with "i" (instance (export "enter" (func $enter))))))
      (func (export "f") (result u32) (canon lift (core func $m "f"))))`,
    { imports: { enter: () => void entered++ } },
  );
  const settled = await Promise.allSettled(Array.from({ length: 12 }, () => f?.()));
  assert.deepEqual(
    settled.map((one) => (one.status === "fulfilled" ? one.value : "rejected")),
    [1, 2, 3, ...Array.from({ length: 9 }, () => "rejected")],
  );
  assert.equal(entered, 4);
});

test("a stack overflow is a trap, and the instance is over", async () => {
  const { f, g } = await exportsOf(
    component(
      `${MEMORY} (func $deep (param i32) (result i32)
         (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
       (func (export "f") (result i32) (call $deep (i32.const 0)))
       (func (export "g") (result i32) (i32.const 42))`,
      ["f", "(result u32)"],
      ["g", "(result u32)"],
    ),
  );
  for (const call of [f, g]) {
    await assert.rejects(
      async () => call?.(),
      (error) => error instanceof WebAssembly.RuntimeError && /stack/.test(error.message),
    );
  }
});

test("what is missing in one component harms no other", async () => {
  await assert.rejects(
    exportsOf(`(component (import "x:y/z@0.3.0" (instance $i (export "f" (func (param "s" (stream u8))))))
      (core module $m (import "" "f" (func $f (param i32))) (func (export "g")))
      (core func $lowered (canon lower (func $i "f")))
      (core instance $c (instantiate $m (with "" (instance (export "f" (func $lowered))))))
      (func (export "g") (canon lift (core func $c "g"))))`),
    MissingImportsError,
  );
  const stdout = new CollectSink();
  await run(await guest("hello"), { stdout });
  assert.equal(stdout.text(), "hello\n");
});

test("a world may use a type of WASI by itself", async () => {
  const { f } = await exportsOf(`(component
    (import "wasi:io/streams@0.2.12" (instance $s (export "output-stream" (type (sub resource)))))
    (alias export $s "output-stream" (type $o))
    (import "output-stream" (type $ot (eq $o)))
    (core module $m (func (export "f") (result i32) i32.const 7))
    (core instance $i (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $i "f"))))`);
  assert.equal(await f?.(), 7);
});

test("the environment and arguments come in each encoding", async () => {
  const units = async (encoding: string): Promise<number[]> => {
    const exports = await exportsOf(
      `(component
        (import "wasi:cli/environment@0.2.0" (instance $e (export "get-arguments" (func (result (list string))))))
        (core module $mem ${MEMORY} (global $top (mut i32) (i32.const 1024))
          (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $top) (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get 3)) (i32.const 7)) (i32.const -8)))))
        (core instance $mem (instantiate $mem))
        (core func $get (canon lower (func $e "get-arguments") ${encoding}
          (memory (core memory $mem "memory")) (realloc (core func $mem "realloc"))))
        (core module $m (import "m" "memory" (memory 1)) (import "i" "get" (func $get (param i32)))
          (func (export "length") (result i32) (call $get (i32.const 0)) (i32.load offset=4 (i32.load (i32.const 0))))
          (func (export "unit") (param i32) (result i32)
            (i32.load16_u (i32.add (i32.load (i32.load (i32.const 0))) (i32.mul (local.get 0) (i32.const 2)))))
          (func (export "byte") (param i32) (result i32)
            (i32.load8_u (i32.add (i32.load (i32.load (i32.const 0))) (local.get 0)))))
        (core instance $m (instantiate $m (with "m" (instance $mem)) (with "i" (instance (export "get" (func $get))))))
        (func (export "length") (result u32) (canon lift (core func $m "length")))
        (func (export "unit") (param "at" u32) (result u32) (canon lift (core func $m "unit")))
        (func (export "byte") (param "at" u32) (result u32) (canon lift (core func $m "byte"))))`,
      { args: ["aé🎉"] },
    );
    const length = Number(await exports["length"]?.());
    const isUtf8 = encoding === "";
    const count = isUtf8 ? length : length >>> 0 >= 0x8000_0000 ? (length >>> 0) - 0x8000_0000 : length;
    const read = exports[isUtf8 ? "byte" : "unit"];
    return Promise.all(Array.from({ length: count }, async (_, at) => Number(await read?.(at))));
  };
  assert.deepEqual(await units(""), [...Buffer.from("aé🎉")]);
  assert.deepEqual(await units("string-encoding=utf16"), [0x61, 0xe9, 0xd83c, 0xdf89]);
  assert.deepEqual(await units("string-encoding=latin1+utf16"), [0x61, 0xe9, 0xd83c, 0xdf89]);
});

test("what no value of its type looks like traps, and the instance is over", async () => {
  const cases: [what: string, core: string, type: string][] = [
    [
      "a list out of bounds",
      "(i32.store (i32.const 8) (i32.const 65530)) (i32.store (i32.const 12) (i32.const 100)) (i32.const 8)",
      "(result (list u8))",
    ],
    ["a misaligned return area", "(i32.const 9)", "(result (list u8))"],
    ["a wild return area", "(i32.const -4)", "(result (list u8))"],
    [
      "text that is not UTF-8",
      "(i32.store (i32.const 8) (i32.const 16)) (i32.store (i32.const 12) (i32.const 1)) (i32.store8 (i32.const 16) (i32.const 255)) (i32.const 8)",
      "(result string)",
    ],
    ["a case that is none", "(i32.const 2)", "(result (result))"],
  ];
  for (const [what, core, type] of cases) {
    const { f } = await exportsOf(
      component(`${MEMORY} (func (export "f") (result i32) ${core})`, ["f", type, "(memory (core memory $memory))"]),
    );
    for (let round = 0; round < 2; round++) {
      await assert.rejects(
        async () => f?.(),
        (error) => error instanceof Trap && error.rule === "1.1",
        what,
      );
    }
  }
});

test("1.5 a result that takes more than limits.valueBytes in JavaScript traps, one after the other does not", async () => {
  const listOf = async (count: number): Promise<AnyFunction> => {
    const core = `(memory (export "memory") 20) (func (export "f") (result i32)
      (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const ${count})) (i32.const 0))`;
    const lift = ["f", "(result (list bool))", "(memory (core memory $memory))"] as const;
    const { f } = await exportsOf(component(core, lift), { limits: { valueBytes: 50_000 } });
    return f ?? assert.fail();
  };
  const some = await listOf(1000);
  for (let round = 0; round < 3; round++)
    assert.deepEqual(
      await some(),
      Array.from({ length: 1000 }, () => false),
    );
  const many = await listOf(1_000_000);
  await assert.rejects(
    async () => many(),
    (error) => error instanceof Trap && error.rule === "1.5" && /limits\.valueBytes/.test(error.message),
  );
});

test("a start function that calls a lot does not have to wait for its turn", async () => {
  // Ten milliseconds, in a call each: longer than others are kept waiting.
  await exportsOf(`(component
    (import "wasi:clocks/monotonic-clock@0.2.0" (instance $c (export "now" (func (result u64)))))
    (core func $now (canon lower (func $c "now")))
    (core module $m (import "i" "now" (func $now (result i64)))
      (func $s (local i64) (local.set 0 (i64.add (call $now) (i64.const 10000000)))
        (loop (br_if 0 (i64.lt_u (call $now) (local.get 0)))))
      (start $s))
    (core instance $m (instantiate $m (with "i" (instance (export "now" (func $now)))))))`);
});

test("a core result has the bits of its type, whatever else is in it", async () => {
  for (const [type, core, value] of [
    ["bool", 2, true],
    ["u8", 0x1ff, 255],
    ["s8", 0x1ff, -1],
    ["u16", 0x12345, 0x2345],
  ] as const) {
    const text = component(`${MEMORY} (func (export "f") (result i32) (i32.const ${core}))`, ["f", `(result ${type})`]);
    const { f } = await exportsOf(text);
    assert.equal(await f?.(), value, type);
  }
});

test("what a core module throws and nobody catches is a trap", async () => {
  const { f } = await exportsOf(
    component(`${MEMORY} (tag $t) (func (export "f") (result i32) (throw $t))`, ["f", "(result u32)"]),
  );
  for (let round = 0; round < 2; round++) {
    await assert.rejects(
      async () => f?.(),
      (error) => error instanceof WebAssembly.RuntimeError && error.message === "uncaught exception",
    );
  }
});

test("handles that were never given cannot be dropped", async () => {
  for (const handle of [0, 1, 99, 2 ** 30 + 1, -1]) {
    const { f } = await exportsOf(`(component
      (type $r (resource (rep i32)))
      (core func $new (canon resource.new $r))
      (core func $drop (canon resource.drop $r))
      (core module $m (import "i" "drop" (func $drop (param i32))) (import "i" "new" (func $new (param i32) (result i32)))
        (func (export "f") (result i32) (call $drop (i32.const ${handle})) (call $new (i32.const 5))))
      (core instance $m (instantiate $m (with "i" (instance (export "drop" (func $drop)) (export "new" (func $new))))))
      (func (export "f") (result u32) (canon lift (core func $m "f"))))`);
    await assert.rejects(
      async () => f?.(),
      (error) => error instanceof Trap && error.rule === "1.2",
      `${handle}`,
    );
  }
});

/** Imports \`f\`, which may be a promise, and calls it where \`core\` says. */
const waiting = (core: string, more = ""): string => `(component
  (import "f" (func $f))
  (core func $lowered (canon lower (func $f)))
  (core module $m (import "i" "f" (func $f)) ${core})
  (core instance $m (instantiate $m (with "i" (instance (export "f" (func $lowered))))))
  ${more})`;

test("a wait in a start function traps in words, and holds on to nothing", async () => {
  const text = waiting("(func $s (call $f)) (start $s)");
  await assert.rejects(
    exportsOf(text, { imports: { f: () => Promise.resolve() } }),
    (error) => error instanceof Trap && error.rule === "4.3" && /cannot be suspended/.test(error.message),
  );
  await exportsOf(text, { imports: { f: () => {} } });
});

test("what may wait does not depend on what a core export is called", async () => {
  const text = waiting(
    '(func (export "renamed |1") (result i32) (call $f) (i32.const 9))',
    '(func (export "cm") (result u32) (canon lift (core func $m "renamed |1")))',
  );
  const { cm } = await exportsOf(text, { imports: { f: () => new Promise<void>((resolve) => setImmediate(resolve)) } });
  assert.equal(await cm?.(), 9);
});

test("what ends an instance ends it in a method, too, and a constructor after the end rejects", async () => {
  const text = `(component
    (import "f" (func $f))
    (core func $lowered (canon lower (func $f)))
    (type $t' (resource (rep i32)))
    (core func $new (canon resource.new $t'))
    (core module $m
      (import "i" "f" (func $f)) (import "i" "new" (func $new (param i32) (result i32)))
      (func (export "new") (result i32) (call $new (i32.const 1)))
      (func (export "wait") (param i32) (call $f))
      (func (export "die") (param i32) unreachable))
    (core instance $m (instantiate $m (with "i" (instance (export "f" (func $lowered)) (export "new" (func $new))))))
    (func $new' (result (own $t')) (canon lift (core func $m "new")))
    (func $wait' (param "self" (borrow $t')) (canon lift (core func $m "wait")))
    (func $die' (param "self" (borrow $t')) (canon lift (core func $m "die")))
    (component $shim
      (import "t" (type $t (sub resource)))
      (import "new" (func $new (result (own $t))))
      (import "wait" (func $wait (param "self" (borrow $t))))
      (import "die" (func $die (param "self" (borrow $t))))
      (export $e "thing" (type $t))
      (export "[constructor]thing" (func $new) (func (result (own $e))))
      (export "[method]thing.wait" (func $wait) (func (param "self" (borrow $e))))
      (export "[method]thing.die" (func $die) (func (param "self" (borrow $e)))))
    (instance $things (instantiate $shim (with "t" (type $t')) (with "new" (func $new')) (with "wait" (func $wait'))
      (with "die" (func $die'))))
    (export "a:b/things" (instance $things)))`;
  interface Thing {
    wait(): Promise<void>;
    die(): Promise<void>;
  }
  const { exports } = await instantiate(await wat(text), {
    imports: { f: () => new Promise<void>((resolve) => setImmediate(resolve)) },
  });
  const { Thing } = exports["a:b/things"] as { readonly Thing: new () => Promise<Thing> };
  const thing = await new Thing();
  await thing.wait();
  await assert.rejects(thing.die(), WebAssembly.RuntimeError);
  await assert.rejects(thing.wait(), WebAssembly.RuntimeError);
  await assert.rejects(new Thing(), WebAssembly.RuntimeError);
});

test("a failed result of an export is an error with its payload", async () => {
  const { f } = await exportsOf(
    component(`${MEMORY} (func (export "f") (result i32) (i32.const 1))`, ["f", "(result (result))"]),
  );
  await assert.rejects(
    async () => f?.(),
    (error) => error instanceof WitError && error.payload === undefined && error.message === "f failed",
  );
});

test("a component whose core module throws and catches runs", async () => {
  const { f } = await exportsOf(
    component(
      `${MEMORY} (tag $t (param i32))
       (func (export "f") (result i32) (block $h (result i32) (try_table (catch $t $h) (throw $t (i32.const 5))) (i32.const 1)))`,
      ["f", "(result u32)"],
    ),
  );
  assert.equal(await f?.(), 5);
});
