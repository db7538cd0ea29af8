/** The client over node:http, against servers that do as they like: each is the bytes that it sends. */
import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { NodeHttpClient } from "../../src/hosts/node/http/client.ts";
import { BodyPipe } from "../../src/wasi/http/body-pipe.ts";
import { httpFailure } from "../../src/hosts/node/http/errors.ts";
import { turn, until } from "../run/support.ts";
import { HttpError } from "../../src/wasi/http/error-code.ts";
import type { HttpBody, HttpRequest, HttpResponse } from "../../src/wasi/http/exchange.ts";
import { changed } from "../../src/io/steps.ts";

const MINUTES = 600_000;

/** Loopback alone, as if the rules had said so. */
function client(t: TestContext, maxExchanges = 100): NodeHttpClient {
  const made = new NodeHttpClient(async () => [{ family: "ipv4", ip: "127.0.0.1" }], maxExchanges);
  t.after(() => made.close());
  return made;
}

function request(port: number, given: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: "GET",
    scheme: "http",
    authority: `name.test:${port}`,
    path: "/",
    headers: [],
    body: undefined,
    timeouts: { connect: MINUTES, firstByte: MINUTES, betweenBytes: MINUTES },
    ...given,
  };
}

const never = new AbortController().signal;

/** A server that answers what `serve` does with each connection. */
async function raw(t: TestContext, serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** Answers the first bytes of each connection with `text`, and ends it. */
function answering(t: TestContext, text: string): Promise<number> {
  return raw(t, (socket) => void socket.once("data", () => socket.end(text, "latin1")));
}

async function textOf({ source }: HttpBody): Promise<string> {
  let text = "";
  for (let bytes; (bytes = source.read(65_536)) !== null;) {
    // oxlint-disable-next-line no-await-in-loop -- until there is something
    if (bytes.length === 0) await changed(source);
    text += Buffer.from(bytes).toString("latin1");
  }
  return text;
}

function bodyOf(response: HttpResponse): HttpBody {
  assert.ok(response.body);
  return response.body;
}

/** The code of what `promise` rejects with. */
async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof HttpError, String(error));
    return "val" in error.payload ? [error.payload.tag, error.payload.val] : error.payload.tag;
  }
  return assert.fail("it succeeds");
}

test("11.2 fields come in their order, with duplicates and bytes; what is the transport's own does not", async (t) => {
  const port = await answering(
    t,
    "HTTP/1.1 200 OK\r\nx-a: 1\r\nConnection: close\r\nX-B: \u00e9\r\nx-a: 2\r\nset-cookie: c\r\nset-cookie: d\r\n" +
      "content-length: 2\r\n\r\nok",
  );
  const response = await client(t).send(request(port), never);
  assert.deepEqual(
    response.headers.map(([name, value]) => `${name}=${Buffer.from(value).toString("latin1")}`),
    ["x-a=1", "x-b=\u00e9", "x-a=2", "set-cookie=c", "set-cookie=d", "content-length=2"],
  );
  assert.equal(await textOf(bodyOf(response)), "ok");
});

test("a body that is said to be compressed, and a redirect, come as they are", async (t) => {
  const port = await answering(
    t,
    "HTTP/1.1 302 Found\r\nlocation: /there\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nnot",
  );
  const response = await client(t).send(request(port), never);
  assert.equal(response.status, 302);
  assert.equal(await textOf(bodyOf(response)), "not");
});

test("trailers come after the body", async (t) => {
  const port = await answering(
    t,
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-t: 1\r\nX-T: 2\r\n\r\n",
  );
  const body = bodyOf(await client(t).send(request(port), never));
  assert.equal(await textOf(body), "ok");
  const trailers = await body.trailers();
  assert.deepEqual(
    trailers?.map(([name, value]) => [name, Buffer.from(value).toString()]),
    [
      ["x-t", "1"],
      ["x-t", "2"],
    ],
  );
});

const BROKEN: readonly (readonly [what: string, bytes: string, code: unknown])[] = [
  ["no HTTP", "garbage\r\n\r\n", "HTTP-protocol-error"],
  ["nothing", "", "connection-terminated"],
  ["half a header", "HTTP/1.1 200 OK\r\nx-a", "connection-terminated"],
  ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n12", "HTTP-protocol-error"],
  [
    "a length and chunks",
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP-protocol-error",
  ],
  [
    "another transfer coding",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: foo\r\n\r\nx",
    ["HTTP-response-transfer-coding", "foo"],
  ],
  ["a protocol of its own", "HTTP/1.1 101 No\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", "HTTP-upgrade-failed"],
  [
    "a header without end",
    `HTTP/1.1 200 OK\r\n${`x: ${"y".repeat(1000)}\r\n`.repeat(200)}`,
    ["HTTP-response-header-section-size", undefined],
  ],
];

