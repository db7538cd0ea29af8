import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { isExternName, isLabel, uniqueForm } from "../../src/abi/name-rules.ts";
import { camelCase, camelCaseAll, pascalCase, splitVersion } from "../../src/abi/names.ts";
import { compatibleVersion } from "../../src/abi/compatible-version.ts";
import { memberOf } from "../../src/abi/members.ts";

const LABELS = [
  ..."a A a1 A1 a-b a-B A-b ab-cd-EF a-1 a-1b a-1B a-1-2 HTTP HTTP2-server make-4D-cube make-9000-cubes x-y1z".split(
    " ",
  ),
  "a".repeat(100_000),
  "a" + "-b".repeat(50_000),
];

const NO_LABELS = [
  ...["", "-", "-a", "a-", "a--b", "1", "1a", "aB", "Ab", "a-bC", "a-1bC", "a-1Bc", "A-1bC", "AB-cD", "a_b", "a b"],
  ...["a.b", "a\n", "\na", "é", "a-é", "ａ", "a/b", "a:b", "[method]a.b", "a@1", "a-1_"],
];

test("labels are words with hyphens between them, each of one case, the first with a letter first", () => {
  for (const name of LABELS) assert.ok(isLabel(name), name.slice(0, 40));
  for (const name of NO_LABELS) assert.ok(!isLabel(name), name);
});

test("imports and exports have plain names, names of interfaces, and names of what there is to fetch", () => {
  for (const name of [
    ...LABELS,
    ..."[constructor]a [constructor]a-b [method]a.b [method]a-b.c-D [static]A.b".split(" "),
    ..."a:b/c a-1:b-2c/C-3 a:b/c@1.2.3 wasi:io/streams@0.2.12 a:b/c@1.0.0-rc.1+build.5 a:b/c@0.0.0 a:b/c@10.20.30+b a:b/c@1 a:b/c@0.2 a:b/c@0.0.5".split(
      " ",
    ),
    ...["url=<https://example.org/a.wasm>", "url=<>", "integrity=<sha256-abc>"],
    "locked-dep=<a:b@1.0.0>,integrity=<sha256-abc>",
    ...["unlocked-dep=<a:b>", "unlocked-dep=<a:b@*>", "unlocked-dep=<a:b@{>=1.0.0 <2.0.0}>"],
  ]) {
    assert.ok(isExternName(name), name.slice(0, 40));
  }
  for (const name of [
    ...NO_LABELS.filter((each) => each !== "[method]a.b"),
    ..."[constructor] [constructor]a.b [method]a [method]a. [method].a [method]a.b.c [static]a [other]a.b".split(" "),
    ..."[method]a.bC [async]a a:b a:b/ :b/c a:/c a:b/c@ a:b/c@1@2 a:b/cD A:b/c a/b a@1.0.0 a:b@1.0.0 a:b/c/d".split(
      " ",
    ),
    ..."a:b/c@0 a:b/c@0.0 a:b/c@1.2 a:b/c@01.2.3 a:b/c@1.0.0- a:b/c@1.0.0-01 a:b/c@1.0.0+ a:b/c@latest".split(" "),
    ..."a:b/c@1.2. a:b/c@1..3 a:b/c@.2.3 a:b/c@1.2.3.4 a:b/c@1.2.3a a:b/c@1.02.3 a:b/c@1.2.00 a:b/c@1-2-3".split(" "),
    ..."unlocked-dep=<a:b@>1> unlocked-dep=<a:b@{>=1.0.0> unlocked-dep=<{}{}> unlocked-dep=<a>,integrity=<b>".split(
      " ",
    ),
    ..."url=a url=<a<> other=<a> url=<a>,url=<b> url=<a>> url=<a>,integrity=<b>,integrity=<c>".split(" "),
  ]) {
    assert.ok(!isExternName(name), name);
  }
});

test("no name takes long to refuse", () => {
  // Each would take for ever if there were two ways to match what is repeated.
  for (const part of [
    "-1",
    "-a",
    "-A",
    "-1a",
    "a",
    "1",
    "-11",
    ":a",
    "/a",
    "a:",
    "a/",
    "-",
    ".a",
    "<",
    "=<>",
    "@1",
    "1.",
  ]) {
    for (const start of ["a", "a-", "a:b", "a:b/c", "a:b/c@", "[method]a", "[method]a.b", "[constructor]a", "url=<"]) {
      for (const count of [50, 20_000]) {
        const name = `${start}${part.repeat(count)}!`;
        assert.ok(!isLabel(name));
        assert.ok(!isExternName(name));
      }
    }
  }
  assert.equal(isLabel("a" + "-1".repeat(50) + "!"), false);
});

const word = fc.oneof(
  fc.stringMatching(/^[0-9]{0,3}[a-z][a-z0-9]{0,5}$/),
  fc.stringMatching(/^[0-9]{0,3}[A-Z][A-Z0-9]{0,5}$/),
);
const label = fc
  .tuple(
    fc.stringMatching(/^(?:[a-z][a-z0-9]{0,5}|[A-Z][A-Z0-9]{0,5})$/),
    fc.array(fc.oneof(word, fc.stringMatching(/^[0-9]{1,3}$/)), { maxLength: 4 }),
  )
  .map(([first, rest]) => [first, ...rest].join("-"));

