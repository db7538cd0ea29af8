/** Clients that keep a server waiting, by each protocol: for how long is one limit, and others are served meanwhile. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { request as requestHttp1 } from "node:http";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { request as requestHttps } from "node:https";
import { connect, type AddressInfo, type Socket } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { connect as connectTls } from "node:tls";
import { BytesSource } from "../../src/io/memory.ts";
import type { Source } from "../../src/io/ports.ts";
import { changed } from "../../src/io/steps.ts";
import { httpServer } from "../../src/hosts/node/http/server.ts";
import { HttpError } from "../../src/wasi/http/error-code.ts";
import type { HttpRequest, HttpResponse } from "../../src/wasi/http/exchange.ts";
import { turn, until } from "../run/support.ts";
import { TLS } from "./tls.ts";

/** By a clock that the tests move. */
const STALL_MS = 60_000;
/** By Node's own, which nothing moves. */
const SHORT_MS = 20;

interface Serving {
  readonly port: number;
  /** Of the bodies that have failed: why. */
  readonly failed: string[];
  /** What has come of the bodies that are being read. */
  readonly read: () => string;
  /** Whether the endless body is closed, and how much of it was taken. */
  readonly endless: { isClosed: boolean; taken: number };
  /** How many connections there are. */
  readonly connections: () => Promise<number>;
  /** Resolves when none is left. */
  readonly end: () => Promise<void>;
}

async function serving(t: TestContext, tls: typeof TLS | undefined, stallMs: number): Promise<Serving> {
  const failed: string[] = [];
  let read = "";
  const endless = { isClosed: false, taken: 0 };
  const answer = async ({ path, body }: HttpRequest): Promise<HttpResponse> => {
    if (path === "/endless") return { status: 200, headers: [], body: endlessBody(endless) };
    const source = body?.source ?? new BytesSource(new Uint8Array(0));
    try {
      for (let bytes; (bytes = source.read(65_536)) !== null;) {
        // oxlint-disable-next-line no-await-in-loop -- until there is something
        if (bytes.length === 0) await changed(source);
        read += Buffer.from(bytes).toString();
      }
    } catch (error) {
      failed.push(error instanceof HttpError ? error.payload.tag : String(error));
    }
    return { status: 204, headers: [], body: undefined };
  };
  const { server, close } = httpServer(answer, () => {}, tls, stallMs);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    void close();
  });
  const connections = (): Promise<number> =>
    new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))));
  // A server on a port has an address.
  return { port: (server.address() as AddressInfo).port, failed, read: () => read, endless, connections, end: close };
}

function endlessBody(state: Serving["endless"]): HttpResponse["body"] {
  const piece = new Uint8Array(65_536);
  const source: Source = {
    read(max) {
      if (state.isClosed) return null;
      if (max > 0) state.taken++;
      return piece.subarray(0, max);
    },
    ready: () => true,
    watch() {},
    unwatch() {},
    close: () => void (state.isClosed = true),
  };
  return { source, length: undefined, trailers: async () => undefined };
}

interface Protocol {
  readonly tls: typeof TLS | undefined;
  /** A request with a body, of which nothing is sent yet, or without; and what says how its end was. */
  begin(t: TestContext, port: number, path: string, hasBody: boolean): Begun;
}

interface Begun {
  readonly stream: NodeJS.WritableStream;
  /** Has it take nothing of its response. */
  readonly pause: () => void;
  /** Has it take all of it. */
  readonly resume: () => void;
  /** The status, or that there is none: it was cut. */
  readonly outcome: Promise<number | "cut">;
  /** How the response ended. */
  readonly ended: Promise<"whole" | "cut">;
}

function http1(tls: typeof TLS | undefined): Protocol {
  return {
    tls,
    begin(t, port, path, hasBody) {
      const common = { ...{ port, path, host: "127.0.0.1", agent: false as const }, method: hasBody ? "POST" : "GET" };
      const request = tls ? requestHttps({ ...common, rejectUnauthorized: false }) : requestHttp1(common);
      t.after(() => request.destroy());
      if (hasBody) request.flushHeaders();
      else request.end();
      let isPaused = false;
      let resume = (): void => {};
      const ended = Promise.withResolvers<"whole" | "cut">();
      const outcome = new Promise<number | "cut">((resolve) => {
        request.on("error", () => {
          resolve("cut");
          ended.resolve("cut");
        });
        request.on("response", (response) => {
          resolve(response.statusCode ?? 0);
          response.on("error", () => {});
          response.on("close", () => ended.resolve(response.complete ? "whole" : "cut"));
          resume = () => void response.resume();
          if (!isPaused) resume();
        });
      });
      return {
        ...{ stream: request, outcome, ended: ended.promise },
        pause: () => void (isPaused = true),
        resume: () => resume(),
      };
    },
  };
}

