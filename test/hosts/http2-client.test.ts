/** The client over HTTP/2, against servers that do as they like. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { constants, createSecureServer, type Http2SecureServer, type SecureServerOptions } from "node:http2";
import type { ServerHttp2Session } from "node:http2";
import type { ServerHttp2Stream, IncomingHttpHeaders } from "node:http2";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Server, Socket } from "node:net";
import { test, type TestContext } from "node:test";
import tls, { createServer as createTls } from "node:tls";
import { NodeHttpClient } from "../../src/hosts/node/http/client.ts";
import { BodyPipe } from "../../src/wasi/http/body-pipe.ts";
import { HttpError } from "../../src/wasi/http/error-code.ts";
import type { HttpRequest, HttpResponse } from "../../src/wasi/http/exchange.ts";
import { changed } from "../../src/io/steps.ts";
import { until } from "../run/support.ts";
import { TLS, trust } from "./tls.ts";

trust();

const MINUTES = 600_000;
const never = new AbortController().signal;

function client(t: TestContext, maxExchanges = 1000): NodeHttpClient {
  const made = new NodeHttpClient(async () => [{ family: "ipv4", ip: "127.0.0.1" }], maxExchanges);
  t.after(() => made.close());
  return made;
}

function request(port: number, given: Partial<HttpRequest> = {}): HttpRequest {
  return {
    ...{ method: "GET", scheme: "https", authority: `name.test:${port}`, path: "/", headers: [], body: undefined },
    timeouts: { connect: MINUTES, firstByte: MINUTES, betweenBytes: MINUTES },
    ...given,
  };
}

async function portOf(t: TestContext, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  // A server on a port has an address.
  return (server.address() as AddressInfo).port;
}

interface Serving {
  readonly port: number;
  readonly server: Http2SecureServer;
  /** One for each connection, in their order. */
  readonly sessions: ServerHttp2Session[];
}

type Serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

async function serving(
  t: TestContext,
  serve: Serve,
  { allowHTTP1 = false, settings = {} }: SecureServerOptions = {},
): Promise<Serving> {
  const server = createSecureServer({ ...TLS, allowHTTP1, settings, maxSendHeaderBlockLength: 1_000_000 });
  const sessions: ServerHttp2Session[] = [];
  server.on("session", (session) => {
    sessions.push(session);
    session.on("error", () => {});
  });
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    stream.on("error", () => {});
    serve(stream, headers);
  });
  t.after(() => {
    for (const session of sessions) session.destroy();
  });
  return { port: await portOf(t, server), server, sessions };
}

async function textOf({ body }: HttpResponse): Promise<string> {
  assert.ok(body);
  const { source } = body;
  let text = "";
  for (let bytes; (bytes = source.read(65_536)) !== null;) {
    // oxlint-disable-next-line no-await-in-loop -- until there is something
    if (bytes.length === 0) await changed(source);
    text += Buffer.from(bytes).toString("latin1");
  }
  return text;
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof HttpError, String(error));
    return error.payload.tag;
  }
  return assert.fail("it succeeds");
}

function pipe(): BodyPipe {
  return new BodyPipe(65_536, undefined, () => new HttpError({ tag: "HTTP-protocol-error" }));
}

const hello: Serve = (stream) => {
  stream.respond({ ":status": 200 });
  stream.end("hello");
};

test("requests share a connection, also those that come while it is made; each client has its own", async (t) => {
  const { port, sessions } = await serving(t, hello);
  const [one, other] = [client(t), client(t)];
  const many = await Promise.all(Array.from({ length: 20 }, async () => textOf(await one.send(request(port), never))));
  assert.deepEqual(new Set(many), new Set(["hello"]));
  assert.equal(await textOf(await one.send(request(port), never)), "hello");
  assert.equal(sessions.length, 1);
  await textOf(await other.send(request(port), never));
  assert.equal(sessions.length, 2);
});

