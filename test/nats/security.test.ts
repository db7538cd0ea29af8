/** Servers that ask who is there: `sluice work`, `pipe`, `put` and `get`, and the library, with what they accept and what not. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, describe, test } from "node:test";
import { loadClient } from "../../src/nats/client.ts";
import type { ConnectionOptions } from "../../src/nats/client-types.ts";
import { natsSink } from "../../src/nats/index.ts";
import { serversOf } from "../../src/cli/nats/servers.ts";
import { ended, guest, sluice, start } from "../cli/support.ts";
import { newCertificates, newOperator, newUser } from "./authority.ts";
import { connectTo, NO_SERVER, TestServer } from "./server.ts";

/** How to say who one is: on the command line, and to the client. */
interface Identity {
  readonly url: string;
  readonly args?: readonly string[];
  readonly library: Partial<ConnectionOptions>;
}

interface Mistake {
  readonly url?: string;
  readonly args?: readonly string[];
  readonly message: RegExp;
}

interface Kind {
  readonly config: string;
  right(port: number): Identity;
  readonly wrong: (port: number) => readonly Mistake[];
}

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("servers that ask who is there", { skip: NO_SERVER, concurrency: 2 }, async () => {
  const { transport } = await loadClient();
  const folder = mkdtempSync(join(tmpdir(), "sluice-nats-security-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  function file(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** All of it with one identity; what ends a command otherwise is told. */
  async function playAll({ url, args = [], library }: Identity): Promise<void> {
    const run = async (verb: string, words: readonly string[], input = ""): Promise<string> => {
      const { code, stdout, stderr } = await sluice([verb, "--nats", url, ...args, ...words], { input });
      assert.equal(code, 0, stderr);
      return stdout;
    };
    await run("put", ["--create", "LOG"], "bytes\n");
    await run("pipe", ["--create", "--in", "LOG", "--out", "OUT", guest("cat")]);
    assert.equal(await run("get", ["OUT"]), "bytes\n");
    const streams = ["--create", "--jobs", "JOBS/w", "--results", "RESULTS"];
    const worker = start(["work", "--nats", url, ...args, ...streams, guest("cat")]);
    assert.ok(worker.stderr);
    for await (const line of createInterface({ input: worker.stderr })) if (line.startsWith("Carrying out")) break;
    const at = await connectTo(url.replace(/^\w+:\/\/(.*@)?/, ""), library);
    await at.js.publish("jobs", Buffer.from("a job\n"), { headers: at.headers(), timeout: 5000 });
    assert.equal(await run("get", ["RESULTS/results.1"]), "a job\n");
    worker.kill("SIGTERM");
    assert.equal((await ended(worker)).code, 0);
    await at.manager.streams.add({ name: "BYTES", subjects: ["bytes"], discard: "new", num_replicas: 1 });
    const sink = await natsSink(at.nc, { stream: "BYTES" });
    assert.equal(sink.write(Buffer.from("more")), 4);
    await sink.end(0);
    assert.equal((await at.bytes("BYTES")).toString(), "more");
    await at.nc.drain();
  }

  function kind(title: string, { config, right, wrong }: Kind, skip: string | false = false): void {
    test(title, { skip }, async () => {
      const server = new TestServer(config);
      await server.start();
      try {
        await playAll(right(server.port));
        await Promise.all(
          wrong(server.port).map(async ({ url, args = [], message }) => {
            const { code, stderr } = await sluice(["put", "--nats", url ?? server.url, ...args, "LOG"]);
            assert.match(stderr, message);
            assert.doesNotMatch(stderr, /secret|Error:/);
            assert.equal(code, 1);
          }),
        );
      } finally {
        await server.stop();
      }
    });
  }

  const VIOLATION = /^sluice: Cannot connect to nats:\/\/127\.0\.0\.1:\d+: Authorization Violation\n$/;

  kind("a name and a password, before the host", {
    config: `authorization { user: alice, password: "p@ss:secret" }`,
    right: (port) => ({
      url: `nats://alice:p%40ss%3Asecret@127.0.0.1:${port}`,
      library: { user: "alice", pass: "p@ss:secret" },
    }),
    wrong: (port) => [
      { message: VIOLATION },
      { url: `nats://alice:secret@127.0.0.1:${port}`, message: VIOLATION },
      {
        url: `nats://alice:%secret@127.0.0.1:${port}`,
        message: /^sluice: The login before the host .* percent-encoded/,
      },
    ],
  });

  kind("a token, before the host", {
    config: `authorization { token: "the-secret" }`,
    right: (port) => ({ url: `nats://the-secret@127.0.0.1:${port}`, library: { token: "the-secret" } }),
    wrong: (port) => [{ message: VIOLATION }, { url: `nats://another-secret@127.0.0.1:${port}`, message: VIOLATION }],
  });

  const [user, stranger] = [newUser(), newUser()];

  kind("an nkey, in a file", {
    config: `authorization { users = [ { nkey: ${user.publicKey} } ] }`,
    right: (port) => ({
      url: `nats://127.0.0.1:${port}`,
      args: ["--nkey", file("nkey", `${user.seed}\n`)],
      library: { authenticator: transport.nkeyAuthenticator(() => Buffer.from(user.seed)) },
    }),
    wrong: () => [
      { message: VIOLATION },
      { args: ["--nkey", file("stranger", stranger.seed)], message: VIOLATION },
      {
        args: ["--nkey", file("public", user.publicKey)],
        message: /^sluice: .*public has not the seed of a user's nkey: /,
      },
      { args: ["--nkey", file("empty", "")], message: /^sluice: .*empty has not the seed of a user's nkey: / },
    ],
  });

  const operator = newOperator();
  const credentials = operator.credentials();

  kind("credentials of an operator's account, in a file", {
    config: operator.config,
    right: (port) => ({
      url: `nats://127.0.0.1:${port}`,
      args: ["--creds", file("creds", credentials)],
      library: { authenticator: transport.credsAuthenticator(() => Buffer.from(credentials)) },
    }),
    wrong: () => [
      { message: VIOLATION },
      { args: ["--creds", file("another", operator.credentials("another"))], message: VIOLATION },
      { args: ["--creds", file("seed", user.seed)], message: /^sluice: .*seed has not credentials of a user: / },
      {
        args: ["--creds", file("system", operator.credentials("system")), "--give-up", "1s"],
        // A server of 2.9 does not answer.
        message: /: (Cannot look at stream LOG: JetStream not enabled for account|The broker could not be used .*)\n$/,
      },
    ],
  });

  const noOpenssl = !hasOpenssl() && "needs openssl";
  const [own, others] = noOpenssl ? [] : ["own", "others"].map((name) => newCertificates(folder, name));

  if (own && others) {
    const files = `cert_file: "${own.server.cert}", key_file: "${own.server.key}", ca_file: "${own.ca}"`;
    const ca = ["--tls-ca", own.ca];
    const certified = ({ cert, key }: { readonly cert: string; readonly key: string }): readonly string[] => [
      ...ca,
      "--tls-cert",
      cert,
      "--tls-key",
      key,
    ];
    const untrusted = /^sluice: Cannot connect to nats:\/\/127\.0\.0\.1:\d+: unable to verify the first certificate/;

    kind("TLS", {
      config: `tls { ${files} }`,
      right: (port) => ({ url: `tls://localhost:${port}`, args: ca, library: { tls: { caFile: own.ca } } }),
      wrong: () => [
        { message: untrusted },
        { args: ["--tls-ca", others.ca], message: untrusted },
        { args: ["--tls-ca", join(folder, "nothing")], message: /^sluice: .*nothing cannot be read: ENOENT/ },
        { args: ["--tls-ca", file("junk", "junk")], message: /^sluice: .*junk has nothing in PEM\n$/ },
      ],
    });

    kind("TLS with certificates of clients", {
      config: `tls { ${files}, verify: true }`,
      right: (port) => ({
        url: `tls://127.0.0.1:${port}`,
        args: certified(own.client),
        library: { tls: { caFile: own.ca, certFile: own.client.cert, keyFile: own.client.key } },
      }),
      wrong: () => [
        { args: ca, message: /no answer in 10 s, as of a server that asks for a certificate .*--tls-cert, --tls-key/ },
        { args: certified(others.client), message: /no answer in 10 s, as of a server that asks for a certificate/ },
        { args: [...ca, "--tls-cert", own.client.cert], message: /^sluice: --tls-cert and --tls-key need each other/ },
        { args: certified({ ...own.client, key: others.client.key }), message: /: .*key values mismatch\n$/ },
      ],
    });
  } else {
    test("TLS", { skip: noOpenssl });
  }

  test("a server that does not encrypt is refused where it has to, and nothing is told to it", async () => {
    const server = new TestServer();
    await server.start();
    const { code, stderr } = await sluice(["put", "--nats", `tls://alice:secret@127.0.0.1:${server.port}`, "LOG"]);
    assert.match(stderr, /^sluice: Cannot connect to tls:\/\/127\.0\.0\.1:\d+: server does not support 'tls'\n$/);
    assert.equal(code, 1);
    await server.stop();
  });

  test("a server without JetStream may know one that has: that is said, and waited for", async () => {
    const server = new TestServer("jetstream: false");
    await server.start();
    const { code, stderr } = await sluice(["put", "--nats", server.url, "--give-up", "1ms", "LOG"]);
    assert.match(
      stderr,
      /^sluice: the server has no JetStream of its own .*\nsluice: The broker could not be used for 1 ms/,
    );
    assert.equal(code, 1);
    await server.stop();
  });

  const DENIED: readonly [config: string, args: readonly string[], message: RegExp][] = [
    [
      `publish: { deny: "$JS.API.>" }`,
      ["put", "S"],
      /^sluice: Cannot look at stream S: Permissions Violation for Publish/,
    ],
    [
      `publish: { deny: "$JS.API.>" }`,
      ["put", "--create", "S"],
      /^sluice: Cannot make stream S: Permissions Violation/,
    ],
    [
      `publish: { deny: "s" }`,
      ["put", "--create", "S"],
      /^sluice: Cannot append to s: Permissions Violation for Publish/,
    ],
    [
      `subscribe: { deny: "_INBOX.>" }`,
      ["get", "S"],
      /^sluice: Cannot look at stream S: Permissions Violation for Subsc/,
    ],
  ];
  for (const [permissions, args, message] of DENIED) {
    test(`what a user may not do is no outage that is waited for: ${permissions}, ${args.join(" ")}`, async () => {
      const config = `authorization { users = [ { user: u, password: p, permissions: { ${permissions} } } ] }`;
      const server = new TestServer(config);
      await server.start();
      const [verb = "", ...words] = args;
      const url = `nats://u:p@127.0.0.1:${server.port}`;
      const { code, stderr } = await sluice([verb, "--nats", url, ...words], { input: "bytes" });
      assert.match(stderr, message);
      assert.equal(code, 1);
      await server.stop();
    });
  }
});

test("servers are told with their login, which is not shown", () => {
  assert.deepEqual(serversOf("tls://u:p%2C@a:1, tls://u:p%2C@b:2"), {
    addresses: ["tls://a:1", "tls://b:2"],
    login: { user: "u", pass: "p," },
    isEncrypted: true,
  });
  assert.deepEqual(serversOf("localhost"), { addresses: ["localhost"], login: undefined, isEncrypted: false });
  assert.deepEqual(serversOf("nats://[::1]:4222"), {
    addresses: ["nats://[::1]:4222"],
    login: undefined,
    isEncrypted: false,
  });
  assert.throws(() => serversOf("nats://a@x,nats://b@y"), /know one login, got several/);
  assert.throws(() => serversOf("http://u:secret@x"), {
    message: 'Expected nats://HOST:PORT or tls://HOST:PORT, got "http://x"',
  });
});
