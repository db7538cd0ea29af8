import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "../testing/properties.ts";

import { UnsupportedTypeError } from "../../src/abi/fuse/types.ts";
import { fuse } from "../../src/abi/fuse/fuse.ts";
import type { FuncType, ValType } from "../../src/abi/types.ts";
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
import { funcType, Pair, put, side, Trapped } from "./fusing.ts";
import { liftFlat, lowerFlat, MEMORY_BYTES, type Core, type Peer } from "./model.ts";

test("whatever is passed arrives, parameters and result", () => {
  const calls = fc
    .tuple(fc.array(anyType, { maxLength: 6 }), fc.option(anyType, { nil: undefined }), encoding, encoding)
    .chain(([params, result, from, to]) =>
      fc.record({
        type: fc.constant(funcType(params, result)),
        encodings: fc.constant([from, to] as const),
        params: fc.tuple(...params.map(valueOf)),
        result: result ? valueOf(result) : fc.constant(undefined),
      }),
    );
  fc.assert(
    fc.property(calls, ({ type, encodings, params, result }) => {
      const arrived = new Pair(...encodings).call(type, params, result);
      assert.deepEqual(arrived, { params, result });
    }),
    { numRuns: Number(process.env["FUSE_RUNS"] ?? 400) },
  );
});

/** Calls with raw core values, and gives what the callee was given. */
function given(type: FuncType, flat: readonly Core[], pair = new Pair()): Core[] {
  let seen: Core[] = [];
  pair.link(type, (...args) => {
    seen = args;
    return undefined;
  })(...flat);
  return seen;
}

test("core values are cut to what their type has", () => {
  assert.deepEqual(given(funcType([bool, bool]), [2, 0]), [1, 0]);
  assert.deepEqual(
    given(funcType([u8, u16, { kind: "s8" }, { kind: "s16" }]), [0x1ff, -1, 0x1ff, 0x18000]),
    [255, 65535, -1, -32768],
  );
  assert.deepEqual(given(funcType([{ kind: "flags", names: names(3) }]), [-1]), [7]);
  assert.deepEqual(given(funcType([{ kind: "flags", names: names(8) }]), [-1]), [255]);
  assert.deepEqual(given(funcType([{ kind: "flags", names: names(32) }]), [-1]), [-1]);
  assert.deepEqual(given(funcType([variant(u8, f64)]), [0, 0x1_0000_01ffn]), [0, 255n]);
  assert.deepEqual(given(funcType([variant({ kind: "s8" }, u64)]), [0, 0xffn]), [0, 0xffff_ffffn]);
  assert.deepEqual(given(funcType([option(u32)]), [0, 77]), [0, 0], "what belongs to no case is zero");
});

test("values in memory are cut to what their type has, and padding stays where it is", () => {
  const pair = new Pair();
  pair.caller.bytes().fill(0xee, 1000, 1100);
  const flags: ValType = { kind: "flags", names: names(9) };
  given(funcType([list(tuple(u8, u32, bool, flags))]), [1000, 2], pair);
  const [[, , align, size] = []] = pair.callee.calls;
  assert.deepEqual([align, size], [4, 24]);
  const one = [0xee, 0, 0, 0, 0xee, 0xee, 0xee, 0xee, 1, 0, 0xee, 0];
  assert.deepEqual([...pair.callee.bytes().slice(64, 88)], [...one, ...one]);
});

test("padding between numbers is not copied, whether in lists or alone", () => {
  const pair = new Pair();
  const padded = tuple(u8, u32, u16);
  pair.caller.bytes().fill(0xee, 1000, 1100);
  pair.callee.bytes().fill(0xdd);
  given(funcType([list(padded)]), [1000, 2], pair);
  const one = [0xee, 0xdd, 0xdd, 0xdd, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xdd, 0xdd];
  assert.deepEqual([...pair.callee.bytes().slice(64, 88)], [...one, ...one]);
  pair.caller.bytes().fill(0, 1000, 1100);
  pair.link(funcType([], padded), () => 64)(1000);
  assert.deepEqual(
    [...pair.caller.bytes().slice(1000, 1012)],
    one.map((byte) => (byte === 0xdd ? 0 : byte)),
  );
});