function http2(tls: typeof TLS | undefined): Protocol {
  const sessions = new Map<number, ClientHttp2Session>();
  const sessionTo = (t: TestContext, port: number): ClientHttp2Session => {
    let session = sessions.get(port);
    if (!session) {
      session = connectHttp2(`${tls ? "https" : "http"}://127.0.0.1:${port}`, { rejectUnauthorized: false });
      session.on("error", () => {});
      const made = session;
      t.after(() => made.destroy());
      sessions.set(port, session);
    }
    return session;
  };
  return {
    tls,
    begin(t, port, path, hasBody) {
      const stream = sessionTo(t, port).request(
        { ":path": path, ":method": hasBody ? "POST" : "GET" },
        { endStream: !hasBody },
      );
      let isPaused = false;
      let status: number | "cut" = "cut";
      stream.on("error", () => {});
      const outcome = new Promise<number | "cut">((resolve) => {
        stream.on("response", (headers) => {
          status = headers[":status"] ?? 0;
          resolve(status);
          if (!isPaused) stream.resume();
        });
        stream.on("close", () => resolve(status));
      });
      const ended = new Promise<"whole" | "cut">((resolve) => {
        stream.on("close", () => resolve(stream.rstCode === 0 ? "whole" : "cut"));
      });
      return { stream, outcome, ended, pause: () => void (isPaused = true), resume: () => void stream.resume() };
    },
  };
}

const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  "HTTP/1.1": http1(undefined),
  "HTTP/1.1 over TLS": http1(TLS),
  "HTTP/2": http2(undefined),
  "HTTP/2 over TLS": http2(TLS),
};

/** Resolves when nothing more is taken of the endless body, however often the loop turns. */
async function stands({ endless }: Serving): Promise<void> {
  await until(() => endless.taken > 0);
  for (let still = 0, last = 0; still < 200; last = endless.taken) {
    // oxlint-disable-next-line no-await-in-loop -- in turn
    await turn();
    still = endless.taken === last ? still + 1 : 0;
  }
}

/**
 * Timers that only `tick` moves. Those of `t.mock` are in a queue of which `clearTimeout` takes the last one, whichever it is
 * given, also of another test.
 */
function mockTimers(t: TestContext): { tick(ms: number): void } {
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const waiting = new Map<object, { readonly at: number; readonly act: () => void }>();
  let now = 0;
  // As far as servers use them.
  globalThis.setTimeout = ((act: () => void, ms: number) => {
    const timer = { unref: () => timer };
    waiting.set(timer, { at: now + ms, act });
    return timer;
  }) as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((timer?: NodeJS.Timeout) => {
    if (!timer || !waiting.delete(timer)) clear(timer);
  }) as typeof clearTimeout;
  t.after(() => Object.assign(globalThis, { setTimeout: set, clearTimeout: clear }));
  return {
    tick(ms) {
      now += ms;
      for (const [timer, { at, act }] of waiting) {
        if (at <= now && waiting.delete(timer)) act();
      }
    },
  };
}

