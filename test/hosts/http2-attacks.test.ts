/** Clients of HTTP/2 that mean no good: the server lives on, others are answered, and what it holds of them is bounded. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Http2Server } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { test, type TestContext } from "node:test";
import { connect as connectSecurely } from "node:tls";
import type { Source } from "../../src/io/ports.ts";
import { nodeListener } from "../../src/hosts/node/http/listener.ts";
import { httpServer } from "../../src/hosts/node/http/server.ts";
import type { HttpRequest, HttpResponse } from "../../src/wasi/http/exchange.ts";
import { turn, until } from "../run/support.ts";
import { bodyOf, newPipe, outcomeOf } from "./bodies.ts";
import { asking, frame, literal, rawSession } from "./frames.ts";
import { TLS } from "./tls.ts";

type Answering = (request: HttpRequest) => Promise<HttpResponse>;

const plain: HttpResponse = { status: 204, headers: [], body: undefined };

async function listening(t: TestContext, server: Server | Http2Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => void server.close());
  // A server on a port has an address.
  return (server.address() as AddressInfo).port;
}

/** Of Node's clock, which nothing moves. */
const SHORT_MS = 200;

function large(): HttpResponse {
  return { status: 200, headers: [], body: bodyOf("x".repeat(60_000)) };
}