for (const [what, bytes, code] of BROKEN) {
  test(`a response that is ${what} says so`, async (t) => {
    const port = await answering(t, bytes);
    assert.deepEqual(await codeOf(client(t).send(request(port), never)), code);
  });
}

for (const [what, bytes, code] of [
  ["short of its length", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhalf", "HTTP-response-incomplete"],
  [
    "without its last chunk",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    "HTTP-response-incomplete",
  ],
  [
    "broken in a chunk",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
    "HTTP-protocol-error",
  ],
] as const) {
  test(`11.10 a body that is ${what} fails, and is over then`, async (t) => {
    const port = await answering(t, bytes);
    const body = bodyOf(await client(t).send(request(port), never));
    assert.equal(await codeOf(textOf(body)), code);
    assert.equal(body.source.read(1), null);
  });
}

test("nobody listens: connection-refused", async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  assert.equal(await codeOf(client(t).send(request(port), never)), "connection-refused");
});

test("TLS: who speaks none, and an alert, by its number and name alone", async (t) => {
  const https = (port: number): HttpRequest => request(port, { scheme: "https" });
  const none = await answering(t, "HTTP/1.1 400 Bad Request\r\n\r\n");
  assert.equal(await codeOf(client(t).send(https(none), never)), "TLS-protocol-error");
  // Without a certificate it can agree with nobody.
  const bare = createTlsServer({});
  bare.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => void bare.listen(0, "127.0.0.1", resolve));
  t.after(() => bare.close());
  assert.deepEqual(await codeOf(client(t).send(https((bare.address() as AddressInfo).port), never)), [
    "TLS-alert-received",
    { alertId: 40, alertMessage: "handshake failure" },
  ]);
});

test("what Node's errors are called", () => {
  const codes: Readonly<Record<string, unknown>> = {
    CERT_HAS_EXPIRED: "TLS-certificate-error",
    DEPTH_ZERO_SELF_SIGNED_CERT: "TLS-certificate-error",
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: "TLS-certificate-error",
    ERR_TLS_CERT_ALTNAME_INVALID: "TLS-certificate-error",
    ERR_SSL_WRONG_VERSION_NUMBER: "TLS-protocol-error",
    EHOSTUNREACH: "destination-IP-unroutable",
    ETIMEDOUT: "connection-timeout",
    HPE_INVALID_CONSTANT: "HTTP-protocol-error",
    constructor: "internal-error",
  };
  for (const [code, tag] of Object.entries(codes)) {
    const error = Object.assign(new Error(code), { code });
    assert.equal(httpFailure(error).payload.tag, tag, code);
    // As when several addresses were tried.
    assert.equal(httpFailure(new AggregateError([error, new Error("other")])).payload.tag, tag, code);
  }
  for (const other of [undefined, "text", new AggregateError([])]) {
    assert.deepEqual(httpFailure(other).payload, { tag: "internal-error", val: undefined });
  }
});

