/** What values take is counted with all that they are made of: none is cheap because of how it is wrapped. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValType } from "../../src/abi/types.ts";
import { DEFAULT_LIMITS } from "../../src/io/limits.ts";
import { weightOf } from "../../src/abi/weight.ts";

const TEXT: ValType = { kind: "string" };
const COUNT = 1000;
const many = <T>(one: T): T[] => Array.from({ length: COUNT }, () => one);

const HOLDING_MANY: readonly [name: string, type: ValType][] = [
  ["a tuple", { kind: "tuple", members: many(TEXT) }],
  ["a record", { kind: "record", fields: many(TEXT).map((type, index) => ({ name: `f${index}`, type })) }],
  ["a list of a fixed length", { kind: "list", element: TEXT, length: COUNT }],
];

for (const [name, type] of HOLDING_MANY) {
  test(`${name} takes what all of its members take`, () => {
    assert.ok(weightOf(type) >= COUNT * weightOf(TEXT));
  });
}

const HEAVY = HOLDING_MANY[0]?.[1] ?? TEXT;
const HOLDING_ONE: readonly [name: string, type: ValType][] = [
  ["an option", { kind: "option", some: HEAVY }],
  ["a result", { kind: "result", ok: undefined, err: HEAVY }],
  ["a result", { kind: "result", ok: HEAVY, err: undefined }],
  [
    "a variant",
    {
      kind: "variant",
      cases: [
        { name: "a", type: undefined },
        { name: "b", type: HEAVY },
        { name: "c", type: TEXT },
      ],
    },
  ],
];

for (const [name, type] of HOLDING_ONE) {
  test(`${name} takes what its largest case takes: ${type.kind === "result" && type.ok ? "ok" : "the other"}`, () => {
    assert.ok(weightOf(type) > weightOf(HEAVY));
  });
}

test("what is used twice on each level is weighed once", () => {
  let type: ValType = TEXT;
  for (let depth = 0; depth < 60; depth++) type = { kind: "tuple", members: [type, type] };
  assert.ok(weightOf(type) >= 2 ** 60);
});

const field = (type: ValType) => ({ name: "a", type });
const MOST: readonly (readonly [name: string, type: ValType, most: number])[] = [
  ["texts", TEXT, 340_000],
  ["booleans", { kind: "bool" }, 1_700_000],
  ["records", { kind: "record", fields: [field(TEXT)] }, 160_000],
  ["variants", { kind: "variant", cases: [{ name: "a", type: undefined }] }, 1_100_000],
  ["32 flags", { kind: "flags", names: Array.from({ length: 32 }, (_, index) => `f${index}`) }, 55_000],
  ["lists", { kind: "list", element: TEXT, length: undefined }, 170_000],
];

for (const [name, type, most] of MOST) {
  test(`a call passes at most ${most} ${name}: more would take long`, () => {
    assert.ok(DEFAULT_LIMITS.valueBytes / weightOf(type) <= most, `${DEFAULT_LIMITS.valueBytes / weightOf(type)}`);
  });
}
