/** Bodies, and what comes after them: written by a guest, and read by one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../testing/properties.ts";
import type { Source } from "../../../src/io/ports.ts";
import { StreamError } from "../../../src/io/errors.ts";
import { OutputStream } from "../../../src/io/output-stream.ts";
import { HttpError } from "../../../src/wasi/http/error-code.ts";
import type { Field } from "../../../src/wasi/http/fields.ts";
import { Future } from "../../../src/wasi/http/future.ts";
import { FutureTrailers, IncomingBody } from "../../../src/wasi/http/incoming-body.ts";
import { OutgoingBody } from "../../../src/wasi/http/outgoing-body.ts";
import { FaultySource } from "../../../src/testing/faulty-source.ts";
import { eventually, microtasks, staysPending } from "../../../src/testing/turns.ts";
import { turn } from "../../run/support.ts";

const ROOM = 8;
const bytes = (count: number): Uint8Array => new Uint8Array(count).fill(0x78);
const trailer: Field = ["x-sum", bytes(1)];

/** All that is there now; what it fails of is thrown. */
function drained(source: Source): { readonly count: number; readonly isOver: boolean } {
  let count = 0;
  for (;;) {
    const piece = source.read(5);
    if (piece === null) return { count, isOver: true };
    if (piece.length === 0) return { count, isOver: false };
    count += piece.length;
  }
}

/** Writes as a guest does: no more than is permitted. Gives how many were. */
function write(stream: OutputStream, count: number): number {
  const permit = stream.checkWrite();
  const piece = Math.min(permit, count);
  // A write while nothing is permitted traps, also one of nothing.
  if (permit > 0) stream.write(bytes(piece));
  return piece;
}

const codeOf = (error: unknown): unknown => (error instanceof HttpError ? error.payload : error);

test("bytes come out as they go in, whatever the pieces, and never more than there is room for", async () => {
  const step = fc.oneof(
    fc.record({ call: fc.constant("write" as const), count: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ call: fc.constant("read" as const), count: fc.constant(0) }),
    fc.record({ call: fc.constant("flush" as const), count: fc.constant(0) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const body = new OutgoingBody("request", undefined, ROOM);
      const stream = new OutputStream(body.outlet);
      const { source } = body.body;
      let written = 0;
      let read = 0;
      for (const { call, count } of steps) {
        if (call === "write") written += write(stream, count);
        else if (call === "flush") stream.flush();
        else read += drained(source).count;
        await microtasks();
        // The pipe and the buffer before it.
        assert.ok(written - read <= 2 * ROOM);
      }
      body.finish([trailer]);
      const finished = body.outlet.finish();
      for (let isOver = false; !isOver; await microtasks()) {
        const piece = drained(source);
        read += piece.count;
        ({ isOver } = piece);
      }
      await finished;
      assert.equal(read, written);
      assert.deepEqual(await body.body.trailers(), [trailer]);
    }),
    { numRuns: 500 },
  );
});

test("what waits in front of a body comes into it without a copy when its reader has taken the rest", async (t) => {
  const body = new OutgoingBody("response", BigInt(2 * ROOM), ROOM);
  const stream = new OutputStream(body.outlet);
  const { source } = body.body;
  assert.deepEqual([write(stream, ROOM), write(stream, ROOM)], [ROOM, ROOM]);
  assert.equal(body.outlet.bufferedBytes, ROOM);
  assert.equal(source.read(ROOM)?.length, ROOM);
  const copied = t.mock.method(Object.getPrototypeOf(Uint8Array.prototype), "set");
  await microtasks();
  assert.deepEqual([body.outlet.bufferedBytes, copied.mock.callCount()], [0, 0]);
  copied.mock.restore();
  assert.equal(body.body.level?.().bufferedBytes, ROOM);
  stream.flush();
  assert.equal(stream.checkWrite(), 0);
  assert.equal(source.read(ROOM)?.length, ROOM);
  source.ready();
  assert.deepEqual(source.read(ROOM), bytes(0));
  await microtasks();
  assert.ok(stream.checkWrite() > 0);
});