test("every text is a label if it is made like one, and only then", () => {
  fc.assert(fc.property(label, (name) => assert.ok(isLabel(name))));
  const pieces = fc.array(fc.constantFrom("a", "B", "1", "-", "ab", "AB", "!"), { maxLength: 8 });
  fc.assert(
    fc.property(pieces, (parts) => {
      const name = parts.join("");
      const words = name.split("-");
      const expected = words.every((each, at) =>
        at === 0 ? /^(?:[a-z][a-z0-9]*|[A-Z][A-Z0-9]*)$/.test(each) : /^(?:[a-z0-9]+|[A-Z0-9]+)$/.test(each),
      );
      assert.equal(isLabel(name), expected, name);
    }),
    { numRuns: 2000 },
  );
});

/** As heck's `ToLowerCamelCase`: words as they are split at hyphens, all small, and each but the first with a capital. */
function heck(name: string): string {
  return name
    .split("-")
    .map((each) => each.toLowerCase())
    .map((each, at) => (at === 0 ? each : each.slice(0, 1).toUpperCase() + each.slice(1)))
    .join("");
}

test("names in JavaScript are as heck's lower camel case has them", () => {
  for (const [name, camel, pascal] of [
    ["output-stream", "outputStream", "OutputStream"],
    ["a", "a", "A"],
    ["to-debug-string", "toDebugString", "ToDebugString"],
    ["HTTP", "http", "Http"],
    ["HTTP-server", "httpServer", "HttpServer"],
    ["make-HTTP2-call", "makeHttp2Call", "MakeHttp2Call"],
    ["get-random-u64", "getRandomU64", "GetRandomU64"],
    ["a-3d", "a3d", "A3d"],
    ["a-3D-b", "a3dB", "A3dB"],
    ["a-1-2", "a12", "A12"],
  ] as const) {
    assert.equal(camelCase(name), camel);
    assert.equal(pascalCase(name), pascal);
  }
  fc.assert(fc.property(label, (name) => assert.equal(camelCase(name), heck(name))));
});

test("of names that are the same in camel case one at most is that", () => {
  for (const [names, expected] of [
    [
      ["a-b", "c"],
      ["aB", "c"],
    ],
    [
      ["a-1", "a1"],
      ["a-1", "a1"],
    ],
    [
      ["a1", "a-1"],
      ["a1", "a-1"],
    ],
    [
      ["a-b-1", "a-b1"],
      ["aB1", "a-b1"],
    ],
    [
      ["a-1-2", "a-12", "a12"],
      ["a-1-2", "a-12", "a12"],
    ],
    [[], []],
  ] as const) {
    assert.deepEqual(camelCaseAll(names), expected);
  }
  const some = fc.uniqueArray(fc.oneof(label, fc.stringMatching(/^a(?:-?[12]){0,4}$/)), {
    maxLength: 8,
    selector: (name) => name.toLowerCase(),
  });
  fc.assert(
    fc.property(some, (names) => {
      const made = camelCaseAll(names);
      assert.equal(new Set(made).size, names.length, made.join());
      for (const [at, name] of names.entries()) assert.ok([name, camelCase(name)].includes(made[at] ?? ""));
    }),
    { numRuns: 1000 },
  );
});

test("names are not unique if some cannot tell them apart", () => {
  for (const [one, other] of [
    ["foo", "FOO"],
    ["foo-bar", "foo-BAR"],
    ["[constructor]foo", "[constructor]FOO"],
    ["[method]foo.bar", "[static]foo.bar"],
    ["[method]foo.bar", "[method]foo.BAR"],
    ["foo", "[method]foo.foo"],
    ["foo", "[static]foo.foo"],
    ["[method]foo.foo", "[static]FOO.foo"],
  ] as const) {
    assert.equal(uniqueForm(one), uniqueForm(other), `${one} ${other}`);
  }
  const unique = ["foo", "bar", "[constructor]foo", "[method]foo.bar", "[method]foo.baz", "[static]fo.obar", "a:b/foo"];
  assert.equal(new Set(unique.map(uniqueForm)).size, unique.length);
});

test("members of resources", () => {
  assert.deepEqual(memberOf("[method]a-b.c-d"), { form: "method", resource: "a-b", name: "c-d" });
  assert.deepEqual(memberOf("[static]a.b"), { form: "static", resource: "a", name: "b" });
  assert.deepEqual(memberOf("[constructor]a"), { form: "constructor", resource: "a", name: "" });
  for (const name of ["a", "a.b", "[resource-drop]a", "wasi:io/poll"]) assert.equal(memberOf(name), undefined);
});

test("versions are compatible by the rules of semver", () => {
  assert.deepEqual(splitVersion("wasi:io/streams@0.2.3"), ["wasi:io/streams", "0.2.3"]);
  assert.deepEqual(splitVersion("wasi:io/streams"), ["wasi:io/streams", ""]);
  for (const [version, common] of [
    ["1.2.3", "1"],
    ["10.2.3", "10"],
    ["0.2.12", "0.2"],
    ["0.20.1", "0.20"],
    ["0.0.5", "0.0.5"],
    ["1.0.0-rc.1", "1.0.0-rc.1"],
    ["0.2.0-rc-2023-11-10", "0.2.0-rc-2023-11-10"],
    ["1.2.3+build-5", "1"],
    ["0.2.3+build", "0.2"],
    ["", ""],
    ["latest", "latest"],
  ] as const) {
    assert.equal(compatibleVersion(version), common, version);
  }
});
