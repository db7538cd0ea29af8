/** Values of types that are known only when a component is loaded: as the reference has them (model.ts), and as we do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { codecOf, returnsOf } from "../../src/abi/codec.ts";
import type { ResourceBinding } from "../../src/abi/guest.ts";
import { isTypedArrayKind } from "../../src/abi/typed-arrays.ts";
import type { ResourceType } from "../../src/abi/handles.ts";
import { Resources } from "../../src/abi/resources.ts";
import { FlatValues, type CoreValue } from "../../src/abi/type.ts";
import { describe } from "../../src/abi/describe.ts";
import { MAX_FLAT_PARAMS, type PrimitiveKind, type ValType } from "../../src/abi/types.ts";
import { WitError } from "../../src/io/errors.ts";
import { Trap } from "../../src/io/trap.ts";
import { alignOf, flatten, liftFlat, load, lowerFlat, sizeOf, store, type Core, type Tagged } from "./model.ts";
import { newGuest, type Both } from "./support.ts";
import {
  anyType,
  bool,
  char,
  encoding,
  f32,
  f64,
  list,
  names,
  option,
  string,
  tuple,
  u16,
  u32,
  u64,
  u8,
  valueOf,
  variant,
} from "./types.ts";

const of = (kind: PrimitiveKind): ValType => ({ kind });
const flags = (count: number): ValType => ({ kind: "flags", names: names(count) });
const result = (ok: ValType | undefined, err: ValType | undefined): ValType => ({ kind: "result", ok, err });

const ARRAYS = {
  u8: Uint8Array,
  s8: Int8Array,
  u16: Uint16Array,
  s16: Int16Array,
  u32: Uint32Array,
  s32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
};

/** A value of the model's as JavaScript has it. What is of which shape, the type says. */
function inJs(type: ValType, value: unknown): unknown {
  switch (type.kind) {
    case "record": {
      const members = value as readonly unknown[];
      return Object.fromEntries(type.fields.map((field, at) => [field.name, inJs(field.type, members[at])]));
    }
    case "tuple":
      return (value as readonly unknown[]).map((one, at) => inJs(type.members[at] ?? bool, one));
    case "flags":
      return Object.fromEntries(type.names.map((name, at) => [name, (value as readonly boolean[])[at]]));
    case "list":
      return listInJs(type.element, type.length, value as readonly unknown[]);
    case "map":
      return new Map(
        (value as (readonly [unknown, unknown])[]).map(([key, one]) => [inJs(type.key, key), inJs(type.value, one)]),
      );
    case "variant":
    case "enum":
    case "option":
    case "result":
      return caseInJs(type, value as Tagged);
    default:
      return value;
  }
}

function listInJs(element: ValType, length: number | undefined, values: readonly unknown[]): unknown {
  const items = values.map((one) => inJs(element, one));
  if (length !== undefined || !isTypedArrayKind(element.kind)) return items;
  // By their kinds these are numbers, or bigints.
  if (element.kind === "u64") return BigUint64Array.from(items as bigint[]);
  if (element.kind === "s64") return BigInt64Array.from(items as bigint[]);
  return ARRAYS[element.kind].from(items as number[]);
}

function caseInJs(
  type: Extract<ValType, { kind: "variant" | "enum" | "option" | "result" }>,
  { index, value }: Tagged,
): unknown {
  switch (type.kind) {
    case "enum":
      return type.names[index];
    case "variant": {
      const { name, type: carried } = type.cases[index] ?? { name: "", type: undefined };
      return carried ? { tag: name, val: inJs(carried, value) } : { tag: name };
    }
    case "result": {
      const carried = index === 0 ? type.ok : type.err;
      return { tag: index === 0 ? "ok" : "err", val: carried && inJs(carried, value) };
    }
    case "option": {
      const some = index === 0 ? undefined : inJs(type.some, value);
      if (type.some.kind !== "option") return some;
      return index === 0 ? { tag: "none", val: undefined } : { tag: "some", val: some };
    }
  }
}