test("so many wait as the server does not take at a time, from the first on", async (t) => {
  for (const [maxConcurrentStreams, count] of [
    [1, 5],
    [3, 50],
  ] as const) {
    let [underWay, most] = [0, 0];
    const slow: Serve = (stream) => {
      most = Math.max(most, ++underWay);
      stream.once("close", () => underWay--);
      setImmediate(hello, stream, {});
    };
    // oxlint-disable no-await-in-loop -- one after the other
    const { port, sessions } = await serving(t, slow, { settings: { maxConcurrentStreams } });
    const by = client(t);
    const all = await Promise.all(
      Array.from({ length: count }, async () => textOf(await by.send(request(port), never))),
    );
    // oxlint-enable no-await-in-loop
    assert.deepEqual(new Set(all), new Set(["hello"]));
    assert.ok(most <= maxConcurrentStreams, `${most} at a time`);
    assert.equal(sessions.length, 1);
  }
});

test("a server that does not agree is spoken to by HTTP/1.1, over the connection that told", async (t) => {
  let connections = 0;
  const server = createHttps(TLS, (asked, response) => {
    response.end(`${asked.httpVersion} ${String(asked.headers.host)}`);
  });
  server.on("secureConnection", () => connections++);
  const port = await portOf(t, server);
  t.after(() => server.closeAllConnections());
  const by = client(t);
  for (let count = 0; count < 3; count++) {
    // oxlint-disable no-await-in-loop -- one after the other
    assert.equal(await textOf(await by.send(request(port), never)), `1.1 name.test:${port}`);
    // The connection is free in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    // oxlint-enable no-await-in-loop
  }
  assert.equal(connections, 1);
  // Others at the same time have connections of their own.
  await Promise.all(Array.from({ length: 3 }, async () => textOf(await by.send(request(port), never))));
  assert.equal(connections, 3);
});

test("11.2 fields, status and path are what they were; what is a connection's own is not sent", async (t) => {
  const seen: unknown[] = [];
  const server = createSecureServer(TLS);
  server.on("session", (session) => t.after(() => session.destroy()));
  server.on("stream", (stream: ServerHttp2Stream, _, __, raw: readonly string[]) => {
    seen.push(raw);
    stream.respond([":status", "299", "x-b", "1", "x-a", "\u00e9", "x-b", "2"]);
    stream.end();
  });
  const port = await portOf(t, server);
  const value = (text: string): Uint8Array => Buffer.from(text, "latin1");
  const headers = [
    ["x-b", value("1")],
    ["te", value("gzip")],
    ["x-a", value("\u00e9")],
    ["upgrade", value("x")],
    ["x-b", value("2")],
  ] as const;
  const response = await client(t).send(request(port, { method: "PROPFIND", path: "/p?q=%20\u00e9", headers }), never);
  assert.equal(response.status, 299);
  assert.deepEqual(
    response.headers.slice(0, 3).map(([name, bytes]) => `${name}=${Buffer.from(bytes).toString("latin1")}`),
    ["x-b=1", "x-a=\u00e9", "x-b=2"],
  );
  assert.equal(await textOf(response), "");
  assert.deepEqual(seen, [
    [
      ...[":method", "PROPFIND", ":scheme", "https", ":authority", `name.test:${port}`],
      ...[":path", "/p?q=%20\u00c3\u00a9", "x-b", "1", "x-a", "\u00e9", "x-b", "2"],
      ...["content-length", "0"],
    ],
  ]);
});