function serving(t: TestContext, answer: Answering, stallMs?: number): Promise<number> {
  const { server } = httpServer(answer, (error) => assert.fail(String(error)), undefined, stallMs);
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

/** A source that tells when it is closed. */
function closing(source: Source, closed: () => void): Source {
  return {
    read: (max) => source.read(max),
    ready: () => source.ready(),
    watch: (waker) => source.watch(waker),
    unwatch: (waker) => source.unwatch(waker),
    close() {
      source.close();
      closed();
    },
  };
}

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

test("who ends their side of the connection has left: bodies fail, and what is sent is let go of", async (t) => {
  const ended: string[] = [];
  const left = Promise.withResolvers<void>();
  const pipe = newPipe();
  const port = await serving(t, async ({ body, method }) => {
    if (method === "GET") {
      void pipe.sink.write(new Uint8Array(60_000));
      return { ...plain, status: 200, body: { ...pipe.body, source: closing(pipe.body.source, left.resolve) } };
    }
    ended.push(await outcomeOf(body));
    return plain;
  });
  const half = await rawSession(t, port);
  half.send(frame(4, 0, 0, Uint8Array.of(0, 4, 0, 0, 0, 0)), asking(1, true, { method: "GET" }), asking(3, false));
  half.send(frame(0, 0, 3, Buffer.from("some")));
  await until(() => half.sent(1).length > 0);
  half.socket.end();
  await Promise.all([half.closed, left.promise]);
  await until(() => ended.length > 0);
  assert.deepEqual(ended, ["connection-terminated"]);
});

/** What Node ends the connection for by itself, if nobody tells it not to: frames, by the number of their round. */
const FLOODS: Readonly<
  Record<string, { readonly first?: Uint8Array; readonly frames: (round: number) => Uint8Array[] }>
> = {
  "requests that are reset at once": {
    frames: (round) => [asking(2 * round + 1, true), frame(3, 0, 2 * round + 1, Uint8Array.of(0, 0, 0, 8))],
  },
  "a header that goes on for ever": {
    first: frame(1, 0, 1, Uint8Array.of(0x82, 0x86, 0x84)),
    frames: (round) => [frame(9, 0, 1, literal(`x-${round}`, "y".repeat(100)))],
  },
  "pieces of a body without a byte": { first: asking(1, false), frames: () => [frame(0, 0, 1)] },
  "what the connection does not have": { frames: () => [frame(6, 0, 1, new Uint8Array(8))] },
  "bodies of requests that there are not": { frames: (round) => [frame(0, 0, 2 * round + 1, Uint8Array.of(1))] },
};
/** Many times what is let pass. */
const ROUNDS = 20_000;
const AT_ONCE = 500;

for (const [what, { first, frames }] of Object.entries(FLOODS)) {
  test(`${what}: the connection is ended, and others are answered`, async (t) => {
    const port = await serving(t, async () => plain);
    const hostile = await rawSession(t, port);
    if (first) hostile.send(first);
    for (let round = 0; round < ROUNDS && !hostile.socket.destroyed; round += AT_ONCE) {
      hostile.send(...Array.from({ length: AT_ONCE }, (_, at) => frames(round + at)).flat());
      // oxlint-disable-next-line no-await-in-loop -- as fast as they are taken
      await turn();
    }
    await hostile.closed;
    assert.equal(await statusFor(t, port), 204);
  });
}

test("of requests that are reset at once not many more are read than end a connection, however many are there", async (t) => {
  let read = 0;
  const { server } = httpServer(
    () => assert.fail("One is asked for that is reset"),
    (error) => assert.fail(String(error)),
    TLS,
    undefined,
    () => void read++,
  );
  const port = await listening(t, server);
  const options = { host: "127.0.0.1", ALPNProtocols: ["h2"], rejectUnauthorized: false };
  const hostile = await rawSession(t, port, connectSecurely(port, options));
  const rounds = FLOODS["requests that are reset at once"];
  hostile.send(...Array.from({ length: ROUNDS }, (_, round) => rounds?.frames(round) ?? []).flat());
  await hostile.closed;
  // Those of the last turn begin after the connection's end.
  await turn();
  // As many as Node takes before it says no, and those of a turn.
  assert.ok(read > 0 && read < 3000, String(read));
});

test("acknowledgements that nobody reads do not pile up: the connection is ended", async (t) => {
  const port = await serving(t, async () => plain);
  const hostile = await rawSession(t, port);
  hostile.socket.pause();
  const pings = Array.from({ length: AT_ONCE }, () => frame(6, 0, 0, new Uint8Array(8)));
  while (!hostile.socket.destroyed) {
    hostile.send(...pings);
    // oxlint-disable-next-line no-await-in-loop -- as fast as they are taken
    await turn();
  }
  assert.equal(await statusFor(t, port), 204);
});

for (const [what, more] of [
  ["pings", frame(6, 0, 0, new Uint8Array(8))],
  ["settings", frame(4, 0, 0)],
] as const) {
  test(`a connection on which nothing comes but ${what} is let go of`, async (t) => {
    const port = await serving(t, async () => plain, SHORT_MS);
    const hostile = await rawSession(t, port);
    const isAnswered = (count: number) => (): boolean => hostile.socket.destroyed || hostile.sent(0).length > count;
    while (!hostile.socket.destroyed) {
      const answers = hostile.sent(0).length;
      hostile.send(more);
      // oxlint-disable-next-line no-await-in-loop -- one after the other, so that it is never silent for long
      await until(isAnswered(answers));
    }
  });
}

test("many streams whose responses nobody takes keep nobody from being answered", async (t) => {
  const port = await serving(t, async ({ method }) => (method === "GET" ? large() : plain));
  for (let at = 0; at < 5; at++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const hostile = await rawSession(t, port);
    // A window of 0 for each stream.
    hostile.send(frame(4, 0, 0, Uint8Array.of(0, 4, 0, 0, 0, 0)));
    hostile.send(...Array.from({ length: 200 }, (_, index) => asking(2 * index + 1, true, { method: "GET" })));
    // oxlint-disable-next-line no-await-in-loop -- as above
    await until(() => hostile.sent(399).length > 0);
    assert.equal(hostile.bytes(), 0);
  }
  const session = connect(`http://127.0.0.1:${port}`);
  t.after(() => session.destroy());
  const stream = session.request({ ":method": "POST" });
  stream.end();
  const [said] = (await once(stream, "response")) as [{ readonly ":status"?: number }];
  assert.equal(said[":status"], 204);
});
