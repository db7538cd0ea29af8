/** Fields and short bodies as Node takes them: text in Latin-1. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { textOf } from "../../src/hosts/node/http/fields.ts";

test("bytes of any number are the text that Latin-1 makes of them", () => {
  for (const length of [0, 1, 63, 64, 65, 256, 5000]) {
    const bytes = new Uint8Array(length).map((_, at) => at * 7);
    const expected = Buffer.from(bytes).toString("latin1");
    assert.equal(textOf(bytes), expected, `${length} bytes`);
    const within = new Uint8Array(length + 20);
    within.set(bytes, 10);
    assert.equal(textOf(within.subarray(10, 10 + length)), expected, `a view of ${length} bytes`);
  }
});
