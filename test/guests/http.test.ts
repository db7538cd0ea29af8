/** The guests of HTTP: a handler behind a server of Node's, and a client before one. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, request as requestOf, type IncomingMessage, type Server } from "node:http";
import { connect, createServer as createSocketServer } from "node:net";
import { after, test, type TestContext } from "node:test";
import { serve as serveInPage } from "../../src/browser.ts";
import {
  DEFAULT_LIMITS,
  InternalError,
  run,
  serve,
  type HttpClient,
  type HttpOptions,
  type Level,
  type ServeOptions,
} from "../../src/index.ts";
import { BodyPipe } from "../../src/wasi/http/body-pipe.ts";
import { HttpError } from "../../src/wasi/http/error-code.ts";
import type { HttpResponse } from "../../src/wasi/http/exchange.ts";
import { until } from "../run/support.ts";
import { claimServer } from "./claim-server.ts";
import { ask, listening, raw, served as serveGuest, textOf, type Served } from "./http-support.ts";

const handler = await readFile(new URL("built/http-claims.wasm", import.meta.url));
const client = await readFile(new URL("built/http-client.wasm", import.meta.url));

/** Longer than anything here takes: what hangs fails. */
const options = { timeout: 300_000 };

const served = (t: TestContext, more?: ServeOptions): Promise<Served> => serveGuest(t, handler, more);

test("11.2 a handler is told what was asked, in order", options, async (t) => {
  const { port } = await served(t);
  const { text } = await ask(port, "/describe?a=%20b", "x", [
    "X-B",
    "1",
    "x-a",
    "\u00e9",
    "x-b",
    "2",
    "connection",
    "close",
  ]);
  assert.deepEqual(text.trimEnd().split("\n"), [
    'Method::Post Some(Scheme::Http) Some("test") Some("/describe?a=%20b")',
    "x-b: 1",
    "x-b: 2",
    "x-a: \\xe9",
    "content-length: 1",
  ]);
});

