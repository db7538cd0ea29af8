/** However a guest of WASI 0.3 spins on what handles tasks, streams and threads, others get their turn (4.9); and none takes more than it may. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { CompiledComponent } from "../../src/run/component.ts";
import { instantiate } from "../../src/run/instantiate.ts";
import { CountingLoop } from "../bind/hostile.ts";
import { compiled } from "./wat.ts";

/** More than a guest may make before it is asked for how long it has kept the event loop. */
const CALLS = 1200;

const TEXT = '(memory $mem) (realloc (core func $libc "realloc"))';
const BUILTINS: Readonly<Record<string, readonly [canon: string, type: string]>> = {
  "stream.new": ["stream.new $bytes", "(result i64)"],
  "stream.read": ["stream.read $bytes async (memory $mem)", "(param i32 i32 i32) (result i32)"],
  "stream.write": ["stream.write $bytes async (memory $mem)", "(param i32 i32 i32) (result i32)"],
  "stream.cancel-write": ["stream.cancel-write $bytes", "(param i32) (result i32)"],
  "stream.drop-readable": ["stream.drop-readable $bytes", "(param i32)"],
  "stream.drop-writable": ["stream.drop-writable $bytes", "(param i32)"],
  "future.new": ["future.new $when", "(result i64)"],
  "future.drop-readable": ["future.drop-readable $when", "(param i32)"],
  "waitable-set.new": ["waitable-set.new", "(result i32)"],
  "waitable-set.poll": ["waitable-set.poll (memory $mem)", "(param i32 i32) (result i32)"],
  "waitable-set.drop": ["waitable-set.drop", "(param i32)"],
  "waitable.join": ["waitable.join", "(param i32 i32)"],
  "error-context.new": [`error-context.new ${TEXT}`, "(param i32 i32) (result i32)"],
  "error-context.debug-message": [`error-context.debug-message ${TEXT}`, "(param i32 i32)"],
  "error-context.drop": ["error-context.drop", "(param i32)"],
  "thread.yield": ["thread.yield", "(result i32)"],
  "resource.new": ["resource.new $thing", "(param i32) (result i32)"],
  "resource.drop": ["resource.drop $thing", "(param i32)"],
};

const READABLE = "(i32.wrap_i64 (local.get $pair))";
const WRITABLE = "(i32.wrap_i64 (i64.shr_u (local.get $pair) (i64.const 32)))";
const pair = "(local.set $pair (call $stream.new))";
const once = (...code: readonly string[]): string =>
  `(if (i32.eqz (local.get $begun)) (then (local.set $begun (i32.const 1)) ${code.join(" ")}))`;

/** What is done again and again. */
const SPINS: Readonly<Record<string, string>> = {
  "streams that are dropped": `${pair} (call $stream.drop-readable ${READABLE}) (call $stream.drop-writable ${WRITABLE})`,
  "streams that are kept": "(drop (call $stream.new))",
  "futures that are kept": "(drop (call $future.new))",
  "ends of futures": "(call $future.drop-readable (i32.wrap_i64 (call $future.new)))",
  "sets that are dropped": "(call $waitable-set.drop (call $waitable-set.new))",
  "a set that is empty": `${once("(local.set $handle (call $waitable-set.new))")}
    (drop (call $waitable-set.poll (local.get $handle) (i32.const 16)))`,
  "an end that joins a set": `${once("(local.set $handle (call $waitable-set.new))", pair)}
    (call $waitable.join ${READABLE} (local.get $handle))`,
  "writes that are cancelled": `${once(pair)}
    (drop (call $stream.write ${WRITABLE} (i32.const 0) (i32.const 100)))
    (drop (call $stream.cancel-write ${WRITABLE}))`,
  "copies to itself": `${pair}
    (drop (call $stream.write ${WRITABLE} (i32.const 0) (i32.const 9)))
    (drop (call $stream.read ${READABLE} (i32.const 0) (i32.const 9)))`,
  "errors that are dropped": "(call $error-context.drop (call $error-context.new (i32.const 0) (i32.const 9)))",
  "what an error says": `${once("(local.set $handle (call $error-context.new (i32.const 0) (i32.const 9)))")}
    (call $error-context.debug-message (local.get $handle) (i32.const 16))`,
  yielding: "(drop (call $thread.yield))",
  "resources of its own": "(call $resource.drop (call $resource.new (i32.const 1)))",
};

