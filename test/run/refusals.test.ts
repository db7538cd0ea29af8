/** What `serve` has no room for is refused without a guest, and what goes wrong is told once. */
import assert from "node:assert/strict";
import { createServer, request as nodeRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { bounded } from "../../src/run/serve/refusals.ts";
import { HttpError, serve, type HttpBody, type HttpRequest, type ServeOptions, type Server } from "../../src/index.ts";
import { checkedClient } from "../../src/wasi/http/checked-client.ts";
import { guest, until } from "./support.ts";

async function served(t: TestContext, options: ServeOptions): Promise<Server> {
  const server = await serve(await guest("http-handler"), options);
  t.after(() => server.close());
  return server;
}

/** A server of Node's. */
async function listening(t: TestContext, { listener }: Server): Promise<number> {
  const node = createServer(listener).listen(0, "127.0.0.1");
  t.after(() => {
    node.close();
    node.closeAllConnections();
  });
  await new Promise((resolve) => void node.once("listening", resolve));
  return (node.address() as AddressInfo).port;
}

interface Asked {
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
}

/** Sends a body in pieces until there is an answer. */
function send(port: number, path: string, pieces: readonly string[], length?: number): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const headers = length === undefined ? {} : { "content-length": length };
    const sent = nodeRequest({ host: "127.0.0.1", port, path, method: "POST", headers, agent: false }, (response) => {
      response.resume();
      response.once("error", reject);
      response.once("close", () =>
        resolve({ status: response.statusCode, retryAfter: response.headers["retry-after"] }),
      );
    });
    sent.once("error", reject);
    sent.flushHeaders();
    for (const piece of pieces) sent.write(piece);
    if (length === undefined || pieces.join("").length === length) sent.end();
  });
}

/** A body of one piece, which it gives away. */
function giving(piece: Uint8Array): HttpBody {
  const pieces = [piece];
  return {
    source: {
      read: () => pieces.shift() ?? null,
      take: () => pieces.shift(),
      ready: () => true,
      watch() {},
      unwatch() {},
      close() {},
    },
    length: undefined,
    trailers: () => Promise.resolve(undefined),
  };
}

test("whoever looks at a body on its way passes on what it gives away", async () => {
  const piece = new Uint8Array(100);
  const request: HttpRequest = {
    ...{ method: "POST", scheme: "http", authority: "a.test", path: "/", headers: [], body: giving(piece) },
    timeouts: { connect: Infinity, firstByte: Infinity, betweenBytes: Infinity },
  };
  let sent: Uint8Array | undefined;
  const client = checkedClient({
    send: async ({ body }) => {
      sent = body?.source.take?.(200);
      return { status: 200, headers: [], body: giving(piece) };
    },
  });
  const { body } = await client.send(request, new AbortController().signal);
  assert.equal(sent, piece);
  assert.equal(body?.source.take?.(200), piece);

  let isMore = false;
  const more = (): void => void (isMore = true);
  const short = bounded({ ...request, body: giving(piece) }, 100, more).body?.source;
  assert.equal(short?.take?.(200), piece);
  assert.equal(isMore, false);
  const long = bounded({ ...request, body: giving(piece) }, 99, more).body?.source;
  assert.throws(() => long?.take?.(200), HttpError);
  assert.equal(isMore, true);
  assert.equal(long?.take?.(200), undefined);
});

test("a body that is announced to be too long is refused before anything of it is read", async (t) => {
  const errors: unknown[] = [];
  const server = await served(t, { maxBodyBytes: 10, onError: (error) => void errors.push(error) });
  const port = await listening(t, server);
  assert.equal((await send(port, "/echo", ["0123456789"], 10)).status, 200);
  assert.equal((await send(port, "/echo", [], 11)).status, 413);
  assert.deepEqual(errors, []);
});

test("a body that turns out to be too long is refused then, and fails for its guest", async (t) => {
  const server = await served(t, { maxBodyBytes: 10 });
  const port = await listening(t, server);
  assert.equal((await send(port, "/hello", ["01234", "56789"])).status, 200);
  assert.equal((await send(port, "/echo", ["01234", "56789"])).status, 200);
  assert.equal((await send(port, "/echo", ["01234", "567890"])).status, 413);
});

test("an answer that has begun when a body turns out to be too long is cut", async (t) => {
  const errors: unknown[] = [];
  const port = await listening(t, await served(t, { maxBodyBytes: 10, onError: (error) => void errors.push(error) }));
  const sent = nodeRequest({ host: "127.0.0.1", port, path: "/echo", method: "POST", agent: false });
  sent.on("error", () => {});
  sent.write("01234");
  const response = await new Promise<IncomingMessage>((resolve) => void sent.once("response", resolve));
  response.on("error", () => {}).resume();
  sent.write("567890");
  await until(() => response.destroyed);
  assert.equal(response.complete, false);
  await until(() => errors.length > 0);
  assert.match(String(errors), /the guest dropped the body unfinished/);
});

