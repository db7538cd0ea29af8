import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "../testing/properties.ts";

import type { StringEncoding, ValType } from "../../src/abi/types.ts";
import { funcType, Pair, Trapped } from "./fusing.ts";
import { encodeText, isLatin1, type Peer } from "./model.ts";

const ENCODINGS: readonly StringEncoding[] = ["utf8", "utf16", "latin1+utf16"];
const string: ValType = { kind: "string" };

const TEXTS: Readonly<Record<string, string>> = {
  empty: "",
  ASCII: "twenty bytes of text",
  Latin1: "h\u00e9llo w\u00f6rld \u00ff",
  "only Latin1": "\u00e9\u00ff\u0080",
  "a byte order mark first": "\ufefftext",
  euro: "abc \u20ac",
  astral: "a \u{1f370} \u{10ffff}\u{10000}",
  "the edges of surrogates": "\ud7ff\ue000\uffff",
  zero: "a\u0000b",
  "ASCII, 100,000 long": "x".repeat(100_000),
  "Latin1 at the end of 100,000": `${"x".repeat(99_999)}\u00e9`,
  "100,000 of all kinds": "a\u00e9\u20ac\u{1f370}".repeat(20_000),
};

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 70 }),
  fc.string({ unit: fc.constantFrom("a", "\u007f", "\u0080", "\u00ff"), maxLength: 70 }),
  fc.string({ maxLength: 70 }),
);

interface Step {
  readonly align: number;
  readonly before: number;
  readonly bytes: number;
}

/** The calls of realloc that `store_string_into_range` makes for a text. */
function stepsOf(from: StringEncoding, to: StringEncoding, text: string): Step[] {
  const { bytes: source, length } = encodeText(from, text);
  const tagged = from === "latin1+utf16" && length >= 2 ** 31;
  const units = length % 2 ** 31;
  const simple = from === "latin1+utf16" ? (tagged ? "utf16" : "latin1") : from;
  const grow = (align: number, ...sizes: readonly number[]): Step[] =>
    sizes.map((bytes, index) => ({ align, before: sizes[index - 1] ?? 0, bytes }));
  const unlessSame = (worst: number, exact: number): number[] => (worst === exact ? [worst] : [worst, exact]);
  const utf8 = new TextEncoder().encode(text).length;
  const utf16 = 2 * text.length;
  if (to === "utf8") {
    if (simple === "utf8" || utf8 === text.length) return grow(1, units);
    return grow(1, units, ...unlessSame(units * (simple === "latin1" ? 2 : 3), utf8));
  }
  if (to === "utf16") return simple === "utf8" ? grow(2, ...unlessSame(2 * units, utf16)) : grow(2, 2 * units);
  if (tagged) {
    return isLatin1(text)
      ? [...grow(2, source.length), { align: 1, before: source.length, bytes: units }]
      : grow(2, source.length);
  }
  if (simple === "latin1") return grow(2, units);
  return isLatin1(text) ? grow(2, ...unlessSame(units, text.length)) : grow(2, units, ...unlessSame(2 * units, utf16));
}

function checkSteps(peer: Peer, from: StringEncoding, text: string): void {
  const steps = peer.calls.map(([, before, align, bytes]): Step => ({ align, before, bytes }));
  assert.deepEqual(steps, stepsOf(from, peer.encoding, text));
  for (const [index, [old]] of peer.calls.entries()) assert.equal(old === 0, index === 0);
}

function pass(from: StringEncoding, to: StringEncoding, text: string): void {
  const params = new Pair(from, to);
  assert.ok(params.call(funcType([string]), [text]).params[0] === text);
  checkSteps(params.callee, from, text);
  const result = new Pair(to, from);
  assert.ok(result.call(funcType([], string), [], text).result === text);
  checkSteps(result.caller, from, text);
}

for (const from of ENCODINGS) {
  for (const to of ENCODINGS) {
    for (const [name, text] of Object.entries(TEXTS)) test(`${from} to ${to}: ${name}`, () => pass(from, to, text));

    test(`${from} to ${to}: any text`, () => {
      fc.assert(
        fc.property(anyText, (text) => pass(from, to, text)),
        { numRuns: 30 },
      );
    });

    test(`${from} to ${to}: one character at every place`, () => {
      for (const character of ["b", "\u00e9", "\u20ac", "\u{1f370}"]) {
        for (let before = 0; before < 67; before += from === to ? 3 : 11) {
          pass(from, to, `${"a".repeat(before)}${character}${"a".repeat(66 - before)}`);
        }
      }
    });
  }
}

/** Passes bytes as text, and gives what the callee sees: a pointer and a length. */
function send(pair: Pair, bytes: readonly number[], length: number): void {
  pair.caller.bytes().set(bytes, 64);
  pair.link(funcType([string]), () => undefined)(64, length);
}

const BAD_UTF8: Readonly<Record<string, readonly number[]>> = {
  "a continuation alone": [0x80],
  "cut off": [0x61, 0xe2, 0x82],
  "cut off by another": [0xe2, 0x82, 0x61],
  "longer than needed, 2": [0xc0, 0x80],
  "longer than needed, 3": [0xe0, 0x9f, 0xbf],
  "longer than needed, 4": [0xf0, 0x8f, 0xbf, 0xbf],
  "a surrogate": [0xed, 0xa0, 0x80],
  "too high": [0xf4, 0x90, 0x80, 0x80],
  "no such byte": [0xff],
};

const BAD_UTF16: Readonly<Record<string, readonly number[]>> = {
  "the second half alone": [0xdc00],
  "the first half at the end": [0x61, 0xd800],
  "the first half before another character": [0xd83c, 0x61],
  "two first halves": [0xd83c, 0xd83c],
  "the wrong order": [0xdf70, 0xd83c],
};

for (const to of ENCODINGS) {
  for (const [name, bytes] of Object.entries(BAD_UTF8)) {
    test(`utf8 to ${to} traps: ${name}`, () => {
      for (const before of [0, 7, 40]) {
        for (const after of [[], [0x61, 0x61, 0x61]]) {
          // What follows in memory would complete it.
          const text = [...Array<number>(before).fill(0x61), ...bytes, ...after];
          const pair = new Pair("utf8", to);
          assert.throws(() => send(pair, [...text, 0x80, 0x80], text.length), isTrap("invalid utf-8"));
        }
      }
    });
  }
  for (const [name, units] of Object.entries(BAD_UTF16)) {
    test(`utf16 to ${to} traps: ${name}`, () => {
      for (const before of [0, 3, 40]) {
        const text = [...Array<number>(before).fill(0x61), ...units];
        const bytes = [...text, 0xdf70].flatMap((unit) => [unit & 0xff, unit >> 8]);
        assert.throws(() => send(new Pair("utf16", to), bytes, text.length), isTrap("invalid utf-16"));
        const tagged = new Pair("latin1+utf16", to);
        assert.throws(() => send(tagged, bytes, text.length + 2 ** 31), isTrap("invalid utf-16"));
      }
    });
  }
}

function isTrap(words: string): (error: unknown) => boolean {
  return (error) => error instanceof Trapped && error.message === words;
}

test("Latin1 that came as UTF-16 may be put at any place in the end", () => {
  const pair = new Pair("latin1+utf16");
  let calls = 0;
  pair.callee.realloc = () => (calls++ === 0 ? 64 : 101);
  const seen: unknown[] = [];
  pair.caller.bytes().set([0x61, 0, 0xe9, 0], 64);
  pair.link(funcType([string]), (...flat) => void seen.push(...flat))(64, 2 + 2 ** 31);
  assert.deepEqual(seen, [101, 2]);
});
