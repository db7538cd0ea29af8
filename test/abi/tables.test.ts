import assert from "node:assert/strict";
import { test } from "node:test";
import * as abi from "../../src/bind/abi.ts";
import { Guest } from "../../src/bind/guest.ts";
import { Resources } from "../../src/bind/resources.ts";
import { Trap } from "../../src/index.ts";

function newGuest(): Guest {
  let top = 1024;
  const memory = new WebAssembly.Memory({ initial: 1 });
  const realloc = (_old: number, _size: number, align: number, size: number): number => {
    const at = (top + align - 1) & ~(align - 1);
    top = at + size;
    return at;
  };
  return new Guest({ memory, realloc, tables: [] }, new Resources(10), new Map());
}

/** What a value of `type` is after a way through the guest's memory. */
function through<In, Out>(type: abi.Type<In, Out>, value: Out): In {
  const guest = newGuest();
  type.store(guest, 64, value);
  return type.load(guest, 64);
}

test("values come out of memory as they went in", () => {
  assert.equal(through(abi.bool, true), true);
  assert.equal(through(abi.u8, 255), 255);
  assert.equal(through(abi.u16, 65_535), 65_535);
  assert.equal(through(abi.u32, 2 ** 32 - 1), 2 ** 32 - 1);
  assert.equal(through(abi.u64, 2n ** 64n - 1n), 2n ** 64n - 1n);
  assert.equal(through(abi.string, "\uFEFFzwölf \u{1f600}"), "\uFEFFzwölf \u{1f600}");
  assert.deepEqual(through(abi.bytes, Uint8Array.of(1, 2, 3)), Uint8Array.of(1, 2, 3));
  assert.deepEqual(through(abi.list(abi.string), ["a", "", "ccc"]), ["a", "", "ccc"]);
  assert.deepEqual(through(abi.tuple(abi.u8, abi.u64, abi.string), [1, 2n, "3"]), [1, 2n, "3"]);
  assert.deepEqual(through(abi.record({ a: abi.u8, b: abi.u32 }), { a: 7, b: 8 }), { a: 7, b: 8 });
  assert.equal(through(abi.option(abi.u64), undefined), undefined);
  assert.equal(through(abi.option(abi.u64), 5n), 5n);
  assert.equal(through(abi.enumeration("red", "green"), "green"), "green");
  const shape = abi.variant({ circle: abi.u64, none: null, square: abi.u8 });
  assert.deepEqual(through(shape, { tag: "circle", val: 9n }), { tag: "circle", val: 9n });
  assert.deepEqual(through(shape, { tag: "none" }), { tag: "none" });
});

test("sizes, alignments and flat forms are those of the canonical ABI", () => {
  const cases: [string, abi.Type<unknown, never>, number, number, string][] = [
    ["tuple<u8, u64, u8>", abi.tuple(abi.u8, abi.u64, abi.u8), 24, 8, "i32 i64 i32"],
    ["option<u64>", abi.option(abi.u64), 16, 8, "i32 i64"],
    ["option<u8>", abi.option(abi.u8), 2, 1, "i32 i32"],
    ["list<tuple<string, string>>", abi.list(abi.tuple(abi.string, abi.string)), 8, 4, "i32 i32"],
    ["variant { u64, u8 }", abi.variant({ a: abi.u64, b: abi.u8 }), 16, 8, "i32 i64"],
    ["variant { string, u64 }", abi.variant({ a: abi.string, b: abi.u64 }), 16, 8, "i32 i64 i32"],
    ["record { u8, u16 }", abi.record({ a: abi.u8, b: abi.u16 }), 4, 2, "i32 i32"],
  ];
  for (const [name, type, size, align, flat] of cases) {
    assert.deepEqual([type.size, type.align, type.flat.join(" ")], [size, align, flat], name);
  }
});

test("a variant's case reads its own part of the shared slots, and the next parameter follows", () => {
  const shape = abi.variant({ text: abi.string, count: abi.u64, none: null });
  const guest = newGuest();
  for (const [flat, expected] of [
    [[1, 77n, 0, 5], { tag: "count", val: 77n }],
    [[2, 0n, 0, 5], { tag: "none" }],
  ] as const) {
    const values = new abi.FlatValues(flat);
    assert.deepEqual(shape.lift(guest, values), expected);
    assert.equal(abi.u8.lift(guest, values), 5);
  }
});

test("1.1 what no value of a type looks like traps", () => {
  const guest = newGuest();
  guest.view.setUint8(64, 9);
  assert.throws(() => abi.enumeration("a", "b").load(guest, 64), Trap);
  assert.throws(() => abi.variant({ a: null }).load(guest, 64), Trap);
  guest.memory.set([0xff, 0xfe], 200);
  guest.view.setUint32(64, 200, true);
  guest.view.setUint32(68, 2, true);
  assert.throws(() => abi.string.load(guest, 64), /not valid UTF-8/);
  guest.view.setUint32(68, 2 ** 31, true);
  assert.throws(() => abi.list(abi.u64).load(guest, 64), Trap);
});

test("1.5 lengths beyond what a number holds are clamped", () => {
  assert.equal(abi.length.lift(newGuest(), new abi.FlatValues([-1n])), Number.MAX_SAFE_INTEGER);
});
