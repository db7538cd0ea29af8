/** `sluice serve`: what it says, how it answers, and how it ends. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer as createHttpServer, get, request, type IncomingMessage } from "node:http";
import { connect } from "node:http2";
import { connect as connectTcp, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { binaryOf, HANDLER_TYPES } from "../load/made.ts";
import { folder, guest, NOT_UNIX, sluice, start } from "./support.ts";

const HANDLER = guest("http-handler");

/**
 * Answers nothing. Writes a byte that is no text, one character in two pieces, and the end of a line; whether its memory is full; and
 * each variable, each on a line of its own.
 */
const WRITES = `
  (component
    ${HANDLER_TYPES}
    (import "wasi:io/error@0.2.0" (instance $failures (export "error" (type (sub resource)))))
    (alias export $failures "error" (type $failure))
    (import "wasi:io/streams@0.2.0" (instance $streams
      (export "output-stream" (type $stream (sub resource)))
      (alias outer 1 $failure (type $outer))
      (export "error" (type $error (eq $outer)))
      (type $wrong (variant (case "last-operation-failed" (own $error)) (case "closed")))
      (export "stream-error" (type $named (eq $wrong)))
      (export "[method]output-stream.blocking-write-and-flush"
        (func (param "self" (borrow $stream)) (param "contents" (list u8)) (result (result (error $named)))))))
    (alias export $streams "output-stream" (type $stream))
    (import "wasi:cli/stdout@0.2.0" (instance $stdout
      (alias outer 1 $stream (type $outer))
      (export "output-stream" (type $named (eq $outer)))
      (export "get-stdout" (func (result (own $named))))))
    (import "wasi:cli/environment@0.2.0" (instance $environment
      (export "get-environment" (func (result (list (tuple string string)))))))
    (core module $memory
      (memory (export "memory") 1)
      (data (i32.const 0) "\\ff\\c3\\a9\\n=full\\n")
      (global $free (mut i32) (i32.const 1024))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $free)
        (global.set $free (i32.and (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 7)) (i32.const -8)))))
    (core instance $memory (instantiate $memory))
    (alias core export $memory "memory" (core memory $bytes))
    (alias core export $memory "realloc" (core func $realloc))
    (core func $get (canon lower (func $stdout "get-stdout")))
    (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $bytes)))
    (core func $all (canon lower (func $environment "get-environment") (memory $bytes) (realloc $realloc)))
    (core module $module
      (import "" "memory" (memory 1))
      (import "" "get" (func $get (result i32)))
      (import "" "write" (func $write (param i32 i32 i32 i32)))
      (import "" "all" (func $all (param i32)))
      (global $stdout (mut i32) (i32.const 0))
      (func $say (param $at i32) (param $length i32)
        (call $write (global.get $stdout) (local.get $at) (local.get $length) (i32.const 512)))
      (func $text (param $pair i32)
        (call $say (i32.load (local.get $pair)) (i32.load offset=4 (local.get $pair))))
      (func (export "handle") (param i32 i32)
        (local $at i32) (local $left i32)
        (global.set $stdout (call $get))
        (call $say (i32.const 0) (i32.const 1))
        (call $say (i32.const 1) (i32.const 1))
        (call $say (i32.const 2) (i32.const 2))
        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (call $say (i32.const 5) (i32.const 5))))
        (call $all (i32.const 600))
        (local.set $at (i32.load (i32.const 600)))
        (local.set $left (i32.load (i32.const 604)))
        (loop $next
          (if (local.get $left) (then
            (call $text (local.get $at))
            (call $say (i32.const 4) (i32.const 1))
            (call $text (i32.add (local.get $at) (i32.const 8)))
            (call $say (i32.const 3) (i32.const 1))
            (local.set $at (i32.add (local.get $at) (i32.const 16)))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br $next))))))
    (core instance $made (instantiate $module (with "" (instance
      (export "memory" (memory $bytes)) (export "get" (func $get)) (export "write" (func $write)) (export "all" (func $all))))))
    (func $handle (param "request" (own $request)) (param "response-out" (own $out))
      (canon lift (core func $made "handle")))
    (instance $handler (export "handle" (func $handle)))
    (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))`;

interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  /** What it said on standard error since it listens. */
  said(): string;
}

/** Starts it on a port that is free, and waits until it listens. */
async function serving(...args: readonly string[]): Promise<Served> {
  const child = start(["serve", "--addr", "0", ...args]);
  child.stdin?.end();
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
      const [whole, address] = /^Serving HTTP on (\S+)\/\n/m.exec(said) ?? [];
      if (whole === undefined || address === undefined) return;
      said = said.replace(whole, "");
      resolve(address);
    });
    child.once("close", () => reject(new Error(`It ended: ${said}`)));
  });
  return { child, url, said: () => said };
}

/** Ends it by a signal. */
async function stop({ child }: Served, signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  child.kill(signal);
  return closed;
}

async function answer(url: string): Promise<readonly [status: number, body: string]> {
  const response = await fetch(url, { headers: { connection: "close" } });
  return [response.status, await response.text()];
}

describe("serve", { concurrency: 4 }, () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`answers until ${signal} comes, and ends with 0`, { skip: NOT_UNIX }, async () => {
      const served = await serving(HANDLER);
      assert.deepEqual(await answer(`${served.url}/hello`), [200, "Hello, WASI!"]);
      assert.equal(await stop(served, signal), 0);
      assert.equal(served.said(), "");
    });
  }

  test("answers with a handler of WASI 0.3 too", { skip: NOT_UNIX }, async () => {
    const served = await serving(guest("http-p3"));
    assert.deepEqual(await answer(`${served.url}/hello`), [200, "hello"]);
    const [status] = await answer(`${served.url}/trap`);
    assert.equal(status, 500);
    assert.equal(await stop(served), 0);
    assert.match(served.said(), /GET \/trap/);
  });

  test("each request has an instance of its own, unless --reuse says otherwise", async () => {
    for (const [args, last] of [
      [[], "1"],
      [["--reuse", "3"], "3"],
      [["--reuse", "1", "--max-instance-reuse-count", "3"], "3"],
    ] as const) {
      // oxlint-disable no-await-in-loop -- one after the other
      // One at a time, since an instance in a thread is free a moment after its client has been answered.
      const served = await serving(...args, "--max-concurrent-requests", "1", HANDLER);
      const counts = [];
      for (let count = 0; count < 3; count++) counts.push((await answer(`${served.url}/count`))[1]);
      assert.equal(counts.at(-1), last, counts.join());
      await stop(served);
      // oxlint-enable no-await-in-loop
    }
  });

  // One in a thread answers one request at a time.
  const skip = "Suspending" in WebAssembly ? NOT_UNIX : "guests have threads";
  test("flags of Wasmtime's for instances do what they say there", { skip }, async () => {
    const reused = ["--reuse", "100", "--max-instance-concurrent-reuse-count", "2"];
    const served = await serving(...reused, "--idle-instance-timeout", "0s", guest("http-p3"));
    const paths = ["/meet", "/meet", "/meet", "/meet", "/count"];
    const answers = await Promise.all(paths.map((path) => answer(`${served.url}${path}`)));
    const texts = answers.map(([, body]) => body);
    assert.deepEqual(texts.slice(0, 4).toSorted(), ["first", "first", "second", "second"]);
    // None of these is there any more.
    assert.deepEqual(await answer(`${served.url}/count`), [200, "1"]);
    await stop(served);
  });

  test("--max-concurrent-connections has others wait", { skip: NOT_UNIX }, async () => {
    const one = await serving("--max-concurrent-connections", "1", HANDLER);
    const silent = connectTcp(Number(new URL(one.url).port), "127.0.0.1");
    await new Promise((resolve) => silent.once("connect", resolve));
    const asked = answer(`${one.url}/hello`);
    silent.write("GET /count HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    assert.match(await text(silent), /^HTTP\/1.1 200 OK/);
    assert.deepEqual(await asked, [200, "Hello, WASI!"]);
    await stop(one);
  });

  test("a guest that traps is a 500 and a message, and the next one is asked all the same", async () => {
    const served = await serving(HANDLER);
    const [status] = await answer(`${served.url}/trap-before`);
    assert.equal(status, 500);
    assert.deepEqual(await answer(`${served.url}/hello`), [200, "Hello, WASI!"]);
    await stop(served);
    // Only now is all there that it said.
    assert.match(served.said(), /^sluice: .*http-handler\.wasm: GET \/trap-before trapped: unreachable$/m);
  });

  test("no response, or an error in its place, is a 500 and a message", async () => {
    const served = await serving(HANDLER);
    assert.equal((await answer(`${served.url}/nothing`))[0], 500);
    assert.equal((await answer(`${served.url}/error`))[0], 500);
    assert.equal((await answer(`${served.url}/short`))[0], 500);
    await stop(served);
    assert.match(served.said(), /GET \/nothing: .*returned without a response/);
    assert.match(served.said(), /GET \/error: .*HTTP-response-timeout/);
    assert.match(served.said(), /GET \/short: the guest wrote 4 bytes of a body with a content-length of 11\n/);
  });

  test("what guests write has the number of its instance before each line, or is as it is", async (t) => {
    const file = join(folder(t), "writes.wasm");
    writeFileSync(file, binaryOf(WRITES));
    const lines = ["\ufffd\u00e9", "INSTANCE_ID=", "A=b"];
    const prefixed = [0, 1].flatMap((n) => lines.map((line) => `stdout [${n}] :: ${line.replace(/=$/, `=${n}`)}\n`));
    const bare = [0, 1].map((n) => `\xff\xc3\xa9\nfull\nINSTANCE_ID=${n}\n`);
    for (const [args, expected] of [
      [["--env", "A=b"], Buffer.from(prefixed.join(""))],
      [["--no-logging-prefix", "--max-memory-bytes", "65536"], Buffer.from(bare.join(""), "latin1")],
    ] as const) {
      // oxlint-disable no-await-in-loop -- one after the other
      const served = await serving(...args, file);
      const said = served.child.stdout ? buffer(served.child.stdout) : assert.fail("it is not piped");
      for (let times = 0; times < 2; times++) assert.equal((await answer(served.url))[0], 500);
      await stop(served);
      assert.equal((await said).toString("latin1"), expected.toString("latin1"));
      // oxlint-enable no-await-in-loop
    }
  });

  test("what is more than one client can take is refused", async () => {
    const most = ["--max-body-bytes", "10", "--max-concurrent-requests", "1", "--max-waiting-requests", "1"];
    const served = await serving(...most, HANDLER);
    const sent = (body: string): Promise<Response> => fetch(`${served.url}/echo`, { method: "POST", body });
    assert.equal(await (await sent("0123456789")).text(), "0123456789");
    assert.equal((await sent("0123456789a")).status, 413);
    const held = request(`${served.url}/echo`, { method: "POST", agent: false });
    held.flushHeaders();
    const echo = await new Promise<IncomingMessage>((resolve, reject) => {
      held.once("response", resolve).once("error", reject);
    });
    const two = [0, 1].map(async () => answer(`${served.url}/hello`));
    assert.deepEqual(await Promise.race(two), [503, ""]);
    held.end("end");
    assert.equal(await text(echo), "end");
    const statuses = (await Promise.all(two)).map(([status]) => status);
    assert.deepEqual(new Set(statuses), new Set([200, 503]));
    await stop(served);
  });

  test("--access-log has a line for each request", async () => {
    const served = await serving("--access-log", HANDLER);
    await answer(`${served.url}/hello`);
    // Of what the guest answers the client is sent nothing.
    assert.equal((await answer(`${served.url}/lie`))[0], 500);
    assert.equal((await answer(`${served.url}/trap-before`))[0], 500);
    await stop(served);
    const lines = served.said().match(/^\d{4}-\d\d-\d\dT\S+ .* ms$/gm) ?? [];
    assert.deepEqual(
      lines.map((line) => line.replace(/^\S+ | [\d.]+ ms$/g, "")),
      ["GET /hello 200", "GET /lie 500", "GET /trap-before 500"],
    );
  });

  test("--timeout ends a guest that waits, and the server goes on", async () => {
    const served = await serving("--timeout", "50ms", HANDLER);
    assert.equal((await answer(`${served.url}/wait`))[0], 500);
    assert.deepEqual(await answer(`${served.url}/hello`), [200, "Hello, WASI!"]);
    await stop(served);
    assert.match(served.said(), /GET \/wait trapped: it ran for longer than 50 ms/);
  });

  test("what was begun is answered before the end", { skip: NOT_UNIX }, async () => {
    const served = await serving("--http", "127.0.0.1", HANDLER);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`${served.url}/hello`, resolve).on("error", reject);
    });
    const closed = stop(served);
    assert.equal(await text(response), "Hello, WASI!");
    assert.equal(await closed, 0);
  });

  for (const workers of ["2", "auto"]) {
    test(`--workers ${workers} share the port`, { skip: NOT_UNIX }, async () => {
      const served = await serving("--workers", workers, HANDLER);
      const answers = await Promise.all(Array.from({ length: 8 }, () => answer(`${served.url}/hello`)));
      assert.ok(answers.every(([status, body]) => status === 200 && body === "Hello, WASI!"));
      assert.equal(await stop(served), 0);
    });
  }

  test("--header gives each request fields in the place of its own, from a file too, and whom it is for", async (t) => {
    const heard: string[][] = [];
    const other = createHttpServer(({ rawHeaders }, response) => {
      heard.push(rawHeaders);
      response.end();
    });
    const port = await new Promise<number>((resolve) => {
      other.listen(0, "127.0.0.1", () => resolve((other.address() as AddressInfo).port));
    });
    const file = join(folder(t), "fields.txt");
    writeFileSync(file, "x-file: one\r\n\n  \nX-B:b\n");
    const given = [`to: 127.0.0.1:${port}`, "path: /", "X-A: 1", "x-a:  2 ", "user-agent:", `@${file}`, "Host: a.b:7"];
    const served = await serving(
      ...["--http", "127.0.0.1", "-H", given[0] ?? "", ...given.slice(1).flatMap((field) => ["--header", field])],
      HANDLER,
    );
    const headers = { "x-a": ["0", "00"], "x-b": "c", "x-c": "d", "user-agent": "me", connection: "close" };
    const asked = (path: string): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        get(`${served.url}${path}`, { headers }, resolve).once("error", reject);
      });
    const forwarded = (await asked("/forward")).resume();
    assert.equal(forwarded.statusCode, 200);
    assert.match(await text(await asked("/who")), / Some\("a\.b:7"\) /);
    other.close();
    const [raw = []] = heard;
    const pairs = raw.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${raw[at + 1]}`] : []));
    assert.deepEqual(
      pairs.filter((pair) => /^(?:x-|user-agent)/.test(pair)),
      ["x-c: d", "x-a: 1", "x-a: 2", "user-agent: ", "x-file: one", "x-b: b"],
    );
    await stop(served);
  });

  for (const workers of ["1", "2"]) {
    test(
      `a connection to --shutdown-addr ends ${workers} of them when all is answered`,
      { skip: NOT_UNIX },
      async () => {
        const served = await serving("--workers", workers, "--shutdown-addr", "0", HANDLER);
        assert.deepEqual(await answer(`${served.url}/hello`), [200, "Hello, WASI!"]);
        const [, port] = /^Listening for shutdown on tcp:\/\/127\.0\.0\.1:(\d+)\/$/m.exec(served.said()) ?? [];
        const closed = new Promise<number | null>((resolve) => served.child.once("close", resolve));
        connectTcp(Number(port), "127.0.0.1")
          .resume()
          .on("error", () => {});
        assert.equal(await closed, 0);
      },
    );
  }

  test("HTTP/2 is spoken by who knows of it, and by TLS with a certificate", { skip: NOT_UNIX }, async () => {
    const [cert, key] = ["cert", "key"].map((name) =>
      fileURLToPath(new URL(`../hosts/tls/${name}.pem`, import.meta.url)),
    );
    for (const args of [[], ["--tls-cert", cert ?? "", "--tls-key", key ?? ""]]) {
      // oxlint-disable no-await-in-loop -- one after the other
      const served = await serving(...args, HANDLER);
      assert.equal(served.url.startsWith("https:"), args.length > 0);
      const session = connect(served.url, { rejectUnauthorized: false });
      const stream = session.request({ ":path": "/hello" });
      assert.equal(await text(stream), "Hello, WASI!");
      // It is let go of by the server.
      assert.equal(await stop(served), 0);
      session.destroy();
      // oxlint-enable no-await-in-loop
    }
  });

  test("a certificate without its key, or none, is refused", async () => {
    const alone = await sluice(["serve", "--tls-cert", "cert.pem", HANDLER]);
    assert.equal(alone.code, 1);
    assert.match(alone.stderr, /--tls-cert and --tls-key belong together/);
    const none = await sluice(["serve", "--tls-cert", "no.pem", "--tls-key", "no.pem", HANDLER]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /--tls-cert expects a file in PEM: .*no\.pem/);
    const wrong = await sluice(["serve", "--tls-cert", HANDLER, "--tls-key", HANDLER, HANDLER]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /--tls-cert and --tls-key expect a certificate and its key in PEM/);
  });

  test("a key of another certificate is refused, of the same kind or another", async (t) => {
    const cert = fileURLToPath(new URL("../hosts/tls/cert.pem", import.meta.url));
    const options = { privateKeyEncoding: { type: "pkcs8", format: "pem" } } as const;
    const publicKeyEncoding = { type: "spki", format: "pem" } as const;
    const keys = [
      generateKeyPairSync("ec", { ...options, publicKeyEncoding, namedCurve: "P-256" }),
      generateKeyPairSync("rsa", { ...options, publicKeyEncoding, modulusLength: 2048 }),
    ];
    for (const { privateKey } of keys) {
      const key = join(folder(t), "key.pem");
      writeFileSync(key, privateKey);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { code, stderr } = await sluice(["serve", "--addr", "0", "--tls-cert", cert, "--tls-key", key, HANDLER]);
      assert.equal(code, 1);
      assert.match(stderr, /--tls-cert and --tls-key expect a certificate and its key in PEM: /);
    }
  });

  test("times are whole milliseconds, whatever is typed", async () => {
    const served = await serving("--max-stall-time", "1000.5ms", "--max-waiting-time", "0.0015s", HANDLER);
    assert.deepEqual(await answer(`${served.url}/hello`), [200, "Hello, WASI!"]);
    await stop(served);
  });

  test("what answers no requests is refused", async () => {
    const { code, stderr } = await sluice(["serve", guest("hello")]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /hello\.wasm: The component answers no requests: expected an export wasi:http\/incoming-handler/,
    );
  });

  test("an address where nobody can listen is told", async () => {
    const { code, stderr } = await sluice(["serve", "--addr", "192.0.2.1:80", HANDLER]);
    assert.equal(code, 1);
    assert.match(stderr, /^sluice: Cannot listen where --addr says, at 192\.0\.2\.1:80: listen EADDRNOTAVAIL[^\n]*\n$/);
  });

  test("a port that another has is told once, with what takes one that is free", async (t) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    t.after(() => other.close());
    const address = other.address();
    assert.ok(address !== null && typeof address === "object");
    for (const more of [[], ["--workers", "2"]]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { code, stderr } = await sluice(["serve", "--addr", String(address.port), ...more, HANDLER]);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^sluice: Cannot listen where --addr says, at 127\.0\.0\.1:\d+: .*EADDRINUSE.*; port 0 is any that is free\n$/,
      );
    }
  });

  for (const [args, message] of [
    [["serve"], /Expected a component, got none/],
    [["serve", HANDLER, "x"], /expects one component, got also "x"/],
    [["serve", "--stats", HANDLER], /--stats says nothing to `sluice serve`/],
    [["serve", "--addr", "host", HANDLER], /--addr expects \[ADDRESS:\]PORT, .*got "host"/],
    [["serve", "--addr", "99999", HANDLER], /--addr expects/],
    [["serve", "--workers", "all", HANDLER], /--workers expects a whole number from 1 on, or auto, got "all"/],
    [["serve", "--workers", "99999999", HANDLER], /--workers expects at most 1024, got 99999999: each is a process/],
    [["serve", "--max-stall-time", "0", HANDLER], /--max-stall-time expects a duration from 1ms on, .*got "0"/],
    [["serve", "--max-stall-time", "99999999999h", HANDLER], /--max-stall-time expects a duration/],
    [["serve", "--max-waiting-time", "0s", HANDLER], /--max-waiting-time expects a duration from 1ms on/],
    [["serve", "--timeout", "0.0ms", HANDLER], /--timeout expects a duration from 1ms on/],
    [["serve", "--reuse", "0", HANDLER], /--reuse expects a whole number from 1 on, got "0"/],
    [
      ["serve", "--max-instance-reuse-count", "0", HANDLER],
      /--max-instance-reuse-count expects a whole number from 1 on, got "0"/,
    ],
    [
      ["serve", "--max-instance-concurrent-reuse-count", "many", HANDLER],
      /--max-instance-concurrent-reuse-count expects a whole number from 1 on, got "many"/,
    ],
    [
      ["serve", "--max-concurrent-connections", "0", HANDLER],
      /--max-concurrent-connections expects a whole number from 1 on, got "0"/,
    ],
    [["serve", "--idle-instance-timeout", "soon", HANDLER], /--idle-instance-timeout expects a duration, such as 30s/],
    [["serve", "--idle-instance-timeout=-1s", HANDLER], /--idle-instance-timeout expects a duration, .*got "-1s"/],
    [["run", "--max-concurrent-connections", "2", HANDLER], /says nothing to `sluice run`: it is for `sluice serve`/],
    [["serve", "--header", "bad", HANDLER], /--header expects NAME: VALUE, or @FILE .*; got "bad"/],
    [["serve", "-H", "a b: c", HANDLER], /--header expects NAME: VALUE, .*; got "a b: c"/],
    [["serve", "-H", "a: b\nc", HANDLER], /--header expects NAME: VALUE, .*; got "a: b\\nc"/],
    [["serve", "-H", "Connection: close", HANDLER], /--header expects a field that is not the transport's own; got/],
    [["serve", "-H", "host: a b", HANDLER], /--header expects a host, with :PORT or without, as the value of host/],
    [["serve", "-H", "@no-such-file", HANDLER], /--header @FILE expects a file with a field on each line: ENOENT/],
    [["serve", "--shutdown-addr", "here", HANDLER], /--shutdown-addr expects \[ADDRESS:\]PORT, such as/],
    [["run", "--reuse", "2", HANDLER], /--reuse says nothing to `sluice run`: it is for `sluice serve`/],
    [["serve", "--http", "a b", HANDLER], /A rule of --http is/],
  ] as const) {
    test(`sluice ${args.slice(0, -1).join(" ")} ...: ${message.source.slice(0, 40)}`, async () => {
      const { code, stderr } = await sluice(args);
      assert.equal(code, 1);
      assert.match(stderr, message);
    });
  }
});
