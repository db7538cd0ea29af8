/** WAVE: the examples of wasm-wave's README and tests, what is refused and how, and back and forth. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "../testing/properties.ts";
import type { Case, NamedType, ValType } from "../../src/abi/types.ts";
import { parseArguments, parseCall } from "../../src/abi/wave/parse.ts";
import { printValue } from "../../src/abi/wave/print.ts";
import { KEYWORDS, MAX_DEPTH, WaveError } from "../../src/abi/wave/wave.ts";
import { camelCase } from "../../src/abi/names.ts";

const bool: ValType = { kind: "bool" };
const u8: ValType = { kind: "u8" };
const f32: ValType = { kind: "f32" };
const f64: ValType = { kind: "f64" };
const char: ValType = { kind: "char" };
const string: ValType = { kind: "string" };

const list = (element: ValType, length?: number): ValType => ({ kind: "list", element, length });
const option = (some: ValType): ValType => ({ kind: "option", some });
const result = (ok?: ValType, err?: ValType): ValType => ({ kind: "result", ok, err });
const tuple = (...members: ValType[]): ValType => ({ kind: "tuple", members });
const map = (key: ValType, value: ValType): ValType => ({ kind: "map", key, value });
const enumeration = (...names: string[]): ValType => ({ kind: "enum", names });
const flags = (...names: string[]): ValType => ({ kind: "flags", names });
const named = (fields: Record<string, ValType>): NamedType[] =>
  Object.entries(fields).map(([name, type]) => ({ name, type }));
const record = (fields: Record<string, ValType>): ValType => ({ kind: "record", fields: named(fields) });
const variant = (cases: Record<string, ValType | undefined>): ValType => ({
  kind: "variant",
  cases: Object.entries(cases).map(([name, type]) => ({ name, type })),
});

const basic = record({ required: u8, optional: option(u8) });
const optionals = record({ a: option(u8), b: option(u8) });
const keywordFields = record({ true: bool, some: option(u8), ok: result(), inf: f32 });
const hand = enumeration("left", "right");
const keywords = enumeration(...KEYWORDS);
const permissions = flags("read", "write-all", "exec");
const response = variant({ empty: undefined, body: list(u8), err: string });
/** The innermost option is the one that needs no `some`. */
const TWO_OF_THREE = { tag: "some", val: { tag: "some", val: 1 } };
const resource = { name: "output-stream", slot: 0 };

function parse(text: string, type: ValType): unknown {
  return parseArguments(text, [{ name: "x", type }])[0];
}

/** What an error says of `run`. */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof WaveError) return error.message;
    throw error;
  }
  return "accepted";
}

