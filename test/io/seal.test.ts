/** An outlet that is sealed: closed for whoever writes, while what it holds still leaves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Outlet } from "../../src/io/outlet.ts";
import { OutputStream } from "../../src/io/output-stream.ts";
import { Pipe } from "../../src/io/pipe.ts";
import { StreamError } from "../../src/io/errors.ts";

const isClosed = (error: unknown): boolean => error instanceof StreamError && error.payload.tag === "closed";

test("what is buffered leaves, and nothing is written any more, also with a permit from before", async () => {
  const pipe = new Pipe(4);
  const outlet = new Outlet(pipe.sink, 10);
  const stream = new OutputStream(outlet);
  stream.checkWrite();
  stream.write(new Uint8Array(8));
  assert.equal(stream.checkWrite(), 6);
  let isDone = false;
  const sealed = Promise.resolve(outlet.sealOrWait()).then(() => (isDone = true));
  assert.equal(stream.ready(), true);
  assert.throws(() => stream.write(new Uint8Array(1)), isClosed);
  assert.throws(() => stream.checkWrite(), isClosed);
  assert.throws(() => stream.flush(), isClosed);
  assert.equal(outlet.bufferedBytes, 4);
  await Promise.resolve();
  assert.equal(isDone, false);
  let read = 0;
  for (let bytes = pipe.source.read(100); bytes !== null; bytes = pipe.source.read(100)) {
    read += bytes.length;
    // oxlint-disable-next-line no-await-in-loop -- the pipe tells its writer later
    await Promise.resolve();
  }
  assert.equal(read, 8);
  await sealed;
});

test("sealing twice, or finishing what is sealed, ends the sink once", async () => {
  const pipe = new Pipe();
  const outlet = new Outlet(pipe.sink);
  await Promise.all([outlet.sealOrWait(), outlet.sealOrWait(), outlet.finish()]);
  assert.equal(pipe.source.read(1), null);
});

test("sealing what holds nothing is done at once", () => {
  const pipe = new Pipe();
  const outlet = new Outlet(pipe.sink);
  assert.equal(outlet.sealOrWait(), undefined);
  assert.equal(outlet.state.tag, "closed");
  assert.equal(pipe.source.read(1), null);
});