test("what waits in front of a body, and is more than was announced, fails when it would come into it", async () => {
  const body = new OutgoingBody("response", BigInt(ROOM + 3), ROOM);
  const stream = new OutputStream(body.outlet);
  const { source } = body.body;
  assert.deepEqual([write(stream, ROOM), write(stream, 3), write(stream, 2)], [ROOM, 3, 2]);
  assert.equal(source.read(ROOM)?.length, ROOM);
  await microtasks();
  assert.throws(() => stream.checkWrite(), StreamError);
  assert.throws(
    () => source.read(ROOM),
    (error) => (assert.deepEqual(codeOf(error), { tag: "HTTP-response-body-size", val: BigInt(ROOM + 5) }), true),
  );
});

test("11.9 a flush is complete when the reader has come back, or when there is none and it fits", async () => {
  const body = new OutgoingBody("response", undefined, ROOM);
  const stream = new OutputStream(body.outlet);
  write(stream, 3);
  stream.flush();
  assert.equal(stream.checkWrite(), ROOM);
  assert.equal(drained(body.body.source).count, 3);
  write(stream, 3);
  stream.flush();
  await microtasks();
  assert.equal(stream.checkWrite(), 0);
  body.body.source.read(8);
  await microtasks();
  assert.equal(stream.checkWrite(), 0, "it still has what it took");
  body.body.source.read(8);
  await microtasks();
  assert.equal(stream.checkWrite(), ROOM);
});

test("11.7 a length is kept to the byte: more fails at once, less when it is finished", async () => {
  for (const side of ["request", "response"] as const) {
    for (let length = 0; length <= 6; length++) {
      for (let count = 0; count <= 6; count++) {
        const body = new OutgoingBody(side, BigInt(length), ROOM);
        const stream = new OutputStream(body.outlet);
        if (count > length) assert.throws(() => write(stream, count), StreamError);
        else write(stream, count);
        const wrong = { tag: `HTTP-${side}-body-size`, val: BigInt(count) };
        if (count === length) {
          body.finish(undefined);
          const finished = body.outlet.finish();
          assert.equal(drained(body.body.source).count, count);
          await finished;
          assert.deepEqual(drained(body.body.source), { count: 0, isOver: true });
          assert.equal(await body.body.trailers(), undefined);
        } else {
          assert.throws(
            () => body.finish(undefined),
            (error) => (assert.deepEqual(codeOf(error), wrong), true),
          );
          assert.throws(
            () => drained(body.body.source),
            (error) => (assert.deepEqual(codeOf(error), wrong), true),
          );
          await assert.rejects(
            Promise.resolve(body.body.trailers()),
            (error) => (assert.deepEqual(codeOf(error), wrong), true),
          );
        }
      }
    }
  }
});

test("11.8 a body that is dropped unfinished fails, and one that is finished does not", async () => {
  const dropped = new OutgoingBody("request", undefined, ROOM);
  const stream = new OutputStream(dropped.outlet);
  write(stream, 3);
  dropped.drop();
  assert.throws(() => drained(dropped.body.source), /unfinished/);
  await assert.rejects(Promise.resolve(dropped.body.trailers()), /unfinished/);
  assert.throws(() => stream.checkWrite());
  const finished = new OutgoingBody("request", undefined, ROOM);
  finished.finish(undefined);
  finished.drop();
  await finished.outlet.finish();
  assert.deepEqual(drained(finished.body.source), { count: 0, isOver: true });
});

test("who reads no more closes the body for who writes it", async () => {
  const body = new OutgoingBody("request", undefined, ROOM);
  const stream = new OutputStream(body.outlet);
  while (write(stream, ROOM) > 0);
  assert.equal(stream.checkWrite(), 0);
  body.body.source.close();
  await microtasks();
  assert.throws(() => stream.checkWrite(), /closed/);
  // And it can still be finished: nobody minds.
  body.finish([trailer]);
  await body.outlet.finish();
});