test("a body has what it may have, and then fails", () => {
  const pieces = ["01234", "56789", "a"].map((piece) => Buffer.from(piece));
  let more = 0;
  let closed = 0;
  const watching = { ready: () => true, watch: () => {}, unwatch: () => {} };
  const source = { ...watching, read: () => pieces.shift() ?? null, close: () => void closed++ };
  const request = {
    ...{ method: "POST", scheme: "http", authority: "h", path: "/", headers: [] },
    body: { source, length: undefined, trailers: () => Promise.resolve(undefined) },
    timeouts: { connect: 1, firstByte: 1, betweenBytes: 1 },
  };
  const { body } = bounded(request, 10, () => void more++);
  assert.ok(body);
  assert.equal(body.source.read(100)?.length, 5);
  assert.equal(body.source.read(100)?.length, 5);
  assert.equal(more, 0);
  assert.throws(
    () => body.source.read(100),
    (error) => {
      assert.ok(error instanceof HttpError);
      assert.deepEqual(error.payload, { tag: "HTTP-request-body-size", val: 10n });
      return true;
    },
  );
  assert.deepEqual([more, closed, body.source.read(100)], [1, 1, null]);
});

test("requests beyond those that may wait are told to come again", async (t) => {
  const controller = new AbortController();
  const timers = new Set<() => void>();
  const server = await served(t, {
    ...{ maxConcurrent: 1, maxWaiting: 2, signal: controller.signal },
    monotonicClock: {
      now: () => 0n,
      resolution: () => 1n,
      schedule(_, callback) {
        timers.add(callback);
        return () => void timers.delete(callback);
      },
    },
  });
  const port = await listening(t, server);
  const first = send(port, "/wait", []);
  await until(() => timers.size === 1);
  const waiting = [server.fetch(new Request("http://h/hello")), server.fetch(new Request("http://h/hello"))];
  const ended = Promise.allSettled(waiting);
  assert.deepEqual(await send(port, "/hello", []), { status: 503, retryAfter: "1" });
  controller.abort(new Error("enough"));
  assert.equal((await first).status, 500);
  await ended;
});

test("a request whose turn does not come in time is told to come again, and loses it", async (t) => {
  const controller = new AbortController();
  const server = await served(t, { maxConcurrent: 1, maxWaitingTime: 1, signal: controller.signal });
  const port = await listening(t, server);
  // Its body does not end.
  const first = send(port, "/echo", ["more"], 5);
  const given = first.catch(() => "cut");
  assert.deepEqual(await send(port, "/hello", []), { status: 503, retryAfter: "1" });
  controller.abort(new Error("enough"));
  await given;
});

test("guests that ask their own server go on when all of them wait for one more", async (t) => {
  const again = (): Request => new Request("http://h/forward", { headers: { to: "h", path: "/forward" } });
  const server: Server = await served(t, { maxConcurrent: 3, maxWaitingTime: 1, http: () => server.fetch(again()) });
  assert.equal((await server.fetch(again())).status, 503);
});

test("what goes wrong with a request is told once, whatever it is", async (t) => {
  const errors: unknown[] = [];
  const server = await served(t, { onError: (error) => void errors.push(error) });
  const port = await listening(t, server);
  const told: Record<string, number> = {};
  for (const path of ["/hello", "/nothing", "/error", "/trap-before", "/trap-after", "/half", "/short", "/lie"]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await send(port, path, []);
    told[path] = errors.length;
    errors.length = 0;
  }
  assert.deepEqual(told, {
    ...{ "/hello": 0, "/nothing": 1, "/error": 1, "/trap-before": 1, "/trap-after": 1 },
    ...{ "/half": 1, "/short": 1, "/lie": 1 },
  });
});

for (const option of ["maxWaiting", "maxWaitingTime", "maxBodyBytes", "maxStallTime"] as const) {
  test(`${option} is a whole number from 1 on`, async () => {
    await assert.rejects(serve(await guest("http-handler"), { [option]: 0 }), RangeError);
  });
}

test("an onError that is no function is refused at once", async () => {
  // @ts-expect-error -- no function
  const serving = serve(await guest("http-handler"), { onError: 5 });
  await assert.rejects(serving, /^TypeError: The option onError must be a function; got 5/);
});

test("a guest with a limit for its memory answers as others do", async (t) => {
  const server = await served(t, { maxMemoryBytes: 20 * 65_536 });
  for (let count = 0; count < 2; count++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.equal(await (await server.fetch(new Request("http://h/hello"))).text(), "Hello, WASI!");
  }
});

test("a limit that the component is beyond from the start is told at once", async () => {
  const component = await guest("http-handler");
  await assert.rejects(
    serve(component, { maxMemoryBytes: 65_536 }),
    /^RangeError: maxMemoryBytes is 65536, but the component needs \d+ from the start/,
  );
  await assert.rejects(serve(component, { maxMemoryBytes: 0 }), /^RangeError: maxMemoryBytes must be/);
});
