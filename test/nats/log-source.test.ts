/** What a source over a log gives, and when it does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Source } from "../../src/io/ports.ts";
import { changed } from "../../src/io/steps.ts";
import { GaveUpError, LostRecordsError, NoResultError } from "../../src/nats/broker-error.ts";
import type { Log } from "../../src/nats/log.ts";
import { LogSource } from "../../src/nats/log-source.ts";
import { settled } from "./life.ts";
import { MemoryStream, MemoryTiming } from "./memory-log.ts";

const END = { exitCode: 7, digest: undefined, first: undefined };

async function readAll(source: Source): Promise<number[]> {
  const all: number[] = [];
  for (;;) {
    const bytes = source.read(3);
    if (bytes === null) return all;
    all.push(...bytes);
    // oxlint-disable-next-line no-await-in-loop -- as a reader waits
    if (bytes.length === 0) await changed(source);
  }
}

function sourceOf(stream: MemoryStream, options: { from?: number; giveUpMs?: number; timing?: MemoryTiming } = {}) {
  const { from = 1, giveUpMs = Infinity, timing = new MemoryTiming() } = options;
  return new LogSource(stream.log("s", true), { from, giveUpMs, timing });
}

test("records of others, empty ones and one with bytes and an end are read in order", async () => {
  const stream = new MemoryStream();
  stream.put("s", Uint8Array.of(1, 2, 3, 4));
  stream.put("s", Uint8Array.of());
  stream.put("s", Uint8Array.of(5), { writer: "w", offset: 0 });
  stream.put("s", Uint8Array.of(6), { writer: "w", offset: 1, end: END });
  stream.put("s", Uint8Array.of(99));
  const source = sourceOf(stream);
  assert.deepEqual(await readAll(source), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(source.end, END);
  assert.deepEqual(await readAll(sourceOf(stream, { from: 3 })), [5, 6]);
});

test("whoever has waited for a record has those behind it at once", async () => {
  const stream = new MemoryStream();
  for (const byte of [1, 2, 3]) stream.put("s", Uint8Array.of(byte), { writer: "w", offset: byte - 1 });
  stream.put("s", Uint8Array.of(), { writer: "w", offset: 3, end: END });
  const source = sourceOf(stream);
  await changed(source);
  await settled();
  assert.equal(source.end, undefined);
  assert.deepEqual(
    [1, 2, 3].map(() => [...(source.read(9) ?? [])]),
    [[1], [2], [3]],
  );
  assert.equal(source.read(9), null);
  assert.deepEqual(source.end, END);
});

test("no more is read ahead than is wanted, and nothing when nobody reads any more", async () => {
  const stream = new MemoryStream();
  for (let record = 0; record < 40; record++) stream.put("s", new Uint8Array(65_536));
  const log = stream.log("s", true);
  let taken = 0;
  const counting: Log = {
    ...log,
    read: (sequence) => {
      const reader = log.read(sequence);
      return {
        next: () => {
          taken++;
          return reader.next();
        },
        close: () => reader.close(),
      };
    },
  };
  const source = new LogSource(counting, { from: 1, giveUpMs: Infinity, timing: new MemoryTiming() });
  await changed(source);
  await settled();
  // A MiB, and the one that is being read.
  assert.equal(taken, 17);
  source.close();
  await settled();
  assert.equal(taken, 17);
});

test("a stream that is sealed ends where it ends", async () => {
  const stream = new MemoryStream();
  stream.put("s", Uint8Array.of(1));
  stream.isSealed = true;
  const source = sourceOf(stream);
  assert.deepEqual(await readAll(source), [1]);
  assert.equal(source.end, undefined);
});

test(
  "a stream that is known to be sealed ends at once for who begins behind its end",
  { timeout: 10_000 },
  async () => {
    const stream = new MemoryStream();
    stream.isSealed = true;
    const begin = (from: number, sealedAt: number) =>
      new LogSource(stream.log("s", true), { from, sealedAt, giveUpMs: Infinity, timing: new MemoryTiming() });
    assert.deepEqual(await readAll(begin(1, 0)), []);
    stream.put("s", Uint8Array.of(1));
    assert.deepEqual(await readAll(begin(1, 1)), [1]);
    assert.deepEqual(await readAll(begin(2, 1)), []);
  },
);

test("records that are missing are a failure: by sequence, and by what their writer has counted", async () => {
  const purged = new MemoryStream();
  for (let byte = 0; byte < 3; byte++) purged.put("s", Uint8Array.of(byte));
  purged.records.splice(1, 1);
  await assert.rejects(readAll(sourceOf(purged)), LostRecordsError);
  const skipped = new MemoryStream();
  skipped.put("s", Uint8Array.of(1), { writer: "w", offset: 0 });
  skipped.put("s", Uint8Array.of(2), { writer: "w", offset: 5 });
  await assert.rejects(readAll(sourceOf(skipped)), /goes on at 5 bytes in message 2, expected 1/);
  const beheaded = new MemoryStream();
  beheaded.put("s", Uint8Array.of(2), { writer: "w", offset: 5 });
  await assert.rejects(readAll(sourceOf(beheaded)), /begins at 5 bytes, in message 1: what was before is gone/);
});

test("records that are missing are a failure while nothing comes that would show it", async () => {
  const stream = new MemoryStream();
  stream.put("s", Uint8Array.of(1));
  const source = sourceOf(stream);
  assert.deepEqual([...(source.read(3) ?? [])], []);
  await changed(source);
  assert.deepEqual([...(source.read(3) ?? [])], [1]);
  assert.equal(source.ready(), false);
  stream.put("s", Uint8Array.of(2));
  stream.purge();
  await assert.rejects(readAll(source), /^LostRecordsError: s has no message 2: the next is 3$/);
});

test("who has not begun waits for what comes after what is gone", async () => {
  const stream = new MemoryStream();
  stream.put("s", Uint8Array.of(1));
  stream.purge();
  const source = sourceOf(stream);
  assert.equal(source.ready(), false);
  stream.changed();
  stream.put("s", Uint8Array.of(2), { writer: "w", offset: 0, end: END });
  assert.deepEqual(await readAll(source), [2]);
});

test("an outage is waited for, and given up when it lasts too long", async () => {
  const stream = new MemoryStream();
  stream.put("s", Uint8Array.of(1), { writer: "w", offset: 0, end: END });
  stream.isOffline = true;
  const timing = new MemoryTiming();
  timing.onWait = () => {
    if (timing.waits.length === 9) stream.isOffline = false;
  };
  assert.deepEqual(await readAll(sourceOf(stream, { timing })), [1]);
  stream.isOffline = true;
  await assert.rejects(readAll(sourceOf(stream, { giveUpMs: 1000 })), GaveUpError);
});

test("where a job has failed for the last time there is no output to wait for", async () => {
  const stream = new MemoryStream();
  stream.put("s", Uint8Array.of(1), { writer: "w", offset: 0, attempt: 1 });
  stream.put("s", Uint8Array.of(), { writer: "x", offset: 0, attempt: 1, dead: "it exited with 3" });
  await assert.rejects(readAll(sourceOf(stream)), (error) => {
    assert.ok(error instanceof NoResultError);
    assert.match(error.message, /the job has failed for the last time \(it exited with 3\)$/);
    return true;
  });
});
