/** Connections with TLS that end without TLS saying so: whoever can cut the wire could end a body where they like. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { connect, TLSSocket } from "node:tls";
import { NodeHttpClient } from "../../src/hosts/node/http/client.ts";
import { securedConnection } from "../../src/hosts/node/http/secure.ts";
import { httpServer } from "../../src/hosts/node/http/server.ts";
import { BodyPipe } from "../../src/wasi/http/body-pipe.ts";
import { HttpError } from "../../src/wasi/http/error-code.ts";
import type { HttpRequest, HttpResponse } from "../../src/wasi/http/exchange.ts";
import { changed } from "../../src/io/steps.ts";
import { until } from "../run/support.ts";
import { TLS, trust } from "./tls.ts";

trust();

const MINUTES = 600_000;

/** How a server ends a connection: as TLS does, without a word of it, or by a reset. */
type End = "close_notify" | "cut" | "reset";

/** What resets connections, once they have been answered. */
const resets: (() => void)[] = [];

/** Answers each request with `bytes`, and ends the connection then. */
async function server(t: TestContext, bytes: string, end: End, version?: "TLSv1.2"): Promise<number> {
  const sockets = new Set<Socket>();
  const listening = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    const secure = new TLSSocket(socket, { isServer: true, ...TLS, ...(version && { maxVersion: version }) });
    secure.on("error", () => {});
    secure.once("data", () => {
      if (end === "close_notify") secure.end(bytes, "latin1");
      else if (end === "cut") secure.write(bytes, "latin1", () => void socket.end());
      else secure.write(bytes, "latin1", () => resets.push(() => void socket.resetAndDestroy()));
    });
  });
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  t.after(() => {
    listening.close();
    for (const socket of sockets) socket.destroy();
  });
  // A server on a port has an address.
  return (listening.address() as AddressInfo).port;
}

function clientOf(t: TestContext): NodeHttpClient {
  const client = new NodeHttpClient(async () => [{ family: "ipv4", ip: "127.0.0.1" }], 10);
  t.after(() => client.close());
  return client;
}

function send(client: NodeHttpClient, port: number, firstByte = MINUTES): Promise<HttpResponse> {
  const request: HttpRequest = {
    ...{ method: "GET", scheme: "https", authority: `name.test:${port}`, path: "/", headers: [], body: undefined },
    timeouts: { connect: MINUTES, firstByte, betweenBytes: MINUTES },
  };
  return client.send(request, new AbortController().signal);
}

/** What a body has; or what it fails of, and what it had by then. */
async function read({ body }: HttpResponse): Promise<readonly [text: string, code?: string]> {
  assert.ok(body);
  const { source } = body;
  let text = "";
  try {
    for (let bytes; (bytes = source.read(65_536)) !== null;) {
      // oxlint-disable-next-line no-await-in-loop -- until there is something
      if (bytes.length === 0) await changed(source);
      text += Buffer.from(bytes).toString("latin1");
    }
  } catch (error) {
    assert.ok(error instanceof HttpError, String(error));
    assert.equal(source.read(1), null);
    return [text, error.payload.tag];
  }
  return [text];
}

const HEADS = {
  "of a length": (body: string, length: number) => `content-length: ${length}\r\n\r\n${body}`,
  "in chunks": (body: string, length: number) =>
    `transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n${body.length < length ? "" : "0\r\n\r\n"}`,
  "as long as its connection": (body: string) => `connection: close\r\n\r\n${body}`,
};

