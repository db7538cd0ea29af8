/** Bytes that are given away: they reach who takes them as the memory that they are, in their order, or as a copy. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { CheckedSink } from "../../src/io/checked-streams.ts";
import { StreamError } from "../../src/io/errors.ts";
import { InputStream } from "../../src/io/input-stream.ts";
import { Outlet } from "../../src/io/outlet.ts";
import { OutputStream } from "../../src/io/output-stream.ts";
import { Pipe } from "../../src/io/pipe.ts";
import type { Source } from "../../src/io/ports.ts";
import { PullSource } from "../../src/io/pull-source.ts";
import { BodyPipe } from "../../src/wasi/http/body-pipe.ts";
import { HttpError } from "../../src/wasi/http/error-code.ts";

/** A source that gives its chunks away. */
function giving(chunks: readonly Uint8Array[]): Source {
  const left = [...chunks];
  const source = new PullSource(() => left.shift() ?? null);
  return {
    read: (max) => source.read(max),
    take: (max) => source.takeChunk(max),
    ready: () => source.ready(),
    watch: (waker) => source.watch(waker),
    unwatch: (waker) => source.unwatch(waker),
    close: () => source.close(),
  };
}

function bodyPipe(length?: bigint): BodyPipe {
  return new BodyPipe(64, length, () => new HttpError({ tag: "HTTP-response-body-size", val: undefined }));
}

test("what is spliced from one body to another is the same memory", () => {
  const chunk = new Uint8Array(50).fill(1);
  const pipe = bodyPipe();
  const output = new OutputStream(new Outlet(pipe.sink, 64));
  const input = new InputStream(giving([chunk]));
  assert.equal(output.splice(input, 20), 20);
  assert.equal(output.checkWrite(), 64);
  const { source } = pipe.body;
  const first = source.take?.(64);
  assert.ok(first);
  assert.deepEqual([first.buffer, first.byteOffset, first.length], [chunk.buffer, 0, 20]);
  assert.equal(output.splice(input, 64), 30);
  const second = source.take?.(10);
  const third = source.read(64);
  assert.ok(second && third);
  assert.deepEqual([second.buffer, second.byteOffset, second.length], [chunk.buffer, 20, 10]);
  assert.deepEqual([third.buffer, third.byteOffset, third.length], [chunk.buffer, 30, 20]);
  assert.throws(() => output.splice(input, 64), StreamError);
});

test("a pipe keeps one piece that is given, and copies what is given while it holds something", () => {
  const { source, sink } = new Pipe(8);
  const given = Uint8Array.of(1, 2, 3);
  assert.equal(sink.give?.(given), 3);
  const later = Uint8Array.of(4, 5);
  assert.equal(sink.give?.(later), 2);
  later.fill(0);
  assert.equal(sink.write(Uint8Array.of(6, 7, 8, 9)), 3);
  assert.equal(source.take?.(0), undefined);
  assert.equal(source.take?.(64)?.buffer, given.buffer);
  // What was copied is the pipe's own.
  assert.equal(source.take?.(64), undefined);
  assert.deepEqual(source.read(64), Uint8Array.of(4, 5, 6, 7, 8));
  assert.equal(sink.give?.(new Uint8Array(20)), 8);
  source.close();
  assert.throws(() => sink.give?.(given), /gone/);
});

test("what waits in front of a pipe comes into it without a copy when it is empty, and not before", async (t) => {
  for (const isChecked of [false, true]) {
    const { source, sink } = new Pipe(4);
    const outlet = new Outlet(isChecked ? new CheckedSink(sink, "stdout") : sink, 8);
    const stream = new OutputStream(outlet);
    const write = (...bytes: number[]): void => {
      assert.ok(stream.checkWrite() >= bytes.length);
      stream.write(Uint8Array.from(bytes));
    };
    write(1, 2, 3, 4);
    write(5, 6, 7);
    assert.equal(outlet.bufferedBytes, 3);
    // A byte has left, and one comes after it.
    assert.deepEqual(source.read(1), Uint8Array.of(1));
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await Promise.resolve();
    assert.equal(outlet.bufferedBytes, 2);
    const seen = source.read(8);
    assert.deepEqual(seen, Uint8Array.of(2, 3, 4, 5));
    const copied = t.mock.method(Object.getPrototypeOf(Uint8Array.prototype), "set");
    // oxlint-disable-next-line no-await-in-loop -- as above
    await Promise.resolve();
    assert.deepEqual([outlet.bufferedBytes, copied.mock.callCount()], [0, 0]);
    copied.mock.restore();
    // What the reader still holds stays as it is, and what is written now comes after it.
    write(8);
    assert.deepEqual(seen, Uint8Array.of(2, 3, 4, 5));
    assert.deepEqual(source.read(8), Uint8Array.of(6, 7, 8));
    source.close();
    assert.throws(() => write(9), StreamError);
  }
});

