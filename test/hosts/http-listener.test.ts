/** The listener of a Node server, with clients that send what they like: each is the bytes that it sends. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { nodeListener } from "../../src/hosts/node/http/listener.ts";
import { HttpError } from "../../src/wasi/http/error-code.ts";
import type { HttpBody, HttpRequest, HttpResponse } from "../../src/wasi/http/exchange.ts";
import type { Source } from "../../src/io/ports.ts";
import { BytesSource } from "../../src/io/memory.ts";
import { changed } from "../../src/io/steps.ts";
import { turn, until } from "../run/support.ts";

type Answering = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

interface Listening {
  readonly port: number;
  readonly failures: unknown[];
}

async function listening(t: TestContext, answer: Answering): Promise<Listening> {
  const failures: unknown[] = [];
  const server = createServer(
    { requireHostHeader: false },
    nodeListener(
      async (request) => answer(request),
      (error) => void failures.push(error),
    ),
  );
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, failures };
}

/** Sends `text` and gives all that comes until the other side, or `enough`, ends it. */
function exchange(port: number, text: string, enough: (all: string) => boolean = () => false): Promise<string> {
  return new Promise((resolve) => {
    let all = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
    socket.on("data", (chunk) => {
      all += chunk.toString("latin1");
      if (enough(all)) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(all.replaceAll(/Date: [^\r]*\r\n/g, "")));
  });
}

const text = (bytes: string): Uint8Array => Buffer.from(bytes, "latin1");

function bodyOf(bytes: string, given: Partial<HttpBody> = {}): HttpBody {
  return { source: new BytesSource(text(bytes)), length: undefined, trailers: async () => undefined, ...given };
}

function plain(status: number, body?: HttpBody, headers: HttpResponse["headers"] = []): HttpResponse {
  return { status, headers, body };
}

async function readAll(source: Source): Promise<string> {
  let all = "";
  for (let bytes; (bytes = source.read(65_536)) !== null;) {
    // oxlint-disable-next-line no-await-in-loop -- until there is something
    if (bytes.length === 0) await changed(source);
    all += Buffer.from(bytes).toString("latin1");
  }
  return all;
}

const CLOSE = "connection: close\r\n\r\n";
const CHUNKED = "transfer-encoding: chunked\r\n\r\n";

test("11.2 a request is what came: authority, path, fields in order with their bytes", async (t) => {
  const seen: unknown[] = [];
  const { port } = await listening(t, ({ method, scheme, authority, path, headers, body }) => {
    const fields = headers.map(([name, value]) => `${name}=${Buffer.from(value).toString("latin1")}`);
    seen.push([method, scheme, authority, path, fields, body]);
    return plain(204);
  });
  await exchange(port, `GET /a?b=%20 HTTP/1.1\r\nHost: h:1\r\nX-a: 1\r\nx-b: \u00e9\r\nX-A: 2\r\n${CLOSE}`);
  await exchange(port, `OPTIONS * HTTP/1.1\r\nhost: h\r\n${CLOSE}`);
  await exchange(port, `GET http://other:2/p?q HTTP/1.1\r\nhost: h\r\n${CLOSE}`);
  await exchange(port, `GET http://other?q HTTP/1.1\r\nhost: h\r\n${CLOSE}`);
  await exchange(port, `GET ftp://other/p HTTP/1.1\r\nhost: h\r\n${CLOSE}`);
  await exchange(port, `GET /a?b#c HTTP/1.1\r\nhost: h\r\n${CLOSE}`);
  assert.deepEqual(seen, [
    ["GET", "http", "h:1", "/a?b=%20", ["x-a=1", "x-b=\u00e9", "x-a=2"], undefined],
    ["OPTIONS", "http", "h", "*", [], undefined],
    ["GET", "http", "other:2", "/p?q", [], undefined],
    ["GET", "http", "other", "/?q", [], undefined],
    ["GET", "http", "other", "/p", [], undefined],
    ["GET", "http", "h", "/a?b", [], undefined],
  ]);
});

for (const [what, request] of [
  ["no host", "GET / HTTP/1.1\r\n"],
  ["an empty host", "GET / HTTP/1.1\r\nhost: \r\n"],
  ["a host with a path", "GET / HTTP/1.1\r\nhost: a/b\r\n"],
  ["a host with a user", "GET / HTTP/1.1\r\nhost: a@b\r\n"],
  ["two hosts", "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n"],
  ["the same host twice", "GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n"],
  ["two hosts beside a whole URL", "GET http://a/ HTTP/1.1\r\nhost: a\r\nhost: b\r\n"],
  ["a port that is none", "GET / HTTP/1.1\r\nhost: a:99999\r\n"],
  ["two lengths", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n"],
  ["a length and chunks", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n"],
  ["chunks that are not the last coding", "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, x\r\n"],
  ["a line of HTTP/2", "GET / HTTP/2.0\r\nhost: a\r\n"],
  ["a line of HTTP/0.9", "GET / HTTP/0.9\r\nhost: a\r\n"],
  ["a folded field", "GET / HTTP/1.1\r\nhost: a\r\nx: 1\r\n 2\r\n"],
  ["a blank before a colon", "GET / HTTP/1.1\r\nhost: a\r\nx : 1\r\n"],
  ["a header without end", `GET / HTTP/1.1\r\nhost: a\r\n${"x: y\r\n".repeat(20_000)}`],
] as const) {
  test(`a request with ${what} is refused, and no guest hears of it`, async (t) => {
    let asked = 0;
    const { port } = await listening(t, () => {
      asked++;
      return plain(204);
    });
    const answer = await exchange(port, `${request}\r\n`);
    assert.match(answer, /^HTTP\/1\.1 4\d\d /);
    assert.match(answer, /connection: close/i);
    assert.equal(asked, 0);
  });
}

/** What others take otherwise is refused, or is for the guest what it is for all. */
for (const [what, bytes, expected] of [
  ["the same length twice", "content-length: 4\r\ncontent-length: 4\r\n\r\nsome", undefined],
  ["lengths in a list", "content-length: 4, 4\r\n\r\nsome", undefined],
  ["a length with a sign", "content-length: +4\r\n\r\nsome", undefined],
  ["a length in hexadecimal", "content-length: 0x4\r\n\r\nsome", undefined],
  ["a length that is too large", `content-length: ${"9".repeat(30)}\r\n\r\nsome`, undefined],
  ["chunks twice", "transfer-encoding: chunked, chunked\r\n\r\n4\r\nsome\r\n0\r\n\r\n", undefined],
  ["a coding that is none", "transfer-encoding: xchunked\r\n\r\n4\r\nsome\r\n0\r\n\r\n", undefined],
  ["a coding before chunks", "transfer-encoding: gzip, chunked\r\n\r\n4\r\nsome\r\n0\r\n\r\n", undefined],
  ["codings in two fields", "transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", undefined],
  ["a coding over a vertical tab", "transfer-encoding: \x0bchunked\r\n\r\n4\r\nsome\r\n0\r\n\r\n", undefined],
  ["lines that end by a line feed alone", "content-length: 4\n\nsome", undefined],
  ["a carriage return alone in a field", "x: a\rb\r\ncontent-length: 4\r\n\r\nsome", undefined],
  ["a null byte in a field", "x: a\0b\r\ncontent-length: 4\r\n\r\nsome", undefined],
  ["a name with a blank", "x y: 1\r\ncontent-length: 4\r\n\r\nsome", undefined],
  ["a chunk whose size is none", "transfer-encoding: chunked\r\n\r\n+4\r\nsome\r\n0\r\n\r\n", "cut"],
  ["a chunk longer than its size", "transfer-encoding: chunked\r\n\r\n3\r\nsome\r\n0\r\n\r\n", "cut"],
  ["a chunk that ends by a line feed", "transfer-encoding: chunked\r\n\r\n4\nsome\n0\n\n", "cut"],
  ["a chunk with an extension", "transfer-encoding: chunked\r\n\r\n4;a=b\r\nsome\r\n0\r\n\r\n", "some"],
  ["chunks in upper case", "Transfer-Encoding: CHUNKED\r\n\r\n4\r\nsome\r\n0\r\n\r\n", "some"],
  ["more than its length", "content-length: 4\r\n\r\nsomemore", "some"],
  ["zeros before its length", "content-length: 0004\r\n\r\nsome", "some"],
] as const) {
  test(`a request with ${what} is ${expected === undefined ? "refused" : `"${expected}"`}`, async (t) => {
    const seen: string[] = [];
    const { port } = await listening(t, async ({ body }) => {
      const whole = body ? readAll(body.source) : Promise.resolve("none");
      seen.push(await whole.catch(() => "cut"));
      return plain(204);
    });
    const answer = await exchange(port, `POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${bytes}`);
    assert.deepEqual(seen, expected === undefined ? [] : [expected]);
    if (expected === undefined) assert.match(answer, /^HTTP\/1\.1 400 /);
  });
}

/** Who has no more to say, and still listens. */
for (const [what, bytes, seen, status] of [
  ["a request", "GET / HTTP/1.1\r\nhost: a\r\n\r\n", "none", "204"],
  ["a body with its length", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nsome", "some", "204"],
  ["a body in chunks", `POST / HTTP/1.1\r\nhost: a\r\n${CHUNKED}4\r\nsome\r\n0\r\n\r\n`, "some", "204"],
  ["half a body", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nsome", "cut", undefined],
  ["a chunk of several", `POST / HTTP/1.1\r\nhost: a\r\n${CHUNKED}4\r\nsome\r\n`, "cut", undefined],
  ["half a header", "GET / HTTP/1.1\r\nhost: a\r\nx", undefined, "400"],
  ["half a line", "GET / HT", undefined, "400"],
] as const) {
  test(`a connection that half closes after ${what}: ${seen ?? "nobody is asked"}`, async (t) => {
    const asked: string[] = [];
    const { port } = await listening(t, async ({ body }) => {
      const whole = body ? readAll(body.source) : Promise.resolve("none");
      asked.push(await whole.catch(() => "cut"));
      return plain(204);
    });
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }, () => socket.end(bytes));
    let answer = "";
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
    socket.on("error", () => {});
    socket.on("end", () => socket.destroy());
    await once(socket, "close");
    if (seen !== undefined) await until(() => asked.length > 0);
    assert.deepEqual(asked, seen === undefined ? [] : [seen]);
    if (status !== undefined) assert.equal(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1], status);
  });
}

test("11.14 a client of HTTP/1.0 gets no 100, whatever it expects", async (t) => {
  const { port } = await listening(t, async ({ body }) => {
    assert.equal(body && (await readAll(body.source)), "hi");
    return plain(204);
  });
  const request = "POST / HTTP/1.0\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\nhi";
  assert.match(await exchange(port, request), /^HTTP\/1\.1 204 /);
});

test("11.10 a body comes as it is read, with its trailers; one that is cut short fails", async (t) => {
  const results: unknown[] = [];
  const { port } = await listening(t, async ({ body }) => {
    assert.ok(body);
    try {
      const all = await readAll(body.source);
      results.push([all, body.length, await body.trailers()]);
    } catch (error) {
      assert.ok(error instanceof HttpError);
      results.push([error.payload, body.source.read(1)]);
    }
    return plain(204);
  });
  const begin = "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
  await exchange(port, `${begin}content-length: 4\r\n\r\nsome`);
  await exchange(port, `${begin}transfer-encoding: chunked\r\n\r\n4\r\nsome\r\n0\r\nX-T: 1\r\n\r\n`);
  const socket: Socket = connect(port, "127.0.0.1", () => socket.end(`${begin}content-length: 10\r\n\r\nhalf`));
  socket.on("error", () => {});
  socket.resume();
  await until(() => results.length === 3);
  assert.deepEqual(results, [
    ["some", 4n, undefined],
    ["some", undefined, [["x-t", text("1")]]],
    [{ tag: "connection-terminated" }, null],
  ]);
});

test("11.2 a response is what was given: fields in order with their bytes, the body, and its trailers", async (t) => {
  const { port } = await listening(t, () =>
    plain(
      299,
      bodyOf("some", {
        trailers: async () => [
          ["x-t", text("1")],
          ["x-t", text("2")],
        ],
      }),
      [
        ["x-a", text("1")],
        ["set-cookie", text("\u00e9")],
        ["x-a", text("2")],
      ],
    ),
  );
  assert.equal(
    await exchange(port, `GET / HTTP/1.1\r\nhost: a\r\n${CLOSE}`),
    "HTTP/1.1 299 unknown\r\nx-a: 1\r\nset-cookie: \u00e9\r\nx-a: 2\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "4\r\nsome\r\n0\r\nx-t: 1\r\nx-t: 2\r\n\r\n",
  );
});

test("11.2 what Node takes otherwise is sent as it is: an announcement of trailers, and a name of a file after a length", async (t) => {
  const trailer = ["trailer", text("x-t")] as const;
  const length = ["content-length", text("4")] as const;
  // In UTF-8, as most write it.
  const named = ["content-disposition", text('attachment; filename="\u00c3\u00a9"')] as const;
  const responses = (): Record<string, HttpResponse> => ({
    "/none": plain(200, undefined, [trailer]),
    "/whole": plain(200, bodyOf("some", { isWhole: () => true }), [trailer]),
    "/length": plain(200, bodyOf("some", { length: 4n }), [length, trailer]),
    "/chunks": plain(200, bodyOf("some"), [trailer]),
    "/named": plain(200, bodyOf("some", { length: 4n }), [length, named, ["x-a", text("1")]]),
    "/latin": plain(200, bodyOf("some", { length: 4n }), [length, ["content-disposition", text("\u00e9")]]),
  });
  const { port, failures } = await listening(t, ({ path }) => responses()[path] ?? plain(404));
  const answers: string[] = [];
  for (const [path, version] of [
    ...Object.keys(responses()).map((one) => [one, "1.1"] as const),
    ["/chunks", "1.0"] as const,
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const answer = await exchange(port, `GET ${path} HTTP/${version}\r\nhost: a\r\n${CLOSE}`);
    answers.push(`${path} ${answer.replaceAll("\r\n", "|").replace("Connection: close|", "")}`);
  }
  assert.deepEqual(failures, []);
  assert.deepEqual(answers, [
    // No place is where they could be.
    "/none HTTP/1.1 200 OK|content-length: 0||",
    "/whole HTTP/1.1 200 OK|content-length: 4||some",
    "/length HTTP/1.1 200 OK|content-length: 4||some",
    "/chunks HTTP/1.1 200 OK|trailer: x-t|Transfer-Encoding: chunked||4|some|0||",
    '/named HTTP/1.1 200 OK|content-disposition: attachment; filename="\u00c3\u00a9"|x-a: 1|content-length: 4||some',
    "/latin HTTP/1.1 200 OK|content-disposition: \u00e9|content-length: 4||some",
    "/chunks HTTP/1.1 200 OK||some",
  ]);
});

test("what has no body by its status or its method is sent without one", async (t) => {
  let closed = 0;
  const { port } = await listening(t, ({ path }) => {
    const body = bodyOf("never sent");
    const { source } = body;
    const close = source.close.bind(source);
    source.close = () => {
      closed++;
      close();
    };
    return plain(Number(path.slice(1)), body, [["content-length", text("10")]]);
  });
  for (const [method, status] of [
    ["GET", 304],
    ["HEAD", 200],
    ["HEAD", 404],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const answer = await exchange(port, `${method} /${status} HTTP/1.1\r\nhost: a\r\n${CLOSE}`);
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} [^]*content-length: 10\r\n[^]*\r\n\r\n$`));
  }
  assert.equal(closed, 3);
});

test("11.12 a response that would be taken for another is a 500, and the connection goes on", async (t) => {
  const responses: Record<string, HttpResponse> = {
    "/100": plain(100),
    "/101": plain(101),
    "/lie": plain(200, undefined, [["content-length", text("5")]]),
    "/two": plain(200, undefined, [
      ["content-length", text("5")],
      ["content-length", text("6")],
    ]),
    "/cut": plain(200, bodyOf("", { source: failing() })),
    "/ok": plain(200, undefined, [["x-ok", text("1")]]),
  };
  const { port, failures } = await listening(t, ({ path }) => responses[path] ?? plain(404));
  const asked = Object.keys(responses).map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n`);
  const answer = await exchange(
    port,
    asked.map((head, at) => `${head}${at === asked.length - 1 ? CLOSE : "\r\n"}`).join(""),
  );
  assert.deepEqual(
    answer.match(/HTTP\/1\.1 \d+/g),
    ["500", "500", "500", "500", "500", "200"].map((status) => `HTTP/1.1 ${status}`),
  );
  assert.equal(failures.length, 5);
});

/** A source that has failed before anybody reads. */
function failing(): Source {
  return {
    read() {
      throw new HttpError({ tag: "internal-error", val: undefined });
    },
    ready: () => true,
    watch() {},
    unwatch() {},
    close() {},
  };
}

test("a request that is answered unread leaves the connection as it was", async (t) => {
  const { port } = await listening(t, ({ path }) => plain(200, undefined, [["x-path", text(path)]]));
  const body = "GET /never HTTP/1.1\r\nhost: a\r\n\r\n";
  const answer = await exchange(
    port,
    `POST /one HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}GET /two HTTP/1.1\r\nhost: a\r\n${CLOSE}`,
  );
  assert.deepEqual(answer.match(/x-path: .*/g), ["x-path: /one", "x-path: /two"]);
});

test("a slow reader stops the body, and one that leaves closes it", async (t) => {
  let taken = 0;
  let isClosed = false;
  const piece = new Uint8Array(65_536);
  const endless: Source = {
    read(max) {
      if (isClosed) return null;
      if (max > 0) taken++;
      return piece.subarray(0, max);
    },
    ready: () => true,
    watch() {},
    unwatch() {},
    close: () => void (isClosed = true),
  };
  const { port } = await listening(t, () => plain(200, bodyOf("", { source: endless })));
  const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n"));
  socket.on("error", () => {});
  socket.pause();
  await until(() => taken > 0);
  // What the system and Node hold fills up; then nothing is taken any more, however often the loop turns.
  for (let still = 0, last = 0; still < 200; last = taken) {
    // oxlint-disable-next-line no-await-in-loop -- in turn
    await turn();
    still = taken === last ? still + 1 : 0;
    assert.ok(taken < 1000, "it is taken without end");
  }
  assert.equal(isClosed, false);
  socket.destroy();
  await until(() => isClosed);
});

test("11.12 a client that leaves before the answer: the response is let go of, and nobody is told", async (t) => {
  const asked = Promise.withResolvers<void>();
  const answers = Promise.withResolvers<HttpResponse>();
  const { port, failures } = await listening(t, () => {
    asked.resolve();
    return answers.promise;
  });
  const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n"));
  await asked.promise;
  const left = new Promise((resolve) => void socket.once("close", resolve));
  socket.destroy();
  await left;
  // The server's end of it hears of that in some turn of the loop, before or after the answer: both are to do.
  for (let turns = 0; turns < 20; turns++) {
    // oxlint-disable-next-line no-await-in-loop -- in turn
    await turn();
  }
  let isClosed = false;
  const source = new BytesSource(text("late"));
  source.close = () => void (isClosed = true);
  answers.resolve(plain(200, bodyOf("", { source })));
  await until(() => isClosed);
  assert.deepEqual(failures, []);
});
