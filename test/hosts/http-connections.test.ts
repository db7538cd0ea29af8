/** A server that takes so many connections at a time: who waits, who makes room, and what is left of them at the end. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { connect as connectTls } from "node:tls";
import { httpServer, type HttpServer } from "../../src/hosts/node/http/server.ts";
import type { HttpResponse } from "../../src/wasi/http/exchange.ts";
import { BytesSource } from "../../src/io/memory.ts";
import { deferred } from "../../src/io/deferred.ts";
import { turn, until } from "../run/support.ts";
import { bodyOf, newPipe } from "./bodies.ts";
import { TLS } from "./tls.ts";

interface Serving extends HttpServer {
  /** A connection, which is made. */
  open(): Promise<Socket>;
  readonly port: number;
  /** Paths that were asked for, in their order. */
  readonly asked: string[];
  /** What `/held` waits for. */
  readonly answerHeld: () => void;
}

/** More than the system takes of a client that does not read. */
const LARGE = 20_000_000;

async function serving(t: TestContext, maxConnections: number | undefined, tls?: typeof TLS): Promise<Serving> {
  const asked: string[] = [];
  const held = deferred<void>();
  const answer = async ({ path }: { readonly path: string }): Promise<HttpResponse> => {
    asked.push(path);
    if (path === "/held") await held.promise;
    if (path === "/begun") {
      const pipe = newPipe();
      void held.promise.then(() => {
        pipe.sink.write(Buffer.from("begun"));
        pipe.endWith(undefined);
        void pipe.sink.close();
      });
      return { status: 200, headers: [], body: pipe.body };
    }
    // All of it is Node's at once.
    if (path === "/large") {
      const source = new BytesSource(new Uint8Array(LARGE));
      return { status: 200, headers: [], body: { ...bodyOf(""), source, isWhole: () => true } };
    }
    return { status: 200, headers: [], body: bodyOf(path) };
  };
  const made = httpServer(answer, () => {}, tls, undefined, undefined, maxConnections);
  made.server.listen(0, "127.0.0.1");
  await once(made.server, "listening");
  const { port } = made.server.address() as AddressInfo;
  const open = async (): Promise<Socket> => {
    const socket = tls
      ? connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false })
      : connect(port, "127.0.0.1");
    t.after(() => socket.destroy());
    if (!tls) await once(socket, "connect");
    return socket;
  };
  t.after(() => {
    made.server.closeAllConnections();
    void made.close();
  });
  return { ...made, open, port, asked, answerHeld: () => held.resolve() };
}

