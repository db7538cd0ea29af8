/** Descriptors: exactly what was asked for, what errors become, and nothing left behind. */
import assert from "node:assert/strict";
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { test } from "node:test";
import { errorCodeOf } from "../../src/wasi/filesystem/error-code.ts";
import { fdSource, FdSink } from "../../src/hosts/node/fd.ts";
import { StreamError } from "../../src/io/errors.ts";
import { InputStream } from "../../src/io/input-stream.ts";
import { Outlet } from "../../src/io/outlet.ts";
import { OutputStream } from "../../src/io/output-stream.ts";
import type { Source } from "../../src/io/ports.ts";
import { changed, complete } from "../../src/io/steps.ts";
import { eventually } from "../../src/testing/index.ts";
import { turn } from "../testing/fixtures.ts";
import { fifo, folder, freshPath, openDescriptors, readNow } from "./fixtures.ts";

const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();

function failedWith(code: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof StreamError &&
    error.payload.tag === "last-operation-failed" &&
    errorCodeOf(error.payload.val.cause) === code;
}

function isClosed(error: unknown): boolean {
  return error instanceof StreamError && error.payload.tag === "closed";
}

/** Reads from `source` as a guest would that waits when there is nothing. */
async function readSome(source: Source, max: number): Promise<Uint8Array | null> {
  for (;;) {
    const bytes = source.read(max);
    if (bytes === null || bytes.length > 0) return bytes;
    // oxlint-disable-next-line no-await-in-loop -- until there is something
    await changed(source);
  }
}

test("7.2 read takes exactly what was asked for, and the rest stays in the pipe", () => {
  const { reader, writer, closeReader, closeWriter } = fifo();
  writeSync(writer, "0123456789");
  const source = fdSource(reader);
  assert.equal(text(source.read(4)), "0123");
  assert.equal(text(source.read(3)), "456");
  source.close();
  assert.equal(text(readNow(reader)), "789");
  closeReader();
  closeWriter();
});

test("7.2 read that had to wait takes exactly what was asked for too", async () => {
  const { reader, writer, closeReader, closeWriter } = fifo();
  const source = fdSource(reader);
  for (const asked of [8, 3, 5, 1]) {
    assert.equal(text(source.read(asked)), "");
    writeSync(writer, "0123456789");
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.equal(text(await readSome(source, asked)), "0123456789".slice(0, asked));
    assert.equal(text(readNow(reader)), "0123456789".slice(asked), `after a read of ${asked}`);
  }
  source.close();
  closeReader();
  closeWriter();
});

test("7.2 blocking-read takes exactly what was asked for, and the rest stays in the pipe", async () => {
  const { reader, writer, closeReader, closeWriter } = fifo();
  const source = fdSource(reader);
  const input = new InputStream(source);
  writeSync(writer, "0123456789");
  assert.equal(text(await complete(input.blockingRead(4))), "0123");
  assert.equal(text(readNow(reader)), "456789");
  const waiting = complete(input.blockingRead(2));
  await turn();
  writeSync(writer, "abcdef");
  assert.equal(text(await waiting), "ab");
  assert.equal(text(readNow(reader)), "cdef");
  source.close();
  closeReader();
  closeWriter();
});

test("7.2 nothing is read before the guest asks", async () => {
  const { reader, writer, closeReader, closeWriter } = fifo();
  writeSync(writer, "untouched");
  const source = fdSource(reader);
  const input = new InputStream(source);
  assert.equal(input.read(0).length, 0);
  await turn();
  source.close();
  assert.equal(text(readNow(reader)), "untouched");
  closeReader();
  closeWriter();
});

test("7.2 a directory as stdin fails with is-directory, once, then is closed", () => {
  const fd = openSync(folder, "r");
  const input = new InputStream(fdSource(fd));
  assert.throws(() => input.read(8), failedWith("is-directory"));
  assert.throws(() => input.read(8), isClosed);
  closeSync(fd);
});

test("3.16 a full device fails with insufficient-space, once, then is closed", () => {
  const fd = openSync("/dev/full", "w");
  const output = new OutputStream(new Outlet(new FdSink(fd)));
  assert.ok(output.checkWrite() > 0);
  assert.throws(() => output.write(new Uint8Array(10)), failedWith("insufficient-space"));
  assert.throws(() => output.checkWrite(), isClosed);
  closeSync(fd);
});

test("3.16 a descriptor that is not for writing fails with bad-descriptor", () => {
  const path = freshPath();
  writeFileSync(path, "");
  const fd = openSync(path, "r");
  const output = new OutputStream(new Outlet(new FdSink(fd)));
  output.checkWrite();
  assert.throws(() => output.write(new Uint8Array(1)), failedWith("bad-descriptor"));
  closeSync(fd);
});