test("a target may be a whole URL, and says then whom it is for", options, async (t) => {
  const { port } = await served(t);
  const came = await raw(port, "GET http://other:8/describe HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
  assert.match(came, /Some\("other:8"\) Some\("\/describe"\)/);
});

test("a request that says nowhere whom it is for is answered with 400", options, async (t) => {
  const { port } = await served(t);
  assert.match(await raw(port, "GET /hello HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 400 /);
});

test("11.2 fields are sent in order, with duplicates, as bytes", options, async (t) => {
  const { port } = await served(t);
  const { headers } = await ask(port, "/fields");
  assert.deepEqual(headers.slice(0, 8), [
    "set-cookie",
    "a=1",
    "x-latin",
    "\u00e9\u00ff",
    "set-cookie",
    "b=2",
    "x-empty",
    "",
  ]);
});

test("trailers go both ways", options, async (t) => {
  const { port } = await served(t);
  assert.deepEqual((await ask(port, "/trailers")).trailers, ["x-sum", "1", "x-sum", "2", "x-latin", "\u00e9"]);
  const came = await raw(
    port,
    "POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\nab\r\n0\r\nx-sum: \xe9\r\n\r\n",
  );
  assert.match(came, /\r\n2\r\nab\r\n0\r\nx-sum: \xe9\r\n\r\n$/);
});

test("11.6 a response flows while its request does", options, async (t) => {
  const { port } = await served(t);
  const request = requestOf({ port, path: "/echo", method: "POST", host: "127.0.0.1", agent: false });
  request.flushHeaders();
  const [message] = (await once(request, "response")) as [IncomingMessage];
  for (const piece of ["one", "two", "three"]) {
    request.write(piece);
    assert.equal(String((await once(message, "data"))[0]), piece);
  }
  request.end();
  await once(message, "end");
});

test("three handlers that wait do so together, and hundreds at once are answered", options, async (t) => {
  const { port } = await served(t);
  const requests = Array.from({ length: 3 }, () =>
    requestOf({ port, path: "/read", method: "POST", host: "127.0.0.1", agent: false }),
  );
  for (const request of requests) request.flushHeaders();
  // The last one is answered while the others wait.
  for (const request of requests.toReversed()) {
    request.end("abc");
    const [message] = (await once(request, "response")) as [IncomingMessage];
    assert.equal(await textOf(message), "3 closed");
  }
  const all = await Promise.all(Array.from({ length: 200 }, (_, n) => ask(port, "/echo", `body ${n}`)));
  assert.deepEqual(
    all.map(({ text }) => text),
    Array.from({ length: 200 }, (_, n) => `body ${n}`),
  );
});

test("a large body comes whole", options, async (t) => {
  const { port } = await served(t);
  const { text } = await ask(port, "/large/3000000");
  assert.equal(text.length, 3_000_000);
  const body = "0123456789".repeat(100_000);
  assert.equal((await ask(port, "/echo", body)).text, body);
});

test("a request that nobody reads does not keep its response", options, async (t) => {
  const { port } = await served(t);
  assert.equal((await ask(port, "/hello", "x".repeat(500_000))).text, "hello");
});

test("11.12 a guest may answer first, and read then", options, async (t) => {
  const { port, said, close } = await served(t);
  const head = "POST /after HTTP/1.1\r\nhost: test\r\ncontent-length: 3000000\r\n\r\n";
  const patient = connect(port, "127.0.0.1");
  patient.write(head);
  await once(patient, "data");
  patient.write("x".repeat(3_000_000));
  const hasty = connect(port, "127.0.0.1");
  hasty.write(head);
  await once(hasty, "data");
  hasty.destroy();
  await close();
  patient.destroy();
  assert.deepEqual(said().trimEnd().split("\n").toSorted(), [
    "0 Some(ErrorCode::ConnectionTerminated) true",
    "3000000 closed",
  ]);
});

test("11.12 what a guest does wrong before it answers is a 500, and the server lives", options, async (t) => {
  const { port, errors } = await served(t);
  for (const path of ["/trap", "/return", "/error", "/status/100", "/status/101"]) {
    assert.equal((await ask(port, path)).status, 500, path);
  }
  // Where it answers in a thread, that is told a moment after the response.
  await until(() => errors.length === 5);
  assert.match(errors[1] ?? "", /returned without a response/);
  assert.match(errors[2] ?? "", /DNS-timeout/);
  assert.equal((await ask(port, "/hello")).text, "hello");
});

test("11.12 a response that nobody can give any more is a 500 at once", options, async (t) => {
  const { port } = await served(t);
  const request = requestOf({ port, path: "/dropped", method: "POST", host: "127.0.0.1", agent: false });
  request.on("error", () => {});
  request.flushHeaders();
  const [message] = (await once(request, "response")) as [IncomingMessage];
  assert.equal(message.statusCode, 500);
  request.destroy();
});

test("11.8 a body that is not finished never looks complete", options, async (t) => {
  const reused = await served(t, { reuse: 100 });
  const fresh = await served(t);
  for (const { port } of [fresh, reused]) {
    for (const path of ["/trap-after", "/unfinished", "/left", "/length/4", "/length/6"]) {
      const came = await raw(port, `GET ${path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n`);
      assert.doesNotMatch(came, /\r\n0\r\n\r\n$|x{5}/, path);
      // One without chunks ends with its connection.
      assert.doesNotMatch(await raw(port, `GET ${path} HTTP/1.0\r\nhost: test\r\n\r\n`), /x{5}/, path);
    }
    assert.equal((await ask(port, "/hello")).text, "hello");
  }
  assert.ok(fresh.errors.some((message) => message === "unreachable"));
});

test("11.8 a body that is finished arrives whole, though its guest traps after that", options, async (t) => {
  for (const reuse of [1, 100]) {
    const { port, errors } = await served(t, { reuse });
    // At most what a stream holds, and what is between it and who sends it.
    for (const length of [0, 5, 2 * DEFAULT_LIMITS.bufferBytes]) {
      assert.equal((await ask(port, `/finished/${length}`)).text, "x".repeat(length));
    }
    await until(() => errors.length === 3);
    assert.deepEqual([...new Set(errors)], ["unreachable"]);
  }
});

test("11.7 a length that was announced is kept", options, async (t) => {
  const { port, said } = await served(t);
  assert.equal((await ask(port, "/length/5")).text, "xxxxx");
  for (const path of ["/length/4", "/length/6"])
    await raw(port, `GET ${path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n`);
  assert.deepEqual(said().trimEnd().split("\n"), [
    "ok Ok(())",
    "ok Err(ErrorCode::HttpResponseBodySize(Some(4)))",
    "err Err(ErrorCode::HttpResponseBodySize(Some(6)))",
  ]);
});

test("statuses that have no body have none", options, async (t) => {
  const { port } = await served(t);
  for (const status of [204, 304, 200, 599]) {
    const answer = await ask(port, `/status/${status}`);
    assert.deepEqual([answer.status, answer.text], [status, ""]);
  }
  assert.equal((await ask(port, "/status/99")).text, "refused");
  const head = await raw(port, "HEAD /hello HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(head, /\r\n\r\n$/);
});

test(
  "11.10 11.12 a client that leaves ends the request's body with an error, and who answers then is told nothing",
  options,
  async (t) => {
    const { port, said, errors, close } = await served(t);
    const socket = connect(port, "127.0.0.1");
    socket.write("POST /read HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nabc");
    const reached = ask(port, "/read", "x");
    await reached;
    socket.destroy();
    await close();
    assert.match(said(), /^3 Some\(ErrorCode::ConnectionTerminated\) true$/m);
    assert.deepEqual(errors, []);
  },
);

test("a client that leaves in the middle of a response ends it", options, async (t) => {
  const { port, close } = await served(t);
  const socket = connect(port, "127.0.0.1");
  socket.write("GET /large/100000000 HTTP/1.1\r\nhost: test\r\n\r\n");
  await once(socket, "data");
  socket.destroy();
  await close();
});

test("an instance is for one request, unless it is reused", options, async (t) => {
  const fresh = await served(t);
  const reused = await served(t, { reuse: 2 });
  const counts = async (port: number): Promise<string[]> => {
    const texts: string[] = [];
    for (let n = 0; n < 4; n++) texts.push((await ask(port, "/count")).text);
    return texts;
  };
  assert.deepEqual(await counts(fresh.port), ["1", "1", "1", "1"]);
  assert.deepEqual(await counts(reused.port), ["1", "2", "1", "2"]);
});

test("more than maxConcurrent wait for their turn", options, async (t) => {
  const { port, close } = await served(t, { maxConcurrent: 1 });
  const first = requestOf({ port, path: "/echo", method: "POST", host: "127.0.0.1", agent: false });
  first.write("a");
  const [message] = (await once(first, "response")) as [IncomingMessage];
  let isAnswered = false;
  const second = ask(port, "/hello").then(({ text }) => {
    isAnswered = true;
    return text;
  });
  await once(message, "data");
  assert.equal(isAnswered, false);
  first.end();
  assert.equal(await textOf(message), "");
  assert.equal(await second, "hello");
  await close();
});

test("a request goes on to another server, and its answer back", options, async (t) => {
  const { port: to } = await served(t);
  const { port } = await served(t, { http: true });
  const answer = await ask(port, "/forward/echo", "abc", ["x-forward-to", `127.0.0.1:${to}`]);
  assert.deepEqual([answer.status, answer.text], [200, "abc"]);
  const trailers = await ask(port, "/forward/trailers", "abc", ["x-forward-to", `127.0.0.1:${to}`]);
  assert.deepEqual(trailers.trailers, ["x-sum", "1", "x-sum", "2", "x-latin", "\u00e9"]);
  assert.equal(
    (await ask(port, "/forward/unfinished", "", ["x-forward-to", `127.0.0.1:${to}`]).catch(() => ({ status: 0 })))
      .status === 200,
    false,
  );
});

test("a guest is put before another guest without a server between", options, async () => {
  const back = await serve(handler);
  const front = await serve(handler, { http: (request) => back.fetch(request) });
  const request = new Request("http://test/forward/echo", {
    method: "POST",
    body: "abc",
    headers: { "x-forward-to": "anywhere" },
  });
  const response = await front.fetch(request);
  assert.equal(await response.text(), "abc");
  await Promise.all([front.close(), back.close()]);
});

test(
  "a guest is put before another guest by its client, with trailers, and a body tells its level",
  options,
  async () => {
    const back = await serve(handler);
    const front = await serve(handler, { http: back.client });
    const request = {
      method: "POST",
      scheme: "http",
      authority: "test",
      path: "/forward/trailers",
      headers: [["x-forward-to", new TextEncoder().encode("anywhere")] as const],
      body: undefined,
      timeouts: { connect: Infinity, firstByte: Infinity, betweenBytes: Infinity },
    };
    const { signal } = new AbortController();
    const { body } = await front.client.send(request, signal);
    assert.ok(body);
    const read = new Promise<Uint8Array>((resolve) => {
      const take = (): void => {
        const bytes = body.source.read(100);
        if (bytes && bytes.length > 0) resolve(bytes.slice());
      };
      body.source.watch({ wake: take });
      take();
    });
    assert.equal(new TextDecoder().decode(await read), "body");
    await until(() => body.source.read(100) === null);
    const trailers = await body.trailers();
    assert.deepEqual(
      trailers?.map(([name]) => name),
      ["x-sum", "x-sum", "x-latin"],
    );

    const large = await back.client.send({ ...request, path: "/large/1000000" }, signal);
    const level = (): Level | undefined => large.body?.level?.();
    // Both hold as much as they may: the stream that the guest writes, and what is before its reader.
    await until(() => level()?.bufferedBytes === level()?.capacityBytes);
    assert.deepEqual(level(), {
      state: "open",
      bufferedBytes: 2 * DEFAULT_LIMITS.bufferBytes,
      capacityBytes: 2 * DEFAULT_LIMITS.bufferBytes,
      permittedBytes: 0,
      isAwaited: true,
    });
    large.body?.source.close();
    await Promise.all([front.close(), back.close()]);
  },
);

test("what is said of serving holds in a browser's entry too", options, async () => {
  const told: unknown[] = [];
  const { fetch, close } = await serveInPage(handler, { maxBodyBytes: 2, onError: (error) => void told.push(error) });
  const refused = await fetch(
    new Request("http://test/read", { method: "POST", body: "abc", headers: { "content-length": "3" } }),
  );
  assert.equal(refused.status, 413);
  const cut = await fetch(new Request("http://test/trap-after"));
  await assert.rejects(cut.text());
  await close();
  assert.equal(told.length, 1);
});

test("Fetch: requests, responses, and what is neither", options, async () => {
  const { fetch, close } = await serve(handler);
  const described = await (
    await fetch(new Request("http://test:1/describe?x=%20", { headers: { "x-a": "\u00e9" } }))
  ).text();
  assert.equal(described, 'Method::Get Some(Scheme::Http) Some("test:1") Some("/describe?x=%20")\nx-a: \\xe9\n');
  const fields = await fetch(new Request("http://test/fields"));
  assert.deepEqual(fields.headers.getSetCookie(), ["a=1", "b=2"]);
  assert.equal((await fetch(new Request("http://test/status/204"))).status, 204);
  for (const path of ["trap", "return", "error", "status/100", "status/101", "status/999"]) {
    await assert.rejects(fetch(new Request(`http://test/${path}`)), path);
  }
  await assert.rejects((await fetch(new Request("http://test/unfinished"))).text());
  const cancelled = await fetch(new Request("http://test/large/100000000"));
  await cancelled.body?.cancel();
  await close();
});

const server: Server = createServer(claimServer);
const authority = `127.0.0.1:${await listening(server)}`;
after(() => {
  server.closeAllConnections();
  server.close();
});

interface ClientClaim {
  readonly name: string;
  readonly claim: string;
  readonly traps?: RegExp;
  readonly http?: Parameters<typeof run>[1] extends infer O ? (O extends { http?: infer H } ? H : never) : never;
  readonly to?: string;
}

const unused = createSocketServer();
const nobody = `127.0.0.1:${await listening(unused)}`;
await new Promise((resolve) => unused.close(resolve));

const claims: readonly ClientClaim[] = [
  { name: "get", claim: "11.2 fields come in order, as bytes; trailers after the body" },
  { name: "post", claim: "body, fields and trailers arrive" },
  { name: "once", claim: "11.5 what is given once is an error after that" },
  { name: "response-first", claim: "11.6 a response may come before the body does" },
  { name: "never-sent", claim: "11.8 the body of a request that is dropped is closed" },
  { name: "two-lengths", claim: "lengths that differ are an error" },
  { name: "no-body-of-a-length", claim: "11.7 a length without a body is an error" },
  { name: "short", claim: "11.7 a body shorter than announced fails" },
  { name: "long", claim: "11.7 a body longer than announced fails" },
  { name: "cut", claim: "11.10 a response that is cut short fails, and says of what" },
  { name: "refused", claim: "nobody listens", to: nobody },
  { name: "refused", claim: "11.1 without a grant nobody can be asked", http: false },
  { name: "refused", claim: "11.1 a host that is not permitted is not reached", http: { hosts: ["example.invalid"] } },
  { name: "refused", claim: "11.1 private addresses are not reached", http: { denyPrivate: true } },
  { name: "drop-future", claim: "11.11 a response that nobody waits for is given up" },
  { name: "headers-are-children", claim: "1.3 fields are dropped before their message", traps: /rule 1\.3/ },
  { name: "many-values", claim: "11.3 fields are bounded", traps: /a list of 300000 items, of at most 16384 here/ },
];

for (const { name, claim, traps, http = true, to = authority } of claims) {
  test(`${claim} (http-client ${name})`, options, async () => {
    let said = "";
    const running = run(client, {
      ...{ args: ["http-client", name, to], http },
      stderr: (chunk) => void (said += Buffer.from(chunk).toString()),
    });
    if (traps) await assert.rejects(running, traps);
    else assert.equal((await running).exitCode, 0, said);
  });
}

test("a client that misbehaves is named, also where nobody waits for what it does", options, async () => {
  const fail = (): never => {
    throw new Error("on purpose");
  };
  const source = { read: () => null, ready: () => true, watch() {}, unwatch() {} };
  const answering = (close: () => void): HttpClient => ({
    send: async () => ({
      status: 200,
      headers: [],
      body: { source: { ...source, close }, length: undefined, trailers: async () => undefined },
    }),
  });
  const play = (claim: string, http: HttpOptions | HttpClient): Promise<unknown> =>
    run(client, { args: ["http-client", claim, "127.0.0.1:1"], http });
  const named = (message: RegExp) => (error: unknown) => error instanceof InternalError && message.test(error.message);
  for (const claim of ["get", "drop-future"]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(play(claim, answering(fail)), named(/^http body\.close: on purpose/), claim);
  }
  // A promise that nobody waits for.
  await play(
    "drop-future",
    answering(async () => fail()),
  );
  await play("get", { ...answering(() => {}), close: async () => fail() });
  for (const check of [fail, async () => fail()]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(play("get", { check }), named(/^http\.check: on purpose/));
  }
});

test("11.3 what the other side sends too much of fails the exchange, and traps nobody", options, async (t) => {
  const many = Array.from({ length: 5000 }, (): [string, Uint8Array] => ["x-a", new Uint8Array(0)]);
  const play = async (response: HttpResponse): Promise<string> => {
    let said = "";
    const { exitCode } = await run(client, {
      ...{ args: ["http-client", "get", "name.test"], http: { send: async () => response } },
      stderr: (chunk) => void (said += Buffer.from(chunk).toString()),
    });
    assert.equal(exitCode, 1);
    return said;
  };
  assert.match(await play({ status: 299, headers: many, body: undefined }), /HttpResponseHeaderSectionSize/);
  const pipe = new BodyPipe(10, undefined, () => new HttpError({ tag: "HTTP-protocol-error" }));
  pipe.endWith(many);
  void pipe.sink.close();
  const headers = ["1", "2"].map((text): [string, Uint8Array] => ["x-twice", Buffer.from(text)]);
  const latin: [string, Uint8Array] = ["x-latin", Uint8Array.of(0xe9)];
  const trailing = { status: 299, headers: [...headers, latin], body: pipe.body };
  assert.match(await play(trailing), /HttpResponseTrailerSectionSize/);
  const { port, errors } = await served(t, { limits: { fieldBytes: 300 } });
  assert.equal((await ask(port, "/hello")).text, "hello");
  assert.equal((await ask(port, "/hello", undefined, ["x-a", "a".repeat(300)])).status, 431);
  assert.deepEqual(errors, []);
});
