/** Components that answer requests: the guest http-handler, asked over the loopback and by Fetch. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as nodeRequest, type ServerResponse } from "node:http";
import { connect as connectHttp2, createServer as createHttp2 } from "node:http2";
import { connect, type AddressInfo, type Server as NetServer } from "node:net";
import { networkInterfaces } from "node:os";
import { text as allOf } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { serve as serveInPage, type ServeOptions as ServeInPageOptions } from "../../src/browser.ts";
import {
  compile,
  HttpError,
  MissingImportsError,
  NotAHandlerError,
  serve,
  ServerClosedError,
  TimeoutError,
  Trap,
  type MonotonicClock,
  type ServeOptions,
  type Server,
} from "../../src/index.ts";
import { deferred } from "../../src/io/deferred.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { Serving } from "../../src/run/serve/serve.ts";
import type { HttpRequest } from "../../src/wasi/http/exchange.ts";
import { guest, until } from "./support.ts";

interface Given {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  readonly trailers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  /** Whether it came to its end. */
  readonly complete: boolean;
}

function listening(server: NetServer): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function ask(
  port: number,
  path: string,
  { method = "GET", headers = {}, body, trailers }: Given = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const framing = trailers ? { "transfer-encoding": "chunked" } : {};
    const sent = nodeRequest({
      host: "127.0.0.1",
      port,
      method,
      path,
      headers: { ...headers, ...framing },
      agent: false,
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
      response.on("error", () => {});
      response.on("close", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.rawHeaders,
          body: Buffer.concat(chunks).toString("latin1"),
          trailers: response.rawTrailers,
          complete: response.complete,
        }),
      );
    });
    if (trailers) sent.addTrailers(trailers);
    sent.end(body);
  });
}

interface Served {
  readonly server: Server;
  readonly node: NetServer;
  readonly port: number;
  readonly errors: unknown[];
  said(): string;
}

async function served(t: TestContext, options: ServeOptions = {}): Promise<Served> {
  const errors: unknown[] = [];
  let said = "";
  const server = await serve(await guest("http-handler"), {
    stderr: (chunk) => void (said += Buffer.from(chunk).toString()),
    onError: (error) => void errors.push(error),
    ...options,
  });
  const node = createServer(server.listener);
  const port = await listening(node);
  t.after(async () => {
    node.close();
    node.closeAllConnections();
    await server.close();
  });
  return { server, node, port, errors, said: () => said };
}

test("a response, with what Node adds to it and no more, and its length if all of it is there", async (t) => {
  const { port } = await served(t);
  const answer = await ask(port, "/hello");
  const dated = answer.headers[answer.headers.indexOf("Date") + 1];
  assert.deepEqual(answer, {
    status: 200,
    headers: ["content-length", "12", "Date", dated, "Connection", "close"],
    body: "Hello, WASI!",
    trailers: [],
    complete: true,
  });
  // Of one with trailers it is never all there.
  const echoed = await ask(port, "/echo", { method: "POST", body: "there", trailers: { "x-after": "1" } });
  assert.deepEqual(
    [echoed.body, echoed.headers.filter((_, at) => at % 2 === 0)],
    ["there", ["Date", "Connection", "Transfer-Encoding"]],
  );
});

test("the listener answers HTTP/2 too, and who waits for 100", async (t) => {
  const server = await serve(await guest("http-handler"));
  const node = createHttp2(server.listener);
  const port = await listening(node);
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  t.after(async () => {
    session.destroy();
    node.close();
    await server.close();
  });
  const stream = session.request({ ":path": "/who", ":authority": "example.com:81" });
  assert.equal(await allOf(stream), 'Method::Get Some(Scheme::Http) Some("example.com:81") /who');
  // With fields after its body.
  const given = session.request({ ":method": "POST", ":path": "/echo" }, { waitForTrailers: true });
  given.once("wantTrailers", () => given.sendTrailers({ "x-t": "1" }));
  const after = once(given, "trailers");
  given.end("some");
  assert.equal(await allOf(given), "some");
  assert.equal(((await after) as [Record<string, unknown>])[0]["x-t"], "1");
  node.on("checkContinue", server.listener);
  const echo = session.request({ ":method": "POST", ":path": "/echo", expect: "100-continue" });
  await once(echo, "continue");
  echo.end("some");
  assert.equal(await allOf(echo), "some");
});

