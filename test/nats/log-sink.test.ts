/** What a sink over a log does when the broker does not do what it should. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { PeerClosed } from "../../src/io/ports.ts";
import { woken } from "../../src/io/steps.ts";
import { FencedError, GaveUpError, LostRecordsError } from "../../src/nats/broker-error.ts";
import { LogSink, type CutOptions } from "../../src/nats/log-sink.ts";
import type { LogWriterOptions } from "../../src/nats/log-writer.ts";
import { microtasks } from "../../src/testing/index.ts";
import { MemoryStream, MemoryTiming, type Fault } from "./memory-log.ts";

interface Made {
  readonly stream: MemoryStream;
  readonly sink: LogSink;
  readonly timing: MemoryTiming;
}

function make(
  isExclusive: boolean,
  cut: Partial<CutOptions> = {},
  options: Partial<LogWriterOptions> = {},
  stream = new MemoryStream(),
): Made {
  const timing = new MemoryTiming();
  const sink = new LogSink(
    stream.log("s", isExclusive),
    { windowBytes: 64, messageBytes: 8, cut: "soon", ...cut },
    { writer: "w", after: 0, offset: 0, full: "fail", giveUpMs: Infinity, timing, ...options },
  );
  return { stream, sink, timing };
}

async function writeAll(sink: LogSink, bytes: Uint8Array, piece = bytes.length): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const taken = sink.write(bytes.subarray(at, at + piece));
    at += taken;
    // oxlint-disable-next-line no-await-in-loop -- as a writer waits
    if (taken === 0) await woken(sink);
  }
}

async function flushAll(sink: LogSink): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- as a writer waits
  while (!sink.flush()) await woken(sink);
}

const bytesOf = (count: number): Uint8Array => new Uint8Array(count).map((_, index) => index % 251);

test("whatever requests and answers are lost, each byte is stored once and in order", async () => {
  const fault = fc.constantFrom<Fault>("none", "none", "answer", "request");
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(fault, { maxLength: 40 }),
      fc.integer({ min: 0, max: 200 }),
      fc.integer({ min: 1, max: 20 }),
      async (isExclusive, faults, count, piece) => {
        const { stream, sink } = make(isExclusive);
        stream.fault = (append) => faults[append] ?? "none";
        await writeAll(sink, bytesOf(count), piece);
        await flushAll(sink);
        assert.deepEqual(stream.bytes("s"), bytesOf(count));
        const sequence = await sink.end(3);
        const last = stream.records.at(-1);
        assert.equal(last?.sequence, sequence);
        assert.equal(last.mark?.end?.exitCode, 3);
        assert.equal(last.mark.offset, count);
        assert.equal(last.mark.end.first, count === 0 ? undefined : 1);
        assert.equal(stream.records.filter(({ mark }) => mark?.end).length, 1);
      },
    ),
    { numRuns: 300 },
  );
});

test("a window of bytes is all that is under way", async () => {
  const { stream, sink } = make(true, { windowBytes: 20 });
  stream.fault = () => "hold";
  assert.equal(sink.write(bytesOf(100)), 20);
  assert.equal(sink.bytesPending, 20);
  assert.equal(sink.write(bytesOf(100)), 0);
  await microtasks();
  // Two that are full; the rest is gathered until something is answered.
  assert.equal(stream.appends, 2);
  stream.fault = () => "none";
  stream.release();
  await flushAll(sink);
  assert.equal(sink.bytesPending, 0);
  assert.equal(sink.bytesTaken, 20);
});

test("a subject among others has one record under way, since its next sequence is not known", async () => {
  const { stream, sink } = make(false);
  stream.fault = () => "hold";
  sink.write(bytesOf(64));
  await microtasks();
  assert.equal(stream.appends, 1);
});

test("small writes are gathered while something is under way", async () => {
  const { stream, sink } = make(true);
  stream.fault = (append) => (append === 0 ? "hold" : "none");
  for (const byte of [1, 2, 3, 4]) sink.write(Uint8Array.of(byte));
  await microtasks();
  stream.release();
  await flushAll(sink);
  assert.deepEqual(
    stream.records.map(({ data }) => [...data]),
    [[1], [2, 3, 4]],
  );
});

test("an output that is cut when records are full is one record with its end if it is small", async () => {
  const { stream, sink } = make(false, { cut: "full" });
  sink.write(bytesOf(5));
  assert.equal(sink.flush(), true);
  assert.equal(stream.appends, 0);
  await sink.end(0);
  assert.deepEqual(
    stream.records.map(({ data, mark }) => [data.length, mark?.end?.first]),
    [[5, undefined]],
  );
});

test("the end says the hash of all bytes", async () => {
  const stream = new MemoryStream();
  const sink = new LogSink(
    stream.log("s", true),
    { windowBytes: 64, messageBytes: 8, cut: "soon" },
    { writer: "w", after: 0, offset: 0, full: "fail", giveUpMs: Infinity, timing: new MemoryTiming() },
    createHash("sha256"),
  );
  await writeAll(sink, bytesOf(100));
  await sink.end();
  const expected = createHash("sha256").update(bytesOf(100)).digest("hex");
  assert.deepEqual(stream.records.at(-1)?.mark?.end, { exitCode: undefined, digest: `sha-256=${expected}`, first: 1 });
});

test("the end of an output that another writer has begun says where that began", async () => {
  const { stream, sink } = make(true);
  await writeAll(sink, bytesOf(9));
  await flushAll(sink);
  const next = make(true, {}, { writer: "next", after: 2, offset: 9, first: 1 }, stream);
  await next.sink.end(0);
  assert.equal(stream.records.at(-1)?.mark?.end?.first, 1);
});

test("what follows a record that is lost is not stored behind somebody else's that has taken its place", async () => {
  const { stream, sink } = make(true, { messageBytes: 1 });
  stream.fault = (append) => (append === 0 ? "dies" : "none");
  sink.write(Uint8Array.of(1));
  stream.put("s", Uint8Array.of(9));
  sink.write(Uint8Array.of(2));
  await microtasks();
  assert.deepEqual([...stream.bytes("s")], [9]);
});

for (const isExclusive of [true, false]) {
  test(`of two writers the first wins, and nothing of the other is stored (exclusive: ${isExclusive})`, async () => {
    const { stream, sink } = make(isExclusive);
    const other = make(isExclusive, {}, { writer: "other" }, stream);
    await writeAll(sink, Uint8Array.of(1));
    await flushAll(sink);
    await writeAll(other.sink, Uint8Array.of(9));
    await assert.rejects(flushAll(other.sink), FencedError);
    await writeAll(sink, Uint8Array.of(2));
    await flushAll(sink);
    assert.deepEqual([...stream.bytes("s")], [1, 2]);
  });

  test(`a stream that is full is a failure, or waited for (exclusive: ${isExclusive})`, async () => {
    const failing = make(isExclusive);
    failing.stream.isFull = true;
    failing.sink.write(Uint8Array.of(1));
    await assert.rejects(flushAll(failing.sink), /maximum bytes exceeded/);

    const waiting = make(isExclusive, {}, { full: "wait" });
    waiting.stream.isFull = true;
    waiting.timing.onWait = () => {
      if (waiting.timing.waits.length === 4) waiting.stream.isFull = false;
    };
    await writeAll(waiting.sink, bytesOf(50));
    await flushAll(waiting.sink);
    assert.deepEqual(waiting.stream.bytes("s"), bytesOf(50));
    assert.deepEqual(waiting.timing.waits, [50, 100, 200, 400]);
  });
}

test("an outage is waited for, and given up when it lasts too long", async () => {
  const patient = make(true);
  patient.stream.isOffline = true;
  patient.timing.onWait = () => {
    if (patient.timing.waits.length === 20) patient.stream.isOffline = false;
  };
  await writeAll(patient.sink, bytesOf(10));
  await flushAll(patient.sink);
  assert.deepEqual(patient.stream.bytes("s"), bytesOf(10));

  const brief = make(true, {}, { giveUpMs: 10_000 });
  brief.stream.isOffline = true;
  brief.sink.write(bytesOf(10));
  await assert.rejects(flushAll(brief.sink), GaveUpError);
  assert.ok(brief.timing.now() >= 10_000 && brief.timing.now() < 13_000, String(brief.timing.now()));
});

test("a stream that was sealed has nobody behind it; one that is gone is a failure", async () => {
  const sealed = make(true);
  sealed.stream.isSealed = true;
  sealed.sink.write(bytesOf(1));
  await assert.rejects(flushAll(sealed.sink), PeerClosed);
  const gone = make(true);
  gone.stream.isGone = true;
  gone.sink.write(bytesOf(1));
  await assert.rejects(flushAll(gone.sink), /stream not found/);
});

test("what was acknowledged and is gone stops the writer", async () => {
  const { stream, sink } = make(true);
  await writeAll(sink, bytesOf(30));
  await flushAll(sink);
  stream.records.length = 0;
  // The broker has lost the records, and then an answer.
  stream.fault = () => "request";
  sink.write(bytesOf(1));
  await assert.rejects(flushAll(sink), LostRecordsError);
});

test("a broker that contradicts itself is not asked for ever", async () => {
  const { stream, sink, timing } = make(true);
  // A record of another subject, where there should be none.
  stream.put("other", bytesOf(1));
  sink.write(bytesOf(1));
  await assert.rejects(flushAll(sink), /wrong last sequence/);
  assert.equal(timing.waits.length, 5);
});

test("nothing is sent after an abort", async () => {
  const { stream, sink } = make(false);
  stream.fault = () => "hold";
  sink.write(bytesOf(60));
  await microtasks();
  sink.abort();
  stream.fault = () => "none";
  stream.release();
  await microtasks();
  assert.equal(stream.appends, 1);
  assert.equal(sink.bytesPending, 0);
});
