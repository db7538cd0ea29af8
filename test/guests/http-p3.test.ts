/** The guest of HTTP in WASI 0.3: a handler behind a server of Node's, that sends requests of its own too. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, request as requestOf, type IncomingMessage, type RequestListener } from "node:http";
import { connect } from "node:net";
import { after, test, type TestContext } from "node:test";
import {
  BytesSource,
  HttpError,
  instantiate,
  serve,
  type HttpClient,
  type HttpResponse,
  type ServeOptions,
} from "../../src/index.ts";
import { Pipe } from "../../src/io/pipe.ts";
import { changed } from "../../src/io/steps.ts";
import { ask, listening, raw, served as serveGuest, textOf, type Served } from "./http-support.ts";

const handler = await readFile(new URL("built/http-p3.wasm", import.meta.url));
const middleware = await readFile(new URL("built/http-middleware-p3.wasm", import.meta.url));
const served = (t: TestContext, more?: ServeOptions): Promise<Served> => serveGuest(t, handler, more);

/** Longer than anything here takes: what hangs fails. */
const options = { timeout: 300_000 };

test("a handler is told what was asked, in order", options, async (t) => {
  const { port } = await served(t);
  const { text } = await ask(port, "/describe?a=%20b", "x", [
    ...["X-B", "1", "x-a", "\u00e9"],
    ...["x-b", "2", "connection", "close"],
  ]);
  assert.deepEqual(text.trimEnd().split("\n"), [
    'Method::Post Some(Scheme::Http) Some("test") Some("/describe?a=%20b")',
    "x-b: 1",
    "x-a: \\xe9",
    "x-b: 2",
    "content-length: 1",
  ]);
});

test("fields are sent in order, with duplicates, as bytes", options, async (t) => {
  const { port } = await served(t);
  const { headers } = await ask(port, "/fields");
  assert.deepEqual(headers.slice(0, 8), [
    ...["set-cookie", "a=1", "x-latin", "\u00e9\u00ff"],
    ...["set-cookie", "b=2", "x-empty", ""],
  ]);
});

const IMMUTABLE = "Err(HeaderError::Immutable)";
const SYNTAX = "Err(HeaderError::InvalidSyntax)";
const SIZE = "Err(HeaderError::SizeExceeded)";
const [OK, NO] = ["Ok(())", "Err(())"];
/** As Wasmtime 49 has them but for the order of fields, a scheme that begins with a digit, and a path that is not absolute. */
const RULES = [
  ...[`theirs ${IMMUTABLE}`, `theirs ${IMMUTABLE}`, `theirs ${IMMUTABLE}`, "host false"],
  ...["forbidden Err(HeaderError::Forbidden)", `name ${SYNTAX}`, `value ${SYNTAX}`, `length ${SYNTAX}`],
  ...[`two ${OK}`, `other ${OK}`, `again ${OK}`],
  'all [("b", [49]), ("b", [255, 9, 50]), ("c", [51]), ("b", [52])]',
  "taken Ok([[49], [255, 9, 50], [52]])",
  ...[`large ${SIZE}`, `larger ${SIZE}`, `list ${SIZE}`, 'rest [("c", [51])]'],
  ...[`option ${OK}`, "option Some(5)", "option Err(RequestOptionsError::Immutable)"],
  ...[`copy ${OK}`, "copy (None, Some(5))", `ours ${IMMUTABLE}`, "theirs false"],
  ...[`method GET ${OK}`, `method fine ${OK}`, `method not fine ${NO}`, `method  ${NO}`],
  ...[`scheme http ${OK}`, `scheme a+b ${OK}`, `scheme 1 ${NO}`],
  ...[`authority a ${OK}`, `authority a:1 ${OK}`, `authority [::1]:1 ${OK}`, `authority me@a ${OK}`],
  ...[`authority  ${NO}`, `authority a: ${NO}`, `authority a:x ${NO}`, `authority a:65536 ${NO}`],
  ...[`authority a b ${NO}`, `authority a/b ${NO}`],
  ...[`path / ${OK}`, `path  ${OK}`, `path ?a ${OK}`, `path a ${OK}`],
  ...[`path /  ${NO}`, `path /a?b=c d ${NO}`, `path /\u00c3\u00a9 ${OK}`],
  ...[`status 99 ${NO}`, `status 100 ${OK}`, `status 599 ${OK}`, `status 600 ${NO}`],
];