test("a guest sees method, scheme, authority and path as they came", async (t) => {
  const { port } = await served(t);
  const { body } = await ask(port, "/who?a=%20%zz&b", { method: "PATCH", headers: { host: "example.com:81" } });
  assert.equal(body, 'Method::Patch Some(Scheme::Http) Some("example.com:81") /who?a=%20%zz&b');
});

test("bodies and trailers go through a guest, both ways", async (t) => {
  const { port } = await served(t);
  const body = "0123456789abcdef".repeat(20_000);
  const answer = await ask(port, "/echo", { method: "POST", body, trailers: { "x-sum": "1" } });
  assert.equal(answer.body, body);
  assert.deepEqual(answer.trailers, ["x-sum", "1"]);
  assert.equal((await ask(port, "/echo")).body, "");
});

test("11.2 11.4 what can be done with fields", async (t) => {
  const { port } = await served(t);
  const { body } = await ask(port, "/fields", { headers: { host: "h" } });
  assert.deepEqual(body.split("\n"), [
    "theirs Err(HeaderError::Immutable)",
    "theirs Err(HeaderError::Immutable)",
    "host false",
    "forbidden Err(HeaderError::Forbidden)",
    "name Err(HeaderError::InvalidSyntax)",
    "value Err(HeaderError::InvalidSyntax)",
    "length Err(HeaderError::InvalidSyntax)",
    "two Ok(())",
    "other Ok(())",
    "again Ok(())",
    'entries [("b", [49]), ("b", [255, 9, 50]), ("b", [52]), ("c", [51])]',
    "copy Ok(())",
    "none Ok(()) false Ok(())",
    "no name false []",
  ]);
});

test("11.5 11.6 what can be had once is refused the second time, and requests that make no sense at once", async (t) => {
  const { port } = await served(t, { http: true });
  const { body } = await ask(port, "/once", { method: "POST", body: "unread" });
  assert.deepEqual(body.split("\n"), [
    "consume true",
    "stream true",
    "trailers true true",
    "status Err(())",
    "method Err(())",
    "path Err(())",
    "authority Err(())",
    "no authority Some(ErrorCode::HttpRequestUriInvalid)",
    "no path Some(ErrorCode::HttpProtocolError)",
    "body true",
    "write true",
  ]);
});

test("11.12 no response, an error in its place and a trap are 500, and told; the server goes on", async (t) => {
  const { port, errors } = await served(t);
  for (const path of ["/nothing", "/error", "/trap-before", "/status-100", "/lie"]) {
    // oxlint-disable-next-line no-await-in-loop -- in their order
    const answer = await ask(port, path);
    assert.deepEqual([path, answer.status, answer.complete], [path, 500, true]);
  }
  assert.equal((await ask(port, "/hello")).status, 200);
  assert.deepEqual(
    errors.map((error) => (error as Error).message),
    [
      "the guest returned without a response",
      "HTTP-response-timeout",
      "unreachable",
      "the guest answered with the status 100, which ends no exchange",
      "the guest answered with a content-length of 5, and no body",
    ],
  );
});

test("11.7 11.12 a body that ends before it was begun to be sent is a 500", async (t) => {
  const { port, errors, said } = await served(t);
  for (const path of ["/trap-after", "/half", "/short", "/long"]) {
    // oxlint-disable-next-line no-await-in-loop -- in their order
    const { status, complete } = await ask(port, path);
    assert.deepEqual([path, status, complete], [path, 500, true]);
  }
  const unfinished = "the guest dropped the body unfinished";
  assert.deepEqual(
    errors.map((error) => (error as Error).message.replace(/^the guest wrote.*/, "size")).toSorted(),
    ["unreachable", unfinished, "size", "size"].toSorted(),
  );
  assert.equal(
    said(),
    "Err(ErrorCode::HttpResponseBodySize(Some(4)))\n" +
      "Some(ErrorCode::HttpResponseBodySize(Some(6))) Err(ErrorCode::HttpResponseBodySize(Some(6)))\n",
  );
});

test("11.8 a body that is cut short never looks complete, with whatever ends it", async (t) => {
  const controller = new AbortController();
  const { port } = await served(t, { signal: controller.signal });
  const both = await floods(port, () => controller.abort(new Error("enough")));
  assert.deepEqual(both, [false, false]);
});

