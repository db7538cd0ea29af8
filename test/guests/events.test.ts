/** Events that a guest sends, and uploads that it reads, as they come through nginx. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { request as requestOf, type IncomingMessage } from "node:http";
import { describe, test } from "node:test";
import { until } from "../run/support.ts";
import { proxied, served, WITHOUT_NGINX } from "./events.ts";

/** What comes of a response, as it comes. */
async function asked(
  port: number,
  path: string,
  body?: AsyncIterable<Uint8Array>,
): Promise<{ readonly message: IncomingMessage; readonly came: () => string }> {
  const request = requestOf({ port, path, host: "127.0.0.1", method: body ? "POST" : "GET", agent: false });
  const response = once(request, "response");
  if (body) {
    request.setHeader("transfer-encoding", "chunked");
    void (async () => {
      for await (const piece of body) request.write(piece);
      request.end();
    })();
  } else request.end();
  const [message] = (await response) as [IncomingMessage];
  let came = "";
  message.setEncoding("utf8").on("data", (chunk: string) => (came += chunk));
  return { message, came: () => came };
}

describe("nginx", { skip: WITHOUT_NGINX }, () => {
  test("with buffers lets events through where the guest says so, and else keeps them", async (t) => {
    const asks = await served(t, { "x-accel-buffering": "no" });
    const flowing = await asked(await proxied(t, asks.port), "/forward/events");
    asks.send("one");
    await until(() => flowing.came() === "data: one\n\n");
    asks.send("two");
    await until(() => flowing.came() === "data: one\n\ndata: two\n\n");

    const kept = await served(t);
    const waiting = asked(await proxied(t, kept.port), "/forward/events");
    kept.send("one");
    kept.send("two");
    kept.end();
    const { message, came } = await waiting;
    await once(message, "end");
    assert.equal(came(), "data: one\n\ndata: two\n\n");
  });

  test("lets an upload in chunks flow, and what is answered meanwhile", async (t) => {
    const { port } = await served(t);
    const through = await proxied(t, port, "proxy_buffering off; proxy_request_buffering off;");
    const pieces = new TransformStream<Uint8Array, Uint8Array>();
    const writer = pieces.writable.getWriter();
    void writer.write(Buffer.from("1"));
    const { message, came } = await asked(through, "/echo", pieces.readable);
    for (const [at, piece] of ["1", "12", "123"].entries()) {
      // oxlint-disable-next-line no-await-in-loop -- each piece is answered before the next one is sent
      await until(() => came() === piece);
      if (at < 2) void writer.write(Buffer.from(String(at + 2)));
    }
    const ended = once(message, "end");
    void writer.close();
    await ended;
    assert.equal(came(), "123");
  });
});
