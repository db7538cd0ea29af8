/* oxlint-disable no-await-in-loop -- one piece, and one request, after the other */
/** Requests by Node, to servers on this machine that do all that servers do. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { NodeHttpClient } from "../../src/hosts/node/http/client.ts";
import { changed } from "../../src/io/steps.ts";
import { BodyPipe } from "../../src/wasi/http/body-pipe.ts";
import { HttpError, type HttpErrorCode } from "../../src/wasi/http/error-code.ts";
import type { HttpBody, HttpRequest, HttpResponse, Timeouts } from "../../src/wasi/http/exchange.ts";
import type { Field } from "../../src/wasi/http/fields.ts";
import { resolver, type ResolveHost } from "../../src/wasi/http/resolve.ts";
import type { SocketAddress } from "../../src/wasi/sockets/address.ts";
import { eventually } from "../../src/testing/turns.ts";

/** Longer than anything here takes: what hangs fails. */
const options = { timeout: 300_000 };
const LONG: Timeouts = { connect: 60_000, firstByte: 60_000, betweenBytes: 60_000 };
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");
const shown = (fields: readonly Field[] = []): string[] =>
  fields.map(([name, value]) => `${name}: ${Buffer.from(value).toString("latin1")}`);

async function portOf(t: TestContext, server: Server, end: () => void = () => {}): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    end();
    server.close();
  });
  // A server on a port has an address.
  return (server.address() as AddressInfo).port;
}

/** A server of bytes: what it answers to what has come is up to `answer`. */
async function rawServer(t: TestContext, answer: (socket: Socket, came: string) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk: Uint8Array) => answer(socket, Buffer.from(chunk).toString("latin1")));
  });
  return portOf(t, server, () => {
    for (const socket of sockets) socket.destroy();
  });
}

async function httpServer(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createHttpServer(listener);
  return portOf(t, server, () => server.closeAllConnections());
}

const anywhere: ResolveHost = () => Promise.resolve([{ family: "ipv4", ip: "127.0.0.1" }]);

function clientOf(t: TestContext, resolve: ResolveHost = anywhere): NodeHttpClient {
  const client = new NodeHttpClient(resolve, 100);
  t.after(() => client.close());
  return client;
}

function requestTo(port: number, more: Partial<HttpRequest> = {}): HttpRequest {
  return {
    ...{ method: "GET", scheme: "http", authority: `127.0.0.1:${port}`, path: "/", headers: [] },
    ...{ body: undefined, timeouts: LONG },
    ...more,
  };
}

const send = (client: NodeHttpClient, request: HttpRequest): Promise<HttpResponse> =>
  client.send(request, new AbortController().signal);

async function textOf(body: HttpBody | undefined): Promise<string> {
  assert.ok(body);
  const { source } = body;
  let text = "";
  for (let bytes; (bytes = source.read(1000)) !== null;) {
    if (bytes.length === 0) await changed(source);
    else text += Buffer.from(bytes).toString("latin1");
  }
  return text;
}

const coded = (tag: HttpErrorCode["tag"]) => (error: unknown) => {
  assert.ok(error instanceof HttpError, String(error));
  assert.equal(error.payload.tag, tag, error.message);
  return true;
};

test("11.2 a request is sent as it is: order, duplicates, bytes, the path, and nothing else", options, async (t) => {
  let came = "";
  const port = await rawServer(t, (socket, text) => {
    came += text;
    socket.end(
      "HTTP/1.1 200 OK\r\nX-B: 1\r\nx-a: \xe9\r\nx-b: 2\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
      "latin1",
    );
  });
  const headers: Field[] = [
    ["x-b", latin1("1")],
    ["x-a", latin1("\u00e9")],
    ["x-b", latin1("2")],
  ];
  const response = await send(clientOf(t), requestTo(port, { path: "/p?q=%20%zz&\u00e9", headers, method: "PURGE" }));
  assert.deepEqual(came.split("\r\n"), [
    "PURGE /p?q=%20%zz&\u00c3\u00a9 HTTP/1.1",
    `host: 127.0.0.1:${port}`,
    ...["x-b: 1", "x-a: \u00e9", "x-b: 2", "content-length: 0", "Connection: keep-alive", "", ""],
  ]);
  assert.deepEqual(shown(response.headers), ["x-b: 1", "x-a: \u00e9", "x-b: 2", "content-length: 0"]);
});

