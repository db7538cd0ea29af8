/** Tasks that wait for each other, or for nothing: told where nothing else could come, and nowhere else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate, run, type GuestByteStream, type Imports } from "../../src/index.ts";
import { wat } from "../load/wat.ts";
import { guest, turn } from "./support.ts";

/** What a task can wait for, and whether the embedder may end that. */
const KINDS = {
  nothing: false,
  "its own stream, to be written": false,
  "its own stream, to be read": false,
  "its own future": false,
  "a stream that standard output reads": false,
  "an import": true,
  "a stream of the embedder's": true,
  "the embedder to read": true,
} as const;

type Kind = keyof typeof KINDS;
// It has no others.
const NAMES = Object.keys(KINDS) as Kind[];

/**
 * `callback`, `stack` and `alone` wait for the kind of that number, as functions of each sort do: one of the last lets no
 * other begin. `wasi:cli/run` waits for what standard output never reads to its end.
 */
const WAITER = `(component
  (import "wasi:cli/types@0.3.0" (instance $types
    (type $e (enum "io" "illegal-byte-sequence" "pipe"))
    (export "error-code" (type (eq $e)))))
  (alias export $types "error-code" (type $error))
  (import "wasi:cli/stdout@0.3.0" (instance $stdout
    (alias outer 1 $error (type $e'))
    (export "error-code" (type $error (eq $e')))
    (type $bytes (stream u8)) (type $result (result (error $error))) (type $outcome (future $result))
    (export "write-via-stream" (func (param "data" $bytes) (result $outcome)))))
  (type $bytes (stream u8)) (type $result (result (error $error))) (type $outcome (future $result)) (type $when (future))
  (import "host" (func $host async))
  (import "give" (func $give (result $bytes)))
  (import "take" (func $take (param "stream" $bytes)))
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (core func $host (canon lower (func $host) async))
  (core func $give (canon lower (func $give)))
  (core func $take (canon lower (func $take)))
  (core func $stdout (canon lower (func $stdout "write-via-stream")))
  (core func $new (canon stream.new $bytes))
  (core func $read (canon stream.read $bytes async (memory (core memory $libc "memory"))))
  (core func $write (canon stream.write $bytes async (memory (core memory $libc "memory"))))
  (core func $outcome (canon future.read $outcome async (memory (core memory $libc "memory"))))
  (core func $when-new (canon future.new $when))
  (core func $when (canon future.read $when async (memory (core memory $libc "memory"))))
  (core func $set (canon waitable-set.new))
  (core func $join (canon waitable.join))
  (core func $wait (canon waitable-set.wait (memory (core memory $libc "memory"))))
  (core func $return (canon task.return))
  (core module $m
    (import "" "host" (func $host (result i32)))
    (import "" "give" (func $give (result i32)))
    (import "" "take" (func $take (param i32)))
    (import "" "stdout" (func $stdout (param i32) (result i32)))
    (import "" "new" (func $new (result i64)))
    (import "" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "" "write" (func $write (param i32 i32 i32) (result i32)))
    (import "" "outcome" (func $outcome (param i32 i32) (result i32)))
    (import "" "when-new" (func $when-new (result i64)))
    (import "" "when" (func $when (param i32 i32) (result i32)))
    (import "" "set" (func $set (result i32)))
    (import "" "join" (func $join (param i32 i32)))
    (import "" "wait" (func $wait (param i32 i32) (result i32)))
    (import "" "return" (func $return))
    (func $blocked (param $end i32) (param $told i32) (result i32)
      (if (i32.ne (local.get $told) (i32.const -1)) (then unreachable))
      (local.get $end))
    ;; Begins what is to be waited for. Gives the waitable.
    (func $begin (param $kind i32) (result i32)
      (local $ends i64) (local $from i32) (local $to i32)
      (local.set $ends (call $new))
      (local.set $from (i32.wrap_i64 (local.get $ends)))
      (local.set $to (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))))
      (block $7 (block $6 (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
        (br_table $0 $1 $2 $3 $4 $5 $6 $7 (local.get $kind)))
        (return (i32.const 0)))
        (return (call $blocked (local.get $from) (call $read (local.get $from) (i32.const 0) (i32.const 1)))))
        (return (call $blocked (local.get $to) (call $write (local.get $to) (i32.const 0) (i32.const 1)))))
        (local.set $from (i32.wrap_i64 (call $when-new)))
        (return (call $blocked (local.get $from) (call $when (local.get $from) (i32.const 0)))))
        (local.set $from (call $stdout (local.get $from)))
        (return (call $blocked (local.get $from) (call $outcome (local.get $from) (i32.const 0)))))
        (return (i32.shr_u (call $host) (i32.const 4))))
        (local.set $from (call $give))
        (return (call $blocked (local.get $from) (call $read (local.get $from) (i32.const 0) (i32.const 1)))))
      (call $take (local.get $from))
      (call $blocked (local.get $to) (call $write (local.get $to) (i32.const 0) (i32.const 1))))
    (func $begun (param $kind i32) (result i32)
      (local $set i32) (local $waitable i32)
      (local.set $set (call $set))
      (local.set $waitable (call $begin (local.get $kind)))
      (if (local.get $waitable) (then (call $join (local.get $waitable) (local.get $set))))
      (local.get $set))
    (func (export "callback") (param $kind i32) (result i32)
      (i32.or (i32.const 2) (i32.shl (call $begun (local.get $kind)) (i32.const 4))))
    (func (export "cb") (param i32 i32 i32) (result i32) (call $return) (i32.const 0))
    (func (export "alone") (param $kind i32) (drop (call $wait (call $begun (local.get $kind)) (i32.const 0))))
    (func (export "stack") (param $kind i32)
      (drop (call $wait (call $begun (local.get $kind)) (i32.const 0)))
      (call $return))
    (func (export "run") (result i32) (drop (call $wait (call $begun (i32.const 4)) (i32.const 0))) (i32.const 0)))
  (core instance $m (instantiate $m (with "" (instance
    (export "host" (func $host)) (export "give" (func $give)) (export "take" (func $take))
    (export "stdout" (func $stdout)) (export "new" (func $new)) (export "read" (func $read))
    (export "write" (func $write)) (export "outcome" (func $outcome)) (export "when-new" (func $when-new))
    (export "when" (func $when)) (export "set" (func $set)) (export "join" (func $join))
    (export "wait" (func $wait)) (export "return" (func $return))))))
  (func (export "callback") async (param "kind" u32)
    (canon lift (core func $m "callback") async (callback (core func $m "cb"))))
  (func (export "stack") async (param "kind" u32) (canon lift (core func $m "stack") async))
  (func (export "alone") async (param "kind" u32) (canon lift (core func $m "alone")))
  (func $run async (result (result)) (canon lift (core func $m "run")))
  (instance $run (export "run" (func $run)))
  (export "wasi:cli/run@0.3.0" (instance $run)))`;

