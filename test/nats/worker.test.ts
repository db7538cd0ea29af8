/** When a worker takes jobs, and when it does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Delivery } from "../../src/nats/work/job.ts";
import { Worker } from "../../src/nats/work/worker.ts";
import { microtasks } from "../../src/testing/index.ts";
import { bytesOf, resultIn, writing } from "./guests.ts";
import { MemoryStream, MemoryTiming } from "./memory-log.ts";

test("a job that comes after it was told to stop is carried out, not given back: that would count as a delivery", async () => {
  const results = new MemoryStream();
  const asked: ((delivery: Delivery | undefined) => void)[] = [];
  const worker = new Worker(
    { next: () => new Promise((resolve) => asked.push(resolve)) },
    {
      run: writing(bytesOf(3)),
      resultLog: () => results.log("result.1", false),
      deadLog: undefined,
      deadMessageBytes: Infinity,
      retries: 0,
      backoffMs: 1,
      windowBytes: 8,
      messageBytes: 4,
      giveUpMs: Infinity,
      timing: new MemoryTiming(),
      newWriter: () => "w",
      onTrouble: () => {},
      concurrency: 1,
      heartbeatMs: 1,
      every: () => () => {},
      onOutcome: () => {},
    },
  );
  await microtasks();
  const drained = worker.drain();
  assert.equal(worker.isTaking, false);
  const said: string[] = [];
  asked[0]?.({
    job: { sequence: 1, subject: "jobs", data: new Uint8Array(0), headers: new Map(), attempt: 1 },
    acknowledge: () => said.push("ack"),
    again: (ms) => said.push(`again ${ms}`),
    drop: () => said.push("drop"),
    working: () => {},
  });
  await drained;
  assert.deepEqual(said, ["ack"]);
  assert.deepEqual(resultIn(results.records), [0, 1, 2]);
  assert.equal(asked.length, 1, "it asks for nothing more");
});
