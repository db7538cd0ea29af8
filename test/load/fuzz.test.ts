/** Damaged components, a few thousand of them: `npm run fuzz -- mutate` makes as many as one likes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Batch, type Failure } from "../../scripts/fuzz/batch.ts";
import { playNames } from "../../scripts/fuzz/names.ts";

const SEED = 1;
const COUNT = 3000;

test("whatever the bytes: they are refused in words, or run; and the next component runs as if nothing had been", async () => {
  const batch = await Batch.prepare();
  const failures: Failure[] = [];
  let ran = 0;
  await batch.run(SEED, COUNT, {
    enter: () => {},
    done: (_, { allowed }) => void (ran += allowed === "ran" ? 1 : 0),
    failed: (failure) => void failures.push(failure),
  });
  assert.deepEqual(failures, []);
  // The rules would hold for those too that refuse all.
  assert.ok(ran > 100, `${ran} ran`);
});

test("whatever is called whatever: it runs as usual, or is refused in words, and no name is code", async () => {
  const { played, ran, failures } = await playNames(12);
  assert.deepEqual(failures, []);
  assert.ok(played > 300 && ran > 100, `${ran} of ${played} ran`);
});
