/** Requests and responses of the Fetch standard, and those of `wasi:http`. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { clientOf } from "../../src/hosts/web/carry.ts";
import { FetchClient } from "../../src/hosts/web/fetch.ts";
import { incomingOf, outcomeOf, webResponseOf } from "../../src/hosts/web/http.ts";
import { BodyPipe } from "../../src/wasi/http/body-pipe.ts";
import { HttpError } from "../../src/wasi/http/error-code.ts";
import type { HttpRequest } from "../../src/wasi/http/exchange.ts";
import type { Field } from "../../src/wasi/http/fields.ts";
import { changed } from "../../src/io/steps.ts";
import type { Source } from "../../src/io/ports.ts";
import { microtasks } from "../../src/testing/turns.ts";
import { turn } from "../run/support.ts";

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");
const shown = (fields: readonly Field[]): string[] =>
  fields.map(([name, value]) => `${name}: ${Buffer.from(value).toString("latin1")}`);
const newPipe = (): BodyPipe => new BodyPipe(10, undefined, () => new HttpError({ tag: "HTTP-protocol-error" }));

async function textOf(source: Source | undefined): Promise<string> {
  assert.ok(source);
  let text = "";
  for (let bytes; (bytes = source.read(1000)) !== null;) {
    // oxlint-disable-next-line no-await-in-loop -- each round waits for the source
    if (bytes.length === 0) await changed(source);
    else text += Buffer.from(bytes).toString();
  }
  return text;
}

test("a request as a guest is asked", async () => {
  const asked = incomingOf(
    new Request("https://a.example:8443/p?q=%20", {
      method: "POST",
      headers: [
        ["x-a", "\u00e9"],
        ["upgrade", "x"],
      ],
      body: "abc",
    }),
  );
  const { method, scheme, authority, path, headers, body } = asked;
  assert.deepEqual([method, scheme, authority, path], ["POST", "https", "a.example:8443", "/p?q=%20"]);
  assert.deepEqual(shown(headers), ["content-type: text/plain;charset=UTF-8", "x-a: \u00e9"]);
  assert.equal(await textOf(body?.source), "abc");
});

test("a response keeps its bytes and its cookies apart", () => {
  const headers: Field[] = [
    ["set-cookie", latin1("a=1")],
    ["x-a", latin1("\u00e9")],
    ["set-cookie", latin1("b=2")],
    ["x-long", new Uint8Array(130_000).fill(0x78)],
  ];
  const response = webResponseOf({ status: 200, headers, body: undefined });
  assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assert.equal(response.headers.get("x-a"), "\u00e9");
  assert.equal(response.headers.get("x-long")?.length, 130_000);
});

test("a response that Fetch does not have closes its body", async () => {
  for (const status of [600, 999, 101, 103]) {
    const pipe = newPipe();
    assert.throws(() => webResponseOf({ status, headers: [], body: pipe.body }), HttpError);
    await microtasks();
    assert.throws(() => pipe.sink.write(latin1("x")), `${status}`);
  }
});

test("a status without a body closes it too", () => {
  for (const status of [204, 205, 304]) {
    const pipe = newPipe();
    assert.equal(webResponseOf({ status, headers: [], body: pipe.body }).body, null);
    assert.throws(() => pipe.sink.write(latin1("x")), `${status}`);
  }
});

test("a body that fails errors the stream, and a reader who leaves closes the body", async () => {
  const failing = newPipe();
  const response = webResponseOf({ status: 200, headers: [], body: failing.body });
  failing.sink.write(latin1("abc"));
  const reader = response.body?.getReader();
  assert.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), "abc");
  failing.sink.abort(new Error("unfinished"));
  await assert.rejects(Promise.resolve(reader?.read()), /unfinished/);
  const left = newPipe();
  await webResponseOf({ status: 200, headers: [], body: left.body }).body?.cancel();
  assert.throws(() => left.sink.write(latin1("x")));
});

test("what fetch has decoded no longer says that it is encoded", async (t) => {
  const packed = gzipSync("abc");
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length });
    response.end(packed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  // A server on a port has an address.
  const { port } = server.address() as AddressInfo;
  const received = outcomeOf(await fetch(`http://127.0.0.1:${port}/`));
  assert.ok(!shown(received.headers).some((field) => /^content-(encoding|length)/.test(field)));
  assert.equal(await textOf(received.body?.source), "abc");
  // One that an embedder makes is as it says.
  const made = outcomeOf(new Response(packed, { headers: { "content-encoding": "gzip" } }));
  assert.deepEqual(shown(made.headers), ["content-encoding: gzip"]);
});

test("a function that gives no response is named", async () => {
  const request = incomingOf(new Request("http://name.test/"));
  const given = clientOf(() => ({ status: 200 })).send(request, new AbortController().signal);
  await assert.rejects(given, /http: .*must give a Response/);
});

test("who writes a request that a function does not read waits for nobody once its response is over", async () => {
  const answers = [() => new Response(null), () => new Response("some"), ({ body }: Request) => new Response(body)];
  for (const [index, answer] of answers.entries()) {
    const pipe = newPipe();
    pipe.sink.write(latin1("0123456789"));
    const request = { ...incomingOf(new Request("http://a.example/", { method: "POST" })), body: pipe.body };
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { body } = await clientOf(answer).send(request, new AbortController().signal);
    if (index === 0) assert.equal(body, undefined);
    else if (index === 1) {
      // It may be read as long as the response is not over.
      assert.equal(pipe.sink.write(latin1("x")), 0);
      // oxlint-disable-next-line no-await-in-loop -- as above
      assert.equal(await textOf(body?.source), "some");
    } else {
      void pipe.sink.close();
      // oxlint-disable-next-line no-await-in-loop -- as above
      assert.equal(await textOf(body?.source), "0123456789");
    }
    // oxlint-disable-next-line no-await-in-loop -- as above
    await microtasks();
    if (index < 2) assert.throws(() => pipe.sink.write(latin1("x")), `${index}`);
  }
});

test("others have their turn beside a body that wakes for ever and has nothing", async () => {
  let isClosed = false;
  const source: Source = {
    read: () => (isClosed ? null : new Uint8Array(0)),
    ready: () => isClosed,
    watch: (waker) => queueMicrotask(() => waker.wake()),
    unwatch: () => {},
    close: () => void (isClosed = true),
  };
  const body = { source, length: undefined, trailers: () => Promise.resolve(undefined) };
  const reader = webResponseOf({ status: 200, headers: [], body }).body?.getReader();
  void reader?.read().catch(() => {});
  await turn();
  await reader?.cancel();
});

test("a long body is a stream where fetch takes one, and begins with what was read of it", async (t) => {
  let received = 0;
  const server = createServer((request, response) => {
    request.on("data", (chunk: Uint8Array) => void (received += chunk.length));
    request.on("end", () => response.end(String(request.headers["content-length"])));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  // A server on a port has an address.
  const { port } = server.address() as AddressInfo;
  const asked = new Request(`http://127.0.0.1:${port}/`, { method: "POST", body: "x".repeat(1_000_000) });
  const { body } = await new FetchClient(1).send(incomingOf(asked), new AbortController().signal);
  assert.equal(await textOf(body?.source), "undefined");
  assert.equal(received, 1_000_000);
});

test("who asks no more, or has no time left, does not wait for why fetch has failed", async (t) => {
  t.after(() => Reflect.deleteProperty(globalThis, "location"));
  Object.defineProperty(globalThis, "location", { value: new URL("https://page.test/"), configurable: true });
  let asked = 0;
  // The one who is asked whether it answers at all does not.
  t.mock.method(globalThis, "fetch", (_: unknown, init?: RequestInit) => {
    asked++;
    if (init?.mode !== "no-cors") return Promise.reject(new TypeError("Failed to fetch"));
    return new Promise((__, reject) => {
      init.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error));
      if (asked === 2) unwanted.abort(new Error("nobody wants it"));
    });
  });
  const unwanted = new AbortController();
  const client = new FetchClient(1);
  const request = (ms: number): HttpRequest => ({
    ...incomingOf(new Request("https://name.test/")),
    timeouts: { connect: ms, firstByte: 0, betweenBytes: ms },
  });
  await assert.rejects(client.send(request(600_000), unwanted.signal), HttpError);
  await assert.rejects(client.send(request(1), new AbortController().signal), HttpError);
  assert.equal(asked, 4);
});