/** Core values as WebAssembly passes them: signed. */
function passed(type: ValType, flat: readonly Core[]): Core[] {
  const cores = flatten(type);
  return flat.map((value, at) => {
    if (cores[at] === "i64") return BigInt.asIntN(64, BigInt(value));
    if (cores[at] === "i32") return Number(value) | 0;
    return cores[at] === "f32" ? Math.fround(Number(value)) : value;
  });
}

function place({ peer }: Both, type: ValType): number {
  return peer.allocate(alignOf(type), sizeOf(type));
}

function lowered({ guest }: Both, type: ValType, value: unknown): CoreValue[] {
  const flat: CoreValue[] = [];
  codecOf(type).lower(guest, value, flat);
  return flat;
}

function lifted({ guest }: Both, type: ValType, flat: readonly unknown[]): unknown {
  return codecOf(type).lift(guest, new FlatValues(flat));
}

/** What a value is after a way through core values. */
function through(both: Both, type: ValType, value: unknown): unknown {
  return lifted(both, type, lowered(both, type, value));
}

const anyValue = fc
  .tuple(anyType, encoding)
  .chain(([type, text]) => fc.record({ type: fc.constant(type), value: valueOf(type), text: fc.constant(text) }));

test("every type has the layout of the reference", () => {
  fc.assert(
    fc.property(anyType, (type) => {
      const { size, align, flat } = codecOf(type);
      const cores = flatten(type);
      assert.deepEqual([size, align], [sizeOf(type), alignOf(type)]);
      assert.deepEqual(flat, cores.length > MAX_FLAT_PARAMS ? undefined : cores);
    }),
    { numRuns: 500 },
  );
});

test("what the reference stores is loaded, and what it lowers is lifted", () => {
  fc.assert(
    fc.property(anyValue, ({ type, value, text }) => {
      const both = newGuest(text);
      const codec = codecOf(type);
      const at = place(both, type);
      store(both.peer, type, value, at);
      assert.deepEqual(codec.load(both.guest, at), inJs(type, value));
      if (!codec.flat) return;
      const flat = passed(type, lowerFlat(both.peer, type, value));
      const values = new FlatValues([...flat, 77]);
      assert.deepEqual(codec.lift(both.guest, values), inJs(type, value));
      assert.equal(values.number(), 77);
    }),
    { numRuns: 500 },
  );
});

test("what is stored the reference loads, and what is lowered it lifts", () => {
  fc.assert(
    fc.property(anyValue, ({ type, value, text }) => {
      const both = newGuest(text);
      const codec = codecOf(type);
      const at = place(both, type);
      const js = inJs(type, value);
      codec.store(both.guest, at, js);
      assert.deepEqual(inJs(type, load(both.peer, type, at)), js);
      if (!codec.flat) return;
      const flat = lowered(both, type, js);
      assert.deepEqual(flat, passed(type, flat));
      assert.deepEqual(inJs(type, liftFlat(both.peer, type, flat)), js);
      assert.deepEqual(flat, []);
    }),
    { numRuns: 500 },
  );
});

test("the conversion of a type is made once", () => {
  const type = list(tuple(u8, string));
  assert.equal(codecOf(type), codecOf(type));
});

test("the ends of each range", () => {
  const both = newGuest();
  for (const [kind, values] of [
    ["u8", [0, 255]],
    ["s8", [-128, 127]],
    ["u16", [0, 65_535]],
    ["s16", [-32_768, 32_767]],
    ["u32", [0, 2 ** 32 - 1]],
    ["s32", [-(2 ** 31), 2 ** 31 - 1]],
    ["u64", [0n, 2n ** 64n - 1n]],
    ["s64", [-(2n ** 63n), 2n ** 63n - 1n]],
    ["f32", [-Infinity, -0, 0, 1.5, Infinity, Number.NaN]],
    ["f64", [-Infinity, -0, 0, 0.1, Infinity, Number.NaN]],
    ["char", ["\0", "\u{d7ff}", "\u{e000}", "\u{10ffff}", "\u{feff}"]],
    ["bool", [false, true]],
  ] as const) {
    const type = of(kind);
    const at = place(both, type);
    for (const value of values) {
      codecOf(type).store(both.guest, at, value);
      assert.equal(codecOf(type).load(both.guest, at), value, `${kind} in memory`);
      assert.equal(through(both, type, value), value, kind);
    }
  }
});

