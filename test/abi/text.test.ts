/** Text in the three encodings, held against what the reference does (model.ts). */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { storeText } from "../../src/abi/text.ts";
import { MAX_LIST_BYTES, type StringEncoding } from "../../src/abi/types.ts";
import { Trap } from "../../src/io/trap.ts";
import { encodeText } from "./model.ts";
import { newGuest, type Both } from "./support.ts";
import { encoding, text } from "./types.ts";

const ENCODINGS = ["utf8", "utf16", "latin1+utf16"] as const satisfies readonly StringEncoding[];
const TAG = 2 ** 31;

const TEXTS = [
  "",
  "a",
  "zwölf",
  "\0",
  "\u007f\u0080\u009f\u00a0\u00ff",
  "\u00ff\u0100",
  "\uFEFFfirst",
  "in the\uFEFFmiddle",
  "\uFEFF",
  "\uFFFE",
  "\u{1f600}",
  "a\u{10ffff}b",
  "\ud7ff\ue000\uffff",
  "x".repeat(20_000),
  "\u00e9".repeat(20_000),
  "\u20ac".repeat(20_000),
];

/** Stores what a guest has been given where nobody else has been. */
function put({ peer }: Both, bytes: Uint8Array | readonly number[], align = 2): number {
  const at = peer.allocate(align, bytes.length);
  peer.bytes().set(bytes, at);
  return at;
}

function assertBothWays(name: StringEncoding, value: string): void {
  const both = newGuest(name);
  const { bytes, length } = encodeText(name, value);
  assert.equal(both.guest.text(put(both, bytes), length), value);
  const { pointer, units } = both.guest.newText(value);
  assert.equal(units, length);
  assert.deepEqual(both.peer.bytes().slice(pointer, pointer + bytes.length), bytes);
  // In one piece of just the right size.
  assert.deepEqual(both.peer.calls, [[0, 0, name === "utf8" ? 1 : 2, bytes.length]]);
}

for (const name of ENCODINGS) {
  test(`${name}: text is read as it was written, and written as the reference does`, () => {
    for (const value of TEXTS) assertBothWays(name, value);
  });
}

test("text about as long as what is encoded in one place, of units that take 1 to 3 bytes, half a pair at its end", () => {
  for (const length of [32, 33, 65_535, 65_536, 65_537]) {
    for (const unit of ["x", "\u00e9", "\u20ac", "\u{1f600}"]) {
      for (const end of ["", "\ud83d"]) {
        const value = unit.repeat(length / unit.length).slice(end.length) + end;
        const both = newGuest("utf8");
        const { pointer, units } = both.guest.newText(value);
        const bytes = new TextEncoder().encode(value);
        assert.equal(units, bytes.length);
        assert.ok(
          Buffer.from(both.peer.bytes())
            .subarray(pointer, pointer + units)
            .equals(bytes),
          `${length} ${unit} ${end}`,
        );
      }
    }
  }
});

test("a guest's allocator that has other text encoded meanwhile, or fails, harms no text", () => {
  const [outer, inner] = ["\u00e9".repeat(100), "\u20ac".repeat(200)];
  const second = newGuest("utf8");
  const first = newGuest("utf8");
  const guest: Parameters<typeof storeText>[0] = {
    encoding: "utf8",
    memory: first.guest.memory,
    bytes: (pointer, length) => first.guest.bytes(pointer, length),
    allocate(size, align) {
      assert.equal(second.guest.newText(inner).units, 600);
      return first.guest.allocate(size, align);
    },
  };
  for (let count = 0; count < 2; count++) {
    const { pointer, units } = storeText(guest, outer);
    assert.equal(Buffer.from(first.guest.bytes(pointer, units)).toString(), outer);
    const failing = { ...guest, allocate: () => assert.fail("on purpose") };
    assert.throws(() => storeText(failing, outer), /on purpose/);
  }
});

test("any text, in any encoding", () => {
  fc.assert(
    fc.property(text, encoding, (value, name) => assertBothWays(name, value)),
    { numRuns: 500 },
  );
});

test("what is no Unicode is written with U+FFFD in its place", () => {
  for (const name of ENCODINGS) {
    for (const [value, expected] of [
      ["\ud800", "\ufffd"],
      ["\udc00a", "\ufffda"],
      ["é\ud83d", "é\ufffd"],
      ["\ud83d\ud83d\ude00", "\ufffd\u{1f600}"],
    ] as const) {
      const { guest } = newGuest(name);
      const { pointer, units } = guest.newText(value);
      assert.equal(guest.text(pointer, units), expected, name);
    }
  }
});

test("1.1 half of a surrogate pair is no UTF-16", () => {
  for (const name of ["utf16", "latin1+utf16"] as const) {
    const both = newGuest(name);
    for (const units of [[0xd800], [0xdc00], [0xd83d, 0x61], [0xde00, 0xd83d]]) {
      const at = put(both, new Uint8Array(Uint16Array.from(units).buffer));
      const tagged = units.length + (name === "utf16" ? 0 : TAG);
      assert.throws(() => both.guest.text(at, tagged), /^Trap: .*a string of \d bytes is not valid UTF-16/);
    }
  }
});