test("7.4 a pipe whose reader has left before the first write is closed", async () => {
  const { writer, closeReader, closeWriter } = fifo();
  const sink = new FdSink(writer);
  closeReader();
  await assert.rejects(async () => {
    const output = new OutputStream(new Outlet(sink));
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- as a guest does
      await complete(output.blockingWriteAndFlush(new Uint8Array(100)));
    }
  }, isClosed);
  sink.abort();
  closeWriter();
});

test("7.4 a pipe whose reader has left before it was opened is closed", async () => {
  const { writer, closeReader, closeWriter } = fifo();
  closeReader();
  const sink = new FdSink(writer);
  const output = new OutputStream(new Outlet(sink));
  await assert.rejects(async () => {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- as a guest does
      await complete(output.blockingWriteAndFlush(new Uint8Array(100)));
    }
  }, isClosed);
  sink.abort();
  closeWriter();
});

test("7.4 a pipe whose reader leaves while the writer waits is closed", async () => {
  const { writer, closeReader, closeWriter } = fifo();
  const sink = new FdSink(writer);
  const output = new OutputStream(new Outlet(sink));
  for (let permitted = output.checkWrite(); permitted > 0; permitted = output.checkWrite()) {
    output.write(new Uint8Array(permitted));
  }
  const waiting = complete(output.blockingFlush());
  closeReader();
  await assert.rejects(waiting, isClosed);
  sink.abort();
  closeWriter();
});

test("3.2 a slow reader gets every byte in order, whatever it takes at once", async () => {
  const { reader, writer, closeReader, closeWriter } = fifo();
  const sink = new FdSink(writer);
  const outlet = new Outlet(sink, 10_000);
  const output = new OutputStream(outlet);
  const total = 400_000;
  let written = 0;
  let read = 0;
  let most = 0;
  assert.ok(
    await eventually(
      () => {
        for (let permitted = output.checkWrite(); permitted > 0 && written < total; permitted = output.checkWrite()) {
          const count = Math.min(permitted, total - written, 1 + (written % 7919));
          output.write(new Uint8Array(count).map((_, index) => (written + index) % 251));
          written += count;
        }
        most = Math.max(most, outlet.bufferedBytes);
        const bytes = readNow(reader, 777) ?? new Uint8Array(0);
        for (const byte of bytes) assert.equal(byte, read++ % 251);
        return read === total;
      },
      turn,
      100_000,
    ),
  );
  assert.ok(most <= 10_000, `${most} bytes were held`);
  await outlet.finish();
  closeReader();
  closeWriter();
});

test("a sink and a source that are given up more than once close nothing of others", () => {
  const { reader, writer, closeReader, closeWriter } = fifo();
  const sink = new FdSink(writer);
  const source = fdSource(reader);
  sink.abort();
  source.close();
  const before = openDescriptors();
  const others = fifo();
  sink.abort();
  sink.close();
  source.close();
  assert.equal(openDescriptors(), before + 2);
  closeReader();
  closeWriter();
  others.closeReader();
  others.closeWriter();
});

for (const [end, read] of [
  ["at the end", (source: Source) => readSome(source, 10)],
  ["before the end", async () => {}],
] as const) {
  test(`a source that is closed ${end} leaves no descriptor open`, async () => {
    const before = openDescriptors();
    for (let round = 0; round < 3; round++) {
      const { reader, writer, closeReader, closeWriter } = fifo();
      const source = fdSource(reader);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      if (round > 0) await turn();
      closeWriter();
      assert.ok(writer > 0);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await read(source);
      source.close();
      closeReader();
    }
    assert.ok(await eventually(() => openDescriptors() === before, turn));
  });
}

test("a source that ends while somebody waits leaves no descriptor open", async () => {
  const before = openDescriptors();
  const { reader, closeReader, closeWriter } = fifo();
  const source = fdSource(reader);
  const waiting = readSome(source, 10);
  await turn();
  closeWriter();
  assert.equal(await waiting, null);
  source.close();
  closeReader();
  assert.ok(await eventually(() => openDescriptors() === before, turn));
});

test("a sink that had to wait leaves no descriptor open", async () => {
  const before = openDescriptors();
  const { reader, writer, closeReader, closeWriter } = fifo();
  const outlet = new Outlet(new FdSink(writer));
  const output = new OutputStream(outlet);
  for (let permitted = output.checkWrite(); permitted > 0; permitted = output.checkWrite()) {
    output.write(new Uint8Array(permitted));
  }
  const finished = outlet.finish();
  let done = false;
  void finished.then(() => (done = true));
  assert.ok(await eventually(() => (readNow(reader), done), turn));
  closeReader();
  closeWriter();
  assert.ok(await eventually(() => openDescriptors() === before, turn));
});