describe("values of", () => {
  /** Text, type, value; then how it is printed, where that is not how it was written. */
  const ACCEPTED: Readonly<Record<string, readonly (readonly [string, ValType, unknown, string?])[]>> = {
    bool: [
      ["true", bool, true],
      [" false // not so", bool, false, "false"],
    ],
    integers: [
      ["123", u8, 123],
      ["-9", { kind: "s8" }, -9],
      ["-0", { kind: "s32" }, 0, "0"],
      ["4294967295", { kind: "u32" }, 4_294_967_295],
      ["-9223372036854775808", { kind: "s64" }, -(2n ** 63n)],
      ["18446744073709551615", { kind: "u64" }, 2n ** 64n - 1n],
    ],
    floats: [
      ["3.14", f64, 3.14],
      ["6.022e+23", f64, 6.022e23, "602200000000000000000000"],
      ["-1.5e-7", f64, -1.5e-7, "-0.00000015"],
      ["1e21", f32, Math.fround(1e21), "1000000000000000000000"],
      ["1.7e-10", f64, 1.7e-10, "0.00000000017"],
      ["nan", f32, Number.NaN],
      ["inf", f64, Number.POSITIVE_INFINITY],
      ["-inf", f32, Number.NEGATIVE_INFINITY],
      ["-0", f64, -0],
      ["0.1", f32, Math.fround(0.1)],
      ["1.00000005960464477539062500001", f32, 1 + 2 ** -23, "1.0000001"],
      ["[1.00000005960464477539062499999]", list(f32), Float32Array.of(1), "[1]"],
      ["3.4028234664e39", f32, Number.POSITIVE_INFINITY, "inf"],
      ["1.4012984643e-45", f32, 2 ** -149, `0.${"0".repeat(44)}1`],
      [
        "[0, 0.0, 0e0, 0.0e0, 0e-1, 0e+1, 0.000e100]",
        list(f32),
        Float32Array.of(0, 0, 0, 0, 0, 0, 0),
        "[0, 0, 0, 0, 0, 0, 0]",
      ],
      ["[-3.25, -100000, -0.0e-0]", list(f64), Float64Array.of(-3.25, -100_000, -0), "[-3.25, -100000, -0]"],
    ],
    chars: [
      ["'x'", char, "x"],
      ["'☃'", char, "☃"],
      [String.raw`'\''`, char, "'"],
      [String.raw`'\u{0}'`, char, "\0"],
      [String.raw`['x', '\u{78}', '\u{000078}']`, list(char), ["x", "x", "x"], "['x', 'x', 'x']"],
      [String.raw`['\\', '\'', '\"', '\t', '\n', '\r']`, list(char), ["\\", "'", '"', "\t", "\n", "\r"]],
      ["['W', '\"', '🌊']", list(char), ["W", '"', "🌊"], String.raw`['W', '\"', '🌊']`],
    ],
    strings: [
      [String.raw`"abc\t123"`, string, "abc\t123"],
      ['"👋 Hello, world! 👋"', string, "👋 Hello, world! 👋"],
      ['""', string, ""],
      [String.raw`"'\'\u{27}"`, string, "'''", String.raw`"\'\'\'"`],
      ['"// no, (comment)"', string, "// no, (comment)"],
    ],
    "strings of several lines": [
      ['"""\n"""', string, "", '""'],
      ['"""\nA single line\n"""', string, "A single line", '"A single line"'],
      [
        '"""\n    Indentation determined\n      by ending delimiter\n  """',
        string,
        "  Indentation determined\n    by ending delimiter",
        String.raw`"  Indentation determined\n    by ending delimiter"`,
      ],
      ['"""\r\n  a\r\n  b\\r\r\n  """', string, "a\nb\r", String.raw`"a\nb\r"`],
      ['"""\n  Break up: ""\\""\n  """', string, 'Break up: """"', String.raw`"Break up: \"\"\"\""`],
      ['"""\n\nKept\n\n"""', string, "\nKept\n", String.raw`"\nKept\n"`],
    ],
    tuples: [
      ['("abc", 123)', tuple(string, u8), ["abc", 123]],
      ["(1,)", tuple(u8), [1], "(1)"],
    ],
    lists: [
      ["[1, 2, 3]", list(u8), Uint8Array.of(1, 2, 3)],
      ["[1, 2, 3,]", list(u8, 3), [1, 2, 3], "[1, 2, 3]"],
      ["[-1]", list({ kind: "s64" }), BigInt64Array.of(-1n)],
      ["[]", list({ kind: "s16" }), new Int16Array()],
      ["[ ]", list(char), [], "[]"],
      ["[[1], []]", list(list(u8)), [Uint8Array.of(1), new Uint8Array()]],
    ],
    records: [
      ['{field-a: 1, field-b: "two"}', record({ "field-a": u8, "field-b": string }), { fieldA: 1, fieldB: "two" }],
      ["{ required: 1, optional: none, }", basic, { required: 1, optional: undefined }, "{required: 1}"],
      ["{optional: 2, %required: 1}", basic, { required: 1, optional: 2 }, "{required: 1, optional: some(2)}"],
      ["{ : }", optionals, { a: undefined, b: undefined }, "{:}"],
      ["{b: some(2)}", optionals, { a: undefined, b: 2 }],
      [
        "{true: true, some: some(1), ok: ok, inf: inf}",
        keywordFields,
        { true: true, some: 1, ok: { tag: "ok", val: undefined }, inf: Number.POSITIVE_INFINITY },
      ],
      [
        "{ // comment\n required: 1, // comment\n optional: some( // comment\n 1 // }\n ), // comment\n } // comment",
        basic,
        { required: 1, optional: 1 },
        "{required: 1, optional: some(1)}",
      ],
    ],
    variants: [
      ["empty", response, { tag: "empty" }],
      ["body([79, 75])", response, { tag: "body", val: Uint8Array.of(79, 75) }],
      ['%err("oops")', response, { tag: "err", val: "oops" }],
      ["%days ( 30 )", variant({ days: u8 }), { tag: "days", val: 30 }, "days(30)"],
    ],
    enums: [
      ["left", hand, "left"],
      ["%left", hand, "left", "left"],
      ...[...KEYWORDS].map((word) => [`%${word}`, keywords, word] as const),
    ],
    options: [
      ["123", option(u8), 123, "some(123)"],
      ["some(123)", option(u8), 123],
      ["none", option(u8), undefined],
      ["%none", option(keywords), "none", "some(%none)"],
      ["none", option(option(u8)), { tag: "none" }],
      ["some(none)", option(option(u8)), { tag: "some", val: undefined }],
      ["some(some(1))", option(option(option(u8))), TWO_OF_THREE, "some(some(some(1)))"],
      ["some(1)", option(option(u8)), { tag: "some", val: 1 }, "some(some(1))"],
      ["some(ok)", option(result()), { tag: "ok", val: undefined }],
    ],
    results: [
      ["123", result(u8), { tag: "ok", val: 123 }, "ok(123)"],
      ["ok(123)", result(u8), { tag: "ok", val: 123 }],
      ["ok", result(undefined, string), { tag: "ok", val: undefined }],
      ['err("oops")', result(undefined, string), { tag: "err", val: "oops" }],
      ["err", result(), { tag: "err", val: undefined }],
      ["ok(none)", result(option(u8)), { tag: "ok", val: undefined }],
    ],
    flags: [
      ["{write-all, read,}", permissions, { read: true, writeAll: true, exec: false }, "{read, write-all}"],
      ["{%exec}", permissions, { read: false, writeAll: false, exec: true }, "{exec}"],
      ["{}", permissions, { read: false, writeAll: false, exec: false }],
    ],
    maps: [
      ['[("a", 1), ("b", 2,)]', map(string, u8), new Map(Object.entries({ a: 1, b: 2 })), '[("a", 1), ("b", 2)]'],
      ["[]", map(string, u8), new Map()],
    ],
  };
  for (const [name, rows] of Object.entries(ACCEPTED)) {
    test(name, () => {
      for (const [text, type, value, printed] of rows) {
        assert.deepEqual(parse(text, type), value, text);
        assert.equal(printValue(value, type), printed ?? text);
      }
    });
  }
});

