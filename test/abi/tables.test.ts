/** The types that tables are made of. Those that are known only when a component is loaded: codec.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { record, tuple } from "../../src/abi/composites.ts";
import { bytes, list } from "../../src/abi/lists.ts";
import { bool, length, string, u16, u32, u64, u8 } from "../../src/abi/scalars.ts";
import { FlatValues, type AnyType, type Type } from "../../src/abi/type.ts";
import { enumeration, option, variant } from "../../src/abi/variants.ts";
import { Trap } from "../../src/io/trap.ts";
import { newGuest } from "./support.ts";

/** What a value of `type` is after a way through the guest's memory. */
function through<In, Out>(type: Type<In, Out>, value: Out): In {
  const { guest, peer } = newGuest();
  const at = peer.allocate(type.align, type.size);
  type.store(guest, at, value);
  return type.load(guest, at);
}

test("values come out of memory as they went in", () => {
  assert.equal(through(bool, true), true);
  assert.equal(through(u8, 255), 255);
  assert.equal(through(u16, 65_535), 65_535);
  assert.equal(through(u32, 2 ** 32 - 1), 2 ** 32 - 1);
  assert.equal(through(u64, 2n ** 64n - 1n), 2n ** 64n - 1n);
  assert.equal(through(string, "\uFEFFzwölf \u{1f600}"), "\uFEFFzwölf \u{1f600}");
  assert.deepEqual(through(bytes, Uint8Array.of(1, 2, 3)), Uint8Array.of(1, 2, 3));
  assert.deepEqual(through(list(string), ["a", "", "ccc"]), ["a", "", "ccc"]);
  assert.deepEqual(through(tuple(u8, u64, string), [1, 2n, "3"]), [1, 2n, "3"]);
  assert.deepEqual(through(record({ a: u8, b: u32 }), { a: 7, b: 8 }), { a: 7, b: 8 });
  assert.equal(through(option(u64), undefined), undefined);
  assert.equal(through(option(u64), 5n), 5n);
  assert.equal(through(enumeration("red", "green"), "green"), "green");
  const shape = variant({ circle: u64, none: null, square: u8 });
  assert.deepEqual(through(shape, { tag: "circle", val: 9n }), { tag: "circle", val: 9n });
  assert.deepEqual(through(shape, { tag: "none" }), { tag: "none" });
});

test("sizes, alignments and flat forms are those of the canonical ABI", () => {
  const cases: [string, AnyType, number, number, string][] = [
    ["tuple<u8, u64, u8>", tuple(u8, u64, u8), 24, 8, "i32 i64 i32"],
    ["option<u64>", option(u64), 16, 8, "i32 i64"],
    ["option<u8>", option(u8), 2, 1, "i32 i32"],
    ["list<tuple<string, string>>", list(tuple(string, string)), 8, 4, "i32 i32"],
    ["variant { u64, u8 }", variant({ a: u64, b: u8 }), 16, 8, "i32 i64"],
    ["variant { string, u64 }", variant({ a: string, b: u64 }), 16, 8, "i32 i64 i32"],
    ["record { u8, u16 }", record({ a: u8, b: u16 }), 4, 2, "i32 i32"],
  ];
  for (const [name, type, size, align, flat] of cases) {
    assert.deepEqual([type.size, type.align, type.flat?.join(" ")], [size, align, flat], name);
  }
});

test("a variant's case reads its own part of the shared slots, and the next parameter follows", () => {
  const shape = variant({ text: string, count: u64, none: null });
  const { guest } = newGuest();
  for (const [flat, expected] of [
    [[1, 77n, 0, 5], { tag: "count", val: 77n }],
    [[2, 0n, 0, 5], { tag: "none" }],
  ] as const) {
    const values = new FlatValues(flat);
    assert.deepEqual(shape.lift(guest, values), expected);
    assert.equal(u8.lift(guest, values), 5);
  }
});

test("1.1 what no value of a type looks like traps", () => {
  const { guest } = newGuest();
  guest.view.setUint8(64, 9);
  assert.throws(() => enumeration("a", "b").load(guest, 64), Trap);
  assert.throws(() => variant({ a: null }).load(guest, 64), Trap);
  guest.memory.set([0xff, 0xfe], 200);
  guest.view.setUint32(64, 200, true);
  guest.view.setUint32(68, 2, true);
  assert.throws(() => string.load(guest, 64), /not valid UTF-8/);
  guest.view.setUint32(68, 2 ** 31, true);
  assert.throws(() => list(u64).load(guest, 64), Trap);
});

test("1.5 lengths beyond what a number holds are clamped", () => {
  assert.equal(length.lift(newGuest().guest, new FlatValues([-1n])), Number.MAX_SAFE_INTEGER);
});
