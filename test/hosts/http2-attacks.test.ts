/** Clients of HTTP/2 that mean no good: the server lives on, others are answered, and what it holds of them is bounded. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Http2Server } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { test, type TestContext } from "node:test";
import { nodeListener } from "../../src/hosts/node/http/listener.ts";
import { httpServer } from "../../src/hosts/node/http/server.ts";
import type { HttpRequest, HttpResponse } from "../../src/wasi/http/exchange.ts";
import { outcomeOf } from "./bodies.ts";
import { asking, frame, rawSession } from "./frames.ts";

type Answering = (request: HttpRequest) => Promise<HttpResponse>;

const plain: HttpResponse = { status: 204, headers: [], body: undefined };

async function listening(t: TestContext, server: Server | Http2Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => void server.close());
  // A server on a port has an address.
  return (server.address() as AddressInfo).port;
}

function serving(t: TestContext, answer: Answering): Promise<number> {
  const { server } = httpServer(answer, (error) => assert.fail(String(error)));
  return listening(t, server);
}

/** Ours, and one of an embedder's with our listener. */
const SERVERS: Readonly<Record<string, (t: TestContext, answer: Answering) => Promise<number>>> = {
  "a server of ours": serving,
  "a server of Node's": (t, answer) => {
    const server = createServer(nodeListener(answer, (error) => assert.fail(String(error))));
    server.on("session", (session) => session.on("error", () => {}));
    return listening(t, server);
  },
};

/** The status that somebody else is answered with. */
async function statusFor(t: TestContext, port: number): Promise<unknown> {
  const session = connect(`http://127.0.0.1:${port}`);
  t.after(() => session.destroy());
  const stream = session.request({ ":path": "/" });
  const [headers] = (await once(stream, "response")) as [{ readonly ":status"?: number }];
  return headers[":status"];
}

/** What ends a connection, or the one stream. */
const ENDS: Readonly<Record<string, Uint8Array>> = {
  "a window that grows by nothing": frame(8, 0, 0, Uint8Array.of(0, 0, 0, 0)),
  "a reset": frame(3, 0, 1, Uint8Array.of(0, 0, 0, 8)),
  "bytes after the end": frame(0, 0, 1, Uint8Array.of(1)),
  "what is no header": frame(1, 5, 3, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)),
};

for (const [name, serve] of Object.entries(SERVERS)) {
  for (const [what, end] of Object.entries(ENDS)) {
    for (const [kind, fields] of [
      ["what is no request", [["host", "other"]]],
      ["a request", []],
    ] as const) {
      test(`${name}: ${kind}, and ${what} in one piece, harm nobody`, async (t) => {
        const port = await serve(t, async () => plain);
        const hostile = await rawSession(t, port);
        hostile.send(asking(1, true, { fields }), end);
        hostile.socket.end();
        await hostile.closed;
        assert.equal(await statusFor(t, port), 204);
      });
    }
  }
}

test("a connection that half closes: what was asked to its end is answered, the rest fails at once, and it is over", async (t) => {
  const go = Promise.withResolvers<void>();
  const ended: string[] = [];
  const port = await serving(t, async ({ body }) => {
    if (!body) {
      await go.promise;
      return plain;
    }
    ended.push(await outcomeOf(body));
    go.resolve();
    return plain;
  });
  const half = await rawSession(t, port);
  half.send(asking(1, true, { method: "GET" }), asking(3, false), frame(0, 0, 3, Buffer.from("some")));
  half.socket.end();
  await half.closed;
  assert.deepEqual(ended, ["connection-terminated"]);
  assert.deepEqual(
    half.sent(1).map((sent) => sent.split(" ")[0]),
    ["HEADERS"],
  );
});