test("texts that are refused", () => {
  const REFUSED: readonly (readonly [string, ValType, string])[] = [
    ["", u8, "expected u8, got the end"],
    ["256", u8, 'expected u8, got "256"'],
    ["-1", u8, 'expected u8, got "-1"'],
    ["01", u8, 'expected u8, got "01"'],
    ["1.0", u8, 'expected u8, got "1.0"'],
    ["18446744073709551616", { kind: "u64" }, 'expected u64, got "18446744073709551616"'],
    ["-nan", f32, 'expected f32, got "-nan"'],
    ["Infinity", f64, 'expected f64, got "Infinity"'],
    ["\u202e\u2066x", u8, String.raw`expected u8, got "\u{202e}"`],
    ["\u009b\u2028", u8, String.raw`expected u8, got "\u{9b}"`],
    ["3.", f64, 'expected f64, got "3."'],
    ["True", bool, 'expected bool, got "True"'],
    ["''", char, `expected char, got "''"`],
    ["'ab'", char, `expected char, got "'ab'"`],
    ["'\n'", char, String.raw`2: expected a closing ', got "\n"`],
    [String.raw`'\n\n'`, char, String.raw`expected char, got "'\\n\\n'"`],
    [String.raw`'\z'`, char, String.raw`2: expected one of \' \" \\ \t \n \r \u{...}, got "\\z"`],
    [String.raw`'\u{}'`, char, String.raw`2: expected one of \' \" \\ \t \n \r \u{...}, got "\\u{}"`],
    [String.raw`"\u{d800}"`, string, String.raw`2: expected one of \' \" \\ \t \n \r \u{...}, got "\\u{d800}"`],
    [String.raw`"\u{110000}"`, string, String.raw`2: expected one of \' \" \\ \t \n \r \u{...}, got "\\u{110000}"`],
    [String.raw`"\u{1234567}"`, string, String.raw`2: expected one of \' \" \\ \t \n \r \u{...}, got "\\u{1234567}"`],
    ['"\ud800"', string, "expected Unicode, got half of a surrogate pair"],
    ['"abc', string, '5: expected a closing ", got the end'],
    ['"abc\\', string, '6: expected a closing ", got the end'],
    ["abc", string, 'expected string, with its double quotes, got "abc"'],
    ['""""""', string, String.raw`4: expected a line break after """, got "\"\"\""`],
    ['"""\nextra"""', string, '5: expected only spaces before the closing """, got "extra"'],
    ['"""\n a\n  """', string, '5: expected an indentation of 2 spaces or more, got " "'],
    ['"""\n', string, '5: expected a closing """, got the end'],
    ["()", tuple(u8), "expected tuple<u8>, got 0 values"],
    ["(1, 2)", tuple(u8), '5: expected ")", got "2"'],
    ["[,]", list(u8), '2: expected u8, got ","'],
    ["[1,,]", list(u8), '4: expected u8, got ","'],
    ["[1 2]", list(u8), '4: expected "," or "]", got "2"'],
    ["[1)", list(u8), '3: expected "," or "]", got ")"'],
    ["[1]", list(u8, 2), "expected list<u8, 2>, got 1 elements"],
    ["{}", optionals, '2: expected a field, or ":" for none of them, got "}"'],
    ["{optional: 1}", basic, "expected record { required: u8, optional: option<u8> }, got no field required"],
    ["{required: 1, required: 1}", basic, '15: expected each name once, got "required"'],
    ["{Required: 1}", basic, '2: expected a name of record { required: u8, optional: option<u8> }, got "Required"'],
    ["{required: 1,, }", basic, '14: expected a name of record { required: u8, optional: option<u8> }, got ","'],
    ["{required 1}", basic, '11: expected ":", got "1"'],
    ["up", hand, 'expected a name of enum { left, right }, got "up"'],
    ["left(1)", hand, '5: expected "," or the end, got "("'],
    ["ok", keywords, 'expected %ok, since ok alone is a keyword, got "ok"'],
    ["body", response, 'expected "(" and list<u8>, got the end'],
    ["empty()", response, '6: expected "," or the end, got "("'],
    ["some", option(u8), 'expected "(" and u8, got the end'],
    ["some()", option(u8), '6: expected u8, got ")"'],
    ["none()", option(u8), '5: expected "," or the end, got "("'],
    ["ok(1)", option(result(u8)), 'expected option<result<u8>>, got "ok"'],
    ["1", result(), 'expected result, got "1"'],
    ["1", result(option(u8)), 'expected result<option<u8>>, got "1"'],
    ["ok(1)", result(), '3: expected "," or the end, got "("'],
    ["{read, read}", permissions, '8: expected each name once, got "read"'],
    ["{execute}", permissions, '2: expected a name of flags { read, write-all, exec }, got "execute"'],
    ['[("a", 1), ("a", 2)]', map(string, u8), String.raw`13: expected each key once, got "\"a\", 2)]"`],
    ["[1]", map(string, u8), '2: expected a pair of string and u8, got "1"'],
  ];
  for (const [text, type, message] of REFUSED) {
    const got = refusal(() => parse(text, type));
    assert.ok(got.startsWith("parameter x, column ") && got.endsWith(message), `${text}: ${got}`);
  }
});