for (const [name, protocol] of Object.entries(PROTOCOLS)) {
  const { tls, begin } = protocol;

  describe(name, () => {
    test("a body of which no more comes fails, and one that flows may take as long as it takes", async (t) => {
      const server = await serving(t, tls, STALL_MS);
      const timers = mockTimers(t);
      const slow = begin(t, server.port, "/", true);
      for (let pieces = 1; pieces <= 5; pieces++) {
        slow.stream.write("x");
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await until(() => server.read().length === pieces);
        // oxlint-disable-next-line no-await-in-loop -- it waits for the next one
        await turn();
        timers.tick(STALL_MS - 1);
        assert.deepEqual(server.failed, []);
        // Others are served.
        // oxlint-disable-next-line no-await-in-loop -- as above
        assert.equal(await begin(t, server.port, "/", false).outcome, 204);
      }
      timers.tick(1);
      assert.equal(await slow.outcome, "cut");
      await until(() => server.failed.length > 0);
      assert.deepEqual(server.failed, ["connection-read-timeout"]);
      assert.equal(await begin(t, server.port, "/", false).outcome, 204);
    });

    test("a response of which nothing is taken is let go of, and never looks whole", async (t) => {
      const server = await serving(t, tls, STALL_MS);
      const timers = mockTimers(t);
      const slow = begin(t, server.port, "/endless", false);
      slow.pause();
      assert.equal(await slow.outcome, 200);
      await stands(server);
      timers.tick(STALL_MS - 1);
      await turn();
      assert.equal(server.endless.isClosed, false);
      assert.equal(await begin(t, server.port, "/", false).outcome, 204);
      timers.tick(1);
      await until(() => server.endless.isClosed);
      slow.resume();
      assert.equal(await slow.ended, "cut");
      assert.equal(await begin(t, server.port, "/", false).outcome, 204);
    });
  });
}

/** More than enough, however busy the machine is. */
const TRIES = 200;

/** Whether others are served: those for whom `SHORT_MS` is too short, as on a busy machine, come again. */
async function assertServes(t: TestContext, { port }: Serving, tls: typeof TLS | undefined): Promise<void> {
  let outcome: unknown;
  for (let tries = 0; tries < TRIES && outcome !== 204; tries++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    outcome = await http1(tls).begin(t, port, "/", false).outcome;
  }
  assert.equal(outcome, 204);
}

/** Of who is let go of before they have said all they may be reset, which `once` would take for a failure. */
function closed(socket: Socket): Promise<void> {
  socket.on("error", () => {});
  socket.resume();
  return new Promise((resolve) => void socket.once("close", () => resolve()));
}

/** What comes before a header is whole, of a client that says no more then. */
const HALF_HEADERS: Readonly<Record<string, string>> = {
  nothing: "",
  "what may be either protocol": "P",
  "a half line": "GET / HT",
  "a half header": "GET / HTTP/1.1\r\nhost: a\r\nx: ",
  "half of what HTTP/2 begins with": "PRI * HTTP/2.0\r\n",
  "HTTP/2 without a request": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
};

for (const [what, bytes] of Object.entries(HALF_HEADERS)) {
  for (const tls of [undefined, TLS]) {
    test(`who sends ${what}${tls ? " over TLS" : ""} and no more is let go of`, async (t) => {
      const server = await serving(t, tls, SHORT_MS);
      const isHttp2 = bytes.startsWith("PRI");
      const socket: Socket = tls
        ? connectTls({
            ...{ port: server.port, host: "127.0.0.1", rejectUnauthorized: false },
            ALPNProtocols: [isHttp2 ? "h2" : "http/1.1"],
          })
        : connect(server.port, "127.0.0.1");
      t.after(() => socket.destroy());
      socket.write(bytes, "latin1");
      await closed(socket);
      await assertServes(t, server, tls);
    });
  }
}

test("who does not shake hands is let go of", async (t) => {
  const server = await serving(t, TLS, SHORT_MS);
  const socket = connect(server.port, "127.0.0.1");
  t.after(() => socket.destroy());
  await closed(socket);
  await assertServes(t, server, TLS);
});