test("lists are allocated once, empty ones too", () => {
  const pair = new Pair();
  pair.call(funcType([list(u64), list(u8), list(string)]), [[], [1, 2, 3], []]);
  assert.deepEqual(pair.callee.calls, [
    [0, 0, 8, 0],
    [0, 0, 1, 3],
    [0, 0, 4, 0],
  ]);
  assert.deepEqual(pair.caller.calls, []);
});

test("post-return is given what the callee returned, after the result was taken", () => {
  const pair = new Pair();
  pair.postReturn = true;
  assert.equal(pair.call(funcType([], string), [], "text").result, "text");
  assert.equal(pair.call(funcType([u32], u32), [1], 5).result, 5);
  pair.call(funcType([]), []);
  const [stored, ...others] = pair.events;
  assert.match(stored ?? "", /^post-return \d+$/);
  assert.deepEqual(others, ["post-return 5", "post-return "]);
});

test("handles are exchanged one by one, in the scope of the call if any is borrowed", () => {
  const file = { name: "file", slot: 3 };
  const own: ValType = { kind: "own", resource: file };
  const borrow: ValType = { kind: "borrow", resource: file };
  const pair = new Pair();
  const type = funcType([own, list(borrow), option({ kind: "own", resource: { ...file } })], own);
  const { handles, scoped } = pair.fuse(type);
  assert.deepEqual(handles, [
    { kind: "own", resource: file, direction: "params" },
    { kind: "borrow", resource: file, direction: "params" },
    { kind: "own", resource: file, direction: "result" },
  ]);
  assert.equal(scoped, true);
  const arrived = pair.call(type, [1, [2, 3], { index: 1, value: 4 }], 5);
  assert.deepEqual(arrived, { params: [1001, [1002, 1003], { index: 1, value: 1004 }], result: 1005 });
  assert.deepEqual(pair.events, ["enter", "own0 1", "borrow1 2", "borrow1 3", "own0 4", "leave", "own2 5"]);
  assert.equal(pair.fuse(funcType([own])).scoped, false);
});

test("only what is needed is imported", () => {
  const bare = { encoding: "utf8", memory: false, realloc: false, postReturn: false } as const;
  const imports = (type: FuncType, caller = bare, callee: Parameters<typeof fuse>[2] = bare): string[] =>
    WebAssembly.Module.imports(new WebAssembly.Module(new Uint8Array(fuse(type, caller, callee).bytes))).map(
      ({ module, name }) => `${module}.${name}`,
    );
  const always = ["host.trap", "callee.f", "callee.may-enter", "caller.may-leave"];
  assert.deepEqual(imports(funcType([u32, u64], f32)).toSorted(), always.toSorted());
  assert.throws(() => fuse(funcType([string]), bare, bare), { name: "TypeError", message: /needs a memory/ });
  assert.throws(() => fuse(funcType([string]), side("utf8"), { ...bare, memory: true }), /callee .* needs a realloc/);
  assert.ok(fuse(funcType([], tuple(u32, u32)), { ...bare, memory: true }, { ...bare, memory: true }));
});