/** Whether two floods came to their end, of which some has come when `end` is called. */
function floods(port: number, end: () => void): Promise<boolean[]> {
  let begun = 0;
  const flood = (version: string): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => socket.write(`GET /flood HTTP/${version}\r\nhost: a\r\n\r\n`));
      let last = "";
      let isReset = false;
      socket.once("data", () => {
        if (++begun === 2) end();
      });
      socket.on("data", (chunk) => (last = chunk.toString("latin1").slice(-5)));
      socket.on("error", () => (isReset = true));
      // What ends with its connection is complete unless that is reset.
      socket.on("close", () => resolve(version === "1.0" ? !isReset : last === "0\r\n\r\n"));
    });
  return Promise.all([flood("1.0"), flood("1.1")]);
}

test("HEAD gets the header alone", async (t) => {
  const { port } = await served(t);
  for (const path of ["/hello", "/lie", "/short"]) {
    // oxlint-disable-next-line no-await-in-loop -- in their order
    const { status, body, complete } = await ask(port, path, { method: "HEAD" });
    assert.deepEqual([path, status, body, complete], [path, 200, "", true]);
  }
});

test("what has been read by the end is answered", async (t) => {
  const server = await serve(await guest("http-handler"));
  let closed: Promise<void> | undefined;
  const node = createServer((message, response) => {
    server.listener(message, response);
    closed = server.close();
  });
  const port = await listening(node);
  t.after(() => node.close());
  let isClosed = false;
  const answered = ask(port, "/hello");
  await until(() => closed !== undefined);
  void closed?.then(() => (isClosed = true));
  assert.equal((await answered).body, "Hello, WASI!");
  await until(() => isClosed);
});

test("a guest whose client leaves finds the body closed", async (t) => {
  const { port, said } = await served(t);
  await new Promise<void>((resolve) => {
    const sent = nodeRequest({ host: "127.0.0.1", port, path: "/flood", agent: false }, (response) => {
      response.once("data", () => response.destroy());
      response.once("close", resolve);
      response.on("error", () => {});
    });
    sent.end();
  });
  await until(() => said() !== "");
  assert.equal(said(), "closed\n");
});

test("what would keep every instance from being made is told at once", async () => {
  await assert.rejects(serve(await guest("cat")), NotAHandlerError);
  await assert.rejects(serve(await guest("http-handler"), { reuse: 0 }), RangeError);
  await assert.rejects(
    serve(await guest("http-handler"), { imports: { "wasi:http/outgoing-handler": {} } }),
    MissingImportsError,
  );
});

test("a page is told the same", async () => {
  const handler = await guest("http-handler");
  await assert.rejects(serveInPage(await guest("cat")), NotAHandlerError);
  await assert.rejects(serveInPage(handler, { imports: { "wasi:http/outgoing-handler": {} } }), MissingImportsError);
  // What nobody writes who has TypeScript look at it.
  const given = (options: unknown) => serveInPage(handler, options as ServeInPageOptions);
  await assert.rejects(given(null), /^TypeError: The options must be an object, got null/);
  await assert.rejects(
    given({ reused: 5 }),
    /^TypeError: There is no option "reused": expected reuse, maxPerInstance, /,
  );
});

test("an instance answers one request, or as many as `reuse` says", async (t) => {
  const fresh = await served(t);
  const reused = await served(t, { reuse: 2 });
  const counts = async ({ port }: Served): Promise<string[]> => {
    const bodies = [];
    // oxlint-disable-next-line no-await-in-loop -- in their order
    for (let count = 0; count < 5; count++) bodies.push((await ask(port, "/count")).body);
    return bodies;
  };
  assert.deepEqual(await counts(fresh), ["1", "1", "1", "1", "1"]);
  assert.deepEqual(await counts(reused), ["1", "2", "1", "2", "1"]);
});

test("an onError that throws, or promises something and breaks it, is named at the end, and harms no request", async () => {
  const fail = (): never => {
    throw new Error("on purpose");
  };
  for (const onError of [fail, async () => fail()]) {
    // oxlint-disable no-await-in-loop -- one after the other
    const { fetch, listener, close } = await serve(await guest("http-handler"), { onError });
    const node = createServer(listener);
    const port = await listening(node);
    assert.equal((await ask(port, "/trap-before")).status, 500);
    assert.equal(await (await fetch(new Request("http://test/hello"))).text(), "Hello, WASI!");
    node.close();
    await assert.rejects(close(), /^InternalError: onError: on purpose/);
    // oxlint-enable no-await-in-loop
  }
});

