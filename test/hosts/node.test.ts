/** Node streams: the contract, highWaterMark, and every way to end. */
import assert from "node:assert/strict";
import { PassThrough, Readable, Writable, type WritableOptions } from "node:stream";
import { test } from "node:test";
import { nodeSource } from "../../src/hosts/node/readable.ts";
import { NodeSink } from "../../src/hosts/node/writable.ts";
import { StreamError } from "../../src/io/errors.ts";
import { InputStream } from "../../src/io/input-stream.ts";
import { Outlet } from "../../src/io/outlet.ts";
import { OutputStream } from "../../src/io/output-stream.ts";
import { complete } from "../../src/io/steps.ts";
import { checkInputStream, checkOutputStream, staysPending } from "../../src/testing/index.ts";
import { inputOf, memoryInput, outputOf, turn } from "../testing/fixtures.ts";
import { gate, type Gate } from "./gate.ts";

function tagOf(error: unknown): string {
  return error instanceof StreamError ? error.payload.tag : String(error);
}

function is(tag: string): (error: unknown) => boolean {
  return (error) => tagOf(error) === tag;
}

/** A stream that keeps what it is given, as long as its gate is open. */
function collecting(options: WritableOptions = {}): {
  readonly stream: Writable;
  readonly gate: Gate;
  readonly chunks: Uint8Array[];
} {
  const chunks: Uint8Array[] = [];
  const door = gate();
  const stream = new Writable({
    ...options,
    write(chunk: Uint8Array, _encoding, callback) {
      void (async () => {
        await door.passed();
        chunks.push(chunk);
        callback();
      })();
    },
  });
  return { stream, gate: door, chunks };
}

function fill(output: OutputStream): void {
  for (let permitted = output.checkWrite(); permitted > 0; permitted = output.checkWrite()) {
    output.write(new Uint8Array(permitted));
  }
}

for (const highWaterMark of [1, 16, 64 * 1024]) {
  test(`NodeSink over a stream with a highWaterMark of ${highWaterMark} keeps every rule`, async () => {
    const { skipped } = await checkOutputStream(() => {
      const { stream, gate: door, chunks } = collecting({ highWaterMark });
      return {
        ...outputOf(new NodeSink(stream), 1000),
        turn,
        arrived: () => Buffer.concat(chunks),
        stall: door.close,
        release: door.open,
        fail: () => void stream.destroy(new Error("the other side failed")),
        leave: () => void stream.destroy(),
        input: () => memoryInput(),
      };
    });
    assert.deepEqual(skipped, []);
  });
}

for (const highWaterMark of [1, 16 * 1024]) {
  test(`nodeSource over a stream with a highWaterMark of ${highWaterMark} keeps every rule`, async () => {
    const { skipped } = await checkInputStream(() => {
      const stream = new PassThrough({ highWaterMark });
      let failing = false;
      let read = 0;
      let written = 0;
      const failWhenRead = (): void => {
        if (failing && read === written) stream.destroy(new Error("the other side failed"));
      };
      const source = nodeSource(stream);
      const supply = (bytes: Uint8Array): void => {
        written += bytes.length;
        stream.write(bytes);
      };
      stream.on("readable", failWhenRead);
      return {
        ...inputOf({
          read(max) {
            const bytes = source.read(max);
            read += bytes?.length ?? 0;
            failWhenRead();
            return bytes;
          },
          ready: () => source.ready(),
          watch: (waker) => source.watch(waker),
          unwatch: (waker) => source.unwatch(waker),
          close: () => source.close(),
        }),
        turn,
        supply,
        supplyLater: supply,
        end: () => void stream.end(),
        // Node drops what is buffered when a stream is destroyed: it fails once everything has been read.
        fail() {
          failing = true;
          failWhenRead();
        },
      };
    });
    assert.deepEqual(skipped, []);
  });
}

test("NodeSink hands out nothing beyond the highWaterMark but the chunk that reaches it", async () => {
  const { stream, gate: door, chunks } = collecting({ highWaterMark: 10 });
  door.close();
  const outlet = new Outlet(new NodeSink(stream), 8);
  const output = new OutputStream(outlet);
  fill(output);
  assert.equal(stream.writableLength, 16);
  assert.equal(outlet.bufferedBytes, 8);
  door.open();
  await complete(output.blockingFlush());
  assert.equal(Buffer.concat(chunks).length, 24);
});

test("NodeSink ends the stream at the end, after all that was written", async () => {
  const { stream, chunks } = collecting();
  const outlet = new Outlet(new NodeSink(stream));
  const output = new OutputStream(outlet);
  output.checkWrite();
  output.write(Buffer.from("last words"));
  await outlet.finish();
  assert.equal(Buffer.concat(chunks).toString(), "last words");
  assert.ok(stream.writableFinished);
});

test("NodeSink waits with the end until the stream has written everything", async () => {
  const { stream, gate: door } = collecting();
  door.close();
  const outlet = new Outlet(new NodeSink(stream));
  const output = new OutputStream(outlet);
  output.checkWrite();
  output.write(Buffer.from("slowly"));
  const finished = outlet.finish();
  assert.ok(await staysPending(finished, turn));
  assert.equal(stream.writableEnded, false);
  door.open();
  await finished;
  assert.equal(stream.writableEnded, true);
});

test("NodeSink destroys the stream with the reason when it is given up", async () => {
  const { stream } = collecting();
  const reason = new Error("enough");
  const outlet = new Outlet(new NodeSink(stream));
  outlet.abort(reason);
  await turn();
  assert.equal(stream.errored, reason);
});

test("NodeSink: a stream that fails at its end does not reject", async () => {
  const stream = new Writable({ final: (callback) => callback(new Error("too late")) });
  await new Outlet(new NodeSink(stream)).finish();
});