test("what can be done with fields, requests and their options [15.1]", options, async (t) => {
  const { port } = await served(t);
  assert.deepEqual((await ask(port, "/rules", "", ["a", "1"])).text.split("\n"), RULES);
});

test("trailers go both ways, by way of the guest or not [15.3]", options, async (t) => {
  const { port } = await served(t);
  assert.deepEqual((await ask(port, "/trailers")).trailers, ["x-sum", "1", "x-sum", "2", "x-latin", "\u00e9"]);
  for (const path of ["/echo", "/pass"]) {
    const came = await raw(
      port,
      `POST ${path} HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\nab\r\n0\r\nx-sum: \xe9\r\n\r\n`,
    );
    assert.match(came, /\r\n2\r\nab\r\n0\r\nx-sum: \xe9\r\n\r\n$/, path);
  }
});

test("trailers of a request beyond limits.fieldBytes are an error of the request [11.3]", options, async (t) => {
  const { port, errors } = await served(t, { limits: { fieldBytes: 400 } });
  const request = requestOf({ port, host: "127.0.0.1", method: "POST", path: "/echo", agent: false });
  request.setHeader("transfer-encoding", "chunked");
  request.addTrailers({ "x-t": "a".repeat(400) });
  request.end("hello");
  const [response] = (await once(request, "response")) as [IncomingMessage];
  await assert.rejects(textOf(response));
  assert.deepEqual(errors, ["HTTP-request-trailer-section-size"]);
});

test("trailers come after nothing too, whether they are known at once or later [15.4]", options, async (t) => {
  const { port } = await served(t);
  for (const nanoseconds of [0, 1_000_000]) {
    const answer = await ask(port, `/trailers-alone/${nanoseconds}`);
    assert.deepEqual([answer.text, answer.trailers], ["", ["x-after", "nothing"]]);
  }
});

test("a response flows while its request does", options, async (t) => {
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

test("hundreds at once are answered, each its own", options, async (t) => {
  const texts = Array.from({ length: 200 }, (_, n) => `body ${n}`);
  for (const reuse of [1, 1000]) {
    const { port } = await served(t, { reuse });
    const all = await Promise.all(texts.map((text) => ask(port, "/echo", text)));
    assert.deepEqual(
      all.map(({ text }) => text),
      texts,
    );
  }
});

test("an instance is for one request; one that is used again answers many at once [15.2]", options, async (t) => {
  const fresh = await served(t);
  assert.equal((await ask(fresh.port, "/count")).text, "1");
  assert.equal((await ask(fresh.port, "/count")).text, "1");
  const reused = await served(t, { reuse: 2 });
  assert.deepEqual(
    [await ask(reused.port, "/count"), await ask(reused.port, "/count"), await ask(reused.port, "/count")].map(
      ({ text }) => text,
    ),
    ["1", "2", "1"],
  );
  const together = await served(t, { reuse: 2 });
  // The first is answered only because the second comes to the same instance.
  const both = await Promise.all([ask(together.port, "/meet"), ask(together.port, "/meet")]);
  assert.deepEqual(both.map(({ text }) => text).toSorted(), ["first", "second"]);
});

test("a guest that ends while others wait to begin ends those too [15.2]", options, async (t) => {
  // The guest is held by what it says when it panics, which nobody reads.
  const { source, sink } = new Pipe(1);
  const { port, errors } = await served(t, { reuse: 3, stderr: sink });
  const waiting = ask(port, "/meet");
  const trapping = ask(port, "/trap");
  await changed(source);
  // One has come to it when the other is answered, by the next instance.
  const late = [ask(port, "/hello"), ask(port, "/hello")];
  assert.equal((await Promise.race(late)).text, "hello");
  source.close();
  const statuses = (await Promise.all([waiting, trapping, ...late])).map(({ status }) => status);
  assert.deepEqual(
    statuses.toSorted((a, b) => a - b),
    [200, 500, 500, 500],
  );
  assert.deepEqual(errors, ["unreachable", "unreachable", "unreachable"]);
});

test("a large body comes whole", options, async (t) => {
  const { port } = await served(t);
  assert.equal((await ask(port, "/large/3000000")).text.length, 3_000_000);
  const body = "0123456789".repeat(100_000);
  for (const path of ["/echo", "/pass"]) assert.equal((await ask(port, path, body)).text, body, path);
});

test("a request that nobody reads does not keep its response", options, async (t) => {
  const { port } = await served(t);
  assert.equal((await ask(port, "/hello", "x".repeat(500_000))).text, "hello");
});

test(
  "a guest may answer first, and read then: of a client that leaves it hears an error [15.10]",
  options,
  async (t) => {
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
      "0 Err(ErrorCode::ConnectionTerminated)",
      "3000000 Ok(false)",
    ]);
  },
);

