/** The input stream, step by step. What every implementation must keep is in src/testing, and run by test/testing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputStream } from "../../src/io/input-stream.ts";
import type { Source } from "../../src/io/ports.ts";
import type { Waker } from "../../src/io/readiness.ts";
import { newTally } from "../../src/io/tally.ts";
import { complete } from "../../src/io/steps.ts";
import { FaultySource, staysPending } from "./helpers.ts";
import { outcomeOf } from "./play.ts";

test("1.5 a read gives at most what the limit says, whatever is asked for", () => {
  const source = new FaultySource(new Uint8Array(100));
  const input = new InputStream(source, 10);
  assert.equal(input.read(2 ** 64).length, 10);
  assert.equal(input.read(Infinity).length, 10);
  assert.equal(input.skip(50), 10);
  assert.deepEqual(source.asked, [10, 10, 10]);
});

test("2.3 blocking-read asks the source for no more than it was asked for", () => {
  const source = new FaultySource(new Uint8Array(100));
  complete(new InputStream(source).blockingRead(7)).catch(() => {});
  assert.deepEqual(source.asked, [7]);
});

test("2.3 blocking-read waits on when it was woken for nothing, however often", async () => {
  const source = new FaultySource();
  const waiting = complete(new InputStream(source).blockingRead(7));
  for (let round = 0; round < 50; round++) {
    source.release();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.ok(await staysPending(waiting));
  }
  source.supply(Uint8Array.of(1));
  assert.deepEqual([...(await waiting)], [1]);
});

test("2.3 blocking-read step by step: it names what it waits for", () => {
  const source = new FaultySource();
  const input = new InputStream(source);
  const steps = input.blockingRead(2);
  assert.equal(steps.next().value, input);
  assert.equal(steps.next().value, input);
  source.supply(Uint8Array.of(1, 2, 3));
  const { done, value } = steps.next();
  assert.ok(done === true && value.length === 2);
});

test("2.3 blocking-read(0) waits until the stream is ready, then gives nothing", () => {
  const source = new FaultySource();
  const input = new InputStream(source);
  const steps = input.blockingRead(0);
  assert.equal(steps.next().value, input);
  source.supply(Uint8Array.of(1));
  const { done, value } = steps.next();
  assert.ok(done === true && value.length === 0);
  assert.equal(source.leftBytes, 1);
});

test("2.3 blocking-read(0) at the end is closed", async () => {
  const source = new FaultySource();
  const waiting = complete(new InputStream(source).blockingRead(0));
  source.end();
  await assert.rejects(waiting, /closed/);
});

test("2.4 blocking-skip waits, and gives the number", async () => {
  const source = new FaultySource();
  const skipping = complete(new InputStream(source).blockingSkip(5));
  assert.ok(await staysPending(skipping));
  source.supply(new Uint8Array(3));
  assert.equal(await skipping, 3);
});

test("2.6 a failure is reported once in all; every other handle is closed", () => {
  const source = new FaultySource(undefined, { failAt: 0 });
  const handles = [new InputStream(source), new InputStream(source)];
  const told = [...handles, ...handles].map((handle) => outcomeOf(() => handle.read(1)));
  assert.deepEqual(told, ["failed", "closed", "closed", "closed"]);
  for (const handle of handles) assert.ok(handle.ready());
});

test("7.1 what one handle leaves, the next one reads", () => {
  const source = new FaultySource(Uint8Array.of(1, 2, 3));
  const [first, second] = [new InputStream(source), new InputStream(source)];
  assert.deepEqual([...first.read(1)], [1]);
  assert.deepEqual([...second.read(1)], [2]);
  assert.deepEqual([...first.read(9)], [3]);
});

test("a handle that was dropped tells its owner, and leaves the source open", () => {
  const source = new FaultySource();
  let dropped = 0;
  const input = new InputStream(source, 10, newTally(), () => void dropped++);
  input.drop();
  assert.equal(dropped, 1);
  assert.equal(source.closed, false);
});

test("the tally counts bytes, calls and waits", async () => {
  const tally = newTally();
  const source = new FaultySource(new Uint8Array(3));
  const input = new InputStream(source, 10, tally);
  input.read(2);
  input.skip(9);
  const waiting = complete(input.blockingRead(9));
  source.supply(new Uint8Array(4));
  await waiting;
  assert.deepEqual(tally, { bytes: 7, calls: 3, waits: 1 });
});

test("a source that says that it is ready, and gives nothing, has to say so anew: who waits does not spin", async () => {
  let gives = new Uint8Array(0);
  let waker: Waker | undefined;
  let reads = 0;
  const source: Source = {
    read() {
      reads++;
      return gives;
    },
    ready: () => true,
    watch: (watching) => void (waker = watching),
    ...{ unwatch: () => {}, close: () => {} },
  };
  const reading = complete(new InputStream(source).blockingRead(8));
  assert.equal(await staysPending(reading), true);
  const before = reads;
  assert.equal(await staysPending(reading), true);
  assert.equal(reads, before);
  gives = new Uint8Array([7]);
  waker?.wake();
  assert.deepEqual(await reading, new Uint8Array([7]));
});