const request = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: test\r\n\r\n`;

/** What comes first. */
async function first(socket: Socket): Promise<string> {
  const [bytes] = (await once(socket, "data")) as [Buffer];
  return bytes.toString();
}

for (const [scheme, tls] of [
  ["http", undefined],
  ["https", TLS],
] as const) {
  test(`${scheme}: more than maxConnections wait, first come first, until one ends`, async (t) => {
    const { open, asked, answerHeld } = await serving(t, 2, tls);
    const sockets = [];
    for (const path of ["/held", "/held", "/c", "/d"]) {
      // oxlint-disable no-await-in-loop -- one after the other
      const socket = await open();
      socket.write(request(path));
      sockets.push(socket);
      if (path === "/held") await until(() => asked.length === sockets.length);
      // oxlint-enable no-await-in-loop
    }
    const [a, b, c, d] = sockets.map((socket) => text(socket));
    for (let count = 0; count < 20; count++) {
      // oxlint-disable-next-line no-await-in-loop -- as long as it would take
      await turn();
    }
    assert.deepEqual(asked, ["/held", "/held"]);
    answerHeld();
    // Each is told to ask nothing more here, as long as others wait.
    for (const [body, path] of [
      [a, "/held"],
      [b, "/held"],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.match((await body) ?? "", new RegExp(`^HTTP/1.1 200 OK\r\n[^]*connection: close\r\n[^]*${path}$`, "i"));
    }
    await until(() => asked.length === 4);
    assert.deepEqual(asked.slice(2), ["/c", "/d"]);
    for (const socket of sockets) socket.destroy();
    await Promise.allSettled([c, d]);
  });

  test(`${scheme}: a connection that nobody uses makes room`, async (t) => {
    const { open } = await serving(t, 1, tls);
    const idle = await open();
    idle.write(request("/a"));
    assert.match(await first(idle), /keep-alive/i);
    const other = await open();
    other.write(request("/b"));
    assert.match(await first(other), /\/b$/);
    if (!idle.destroyed) await once(idle, "close");
  });
}

test("one that waits and leaves takes no place", async (t) => {
  const { open, server, asked, answerHeld } = await serving(t, 1);
  const one = await open();
  one.write(request("/held"));
  await until(() => asked.length === 1);
  const left = [await open(), await open()];
  left[0]?.resetAndDestroy();
  left[1]?.end();
  const waits = await open();
  waits.write(request("/last"));
  answerHeld();
  assert.match(await first(waits), /\/last$/);
  one.destroy();
  waits.destroy();
  left[1]?.destroy();
  let count = 1;
  await until(() => {
    server.getConnections((_, now) => (count = now));
    return count === 0;
  });
  const again = await open();
  again.write(request("/again"));
  assert.match(await first(again), /\/again$/);
});

test("those that wait are let go of at the end, and others are answered", async (t) => {
  const { open, close, server, asked, answerHeld } = await serving(t, 1);
  const one = await open();
  one.write(request("/held"));
  await until(() => asked.length === 1);
  const waits = await open();
  waits.on("error", () => {});
  waits.write(request("/never"));
  let count = 0;
  await until(() => {
    server.getConnections((_, now) => (count = now));
    return count === 2;
  });
  const closed = close();
  await new Promise((resolve) => waits.once("close", resolve));
  answerHeld();
  assert.match(await text(one), /\/held$/);
  await closed;
  assert.deepEqual(asked, ["/held"]);
});

for (const [scheme, tls] of [
  ["http", undefined],
  ["https", TLS],
] as const) {
  for (const what of ["a server that ends", "a connection that waits"]) {
    test(`${scheme}: ${what} cuts no response that is yet to be delivered`, async (t) => {
      const { open, close, asked } = await serving(t, what === "a server that ends" ? undefined : 1, tls);
      const slow = await open();
      slow.write(request("/large"));
      // It reads no further than that.
      await once(slow, "readable");
      assert.deepEqual(asked, ["/large"]);
      if (what === "a server that ends") void close();
      else await open();
      for (let count = 0; count < 20; count++) {
        // oxlint-disable-next-line no-await-in-loop -- as long as it would take
        await turn();
      }
      let size = 0;
      slow.on("error", () => {});
      slow.on("data", (bytes: Buffer) => {
        size += bytes.length;
        if (size > LARGE) slow.end();
      });
      await new Promise((resolve) => slow.once("close", resolve));
      assert.ok(size > LARGE, `${size} bytes`);
    });
  }
}

for (const what of ["a server that ends", "a connection that waits"]) {
  test(`${what} waits for no connection whose response had begun before, and is sent`, async (t) => {
    const { open, close, server, asked, answerHeld } = await serving(t, what === "a server that ends" ? undefined : 1);
    server.keepAliveTimeout = 0;
    const one = await open();
    one.write(request("/begun"));
    assert.match(await first(one), /keep-alive/i);
    const closed = what === "a server that ends" ? close() : undefined;
    const waits = closed ? undefined : await open();
    waits?.write(request("/b"));
    await turn();
    answerHeld();
    assert.match(await text(one), /begun/);
    await closed;
    if (waits) await until(() => asked.length === 2);
  });
}

test("a connection of HTTP/2 is one", async (t) => {
  const { port, open, asked } = await serving(t, 1);
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  t.after(() => session.destroy());
  const texts = await Promise.all(["/a", "/b"].map((path) => text(session.request({ ":path": path }))));
  assert.deepEqual(texts, ["/a", "/b"]);
  const held = session.request({ ":path": "/held" });
  await until(() => asked.length === 3);
  const waits = await open();
  waits.write(request("/c"));
  await turn();
  assert.equal(asked.length, 3);
  held.close();
  assert.match(await first(waits), /\/c$/);
  // It was used by nobody then.
  if (!session.closed) await once(session, "close");
  waits.destroy();
  const other = connectHttp2(`http://127.0.0.1:${port}`);
  t.after(() => other.destroy());
  assert.equal(await text(other.request({ ":path": "/d" })), "/d");
  const last = await open();
  last.write(request("/e"));
  assert.match(await first(last), /\/e$/);
});
