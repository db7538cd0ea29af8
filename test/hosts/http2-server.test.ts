/** HTTP/2 as a server: what arrives, what is answered, and both protocols on one port. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { request as http1Request } from "node:http";
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { connect as connectSocket, type AddressInfo } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { httpServer, type HttpServer } from "../../src/hosts/node/http/server.ts";
import { HttpError } from "../../src/wasi/http/error-code.ts";
import type { HttpRequest, HttpResponse } from "../../src/wasi/http/exchange.ts";
import type { Field } from "../../src/wasi/http/fields.ts";
import { changed } from "../../src/io/steps.ts";
import { turn, until } from "../run/support.ts";
import { bodyOf, newPipe, outcomeOf } from "./bodies.ts";
import { asking, frame, rawSession } from "./frames.ts";
import { TLS } from "./tls.ts";

type Answering = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

interface Serving extends HttpServer {
  readonly port: number;
  readonly failures: unknown[];
}

async function serving(t: TestContext, answer: Answering, tls?: typeof TLS): Promise<Serving> {
  const failures: unknown[] = [];
  const made = httpServer(
    async (request) => answer(request),
    (error) => void failures.push(error),
    tls,
  );
  made.server.listen(0, "127.0.0.1");
  await once(made.server, "listening");
  t.after(() => {
    made.server.closeAllConnections();
    void made.close();
  });
  // A server on a port has an address.
  return { ...made, port: (made.server.address() as AddressInfo).port, failures };
}

function session(t: TestContext, port: number, scheme = "http"): ClientHttp2Session {
  const made = connect(`${scheme}://127.0.0.1:${port}`, { rejectUnauthorized: false });
  made.on("error", () => {});
  t.after(() => made.destroy());
  return made;
}

const latin1 = (value: string): Uint8Array => Buffer.from(value, "latin1");
const shown = (fields: readonly Field[]): string[] =>
  fields.map(([name, value]) => `${name}: ${Buffer.from(value).toString("latin1")}`);
const plain = (status: number, given: Partial<HttpResponse> = {}): HttpResponse => ({
  ...{ status, headers: [], body: undefined },
  ...given,
});

async function statusOf(stream: ClientHttp2Stream): Promise<number | undefined> {
  const [headers] = (await once(stream, "response")) as [{ readonly ":status"?: number }];
  return headers[":status"];
}

for (const [scheme, tls] of [
  ["http", undefined],
  ["https", TLS],
] as const) {
  test(`${scheme}: a request and its response are what they were, in their order`, async (t) => {
    const seen: unknown[] = [];
    const { port } = await serving(
      t,
      ({ method, scheme: by, authority, path, headers, body }) => {
        seen.push(method, by, authority, path, shown(headers), body);
        return plain(299, {
          headers: [
            ["x-b", latin1("1")],
            ["x-a", latin1("\u00e9\u00ff")],
            ["connection", latin1("close")],
            ["x-b", latin1("2")],
            ["set-cookie", latin1("c")],
            ["set-cookie", latin1("d")],
            ["content-type", latin1("e")],
            ["content-type", latin1("f")],
          ],
          body: bodyOf("some"),
        });
      },
      tls,
    );
    const stream = session(t, port, scheme).request([
      ...[":method", "PUT", ":scheme", scheme, ":authority", "h:1", ":path", "/a?b=%20"],
      ...["x-a", "1", "cookie", "a=1", "x-b", "\u00e9", "cookie", "b=2", "x-a", "2", "te", "trailers"],
    ]);
    stream.end();
    const [, , raw] = (await once(stream, "response")) as [unknown, unknown, readonly string[]];
    assert.deepEqual(raw.slice(0, -2), [
      ...[":status", "299", "x-b", "1", "x-a", "\u00e9\u00ff", "x-b", "2", "set-cookie", "c", "set-cookie", "d"],
      ...["content-type", "e", "content-type", "f", "content-length", "4"],
    ]);
    assert.equal(await text(stream), "some");
    const method = "PUT";
    const fields = ["x-a: 1", "cookie: a=1; b=2", "x-b: \u00e9", "x-a: 2", "te: trailers"];
    assert.deepEqual(seen.slice(0, 5), [method, scheme, "h:1", "/a?b=%20", fields]);
  });

  test(`${scheme}: HTTP/1.1 and HTTP/2 on one port`, async (t) => {
    const { port } = await serving(
      t,
      async (request) => plain(200, { body: bodyOf(await outcomeOf(request.body)) }),
      tls,
    );
    const stream = session(t, port, scheme).request({ ":method": "POST" });
    stream.end("two");
    assert.equal(await text(stream), "two");
    const module = scheme === "https" ? process.getBuiltinModule("node:https").request : http1Request;
    const one = module({ host: "127.0.0.1", port, method: "POST", agent: false, rejectUnauthorized: false });
    one.end("one");
    const [response] = (await once(one, "response")) as [NodeJS.ReadableStream];
    assert.equal(await text(response), "one");
  });
}

/** Sends pieces one by one, each when the one before it has arrived in a turn of its own; all that comes. */
async function exchange(port: number, pieces: readonly string[]): Promise<string> {
  const socket = connectSocket(port, "127.0.0.1");
  socket.setNoDelay();
  await once(socket, "connect");
  const all = buffer(socket);
  for (const piece of pieces) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await new Promise((resolve) => socket.write(piece, "latin1", resolve));
  }
  return (await all).toString("latin1");
}