test("what waits in front of a pipe whose reader leaves is gone with it", async () => {
  const { source, sink } = new Pipe(2);
  const outlet = new Outlet(sink);
  const stream = new OutputStream(outlet);
  assert.ok(stream.checkWrite() > 4);
  stream.write(new Uint8Array(4));
  assert.equal(outlet.bufferedBytes, 2);
  source.read(2);
  source.close();
  await Promise.resolve();
  assert.deepEqual([outlet.state.tag, outlet.bufferedBytes], ["closed", 0]);
});

test("a source that fails when its bytes are taken fails for who splices them, once", () => {
  const cause = new HttpError({ tag: "HTTP-request-body-size", val: 1n });
  const failing: Source = {
    ...giving([]),
    take() {
      throw cause;
    },
  };
  const input = new InputStream(failing);
  const output = new OutputStream(new Outlet(bodyPipe().sink, 64));
  assert.throws(
    () => output.splice(input, 64),
    (error) =>
      error instanceof StreamError &&
      error.payload.tag === "last-operation-failed" &&
      error.payload.val.cause === cause,
  );
  assert.throws(
    () => output.splice(input, 64),
    (error) => error instanceof StreamError && error.payload.tag === "closed",
  );
  assert.equal(output.checkWrite(), 64);
});

test("a pipe that fails, or that nobody reads, gives nothing of what it was given", () => {
  const failed = new Pipe(8);
  failed.sink.give?.(Uint8Array.of(1));
  failed.sink.abort(new Error("no more"));
  assert.equal(failed.source.take?.(8), undefined);
  assert.throws(() => failed.source.read(8), /no more/);
  assert.equal(failed.source.read(8), null);
  const left = new Pipe(8);
  left.sink.give?.(Uint8Array.of(1));
  left.source.close();
  assert.equal(left.source.take?.(8), undefined);
});

test("more than was announced is too much, given or written", () => {
  const pipe = bodyPipe(3n);
  assert.equal(pipe.sink.give?.(Uint8Array.of(1, 2)), 2);
  assert.throws(() => pipe.sink.give?.(Uint8Array.of(3, 4)), HttpError);
});

test("a flush of what was given is complete when the reader has come back for more", () => {
  const { sink, body } = bodyPipe();
  const { source } = body;
  source.read(64);
  sink.give?.(Uint8Array.of(1));
  assert.equal(sink.flush(), false);
  assert.equal(source.take?.(64)?.length, 1);
  assert.equal(sink.flush(), false);
  assert.equal(source.take?.(64), undefined);
  assert.equal(sink.flush(), true);
});

test("bytes come in their order, however they are put in and taken out", () => {
  const step = fc.record({
    what: fc.constantFrom("write", "give", "read", "take"),
    count: fc.integer({ min: 0, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { source, sink } = new Pipe(16);
      let put = 0;
      let got = 0;
      for (const { what, count } of steps) {
        if (what === "write" || what === "give") {
          const bytes = new Uint8Array(count).map((_, index) => put + index);
          const taken = (what === "give" ? sink.give?.(bytes) : sink.write(bytes)) ?? 0;
          assert.equal(taken, Math.min(count, 16 - (put - got)));
          put += taken;
          // Who writes may use its memory again; who gives it away may not.
          if (what === "write") bytes.fill(255);
        } else {
          const bytes = (what === "take" ? source.take?.(count) : source.read(count)) ?? new Uint8Array();
          assert.ok(bytes.length <= count);
          for (const byte of bytes) assert.equal(byte, got++);
        }
      }
      for (let bytes; (bytes = source.read(64)) !== null && bytes.length > 0;)
        for (const byte of bytes) assert.equal(byte, got++);
      assert.equal(got, put);
    }),
  );
});
