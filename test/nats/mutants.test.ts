/** The mistakes of `scripts/nats-mutants.ts` are of this source: each text is there once, and each test has its name. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { MUTANTS, textsOf } from "../../scripts/nats-mutants.ts";

test("each mistake can be put in, and has a test that is to find it", () => {
  for (const mutant of MUTANTS) {
    const [original, changed] = textsOf(mutant);
    assert.notEqual(original, changed, mutant.name);
    const tests = readFileSync(new URL(mutant.test, import.meta.url), "utf8");
    const [title = ""] = mutant.title.split(/: (?=a guest |jobs )/);
    assert.ok(tests.includes(title), `${mutant.test} has no test "${title}"`);
  }
});