test("11.2 each field of a response comes, however many there are", options, async (t) => {
  const fields = Array.from({ length: 5000 }, (_, n) => `x: ${n}`);
  const port = await rawServer(t, (socket) => socket.end(`HTTP/1.1 200 OK\r\n${fields.join("\r\n")}\r\n\r\n`));
  assert.deepEqual(shown((await send(clientOf(t), requestTo(port))).headers), fields);
});

/** What a server answers, and what its client is told. */
const failures: readonly (readonly [what: string, answer: string | undefined, HttpErrorCode["tag"]])[] = [
  ["that closes before it answers", undefined, "connection-terminated"],
  ["that speaks something else", "220 mail\r\n", "HTTP-protocol-error"],
  ["with a field that is none", "HTTP/1.1 200 OK\r\na b: 1\r\n\r\n", "HTTP-protocol-error"],
  ["with two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx", "HTTP-protocol-error"],
  [
    "with a header without an end",
    `HTTP/1.1 200 OK\r\nx: ${"y".repeat(200_000)}\r\n\r\n`,
    "HTTP-response-header-section-size",
  ],
  [
    "that changes the protocol",
    "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
    "HTTP-upgrade-failed",
  ],
  ["whose status is none", "HTTP/1.1 099 OK\r\ncontent-length: 0\r\n\r\n", "HTTP-protocol-error"],
  [
    "in another coding after chunks",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: foo\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "HTTP-response-transfer-coding",
  ],
  ["in another coding", "HTTP/1.1 200 OK\r\ntransfer-encoding: foo\r\n\r\nabc", "HTTP-response-transfer-coding"],
];

for (const [what, answer, tag] of failures) {
  test(`a server ${what}: ${tag}`, options, async (t) => {
    const port = await rawServer(t, (socket) => void (answer === undefined ? socket.end() : socket.end(answer)));
    await assert.rejects(send(clientOf(t), requestTo(port)), coded(tag));
  });
}

test("a server that resets the connection: connection-terminated", options, async (t) => {
  const port = await rawServer(t, (socket) => void socket.resetAndDestroy());
  await assert.rejects(send(clientOf(t), requestTo(port)), coded("connection-terminated"));
});

test("nobody listens: connection-refused", options, async (t) => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  await assert.rejects(send(clientOf(t), requestTo(port)), coded("connection-refused"));
});