test("an instance that has trapped is not used again", async (t) => {
  const { port } = await served(t, { reuse: 100 });
  await ask(port, "/count");
  assert.equal((await ask(port, "/trap-before")).status, 500);
  assert.equal((await ask(port, "/count")).body, "1");
});

/** A clock whose timers go off when they are told to, all at once. */
function heldClock(): {
  readonly clock: MonotonicClock;
  readonly timers: Map<() => void, bigint>;
  pass(ms: bigint): void;
} {
  let now = 0n;
  const timers = new Map<() => void, bigint>();
  return {
    timers,
    clock: {
      now: () => now,
      resolution: () => 1n,
      schedule(delayNs, callback) {
        const timer = (): void => callback();
        timers.set(timer, now + delayNs);
        return () => void timers.delete(timer);
      },
    },
    pass(ms) {
      now += ms * 1_000_000n;
      for (const [timer, at] of timers) if (at <= now && timers.delete(timer)) timer();
    },
  };
}

test("requests that wait wait together, and `maxConcurrent` holds the others back", async (t) => {
  const held = heldClock();
  const controller = new AbortController();
  const { port, errors } = await served(t, {
    maxConcurrent: 2,
    monotonicClock: held.clock,
    signal: controller.signal,
  });
  const three = [ask(port, "/wait"), ask(port, "/wait"), ask(port, "/wait")];
  await until(() => held.timers.size === 2);
  controller.abort(new Error("enough"));
  assert.deepEqual(
    (await Promise.all(three)).map(({ status }) => status),
    [500, 500, 500],
  );
  assert.equal(errors.length, 3);
});

test("a request whose client leaves before it is its turn loses that", async (t) => {
  const { server, node, port, errors } = await served(t, { reuse: 100, maxConcurrent: 1 });
  const responses: ServerResponse[] = [];
  node.on("request", (_, response) => void responses.push(response));
  const first = nodeRequest({ host: "127.0.0.1", port, path: "/flood", agent: false }).on("error", () => {});
  first.end();
  await once(first, "response");
  const second = nodeRequest({ host: "127.0.0.1", port, path: "/count", agent: false }).on("error", () => {});
  second.end();
  await until(() => responses.length === 2);
  const controller = new AbortController();
  const third = server.fetch(new Request("http://a/count", { signal: controller.signal }));
  const fourth = ask(port, "/count");
  second.destroy();
  await until(() => responses[1]?.destroyed === true && responses.length === 3);
  controller.abort();
  await assert.rejects(third, /the client left/);
  first.destroy();
  // The flood is the one before it.
  assert.equal((await fourth).body, "2");
  assert.deepEqual(errors, []);
});

test("Fetch answers as the listener does, and rejects with what kept the guest from it", async (t) => {
  const { server } = await served(t);
  const answer = await server.fetch(new Request("http://a:81/who?b"));
  assert.equal(await answer.text(), 'Method::Get Some(Scheme::Http) Some("a:81") /who?b');
  const echo = await server.fetch(new Request("http://a/echo", { method: "POST", body: "there" }));
  assert.equal(await echo.text(), "there");
  await assert.rejects(server.fetch(new Request("http://a/trap-before")), WebAssembly.RuntimeError);
  const cut = await server.fetch(new Request("http://a/half"));
  await assert.rejects(cut.text());
});

test("a time-out is for each request, also of an instance that is used again", async (t) => {
  const { server } = await served(t, { timeout: 1, reuse: 10 });
  await assert.rejects(server.fetch(new Request("http://a/wait")), TimeoutError);
});

test("11.3 fields beyond limits.fieldBytes end the guest", async (t) => {
  const { server } = await served(t, { limits: { fieldBytes: 100 } });
  await assert.rejects(server.fetch(new Request("http://a/fields")), Trap);
});

const SOURCE = { read: () => null, ready: () => true, watch() {}, unwatch() {}, close() {} };

for (const [what, response] of [
  ["nothing", undefined],
  ["a status that is none", { status: 99, headers: [] }],
  ["no headers", { status: 200 }],
  ["a field that is none", { status: 200, headers: [["a"]] }],
  ["a name that is none", { status: 200, headers: [["a b", new Uint8Array(1)]] }],
  ["a body without a source", { status: 200, headers: [], body: {} }],
  ["a body without trailers", { status: 200, headers: [], body: { source: SOURCE } }],
] as const) {
  test(`a client that gives ${what} is named, and the guest goes on`, async (t) => {
    const { server, errors } = await served(t, { http: { send: async () => response as never } });
    const answer = await server.fetch(new Request("http://a/forward", { headers: { to: "b", path: "/" } }));
    assert.equal(await answer.text(), "ErrorCode::InternalError(None)");
    await until(() => errors.length > 0);
    assert.match(String(errors[0]), /http\.send: expected/);
  });
}

