/** Servers that mean no good, by TLS: each exchange ends with the code that says why, and its connection with it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { TLSSocket } from "node:tls";
import { NodeHttpClient } from "../../src/hosts/node/http/client.ts";
import type { HttpResponse } from "../../src/wasi/http/exchange.ts";
import { HttpError } from "../../src/wasi/http/error-code.ts";
import { until } from "../run/support.ts";
import { outcomeOf } from "./bodies.ts";
import { frame, literal } from "./frames.ts";
import { NOT_UNDERSTOOD, TLS, trust } from "./tls.ts";

trust();

const MINUTES = 600_000;
/** Of Node's clock, which nothing moves. */
const SHORT_MS = 50;

interface Listening {
  readonly port: number;
  readonly connections: ReadonlySet<Socket>;
}

async function listening(t: TestContext, server: Server): Promise<Listening> {
  const connections = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    connections.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => connections.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  // A server on a port has an address.
  return { port: (server.address() as AddressInfo).port, connections };
}

/** A server that says by TLS that it speaks this, and does what it likes when it is asked. */
function hostile(
  t: TestContext,
  protocols: readonly string[],
  asked: (socket: TLSSocket) => void,
  certificate: typeof TLS = TLS,
): Promise<Listening> {
  return listening(
    t,
    createServer((socket) => {
      const secure = new TLSSocket(socket, { isServer: true, ...certificate, ALPNProtocols: [...protocols] });
      secure.on("error", () => {});
      secure.once("data", () => asked(secure));
      secure.resume();
    }),
  );
}

function clientOf(t: TestContext): NodeHttpClient {
  const client = new NodeHttpClient(async () => [{ family: "ipv4", ip: "127.0.0.1" }], 10);
  t.after(() => client.close());
  return client;
}

function send(client: NodeHttpClient, port: number, host = "name.test", firstByte = MINUTES): Promise<HttpResponse> {
  const request = { method: "GET", scheme: "https", authority: `${host}:${port}`, path: "/", headers: [] };
  const timeouts = { connect: MINUTES, firstByte, betweenBytes: MINUTES };
  return client.send({ ...request, body: undefined, timeouts }, new AbortController().signal);
}

/** What the body has, or the code of what the exchange failed of. */
async function outcome(sent: Promise<HttpResponse>): Promise<string> {
  try {
    return await outcomeOf((await sent).body);
  } catch (error) {
    assert.ok(error instanceof HttpError, String(error));
    return error.payload.tag;
  }
}

/** Writes without an end, as fast as it is taken. */
function flood(socket: TLSSocket, before: string, piece: Uint8Array | string): void {
  socket.write(before, "latin1");
  const pieces = Buffer.concat(Array.from({ length: 100 }, () => Buffer.from(piece)));
  const more = (): void => {
    if (socket.destroyed) return;
    if (socket.write(pieces)) setImmediate(more);
  };
  socket.on("drain", more);
  more();
}

const HTTP1 = ["http/1.1"];
const HTTP2 = ["h2"];
const SETTINGS = frame(4, 0, 0);
/** The status 200, by the static table of HPACK. */
const OK = Uint8Array.of(0x88);
const ANSWER = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
const CHUNKED = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

function frames(socket: TLSSocket, ...all: readonly Uint8Array[]): void {
  socket.write(Buffer.concat([SETTINGS, ...all]));
}

/** What a server does, what it said that it speaks, and what the guest is told. */
const SERVERS: Readonly<
  Record<string, readonly [said: readonly string[], asked: (by: TLSSocket) => void, tag: string]>
