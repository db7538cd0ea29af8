/** `sluice serve` in Deno and in Bun, as programs of theirs: asked from here, by what client and server agree on. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect as connectSession } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { describe, test, type TestContext } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const RUNTIMES = [
  { name: "Deno", command: "deno", options: ["run", "--allow-all"], hasHttp2: true },
  { name: "Bun", command: "bun", options: ["run"], hasHttp2: false },
] as const;

const SERVE = [path("../../bin/sluice.js"), "serve", "--addr", "127.0.0.1:0"];
const BY_TLS = ["--tls-cert", path("../hosts/tls/cert.pem"), "--tls-key", path("../hosts/tls/key.pem")];
const HANDLER = path("../guests/built/http-handler.wasm");

/** The port on which it listens. */
async function serving(t: TestContext, file: string, args: readonly string[]): Promise<number> {
  const child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let said = "";
  return new Promise((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
      const [, port] = /^Serving HTTP on \S+:(\d+)\/\n/m.exec(said) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
    child.once("close", () => reject(new Error(`It ended: ${said}`)));
  });
}

async function connected(port: number, offered: string[]): Promise<TLSSocket> {
  // The certificate is the test's own.
  const socket = connect({ host: "127.0.0.1", port, ALPNProtocols: offered, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  return socket;
}

async function bodyOver(socket: Socket, isHttp2: boolean): Promise<string> {
  if (isHttp2) {
    const session = connectSession("https://name.test", { createConnection: () => socket });
    const body = await text(session.request({ ":path": "/who" }));
    session.destroy();
    return body;
  }
  socket.write("GET /who HTTP/1.1\r\nhost: name.test\r\nconnection: close\r\n\r\n");
  const answer = (await buffer(socket)).toString("latin1");
  return answer.slice(answer.indexOf("\r\n\r\n") + 4);
}

for (const { name, command, options, hasHttp2 } of RUNTIMES) {
  const file = path(`../../node_modules/.bin/${command}`);
  describe(name, { skip: !existsSync(file) && `${command} is not installed` }, () => {
    test("by TLS it agrees with whoever offers HTTP/2 and HTTP/1.1, or less, and answers", async (t) => {
      const port = await serving(t, file, [...options, ...SERVE, ...BY_TLS, HANDLER]);
      for (const offered of [["h2", "http/1.1"], ["http/1.1"], []]) {
        // oxlint-disable no-await-in-loop -- one after the other
        const socket = await connected(port, offered);
        assert.equal(socket.alpnProtocol === "h2", hasHttp2 && offered.includes("h2"), offered.join());
        assert.match(await bodyOver(socket, socket.alpnProtocol === "h2"), /^Method::Get Some\(Scheme::Https\) /);
        // oxlint-enable no-await-in-loop
      }
    });

    test("its own server answers by Fetch", async (t) => {
      const port = await serving(t, file, [...options, path("fetch-server.ts")]);
      const raw = async (request: string): Promise<string> => {
        const socket = connectTcp(port, "127.0.0.1");
        socket.on("error", () => {});
        let all = "";
        socket.on("data", (chunk) => (all += chunk.toString("latin1")));
        socket.write(`${request} HTTP/1.1\r\nhost: name.test\r\nconnection: close\r\n`, "latin1");
        socket.write("content-length: 4\r\n\r\nsome");
        // Also if it is reset.
        await new Promise((resolve) => void socket.once("close", resolve));
        return all;
      };
      assert.match(
        await raw("PUT /describe?a=%20b"),
        /Method::Put Some\(Scheme::Http\) Some\("name\.test"\) Some\("\/describe\?a=%20b"\)/,
      );
      const fields = await raw("POST /fields");
      assert.match(fields, /set-cookie: a=1\r\n[^]*set-cookie: b=2\r\n/i);
      assert.match(fields, /x-latin: \u00e9\u00ff\r\n/i);
      assert.match(await raw("POST /echo"), /\r\n\r\n[^]*some/);
      assert.match(await raw("POST /trap"), /^HTTP\/1\.1 500 /);
      // It has the part that was written, and no end.
      const cut = await raw("POST /unfinished");
      assert.doesNotMatch(cut, /\r\n0\r\n\r\n$|content-length/i);
      assert.match(await raw("GET /hello"), /hello/);
    });

    test("without TLS a guest is told so", async (t) => {
      const port = await serving(t, file, [...options, ...SERVE, HANDLER]);
      const said = await bodyOver(connectTcp(port, "127.0.0.1"), false);
      assert.match(said, /^Method::Get Some\(Scheme::Http\) /);
    });
  });
}