for (const version of [undefined, "TLSv1.2"] as const) {
  for (const [what, rest] of Object.entries(HEADS)) {
    const bytesOf = (body: string): string => `HTTP/1.1 200 OK\r\n${rest(body, "whole".length)}`;
    const said = `a body ${what}, ${version ?? "TLS 1.3"}`;

    test(`11.10 ${said}, that is cut without close_notify fails`, async (t) => {
      const port = await server(t, bytesOf("wh"), "cut", version);
      const client = clientOf(t);
      assert.deepEqual(await read(await send(client, port)), ["wh", "HTTP-response-incomplete"]);
      // The first connection tells what the server speaks, others are made otherwise.
      assert.deepEqual(await read(await send(client, port)), ["wh", "HTTP-response-incomplete"]);
    });

    test(`11.10 ${said}, that ends by close_notify is whole`, async (t) => {
      const port = await server(t, bytesOf("whole"), "close_notify", version);
      const client = clientOf(t);
      assert.deepEqual(await read(await send(client, port)), ["whole"]);
      assert.deepEqual(await read(await send(client, port)), ["whole"]);
    });

    if (what === "as long as its connection") continue;
    test(`${said}, that says its end itself is whole without close_notify`, async (t) => {
      const port = await server(t, bytesOf("whole"), "cut", version);
      const client = clientOf(t);
      assert.deepEqual(await read(await send(client, port)), ["whole"]);
      assert.deepEqual(await read(await send(client, port)), ["whole"]);
    });
  }
}

test("11.10 a body whose connection is reset fails, with TLS as without", async (t) => {
  const client = clientOf(t);
  for (const rest of Object.values(HEADS)) {
    // oxlint-disable no-await-in-loop -- one after the other
    const port = await server(t, `HTTP/1.1 200 OK\r\n${rest("wh", "whole".length)}`, "reset");
    const response = await send(client, port);
    await until(() => resets.length > 0);
    resets.pop()?.();
    const [, code] = await read(response);
    // oxlint-enable no-await-in-loop
    assert.equal(code, "HTTP-response-incomplete");
  }
});

test("who accepts a connection and never agrees on TLS is waited for as long as for the first byte", async (t) => {
  const listening = createServer((socket) => t.after(() => socket.destroy()));
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  t.after(() => void listening.close());
  // A server on a port has an address.
  const { port } = listening.address() as AddressInfo;
  await assert.rejects(
    send(clientOf(t), port, 1),
    (error) => error instanceof HttpError && error.payload.tag === "connection-read-timeout",
  );
});

test("a server's body that only its connection ends: what fails ends without close_notify, what is whole by it", async (t) => {
  const failing = new BodyPipe(65_536, undefined, () => new HttpError({ tag: "HTTP-protocol-error" }));
  const whole = new BodyPipe(65_536, undefined, () => new HttpError({ tag: "HTTP-protocol-error" }));
  const { server: https, close } = httpServer(
    ({ path }) => Promise.resolve({ status: 200, headers: [], body: (path === "/fails" ? failing : whole).body }),
    (error) => assert.fail(String(error)),
    TLS,
  );
  https.listen(0, "127.0.0.1");
  await once(https, "listening");
  t.after(() => close());
  // A server on a port has an address.
  const { port } = https.address() as AddressInfo;
  const settling = {
    ...{ deadline: Date.now() + MINUTES, timedOut: new HttpError({ tag: "connection-timeout" }, "late") },
    ...{ signal: new AbortController().signal, over: () => {} },
  };
  const lookup = (_: string, __: object, done: (error: null, address: string, family: number) => void): void =>
    done(null, "127.0.0.1", 4);
  for (const [path, pipe] of Object.entries({ "/fails": failing, "/whole": whole })) {
    // oxlint-disable no-await-in-loop -- one after the other
    const socket = await securedConnection({ host: "127.0.0.1", port, lookup }, settling, (carrier) =>
      connect({ socket: carrier, servername: "name.test" }),
    );
    let came = "";
    let failure: unknown;
    socket.on("data", (chunk: Buffer) => void (came += chunk.toString("latin1")));
    socket.on("error", (error) => void (failure = error));
    const closed = once(socket, "close").catch(() => {});
    socket.write(`GET ${path} HTTP/1.0\r\nhost: name.test\r\n\r\n`);
    pipe.sink.write(Buffer.from("some"));
    await until(() => came.endsWith("\r\n\r\nsome"));
    if (path === "/fails") pipe.sink.abort(new Error("broken"));
    else {
      pipe.endWith(undefined);
      void pipe.sink.close();
    }
    await closed;
    // oxlint-enable no-await-in-loop
    assert.doesNotMatch(came, /transfer-encoding|content-length/i);
    assert.equal(failure === undefined, path === "/whole", String(failure));
  }
});
