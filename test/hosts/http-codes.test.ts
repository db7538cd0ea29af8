/** Every error code of `wasi:http`: what really makes the client say it, or why nothing does. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createSecureServer, createServer as createHttp2 } from "node:http2";
import { createServer, Socket, type AddressInfo, type Server } from "node:net";
import { test, type TestContext } from "node:test";
import { createServer as createTls } from "node:tls";
import { NodeHttpClient } from "../../src/hosts/node/http/client.ts";
import { BodyPipe } from "../../src/wasi/http/body-pipe.ts";
import { HttpError, type HttpErrorCode } from "../../src/wasi/http/error-code.ts";
import type { HttpRequest } from "../../src/wasi/http/exchange.ts";
import { resolver } from "../../src/wasi/http/resolve.ts";
import { announcedLength, assertNoLength, sendBy } from "../../src/wasi/http/sending.ts";
import { changed } from "../../src/io/steps.ts";
import { NetworkError } from "../../src/wasi/sockets/error-code.ts";
import { TLS } from "./tls.ts";

type Tag = HttpErrorCode["tag"];

const MINUTES = 600_000;
const never = new AbortController().signal;

interface Asking {
  readonly t: TestContext;
  /** What a name is looked up to be: the loopback, if nothing is said. */
  readonly lookup?: () => Promise<readonly string[]>;
  readonly permits?: boolean;
  readonly limit?: number;
}

function clientOf({ t, lookup = async () => ["127.0.0.1"], permits = true, limit = 100 }: Asking): NodeHttpClient {
  const resolve = resolver({ lookup }, () => permits);
  const made = new NodeHttpClient(resolve, limit);
  t.after(() => made.close());
  return made;
}

function request(port: number, given: Partial<HttpRequest> = {}): HttpRequest {
  return {
    ...{ method: "GET", scheme: "http", authority: `name.test:${port}`, path: "/", headers: [], body: undefined },
    timeouts: { connect: MINUTES, firstByte: MINUTES, betweenBytes: MINUTES },
    ...given,
  };
}

async function portOf(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  // A server on a port has an address.
  return (server.address() as AddressInfo).port;
}

/** A server that answers the first bytes of each connection with these, and ends it. */
function answering(t: TestContext, text: string): Promise<number> {
  return portOf(
    t,
    createServer((socket) => void socket.once("data", () => socket.end(text, "latin1"))),
  );
}

/** A server that takes connections and says no more than this. */
function stalling(t: TestContext, text = ""): Promise<number> {
  return portOf(
    t,
    createServer((socket) => void socket.once("data", () => socket.write(text))),
  );
}

/** Sends a request and reads all that comes. */
async function exchange(by: NodeHttpClient, asked: HttpRequest): Promise<void> {
  const { body } = await by.send(asked, never);
  if (!body) return;
  for (let bytes; (bytes = body.source.read(65_536)) !== null;) {
    // oxlint-disable-next-line no-await-in-loop -- until there is something
    if (bytes.length === 0) await changed(body.source);
  }
}

const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
const ask =
  (asking: Omit<Asking, "t">, given: Partial<HttpRequest> = {}) =>
  (t: TestContext): Promise<void> =>
    exchange(clientOf({ t, ...asking }), request(9, given));
const answered = (text: string) => async (t: TestContext) =>
  exchange(clientOf({ t }), request(await answering(t, text)));
const late = (given: Partial<HttpRequest["timeouts"]>): Partial<HttpRequest> => ({
  timeouts: { connect: MINUTES, firstByte: MINUTES, betweenBytes: MINUTES, ...given },
});

