/** The contract of streams and futures, played by guests: each end in a component instance of its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, instantiate, type CompiledComponent } from "../../src/index.ts";
import { checkEnds, ENDS_RULES, type Ends, type EndStep, type EndTold } from "../../src/testing/index.ts";
import { wat } from "../load/wat.ts";

/** What a copy that has begun, and an end that has no event, are told as. */
const NOTHING = 0xffff_ffff;

/**
 * A guest that holds one end. `make` makes both and gives the readable one away, `take` takes it; what follows is done with the
 * end that is left. Buffers lie one after the other from 1024; those that are written hold the numbers from 1.
 */
const HOLDER = `(component
  (type $t (stream u8))
  (core module $libc
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (core func $new (canon stream.new $t))
  (core func $read (canon stream.read $t async (memory $memory)))
  (core func $write (canon stream.write $t async (memory $memory)))
  (core func $cancel-read (canon stream.cancel-read $t async))
  (core func $cancel-write (canon stream.cancel-write $t async))
  (core func $drop-readable (canon stream.drop-readable $t))
  (core func $drop-writable (canon stream.drop-writable $t))
  (core func $set (canon waitable-set.new))
  (core func $poll (canon waitable-set.poll (memory $memory)))
  (core func $join (canon waitable.join))
  (core module $m
    (import "" "memory" (memory 1))
    (import "" "new" (func $new (result i64)))
    (import "" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "" "write" (func $write (param i32 i32 i32) (result i32)))
    (import "" "cancel-read" (func $cancel-read (param i32) (result i32)))
    (import "" "cancel-write" (func $cancel-write (param i32) (result i32)))
    (import "" "drop-readable" (func $drop-readable (param i32)))
    (import "" "drop-writable" (func $drop-writable (param i32)))
    (import "" "set" (func $set (result i32)))
    (import "" "poll" (func $poll (param i32 i32) (result i32)))
    (import "" "join" (func $join (param i32 i32)))
    (global $end (mut i32) (i32.const 0))
    (global $writes (mut i32) (i32.const 0))
    (global $waits (mut i32) (i32.const 0))
    (global $at (mut i32) (i32.const 1024))
    (func $hold (param $end i32)
      (global.set $end (local.get $end))
      (global.set $waits (call $set))
      (call $join (local.get $end) (global.get $waits)))
    (func (export "make") (result i32)
      (local $ends i64) (local $byte i32)
      (loop $next
        (i32.store8 (i32.add (i32.const 1024) (local.get $byte)) (i32.add (local.get $byte) (i32.const 1)))
        (br_if $next (i32.lt_u (local.tee $byte (i32.add (local.get $byte) (i32.const 1))) (i32.const 200))))
      (local.set $ends (call $new))
      (global.set $writes (i32.const 1))
      (call $hold (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))))
      (i32.wrap_i64 (local.get $ends)))
    (func (export "take") (param i32) (call $hold (local.get 0)))
    (func $counted (param $told i32) (result i32)
      (if (i32.ne (local.get $told) (i32.const -1)) (then
        (global.set $at (i32.add (global.get $at) (i32.shr_u (local.get $told) (i32.const 4))))))
      (local.get $told))
    (func (export "copy") (param $length i32) (result i32)
      (call $counted (if (result i32) (global.get $writes)
        (then (call $write (global.get $end) (global.get $at) (local.get $length)))
        (else (call $read (global.get $end) (global.get $at) (local.get $length))))))
    (func (export "event") (result i32)
      (if (i32.eqz (call $poll (global.get $waits) (i32.const 16))) (then (return (i32.const -1))))
      (if (i32.ne (i32.load (i32.const 16)) (global.get $end)) (then unreachable))
      (call $counted (i32.load (i32.const 20))))
    (func (export "cancel") (result i32)
      (call $counted (if (result i32) (global.get $writes)
        (then (call $cancel-write (global.get $end)))
        (else (call $cancel-read (global.get $end))))))
    (func (export "drop")
      (if (global.get $writes)
        (then (call $drop-writable (global.get $end)))
        (else (call $drop-readable (global.get $end)))))
    (func (export "received") (result i32)
      (i32.store (i32.const 24) (i32.const 1024))
      (i32.store (i32.const 28) (i32.sub (global.get $at) (i32.const 1024)))
      (i32.const 24)))
  (core instance $m (instantiate $m (with "" (instance
    (export "memory" (memory $memory)) (export "new" (func $new)) (export "read" (func $read))
    (export "write" (func $write)) (export "cancel-read" (func $cancel-read))
    (export "cancel-write" (func $cancel-write)) (export "drop-readable" (func $drop-readable))
    (export "drop-writable" (func $drop-writable)) (export "set" (func $set)) (export "poll" (func $poll))
    (export "join" (func $join))))))
  (func (export "make") async (result $t) (canon lift (core func $m "make")))
  (func (export "take") async (param "end" $t) (canon lift (core func $m "take")))
  (func (export "copy") async (param "length" u32) (result u32) (canon lift (core func $m "copy")))
  (func (export "event") async (result u32) (canon lift (core func $m "event")))
  (func (export "cancel") async (result u32) (canon lift (core func $m "cancel")))
  (func (export "drop") async (canon lift (core func $m "drop")))
  (func (export "received") async (result (list u8)) (canon lift (core func $m "received") (memory $memory))))`;

interface Holder {
  make(): Promise<unknown>;
  take(end: unknown): Promise<void>;
  copy(length: number): Promise<number>;
  event(): Promise<number>;
  cancel(): Promise<number>;
  drop(): Promise<void>;
  received(): Promise<Uint8Array>;
}

async function holderOf(component: CompiledComponent): Promise<Holder> {
  const { exports } = await instantiate(component);
  // Its functions, as the component has them.
  return exports as unknown as Holder;
}

function toldOf(payload: number): EndTold {
  return payload === NOTHING ? undefined : [payload & 15, payload >>> 4];
}

test("guests that hold the ends of a stream are told what the contract says", async () => {
  const component = await compile(await wat(HOLDER));
  const make = async (): Promise<Ends> => {
    const holders = { read: await holderOf(component), write: await holderOf(component) };
    await holders.read.take(await holders.write.make());
    return {
      async play(step: EndStep): Promise<EndTold> {
        const holder = holders[step.side];
        if (step.is === "copy") return toldOf(await holder.copy(step.length));
        if (step.is === "take") return toldOf(await holder.event());
        if (step.is === "cancel") return toldOf(await holder.cancel());
        await holder.drop();
        return undefined;
      },
      received: () => holders.read.received(),
    };
  };
  const { kept } = await checkEnds(() => ({ kind: "stream", make }));
  assert.deepEqual(kept, ENDS_RULES);
});