test("bits of a core value that do not count are ignored", () => {
  const both = newGuest();
  for (const [kind, core, expected] of [
    ["bool", 2, true],
    ["bool", 256, true],
    ["u8", -1, 255],
    ["u8", 0x1_02, 2],
    ["s8", 0x80, -128],
    ["s8", 0x1_7f, 127],
    ["u16", 0x1_0002, 2],
    ["s16", 0x1_8000, -32_768],
    ["u32", -1, 2 ** 32 - 1],
    ["s32", -1, -1],
    ["u64", -1n, 2n ** 64n - 1n],
    ["s64", -1n, -1n],
  ] as const) {
    assert.equal(lifted(both, of(kind), [core]), expected, `${kind} of ${core}`);
  }
});

test("flags lie in 1, 2 or 4 bytes, and all have a value", () => {
  for (const [count, size] of [
    [1, 1],
    [8, 1],
    [9, 2],
    [16, 2],
    [17, 4],
    [32, 4],
  ] as const) {
    const both = newGuest();
    const type = flags(count);
    const codec = codecOf(type);
    assert.equal(codec.size, size);
    const at = place(both, type);
    const last = `n${count - 1}`;
    codec.store(both.guest, at, { [last]: true });
    const expected = { ...Object.fromEntries(names(count).map((name) => [name, false])), [last]: true };
    assert.deepEqual(codec.load(both.guest, at), expected);
    // Those that have no name are ignored.
    assert.deepEqual(lifted(both, type, [(1 << (count - 1)) | ~(2 ** count - 1)]), expected);
    assert.deepEqual(lowered(both, type, { [last]: true }), [1 << (count - 1)]);
  }
});

test("a variant of 257 cases has a discriminant of 2 bytes", () => {
  const both = newGuest();
  const type = variant(...Array.from({ length: 256 }, () => undefined), u8);
  const at = place(both, type);
  codecOf(type).store(both.guest, at, { tag: "c256", val: 9 });
  assert.deepEqual(both.peer.bytes().slice(at, at + 3), Uint8Array.of(0, 1, 9));
  assert.deepEqual(codecOf(type).load(both.guest, at), { tag: "c256", val: 9 });
  codecOf(type).store(both.guest, at, { tag: "c255" });
  assert.deepEqual(codecOf(type).load(both.guest, at), { tag: "c255" });
  both.guest.view.setUint16(at, 257, true);
  assert.throws(() => codecOf(type).load(both.guest, at), /257 is no case of/);
});

/** The bits of a float as an integer. */
function bits32(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0] ?? 0;
}

function bits64(value: number): bigint {
  return new BigInt64Array(Float64Array.of(value).buffer)[0] ?? 0n;
}