test("what Node does not send is told, and counts for nothing", async (t) => {
  const by = client(t, 1);
  for (const [given, code] of [
    [{ path: "/a b" }, "HTTP-request-URI-invalid"],
    [{ method: "a b" }, "HTTP-request-method-invalid"],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.equal(await codeOf(by.send(request(1, given), never)), code);
  }
});

test("11.11 so many requests are under way, and one more is refused until one is over", async (t) => {
  const port = await raw(t, (socket) => {
    socket.on("data", () => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
  });
  const by = client(t, 2);
  const responses = await Promise.all([by.send(request(port), never), by.send(request(port), never)]);
  assert.equal(await codeOf(by.send(request(port), never)), "connection-limit-reached");
  const [first, second] = responses.map(bodyOf);
  assert.ok(first && second);
  assert.equal(await textOf(first), "ok");
  second.source.close();
  for (let count = 0; count < 5; count++) {
    // In the next turn it is over.
    // oxlint-disable no-await-in-loop -- one after the other
    await turn();
    await turn();
    assert.equal(await textOf(bodyOf(await by.send(request(port), never))), "ok");
    // oxlint-enable no-await-in-loop
  }
});

test("11.11 time-outs: for the connection, for the header, and between pieces of the body", async (t) => {
  const silent = await raw(t, () => {});
  const lookup = new NodeHttpClient(() => new Promise(() => {}), 1);
  t.after(() => lookup.close());
  const timeouts = { connect: MINUTES, firstByte: MINUTES, betweenBytes: MINUTES };
  const late = (given: Partial<HttpRequest["timeouts"]>): Partial<HttpRequest> => ({
    timeouts: { ...timeouts, ...given },
  });
  assert.equal(await codeOf(lookup.send(request(silent, late({ connect: 1 })), never)), "DNS-timeout");
  assert.equal(await codeOf(client(t).send(request(silent, late({ firstByte: 1 })), never)), "connection-read-timeout");
  const stalled = await raw(t, (socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhalf"));
  const body = bodyOf(await client(t).send(request(stalled, late({ betweenBytes: 1 })), never));
  assert.equal(await codeOf(textOf(body)), "connection-read-timeout");
});

function pipe(length?: bigint): BodyPipe {
  return new BodyPipe(65_536, length, (bytes) => new HttpError({ tag: "HTTP-request-body-size", val: bytes }));
}

const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes);

/** What a server is sent, to the end of a request. */
async function heard(
  t: TestContext,
  isWhole: (text: string) => boolean,
): Promise<{ port: number; all: Promise<string> }> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const port = await raw(t, (socket) => {
    let all = "";
    socket.on("data", (chunk) => {
      all += chunk.toString("latin1");
      if (!isWhole(all)) return;
      resolve(all);
      socket.end("HTTP/1.1 204 No Content\r\n\r\n");
    });
  });
  return { port, all: promise };
}

const whole = (all: string): boolean => all.endsWith("\r\n\r\n");

test("11.2 a request is sent as it is, with host first and no more than the transport's own", async (t) => {
  const { port, all } = await heard(t, whole);
  const headers = [
    ["x-b", text("1")],
    ["x-a", Uint8Array.of(0xe9)],
    ["x-b", text("2")],
  ] as const;
  await client(t).send(request(port, { method: "PROPFIND", path: "/p?q=%20%zz", headers }), never);
  assert.equal(
    await all,
    `PROPFIND /p?q=%20%zz HTTP/1.1\r\nhost: name.test:${port}\r\nx-b: 1\r\nx-a: \u00e9\r\nx-b: 2\r\n` +
      "content-length: 0\r\nConnection: keep-alive\r\n\r\n",
  );
});

test("a body of unknown length is chunked, with its trailers; one of known length is not", async (t) => {
  const chunked = await heard(t, (all) => all.endsWith("\r\n0\r\nx-t: 1\r\n\r\n"));
  const body = pipe();
  body.sink.write(text("some"));
  body.endWith([["x-t", text("1")]]);
  void body.sink.close();
  await client(t).send(request(chunked.port, { method: "POST", body: body.body }), never);
  assert.match(await chunked.all, /transfer-encoding: chunked\r\n.*\r\n\r\n4\r\nsome\r\n0\r\nx-t: 1\r\n\r\n$/s);

  const plain = await heard(t, (all) => all.endsWith("some"));
  const counted = pipe(4n);
  counted.sink.write(text("some"));
  counted.endWith(undefined);
  void counted.sink.close();
  const headers = [["content-length", text("4")]] as const;
  await client(t).send(request(plain.port, { method: "POST", headers, body: counted.body }), never);
  assert.doesNotMatch(await plain.all, /transfer-encoding/);
});

test("what announces trailers is sent where there may be some", async (t) => {
  const trailer = ["trailer", text("x-t")] as const;
  const none = await heard(t, whole);
  await client(t).send(request(none.port, { headers: [trailer] }), never);
  assert.doesNotMatch(await none.all, /trailer/);
  const some = await heard(t, (all) => all.endsWith("\r\n0\r\n\r\n"));
  const body = pipe();
  body.sink.write(text("some"));
  body.endWith(undefined);
  void body.sink.close();
  await client(t).send(request(some.port, { method: "POST", headers: [trailer], body: body.body }), never);
  assert.match(await some.all, /\r\ntrailer: x-t\r\n/);
});

test("a body that is known to be empty is none: a GET goes without, a POST with a length of 0", async (t) => {
  for (const [method, length] of [
    ["GET", false],
    ["POST", true],
  ] as const) {
    // oxlint-disable no-await-in-loop -- one after the other
    const { port, all } = await heard(t, whole);
    const body = pipe();
    body.endWith(undefined);
    void body.sink.close();
    await client(t).send(request(port, { method, body: body.body }), never);
    assert.equal((await all).includes("content-length: 0"), length);
    assert.doesNotMatch(await all, /transfer-encoding/);
    // oxlint-enable no-await-in-loop
  }
});

test("11.6 the header leaves before the body is there, and the response comes while it flows", async (t) => {
  const port = await raw(t, (socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
      socket.on("data", (chunk) => socket.write(`1\r\n${chunk.toString().includes("a") ? "a" : "b"}\r\n`));
    });
  });
  const body = pipe();
  const response = await client(t).send(request(port, { method: "POST", body: body.body }), never);
  const { source } = bodyOf(response);
  for (const letter of ["a", "b"]) {
    body.sink.write(text(letter));
    let bytes = source.read(1);
    // oxlint-disable-next-line no-await-in-loop -- until it is back
    for (; bytes?.length === 0; bytes = source.read(1)) await changed(source);
    assert.equal(Buffer.from(bytes ?? []).toString(), letter);
  }
  source.close();
});