test("what is reset before a response has a code, and what cannot be sent too", async (t) => {
  const { port } = await serving(t, (stream, { ":path": path }) => stream.close(Number(path?.slice(1))));
  const by = client(t);
  for (const [code, tag] of [
    [constants.NGHTTP2_NO_ERROR, "connection-terminated"],
    [constants.NGHTTP2_PROTOCOL_ERROR, "HTTP-protocol-error"],
    [constants.NGHTTP2_INTERNAL_ERROR, "connection-terminated"],
    [constants.NGHTTP2_REFUSED_STREAM, "connection-terminated"],
    [constants.NGHTTP2_CANCEL, "connection-terminated"],
    [constants.NGHTTP2_ENHANCE_YOUR_CALM, "HTTP-protocol-error"],
    [constants.NGHTTP2_INADEQUATE_SECURITY, "TLS-protocol-error"],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.equal(await codeOf(by.send(request(port, { path: `/${code}` }), never)), tag, String(code));
  }
  for (const [given, tag] of [
    [{ path: "/a b" }, "HTTP-request-URI-invalid"],
    [{ method: "a b" }, "HTTP-request-method-invalid"],
    [{ method: "CONNECT" }, "HTTP-request-method-invalid"],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.equal(await codeOf(by.send(request(port, given), never)), tag);
  }
});

for (const name of ["NO_ERROR", "CANCEL", "INTERNAL_ERROR"] as const) {
  test(`a response that is reset by ${name} fails`, async (t) => {
    const { port } = await serving(t, (stream) => {
      stream.respond({ ":status": 200, "content-length": "10" });
      stream.write("half");
      t.after(() => stream.destroy());
      resets.push(() => stream.close(constants[`NGHTTP2_${name}`]));
    });
    const resets: (() => void)[] = [];
    const response = await client(t).send(request(port), never);
    const text = textOf(response);
    resets[0]?.();
    assert.equal(await codeOf(text), "HTTP-response-incomplete");
  });
}

/** How a connection ends while its streams carry something. */
const LOST: Readonly<Record<string, (session: ServerHttp2Session, socket: Socket) => void>> = {
  "ends without a word": (_, socket) => void socket.end(),
  "is cut": (_, socket) => void socket.destroy(),
  "ends after GOAWAY": (session) => {
    session.goaway(constants.NGHTTP2_NO_ERROR);
    session.destroy();
  },
  "ends by an error": (session) => session.destroy(new Error("lost"), constants.NGHTTP2_INTERNAL_ERROR),
  "goes away, having done nothing": (session) => {
    session.goaway(constants.NGHTTP2_NO_ERROR, 0);
    session.destroy();
  },
};

for (const [what, lose] of Object.entries(LOST)) {
  for (const length of [undefined, "10"]) {
    test(`a response ${length === undefined ? "" : "of a length "}whose connection ${what} fails`, async (t) => {
      const { port, sessions, server } = await serving(t, (stream) => {
        stream.respond({ ":status": 200, ...(length !== undefined && { "content-length": length }) });
        stream.write("half");
      });
      const secured = once(server, "secureConnection");
      const response = await client(t).send(request(port), never);
      const [socket] = (await secured) as [Socket];
      const { source } = response.body ?? assert.fail("it has a body");
      await until(() => source.ready());
      assert.equal(Buffer.from(source.read(100) ?? []).toString(), "half");
      const rest = textOf(response);
      const [session] = sessions;
      assert.ok(session);
      lose(session, socket);
      assert.equal(await codeOf(rest), "HTTP-response-incomplete");
      assert.equal(source.read(1), null);
    });
  }
}

test("a request that the server refused unread is sent once more, and one that wants HTTP/1.1 by that", async (t) => {
  let streams = 0;
  const { port, sessions, server } = await serving(
    t,
    (stream, { ":path": path }) => {
      if (path === "/old") stream.close(constants.NGHTTP2_HTTP_1_1_REQUIRED);
      else if (streams++ === 0) stream.close(constants.NGHTTP2_REFUSED_STREAM);
      else hello(stream, {});
    },
    { allowHTTP1: true },
  );
  server.on("request", (asked, response) => {
    if (asked.httpVersion === "1.1") response.end("old");
  });
  const by = client(t);
  // Also a POST: nothing was done with it.
  assert.equal(await textOf(await by.send(request(port, { method: "POST" }), never)), "hello");
  assert.equal(streams, 2);
  assert.equal(await textOf(await by.send(request(port, { path: "/old" }), never)), "old");
  assert.equal(await textOf(await by.send(request(port), never)), "old");
  assert.ok(sessions.length <= 2);
});

test("GOAWAY: what is under way is answered, and the next request has another connection", async (t) => {
  const held: ServerHttp2Stream[] = [];
  const { port, sessions } = await serving(t, (stream) => {
    stream.respond({ ":status": 200 });
    held.push(stream);
  });
  const by = client(t);
  const first = await by.send(request(port), never);
  sessions[0]?.goaway();
  // Its answer on the same connection comes after it.
  held[0]?.end("first");
  assert.equal(await textOf(first), "first");
  const second = await by.send(request(port), never);
  assert.equal(sessions.length, 2);
  held[1]?.end("second");
  assert.equal(await textOf(second), "second");
});

test("a connection that died while nobody used it is made anew, once", async (t) => {
  const { port, sessions } = await serving(t, (stream, headers) => {
    if (headers[":path"] === "/die") stream.session?.destroy();
    else hello(stream, headers);
  });
  const by = client(t);
  await textOf(await by.send(request(port), never));
  const sent = by.send(request(port), never);
  sessions[0]?.destroy();
  assert.equal(await textOf(await sent), "hello");
  assert.equal(sessions.length, 2);
  assert.equal(await codeOf(by.send(request(port, { path: "/die" }), never)), "connection-terminated");
  assert.equal(sessions.length, 3);
  assert.equal(await codeOf(by.send(request(port, { path: "/die", method: "POST" }), never)), "connection-terminated");
});

test("11.8 11.11 who gives a request up, leaves its response, or fails its body resets the stream alone", async (t) => {
  const streams: ServerHttp2Stream[] = [];
  const { port, sessions } = await serving(t, (stream, { ":path": path }) => {
    streams.push(stream);
    if (path !== "/wait") stream.respond({ ":status": 200 });
    if (path === "/endless") stream.write("some");
  });
  const resetOf = async (at: number): Promise<number | undefined> => {
    await until(() => streams[at]?.closed === true);
    return streams[at]?.rstCode;
  };
  const by = client(t);
  const controller = new AbortController();
  const given = by.send(request(port, { path: "/wait" }), controller.signal);
  await until(() => streams.length === 1);
  controller.abort();
  await assert.rejects(given);
  assert.equal(await resetOf(0), constants.NGHTTP2_CANCEL);

  const response = await by.send(request(port, { path: "/endless" }), never);
  response.body?.source.close();
  assert.equal(await resetOf(1), constants.NGHTTP2_CANCEL);

  const body = pipe();
  const cut = by.send(request(port, { method: "POST", path: "/wait", body: body.body }), never);
  await until(() => streams.length === 3);
  let isEnded = false;
  streams[2]?.on("end", () => (isEnded = true)).resume();
  body.sink.write(Buffer.from("half"));
  body.sink.abort(new HttpError({ tag: "internal-error", val: undefined }));
  assert.equal(await codeOf(cut), "internal-error");
  assert.notEqual(await resetOf(2), constants.NGHTTP2_NO_ERROR);
  assert.equal(isEnded, false);
  assert.equal(sessions.length, 1);
});

test("11.11 time-outs: for the connection, for the header, and between pieces of the body", async (t) => {
  const late = (given: Partial<HttpRequest["timeouts"]>): Partial<HttpRequest> => ({
    timeouts: { connect: MINUTES, firstByte: MINUTES, betweenBytes: MINUTES, ...given },
  });
  const { port } = await serving(t, (stream, { ":path": path }) => {
    if (path === "/half") stream.respond({ ":status": 200 });
  });
  const by = client(t);
  assert.equal(await codeOf(by.send(request(port, late({ firstByte: 1 })), never)), "connection-read-timeout");
  const half = await by.send(request(port, { path: "/half", ...late({ betweenBytes: 1 }) }), never);
  assert.equal(await codeOf(textOf(half)), "connection-read-timeout");
});

test("11.3 a header that is too large says so, and one that Node would not take by itself is taken", async (t) => {
  const { port } = await serving(t, (stream, { ":path": path }) => {
    const count = Number(path?.slice(1));
    stream.respond([
      ":status",
      "200",
      ...Array.from({ length: count }, (_, at) => [`x-${at}`, "y".repeat(100)]).flat(),
    ]);
    stream.end();
  });
  const by = client(t);
  const { headers } = await by.send(request(port, { path: "/400" }), never);
  assert.ok(headers.length > 400);
  assert.equal(await codeOf(by.send(request(port, { path: "/1400" }), never)), "HTTP-response-header-section-size");
});

test("TLS that does not come about has its code, for each that waited", async (t) => {
  const bare = createTls({});
  bare.on("tlsClientError", () => {});
  const port = await portOf(t, bare);
  const by = client(t);
  const codes = await Promise.all([0, 1, 2].map(() => codeOf(by.send(request(port), never))));
  assert.deepEqual(new Set(codes), new Set(["TLS-alert-received"]));
  const { port: good } = await serving(t, hello);
  const other = request(good, { authority: `other.test:${good}` });
  assert.equal(await codeOf(by.send(other, never)), "TLS-certificate-error");
});

test("who gives up while others wait for the same connection does not take it from them", async (t) => {
  const { port, server } = await serving(t, hello);
  const by = client(t);
  const controller = new AbortController();
  server.once("connection", () => controller.abort());
  const first = by.send(request(port), controller.signal);
  const second = by.send(request(port), never);
  await assert.rejects(first);
  assert.equal(await textOf(await second), "hello");
});

test("11.14 who expects 100 sends the body then, and not at all where the answer is no", async (t) => {
  const seen: string[] = [];
  const { port } = await serving(t, (stream, headers) => {
    assert.equal(headers.expect, "100-continue");
    if (headers[":path"] === "/no") {
      stream.respond({ ":status": 403 });
      stream.end("no");
      stream.on("data", () => seen.push("data"));
      stream.on("close", () => seen.push("closed"));
      return;
    }
    stream.additionalHeaders({ ":status": 100 });
    stream.respond({ ":status": 200 });
    stream.end("yes");
    stream.on("data", (chunk: Buffer) => seen.push(chunk.toString()));
  });
  const by = client(t);
  const ask = async (path: string): Promise<string> => {
    const body = pipe();
    body.sink.write(Buffer.from("some"));
    body.endWith(undefined);
    void body.sink.close();
    const headers = [["expect", Buffer.from("100-continue")]] as const;
    return textOf(await by.send(request(port, { method: "POST", path, headers, body: body.body }), never));
  };
  assert.equal(await ask("/yes"), "yes");
  await until(() => seen.length === 1);
  assert.equal(await ask("/no"), "no");
  await until(() => seen.length === 2);
  assert.deepEqual(seen, ["some", "closed"]);
});

/** A body, and what has become of it. */
function bodyThatTells(): { readonly left: BodyPipe; readonly ends: readonly string[] } {
  const ends: string[] = [];
  const tooLong = (): HttpError => new HttpError({ tag: "HTTP-protocol-error" });
  return { left: new BodyPipe(100, undefined, tooLong, ({ tag }) => void ends.push(tag)), ends };
}

for (const scheme of ["http", "https"]) {
  test(`${scheme}: a request that gets no connection closes its body`, async (t) => {
    const server = createTls();
    const port = await portOf(t, server);
    await new Promise((resolve) => void server.close(resolve));
    const { left, ends } = bodyThatTells();
    const sent = client(t).send(request(port, { scheme, method: "POST", body: left.body }), never);
    await assert.rejects(sent, (error) => error instanceof HttpError && error.payload.tag === "connection-refused");
    assert.deepEqual(ends, ["left"]);
  });
}

test("a request that there is no room for closes its body", async (t) => {
  const { left, ends } = bodyThatTells();
  const sent = client(t, 0).send(request(1, { method: "POST", body: left.body }), never);
  await assert.rejects(sent, (error) => error instanceof HttpError && error.payload.tag === "connection-limit-reached");
  assert.deepEqual(ends, ["left"]);
});

test("a connection that comes just when nobody wants its request any more is let go of", async (t) => {
  const server = createHttps(TLS, () => assert.fail("there is no request"));
  const ended = once(server, "secureConnection").then(([socket]: Socket[]) => socket && once(socket, "close"));
  const port = await portOf(t, server);
  const by = client(t);
  const controller = new AbortController();
  const connect = tls.connect.bind(tls) as (options: object) => tls.TLSSocket;
  t.mock.method(tls, "connect", (options: object) => {
    const socket = connect(options);
    socket.once("secureConnect", () => queueMicrotask(() => controller.abort()));
    return socket;
  });
  assert.equal(await codeOf(by.send(request(port), controller.signal)), "internal-error");
  await ended;
});