test("cases share core values, which carry the bits of each", () => {
  const both = newGuest();
  for (const [type, value, flat] of [
    [variant(u32, f32), { tag: "c1", val: 1.5 }, [1, bits32(1.5)]],
    [variant(u32, f32), { tag: "c0", val: 2 ** 32 - 1 }, [0, -1]],
    [variant(u64, f32), { tag: "c1", val: -1.5 }, [1, BigInt(bits32(-1.5) >>> 0)]],
    [variant(u64, f64), { tag: "c1", val: -1.5 }, [1, bits64(-1.5)]],
    [variant(u64, f64), { tag: "c0", val: 2n ** 64n - 1n }, [0, -1n]],
    [variant(f32, f64), { tag: "c0", val: -1.5 }, [0, BigInt(bits32(-1.5) >>> 0)]],
    [variant(f32, f64), { tag: "c1", val: -1.5 }, [1, bits64(-1.5)]],
    [variant(u32, u64), { tag: "c0", val: 2 ** 32 - 1 }, [0, 2n ** 32n - 1n]],
    [variant(of("s32"), u64), { tag: "c0", val: -1 }, [0, 2n ** 32n - 1n]],
    [variant(f32, undefined), { tag: "c1" }, [1, 0]],
    [variant(tuple(f32, u64), u8), { tag: "c1", val: 7 }, [1, 7, 0n]],
    [result(f64, of("s8")), { tag: "err", val: -1 }, [1, 2n ** 32n - 1n]],
    [option(f64), 0.5, [1, 0.5]],
    [option(f64), undefined, [0, 0]],
  ] as const) {
    assert.deepEqual(lowered(both, type, value), flat, describe(type));
    assert.deepEqual(lifted(both, type, flat), value, describe(type));
  }
});

test("a NaN in a shared core value stays a NaN, and what a case does not use is ignored", () => {
  const both = newGuest();
  const lift = (...flat: Core[]): unknown => lifted(both, variant(f32, f64, undefined), flat);
  assert.deepEqual(lift(0, 0x7fc0_0000n), { tag: "c0", val: Number.NaN });
  assert.deepEqual(lift(0, -1n << 32n), { tag: "c0", val: 0 });
  assert.deepEqual(lift(1, 0x7ff8n << 48n), { tag: "c1", val: Number.NaN });
  assert.deepEqual(lift(2, -1n), { tag: "c2" });
});

test("an option of an option tells none from some of none", () => {
  const both = newGuest();
  const type = option(option(option(u8)));
  for (const [value, flat] of [
    [{ tag: "none", val: undefined }, [0, 0, 0, 0]],
    [{ tag: "some", val: { tag: "none", val: undefined } }, [1, 0, 0, 0]],
    [{ tag: "some", val: { tag: "some", val: undefined } }, [1, 1, 0, 0]],
    [{ tag: "some", val: { tag: "some", val: 5 } }, [1, 1, 1, 5]],
  ] as const) {
    assert.deepEqual(lowered(both, type, value), flat);
    assert.deepEqual(lifted(both, type, flat), value);
  }
  assert.deepEqual(lowered(both, option(u8), null), [0, 0]);
});

test("lists of numbers are typed arrays of their own, and arrays are taken as well", () => {
  const both = newGuest();
  for (const [kind, made] of [
    ["u8", Uint8Array.of(0, 255)],
    ["s8", Int8Array.of(-128, 127)],
    ["u16", Uint16Array.of(1, 65_535)],
    ["s16", Int16Array.of(-1, 1)],
    ["u32", Uint32Array.of(1, 2 ** 32 - 1)],
    ["s32", Int32Array.of(-1, 2 ** 31 - 1)],
    ["u64", BigUint64Array.of(1n, 2n ** 64n - 1n)],
    ["s64", BigInt64Array.of(-1n, 2n ** 63n - 1n)],
    ["f32", Float32Array.of(-0, 1.5)],
    ["f64", Float64Array.of(Number.NaN, 0.1)],
  ] as const) {
    const type = list(of(kind));
    const items: unknown[] = [...made];
    for (const given of [made, items, items.values()]) {
      const flat = lowered(both, type, given);
      const got = lifted(both, type, flat);
      assert.deepEqual(got, made, kind);
      // Whoever has it keeps it, whatever the guest does.
      both.peer.bytes().fill(0, Number(flat[0]), Number(flat[0]) + made.byteLength);
      assert.deepEqual(got, made, kind);
    }
    assert.deepEqual(through(both, type, made.subarray(1)), made.slice(1), kind);
    assert.deepEqual(through(both, list(of(kind), 2), made), items, kind);
  }
  assert.deepEqual(through(both, list(u8), Buffer.from("ab")), Uint8Array.of(97, 98));
  assert.deepEqual(through(both, list(u8), Int8Array.of(1)), Uint8Array.of(1));
});