test("an error has its parts", () => {
  assert.throws(() => parse("[1, 'a']", list(u8)), {
    name: "WaveError",
    message: String.raw`parameter x, column 5: expected u8, got "'a']"`,
    parameter: "x",
    column: 5,
    expected: "u8",
    found: `"'a']"`,
  });
});

test("what has no notation can be neither read nor printed", () => {
  const TYPES: readonly (readonly [ValType, string])[] = [
    [{ kind: "own", resource }, "output-stream"],
    [{ kind: "borrow", resource }, "borrow<output-stream>"],
    [{ kind: "stream", element: u8 }, "stream<u8>"],
    [{ kind: "future", element: undefined }, "future"],
    [{ kind: "error-context" }, "error-context"],
  ];
  for (const [type, name] of TYPES) {
    const message = `expected a type that has a notation, got ${name}: resources, streams, futures and error contexts cannot be written`;
    assert.equal(
      refusal(() => parse("1", type)),
      `parameter x, column 1: ${message}`,
    );
    assert.equal(
      refusal(() => printValue(1, type)),
      message,
    );
    assert.equal(parse("none", option(type)), undefined);
  }
});

test("arguments", () => {
  const params = named({ a: string, b: option(u8), c: option(option(u8)) });
  assert.deepEqual(parseArguments('"(", 1, none', params), ["(", 1, { tag: "none" }]);
  assert.deepEqual(parseArguments('"", 1,', params), ["", 1, { tag: "none" }]);
  assert.deepEqual(parseArguments('""', params), ["", undefined, { tag: "none" }]);
  assert.deepEqual(parseArguments(" // nothing", []), []);
  assert.deepEqual(parseArguments("", named({ a: option(u8) })), [undefined]);

  assert.equal(
    refusal(() => parseArguments("", params)),
    "parameter a, column 1: expected string, with its double quotes, got the end",
  );
  assert.equal(
    refusal(() => parseArguments('"" 1', params)),
    'parameter a, column 4: expected "," or the end, got "1"',
  );
  assert.equal(
    refusal(() => parseArguments("1, 2", named({ a: u8 }))),
    'column 4: expected 1 argument and no more, got "2"',
  );
  assert.equal(
    refusal(() => parseArguments(",", [])),
    'column 1: expected 0 arguments and no more, got ","',
  );
});

