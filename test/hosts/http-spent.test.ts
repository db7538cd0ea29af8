import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Writable } from "node:stream";
import { test } from "node:test";
import { httpServer } from "../../src/hosts/node/http/server.ts";
import { ours, writeOnce } from "../../src/hosts/node/http/spent.ts";

/** A stream that says when it has written a piece. */
function written(): { readonly to: Writable; readonly done: (error?: Error) => void } {
  let done: (error?: Error) => void = () => {};
  const to = new Writable({
    write(_chunk, _encoding, callback) {
      done = callback;
    },
  });
  to.on("error", () => {});
  return { to, done: (error) => done(error) };
}

const canLetGo = "transfer" in ArrayBuffer.prototype;

test("a piece of ours is there until it is written, and its memory is let go of then", async () => {
  const { to, done } = written();
  const piece = ours(new Uint8Array(100).fill(1));
  writeOnce(to, piece);
  assert.equal(piece.length, 100);
  done();
  await new Promise((resolve) => void setImmediate(resolve));
  assert.equal(piece.length, canLetGo ? 0 : 100);
});

test("what is not ours, shares its memory, or has failed stays as it is", async () => {
  const memory = new Uint8Array(100);
  for (const [piece, error] of [
    [new Uint8Array(100), undefined],
    [ours(memory.subarray(0, 50)), undefined],
    [ours(new Uint8Array(100)), new Error("it broke")],
  ] as const) {
    const { to, done } = written();
    const { length } = piece;
    writeOnce(to, piece);
    done(error);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await new Promise((resolve) => void setImmediate(resolve));
    assert.equal(piece.length, length);
  }
  assert.equal(memory.length, 100);
});

test("a body that is sent back arrives as it was, however slowly it is taken", async (t) => {
  const { server } = httpServer(
    ({ body: sent }) => Promise.resolve({ status: 200, headers: [], body: sent }),
    (error) => assert.fail(String(error)),
  );
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const body = randomBytes(8 * 1024 * 1024);
  const { port } = server.address() as AddressInfo;
  const asked = request({ host: "127.0.0.1", port, method: "POST", agent: false }).end(body);
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const hash = createHash("sha256");
  for await (const piece of response) {
    hash.update(piece as Buffer);
    // Meanwhile the server waits for its client, as soon as that has what the system keeps.
    await new Promise((resolve) => void setImmediate(resolve));
  }
  assert.equal(hash.digest("hex"), createHash("sha256").update(body).digest("hex"));
});