function spinning(spin: string, isAsync: boolean): string {
  const used = Object.entries(BUILTINS).filter(([name]) => spin.includes(`$${name}`));
  return `
    (type $bytes (stream u8)) (type $when (future)) (type $thing (resource (rep i32)))
    (core module $libc (memory (export "memory") 2)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
    (core instance $libc (instantiate $libc))
    (alias core export $libc "memory" (core memory $mem))
    ${used.map(([name, [canon]]) => `(core func $${name} (canon ${canon}))`).join("\n")}
    (core instance $builtins ${used.map(([name]) => `(export "${name}" (func $${name}))`).join(" ")})
    (core module $guest
      ${used.map(([name, [, type]]) => `(import "builtins" "${name}" (func $${name} ${type}))`).join("\n")}
      (import "libc" "memory" (memory 2))
      (func (export "spin") (param $left i32) (result i32) (local $pair i64) (local $handle i32) (local $begun i32)
        (loop $again
          ${spin}
          (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (i32.load (i32.const 20))))
    (core instance $guest (instantiate $guest
      (with "builtins" (instance $builtins)) (with "libc" (instance $libc))))
    (func (export "spin") ${isAsync ? "async" : ""} (param "times" u32) (result u32)
      (canon lift (core func $guest "spin")))`;
}

type Spin = (times: number) => Promise<number>;

async function spinnerOf(spin: string, isAsync: boolean, loop: CountingLoop): Promise<Spin> {
  const component = new CompiledComponent(await compiled(spinning(spin, isAsync)));
  const { exports } = await instantiate({ ...nodePlatform, loop }, component, {});
  // The one function that is exported.
  return exports["spin"] as Spin;
}

for (const [name, spin] of Object.entries(SPINS)) {
  for (const isAsync of [false, true]) {
    test(`4.9 a guest that spins gives way: ${name}, in a call that is ${isAsync ? "" : "not "}async`, async () => {
      const loop = new CountingLoop();
      await (
        await spinnerOf(spin, isAsync, loop)
      )(CALLS);
      assert.ok(loop.turns > 0);
    });
  }
}

test("4.9 while a guest whose callbacks yield gives way nothing of it goes on", async () => {
  const waiting: (() => void)[] = [];
  const turn = (): Promise<void> => new Promise((resolve) => void waiting.push(resolve));
  let now = 0;
  const loop = { turn, now: () => (now += 10) };
  const text = `
    (core func $return (canon task.return))
    (core instance $builtins (export "return" (func $return)))
    (core module $guest
      (import "builtins" "return" (func $return))
      (global $left (mut i32) (i32.const 5000))
      (func (export "run") (result i32) (i32.const 1))
      (func (export "callback") (param i32 i32 i32) (result i32)
        (global.set $left (i32.sub (global.get $left) (i32.const 1)))
        (if (global.get $left) (then (return (i32.const 1))))
        (call $return)
        (i32.const 0)))
    (core instance $guest (instantiate $guest (with "builtins" (instance $builtins))))
    (func (export "run") async
      (canon lift (core func $guest "run") async (callback (core func $guest "callback"))))`;
  const { exports } = await instantiate({ ...nodePlatform, loop }, new CompiledComponent(await compiled(text)), {});
  const call = { isOver: false };
  // The one function that is exported.
  const run = (exports["run"] as () => Promise<void>)().then(() => void (call.isOver = true));
  for (let turns = 1; !call.isOver; turns++) {
    // All promises, and whatever they begin.
    // oxlint-disable-next-line no-await-in-loop -- one turn after the other
    await new Promise((resolve) => void setImmediate(resolve));
    assert.ok(waiting.length <= 1, `after ${turns} turns it waits for ${waiting.length} at once`);
    waiting.pop()?.();
  }
  await run;
});

