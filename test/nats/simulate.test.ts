/** Jobs, streams and stages on a model of JetStream, under everything that can happen between them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstWrong, JETSTREAM_MUTANTS, PLAY_NAMES } from "../../scripts/simulate/jetstream/jetstream.ts";

// Many errors are made here, and thrown away.
Error.stackTraceLimit = 0;

const SEEDS = 400;

for (const name of PLAY_NAMES) {
  test(`${SEEDS} seeds of ${name} come to what they have to`, async () => {
    assert.equal(await firstWrong([name], 1, SEEDS), undefined, "npm run simulate -- SEED --count 1 --jetstream");
  });
}

for (const { name, play, insert } of JETSTREAM_MUTANTS) {
  test(`found in ${play}: ${name}`, async () => {
    const remove = insert();
    try {
      const wrong = await firstWrong([play], 1, SEEDS);
      assert.ok(wrong);
      assert.deepEqual(await firstWrong([play], wrong.seed, 1), wrong);
    } finally {
      remove();
    }
  });
}
