/** Web streams are the guest's from the call on, not from when it begins. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { Readable, Writable } from "node:stream";
import { describe, test } from "node:test";
import * as page from "../../src/browser.ts";
import { NodeSink } from "../../src/hosts/node/writable.ts";
import * as node from "../../src/index.ts";

const cat = await readFile(new URL("../guests/built/cat.wasm", import.meta.url));
const NOTHING = new Uint8Array(8);

function streamOf(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream();
}

for (const [name, { instantiate, run }] of Object.entries({ page, node })) {
  describe(`in ${name}.ts`, () => {
    test("streams are locked when run has been called, and it reads and writes them", async () => {
      const stdin = streamOf("in time");
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const stderr = new WritableStream<Uint8Array>();
      const running = run(cat, { stdin, stdout: writable, stderr });
      assert.deepEqual([stdin.locked, writable.locked, stderr.locked], [true, true, true]);
      assert.throws(() => stdin.getReader(), TypeError);
      const [text, { exitCode }] = await Promise.all([new Response(readable).text(), running]);
      assert.deepEqual([text, exitCode], ["in time", 0]);
    });

    test("streams are locked when instantiate has been called", async () => {
      const stdout = new WritableStream<Uint8Array>();
      const making = instantiate(cat, { stdout });
      assert.equal(stdout.locked, true);
      await (await making).close();
    });

    test("streams are as they were if nothing comes of it", async () => {
      const stdin = streamOf("still there");
      const stdout = new WritableStream<Uint8Array>();
      await assert.rejects(run(NOTHING, { stdin, stdout }), node.InvalidComponentError);
      assert.deepEqual([stdin.locked, stdout.locked], [false, false]);
      assert.equal(await new Response(stdin).text(), "still there");
      await stdout.getWriter().close();
    });

    test("none is opened before all are looked at", async () => {
      const [stdin, { readable, writable }] = [streamOf("still there"), new TransformStream<Uint8Array>()];
      // Wrong on purpose.
      const wrong = { stdin, stdout: writable, stderr: 7 } as unknown as { readonly stdin: typeof stdin };
      await assert.rejects(run(cat, wrong), /^TypeError: stderr must be /);
      assert.equal(await new Response(stdin).text(), "still there");
      await Promise.all([writable.getWriter().close(), new Response(readable).text()]);
    });

    test("a stream that somebody else has is refused, and the others are as they were", async () => {
      const stdin = streamOf("");
      const stdout = new WritableStream<Uint8Array>();
      const writer = stdout.getWriter();
      await assert.rejects(run(cat, { stdin, stdout }), {
        name: "TypeError",
        message: "stdout must be a stream that is not locked: somebody else has this one",
      });
      assert.equal(stdin.locked, false);
      writer.releaseLock();
      // Two cannot have it either.
      await assert.rejects(
        run(cat, { stdout, stderr: stdout }),
        /^TypeError: stderr must be a stream that is not locked/,
      );
      assert.equal(stdout.locked, false);
    });

    test("a stream that fails meanwhile fails for the guest", async () => {
      let failIt: (cause: unknown) => void = () => {};
      const stdin = new ReadableStream<Uint8Array>({
        start: (controller) => (failIt = (cause) => controller.error(cause)),
      });
      const running = run(cat, { stdin });
      failIt(new Error("gone"));
      assert.notEqual((await running).exitCode, 0);
    });
  });
}

test("a stream of Node's that fails while a component is compiled is the guest's to hear of", async (t) => {
  const failed = { input: new Readable({ read() {} }), output: new Writable() };
  const uncaught = t.mock.fn();
  process.on("uncaughtException", uncaught);
  t.after(() => process.off("uncaughtException", uncaught));
  const running = node.run(cat, { stdin: failed.input, stdout: failed.output, stderr: failed.output });
  for (const stream of Object.values(failed)) stream.destroy(new Error("gone"));
  assert.notEqual((await running).exitCode, 0);
  assert.equal(uncaught.mock.callCount(), 0);
  const unused = new Writable();
  await assert.rejects(node.instantiate(NOTHING, { stdout: unused }), node.InvalidComponentError);
  assert.equal(unused.listenerCount("error"), 0);
});

test("a sink of Node's that had failed before fails for its reason", async () => {
  const output = new Writable();
  output.on("error", () => {});
  output.destroy(Object.assign(new Error("no space"), { code: "ENOSPC" }));
  await new Promise(setImmediate);
  const sink = new NodeSink(output);
  assert.throws(() => sink.write(Uint8Array.of(1)), /no space/);
  sink.abort(undefined);
});

test("streams are locked when an isolated instance is asked for", async () => {
  const stdin = streamOf("isolated");
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const running = node.run(cat, { stdin, stdout: writable, isolate: "thread" });
  assert.deepEqual([stdin.locked, writable.locked], [true, true]);
  const [text, { exitCode }] = await Promise.all([new Response(readable).text(), running]);
  assert.deepEqual([text, exitCode], ["isolated", 0]);
});