test("4.9 a call that gives way before it begins begins before any that comes after it", async () => {
  const component = new CompiledComponent(
    await compiled(`
    (component $counter
      (core func $return (canon task.return (result u32)))
      (core instance $builtins (export "return" (func $return)))
      (core module $m
        (import "builtins" "return" (func $return (param i32)))
        (global $calls (mut i32) (i32.const 0))
        (func (export "next") (result i32)
          (call $return (global.get $calls))
          (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
          (i32.const 0))
        (func (export "callback") (param i32 i32 i32) (result i32) unreachable))
      (core instance $m (instantiate $m (with "builtins" (instance $builtins))))
      (func (export "next") async (result u32)
        (canon lift (core func $m "next") async (callback (core func $m "callback")))))
    (component $caller
      (import "next" (func $next async (result u32)))
      (core func $next' (canon lower (func $next)))
      (core func $yield (canon thread.yield))
      (core func $new (canon waitable-set.new))
      (core instance $builtins
        (export "next" (func $next')) (export "yield" (func $yield)) (export "new" (func $new)))
      (core module $m
        (import "builtins" "next" (func $next (result i32)))
        (import "builtins" "yield" (func $yield (result i32)))
        (import "builtins" "new" (func $new (result i32)))
        (func (export "run") (param $spins i32) (result i32)
          (loop $again
            (drop (call $new))
            (br_if $again (local.tee $spins (i32.sub (local.get $spins) (i32.const 1)))))
          (drop (call $yield))
          (call $next)))
      (core instance $m (instantiate $m (with "builtins" (instance $builtins))))
      (func (export "run") async (param "spins" u32) (result u32) (canon lift (core func $m "run"))))
    (instance $counter (instantiate $counter))
    (instance $one (instantiate $caller (with "next" (func $counter "next"))))
    (instance $two (instantiate $caller (with "next" (func $counter "next"))))
    (func (export "one") (alias export $one "run"))
    (func (export "two") (alias export $two "run"))`),
  );
  // Of these one has the first of the two give way just there.
  for (let spins = 1; spins < CALLS; spins += 8) {
    const loop = new CountingLoop();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { exports } = await instantiate({ ...nodePlatform, loop }, component, {});
    // These are exported, and nothing else.
    const { one, two } = exports as Record<"one" | "two", Spin>;
    // oxlint-disable-next-line no-await-in-loop -- as above
    assert.deepEqual(await Promise.all([one(spins), two(1)]), [0, 1], `after ${spins} calls`);
  }
});

/** What begins something, and lets go of nothing. */
const BEGINNINGS: Readonly<Record<string, string>> = {
  calls: `
    (component $other
      (core module $m
        (func (export "run") (result i32) (i32.const 1))
        (func (export "callback") (param i32 i32 i32) (result i32) (i32.const 1)))
      (core instance $m (instantiate $m))
      (func (export "run") async (canon lift (core func $m "run") async (callback (core func $m "callback")))))
    (instance $other (instantiate $other))
    (core func $begin (canon lower (func $other "run") async))
    (core module $guest
      (import "builtins" "begin" (func $begin (result i32)))`,
  threads: `
    (core type $start (func (param i32)))
    (core module $table (table (export "t") 1 funcref) (elem (i32.const 0) $f) (func $f (param i32)))
    (core instance $table (instantiate $table))
    (alias core export $table "t" (core table $t))
    (core func $new (canon thread.new-indirect $start (core table $t)))
    (core module $guest
      (import "builtins" "begin" (func $new (param i32 i32) (result i32)))
      (func $begin (result i32) (call $new (i32.const 0) (i32.const 0)))`,
};

for (const [what, begins] of Object.entries(BEGINNINGS)) {
  test(`1.2 ${what} that are begun and never let go of are bounded by limits.tasks`, async () => {
    const text = `${begins}
      (func (export "run") (loop $again (drop (call $begin)) (br $again))))
      (core instance $builtins (export "begin" (func ${what === "calls" ? "$begin" : "$new"})))
      (core instance $guest (instantiate $guest (with "builtins" (instance $builtins))))
      (func (export "run") async (canon lift (core func $guest "run")))`;
    const component = new CompiledComponent(await compiled(text));
    const { exports } = await instantiate(nodePlatform, component, { limits: { tasks: 100 } });
    // The one function that is exported.
    await assert.rejects(
      (exports["run"] as () => Promise<void>)(),
      /already has 100 calls and threads .*\(limits\.tasks\)/,
    );
  });
}