test("NodeSink: a stream that is destroyed while it ends does not hang", async () => {
  const stream = new Writable({ final: () => {} });
  const finished = new Outlet(new NodeSink(stream)).finish();
  assert.ok(await staysPending(finished, turn));
  stream.destroy();
  await finished;
});

for (const [how, close] of [
  ["destroyed", (stream: Writable) => stream.destroy()],
  ["ended by somebody else", (stream: Writable) => stream.end()],
] as const) {
  test(`7.4 NodeSink over a stream that is ${how} is closed`, async () => {
    const before = collecting().stream;
    close(before);
    await assert.rejects(
      complete(new OutputStream(new Outlet(new NodeSink(before))).blockingWriteAndFlush(Buffer.from("x"))),
      is("closed"),
    );
    const { stream } = collecting();
    const output = new OutputStream(new Outlet(new NodeSink(stream)));
    close(stream);
    await turn();
    await assert.rejects(complete(output.blockingWriteAndFlush(Buffer.from("x"))), is("closed"));
  });
}

test("7.4 EPIPE from a stream is closed, another code is a failure with that code", async () => {
  for (const [code, tag] of [
    ["EPIPE", "closed"],
    ["ENOSPC", "last-operation-failed"],
  ] as const) {
    const stream = new Writable({
      write: (_chunk, _encoding, callback) => callback(Object.assign(new Error(code), { code })),
    });
    const output = new OutputStream(new Outlet(new NodeSink(stream)));
    output.checkWrite();
    output.write(new Uint8Array(1));
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(complete(output.blockingFlush()), is(tag));
    assert.throws(() => output.checkWrite(), is("closed"));
  }
});

test("NodeSink: an error that comes when nobody waits does not end the process", async () => {
  const { stream } = collecting();
  const outlet = new Outlet(new NodeSink(stream));
  await outlet.finish();
  stream.emit("error", new Error("late"));
});

test("NodeSink leaves a stream of the process open", async () => {
  const { stream } = collecting();
  Object.assign(stream, { fd: 1 });
  await new Outlet(new NodeSink(stream)).finish();
  assert.equal(stream.writableEnded, false);
  new Outlet(new NodeSink(stream)).abort(new Error("enough"));
  assert.equal(stream.destroyed, false);
});

test("nodeSource reads nothing before the guest asks, and no further ahead than the highWaterMark", async () => {
  let pushed = 0;
  const stream = new Readable({
    highWaterMark: 100,
    read() {
      pushed += 50;
      this.push(new Uint8Array(50));
    },
  });
  const input = new InputStream(nodeSource(stream));
  await turn();
  assert.equal(pushed, 0);
  input.ready();
  await turn();
  const first = input.read(10).length;
  assert.ok(first > 0);
  for (let round = 0; round < 5; round++) {
    // oxlint-disable-next-line no-await-in-loop -- the stream has its chances to read on
    await turn();
  }
  assert.ok(pushed <= 200, `${pushed} bytes were read for a guest that has read ${first}`);
});

test("nodeSource: a stream that is closed before its end is a failure", async () => {
  const stream = new PassThrough();
  const input = new InputStream(nodeSource(stream));
  const waiting = complete(input.blockingRead(8));
  stream.destroy();
  await assert.rejects(waiting, is("last-operation-failed"));
  await assert.rejects(complete(input.blockingRead(8)), is("closed"));
});

test("nodeSource: a stream that failed before anybody read is a failure with its cause", async () => {
  const stream = new PassThrough();
  const input = new InputStream(nodeSource(stream));
  const cause = new Error("broken");
  stream.destroy(cause);
  await turn();
  await assert.rejects(
    complete(input.blockingRead(8)),
    (error) => error instanceof StreamError && error.cause === cause,
  );
});

test("nodeSource destroys the stream when nobody reads on, but not the process's own input", async () => {
  const stream = new PassThrough();
  nodeSource(stream).close();
  await turn();
  assert.ok(stream.destroyed);
  const own = Object.assign(new PassThrough(), { fd: 0 });
  nodeSource(own).close();
  await turn();
  assert.ok(!own.destroyed);
});

for (const [name, garbage] of [
  ["objects", { not: "bytes" }],
  ["numbers", 7],
  ["an empty array", []],
] as const) {
  test(`nodeSource: a stream of ${name} fails with a TypeError, and is destroyed`, async () => {
    const stream = Readable.from([garbage, garbage]);
    const source = nodeSource(stream);
    const input = new InputStream(source);
    await assert.rejects(complete(input.blockingRead(8)), (error) => {
      return error instanceof StreamError && error.cause instanceof TypeError;
    });
    source.close();
    await turn();
    assert.ok(stream.destroyed);
  });
}

test("nodeSource takes text, and streams with an encoding, as UTF-8", async () => {
  for (const stream of [Readable.from(["Grüße"]), Readable.from([Buffer.from("Grüße")]).setEncoding("utf8")]) {
    const input = new InputStream(nodeSource(stream));
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.equal(Buffer.from(await complete(input.blockingRead(100))).toString(), "Grüße");
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(complete(input.blockingRead(100)), is("closed"));
  }
});

test("nodeSource leaves no listener behind after each read", async () => {
  const stream = new PassThrough();
  const input = new InputStream(nodeSource(stream));
  const counts = (): number[] => ["readable", "end", "error", "close"].map((event) => stream.listenerCount(event));
  const before = counts();
  for (let round = 0; round < 20; round++) {
    const reading = complete(input.blockingRead(8));
    stream.write("x");
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await reading;
  }
  assert.deepEqual(counts(), before);
});