test("calls", () => {
  const CALLS: readonly (readonly [string, string, string])[] = [
    ["nullary()", "nullary", ""],
    [" f({x: 7}) ", "f", "{x: 7}"],
    ['ui.string("")', "ui.string", '""'],
    ["ui:tests/ui.nullary()", "ui:tests/ui.nullary", ""],
    ["wasi:cli/run.run@0.2.0()", "wasi:cli/run.run@0.2.0", ""],
    ["wasi:http/handler.handle@0.3.0-rc-2025-09-16(1)", "wasi:http/handler.handle@0.3.0-rc-2025-09-16", "1"],
    [String.raw`GET-2a((")", ')'), "\")") // :)`, "GET-2a", String.raw`(")", ')'), "\")"`],
    ["f(\n // )\n 1)", "f", "\n // )\n 1"],
    ['f("""\n")\n""")', "f", '"""\n")\n"""'],
  ];
  for (const [text, name, args] of CALLS) {
    const before = text.indexOf("(") + 1;
    assert.deepEqual(parseCall(text), { name, args, before });
  }

  const NAME = "expected the name of a function, as in run or wasi:cli/run.run@0.2.0, got";
  const REFUSED: readonly (readonly [string, string])[] = [
    ["f", 'column 2: expected "(" after the name of a function, got the end'],
    ["", 'column 1: expected "(" after the name of a function, got the end'],
    ["(1)", `column 1: ${NAME} ""`],
    ["aB()", `column 1: ${NAME} "aB"`],
    ["2a()", `column 1: ${NAME} "2a"`],
    ["a-()", `column 1: ${NAME} "a-"`],
    ["f@0.1.0()", `column 1: ${NAME} "f@0.1.0"`],
    ["a:b@0.1.0()", `column 1: ${NAME} "a:b@0.1.0"`],
    ["a:b/c@0.1.0/d()", `column 1: ${NAME} "a:b/c@0.1.0/d"`],
    ["f(1", 'column 4: expected ")", got the end'],
    ["f(1))", 'column 5: expected nothing after the call, got ")"'],
    ["f(1) -> 2", 'column 6: expected nothing after the call, got "-"'],
    ["f(')", "column 5: expected a closing ', got the end"],
  ];
  for (const [text, message] of REFUSED) {
    assert.equal(
      refusal(() => parseCall(text)),
      message,
    );
  }
});