test("what a guest does wrong before it answers is a 500, and is told once [15.8]", options, async (t) => {
  const { port, errors } = await served(t);
  for (const path of ["/trap", "/error", "/status/100", "/length/4", "/length/6"]) {
    assert.equal((await ask(port, path)).status, 500, path);
  }
  assert.deepEqual(errors, [
    "unreachable",
    "DNS-timeout",
    "the guest answered with the status 100, which ends no exchange",
    "the guest wrote 4 bytes of a body with a content-length of 5",
    "the guest wrote 6 bytes of a body with a content-length of 5",
  ]);
  assert.equal((await ask(port, "/hello")).text, "hello");
});

test(
  "a guest that says that something is wrong with its request answers all the same, and is told of [15.9]",
  options,
  async (t) => {
    const { port, errors } = await served(t);
    for (const path of ["/refuse/2", "/refuse/3"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal((await ask(port, path, "abc")).text, "refused");
    }
    assert.deepEqual(errors, Array(2).fill("the guest says that something is wrong with the message"));
  },
);

test(
  "who made a request is told what is said to be wrong with it, whatever it goes through [15.9]",
  options,
  async (t) => {
    const errors: unknown[] = [];
    const back = await serve(handler, { onError: (error) => void errors.push(error) });
    const { port } = await served(t, { http: (request) => back.fetch(request) });
    const { text } = await ask(port, "/send/refused", "", ["x-forward-to", "back"]);
    assert.equal(text, "200 refused Ok(None)\nErr(ErrorCode::LoopDetected)");
    assert.deepEqual(
      errors.map((error) => error instanceof HttpError && error.payload.tag),
      ["loop-detected"],
    );
    await back.close();
  },
);

test("a body that is cut short never looks complete, and is told once [15.4] [15.5]", options, async (t) => {
  for (const reuse of [1, 100]) {
    const { port, errors, close } = await served(t, { reuse });
    for (const path of ["/trap-after", "/trap-ended", "/unfinished", "/left"]) {
      for (const version of ["1.0", "1.1"]) {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => {});
        socket.write(`POST ${path} HTTP/${version}\r\nhost: test\r\nconnection: close\r\ncontent-length: 1\r\n\r\n`);
        let came = "";
        socket.on("data", (chunk: Uint8Array) => {
          came += Buffer.from(chunk).toString("latin1");
          // What comes now ends the guest.
          if (came.includes("part") && socket.writable) socket.write("x");
        });
        const isCut = await new Promise((resolve) => {
          socket.once("end", () => resolve(version === "1.1"));
          socket.once("error", () => resolve(true));
        });
        assert.equal(isCut, true, `${path} ${version}`);
        assert.match(came, /part/, path);
        assert.doesNotMatch(came, /\r\n0\r\n\r\n$/, path);
      }
    }
    assert.equal((await ask(port, "/hello")).text, "hello");
    await close();
    assert.deepEqual(errors.toSorted(), [
      ...["DNS-timeout", "DNS-timeout"],
      ...["the guest ended before its body did", "the guest ended before its body did"],
      ...["unreachable", "unreachable", "unreachable", "unreachable"],
    ]);
  }
});

