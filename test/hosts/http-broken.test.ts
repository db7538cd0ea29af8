/** What is no request, behind others on the same connection that are: these are answered first, each whole. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { connect as connectTls } from "node:tls";
import { httpServer } from "../../src/hosts/node/http/server.ts";
import { deferred } from "../../src/io/deferred.ts";
import { BytesSource } from "../../src/io/memory.ts";
import type { HttpRequest, HttpResponse } from "../../src/wasi/http/exchange.ts";
import { until } from "../run/support.ts";
import { bodyOf, newPipe, outcomeOf } from "./bodies.ts";
import { TLS } from "./tls.ts";

interface Serving {
  open(): Promise<Socket>;
  /** Paths that were asked for, in their order, and what came of bodies. */
  readonly asked: string[];
  /** How often it came that something is no request. */
  readonly broken: { count: number };
  /** What `/held` waits for, and `/begun` after its first bytes. */
  readonly goOn: () => void;
}

async function serving(t: TestContext, tls?: typeof TLS): Promise<Serving> {
  const asked: string[] = [];
  const broken = { count: 0 };
  const held = deferred<void>();
  const answer = async ({ path, body }: HttpRequest): Promise<HttpResponse> => {
    asked.push(path);
    if (path === "/held") await held.promise;
    if (path === "/read") asked.push(await outcomeOf(body));
    if (path === "/large") return { status: 200, headers: [], body: { ...bodyOf(""), source: large() } };
    if (path === "/begun") {
      const { body: begun, sink } = newPipe();
      sink.write(Buffer.from("some"));
      void held.promise.then(() => sink.close());
      return { status: 200, headers: [], body: begun };
    }
    return { status: 200, headers: [], body: bodyOf(path) };
  };
  const { server, close } = httpServer(answer, () => {}, tls);
  server.on("clientError", () => broken.count++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  t.after(() => {
    server.closeAllConnections();
    void close();
  });
  const open = async (): Promise<Socket> => {
    const socket = tls
      ? connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false })
      : connect(port, "127.0.0.1");
    await once(socket, tls ? "secureConnect" : "connect");
    return socket;
  };
  return { open, asked, broken, goOn: () => held.resolve() };
}

const LARGE = 3_000_000;
const large = (): BytesSource => new BytesSource(new Uint8Array(LARGE).fill(122));

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: test\r\n\r\n`;
const GARBAGE = "GARBAGE\r\n\r\n";
const REFUSED = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/** Statuses and bodies, in their order. */
function told(all: string): string[] {
  return all.split(/(?=HTTP\/1\.1 )/).map((one) => `${one.slice(9, 12)} ${one.slice(one.indexOf("\r\n\r\n") + 4)}`);
}

for (const [scheme, tls] of [
  ["http", undefined],
  ["https", TLS],
] as const) {
  test(`${scheme}: what came before it is answered, and then it is refused, once`, async (t) => {
    const { open, asked, broken, goOn } = await serving(t, tls);
    const socket = await open();
    socket.write(get("/held") + get("/b") + GARBAGE);
    await until(() => broken.count > 0 && asked.length === 2);
    socket.write(GARBAGE);
    await until(() => broken.count > 1);
    goOn();
    const all = await text(socket);
    assert.deepEqual(told(all), ["200 /held", "200 /b", "400 "]);
    assert.ok(all.endsWith(REFUSED), all);
  });

  test(`${scheme}: a body before it comes whole`, async (t) => {
    const { open } = await serving(t, tls);
    const socket = await open();
    socket.write(get("/large") + GARBAGE);
    const all = await text(socket);
    assert.deepEqual(
      [...all.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
      ["200", "400"],
    );
    assert.equal(all.split("\r\n\r\n")[1]?.match(/z/g)?.length, LARGE);
  });
}

test("a body that breaks off in what is no chunk fails, and is refused when it is its turn", async (t) => {
  const { open, asked, broken, goOn } = await serving(t);
  const socket = await open();
  socket.write(
    `${get("/held")}POST /read HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\nZZ\r\n`,
  );
  await until(() => broken.count > 0);
  goOn();
  assert.deepEqual(told(await text(socket)), ["200 /held", "400 "]);
  await until(() => asked.length === 3);
  assert.match(asked[2] ?? "", /connection-terminated/);
});

test("with a response that has begun the connection is cut", async (t) => {
  const { open, broken } = await serving(t);
  const socket = await open();
  socket.write("POST /begun HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n");
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  await once(socket, "data");
  socket.write("ZZ\r\n");
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("close", resolve));
  assert.equal(broken.count, 1);
  const all = Buffer.concat(pieces).toString();
  assert.match(all, /^HTTP\/1\.1 200 OK\r\n/);
  assert.doesNotMatch(all, /\r\n0\r\n|400/);
});

test("a tunnel is refused when it is its turn, and what comes through it is nobody's", async (t) => {
  const { open, asked, goOn } = await serving(t);
  const socket = await open();
  socket.write(`${get("/held")}${get("/large")}CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n${get("/in")}`);
  await until(() => asked.length === 2);
  goOn();
  const statuses = [...(await text(socket)).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  assert.deepEqual(statuses, ["200", "200", "501"]);
  assert.deepEqual(asked, ["/held", "/large"]);
});

test("after the last response nothing is said any more", async (t) => {
  const { open, broken, goOn } = await serving(t);
  const socket = await open();
  socket.write(`GET /held HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n${GARBAGE}`);
  await until(() => broken.count > 0);
  goOn();
  assert.deepEqual(told(await text(socket)), ["200 /held"]);
});

for (const [what, bytes, status] of [
  ["no request", GARBAGE, "400"],
  ["a header that is too long", `GET / HTTP/1.1\r\nhost: test\r\na: ${"b".repeat(20_000)}`, "431"],
  [
    "an extension of a chunk that is too long",
    `POST /read HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n2;${"b".repeat(20_000)}`,
    "413",
  ],
] as const) {
  test(`${what} alone is refused at once, as by Node`, async (t) => {
    const { open } = await serving(t);
    const socket = await open();
    socket.write(bytes);
    assert.deepEqual(told(await text(socket)), [`${status} `]);
  });
}