test("11.5 a stream is given once", () => {
  const body = new OutgoingBody("request", undefined, ROOM);
  assert.deepEqual([body.takeStream(), body.takeStream()], [true, false]);
  const { source } = body.body;
  const incoming = new IncomingBody("response", body.body);
  assert.deepEqual([incoming.takeStream(), incoming.takeStream()], [true, false]);
  assert.equal(incoming.source, source);
});

test("11.10 trailers come when the rest of the body is skipped; those of the transport's own do not", async () => {
  const source = new FaultySource(bytes(1000), { endAt: 1000, readBytes: 100 });
  const own: Field = ["transfer-encoding", bytes(1)];
  const future = new FutureTrailers(
    "response",
    {
      source,
      length: undefined,
      trailers: () => Promise.resolve([trailer, own]),
    },
    microtasks,
  );
  assert.equal(future.take().tag, "waiting");
  assert.ok(await eventually(() => future.ready()));
  assert.deepEqual(future.take(), { tag: "settled", value: { tag: "ok", val: [trailer] } });
  assert.equal(future.take().tag, "taken");
  assert.ok(future.ready());
});

test("others have their turn while a body is skipped that goes on for ever, or has nothing for ever", async () => {
  for (const piece of [new Uint8Array(1), new Uint8Array(0)]) {
    const source: Source = { read: () => piece, ready: () => true, watch() {}, unwatch() {}, close() {} };
    const body = { source, length: undefined, trailers: () => Promise.resolve(undefined) };
    let turns = 0;
    const future = new FutureTrailers("response", body, () => {
      turns++;
      return turn();
    });
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await turn();
    future.drop();
    assert.ok(turns > 0);
  }
});

test("11.10 a body that fails while it is skipped says so in the place of trailers", async () => {
  const cause = new HttpError({ tag: "HTTP-response-incomplete" });
  const failing = new FaultySource(bytes(1000), { failAt: 500, cause });
  const future = new FutureTrailers(
    "response",
    {
      source: failing,
      length: undefined,
      trailers: () => Promise.resolve(undefined),
    },
    microtasks,
  );
  assert.ok(await eventually(() => future.ready()));
  assert.deepEqual(future.take(), { tag: "settled", value: { tag: "err", val: { tag: "HTTP-response-incomplete" } } });
});

test("trailers that never come are waited for, and given up when nobody wants them", async () => {
  let isClosed = false;
  const silent: Source = {
    read: () => new Uint8Array(0),
    ready: () => false,
    watch: () => {},
    unwatch: () => {},
    close: () => void (isClosed = true),
  };
  const future = new FutureTrailers(
    "response",
    {
      source: silent,
      length: undefined,
      trailers: () => Promise.resolve(undefined),
    },
    microtasks,
  );
  const waiting = new Promise<void>((resolve) => future.watch({ wake: () => resolve() }));
  assert.ok(await staysPending(waiting));
  future.drop();
  assert.ok(isClosed);
});

test("a body that nobody finishes is closed when it is dropped; one that is finished is its trailers'", () => {
  let closed = 0;
  const silent: Source = {
    read: () => new Uint8Array(0),
    ready: () => false,
    watch: () => {},
    unwatch: () => {},
    close: () => void closed++,
  };
  const body = { source: silent, length: undefined, trailers: () => Promise.resolve(undefined) };
  new IncomingBody("response", body).drop();
  assert.equal(closed, 1);
  const finished = new IncomingBody("response", body);
  const future = finished.finish(microtasks);
  finished.drop();
  assert.equal(closed, 1);
  future.drop();
  assert.equal(closed, 2);
});

test("11.5 a future is settled once, taken once, and ready from then on", () => {
  const future = new Future<number>();
  let wakes = 0;
  future.watch({ wake: () => void wakes++ });
  assert.deepEqual([future.ready(), future.take().tag], [false, "waiting"]);
  future.settle(1);
  future.settle(2);
  assert.deepEqual([future.ready(), wakes], [true, 1]);
  assert.deepEqual(future.take(), { tag: "settled", value: 1 });
  future.settle(3);
  assert.deepEqual([future.ready(), future.take().tag, wakes], [true, "taken", 1]);
});
