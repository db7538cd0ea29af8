/** What a guest leaves in memory when it is over: nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { DiscardSink, PullSource, run, type CompiledComponent } from "../../src/index.ts";
import { compiled, turn } from "./support.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Runs a guest to whatever end, and gives a weak hold on its streams. */
async function streamsOf(component: CompiledComponent, abort: boolean): Promise<WeakRef<object>[]> {
  const controller = new AbortController();
  const stdin = new PullSource(() => (abort ? new Promise(() => {}) : null));
  const stdout = new DiscardSink();
  const running = run(component, { stdin, stdout, signal: controller.signal }).catch(() => {});
  if (abort) {
    await turn();
    controller.abort();
  }
  await running;
  return [new WeakRef(stdin), new WeakRef(stdout)];
}

for (const [name, abort] of [
  ["wait", true],
  ["copy-loop", true],
  ["hello", false],
  ["trap-now", false],
  ["poll-empty", false],
  ["exit-code", false],
] as const) {
  test(`the streams of ${name} are collected after its ${abort ? "abort" : "end"}`, async () => {
    const component = await compiled(name);
    const holds = await streamsOf(component, abort);
    for (let round = 0; round < 20 && holds.some((hold) => hold.deref()); round++) {
      await turn();
      collectGarbage();
    }
    assert.deepEqual(
      holds.map((hold) => hold.deref()),
      [undefined, undefined],
    );
  });
}