/** Calls that trap: what is done, and the words for it. */
const cases: readonly (readonly [words: string, name: string, run: (pair: Pair) => unknown])[] = [
  [
    "cannot leave component instance",
    "may not leave",
    (pair) => {
      pair.callerMayLeave.value = 0;
      return pair.link(funcType([]), () => undefined)();
    },
  ],
  [
    "cannot enter component instance",
    "entered again",
    (pair) => {
      const inner = pair.link(funcType([]), () => undefined);
      return pair.link(funcType([]), () => inner())();
    },
  ],
  ["unaligned pointer", "list", (pair) => given(funcType([list(u16)]), [65, 0], pair)],
  ["unaligned pointer", "utf16", () => given(funcType([string]), [65, 0], new Pair("utf16"))],
  ["unaligned pointer", "latin1", () => given(funcType([string]), [65, 0], new Pair("latin1+utf16"))],
  ["unaligned pointer", "parameters", (pair) => given(funcType([tuple(...Array<ValType>(17).fill(u32))]), [66], pair)],
  ["unaligned pointer", "place for the result", (pair) => returning(pair, tuple(u32, u32), 64, 66)],
  ["unaligned pointer", "result", (pair) => returning(pair, tuple(u32, u32), 66, 64)],
  ["unaligned pointer", "realloc", (pair) => forced(pair, list(u32), 66)],
  ["list content out-of-bounds", "realloc", (pair) => forced(pair, list(u32), -4)],
  ["list content out-of-bounds", "realloc of nothing", (pair) => forced(pair, list(u32), -4, 0)],
  ["list content out-of-bounds", "realloc, by one byte", (pair) => forced(pair, list(u8), MEMORY_BYTES - 3)],
  ["string content out-of-bounds", "realloc of text", (pair) => forced(pair, string, -4)],
  [
    "pointer to parameters or results out of bounds of memory",
    "realloc of parameters",
    (pair) => {
      pair.callee.forced = -4;
      return given(funcType([tuple(...Array<ValType>(17).fill(u32))]), [64], pair);
    },
  ],
  ["list content out-of-bounds", "list", (pair) => given(funcType([list(u8)]), [MEMORY_BYTES, 1], pair)],
  ["list content out-of-bounds", "empty list", (pair) => given(funcType([list(u8)]), [MEMORY_BYTES + 1, 0], pair)],
  ["list content out-of-bounds", "list that wraps", (pair) => given(funcType([list(u64)]), [-8, 2], pair)],
  [
    "list content out-of-bounds",
    "list of lists",
    (pair) => {
      pair.caller.view().setUint32(64, 0xffff_ff00, true);
      pair.caller.view().setUint32(68, 5, true);
      return given(funcType([list(list(bool))]), [64, 1], pair);
    },
  ],
  ["string content out-of-bounds", "string", (pair) => given(funcType([string]), [MEMORY_BYTES - 1, 2], pair)],
  ["string content out-of-bounds", "utf16", () => given(funcType([string]), [MEMORY_BYTES - 2, 2], new Pair("utf16"))],
  [
    "pointer to parameters or results out of bounds of memory",
    "parameters",
    (pair) => given(funcType([tuple(...Array<ValType>(17).fill(u32))]), [MEMORY_BYTES - 64], pair),
  ],
  [
    "pointer to parameters or results out of bounds of memory",
    "result",
    (pair) => returning(pair, tuple(u32, u32), -4, 64),
  ],
  [
    "pointer to parameters or results out of bounds of memory",
    "place for the result",
    (pair) => returning(pair, tuple(u32, u32), 64, MEMORY_BYTES - 4),
  ],
  ["list is longer than 2^28 - 1 bytes", "u8", (pair) => given(funcType([list(u8)]), [0, 2 ** 28], pair)],
  ["list is longer than 2^28 - 1 bytes", "u64", (pair) => given(funcType([list(u64)]), [0, 2 ** 25], pair)],
  [
    "list is longer than 2^28 - 1 bytes",
    "u64, so many that bytes wrap",
    (pair) => given(funcType([list(u64)]), [0, 2 ** 29], pair),
  ],
  ["string is longer than 2^28 - 1 bytes", "utf8", (pair) => given(funcType([string]), [0, 2 ** 28], pair)],
  ["string is longer than 2^28 - 1 bytes", "utf16", () => given(funcType([string]), [0, 2 ** 27], new Pair("utf16"))],
  [
    "string is longer than 2^28 - 1 bytes",
    "tagged",
    () => given(funcType([string]), [0, 2 ** 31 + 2 ** 27], new Pair("latin1+utf16")),
  ],
  ["invalid `char` bit pattern", "surrogate", (pair) => given(funcType([char]), [0xd800], pair)],
  ["invalid `char` bit pattern", "last surrogate", (pair) => given(funcType([char]), [0xdfff], pair)],
  ["invalid `char` bit pattern", "too high", (pair) => given(funcType([char]), [0x110000], pair)],
  ["invalid `char` bit pattern", "negative", (pair) => given(funcType([char]), [-1], pair)],
  ["invalid `char` bit pattern", "in a list", (pair) => bytes(pair, list(char), [0x41, 0, 0, 0, 0, 0xd8, 0, 0], 2)],
  ["invalid variant discriminant", "bool-like", (pair) => given(funcType([option(u8)]), [2, 0], pair)],
  ["invalid variant discriminant", "enum", (pair) => given(funcType([{ kind: "enum", names: names(3) }]), [3], pair)],
  ["invalid variant discriminant", "negative", (pair) => given(funcType([variant(u8, u16, f32)]), [-1, 0], pair)],
  ["invalid variant discriminant", "in a list", (pair) => bytes(pair, list(option(u8)), [1, 1, 2, 1], 2)],
  [
    "invalid variant discriminant",
    "result",
    (pair) => pair.link(funcType([], { kind: "enum", names: names(3) }), () => 3)(),
  ],
];