test("a function that gives no Response is named too; what it throws is the guest's to hear of", async (t) => {
  const forward = async ({ server }: Served): Promise<string> =>
    (await server.fetch(new Request("http://a/forward", { headers: { to: "b", path: "/" } }))).text();
  const wrong = await served(t, { http: () => "text" as never });
  assert.equal(await forward(wrong), "ErrorCode::InternalError(None)");
  await until(() => wrong.errors.length > 0);
  assert.match(String(wrong.errors[0]), /Response/);
  const throwing = await served(t, {
    http: () => {
      throw new HttpError({ tag: "loop-detected" });
    },
  });
  assert.equal(await forward(throwing), "ErrorCode::LoopDetected");
});

test("11.3 11.13 fields and bodies that a guest makes and sends to nobody are bounded", async (t) => {
  const { server } = await served(t, { limits: { fieldBytes: 2000, sockets: 50 } });
  await assert.rejects(server.fetch(new Request("http://a/hoard-fields")), /64 times 2000 .*rule 11\.3/);
  await assert.rejects(server.fetch(new Request("http://a/hoard-bodies")), /50 bodies .*rule 11\.13/);
  // What is sent does not count any more.
  const reused = await served(t, { limits: { fieldBytes: 2000, sockets: 2 }, reuse: 100 });
  for (let count = 0; count < 10; count++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.equal(await (await reused.server.fetch(new Request("http://a/hello"))).text(), "Hello, WASI!");
  }
});

/** A server of plain Node, which a guest is let to. */
async function origin(t: TestContext, listener: Parameters<typeof createServer>[1]): Promise<string> {
  const node = createServer(listener);
  const port = await listening(node);
  t.after(() => {
    node.close();
    node.closeAllConnections();
  });
  return `127.0.0.1:${port}`;
}

test("11.2 a guest sends a request on: method, fields, body and trailers as they are, and the response likewise", async (t) => {
  let seen: readonly unknown[] = [];
  const to = await origin(t, (request, response) => {
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
    request.on("end", () => {
      const names = request.rawHeaders.map((text, at) => (at % 2 === 0 ? text : `=${text}`));
      seen = [request.method, request.url, names, Buffer.concat(chunks).toString(), request.rawTrailers];
      response.writeHead(207, ["x-a", "1", "X-B", "\u00ff", "x-a", "2", "trailer", "x-t"]);
      response.addTrailers([
        ["x-t", "1"],
        ["x-t", "2"],
      ]);
      response.end("onward");
    });
  });
  const { port } = await served(t, { http: true });
  const answer = await ask(port, "/forward", {
    method: "PUT",
    headers: { to, path: "/p?q=%20%zz", "x-c": ["1", "2"], trailer: "x-sum" },
    body: "through",
    trailers: { "x-sum": "3" },
  });
  assert.deepEqual(seen, [
    "PUT",
    "/p?q=%20%zz",
    [
      "host",
      `=${to}`,
      "x-c",
      "=1",
      "x-c",
      "=2",
      "trailer",
      "=x-sum",
      "content-length",
      "=7",
      "Connection",
      "=keep-alive",
    ]
      .filter((text) => text !== "content-length" && text !== "=7")
      .toSpliced(8, 0, "transfer-encoding", "=chunked"),
    "through",
    ["x-sum", "3"],
  ]);
  assert.equal(answer.status, 207);
  assert.deepEqual(answer.headers.slice(0, 8), ["x-a", "1", "x-a", "2", "x-b", "\u00ff", "trailer", "x-t"]);
  assert.equal(answer.body, "onward");
  assert.deepEqual(answer.trailers, ["x-t", "1", "x-t", "2"]);
});

const NO_IPV6 = !Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));

test("11.1 an authority may be an address of IPv6", { skip: NO_IPV6 && "there is none" }, async (t) => {
  const node = createServer((request, response) => response.end(request.headers.host));
  node.listen(0, "::1");
  await once(node, "listening");
  t.after(() => node.close());
  const to = `[::1]:${(node.address() as AddressInfo).port}`;
  const { port } = await served(t, { http: { hosts: ["::1"] } });
  const { status, body } = await ask(port, "/forward", { headers: { to, path: "/" } });
  assert.deepEqual([status, body], [200, to]);
});

