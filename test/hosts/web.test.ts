/** Web Streams: backpressure, and every way to end. That they keep the contract is tried by test/everywhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { webSource } from "../../src/hosts/web/readable.ts";
import { WebSink } from "../../src/hosts/web/writable.ts";
import { StreamError } from "../../src/io/errors.ts";
import { InputStream } from "../../src/io/input-stream.ts";
import { Outlet } from "../../src/io/outlet.ts";
import { OutputStream } from "../../src/io/output-stream.ts";
import { complete } from "../../src/io/steps.ts";
import { eventually, staysPending } from "../../src/testing/index.ts";
import { collecting, supplied } from "../everywhere/web-ends.ts";
import { turn } from "../testing/fixtures.ts";

function tagOf(error: unknown): string {
  return error instanceof StreamError ? error.payload.tag : String(error);
}

test("WebSink hands out no more than the stream wants", async () => {
  const { stream, gate: door, chunks } = collecting(new CountQueuingStrategy({ highWaterMark: 2 }));
  door.close();
  const outlet = new Outlet(new WebSink(stream), 10);
  const output = new OutputStream(outlet);
  for (let permitted = output.checkWrite(); permitted > 0; permitted = output.checkWrite())
    output.write(new Uint8Array(1));
  assert.equal(outlet.bufferedBytes, 10);
  door.open();
  await complete(output.blockingFlush());
  assert.equal(Buffer.concat(chunks).length, 12);
});

test("WebSink: a stream that fails while a write is under way is a failure, and the event loop goes on", async () => {
  const { stream, gate: door, error } = collecting();
  door.close();
  const output = new OutputStream(new Outlet(new WebSink(stream), 10));
  for (let permitted = output.checkWrite(); permitted > 0; permitted = output.checkWrite())
    output.write(new Uint8Array(1));
  const flush = complete(output.blockingFlush());
  // Until the stream has started, and writes.
  await turn();
  error(new Error("broken"));
  // The write never ends, so that the stream never gets further than "erroring".
  await assert.rejects(flush, (thrown) => tagOf(thrown) === "last-operation-failed");
  assert.throws(
    () => output.checkWrite(),
    (thrown) => tagOf(thrown) === "closed",
  );
  await turn();
});

test("WebSink closes the stream at the end, after all that was written", async () => {
  const { stream, chunks, events } = collecting();
  const outlet = new Outlet(new WebSink(stream));
  const output = new OutputStream(outlet);
  output.checkWrite();
  output.write(Buffer.from("last words"));
  await outlet.finish();
  assert.equal(Buffer.concat(chunks).toString(), "last words");
  assert.deepEqual(events, ["close"]);
  assert.equal(stream.locked, false);
});

test("WebSink waits with the end until the stream has taken everything", async () => {
  const { stream, gate: door, events } = collecting();
  door.close();
  const outlet = new Outlet(new WebSink(stream));
  const output = new OutputStream(outlet);
  output.checkWrite();
  output.write(Buffer.from("slowly"));
  const finished = outlet.finish();
  assert.ok(await staysPending(finished, turn));
  assert.deepEqual(events, []);
  door.open();
  await finished;
  assert.deepEqual(events, ["close"]);
});

test("WebSink aborts the stream with the reason", async () => {
  const { stream, events } = collecting();
  const outlet = new Outlet(new WebSink(stream));
  await turn();
  outlet.abort("enough");
  await turn();
  assert.deepEqual(events, ["abort enough"]);
});

test("WebSink: a stream that closes with an error at the end does not reject", async () => {
  const stream = new WritableStream<Uint8Array>({ close: () => Promise.reject(new Error("too late")) });
  await new Outlet(new WebSink(stream)).finish();
});

test("WebSink refuses a locked stream", () => {
  const { stream } = collecting();
  stream.getWriter();
  assert.throws(() => new WebSink(stream), TypeError);
});

for (const [how, cancel, expected] of [
  ["for no reason", (reader: ReadableStreamDefaultReader) => reader.cancel(), "closed"],
  [
    "for a reason",
    (reader: ReadableStreamDefaultReader) => reader.cancel(new Error("no space")),
    "last-operation-failed",
  ],
] as const) {
  test(`7.4 a TransformStream whose reader cancels ${how} is ${expected}`, async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const output = new OutputStream(new Outlet(new WebSink(writable), 10));
    const waiting = complete(output.blockingWriteAndFlush(new Uint8Array(100)));
    assert.ok(await staysPending(waiting, turn));
    await cancel(readable.getReader());
    await assert.rejects(waiting, (thrown) => tagOf(thrown) === expected);
    assert.throws(
      () => output.checkWrite(),
      (thrown) => tagOf(thrown) === "closed",
    );
  });
}

test("webSource: a stream that fails gives its cause, once, then is closed", async () => {
  const { stream, controller } = supplied(undefined);
  const input = new InputStream(webSource(stream));
  const waiting = complete(input.blockingRead(8));
  const cause = new Error("broken");
  controller().error(cause);
  await assert.rejects(waiting, (thrown) => thrown instanceof StreamError && thrown.cause === cause);
  await assert.rejects(complete(input.blockingRead(8)), (thrown) => tagOf(thrown) === "closed");
});

test("webSource asks a stream of bytes for as many as the guest", async () => {
  const asked: number[] = [];
  const stream = new ReadableStream({
    type: "bytes",
    pull({ byobRequest }) {
      const view = byobRequest?.view;
      assert.ok(view);
      asked.push(view.byteLength);
      new Uint8Array(view.buffer, view.byteOffset, 1)[0] = asked.length;
      byobRequest.respond(1);
    },
  });
  const input = new InputStream(webSource(stream));
  assert.deepEqual(asked, []);
  for (const max of [5, 1, 300]) {
    input.read(max);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await turn();
    assert.deepEqual([...input.read(max)], [asked.length]);
  }
  assert.deepEqual(asked.slice(0, 3), [5, 1, 300]);
});

test("webSource pulls nothing before the guest asks, and one chunk at a time then", async () => {
  let pulls = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulls++;
        controller.enqueue(new Uint8Array(10));
      },
    },
    { highWaterMark: 0 },
  );
  const input = new InputStream(webSource(stream));
  await turn();
  assert.equal(pulls, 0);
  assert.equal(input.ready(), false);
  await turn();
  assert.equal(pulls, 1);
  for (let read = 0; read < 10; read++) assert.equal(input.read(1).length, 1);
  await turn();
  assert.equal(pulls, 1);
});

for (const type of ["bytes", undefined] as const) {
  test(`webSource cancels a ${type ?? "default"} stream when nobody reads on`, async () => {
    let cancelled = 0;
    const cancel = (): void => void cancelled++;
    const stream = type === "bytes" ? new ReadableStream({ type, cancel }) : new ReadableStream<Uint8Array>({ cancel });
    const source = webSource(stream);
    source.ready();
    await turn();
    source.close();
    source.close();
    assert.ok(await eventually(() => cancelled > 0, turn));
    assert.equal(cancelled, 1);
  });
}

test("webSource takes text as UTF-8", async () => {
  const stream = new ReadableStream<string>({
    start(controller) {
      controller.enqueue("Grüße");
      controller.close();
    },
  });
  const input = new InputStream(webSource(stream));
  assert.equal(Buffer.from(await complete(input.blockingRead(100))).toString(), "Grüße");
  await assert.rejects(complete(input.blockingRead(100)), (thrown) => tagOf(thrown) === "closed");
});

test("webSource: a stream of something else fails with a TypeError, and is cancelled", async () => {
  let cancelled = 0;
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue({ not: "bytes" }),
    cancel: () => void cancelled++,
  });
  const source = webSource(stream);
  const input = new InputStream(source);
  await assert.rejects(complete(input.blockingRead(8)), (thrown) => {
    return thrown instanceof StreamError && thrown.cause instanceof TypeError;
  });
  source.close();
  assert.ok(await eventually(() => cancelled === 1, turn));
});

test("webSource refuses a locked stream", () => {
  const { stream } = supplied(undefined);
  stream.getReader();
  assert.throws(() => webSource(stream), TypeError);
});
