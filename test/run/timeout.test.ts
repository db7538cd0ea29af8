/** The option `timeout`, with a clock that stands still. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { TimeoutError } from "../../src/index.ts";
import { instantiate } from "../../src/run/instantiate.ts";
import { run } from "../../src/run/run.ts";
import { FakeClock, staysPending } from "../../src/testing/index.ts";
import { collector, compiled, heldSource, until } from "./support.ts";

test("a guest that waits when its time is over is ended, and its streams with it", async () => {
  const clock = new FakeClock();
  const stdin = heldSource();
  const component = await compiled("prompt-before-read");
  const running = run({ ...nodePlatform, monotonicClock: clock }, component, { stdin: stdin.source, timeout: 1.5 });
  await until(() => stdin.asked);
  clock.advance(1_499_999n);
  await staysPending(running);
  assert.equal(stdin.closed, false);
  clock.advance(1n);
  await assert.rejects(running, (error) => error instanceof TimeoutError && error.timeout === 1.5);
  assert.equal(stdin.closed, true);
  assert.equal(clock.pending, 0);
});

test("nothing is left of the time of a guest that was quicker", async () => {
  const clock = new FakeClock();
  const stdout = collector();
  const component = await compiled("hello");
  const { exitCode } = await run({ ...nodePlatform, monotonicClock: clock }, component, {
    stdout: stdout.sink,
    timeout: 1000,
  });
  assert.deepEqual([exitCode, stdout.text(), clock.pending], [0, "hello\n", 0]);
});

test("an instance that has timed out rejects calls with the same reason", async () => {
  const clock = new FakeClock();
  const instance = await instantiate({ ...nodePlatform, monotonicClock: clock }, await compiled("multi-export"), {
    timeout: 1000,
  });
  // As multi-export.wasm has it.
  const { add } = instance.exports["sluice:guests/demo"] as { readonly add: (a: number, b: number) => Promise<number> };
  assert.equal(await add(1, 2), 3);
  clock.advance(1_000_000_000n);
  await assert.rejects(add(1, 2), TimeoutError);
  await instance.close();
});

for (const timeout of [-1, Number.NaN, Number.POSITIVE_INFINITY, "1s"]) {
  test(`${String(timeout)} is no timeout`, async () => {
    // What somebody may write who has no types.
    const options = { timeout: timeout as number };
    await assert.rejects(run(nodePlatform, await compiled("hello"), options), {
      name: "TypeError",
      message: /^The option timeout must be a number of milliseconds from 0 on; got /,
    });
  });
}