test("1.1 a list that is not aligned, outside the memory, or too long traps before anything is made of it", () => {
  const both = newGuest();
  for (const [type, pointer, count, message] of [
    [list(u32), 66, 1, /not aligned to 4/],
    [list(u64), 65_536 - 8, 2, /16 bytes at 65528 are outside/],
    [list(string), -8, 1, /outside/],
    [list(string), 0, 2 ** 25, /a list of 268435456 bytes: the canonical ABI allows 268435455/],
    [list(u8), 0, 2 ** 32 - 1, /a list of 4294967295 bytes: the canonical ABI allows/],
    [list(tuple(u64, u64)), 0, -1, /the canonical ABI allows/],
    [{ kind: "map", key: u32, value: u32 }, 2, 1, /not aligned to 4/],
  ] as const) {
    const isTrap = (error: unknown): boolean => error instanceof Trap && message.test(error.message);
    assert.throws(() => lifted(both, type, [pointer, count]), isTrap, `${describe(type)} ${pointer} ${count}`);
  }
});

test("a list that is longer than the canonical ABI allows is refused before the guest allocates", () => {
  const both = newGuest();
  for (const [type, value] of [
    [list(u8), new Uint8Array(2 ** 28)],
    [list(u64), new BigUint64Array(2 ** 25)],
  ] as const) {
    assert.throws(() => lowered(both, type, value), /^RangeError: a list of 268435456 bytes: .* allows 268435455$/);
  }
  assert.deepEqual(both.peer.calls, []);
});

test("1.1 what is no value of a type traps", () => {
  const both = newGuest();
  for (const [type, core] of [
    [char, 0xd800],
    [char, 0xdfff],
    [char, 0x11_0000],
    [char, -1],
    [{ kind: "enum", names: ["a", "b"] }, 2],
    [{ kind: "enum", names: ["a", "b"] }, -1],
    [variant(undefined), 1],
    [option(u8), 2],
    [result(undefined, undefined), 2],
  ] as const) {
    assert.throws(() => lifted(both, type, [core, 0]), Trap, `${describe(type)} ${core}`);
    const at = place(both, type);
    both.peer.bytes().fill(0xff, at, at + sizeOf(type));
    assert.throws(() => codecOf(type).load(both.guest, at), Trap, describe(type));
  }
});

test("values of streams, futures and error contexts pass as who links the component says", () => {
  for (const type of [
    of("error-context"),
    { kind: "stream", element: u8 },
    { kind: "future", element: undefined },
  ] as const) {
    const asked: unknown[] = [];
    const { guest } = newGuest("utf8", [], {
      toJs: (_, index, wit) => {
        asked.push(wit);
        return `value of ${index}`;
      },
      fromJs: (_, value) => Number(value),
    });
    const codec = codecOf(type);
    const flat: unknown[] = [];
    codec.lower(guest, 7, flat as never[]);
    assert.deepEqual(flat, [7]);
    assert.equal(codec.lift(guest, new FlatValues([7])), "value of 7");
    assert.deepEqual(asked, [type]);
  }
});

const THING = { name: "thing", slot: 1 };
const own: ValType = { kind: "own", resource: THING };
const borrow: ValType = { kind: "borrow", resource: THING };

function withThings(
  definer?: object,
  lent: (value: unknown) => unknown = (value) => `lent ${String(value)}`,
): { readonly both: Both; readonly type: ResourceType } {
  const type: ResourceType = { name: "thing", definer, drop: () => {} };
  const binding: ResourceBinding = {
    type,
    toJs: (rep, isOwn) => ({ rep, isOwn }),
    fromJs: (value, isOwn) => (isOwn ? value : lent(value)),
    restore: () => {},
  };
  return { both: newGuest("utf8", [undefined, binding]), type };
}

