/** Serves modules that esbuild has put together, and the guests, on loopback, to a page with a strict policy. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions, type BuildResult } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const guests = join(here, "..", "guests");
/** Contents of guests that are served, and nothing else there. */
const GUEST = /^\/guests\/((?:built|src\/claims)(?:\/[\w.-]+)+)$/;
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self' http://127.0.0.1:*";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

export interface PageServer {
  readonly origin: string;
  close(): void;
}

export interface PageOptions {
  /** What is one script, as service workers have to be: they import nothing later. */
  readonly scripts?: readonly string[];
  /** Whether pages are isolated from other origins, so that their threads may share memory. */
  readonly isolated?: boolean;
  /** The first line of each module: see "Soon after a click" in docs/browsers.md. */
  readonly banner?: string;
  /** Whether scripts are as small as those of pages that people build. */
  readonly isMinified?: boolean;
}

const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** The worker of guests that cannot be suspended, as the package has it: beside the module that starts it. */
const WORKER = new URL("../../dist/shared/web-worker.js", import.meta.url);

/**
 * @param entries Modules, by their paths from here, such as `page.ts`; `/NAME.html` is a page that loads one of them.
 */
export async function servePages(
  entries: readonly string[],
  { scripts = [], isolated = false, banner = "", isMinified = false }: PageOptions = {},
): Promise<PageServer> {
  const common = {
    bundle: true,
    platform: "browser",
    target: "es2023",
    outdir: here,
    write: false,
    logLevel: "warning",
    banner: { js: banner },
    minify: isMinified,
  } as const;
  const pathsOf = (names: readonly string[]): string[] => names.map((name) => resolve(here, name));
  const [modules, whole] = await Promise.all([
    built({ ...common, entryPoints: pathsOf(entries), splitting: true, format: "esm" }),
    built({ ...common, entryPoints: pathsOf(scripts), format: "iife" }),
  ]);
  const outputFiles = [...modules.outputFiles, ...whole.outputFiles];
  const served = new Map<string, Uint8Array>(outputFiles.map(({ path, contents }) => [`/${basename(path)}`, contents]));
  for (const name of entries.map((entry) => basename(entry, extname(entry)))) {
    const page = `<!doctype html><title>Sluice</title><script type="module" src="/${name}.js"></script>`;
    served.set(`/${name}.html`, Buffer.from(page));
  }
  served.set("/web-worker.js", await readFile(WORKER));
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://page.invalid").pathname;
    void contentsOf(served, url).then((body) => {
      if (!body) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, {
        "Content-Type": TYPES[extname(url)] ?? "text/plain; charset=utf-8",
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "max-age=3600",
        ...(isolated && ISOLATED),
      });
      response.end(body);
    });
  });
  return { origin: `http://${await listening(server)}`, close: () => closed(server) };
}

const builds = new Map<string, Promise<BuildResult<{ write: false }>>>();

/** Once for all who serve the same. */
function built(options: BuildOptions & { readonly write: false }): Promise<BuildResult<{ write: false }>> {
  const key = JSON.stringify(options);
  const known = builds.get(key) ?? build(options);
  builds.set(key, known);
  return known;
}

async function contentsOf(served: ReadonlyMap<string, Uint8Array>, url: string): Promise<Uint8Array | undefined> {
  const guest = GUEST.exec(url)?.[1];
  if (guest === undefined || guest.includes("..")) return served.get(url);
  return readFile(join(guests, guest)).catch(() => undefined);
}

/** The authority of a server that listens from now on. */
export async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server on a port has an address.
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export function closed(server: Server): void {
  server.close();
  server.closeAllConnections();
}