/** What happens, by the code that says so. */
const HAPPENS: Partial<Record<Tag, readonly ((t: TestContext) => Promise<unknown>)[]>> = {
  "DNS-timeout": [
    ask({ lookup: failing("ETIMEOUT") }),
    ask({ lookup: () => new Promise(() => {}) }, late({ connect: 1 })),
  ],
  "DNS-error": [ask({ lookup: failing("ENOTFOUND") }), ask({ lookup: failing("EAI_AGAIN") })],
  "destination-IP-prohibited": [ask({ permits: false })],
  "connection-refused": [
    async (t) => {
      const server = createServer();
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      await new Promise((resolve) => void server.close(resolve));
      await exchange(clientOf({ t }), request(port));
    },
  ],
  "connection-terminated": [
    answered(""),
    answered("HTTP/1.1 200 OK\r\nx-half"),
    async (t) => {
      const server = createServer((socket) => void socket.once("data", () => socket.resetAndDestroy()));
      await exchange(clientOf({ t }), request(await portOf(t, server)));
    },
  ],
  // Nobody answers.
  "connection-timeout": [
    async (t) => {
      t.mock.method(process.getBuiltinModule("node:net"), "connect", () => new Socket());
      await exchange(clientOf({ t }), request(9, { scheme: "https", ...late({ connect: 1 }) }));
    },
  ],
  "connection-read-timeout": [
    async (t) => exchange(clientOf({ t }), request(await stalling(t), late({ firstByte: 1 }))),
    async (t) => {
      const port = await stalling(t, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhalf");
      await exchange(clientOf({ t }), request(port, late({ betweenBytes: 1 })));
    },
  ],
  "connection-limit-reached": [ask({ limit: 0 })],
  "TLS-protocol-error": [
    async (t) => {
      const port = await answering(t, "HTTP/1.1 400 Bad Request\r\n\r\n");
      await exchange(clientOf({ t }), request(port, { scheme: "https" }));
    },
  ],
  // Nobody trusts it here.
  "TLS-certificate-error": [
    async (t) => {
      const server = createSecureServer(TLS);
      await exchange(clientOf({ t }), request(await portOf(t, server), { scheme: "https" }));
    },
  ],
  "TLS-alert-received": [
    async (t) => {
      const server = createTls({});
      server.on("tlsClientError", () => {});
      await exchange(clientOf({ t }), request(await portOf(t, server), { scheme: "https" }));
    },
  ],
  "HTTP-request-denied": [ask({ lookup: () => Promise.reject(new NetworkError("access-denied", "denied")) })],
  "HTTP-request-body-size": [
    async (t) => {
      const port = await stalling(t);
      const error = new HttpError({ tag: "HTTP-request-body-size", val: 3n });
      const pipe = new BodyPipe(100, 2n, () => error);
      assert.throws(() => pipe.sink.write(Buffer.from("abc")), error);
      pipe.sink.abort(error);
      await exchange(clientOf({ t }), request(port, { method: "POST", body: pipe.body }));
    },
    async () => assertNoLength([["content-length", Buffer.from("1")]]),
  ],
  "HTTP-request-method-invalid": [ask({}, { method: "a b" })],
  "HTTP-request-URI-invalid": [ask({}, { path: "/a b" }), ask({}, { authority: `${"a".repeat(300)}.test:1` })],
  "HTTP-response-incomplete": [
    answered("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhalf"),
    answered("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
  ],
  "HTTP-response-header-section-size": [
    answered(`HTTP/1.1 200 OK\r\n${`x: ${"y".repeat(1000)}\r\n`.repeat(200)}\r\n`),
    async (t) => {
      const port = await answering(t, `HTTP/1.1 200 OK\r\nx: ${"y".repeat(1000)}\r\ncontent-length: 0\r\n\r\n`);
      await sendBy(clientOf({ t }), request(port), never, 1000);
    },
  ],
  "HTTP-response-trailer-section-size": [
    answered(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ${"y".repeat(200_000)}\r\n\r\n`),
  ],
  "HTTP-response-transfer-coding": [answered("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nx")],
  "HTTP-upgrade-failed": [answered("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n")],
  "HTTP-protocol-error": [
    answered("garbage\r\n\r\n"),
    // Without TLS nothing is agreed on.
    async (t) => exchange(clientOf({ t }), request(await portOf(t, createHttp2()))),
    answered("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n12"),
    answered("HTTP/1.1 200 OK\r\n folded: 1\r\n\r\n"),
    answered("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n"),
    answered(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4;${"x".repeat(20_000)}\r\nhalf\r\n0\r\n\r\n`),
    answered("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\na b: c\r\n\r\n"),
    async () =>
      void announcedLength([
        ["content-length", Buffer.from("1")],
        ["content-length", Buffer.from("2")],
      ]),
  ],
  "internal-error": [
    (t) => {
      const signal = AbortSignal.abort();
      return clientOf({ t }).send(request(9), signal);
    },
  ],
};

/** Those that are said elsewhere, of a message and not of an exchange, and those that nothing says. */
const OTHERS: Partial<Record<Tag, string>> = {
  "destination-IP-unroutable": "what the system says of a route that is not there: see what Node's errors are called",
  "HTTP-response-body-size": "said of a response that a guest writes: test/run/serve.test.ts",
  "HTTP-request-trailer-section-size": "said when a guest asks for trailers: test/guests/http.test.ts",
  "destination-not-found": "Wasmtime says DNS-error",
  "destination-unavailable": "a proxy's, which nothing here is; a page says it of what fetch does not tell",
  "connection-write-timeout": "there is no time-out for writing",
  "HTTP-request-length-required": "a status of the server's",
  "HTTP-request-URI-too-long": "a status of the server's",
  "HTTP-request-header-section-size": "a status of the server's; here fields are limited when they are made",
  "HTTP-request-header-size": "as the section's",
  "HTTP-request-trailer-size": "the section's is said",
  "HTTP-response-header-size": "the section's is said",
  "HTTP-response-trailer-size": "the section's is said",
  "HTTP-response-content-coding": "nothing is decoded",
  "HTTP-response-timeout": "Wasmtime says connection-read-timeout",
  "loop-detected": "a proxy's",
  "configuration-error": "there is nothing to configure",
};

test("all 39 codes are here", () => {
  assert.equal(new Set([...Object.keys(HAPPENS), ...Object.keys(OTHERS)]).size, 39);
  assert.equal(Object.keys(HAPPENS).length + Object.keys(OTHERS).length, 39);
});

for (const [tag, ways] of Object.entries(HAPPENS)) {
  for (const [at, way] of ways.entries()) {
    test(`${tag}, ${at + 1}`, async (t) => {
      await assert.rejects(way(t), (error) => {
        assert.ok(error instanceof HttpError, String(error));
        assert.equal(error.payload.tag, tag);
        return true;
      });
    });
  }
}

test("what Node's own --permission refuses is denied", () => {
  const from = (path: string): string => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
  const program = `
    import { NodeHttpClient } from ${from("hosts/node/http/client.ts")};
    const client = new NodeHttpClient(async () => ["127.0.0.1"], 10);
    for (const scheme of ["http", "https"]) {
      const timeouts = { connect: ${MINUTES}, firstByte: ${MINUTES}, betweenBytes: ${MINUTES} };
      const asked = { method: "GET", scheme, authority: "127.0.0.1:9", path: "/", headers: [], body: undefined, timeouts };
      await client.send(asked, new AbortController().signal).catch((error) => console.log(error.payload.tag));
    }`;
  const node = ["--permission", "--allow-fs-read=*", "--input-type=module", "--eval", program];
  const { stdout, stderr } = spawnSync(process.execPath, node, { encoding: "utf8" });
  assert.equal(stdout, "HTTP-request-denied\nHTTP-request-denied\n", stderr);
});