test("1.2 a handle of the guest's is taken from it or lent, until the call is over", () => {
  const { both, type } = withThings();
  const { handles } = both.guest;
  const handle = handles.own(type, "rep");
  assert.deepEqual(lifted(both, list(borrow), lowerFlat(both.peer, list(u32), [handle, handle])), [
    { rep: "rep", isOwn: false },
    { rep: "rep", isOwn: false },
  ]);
  assert.throws(() => lifted(both, own, [handle]), /handle 1 is lent to a call that has not returned/);
  both.guest.giveBack();
  assert.deepEqual(lifted(both, own, [handle]), { rep: "rep", isOwn: true });
  for (const way of [own, borrow]) assert.throws(() => lifted(both, way, [handle]), /unknown handle: 1 is not/);
  assert.throws(() => lifted(both, own, [-1]), /unknown handle: 4294967295 is not a live thing/);
});

test("1.2 the guest is given a handle: its own, or for a call", () => {
  const { both, type } = withThings();
  const { handles } = both.guest;
  const at = place(both, own);
  codecOf(own).store(both.guest, at, "one");
  assert.equal(handles.of(type, both.guest.view.getUint32(at, true)).rep, "one");
  assert.throws(
    () => lowered(both, borrow, "two"),
    /^TypeError: A borrowed handle is not among the parameters of a call/,
  );
  const scope = { callee: {}, borrows: 0 };
  both.guest.scope = scope;
  const [handle] = lowered(both, borrow, "two");
  assert.deepEqual(handles.of(type, Number(handle)), { type, rep: "lent two", scope, lends: 0 });
  assert.equal(scope.borrows, 1);
});

test("who defines a resource type is lent what its handles stand for", () => {
  const callee = {};
  const { both } = withThings(callee, (value) => value);
  both.guest.scope = { callee, borrows: 0 };
  assert.deepEqual(lowered(both, borrow, 2 ** 31), [2 ** 31]);
  assert.equal(both.guest.scope.borrows, 0);
});

test("a resource type that nothing stands for", () => {
  const { both } = withThings();
  const nothing: ValType = { kind: "own", resource: { name: "nothing", slot: 0 } };
  assert.throws(() => lowered(both, nothing, 5), /^TypeError: Nothing stands for the resource type 0$/);
});

const resources = new Resources(10);

test("what a function returns is a value, or nothing; what it throws is thrown on", () => {
  const both = newGuest();
  const error = new WitError(5, "no");
  const flat: CoreValue[] = [];
  returnsOf(undefined).lower(both.guest, undefined, flat);
  assert.deepEqual(flat, []);
  returnsOf(u8).lower(both.guest, 5, flat);
  assert.deepEqual(flat, [5]);
  for (const type of [undefined, u8]) assert.throws(() => returnsOf(type).caught(error, resources), error);
});

test("a function that returns a result gives the ok case, and throws the error case", () => {
  const both = newGuest();
  const returned = returnsOf(result(u8, string));
  const at = place(both, result(u8, string));
  returned.store(both.guest, at, 7);
  assert.deepEqual(load(both.peer, result(u8, string), at), { index: 0, value: 7 });
  returned.store(both.guest, at, returned.caught(new WitError("why", "no"), resources));
  assert.deepEqual(load(both.peer, result(u8, string), at), { index: 1, value: "why" });
  const other = new Error("a fault");
  assert.throws(() => returned.caught(other, resources), other);
  const wrong = returned.caught(new WitError(5, "no"), resources);
  assert.throws(() => returned.store(both.guest, at, wrong), /^TypeError: err: expected a string, got 5$/);
  assert.throws(() => returned.store(both.guest, at, "7"), /^TypeError: ok: expected u8, .*, got "7"$/);
  const flat: CoreValue[] = [];
  returnsOf(result(undefined, undefined)).lower(both.guest, undefined, flat);
  assert.deepEqual(flat, [0]);
});