/** `run(n)` begins n threads, each of which is suspended; of function number `$n & mask` in a table of 32. */
const threads = (mask: number): string => `
  (core type $start (func (param i32)))
  (core module $table (table (export "t") 32 funcref))
  (core instance $table (instantiate $table))
  (alias core export $table "t" (core table $t))
  (core func $new (canon thread.new-indirect $start (core table $t)))
  (core func $go (canon thread.yield-then-resume))
  (core func $suspend (canon thread.suspend))
  (core instance $builtins
    (export "new" (func $new)) (export "go" (func $go)) (export "suspend" (func $suspend)))
  (core module $guest
    (import "builtins" "new" (func $new (param i32 i32) (result i32)))
    (import "builtins" "go" (func $go (param i32) (result i32)))
    (import "builtins" "suspend" (func $suspend (result i32)))
    (import "table" "t" (table 32 funcref))
    (elem (i32.const 0) ${Array.from({ length: 32 }, (_, index) => `$f${index}`).join(" ")})
    ${Array.from({ length: 32 }, (_, index) => `(func $f${index} (param i32) (drop (call $suspend)))`).join(" ")}
    (func (export "begin") (param $n i32)
      (loop $again
        (drop (call $new (i32.and (local.get $n) (i32.const ${mask})) (i32.const 0)))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "run") (param $n i32)
      (loop $again
        (drop (call $go (call $new (i32.and (local.get $n) (i32.const ${mask})) (i32.const 0))))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
  (core instance $guest (instantiate $guest
    (with "builtins" (instance $builtins)) (with "table" (instance $table))))
  (func (export "begin") async (param "n" u32) (canon lift (core func $guest "begin")))
  (func (export "run") async (param "n" u32) (canon lift (core func $guest "run")))`;

test("1.2 threads that are in the middle of their code are bounded, and those of a guest that is over are let go of", async () => {
  const component = new CompiledComponent(await compiled(threads(0)));
  const begun = async (count: number): Promise<() => Promise<void>> => {
    const { exports, close } = await instantiate(nodePlatform, component, {});
    // As in `threads`.
    await (exports["run"] as (count: number) => Promise<void>)(count);
    return close;
  };
  await assert.rejects(begun(10_000), /^Trap: 4096 calls and threads of this instance are in the middle of their code/);
  // As many as would end a process, if they stayed.
  for (let round = 0; round < 12; round++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const close = await begun(4000);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await close();
    // oxlint-disable-next-line no-await-in-loop -- their stacks are left one after the other
    await new Promise((resolve) => void setImmediate(resolve));
  }
  const open: (() => Promise<void>)[] = [];
  await assert.rejects(async () => {
    // oxlint-disable-next-line no-await-in-loop -- as above
    for (let instances = 0; instances < 12; instances++) open.push(await begun(4000));
  }, /^Trap: 24576 calls and threads of this process are in the middle of their code/);
  assert.equal(open.length, 6);
  await Promise.all(open.map((close) => close()));
});

test("4.9 a guest whose threads begin in many functions gives way earlier than one that begins all in one", async () => {
  const turnsOf = async (mask: number): Promise<number> => {
    const loop = new CountingLoop();
    const component = new CompiledComponent(await compiled(threads(mask)));
    const { exports } = await instantiate({ ...nodePlatform, loop }, component, {});
    // As in `threads`.
    await (exports["begin"] as (count: number) => Promise<void>)(32);
    return loop.turns;
  };
  assert.equal(await turnsOf(0), 0);
  assert.ok((await turnsOf(31)) > 0);
});

test("an error context keeps 256 characters of what it says, so that as many as handles fit", async () => {
  const long = "(local.set $handle (call $error-context.new (i32.const 65536) (i32.const 60000)))";
  const message = "(call $error-context.debug-message (local.get $handle) (i32.const 16))";
  assert.equal(await (await spinnerOf(`${long} ${message}`, true, new CountingLoop()))(1), 256);
});