test("a server without TLS: TLS-protocol-error", options, async (t) => {
  const port = await rawServer(t, (socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await assert.rejects(send(clientOf(t), requestTo(port, { scheme: "https" })), coded("TLS-protocol-error"));
});

test("CONNECT makes no tunnel, whatever the answer: HTTP-upgrade-failed", options, async (t) => {
  for (const status of ["200 OK", "403 Forbidden"]) {
    const port = await rawServer(t, (socket) => void socket.write(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`));
    await assert.rejects(send(clientOf(t), requestTo(port, { method: "CONNECT" })), coded("HTTP-upgrade-failed"));
  }
});

test("what Node does not send is the request's error", options, async (t) => {
  const client = clientOf(t);
  await assert.rejects(send(client, requestTo(1, { path: "/a b" })), coded("HTTP-request-URI-invalid"));
  await assert.rejects(send(client, requestTo(1, { method: "A B" })), coded("HTTP-request-method-invalid"));
});

const cuts: readonly (readonly [what: string, answer: string])[] = [
  ["short of its length", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"],
  ["without its last chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n"],
  ["with a chunk that is none", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\nxyz\r\n"],
];

for (const [what, answer] of cuts) {
  test(`11.10 a body ${what} fails, once`, options, async (t) => {
    const port = await rawServer(t, (socket) => void socket.end(answer));
    const { body } = await send(clientOf(t), requestTo(port));
    await assert.rejects(textOf(body), (error) => {
      assert.ok(error instanceof HttpError);
      assert.ok(["HTTP-response-incomplete", "HTTP-protocol-error"].includes(error.payload.tag), error.payload.tag);
      return true;
    });
    assert.equal(body?.source.read(1), null);
  });
}

test("11.10 a body that ends with its connection fails where that is reset", options, async (t) => {
  const port = await rawServer(t, (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n12345");
    reset = () => void socket.resetAndDestroy();
  });
  let reset = (): void => {};
  const { body } = await send(clientOf(t), requestTo(port));
  reset();
  await assert.rejects(textOf(body), coded("HTTP-response-incomplete"));
  assert.equal(body?.source.read(1), null);
});

test("trailers go both ways", options, async (t) => {
  const port = await httpServer(t, (message, response) => {
    message.resume();
    message.on("end", () => {
      response.writeHead(200, { trailer: "x" });
      response.write("body");
      response.addTrailers([
        ["x", message.rawTrailers.join(" ")],
        ["x", "2"],
      ]);
      response.end();
    });
  });
  const pipe = new BodyPipe(10, undefined, () => new HttpError({ tag: "HTTP-protocol-error" }));
  pipe.sink.write(latin1("abc"));
  pipe.endWith([["y", latin1("\u00e9")]]);
  void pipe.sink.close();
  const { body } = await send(clientOf(t), requestTo(port, { method: "POST", body: pipe.body }));
  assert.equal(await textOf(body), "body");
  assert.deepEqual(shown(await body?.trailers()), ["x: y \u00e9", "x: 2"]);
});

test("11.6 an upload waits for who reads it, and its response does not wait for it", options, async (t) => {
  const port = await httpServer(t, (message, response) => {
    response.flushHeaders();
    // Reads only when it is asked to.
    message.on("end", () => response.end());
    response.on("close", () => message.destroy());
    go = () => void message.resume();
  });
  let go = (): void => {};
  const pipe = new BodyPipe(65_536, undefined, () => new HttpError({ tag: "HTTP-protocol-error" }));
  const { body } = await send(clientOf(t), requestTo(port, { method: "POST", body: pipe.body }));
  const piece = new Uint8Array(65_536);
  let sent = 0;
  // Until the system, Node on both sides and the pipe are full: a number of idle turns says so.
  for (let idle = 0; idle < 200;) {
    const taken = pipe.sink.write(piece);
    sent += taken;
    idle = taken === 0 ? idle + 1 : 0;
    await turn();
    assert.ok(sent < 100_000_000, "nobody holds it up");
  }
  go();
  assert.ok(await eventually(() => pipe.sink.write(piece) > 0, turn));
  pipe.endWith(undefined);
  void pipe.sink.close();
  assert.equal(await textOf(body), "");
});

test("a connection is used again, and a request on one that was closed is sent once more", options, async (t) => {
  let connections = 0;
  const asked: string[] = [];
  const server = createServer((socket) => {
    connections++;
    socket.on("error", () => {});
    let count = 0;
    socket.on("data", (chunk: Uint8Array) => {
      const [line = ""] = Buffer.from(chunk).toString().split("\r\n");
      asked.push(line);
      // The third request on the first connection finds it closed.
      if (connections === 1 && ++count === 3) socket.destroy();
      else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    });
  });
  const sockets: Socket[] = [];
  server.on("connection", (socket: Socket) => void sockets.push(socket));
  const port = await portOf(t, server, () => {
    for (const socket of sockets) socket.destroy();
  });
  const client = clientOf(t);
  for (let n = 0; n < 3; n++) {
    const { body } = await send(client, requestTo(port, { path: `/${n}` }));
    assert.equal(await textOf(body), "ok");
    // It is the next request's when Node has put it back.
    await turn();
  }
  assert.deepEqual(asked, ["GET /0 HTTP/1.1", "GET /1 HTTP/1.1", "GET /2 HTTP/1.1", "GET /2 HTTP/1.1"]);
  assert.equal(connections, 2);
});

test("a request that would change something, or has a body, is not sent once more", options, async (t) => {
  for (const more of [
    () => ({ method: "POST" }),
    () => {
      const pipe = new BodyPipe(10, undefined, () => new HttpError({ tag: "HTTP-protocol-error" }));
      pipe.sink.write(latin1("abc"));
      pipe.endWith(undefined);
      void pipe.sink.close();
      return { method: "PUT", body: pipe.body };
    },
  ]) {
    const asked: string[] = [];
    const port = await rawServer(t, (socket, came) => {
      const [method = ""] = came.split(" ");
      if (/^[A-Z]+$/.test(method)) asked.push(method);
      if (method === "GET") socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      else socket.destroy();
    });
    const client = clientOf(t);
    assert.equal(await textOf((await send(client, requestTo(port))).body), "");
    // It is the next request's when Node has put it back.
    await turn();
    const given = more();
    await assert.rejects(send(client, requestTo(port, given)), coded("connection-terminated"));
    assert.deepEqual(asked, ["GET", given.method]);
  }
});

test("11.12 what is said before a response is none: the status is that of the response", options, async (t) => {
  const early = "HTTP/1.1 103 Early Hints\r\nx-early: 1\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n";
  const port = await rawServer(t, (socket) => {
    socket.write(`${early}HTTP/1.1 200 OK\r\nx-late: 1\r\ncontent-length: 2\r\n\r\nok`);
  });
  const { status, headers, body } = await send(clientOf(t), requestTo(port));
  assert.deepEqual([status, shown(headers)], [200, ["x-late: 1", "content-length: 2"]]);
  assert.equal(await textOf(body), "ok");
});

test("connections are one client's alone", options, async (t) => {
  const ports = new Set<number>();
  const port = await httpServer(t, (message, response) => {
    ports.add(message.socket.remotePort ?? 0);
    response.end("ok");
  });
  for (const client of [clientOf(t), clientOf(t)]) await textOf((await send(client, requestTo(port))).body);
  assert.equal(ports.size, 2);
});

test("11.11 whoever aborts a request ends it, also while its host is looked up", options, async (t) => {
  const left = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const port = await httpServer(t, (message) => {
    reached.resolve();
    message.socket.on("close", left.resolve);
  });
  const controller = new AbortController();
  const sending = clientOf(t).send(requestTo(port), controller.signal);
  await reached.promise;
  controller.abort();
  await assert.rejects(sending);
  await left.promise;
  const looking = new AbortController();
  const client = clientOf(t, async (host, number) => {
    looking.abort();
    return anywhere(host, number);
  });
  await assert.rejects(client.send(requestTo(port), looking.signal));
});

test("11.11 a body that nobody wants ends its connection", options, async (t) => {
  const left = Promise.withResolvers<void>();
  const port = await httpServer(t, (message, response) => {
    message.socket.on("close", left.resolve);
    response.write("x");
  });
  const { body } = await send(clientOf(t), requestTo(port));
  body?.source.close();
  await left.promise;
});

test("11.8 a request's body that fails ends its connection, and never looks complete", options, async (t) => {
  let came = "";
  const left = Promise.withResolvers<void>();
  const port = await rawServer(t, (socket, text) => {
    came += text;
    socket.on("close", left.resolve);
  });
  const pipe = new BodyPipe(10, undefined, () => new HttpError({ tag: "HTTP-protocol-error" }));
  const sending = send(clientOf(t), requestTo(port, { method: "POST", body: pipe.body }));
  pipe.sink.write(latin1("abc"));
  assert.ok(await eventually(() => came.includes("abc"), turn));
  pipe.sink.abort(new HttpError({ tag: "HTTP-request-body-size", val: 3n }));
  await assert.rejects(sending, coded("HTTP-request-body-size"));
  await left.promise;
  assert.doesNotMatch(came, /\r\n0\r\n/);
});

test("11.1 the address is permitted, not the name", options, async (t) => {
  const seen: string[] = [];
  const lookup = { lookup: () => Promise.resolve(["127.0.0.2", "127.0.0.1", "::ffff:127.0.0.3"]) };
  const resolve = resolver(lookup, ({ ip, port }, use) => {
    seen.push(`${ip} ${port} ${use}`);
    return ip === "127.0.0.1";
  });
  const port = await httpServer(t, (message, response) => void response.end(message.headers.host));
  const client = clientOf(t, resolve);
  assert.equal(
    await textOf((await send(client, requestTo(port, { authority: `name.example:${port}` }))).body),
    `name.example:${port}`,
  );
  assert.deepEqual(seen.slice(0, 2), [`127.0.0.2 ${port} tcp-connect`, `127.0.0.1 ${port} tcp-connect`]);
  const denied = resolver(lookup, () => false);
  await assert.rejects(send(clientOf(t, denied), requestTo(port)), coded("destination-IP-prohibited"));
  // Neither true nor a promise of it.
  const odd = resolver(lookup, () => 1 as unknown as boolean);
  await assert.rejects(send(clientOf(t, odd), requestTo(port)), coded("destination-IP-prohibited"));
});

test("11.1 an IPv4 address in the disguise of IPv6 is asked for as what it is", async () => {
  const lookup = { lookup: () => Promise.resolve(["::ffff:127.0.0.3"]) };
  const isDenied = ({ family, ip }: SocketAddress): boolean => family === "ipv4" && ip.startsWith("127.");
  const resolve = resolver(lookup, (address) => !isDenied(address));
  for (const host of ["::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:ffff:127.0.0.1", "name.example"]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(resolve(host, 80), coded("destination-IP-prohibited"), host);
  }
  assert.deepEqual(await resolve("::ffff:10.0.0.1", 80), [{ family: "ipv4", ip: "10.0.0.1" }]);
});

test("what lookups fail of has its code", async () => {
  const failing = (code: string): ResolveHost =>
    resolver({ lookup: () => Promise.reject(Object.assign(new Error(code), { code })) }, () => true);
  await assert.rejects(failing("ENOTFOUND")("a.example", 80), coded("DNS-error"));
  await assert.rejects(failing("EAI_AGAIN")("a.example", 80), coded("DNS-error"));
  await assert.rejects(failing("ETIMEOUT")("a.example", 80), coded("DNS-timeout"));
  await assert.rejects(failing("x")("a/b", 80), coded("HTTP-request-URI-invalid"));
});

test("11.11 time-outs: of no time they have passed at once", options, async (t) => {
  const never = clientOf(t, () => new Promise(() => {}));
  await assert.rejects(send(never, requestTo(1, { timeouts: { ...LONG, connect: 0 } })), coded("DNS-timeout"));
  const silent = await rawServer(t, () => {});
  const client = clientOf(t);
  await assert.rejects(
    send(client, requestTo(silent, { timeouts: { ...LONG, firstByte: 0 } })),
    coded("connection-read-timeout"),
  );
  const slow = await rawServer(t, (socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"));
  const { body } = await send(client, requestTo(slow, { timeouts: { ...LONG, betweenBytes: 0 } }));
  await assert.rejects(textOf(body), coded("connection-read-timeout"));
});

test(
  "11.11 a time between bytes is over when bytes come, also if nobody takes them",
  { timeout: 300_000 },
  async (t) => {
    let say: ((text: string) => void) | undefined;
    const port = await rawServer(t, (socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n");
      say = (text) => void socket.write(text);
    });
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { body } = await send(clientOf(t), requestTo(port, { timeouts: { ...LONG, betweenBytes: 1000 } }));
    assert.ok(body);
    assert.equal(body.source.read(10)?.length, 0);
    say?.("ab");
    assert.ok(await eventually(() => body.source.ready(), turn));
    t.mock.timers.tick(2000);
    await turn();
    say?.("cd");
    assert.equal(await textOf(body), "abcd");
  },
);