/** An embedder that ends none of what is waited for until it is told to. */
function embedder() {
  const waits: (() => void)[] = [];
  const imports: Imports = {
    host: () => new Promise<void>((resolve) => waits.push(resolve)),
    give: () =>
      (async function* one() {
        await new Promise<void>((resolve) => waits.push(resolve));
        yield Uint8Array.of(1);
      })(),
    take: (stream: GuestByteStream) => {
      waits.push(() => stream.close());
    },
  };
  const end = (): void => {
    for (const wait of waits.splice(0)) wait();
  };
  return { imports, end };
}

async function turns(count: number): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (let at = 0; at < count; at++) await turn();
}

const DEADLOCK = /^RuntimeError: deadlock: its tasks wait for each other, or for nothing$/;
const bytes = await wat(WAITER);

/** Calls functions that wait for these, and gives how each ends: once before the embedder ends its own, and once after. */
async function play(kinds: readonly Kind[], form: "callback" | "stack" | "alone", deadlock?: "trap" | "wait") {
  const { imports, end } = embedder();
  const instance = await instantiate(bytes, { imports, ...(deadlock && { deadlock }) });
  // The component above exports it so.
  const call = instance.exports[form] as (kind: number) => Promise<void>;
  const told = kinds.map(() => "waits");
  const calls = kinds.map(async (kind, at) => {
    try {
      await call(NAMES.indexOf(kind));
      told[at] = "returned";
    } catch (error) {
      told[at] = String(error);
    }
  });
  await turns(4);
  const before = [...told];
  end();
  await turns(4);
  const after = [...told];
  await instance.close();
  await Promise.all(calls);
  return { before, after };
}

const comes = (kind: Kind): boolean => KINDS[kind];

for (const form of ["callback", "stack"] as const) {
  test(`each two tasks, with ${form}: a deadlock is told if nothing else could come, and at no other time`, async () => {
    for (const a of NAMES) {
      for (const b of NAMES) {
        const kinds = [a, b];
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const { before, after } = await play(kinds, form, "trap");
        const about = kinds.join(" and ");
        if (!kinds.some(comes)) {
          for (const told of before) assert.match(told, DEADLOCK, about);
          continue;
        }
        assert.deepEqual(before, ["waits", "waits"], about);
        for (const [at, kind] of kinds.entries()) {
          // Who waits for the embedder goes on; who is left then waits for nothing.
          if (comes(kind)) assert.equal(after[at], "returned", about);
          else assert.match(after[at] ?? "", DEADLOCK, about);
        }
      }
    }
  });
}

test("a call that cannot begin before another one ends waits for what that one waits for", async () => {
  const { before } = await play(["nothing", "an import"], "alone", "trap");
  for (const told of before) assert.match(told, DEADLOCK);
  const { before: waiting, after } = await play(["an import", "nothing"], "alone", "trap");
  assert.deepEqual(waiting, ["waits", "waits"]);
  assert.equal(after[0], "returned");
  assert.match(after[1] ?? "", DEADLOCK);
});

test("where the embedder may call again, it is waited for", async () => {
  const { after } = await play(["nothing", "its own stream, to be read"], "callback");
  assert.deepEqual(after, ["waits", "waits"]);
  const { exports, close } = await instantiate(bytes, { imports: embedder().imports, deadlock: "wait" });
  void (exports["stack"] as (kind: number) => Promise<void>)(0).catch(() => {});
  await turns(4);
  await close();
});

test("a command is ended, unless it is said that it is to wait", async () => {
  const { imports } = embedder();
  await assert.rejects(run(bytes, { imports }), (error) => DEADLOCK.test(String(error)));
  const controller = new AbortController();
  const waiting = run(bytes, { imports, deadlock: "wait", signal: controller.signal });
  await turns(4);
  controller.abort(new Error("enough"));
  await assert.rejects(waiting, /^Error: enough$/);
});

test("a command that has a thread of its own is ended too", async () => {
  await assert.rejects(run(await guest("p3-deadlock"), { isolate: "thread" }), (error) => DEADLOCK.test(String(error)));
});
