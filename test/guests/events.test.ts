/** Events that a guest sends, and uploads that it reads, as they come: in real browsers, and through nginx. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request as requestOf, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { serve } from "../../src/index.ts";
import { chromium, firefox } from "../everywhere/browser.ts";
import { until } from "../run/support.ts";
import { listening } from "./http-support.ts";

const handler = await readFile(new URL("built/http-claims.wasm", import.meta.url));
const NGINX = process.env["SLUICE_TEST_NGINX"] ?? "/usr/sbin/nginx";
const WITHOUT_NGINX = !existsSync(NGINX) && `no nginx: neither ${NGINX} nor in $SLUICE_TEST_NGINX`;

interface Served {
  readonly port: number;
  /** Has the guest send an event. */
  readonly send: (text: string) => void;
  /** Ends the stream of events. */
  readonly end: () => void;
}

/** A page at `/`, and whatever else is asked for a guest: it sends on the events that it is given, as they come. */
async function served(t: TestContext, headers: Readonly<Record<string, string>> = {}): Promise<Served> {
  let events: ReadableStreamDefaultController<Uint8Array> | undefined;
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => void (events = controller),
  });
  const guests = await serve(handler, {
    http: () => new Response(source, { headers: { "content-type": "text/event-stream", ...headers } }),
  });
  const server = createServer((request, response) => {
    if (request.url === "/") {
      response.setHeader("content-type", "text/html").end("<!doctype html><title>events</title>");
      return;
    }
    // No page can say so for events.
    request.rawHeaders.push("x-forward-to", "events.test");
    guests.listener(request, response);
  });
  const port = await listening(server);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    port,
    send: (text) => events?.enqueue(Buffer.from(`data: ${text}\n\n`)),
    end: () => events?.close(),
  };
}

/** nginx before a port. @returns Where it listens. */
async function proxied(t: TestContext, port: number, ...directives: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-nginx-"));
  const free = createServer();
  const own = await listening(free);
  free.close();
  await once(free, "close");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  writeFileSync(
    join(folder, "nginx.conf"),
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr;
    events {}
    http {
      access_log off; ${temporary.join(" ")}
      server {
        listen 127.0.0.1:${own};
        location / { proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.1; ${directives.join(" ")} }
      }
    }`,
  );
  const nginx = spawn(NGINX, ["-c", join(folder, "nginx.conf"), "-p", folder], { stdio: "ignore" });
  const ended = once(nginx, "close");
  t.after(async () => {
    nginx.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true });
  });
  let isUp = false;
  while (!isUp) {
    assert.equal(nginx.exitCode, null);
    const socket = connect(own, "127.0.0.1");
    // oxlint-disable-next-line no-await-in-loop -- until it listens
    isUp = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
  }
  return own;
}

/** What comes of a response, as it comes. */
async function asked(
  port: number,
  path: string,
  body?: AsyncIterable<Uint8Array>,
): Promise<{ readonly message: IncomingMessage; readonly came: () => string }> {
  const request = requestOf({ port, path, host: "127.0.0.1", method: body ? "POST" : "GET", agent: false });
  const response = once(request, "response");
  if (body) {
    request.setHeader("transfer-encoding", "chunked");
    void (async () => {
      for await (const piece of body) request.write(piece);
      request.end();
    })();
  } else request.end();
  const [message] = (await response) as [IncomingMessage];
  let came = "";
  message.setEncoding("utf8").on("data", (chunk: string) => (came += chunk));
  return { message, came: () => came };
}

for (const { name, missing, launch } of [chromium, firefox]) {
  for (const way of ["straight", "through nginx"]) {
    const skip = missing || (way === "through nginx" && WITHOUT_NGINX);
    test(`${name}, ${way}: events come one by one`, { skip }, async (t) => {
      const events = await served(t);
      const port = way === "straight" ? events.port : await proxied(t, events.port, "proxy_buffering off;");
      const browser = await launch();
      t.after(() => browser.close());
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.evaluate(
        `(globalThis.came = [], globalThis.events = new EventSource("/forward/events"),
          events.onmessage = ({ data }) => came.push(data), undefined)`,
      );
      for (const [at, text] of ["one", "two", "three"].entries()) {
        events.send(text);
        // The next one is not there before this has come.
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await page.waitForFunction(`came.length === ${at + 1}`);
      }
      assert.deepEqual(await page.evaluate("came"), ["one", "two", "three"]);
      await page.evaluate("events.close()");
      events.end();
    });
  }
}

describe("nginx", { skip: WITHOUT_NGINX }, () => {
  test("with buffers lets events through where the guest says so, and else keeps them", async (t) => {
    const asks = await served(t, { "x-accel-buffering": "no" });
    const flowing = await asked(await proxied(t, asks.port), "/forward/events");
    asks.send("one");
    await until(() => flowing.came() === "data: one\n\n");
    asks.send("two");
    await until(() => flowing.came() === "data: one\n\ndata: two\n\n");

    const kept = await served(t);
    const waiting = asked(await proxied(t, kept.port), "/forward/events");
    kept.send("one");
    kept.send("two");
    kept.end();
    const { message, came } = await waiting;
    await once(message, "end");
    assert.equal(came(), "data: one\n\ndata: two\n\n");
  });

  test("lets an upload in chunks flow, and what is answered meanwhile", async (t) => {
    const { port } = await served(t);
    const through = await proxied(t, port, "proxy_buffering off; proxy_request_buffering off;");
    const pieces = new TransformStream<Uint8Array, Uint8Array>();
    const writer = pieces.writable.getWriter();
    void writer.write(Buffer.from("1"));
    const { message, came } = await asked(through, "/echo", pieces.readable);
    for (const [at, piece] of ["1", "12", "123"].entries()) {
      // oxlint-disable-next-line no-await-in-loop -- each piece is answered before the next one is sent
      await until(() => came() === piece);
      if (at < 2) void writer.write(Buffer.from(String(at + 2)));
    }
    const ended = once(message, "end");
    void writer.close();
    await ended;
    assert.equal(came(), "123");
  });
});
