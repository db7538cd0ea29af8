/** The site, built and served on this machine. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** Builds it, as `npm run site` does. */
export async function buildSite(folder: string): Promise<void> {
  await promisify(execFile)(process.execPath, [fileURLToPath(new URL("../../site/build.js", import.meta.url)), folder]);
}

export interface Served {
  readonly origin: string;
  /** Paths that were asked for: a browser keeps what it has of an origin, so once. */
  readonly asked: readonly string[];
  /** Those that are not there. */
  readonly missing: readonly string[];
  stop(): void;
}

export async function serve(folder: string): Promise<Served> {
  const asked: string[] = [];
  const missing: string[] = [];
  const server: Server = createServer(({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://site");
    asked.push(pathname);
    readFile(join(folder, pathname)).then(
      (body) => {
        const headers = { "Content-Type": TYPES[extname(pathname)] ?? "text/plain", "Cache-Control": "max-age=3600" };
        response.writeHead(200, headers).end(body);
      },
      () => {
        missing.push(pathname);
        response.writeHead(404).end();
      },
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    missing,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
