/** A page with a strict Content-Security-Policy, in a browser, runs components from the package as it is built. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { prepare } from "../../src/run/prepare.ts";
import { HUNG_MS, type Browser, type BrowserKind } from "../everywhere/browser.ts";
import { root } from "./support.ts";

const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};
/** What is served, and nothing else. */
const SERVED = /^\/(?:dist|test\/package\/page|test\/guests\/built)(?:\/[\w-]+)+\.(?:html|js|wasm)$/;

/** What is built ahead too. */
const AHEAD = ["hello", "composed-streams", "timer-not-early", "p3-cat"];

/** How a command ended, and all that it wrote. */
interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What page/play.js gives. */
interface Played {
  readonly is: "played";
  readonly commands: Readonly<Record<string, Ended>>;
  readonly scale: number;
  /** What the policy refused while guests ran. */
  readonly refusedToGuests: readonly string[];
  /** By the attempt, the name of the error. */
  readonly madeOfText: Readonly<Record<string, string>>;
  /** What the policy refused of these attempts. */
  readonly refused: readonly string[];
}

type Results = Played | { readonly is: "failed"; readonly error: string };

/** The repository, as far as the page needs it. */
class Server {
  /** What was asked for and is there, in order. */
  readonly served = new Map<string, Buffer>();
  readonly missing: string[] = [];
  /** Of components that were built ahead, by path. */
  readonly #ahead = new Map<string, Buffer>();
  readonly #server = createServer(({ url = "" }, response) => {
    void this.#answer(url).then((body) => {
      if (body === undefined) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, {
        "Content-Type": TYPES[extname(url)],
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
      });
      response.end(body);
    });
  });

  async start(): Promise<string> {
    for (const name of AHEAD) {
      // oxlint-disable-next-line no-await-in-loop -- each hears of what is made meanwhile
      const { modules } = await prepare(
        nodePlatform,
        Uint8Array.from(await readFile(join(root, "test", "guests", "built", `${name}.wasm`))),
      );
      const names = modules.map((module) => module.name);
      this.#ahead.set(`/ahead/${name}/modules.json`, Buffer.from(JSON.stringify(names)));
      for (const { name: one, bytes } of modules) this.#ahead.set(`/ahead/${name}/${one}.wasm`, Buffer.from(bytes));
    }
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(path: string): Promise<Buffer | undefined> {
    const ahead = this.#ahead.get(path);
    if (ahead) return ahead;
    const body = SERVED.test(path) ? await readFile(join(root, path)).catch(() => undefined) : undefined;
    if (body) this.served.set(path, body);
    else this.missing.push(path);
    return body;
  }
}

const COMMANDS: Readonly<Record<string, readonly [exitCode: number, stdout: string]>> = {
  hello: [0, "hello\n"],
  wc: [0, "2 3 14\n"],
  // Component instances that call each other, through adapters with two memories.
  "composed-streams": [0, "ONE\nTWO\n"],
  // Suspended until a timer fires.
  "timer-not-early": [0, ""],
  "random-lengths": [0, ""],
  // `exit` of WASI 0.2 only says whether it went well.
  "exit-status": [1, "leaving"],
  "cat-files": [0, "a note\n"],
  // A core module of preview 1.
  "p1/wc": [0, "2 3 14\n"],
  "cat over virtual-streams": [0, "ONE\nTWO\n"],
  // In the order of AHEAD.
  "hello, built ahead": [0, "hello\n"],
  "composed-streams, built ahead": [0, "ONE\nTWO\n"],
  "timer-not-early, built ahead": [0, ""],
  "p3-cat, built ahead": [0, "one two\n"],
};

export function strictPageIn({ name, missing, launch }: BrowserKind): void {
  describe(`a page with a strict Content-Security-Policy in ${name}`, { skip: missing, timeout: HUNG_MS }, () => {
    const server = new Server();
    let browser: Browser | undefined;
    let results: Played;

    before(async () => {
      const origin = await server.start();
      browser = await launch();
      const page = await browser.newPage();
      await page.goto(`${origin}/test/package/page/index.html`);
      await page.waitForFunction('document.querySelector("#results[data-done]")');
      const text = await page.evaluate('document.querySelector("#results").textContent');
      assert.ok(typeof text === "string", `the page gives ${typeof text}`);
      const given = JSON.parse(text) as Results;
      assert.ok(given.is === "played", given.is === "failed" ? `${given.error}\n404: ${server.missing.join()}` : "");
      results = given;
    });

    after(async () => {
      server.stop();
      await browser?.close();
    });

    for (const [command, [exitCode, stdout]] of Object.entries(COMMANDS)) {
      test(`runs ${command}`, () => {
        assert.deepEqual(results.commands[command], { exitCode, stdout, stderr: "" });
      });
    }

    test("has nothing else to run", () => {
      assert.deepEqual(Object.keys(results.commands), Object.keys(COMMANDS));
    });

    test("gives a function that returns a promise, which suspends the guest", () => {
      assert.equal(results.scale, 700);
    });

    test("has a policy that is in force, and was never in the way of a guest", () => {
      assert.deepEqual(results.refusedToGuests, []);
      assert.deepEqual(results.madeOfText, { "new Function": "EvalError", eval: "EvalError" });
      assert.deepEqual(results.refused, ["script-src eval", "script-src eval"]);
    });

    test("loads modules of ours, and nothing that is for Node", (t) => {
      const modules = [...server.served].filter(([path]) => path.startsWith("/dist/"));
      assert.ok(modules.some(([path]) => path === "/dist/browser.js"));
      for (const [path, body] of modules) {
        assert.doesNotMatch(body.toString(), /["'`]node:|\bprocess\.(?!ts\b)/, path);
      }
      assert.deepEqual(server.missing, []);
      const bytes = modules.reduce((sum, [, body]) => sum + body.length, 0);
      const zipped = modules.reduce((sum, [, body]) => sum + gzipSync(body).length, 0);
      t.diagnostic(`${modules.length} modules, ${bytes} bytes, ${zipped} as gzip, one by one`);
    });
  });
}