test("of a map the last of several pairs with the same key counts", () => {
  const both = newGuest();
  const type: ValType = { kind: "map", key: string, value: u8 };
  const pairs = [
    ["a", 1],
    ["b", 2],
    ["a", 3],
  ];
  const flat = lowerFlat(both.peer, type, pairs);
  assert.deepEqual(
    lifted(both, type, flat),
    new Map([
      ["a", 3],
      ["b", 2],
    ]),
  );
});

test("members are read by their names in camel case, and what all objects have is no member", () => {
  const both = newGuest();
  const type: ValType = {
    kind: "record",
    fields: [
      { name: "two-words", type: u8 },
      { name: "to-string", type: option(u8) },
      { name: "constructor", type: option(u8) },
    ],
  };
  assert.deepEqual(lowered(both, type, { twoWords: 1, other: 2 }), [1, 0, 0, 0, 0]);
  assert.deepEqual(lowered(both, type, { twoWords: 1, toString: 2, constructor: 3 }), [1, 1, 2, 1, 3]);
  class Given {
    get twoWords(): number {
      return 4;
    }
  }
  assert.deepEqual(lowered(both, type, new Given()), [4, 0, 0, 0, 0]);
  assert.deepEqual(lowered(both, { kind: "flags", names: ["value-of", "constructor"] }, {}), [0]);
});