test("what begins as the other protocol does, or comes byte by byte, is told apart all the same", async (t) => {
  const { port } = await serving(t, ({ method }) => plain(200, { headers: [["x-method", latin1(method)]] }));
  for (const method of ["PROPFIND", "POST", "PATCH", "GET"]) {
    const head = `${method} / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`;
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.match(await exchange(port, head.split("")), new RegExp(`x-method: ${method}\r\n`));
  }
  const socket = connectSocket(port, "127.0.0.1");
  socket.setNoDelay();
  await once(socket, "connect");
  const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  for (const byte of preface) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await new Promise((resolve) => socket.write(byte, resolve));
  }
  // Settings of our own, and then those of the server.
  socket.write(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0));
  const [settings] = (await once(socket, "data")) as [Buffer];
  assert.equal(settings[3], 4);
  socket.destroy();
});

test("who ends before they have said what they speak is let go of, and who says nothing does not keep the server", async (t) => {
  const { port, close } = await serving(t, () => plain(204));
  const half = connectSocket(port, "127.0.0.1");
  half.end("PRI *");
  assert.equal(await text(half), "");
  const silent = connectSocket(port, "127.0.0.1");
  await once(silent, "connect");
  const gone = once(silent, "close");
  silent.resume();
  await close();
  await gone;
});

test("who does not shake hands does not keep the server", async (t) => {
  const { port, server, close } = await serving(t, () => plain(204), TLS);
  const silent = connectSocket(port, "127.0.0.1");
  const gone = once(silent.resume(), "close");
  await once(server, "connection");
  await close();
  await gone;
});

for (const [name, code] of [
  ["CANCEL", constants.NGHTTP2_CANCEL],
  ["NO_ERROR", constants.NGHTTP2_NO_ERROR],
  ["INTERNAL_ERROR", constants.NGHTTP2_INTERNAL_ERROR],
] as const) {
  test(`11.10 a request that is reset by ${name} never looks whole`, async (t) => {
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<string>();
    const { port } = await serving(t, async (request) => {
      await changed(request.body?.source ?? assert.fail("no body"));
      begun.resolve();
      ended.resolve(await outcomeOf(request.body));
      return plain(204);
    });
    const frames = await rawSession(t, port);
    frames.send(asking(1, false), frame(0, 0, 1, Buffer.from("half")));
    await begun.promise;
    frames.send(frame(3, 0, 1, Uint8Array.of(0, 0, 0, code)));
    assert.equal(await ended.promise, "connection-terminated");
  });
}

test("11.8 a response that fails is reset, and never looks whole", async (t) => {
  const pipe = newPipe();
  const { port } = await serving(t, () => plain(200, { body: pipe.body }));
  const stream = session(t, port).request({});
  let isEnded = false;
  stream.on("end", () => (isEnded = true));
  pipe.sink.write(latin1("half"));
  await once(stream, "data");
  pipe.sink.abort(new HttpError({ tag: "internal-error", val: undefined }));
  await once(stream, "error");
  assert.equal(stream.rstCode, constants.NGHTTP2_INTERNAL_ERROR);
  assert.equal(isEnded, false);
});

test("what has no body by its status or its method has none", async (t) => {
  const { port } = await serving(t, ({ path }) => plain(Number(path.slice(1)), { body: bodyOf("never") }));
  const by = session(t, port);
  for (const [method, status] of [
    ["GET", 204],
    ["GET", 205],
    ["GET", 304],
    ["HEAD", 200],
  ] as const) {
    const stream = by.request({ ":method": method, ":path": `/${status}` });
    // oxlint-disable no-await-in-loop -- one after the other
    assert.equal(await statusOf(stream), status);
    assert.equal(await text(stream), "");
    // oxlint-enable no-await-in-loop
  }
});

test("a response with nothing in it ends with its header, as gRPC has it of a call that fails at once", async (t) => {
  const headers = [["grpc-status", latin1("5")]] as const;
  const { port } = await serving(t, () => plain(200, { headers, body: { ...bodyOf(""), isWhole: () => true } }));
  const stream = session(t, port).request({});
  const [, flags] = (await once(stream, "response")) as [unknown, number];
  assert.equal(flags & constants.NGHTTP2_FLAG_END_STREAM, constants.NGHTTP2_FLAG_END_STREAM);
  assert.equal(await text(stream), "");
});

