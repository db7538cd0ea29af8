/** A program with the sockets of Rust's standard library, unchanged: alone, with others of its kind, and on bad lines. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { connect, type AddressInfo, type Socket } from "node:net";
import { createServer } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { compile, MemoryNetwork, run, type NetworkOptions } from "../../src/index.ts";
import { FaultProxy, type Fault } from "../wasi/sockets/fault-proxy.ts";

const component = await compile(await readFile(new URL("built/sockets-rust.wasm", import.meta.url)));

interface Program {
  /** What it has printed so far. */
  readonly said: () => string;
  /** Resolves with all that it printed. @throws If it fails. */
  readonly ended: Promise<string>;
}

function start(args: readonly string[], on: NetworkOptions | false = {}): Program {
  let [out, err] = ["", ""];
  const running = run(component, {
    args: ["sockets-rust", ...args],
    network: on && { tcp: true, udp: true, lookup: true, ...on },
    stdout: (chunk) => void (out += Buffer.from(chunk).toString()),
    stderr: (chunk) => void (err += Buffer.from(chunk).toString()),
  });
  const ended = running.then(({ exitCode }) => {
    assert.equal(exitCode, 0, err);
    return out;
  });
  ended.catch(() => {});
  return { said: () => out, ended };
}

/** Where a server says that it listens. */
async function listening(server: Program): Promise<string> {
  for (;;) {
    const said = /listening at (\S+)/.exec(server.said());
    if (said?.[1] !== undefined) return said[1];
    // oxlint-disable-next-line no-await-in-loop -- until it has said so
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const NETWORKS: Readonly<Record<string, () => NetworkOptions>> = {
  "the system's network": () => ({}),
  "a network in memory": () => ({ on: new MemoryNetwork() }),
};

for (const [where, network] of Object.entries(NETWORKS)) {
  for (const what of ["tcp", "udp", "refused", "refused-in-time"]) {
    test(`std::net, ${what}, on ${where}`, async () => {
      assert.equal(await start([what], network()).ended, `${what} ok\n`);
    });
  }

  test(`a server and its clients, all of them guests, on ${where}`, async () => {
    const shared = network();
    const [clients, bytes] = [8, 300_000];
    const server = start(["echo", "127.0.0.1:0", String(clients)], shared);
    const at = await listening(server);
    const sending = Array.from({ length: clients }, () => start(["send", at, String(bytes)], shared));
    for (const said of await Promise.all(sending.map(({ ended }) => ended))) {
      assert.equal(said, `sent Ok(())\nread Ok(()) of ${bytes}\n`);
    }
    assert.match(await server.ended, new RegExp(`echoed ${clients * bytes} bytes to ${clients} clients`));
  });
}

/** What a guest that connects with a time is told of a connection which is decided on while it waits. */
const DECIDED_LATE: readonly (readonly [name: string, isThere: boolean, isPermitted: boolean, says: string])[] = [
  ["it comes about", true, true, "None\ntrue\n"],
  ["it is not permitted", true, false, "Some(PermissionDenied)\nfalse\n"],
  ["it is refused", false, true, "Some(ConnectionRefused)\nfalse\n"],
];

for (const [name, isThere, isPermitted, says] of DECIDED_LATE) {
  test(`a connection with a time, on which a check decides late: ${name}`, async (t) => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    t.after(() => void server.close());
    if (!isThere) {
      server.close();
      await once(server, "close");
    }
    const check: NetworkOptions["check"] = async (_, use) => {
      if (use !== "tcp-connect") return true;
      // The guest has begun to wait long before that.
      for (let turn = 0; turn < 20; turn++) {
        // oxlint-disable-next-line no-await-in-loop -- turn by turn
        await new Promise((resolve) => setImmediate(resolve));
      }
      return isPermitted;
    };
    assert.equal(await start(["decided-late", `127.0.0.1:${port}`], { check }).ended, says);
  });
}

test("std::net without a network", async () => {
  assert.equal(await start(["denied"], false).ended, "denied ok\n");
});

test("a guest that serves, and clients of the system that end, leave early, or are reset", async () => {
  const server = start(["echo", "127.0.0.1:0", "3"]);
  const port = Number((await listening(server)).split(":")[1]);
  const client = (): Socket => connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const whole = client();
  const sent = new Uint8Array(1_000_000).fill(7);
  let came = 0;
  whole.on("data", (chunk: Buffer) => void (came += chunk.length));
  whole.end(sent);
  await once(whole, "end");
  assert.equal(came, sent.length);
  const early = client();
  early.on("error", () => {});
  await once(early, "connect");
  early.write(sent);
  await once(early, "readable");
  early.destroy();
  const reset = client();
  await once(reset, "connect");
  reset.resetAndDestroy();
  assert.match(await server.ended, /to 3 clients/);
});

/** What a guest that sends 200,000 bytes to an echo server says of a line that fails. Its libc tells no failure from another. */
const ON_BAD_LINES: readonly (readonly [name: string, faults: { toServer?: Fault; toClient?: Fault }, says: RegExp])[] =
  [
    ["the answer is cut", { toClient: { what: "cut", afterBytes: 1000 } }, /^sent .*\nread Ok\(\(\)\) of 1000\n$/],
    [
      "the answer ends early",
      { toClient: { what: "end", afterBytes: 1000 } },
      /^sent Ok\(\(\)\)\nread Ok\(\(\)\) of 1000\n$/,
    ],
    [
      "the line is reset at once",
      { toServer: { what: "reset", afterBytes: 0 } },
      /^sent .*\nread Err\(Uncategorized\) of 0\n$/,
    ],
    [
      "the line is reset later",
      { toClient: { what: "reset", afterBytes: 5000 } },
      /^sent .*\nread Err\(Uncategorized\) of \d+\n$/,
    ],
  ];

for (const [name, faults, says] of ON_BAD_LINES) {
  test(`a guest on a bad line: ${name}`, async (t) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      socket.pipe(socket);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const proxy = await FaultProxy.before({ family: "ipv4", ip: "127.0.0.1", port }, faults);
    t.after(() => {
      proxy.close();
      server.close();
    });
    assert.match(await start(["send", `127.0.0.1:${proxy.address.port}`, "200000"]).ended, says);
  });
}
