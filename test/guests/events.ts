/** A guest that sends events, and nginx before it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { serve } from "../../src/index.ts";
import { listening } from "./http-support.ts";

const handler = await readFile(new URL("built/http-claims.wasm", import.meta.url));
const NGINX = process.env["SLUICE_TEST_NGINX"] ?? "/usr/sbin/nginx";
export const WITHOUT_NGINX: string | false =
  !existsSync(NGINX) && `no nginx: neither ${NGINX} nor in $SLUICE_TEST_NGINX`;

export interface Served {
  readonly port: number;
  /** Has the guest send an event. */
  readonly send: (text: string) => void;
  /** Ends the stream of events. */
  readonly end: () => void;
}

/** A page at `/`, and whatever else is asked for a guest: it sends on the events that it is given, as they come. */
export async function served(t: TestContext, headers: Readonly<Record<string, string>> = {}): Promise<Served> {
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
export async function proxied(t: TestContext, port: number, ...directives: readonly string[]): Promise<number> {
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