test("values that cannot be printed", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const REFUSED: readonly (readonly [unknown, ValType, string])[] = [
    [256, u8, "expected u8, got 256"],
    [1.5, u8, "expected u8, got 1.5"],
    [1n, u8, "expected u8, got 1"],
    [-1n, { kind: "u64" }, "expected u64, got -1"],
    [1, { kind: "u64" }, "expected u64, got 1"],
    ["1", f32, 'expected f32, got "1"'],
    ["ab", char, 'expected char, got "ab"'],
    ["", char, 'expected char, got ""'],
    ["\udc00", char, "expected Unicode, got half of a surrogate pair"],
    ["\ud800", string, "expected Unicode, got half of a surrogate pair"],
    [{}, string, "expected string, got an object"],
    [1, bool, "expected bool, got 1"],
    [cycle, tuple(u8), "expected u8, got an array of 1"],
    [[1], tuple(u8, u8), "expected tuple<u8, u8>, got an array of 1"],
    [Uint16Array.of(1), list(u8), "expected list<u8>, got an object"],
    [[1], list(u8, 2), "expected list<u8, 2>, got an array of 1"],
    [{ optional: 1 }, basic, "expected u8, got undefined"],
    [null, basic, "expected record { required: u8, optional: option<u8> }, got null"],
    ["up", hand, 'expected enum { left, right }, got "up"'],
    [{ tag: "up" }, variant({ a: u8 }), 'expected variant { a(u8) }, got an object with tag "up"'],
    [{ read: 1 }, permissions, "expected flags { read, write-all, exec }, got an object"],
    [{ tag: "maybe" }, result(), 'expected result, got an object with tag "maybe"'],
    [1, option(option(u8)), "expected option<option<u8>>, got 1"],
    [() => {}, option(u8), "expected u8, got a function"],
    [{}, map(string, u8), "expected map<string, u8>, got an object"],
  ];
  for (const [value, type, message] of REFUSED) {
    assert.equal(
      refusal(() => printValue(value, type)),
      message,
    );
  }
});

test("fields with names that all objects have may be missing", () => {
  const type = record({ "to-string": option(u8), constructor: option(u8), "has-own-property": option(u8) });
  assert.equal(printValue({}, type), "{:}");
});

test("what a terminal would not show, or would obey, is escaped", () => {
  assert.equal(
    printValue("\u001b[2J\u202e\u2028\ufeff\u0085", string),
    String.raw`"\u{1b}[2J\u{202e}\u{2028}\u{feff}\u{85}"`,
  );
  // Private, not assigned, a filler, another space, what is set upon the character before it; and a space.
  assert.equal(
    printValue("\ue000\u{e1000}\u3164\u00a0e\u0301 \u00e9", string),
    String.raw`"\u{e000}\u{e1000}\u{3164}\u{a0}e\u{301} é"`,
  );
});

describe("bounds:", () => {
  function nested(levels: number): ValType {
    let type: ValType = u8;
    for (let level = 0; level < levels; level++) type = tuple(type);
    return type;
  }

  test("levels of values", () => {
    const levels = MAX_DEPTH - 1;
    const text = "(".repeat(levels) + 1 + ")".repeat(levels);
    assert.equal(printValue(parse(text, nested(levels)), nested(levels)), text);
    assert.equal(
      refusal(() => parse(`(${text})`, nested(levels + 1))),
      "parameter x, column 101: expected at most 100 levels, got more",
    );
    let value: unknown = 1;
    for (let level = 0; level <= levels; level++) value = [value];
    assert.equal(
      refusal(() => printValue(value, nested(levels + 1))),
      "expected at most 100 levels, got more",
    );
  });

  test("a type that is a tree of millions is not described", () => {
    let type: ValType = u8;
    for (let level = 0; level < 40; level++) type = tuple(type, type);
    assert.equal(
      refusal(() => parse("1", type)),
      'parameter x, column 1: expected tuple, got "1"',
    );
  });

  test("long texts take time in proportion", () => {
    const long = 300_000;
    assert.equal(parseCall(`f(${"(".repeat(long)}${")".repeat(long)})`).name, "f");
    refusal(() => parseCall(`a${"-1".repeat(long)}_()`));
    refusal(() => parse("1".repeat(long), { kind: "u64" }));
    refusal(() => parse("1".repeat(long), f64));
    refusal(() => parse(`[${"[".repeat(long)}`, list(u8)));
    assert.equal(parse(`${" // a\n".repeat(long)}1`, u8), 1);
    assert.equal(parse(`"${"\\n".repeat(long)}"`, string), "\n".repeat(long));
    assert.equal(parse(`"""\n${" a\n".repeat(long)} """`, string), "a\n".repeat(long).trimEnd());
    assert.deepEqual(parse(`[${"1,".repeat(long)}]`, list(u8)), new Uint8Array(long).fill(1));
    assert.deepEqual(
      parse(`[${'"",'.repeat(long)}]`, list(string)),
      Array.from({ length: long }, () => ""),
    );
    const many = Array.from({ length: 10_000 }, (_, index) => `n${index}`);
    assert.deepEqual(parse(`[${many.join(",")}]`, list(enumeration(...many))), many);
  });
});