test("1.1 what is no UTF-8", () => {
  const both = newGuest();
  for (const bytes of [
    [0xff],
    [0x80],
    [0xc3],
    [0xc0, 0x80],
    [0xe2, 0x82],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0x61, 0xf8, 0x88, 0x80, 0x80, 0x80],
  ]) {
    assert.throws(() => both.guest.text(put(both, bytes), bytes.length), /^Trap: .*is not valid UTF-8/, String(bytes));
  }
});

test("latin1 is not windows-1252: each byte is the code point of its number", () => {
  const both = newGuest("latin1+utf16");
  const all = new Uint8Array(256).map((_, index) => index);
  const value = both.guest.text(put(both, all), 256);
  assert.deepEqual(
    Array.from(value, (character) => character.charCodeAt(0)),
    [...all],
  );
});

test("the tag of a length says which of two encodings it is, where there are two", () => {
  const bytes = [0x61, 0x62, 0x63, 0x64];
  const read = (name: StringEncoding, tagged: number): string => {
    const both = newGuest(name);
    return both.guest.text(put(both, bytes), tagged);
  };
  assert.equal(read("latin1+utf16", 4), "abcd");
  assert.equal(read("latin1+utf16", TAG + 2), "\u6261\u6463");
  assert.equal(read("latin1+utf16", (TAG + 2) | 0), "\u6261\u6463");
  assert.equal(read("latin1+utf16", TAG), "");
  assert.equal(read("utf16", 2), "\u6261\u6463");
  for (const name of ["utf8", "utf16"] as const) assert.throws(() => read(name, TAG + 2), /the canonical ABI allows/);
});

test("1.1 text of 16 bits, and what may be that, is aligned even if it is empty", () => {
  for (const [name, tagged] of [
    ["utf16", 1],
    ["utf16", 0],
    ["latin1+utf16", 1],
    ["latin1+utf16", 0],
    ["latin1+utf16", TAG + 1],
    ["latin1+utf16", TAG],
  ] as const) {
    const { guest } = newGuest(name);
    assert.throws(() => guest.text(65, tagged), /^Trap: .*text at 65 is not aligned to 2 bytes/, `${name} ${tagged}`);
  }
  assert.equal(newGuest("utf8").guest.text(65, 0), "");
});

test("1.1 text outside the memory traps, and so does a pointer of an empty one", () => {
  for (const name of ENCODINGS) {
    const { guest } = newGuest(name);
    assert.equal(guest.text(65_536, 0), "");
    for (const [pointer, units] of [
      [65_536, 1],
      [65_534, 3],
      [65_538, 0],
      [-2, 0],
      [-2, 2],
    ] as const) {
      assert.throws(() => guest.text(pointer, units), /^Trap: .*are outside the guest's memory/, `${name} ${pointer}`);
    }
  }
});

test("1.1 text that is longer than the canonical ABI allows traps, wherever it is", () => {
  for (const [name, units] of [
    ["utf8", MAX_LIST_BYTES + 1],
    ["utf8", -1],
    ["utf16", (MAX_LIST_BYTES + 1) / 2],
    ["utf16", -1],
    ["latin1+utf16", MAX_LIST_BYTES + 1],
    ["latin1+utf16", TAG - 1],
    ["latin1+utf16", TAG + (MAX_LIST_BYTES + 1) / 2],
    ["latin1+utf16", -1],
  ] as const) {
    const { guest } = newGuest(name);
    const isTrap = (error: unknown): boolean => error instanceof Trap && /canonical ABI allows/.test(error.message);
    assert.throws(() => guest.text(0, units), isTrap, `${name} ${units}`);
  }
});

test("text that is longer than the canonical ABI allows is refused before the guest allocates", () => {
  for (const [name, length] of [
    ["utf8", MAX_LIST_BYTES + 1],
    ["utf16", (MAX_LIST_BYTES + 1) / 2],
  ] as const) {
    const { guest, peer } = newGuest(name);
    const long = "x".repeat(length);
    assert.throws(() => guest.newText(long), /^RangeError: A string of 268435456 bytes: the canonical ABI allows/);
    assert.deepEqual(peer.calls, []);
  }
});

test("1.1 what the guest's allocator gives is checked", () => {
  for (const [name, value, pointer, message] of [
    ["utf8", "abc", 65_534, /3 bytes at 65534 are outside/],
    ["utf8", "abc", -1, /outside/],
    ["utf16", "abc", 101, /pointer 101 is not aligned to 2 bytes/],
    ["utf16", "abc", 65_532, /6 bytes at 65532 are outside/],
    ["latin1+utf16", "abc", 101, /pointer 101 is not aligned to 2 bytes/],
    ["latin1+utf16", "\u0100", 65_535, /outside/],
  ] as const) {
    const { guest, peer } = newGuest(name);
    peer.forced = pointer;
    assert.throws(
      () => guest.newText(value),
      (error) => error instanceof Trap && message.test(error.message),
    );
  }
});