/** What is wrong is said: what was expected, what came, and where. */
const WRONG: readonly (readonly [type: ValType, value: unknown, message: RegExp])[] = [
  [bool, 1, /^expected a boolean, got 1$/],
  [bool, undefined, /^expected a boolean, got undefined$/],
  [u8, 256, /^expected u8, a whole number from 0 to 255, got 256$/],
  [u8, -1, /^expected u8, .*, got -1$/],
  [u8, 1n, /^expected u8, .*, got 1n$/],
  [u8, "1", /^expected u8, .*, got "1"$/],
  [of("s8"), 128, /^expected s8, a whole number from -128 to 127, got 128$/],
  [u16, 65_536, /^expected u16, a whole number from 0 to 65535, got 65536$/],
  [of("s16"), -32_769, /^expected s16, a whole number from -32768 to 32767, got -32769$/],
  [u32, 2 ** 32, /^expected u32, a whole number from 0 to 4294967295, got 4294967296$/],
  [u32, 0.5, /^expected u32, .*, got 0.5$/],
  [u32, Number.NaN, /^expected u32, .*, got NaN$/],
  [of("s32"), 2 ** 31, /^expected s32, a whole number from -2147483648 to 2147483647, got 2147483648$/],
  [u64, 1, /^expected u64, a bigint from 0 to 2 \*\* 64 - 1, got 1$/],
  [u64, -1n, /^expected u64, .*, got -1n$/],
  [u64, 2n ** 64n, /^expected u64, .*, got 18446744073709551616n$/],
  [of("s64"), 2n ** 63n, /^expected s64, a bigint from -\(2 \*\* 63\) to 2 \*\* 63 - 1, got 9223372036854775808n$/],
  [of("s64"), -(2n ** 63n) - 1n, /^expected s64, /],
  [f32, "1", /^expected f32, a number, got "1"$/],
  [f64, 1n, /^expected f64, a number, got 1n$/],
  [char, "", /^expected char, a string of one code point, got ""$/],
  [char, "ab", /^expected char, .*, got "ab"$/],
  [char, "\u{1f600}a", /^expected char, /],
  [char, "\ud800", /^expected char, .*, got "\\ud800"$/],
  [char, 65, /^expected char, .*, got 65$/],
  [string, 5, /^expected a string, got 5$/],
  [string, Symbol("a"), /^expected a string, got a symbol$/],
  [list(string), "abc", /^expected a list, got "abc"$/],
  [list(string), {}, /^expected a list, got an object$/],
  [list(string), ["a", 1], /^item 1: expected a string, got 1$/],
  [list(u8), [1, 256], /^item 1: expected u8, .*, got 256$/],
  [list(u8), undefined, /^expected a list, got undefined$/],
  [list(u8), 5, /^expected a list, got 5$/],
  [list(u64), Uint8Array.of(1), /^item 0: expected u64, .*, got 1$/],
  [list(u8, 2), [1], /^expected a list of 2 items, got an array of 1$/],
  [list(u8, 2), [1, "2"], /^item 1: expected u8, .*, got "2"$/],
  [{ kind: "map", key: string, value: u8 }, {}, /^expected a Map, got an object$/],
  [{ kind: "map", key: string, value: u8 }, new Map([["a", "b"]]), /^item 0: expected u8, .*, got "b"$/],
  [tuple(u8, u8), [1], /^expected a tuple, an array of 2, got an array of 1$/],
  [tuple(u8, u8), Uint8Array.of(1, 2), /^expected a tuple, an array of 2, got an object Uint8Array$/],
  [{ kind: "record", fields: [{ name: "a-b", type: u8 }] }, null, /^expected a record, an object, got null$/],
  [{ kind: "record", fields: [{ name: "a-b", type: u8 }] }, {}, /^aB: expected u8, .*, got undefined$/],
  [
    { kind: "record", fields: [{ name: "a", type: list(option(u8)) }] },
    { a: [undefined, "x"] },
    /^a: item 1: some: expected u8, .*, got "x"$/,
  ],
  [flags(2), true, /^expected flags, an object of booleans, got true$/],
  [flags(2), ["n1"], /^expected flags, an object of booleans, got an array of 1$/],
  [
    { kind: "record", fields: [{ name: "a", type: option(u8) }] },
    [1],
    /^expected a record, an object, got an array of 1$/,
  ],
  [flags(2), { n1: 1 }, /^n1: expected a boolean, got 1$/],
  [{ kind: "enum", names: ["red", "green"] }, "blue", /^expected one of red, green, got "blue"$/],
  [{ kind: "enum", names: ["red", "green"] }, 0, /^expected one of red, green, got 0$/],
  [variant(u8, undefined), "c0", /^expected \{ tag, val \} with a tag of c0, c1, got "c0"$/],
  [variant(u8, undefined), { tag: "c2" }, /^expected \{ tag, val \} with a tag of c0, c1, got "c2"$/],
  [variant(u8, undefined), { tag: "c0" }, /^c0: expected u8, .*, got undefined$/],
  [variant(u8, undefined), { tag: ["c1"] }, /^expected \{ tag, val \} with a tag of c0, c1, got an array of 1$/],
  [
    { kind: "variant", cases: [{ name: "undefined", type: undefined }] },
    {},
    /^expected \{ tag, val \} .*, got an object/,
  ],
  [result(u8, undefined), 5, /^expected \{ tag, val \} with a tag of ok, err, got 5$/],
  [result(u8, undefined), { tag: "ok", val: "5" }, /^ok: expected u8, .*, got "5"$/],
  [option(option(u8)), 5, /^expected \{ tag, val \} with a tag of none, some, got 5$/],
  [string, { a: 1 }, /^expected a string, got an object$/],
];

for (const [type, value, message] of WRONG) {
  test(`${describe(type)}: ${message.source}`, () => {
    const both = newGuest();
    const at = place(both, type);
    const isWrong = (error: unknown): boolean => {
      assert.ok(error instanceof TypeError, String(error));
      assert.match(error.message, message);
      return true;
    };
    assert.throws(() => lowered(both, type, value), isWrong);
    assert.throws(() => codecOf(type).store(both.guest, at, value), isWrong);
  });
}