/** A type, and how to make values of it. */
interface Sample {
  readonly type: ValType;
  readonly values: fc.Arbitrary<unknown>;
}

const label = fc
  .array(fc.oneof(fc.stringMatching(/^[a-z][a-z0-9]{0,3}$/), fc.stringMatching(/^[A-Z][A-Z0-9]{0,3}$/)), {
    minLength: 1,
    maxLength: 3,
  })
  .map((words) => words.join("-"));
const names = fc.uniqueArray(fc.oneof(label, fc.constantFrom(...KEYWORDS)), {
  minLength: 1,
  maxLength: 5,
  selector: camelCase,
});

const INTEGER_BITS = { 8: ["s8", "u8"], 16: ["s16", "u16"], 32: ["s32", "u32"] } as const;
const TYPED_ARRAYS = {
  s8: Int8Array,
  u8: Uint8Array,
  s16: Int16Array,
  u16: Uint16Array,
  s32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;
type NumberKind = keyof typeof TYPED_ARRAYS;

function integerSamples(): [NumberKind, fc.Arbitrary<number>][] {
  return Object.entries(INTEGER_BITS).flatMap(([bits, [signed, unsigned]]): [NumberKind, fc.Arbitrary<number>][] => [
    [signed, fc.integer({ min: -(2 ** (Number(bits) - 1)), max: 2 ** (Number(bits) - 1) - 1 })],
    [unsigned, fc.integer({ min: 0, max: 2 ** Number(bits) - 1 })],
  ]);
}

const numbers: [NumberKind, fc.Arbitrary<number>][] = [...integerSamples(), ["f32", fc.float()], ["f64", fc.double()]];
const u64s = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const s64s = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const text = fc.string({ unit: "binary" });

const leaves: readonly Sample[] = [
  ...numbers.map(([kind, values]) => ({ type: { kind }, values })),
  ...numbers.map(([kind, values]) => ({
    type: list({ kind }),
    values: fc.array(values).map((items) => TYPED_ARRAYS[kind].from(items)),
  })),
  { type: { kind: "u64" }, values: u64s },
  { type: { kind: "s64" }, values: s64s },
  { type: list({ kind: "u64" }), values: fc.array(u64s).map((items) => BigUint64Array.from(items)) },
  { type: list({ kind: "s64" }), values: fc.array(s64s).map((items) => BigInt64Array.from(items)) },
  { type: bool, values: fc.boolean() },
  { type: char, values: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }) },
  { type: string, values: text },
  { type: result(), values: fc.constantFrom("ok", "err").map((tag) => ({ tag, val: undefined })) },
];

function optionOf({ type, values }: Sample): Sample {
  const some = type.kind === "option" ? values.map((val) => ({ tag: "some", val })) : values;
  return {
    type: option(type),
    values: fc.oneof(some, fc.constant(type.kind === "option" ? { tag: "none" } : undefined)),
  };
}

function recordOf(fields: readonly string[], samples: readonly Sample[]): Sample {
  const used = fields.slice(0, samples.length);
  const types = samples.slice(0, used.length);
  return {
    type: { kind: "record", fields: used.map((name, index) => ({ name, type: types[index]?.type ?? u8 })) },
    values: fc
      .tuple(...types.map(({ values }) => values))
      .map((members) => Object.fromEntries(used.map((name, index) => [camelCase(name), members[index]]))),
  };
}