function returning(pair: Pair, result: ValType, pointer: number, place: number): void {
  pair.link(funcType([], result), () => pointer)(place);
}

/** Passes four elements from a good place, while the callee's realloc gives a bad one. */
function forced(pair: Pair, type: ValType, pointer: number, length = 4): void {
  pair.callee.forced = pointer;
  given(funcType([type]), [64, length], pair);
}

function bytes(pair: Pair, type: ValType, content: readonly number[], length: number): void {
  pair.caller.bytes().set(content, 64);
  given(funcType([type]), [64, length], pair);
}

for (const [words, name, run] of cases) {
  test(`traps: ${words}, ${name}`, () => {
    assert.throws(
      () => run(new Pair()),
      (error) => error instanceof Trapped && error.message === words,
    );
  });
}

test("what ends where memory ends is in it", () => {
  const end = MEMORY_BYTES;
  assert.deepEqual(given(funcType([list(u8), list(u64)]), [end, 0, end - 8, 1]), [64, 0, 72, 1]);
  for (const encodings of [["utf8"], ["utf16"], ["latin1+utf16"]] as const) {
    assert.equal(given(funcType([string]), [end, 0], new Pair(...encodings))[1], 0);
    assert.equal(given(funcType([string]), [end - 2, 1], new Pair(...encodings))[1], 1);
  }
});

test("types that do not cross are refused by name", () => {
  const element = list(tuple(u8, { kind: "stream", element: u32 }));
  assert.throws(
    () => fuse(funcType([element]), side("utf8"), side("utf8")),
    (error) => {
      assert.ok(error instanceof UnsupportedTypeError);
      assert.match(error.message, /stream<u32>/);
      return true;
    },
  );
  for (const type of [{ kind: "future", element: undefined }, { kind: "error-context" }] as const) {
    assert.throws(() => fuse(funcType([], type), side("utf8"), side("utf8")), UnsupportedTypeError);
  }
  const borrow: ValType = { kind: "borrow", resource: { name: "file", slot: 0 } };
  assert.throws(() => fuse(funcType([], option(borrow)), side("utf8"), side("utf8")), UnsupportedTypeError);
});

