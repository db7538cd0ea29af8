/** What the checks say about rules that could not be tried, and what they leave behind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkInputStream,
  checkOutputStream,
  ContractError,
  microtasks,
  type InputFixture,
} from "../../src/testing/index.ts";
import { memoryInput, memoryOutput } from "./fixtures.ts";
import { brokenRules } from "./mutants.ts";

test("a fixture without controls is told what could not be tried", async () => {
  const { stream } = memoryOutput();
  const { skipped } = await checkOutputStream(() => ({ stream }), { only: ({ rule }) => rule === "3.16" });
  assert.ok(skipped.length > 0);
  for (const { reason } of skipped) assert.match(reason, /^the fixture has no (stall, )?fail$/);
});

test("a rule can be left out, with a reason", async () => {
  const { skipped, kept } = await checkInputStream(() => memoryInput(), {
    skip: ({ rule }) => (rule === "2.3" ? "it cannot wait" : undefined),
  });
  assert.ok(skipped.every(({ rule, reason }) => rule === "2.3" && reason === "it cannot wait"));
  assert.ok(kept.every(({ rule }) => rule !== "2.3"));
});

test("each fixture is released, also of a claim that does not hold", async () => {
  let open = 0;
  const make = (): InputFixture => {
    open++;
    const { stream, ...fixture } = memoryInput();
    return {
      ...fixture,
      stream: { ...stream, read: () => new Uint8Array(0) },
      dispose: () => microtasks().then(() => open--),
    };
  };
  await brokenRules(checkInputStream(make));
  assert.equal(open, 0);
});

test("all broken rules are in one error, one a line, and the others are listed too", async () => {
  const make = (): InputFixture => {
    const fixture = memoryInput();
    return { ...fixture, stream: { ...fixture.stream, skip: () => -1, blockingSkip: () => 1000 } };
  };
  await assert.rejects(checkInputStream(make, { only: ({ rule }) => rule === "2.4" || rule === "2.2" }), (error) => {
    assert.ok(error instanceof ContractError);
    assert.equal(error.broken.length, 3);
    assert.deepEqual(error.message.split("\n"), [
      "3 of 4 rules broken",
      ...error.broken.map(({ rule, claim, message }) => `${rule} ${claim}: ${message}`),
    ]);
    assert.deepEqual(
      error.kept.map(({ rule }) => rule),
      ["2.2"],
    );
    assert.deepEqual(error.skipped, []);
    return true;
  });
});