> = {
  "agrees on HTTP/2, and speaks HTTP/1.1": [HTTP2, (by) => void by.write(ANSWER), "HTTP-protocol-error"],
  "agrees on HTTP/1.1, and speaks HTTP/2": [HTTP1, (by) => frames(by, frame(1, 5, 1, OK)), "HTTP-protocol-error"],
  "changes the protocol, unasked": [
    HTTP1,
    (by) => void by.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
    "HTTP-upgrade-failed",
  ],
  "changes the protocol, and does not say to what": [
    HTTP1,
    (by) => void by.write(`HTTP/1.1 101 Switching Protocols\r\n\r\n${ANSWER}`),
    "HTTP-upgrade-failed",
  ],
  "sends a header without an end": [
    HTTP1,
    (by) => flood(by, "HTTP/1.1 200 OK\r\n", "x: y\r\n"),
    "HTTP-response-header-section-size",
  ],
  "sends a reason without an end": [
    HTTP1,
    (by) => flood(by, "HTTP/1.1 200 ", "x"),
    "HTTP-response-header-section-size",
  ],
  "sends a chunk's extension without an end": [HTTP1, (by) => flood(by, `${CHUNKED}5;`, "x"), "HTTP-protocol-error"],
  "sends trailers without an end": [
    HTTP1,
    (by) => flood(by, `${CHUNKED}0\r\n`, "x: y\r\n"),
    "HTTP-response-trailer-section-size",
  ],
  "sends a chunk longer than any": [
    HTTP1,
    (by) => void by.write(`${CHUNKED}fffffffffffffffff\r\nabc`),
    "HTTP-protocol-error",
  ],
  "says a length and sends chunks": [
    HTTP1,
    (by) =>
      void by.write("HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    "HTTP-protocol-error",
  ],
  "leaves, by HTTP/2, at once": [HTTP2, (by) => frames(by, frame(7, 0, 0, new Uint8Array(8))), "connection-terminated"],
  "changes the protocol, by HTTP/2": [
    HTTP2,
    (by) => frames(by, frame(1, 4, 1, Buffer.concat([Uint8Array.of(8, 3), Buffer.from("101")]))),
    "HTTP-protocol-error",
  ],
  "sends more than it said, by HTTP/2": [
    HTTP2,
    (by) =>
      frames(
        by,
        frame(1, 4, 1, Buffer.concat([OK, literal("content-length", "1")])),
        frame(0, 1, 1, Buffer.from("abc")),
      ),
    "HTTP-response-incomplete",
  ],
  "sends a header in pieces without an end, by HTTP/2": [
    HTTP2,
    (by) => {
      frames(by, frame(1, 0, 1, OK));
      flood(by, "", frame(9, 0, 1, literal("x", "y")));
    },
    "HTTP-protocol-error",
  ],
  "sends pieces of a body without a byte, by HTTP/2": [
    HTTP2,
    (by) => {
      frames(by, frame(1, 4, 1, OK));
      flood(by, "", frame(0, 0, 1));
    },
    "HTTP-response-incomplete",
  ],
};

for (const [what, [said, asked, tag]] of Object.entries(SERVERS)) {
  test(`a server that ${what}: ${tag}`, async (t) => {
    const server = await hostile(t, said, asked);
    const client = clientOf(t);
    assert.equal(await outcome(send(client, server.port)), tag);
    client.close();
    await until(() => server.connections.size === 0);
  });
}

for (const [what, piece] of [
  ["100", "HTTP/1.1 100 Continue\r\n\r\n"],
  ["103", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"],
] as const) {
  test(`11.11 a server that sends ${what} for ever has sent no response: connection-read-timeout`, async (t) => {
    const server = await hostile(t, HTTP1, (by) => flood(by, "", piece));
    assert.equal(await outcome(send(clientOf(t), server.port, "name.test", SHORT_MS)), "connection-read-timeout");
    await until(() => server.connections.size === 0);
  });
}

/** What begins otherwise among OpenSSL's words, and what has no "alert" in them. */
for (const [alertId, alertMessage] of [
  [40, "handshake failure"],
  [80, "internal error"],
  [109, "missing extension"],
  [112, "unrecognized name"],
] as const) {
  test(`a server that refuses TLS by an alert, ${alertMessage}: it is told`, async (t) => {
    const alert = Uint8Array.of(21, 3, 3, 0, 2, 2, alertId);
    const server = await listening(
      t,
      createServer((socket) => void socket.once("data", () => socket.end(alert))),
    );
    await assert.rejects(send(clientOf(t), server.port), (error) => {
      assert.ok(error instanceof HttpError, String(error));
      assert.deepEqual(error.payload, { tag: "TLS-alert-received", val: { alertId, alertMessage } });
      return true;
    });
    await until(() => server.connections.size === 0);
  });
}

for (const [what, host, certificate] of [
  ["of another name", "other.test", TLS],
  ["that nobody understands", "name.test", NOT_UNDERSTOOD],
] as const) {
  test(`a certificate ${what}: TLS-certificate-error, and nothing is sent`, async (t) => {
    const server = await hostile(t, HTTP1, () => assert.fail("it is asked"), certificate);
    assert.equal(await outcome(send(clientOf(t), server.port, host)), "TLS-certificate-error");
    await until(() => server.connections.size === 0);
  });
}

for (const bytes of [1, 5, 100, 700, 1200]) {
  test(`11.11 TLS that stalls after ${bytes} bytes of the server's: connection-read-timeout`, async (t) => {
    const { port } = await hostile(t, HTTP1, () => assert.fail("it is asked"));
    // Between the two, and lets so much of what the server says pass.
    const between = createServer((socket) => {
      const onward = connect(port, "127.0.0.1");
      onward.on("error", () => {});
      t.after(() => onward.destroy());
      socket.pipe(onward);
      let left = bytes;
      onward.on("data", (chunk: Buffer) => {
        socket.write(chunk.subarray(0, left));
        left = Math.max(0, left - chunk.length);
      });
    });
    const stalled = await listening(t, between);
    assert.equal(await outcome(send(clientOf(t), stalled.port, "name.test", SHORT_MS)), "connection-read-timeout");
    await until(() => stalled.connections.size === 0);
  });
}

test("11.11 a body without an end that nobody wants any more ends, by each protocol", async (t) => {
  const h2 = await hostile(t, HTTP2, (by) => {
    frames(by, frame(1, 4, 1, OK));
    flood(by, "", frame(0, 0, 1, Buffer.from("abc")));
  });
  const h1 = await hostile(t, HTTP1, (by) => flood(by, CHUNKED, "3\r\nabc\r\n"));
  for (const { port, connections } of [h1, h2]) {
    const client = clientOf(t);
    // oxlint-disable no-await-in-loop -- one after the other
    const { body } = await send(client, port);
    await until(() => body?.source.ready() === true);
    body?.source.close();
    client.close();
    await until(() => connections.size === 0);
    // oxlint-enable no-await-in-loop
  }
});