test("code grows with the types, not with how they are combined", () => {
  let tuples: ValType = tuple(bool, char);
  let variants: ValType = variant(u8, f32);
  let lists: ValType = string;
  for (let depth = 0; depth < 14; depth++) variants = variant(variants, tuple(variants), option(variants));
  for (let depth = 0; depth < 30; depth++) tuples = tuple(tuples, tuples);
  for (let depth = 0; depth < 99; depth++) lists = list(lists);
  const size = (type: ValType): number => {
    const { bytes: module } = fuse(funcType([type], type), side("utf8"), side("utf16"));
    assert.ok(WebAssembly.validate(new Uint8Array(module)));
    return module.length;
  };
  const sizes = { tuples: size(tuples), variants: size(variants), lists: size(lists) };
  assert.ok(
    Object.values(sizes).every((bytesOf) => bytesOf < 40_000),
    JSON.stringify(sizes),
  );
  const wide = tuple(...Array.from({ length: 50_000 }, () => variant(bool, char, string)));
  assert.throws(() => fuse(funcType([wide]), side("utf8"), side("utf8")), {
    name: "RangeError",
    message: /1048576 bytes/,
  });
});

test("what is larger than any memory is compiled, and never there", () => {
  let huge: ValType = tuple(u64, bool);
  for (let depth = 0; depth < 60; depth++) huge = tuple(huge, huge);
  assert.throws(() => given(funcType([huge]), [64]), /out of bounds/);
  assert.throws(() => given(funcType([list(huge)]), [64, 1]), /longer than/);
  assert.deepEqual(given(funcType([list(huge)]), [64, 0]), [64, 0]);
});

test("many cases", () => {
  const wide = variant(...Array.from({ length: 300 }, (_, index) => [u8, f64, string, undefined][index % 4]));
  for (const index of [0, 1, 2, 3, 255, 256, 257, 258, 299]) {
    const value = { index, value: [7, 1.5, "text", undefined][index % 4] };
    const arrived = new Pair("utf8", "utf16").call(funcType([wide, list(wide)], wide), [value, [value, value]], value);
    assert.deepEqual(arrived, { params: [value, [value, value]], result: value });
  }
});

/** A memory that realloc makes grow while a list is copied. */
test("memories grow meanwhile", () => {
  const pair = new Pair("utf16", "utf8");
  const value = Array.from({ length: 40 }, (_, index) => "\u20ac".repeat(index * 900));
  const before = pages(pair.callee);
  assert.deepEqual(pair.call(funcType([list(string)], list(string)), [value], value), {
    params: [value],
    result: value,
  });
  assert.ok(pages(pair.callee) > before);
});

function pages(peer: Peer): number {
  return peer.memory.buffer.byteLength / 65536;
}

test("a spilled list of parameters is copied as one value", () => {
  const params = Array.from({ length: 9 }, (_, index): ValType => (index % 2 === 0 ? string : u8));
  const values = params.map((_, index) => (index % 2 === 0 ? `text ${index}` : index));
  const pair = new Pair();
  assert.equal(pair.call(funcType([...params, list(u8, 4)]), [...values, [1, 2, 3, 4]]).params.length, 10);
  assert.deepEqual(pair.callee.calls[0], [0, 0, 4, 5 * 8 + 4 * 4 + 4]);
  assert.ok(put(pair.caller, u8, 1) > 0);
});

// The DOM's types do not know of it yet.
const jspi = WebAssembly as unknown as {
  readonly Suspending: new (f: (...args: Core[]) => Promise<Core>) => (...args: Core[]) => Core;
  promising(f: (...args: Core[]) => unknown): (...args: unknown[]) => Promise<unknown>;
};

test("a callee can be suspended", async () => {
  const pair = new Pair("utf8", "utf16");
  const flat: Core[] = [];
  const waits = new jspi.Suspending(async (...args: Core[]) => {
    await Promise.resolve();
    flat.push(...args);
    return 7;
  });
  const adapter = jspi.promising(pair.link(funcType([string, u32], u32), waits));
  const [pointer, length] = lowerFlat(pair.caller, string, "text \u20ac");
  const answer = adapter(pointer, length, 5);
  assert.equal(pair.calleeMayEnter.value, 0);
  assert.deepEqual(flat, []);
  assert.equal(await answer, 7);
  assert.equal(pair.calleeMayEnter.value, 1);
  assert.equal(liftFlat(pair.callee, string, flat), "text \u20ac");
});