/** The last case carries nothing. */
function variantOf(tags: readonly string[], samples: readonly Sample[]): Sample {
  const cases: Case[] = tags.map((name, index) => ({
    name,
    type: index === tags.length - 1 ? undefined : samples[index % samples.length]?.type,
  }));
  const values = tags.map((tag, index) => {
    const sample = index === tags.length - 1 ? undefined : samples[index % samples.length];
    return sample ? sample.values.map((val) => ({ tag, val })) : fc.constant({ tag });
  });
  return { type: { kind: "variant", cases }, values: fc.oneof(...values) };
}

function listOf({ type, values }: Sample, length: number | undefined): Sample {
  // The lists of numbers are among the leaves, but for those of fixed length.
  if (length === undefined && /^(?:[suf]\d+)$/.test(type.kind)) return listOf({ type, values }, 2);
  const bounds = length === undefined ? { maxLength: 4 } : { minLength: length, maxLength: length };
  return { type: list(type, length), values: fc.array(values, bounds) };
}

function resultOf(ok: Sample, err: Sample): Sample {
  return {
    type: result(ok.type, err.type),
    values: fc.oneof(
      ok.values.map((val) => ({ tag: "ok", val })),
      err.values.map((val) => ({ tag: "err", val })),
    ),
  };
}

const samples: fc.Arbitrary<Sample> = fc.letrec<{ sample: Sample }>((tie) => {
  const sample = tie("sample");
  const several = fc.array(sample, { minLength: 1, maxLength: 4 });
  return {
    sample: fc.oneof(
      { depthSize: "medium", withCrossShrink: true },
      fc.constantFrom(...leaves),
      sample.map(optionOf),
      sample.map(optionOf).map(optionOf),
      fc.tuple(names, several).map(([fields, members]) => recordOf(fields, members)),
      fc.tuple(names, several).map(([tags, members]) => variantOf(tags, members)),
      fc.tuple(sample, fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined })).map(([of, n]) => listOf(of, n)),
      fc.tuple(sample, sample).map(([ok, err]) => resultOf(ok, err)),
      several.map((members) => ({
        type: tuple(...members.map(({ type }) => type)),
        values: fc.tuple(...members.map(({ values }) => values)),
      })),
      sample.map(({ type, values }) => ({
        type: map(string, type),
        values: fc.array(fc.tuple(text, values), { maxLength: 4 }).map((pairs) => new Map(pairs)),
      })),
      names.map((cases) => ({ type: enumeration(...cases), values: fc.constantFrom(...cases) })),
      names.map((all) => ({
        type: flags(...all),
        values: fc.record(Object.fromEntries(all.map((name) => [camelCase(name), fc.boolean()])), {
          noNullPrototype: true,
        }),
      })),
    ),
  };
}).sample;

const typed = samples.chain(({ type, values }) => values.map((value) => ({ type, value })));

test("what is printed is read as the same value", () => {
  fc.assert(
    fc.property(typed, ({ type, value }) => {
      const printed = printValue(value, type);
      assert.deepEqual(parse(printed, type), value, printed);
      assert.deepEqual(parseCall(`f(${printed})`), { name: "f", args: printed, before: 2 });
    }),
    { numRuns: 1000 },
  );
});

test("of any text there is a value or a WaveError", () => {
  const WORDS = ["(", ")", "[", "]", "{", "}", ":", ",", '"', "'", '"""', "\n", " ", "\\", "\\u{", "%", "-", "//", "1"];
  const texts = fc.array(fc.oneof(fc.constantFrom(...WORDS, ...KEYWORDS), text), { maxLength: 12 });
  fc.assert(
    fc.property(typed, texts, fc.nat(), ({ type, value }, words, cut) => {
      const printed = printValue(value, type);
      const at = cut % (printed.length + 1);
      const broken = printed.slice(0, at) + words.join("") + printed.slice(at + (cut % 3));
      refusal(() => parse(broken, type));
      refusal(() => parseCall(broken));
    }),
    { numRuns: 1000 },
  );
});