for (const tls of [undefined, TLS]) {
  const over = tls ? " over TLS" : "";
  test(`a server that ends waits for the rest of a header no longer than that either${over}`, async (t) => {
    const server = await serving(t, tls, STALL_MS);
    const timers = mockTimers(t);
    const [late, ends] = [0, 1].map(() => {
      const socket: Socket = tls
        ? connectTls({ port: server.port, host: "127.0.0.1", rejectUnauthorized: false })
        : connect(server.port, "127.0.0.1");
      t.after(() => socket.destroy());
      return socket;
    });
    assert.ok(late && ends);
    const gone = closed(late);
    await once(late, tls ? "secureConnect" : "connect");
    late.write("GET / HTTP/1.1\r\nhost: a\r\n");
    ends.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await once(ends, "data");
    ends.write("GET / HTTP/1.1\r\nhost: a\r\n");
    for (let turns = 0; turns < 50; turns++) {
      // oxlint-disable-next-line no-await-in-loop -- what was written has come then
      await turn();
    }
    const isOver = server.end();
    timers.tick(STALL_MS - 1);
    ends.write("\r\n");
    assert.match(String(await once(ends, "data")), /^HTTP\/1\.1 204 [^]*connection: close/i);
    timers.tick(1);
    await gone;
    await isOver;
  });

  test(`who is let go of by HTTP/2 and does not leave is cut off${over}`, async (t) => {
    const server = await serving(t, tls, SHORT_MS);
    const to = { port: server.port, host: "127.0.0.1", allowHalfOpen: true };
    const socket: Socket = tls ? connectTls({ ...to, rejectUnauthorized: false, ALPNProtocols: ["h2"] }) : connect(to);
    t.after(() => socket.destroy());
    socket.on("error", () => {});
    socket.resume();
    socket.write(HALF_HEADERS["HTTP/2 without a request"] ?? "", "latin1");
    // Its own side it never ends.
    for (let count = 1; count > 0; count = await server.connections()) await turn();
  });
}

test("many who say nothing keep nobody from being served, and are let go of", async (t) => {
  const server = await serving(t, undefined, SHORT_MS);
  const silent = Array.from({ length: 300 }, () => connect(server.port, "127.0.0.1"));
  t.after(() => {
    for (const socket of silent) socket.destroy();
  });
  const gone = silent.map(closed);
  await assertServes(t, server, undefined);
  await Promise.all(gone);
  await assertServes(t, server, undefined);
});

test("a body with a length that fails over TLS cuts its connection alone", async (t) => {
  const failing: Source = {
    read: (max) => {
      if (max > 0) throw new Error("It fails");
      return new Uint8Array(0);
    },
    ready: () => false,
    watch: (waker) => void setImmediate(() => waker.wake()),
    unwatch() {},
    close() {},
  };
  const headers = [["content-length", Buffer.from("10")]] as const;
  const { server, close } = httpServer(
    async ({ path }) =>
      path === "/"
        ? { status: 204, headers: [], body: undefined }
        : { status: 200, headers, body: { source: failing, length: 10n, trailers: async () => undefined } },
    () => {},
    TLS,
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    void close();
  });
  const { port } = server.address() as AddressInfo;
  const { begin } = http1(TLS);
  assert.equal(await begin(t, port, "/fails", false).ended, "cut");
  assert.equal(await begin(t, port, "/", false).outcome, 204);
});

/** What becomes of a request by HTTP/1.0, whose response ends with its connection, when some of that has come. */
const UNFRAMED: Readonly<
  Record<string, readonly [head: string, wrong: (socket: Socket, tick: (ms: number) => void) => void]>
> = {
  stalls: ["content-length: 10\r\n\r\n12345", (_, tick) => tick(STALL_MS)],
  "is half closed": ["content-length: 10\r\n\r\n12345", (socket) => socket.end()],
  "is none any more": ["transfer-encoding: chunked\r\n\r\n5\r\n12345\r\n", (socket) => socket.write("ZZ\r\n")],
};

for (const [what, [head, wrong]] of Object.entries(UNFRAMED)) {
  test(`a response that only its connection ends never looks whole: its request ${what}`, async (t) => {
    const { server, close } = httpServer(
      async ({ body }) => ({ status: 200, headers: [], body }),
      () => {},
      undefined,
      STALL_MS,
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => {
      server.closeAllConnections();
      void close();
    });
    const timers = mockTimers(t);
    const socket = connect({
      // A server on a port has an address.
      ...{ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true },
    });
    t.after(() => socket.destroy());
    const ended = new Promise<unknown>((resolve) => {
      socket.once("error", (error) => resolve("code" in error && error.code));
      socket.once("end", () => resolve("whole"));
    });
    let heard = "";
    socket.on("data", (chunk) => (heard += chunk.toString("latin1")));
    socket.write(`POST / HTTP/1.0\r\nhost: a\r\n${head}`);
    await until(() => heard.endsWith("12345"));
    await turn();
    wrong(socket, (ms) => timers.tick(ms));
    assert.equal(await ended, "ECONNRESET");
  });
}