test("what is no request, and what cannot be answered, have an answer", async (t) => {
  let asked = 0;
  const { port, failures } = await serving(t, () => {
    asked++;
    throw new Error("the handler fails");
  });
  const by = session(t, port);
  const failed = by.request({});
  assert.equal(await statusOf(failed), 500);
  assert.match(await text(failed), /500 Internal Server Error/);
  for (const headers of [
    { ":authority": "a:99999" },
    { ":method": "CONNECT", ":authority": "a:1" },
    { ":authority": "a", host: "b" },
    // As by HTTP/1.1: a URL has no such characters.
    { ":authority": "a", ":path": "/\u00c3\u00a9" },
  ]) {
    const stream = by.request(headers);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.equal(await statusOf(stream), 400);
    stream.close();
  }
  assert.match(await exchange(port, ["CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n"]), /^HTTP\/1\.1 501 .*close/s);
  assert.equal(asked, 1);
  assert.equal(failures.length, 1);
});

test("11.12 a status that Node does not send by HTTP/2 is a 500, and the guest is named", async (t) => {
  const { port, failures } = await serving(t, () => plain(600, { body: bodyOf("some") }));
  assert.equal(await statusOf(session(t, port).request({})), 500);
  assert.match(
    String(failures),
    /^HttpError: the guest answered with the status 600, which Node does not send by HTTP\/2$/,
  );
});

test("11.14 who expects 100 gets it when the guest reads, and not from one that does not", async (t) => {
  const reads = Promise.withResolvers<void>();
  const { port } = await serving(t, async (request) => {
    if (request.path === "/refuse") {
      request.body?.source.close();
      return plain(403);
    }
    await reads.promise;
    return plain(200, { body: bodyOf(await outcomeOf(request.body)) });
  });
  const by = session(t, port);
  const refused = by.request({ ":method": "POST", ":path": "/refuse", expect: "100-continue" });
  refused.on("continue", () => assert.fail("it goes on"));
  assert.equal(await statusOf(refused), 403);
  refused.destroy();
  const read = by.request({ ":method": "POST", expect: "100-continue" });
  const goesOn = once(read, "continue");
  reads.resolve();
  await goesOn;
  read.end("some");
  assert.equal(await text(read), "some");

  const one = http1Request({ port, method: "POST", headers: { expect: "100-continue", "content-length": 4 } });
  one.flushHeaders();
  await once(one, "continue");
  one.end("some");
  const [response] = (await once(one, "response")) as [NodeJS.ReadableStream];
  assert.equal(await text(response), "some");
  const head = "POST /refuse HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n";
  // The body may never come: nothing more is taken from this connection.
  assert.match(await exchange(port, [head]), /^HTTP\/1\.1 403 [^]*connection: close\r\n/i);
});

test("an end: what was begun is answered, and the connection is let go of", async (t) => {
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const { port, close } = await serving(t, async () => {
    asked.resolve();
    await go.promise;
    return plain(200, { body: bodyOf("late") });
  });
  const by = session(t, port);
  const stream = by.request({});
  await asked.promise;
  const goaway = once(by, "goaway");
  const closed = close();
  await goaway;
  go.resolve();
  assert.equal(await text(stream), "late");
  await closed;
});

test("a response whose end waits for the client arrives whole, also if nobody has read the request", async (t) => {
  const pipe = newPipe();
  const { port } = await serving(t, ({ method }) => {
    if (method === "POST") return plain(200, { body: pipe.body });
    // The one is at its end when the other takes all that there is of the window.
    pipe.endWith(undefined);
    void pipe.sink.close();
    return plain(200, { body: bodyOf("x".repeat(65_536)) });
  });
  const frames = await rawSession(t, port);
  // Streams may take more than their connection, of which nobody opens the window.
  frames.send(frame(4, 0, 0, Uint8Array.of(0, 4, 0, 4, 0, 0)), asking(1, true));
  pipe.sink.write(latin1("some"));
  await until(() => frames.sent(1).includes("DATA 4"));
  frames.send(asking(3, true, { method: "GET" }));
  await until(() => frames.bytes() === 65_535);
  // As often as it takes for a reset to come, if one does.
  for (let turns = 0; turns < 50; turns++) await turn();
  frames.send(frame(8, 0, 0, Uint8Array.of(0, 1, 0, 0)));
  await until(() => /END|RST/.test(frames.sent(1).join()));
  assert.deepEqual(frames.sent(1).slice(1), ["DATA 4", "DATA 0 END"]);
});