test("11.8 a body that fails cuts the request short", async (t) => {
  const cut = Promise.withResolvers<string>();
  const half = Promise.withResolvers<void>();
  const port = await raw(t, (socket) => {
    let all = "";
    socket.on("data", (chunk) => {
      all += chunk.toString();
      if (all.includes("half")) half.resolve();
    });
    socket.on("close", () => cut.resolve(all));
  });
  const body = pipe();
  body.sink.write(text("half"));
  const sent = client(t).send(request(port, { method: "POST", body: body.body }), never);
  await half.promise;
  body.sink.abort(new HttpError({ tag: "internal-error", val: undefined }));
  assert.deepEqual(await codeOf(sent), ["internal-error", undefined]);
  assert.doesNotMatch(await cut.promise, /0\r\n\r\n$/);
});

test("11.11 who does not want the response any more lets go of the connection, also while the name is looked up", async (t) => {
  const gone = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const port = await raw(t, (socket) => {
    begun.resolve();
    socket.on("data", () => {});
    socket.on("close", () => gone.resolve());
  });
  const controller = new AbortController();
  const sent = client(t).send(request(port), controller.signal);
  await begun.promise;
  controller.abort();
  await assert.rejects(sent);
  await gone.promise;

  let connected = false;
  const other = await raw(t, () => void (connected = true));
  const found = Promise.withResolvers<void>();
  const slow = new NodeHttpClient(async () => {
    await found.promise;
    return [{ family: "ipv4", ip: "127.0.0.1" }];
  }, 1);
  const early = new AbortController();
  const unwanted = slow.send(request(other), early.signal);
  early.abort();
  found.resolve();
  await assert.rejects(unwanted);
  slow.close();
  assert.equal(connected, false);
});

test("11.11 a response whose body nobody wants lets go of the connection", async (t) => {
  const gone = Promise.withResolvers<void>();
  const port = await raw(t, (socket) => {
    socket.once("data", () => void socket.write("HTTP/1.1 200 OK\r\n\r\nsome"));
    socket.on("close", () => gone.resolve());
  });
  const body = bodyOf(await client(t).send(request(port), never));
  body.source.close();
  await gone.promise;
});

test("a connection is used again, by the same client alone; one that was closed meanwhile is made anew", async (t) => {
  let connections = 0;
  const sockets: Socket[] = [];
  const port = await raw(t, (socket) => {
    connections++;
    sockets.push(socket);
    socket.on("data", () => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
  });
  const [one, other] = [client(t), client(t)];
  const ask = async (by: NodeHttpClient): Promise<void> => {
    assert.equal(await textOf(bodyOf(await by.send(request(port), never))), "ok");
    // The connection is free in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
  };
  await ask(one);
  await ask(one);
  assert.equal(connections, 1);
  await ask(other);
  assert.equal(connections, 2);
  // Closed while the next request is already on its way.
  const sent = ask(one);
  sockets[0]?.resetAndDestroy();
  await sent;
  assert.equal(connections, 3);
});

test("11.14 who expects 100 sends the body then, and not at all where the answer is no", async (t) => {
  const heads: string[] = [];
  const bodies = Promise.withResolvers<string>();
  const port = await raw(t, (socket) => {
    socket.once("data", (head: Buffer) => {
      heads.push(head.toString());
      if (heads.length === 2) {
        socket.write("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno");
        socket.once("close", () => heads.push("closed"));
        return;
      }
      socket.once("data", (body: Buffer) => {
        bodies.resolve(body.toString());
        socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      });
      socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    });
  });
  const headers = [
    ["expect", text("100-continue")],
    ["content-length", text("4")],
  ] as const;
  const by = client(t);
  const sent = (body: BodyPipe): Promise<HttpResponse> => {
    body.sink.write(text("some"));
    return by.send(request(port, { method: "POST", headers, body: body.body }), never);
  };
  const first = pipe(4n);
  const answered = sent(first);
  assert.equal(await bodies.promise, "some");
  first.endWith(undefined);
  void first.sink.close();
  assert.equal((await answered).status, 200);
  assert.match(heads[0] ?? "", /\r\n\r\n$/);
  const second = pipe(4n);
  const refused = await sent(second);
  assert.equal(refused.status, 403);
  assert.equal(await textOf(bodyOf(refused)), "no");
  assert.throws(() => second.sink.write(text("more")));
  await until(() => heads.length === 3);
  assert.match(heads[1] ?? "", /\r\n\r\n$/);
});