test("a length that was announced is kept, and who wrote it is told [15.6] [15.7]", options, async (t) => {
  const { port, said, close } = await served(t);
  assert.equal((await ask(port, "/length/5")).text, "xxxxx");
  for (const path of ["/length/4", "/length/6"]) await ask(port, path);
  await close();
  assert.deepEqual(said().trimEnd().split("\n"), [
    "0 Ok(())",
    "0 Err(ErrorCode::HttpResponseBodySize(Some(4)))",
    "6 Err(ErrorCode::HttpResponseBodySize(Some(6)))",
  ]);
});

test("statuses that have no body have none", options, async (t) => {
  const { port } = await served(t);
  for (const status of [204, 304, 200, 599]) {
    const answer = await ask(port, `/status/${status}`);
    assert.deepEqual([answer.status, answer.text], [status, ""]);
  }
  for (const status of [99, 600]) assert.equal((await ask(port, `/status/${status}`)).text, "refused");
  const head = await raw(port, "HEAD /hello HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(head, /\r\n\r\n$/);
});

test("a client that leaves in the middle of a response ends it [15.10]", options, async (t) => {
  const { port, said, close } = await served(t);
  const socket = connect(port, "127.0.0.1");
  socket.write("GET /large/100000000 HTTP/1.1\r\nhost: test\r\n\r\n");
  await once(socket, "data");
  socket.destroy();
  await close();
  assert.equal(said(), "left\n");
});

test("a client that leaves while it sends lets the guest go", options, async (t) => {
  const { port, close } = await served(t);
  for (const path of ["/echo", "/pass", "/read"]) {
    const socket = connect(port, "127.0.0.1");
    socket.write(`POST ${path} HTTP/1.1\r\nhost: test\r\ncontent-length: 100000\r\n\r\nsome`);
    if (path === "/read") await ask(port, "/hello");
    else await once(socket, "data");
    socket.destroy();
  }
  await close();
});

test("the time of a request ends its guest", options, async (t) => {
  const { port, errors } = await served(t, { timeout: 50, reuse: 2 });
  assert.equal((await ask(port, "/meet")).status, 500);
  assert.deepEqual(errors, ["The guest was ended after 50 ms (option timeout)"]);
  assert.equal((await ask(port, "/hello")).text, "hello");
});

/** Says what it was asked, with trailers. */
const backend: RequestListener = (message, response) => {
  if (message.url === "/never") return;
  response.writeHead(299, ["x-twice", "1", "X-Latin", "\u00e9", "x-twice", "2", "trailer", "x-after"]);
  const chunks: Uint8Array[] = [];
  message.on("error", () => response.destroy());
  message.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
  message.on("end", () => {
    const said = [message.method, message.url, Buffer.concat(chunks).toString("latin1"), ...message.rawTrailers];
    response.write(said.join(" "));
    response.addTrailers([["x-after", "\u00e9"]]);
    response.end();
  });
};

const server = createServer(backend);
const authority = `127.0.0.1:${await listening(server)}`;
after(() => {
  server.closeAllConnections();
  server.close();
});

const SENT = 'Ok(Some([("x-after", [233])]))\nOk(())';
const SENDS: Readonly<Record<string, string>> = {
  bare: `299 GET /fields  ${SENT}`,
  body: `299 POST /fields 123 ${SENT}`,
  trailers: `299 POST /fields 123 x-end 3 ${SENT}`,
  short: "ErrorCode::HttpRequestBodySize(Some(3))\nErr(ErrorCode::HttpRequestBodySize(Some(3)))",
  long: "ErrorCode::HttpRequestBodySize(Some(6))\nErr(ErrorCode::HttpRequestBodySize(Some(6)))",
  error: "ErrorCode::LoopDetected\nErr(ErrorCode::LoopDetected)",
  never: "Err(ErrorCode::InternalError(None))",
  "no-body-of-a-length": "ErrorCode::HttpRequestBodySize(Some(0))\nErr(ErrorCode::HttpRequestBodySize(Some(0)))",
  relative: "ErrorCode::HttpRequestUriInvalid\nErr(ErrorCode::HttpRequestUriInvalid)",
  user: "ErrorCode::HttpRequestUriInvalid\nErr(ErrorCode::HttpRequestUriInvalid)",
  // Given up by the guest before there is a response.
  cancel: "true Err(ErrorCode::InternalError(None))",
  timeout: "ErrorCode::ConnectionReadTimeout\nErr(ErrorCode::ConnectionReadTimeout)",
};

for (const [what, outcome] of Object.entries(SENDS)) {
  test(`a request of the guest's own: ${what} [15.1] [15.7]`, options, async (t) => {
    const { port } = await served(t, { http: true });
    assert.equal((await ask(port, `/send/${what}`, "", ["x-forward-to", authority])).text, outcome);
  });
}

test("who is not granted HTTP sends none [11.1]", options, async (t) => {
  const { port } = await served(t);
  const { text } = await ask(port, "/send/body", "", ["x-forward-to", authority]);
  assert.equal(text, "ErrorCode::HttpRequestDenied\nErr(ErrorCode::HttpRequestDenied)");
});

/** A client that answers everything with this. */
const answering = (response: unknown): HttpClient => ({ send: async () => response as HttpResponse });
const elsewhere = ["x-forward-to", "name.test"];

test("who writes a body that its client never looks at goes on when the response is over", options, async (t) => {
  const bare = await served(t, { http: answering({ status: 200, headers: [], body: undefined }) });
  const { text } = await ask(bare.port, "/send/body", "", elsewhere);
  assert.equal(text, "200  Ok(None)\nErr(ErrorCode::ConnectionTerminated)");
  const body = { source: new BytesSource("whole"), length: undefined, trailers: async () => undefined };
  const { port, close, errors } = await served(t, { http: answering({ status: 200, headers: [], body }) });
  assert.equal((await ask(port, "/forward/any", "x".repeat(300_000), elsewhere)).text, "whole");
  // Nobody is left who waits.
  await close();
  assert.deepEqual(errors, []);
});

test("what a client gets wrong is told once, and its instance is over with that request", options, async (t) => {
  const source = {
    ...{ read: (max: number) => new Uint8Array(max + 1), ready: () => true },
    ...{ watch() {}, unwatch() {}, close() {} },
  };
  const wrong: readonly (readonly [unknown, number, RegExp])[] = [
    [{ status: 5, headers: [] }, 200, /^http\.send: expected a status from 100 to 999, got 5$/],
    [
      { status: 200, headers: [], body: { source, trailers: async () => undefined } },
      500,
      /^http body\.read: expected at most \d+ bytes, or null at the end, got \d+ bytes$/,
    ],
  ];
  for (const [response, status, message] of wrong) {
    for (const reuse of [1, 100]) {
      const { port, errors } = await served(t, { http: answering(response), reuse });
      assert.equal((await ask(port, "/count")).text, "1");
      assert.equal((await ask(port, "/send/bare", "", elsewhere)).status, status);
      // Also where the instance would have been used again.
      assert.equal((await ask(port, "/count")).text, "1");
      assert.match(errors.join("; "), message);
    }
  }
});

test("a request goes on to another server, and its answer back", options, async (t) => {
  const { port: to } = await served(t);
  const { port } = await served(t, { http: true });
  const onward = ["x-forward-to", `127.0.0.1:${to}`];
  for (const route of ["/forward", "/handoff"]) {
    const answer = await ask(port, `${route}/echo`, "abc", onward);
    assert.deepEqual([answer.status, answer.text], [200, "abc"], route);
    const { trailers } = await ask(port, `${route}/trailers`, "abc", onward);
    assert.deepEqual(trailers, ["x-sum", "1", "x-sum", "2", "x-latin", "\u00e9"], route);
    await assert.rejects(ask(port, `${route}/trap-ended`, "abc", onward), /aborted/, route);
  }
});

test("a middleware sends on to what `http` says, or to another component", options, async (t) => {
  const back = await serve(handler);
  const { port } = await serveGuest(t, middleware, { http: (request) => back.fetch(request) });
  const byFetch = await ask(port, "/on/echo", "abc");
  assert.deepEqual([byFetch.status, byFetch.text], [299, "abc"]);
  assert.equal((await ask(port, "/elsewhere")).status, 500);
  await back.close();

  const running = await instantiate(handler);
  const [name = "", exported] =
    Object.entries(running.exports).find(([key]) => key.startsWith("wasi:http/handler")) ?? [];
  const linked = await serveGuest(t, middleware, { imports: { [name]: exported as object } });
  const direct = await raw(
    linked.port,
    "POST /on/echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\nab\r\n0\r\nx-sum: 1\r\n\r\n",
  );
  assert.match(direct, /^HTTP\/1\.1 299 [^]*\r\n2\r\nab\r\n0\r\nx-sum: 1\r\n\r\n$/);
  await linked.close();
  await running.close();
});

const ROUTES = ["hello", "describe", "echo", "pass", "trailers", "fields", "large/200000", "length/5", "after"];

test("what a handler still writes is sent, though the middleware in the same binary is done", options, async (t) => {
  const composed = await readFile(new URL("built/composed-http-p3.wasm", import.meta.url));
  const alone = await served(t);
  const { port, errors } = await serveGuest(t, composed, { reuse: 3 });
  for (const route of ROUTES) {
    for (const body of ["abc", "x".repeat(100_000)]) {
      const expected = await ask(alone.port, `/${route}`, body);
      const { status, text, trailers } = await ask(port, `/on/${route}`, body);
      assert.deepEqual(
        { status, text, trailers },
        { status: 299, text: expected.text, trailers: expected.trailers },
        route,
      );
    }
  }
  assert.deepEqual(errors, []);
  await assert.rejects(ask(port, "/on/left", "abc"), /aborted/);
  assert.deepEqual(errors, ["the guest ended before its body did"]);
});

test("a component that dies cuts what it gave to another", options, async (t) => {
  const running = await instantiate(handler);
  const [name = "", exported] =
    Object.entries(running.exports).find(([key]) => key.startsWith("wasi:http/handler")) ?? [];
  const { port, errors, close } = await serveGuest(t, middleware, { imports: { [name]: exported as object } });
  const request = requestOf({ port, path: "/on/trap-ended", method: "POST", host: "127.0.0.1", agent: false });
  request.on("error", () => {});
  request.flushHeaders();
  const [message] = (await once(request, "response")) as [IncomingMessage];
  await once(message, "data");
  request.end();
  await assert.rejects(textOf(message), /aborted/);
  await close();
  assert.deepEqual(errors, ["the guest ended before its body did"]);
  await running.close();
});

test("Fetch: requests, responses, and what is neither", options, async () => {
  const { fetch, close } = await serve(handler, { reuse: 100 });
  const described = await (
    await fetch(new Request("http://test:1/describe?x=%20", { headers: { "x-a": "\u00e9" } }))
  ).text();
  assert.equal(described, 'Method::Get Some(Scheme::Http) Some("test:1") Some("/describe?x=%20")\nx-a: \\xe9\n');
  const echoed = await fetch(new Request("http://test/echo", { method: "POST", body: "abc" }));
  assert.equal(await echoed.text(), "abc");
  assert.equal((await fetch(new Request("http://test/status/204"))).status, 204);
  // Each at once after the other: what has trapped answers no more.
  for (const [path, message] of [
    ["trap", /unreachable/],
    ["error", /DNS-timeout/],
    ["status/100", /status 100/],
  ] as const)
    await assert.rejects(fetch(new Request(`http://test/${path}`)), message);
  await assert.rejects((await fetch(new Request("http://test/unfinished"))).text());
  const cancelled = await fetch(new Request("http://test/large/100000000"));
  await cancelled.body?.cancel();
  await close();
});