test("11.1 what is not permitted is not reached, whatever it is called", async (t) => {
  const to = await origin(t, (_, response) => response.end());
  const [, port = ""] = to.split(":");
  const code = async (authority: string, http: ServeOptions["http"]): Promise<string> => {
    const { server } = await served(t, { ...(http !== undefined && { http }) });
    const answer = await server.fetch(new Request("http://a/forward", { headers: { to: authority, path: "/" } }));
    return answer.status === 200 ? "reached" : await answer.text();
  };
  assert.equal(await code(to, undefined), "ErrorCode::HttpRequestDenied");
  assert.equal(await code(to, true), "reached");
  assert.equal(await code(to, { hosts: ["127.0.0.1"] }), "reached");
  assert.equal(await code(`localhost:${port}`, { hosts: ["localhost"] }), "reached");
  assert.equal(await code(`localhost:${port}`, { hosts: ["example.com"] }), "ErrorCode::HttpRequestDenied");
  assert.equal(await code(to, { hosts: ["localhost"] }), "ErrorCode::DestinationIpProhibited");
  for (const name of [to, `localhost:${port}`, `[::ffff:127.0.0.1]:${port}`, `0x7f.1:${port}`]) {
    // oxlint-disable-next-line no-await-in-loop -- in their order
    assert.equal(await code(name, { denyPrivate: true }), "ErrorCode::DestinationIpProhibited", name);
  }
});

test("a guest in front of a guest, with no socket between them", async (t) => {
  const behind = await served(t);
  const front = await served(t, { http: (request) => behind.server.fetch(request) });
  const answer = await front.server.fetch(
    new Request("http://a/forward", { method: "POST", body: "through both", headers: { to: "b", path: "/echo" } }),
  );
  assert.equal(await answer.text(), "through both");
  const plain = await front.server.fetch(new Request("http://a/forward", { headers: { to: "b:81", path: "/who?q" } }));
  assert.equal(await plain.text(), 'Method::Get Some(Scheme::Http) Some("b:81") /who?q');
});

test("an instance that is always asked does not give way for what it did for others", async () => {
  const { loop } = nodePlatform;
  let turns = 0;
  let ms = 0;
  const counted = {
    ...nodePlatform,
    // Whenever somebody looks at the clock, whoever began at the last look has taken too long.
    loop: { ...loop, now: () => (ms += 1000), turn: () => (turns++, loop.turn()) },
  };
  const serving = new Serving(counted, await compile(await guest("http-handler")), () => ({}), { reuse: 1000 });
  for (let count = 0; count < 100; count++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { status } = await serving.answer(HELLO);
    assert.equal(status, 200);
  }
  assert.equal(turns, 0);
  await serving.close();
});

const HELLO: HttpRequest = {
  method: "GET",
  scheme: "http",
  authority: "127.0.0.1",
  path: "/hello",
  headers: [],
  body: undefined,
  timeouts: { connect: Infinity, firstByte: Infinity, betweenBytes: Infinity },
};

test("what is asked after the end is answered by nobody, and says so", async () => {
  const server = await serve(await guest("http-handler"));
  const asked = (): Promise<Response> => server.fetch(new Request("http://example.com/hello"));
  const before = asked();
  const closed = server.close();
  assert.equal((await before).status, 200);
  await (await before).arrayBuffer();
  await closed;
  await assert.rejects(asked(), ServerClosedError);
  await assert.rejects(asked(), /^ServerClosedError: The server is closed: /);
  await server.close();
});

test("a response that begins while the server ends lets go of its connection", async (t) => {
  const [asked, answer] = [deferred<void>(), deferred<Response>()];
  const http = (): Promise<Response> => (asked.resolve(), answer.promise);
  const { server, port } = await served(t, { http });
  const kept = { connection: "keep-alive", to: "b", path: "/" };
  const before = await ask(port, "/hello", { headers: kept });
  const later = ask(port, "/forward", { headers: kept });
  await asked.promise;
  const closed = server.close();
  answer.resolve(new Response("later"));
  const { body, headers } = await later;
  await closed;
  assert.equal(body, "later");
  assert.deepEqual([before.headers.includes("close"), headers.includes("close")], [false, true]);
});
