/** A program with the sockets of WASI 0.3: alone, with others of its kind, with programs of the system, and at limits. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import {
  compile,
  InternalError,
  MemoryNetwork,
  PeerClosed,
  run,
  Trap,
  type Limits,
  type NetworkOptions,
  type NetworkPorts,
  type SocketAddress,
  type TcpConnection,
} from "../../src/index.ts";
import { FakeClock } from "../../src/testing/index.ts";
import { FaultProxy, type Fault } from "../wasi/sockets/fault-proxy.ts";

const component = await compile(await readFile(new URL("built/sockets-p3.wasm", import.meta.url)));

interface Program {
  /** What it has printed so far. */
  readonly said: () => string;
  /** Resolves with all that it printed. */
  readonly ended: Promise<string>;
}

interface Given {
  readonly network?: NetworkOptions | false;
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal;
}

function start(args: readonly string[], { network = {}, limits, signal }: Given = {}): Program {
  let said = "";
  const ended = run(component, {
    args: ["sockets-p3", ...args],
    network: network && { tcp: true, udp: true, lookup: true, ...network },
    stdout: (chunk) => void (said += Buffer.from(chunk).toString()),
    ...(limits && { limits }),
    ...(signal && { signal }),
  }).then(() => said);
  ended.catch(() => {});
  return { said: () => said, ended };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits until a program has said something. */
async function saying(program: Program, what: RegExp): Promise<string> {
  for (;;) {
    const said = what.exec(program.said());
    if (said) return said[1] ?? "";
    // oxlint-disable-next-line no-await-in-loop -- until it has said so
    await turn();
  }
}

/** Gives the port. It is closed at the end of the test, with all connections. */
async function serve(t: TestContext, onPeer: (peer: Socket) => void): Promise<string> {
  const all = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (peer) => {
    all.add(peer);
    peer.on("error", () => {});
    onPeer(peer);
  }).listen(0, "127.0.0.1");
  t.after(() => {
    server.close();
    for (const peer of all) peer.destroy();
  });
  await once(server, "listening");
  return String((server.address() as AddressInfo).port);
}

const NETWORKS: Readonly<Record<string, () => NetworkOptions>> = {
  "the system's network": () => ({}),
  "a network in memory": () => ({ on: new MemoryNetwork() }),
};

for (const [where, network] of Object.entries(NETWORKS)) {
  for (const what of ["tcp", "udp", "udp-give-up"]) {
    test(`WASI 0.3, ${what}, on ${where} [14.3] [14.9]`, async () => {
      assert.equal(await start([what], { network: network() }).ended, `${what} ok\n`);
    });
  }

  test(`a stream that a socket gives is one that a socket sends, on ${where}`, async () => {
    const { ended } = start(["splice", "3000000"], { network: network() });
    assert.equal(await ended, "given back Ok(()), sent Ok(()), received Ok(())\n");
  });

  test(`a server of WASI 0.3 and its clients, on ${where}`, async () => {
    const shared = network();
    const server = start(["echo", "6"], { network: shared });
    const at = await saying(server, /listening at (\d+)/);
    const clients = Array.from({ length: 6 }, () => start(["send", at, "300000"], { network: shared }));
    for (const said of await Promise.all(clients.map(({ ended }) => ended))) {
      assert.equal(said, "sent Ok(()), read 300000 Ok(())\n");
    }
    assert.equal(await server.ended, `listening at ${at}\n${"Ok(())\n".repeat(6)}`);
  });

  test(`nobody listens, on ${where}`, async () => {
    const said = await start(["connect", "1"], { network: network() }).ended;
    assert.equal(said, "Err(ErrorCode::ConnectionRefused)\n".repeat(2));
    const udp = await start(["udp-refused", "1"], { network: network() }).ended;
    assert.equal(udp, "Err(ErrorCode::ConnectionRefused)\n");
  });
}

test("what is not granted is denied [14.1]", async () => {
  const [tcp, udp, lookup] = [
    "Err(ErrorCode::AccessDenied)\n",
    "Err(ErrorCode::AccessDenied)\n",
    "Err(ErrorCode::PermanentResolverFailure)\n",
  ];
  assert.equal(await start(["denied"], { network: false }).ended, tcp + udp + lookup);
  const some = { udp: false, lookup: false, on: new MemoryNetwork() };
  assert.equal(await start(["denied"], { network: some }).ended, `Ok(())\n${udp}${lookup}`);
});

test("rules and checks are asked as in WASI 0.2 [14.2]", async () => {
  const uses: string[] = [];
  const check = ({ ip, port }: SocketAddress, use: string): boolean => {
    uses.push(`${use} ${ip}:${port === 0 ? 0 : "PORT"}`);
    return true;
  };
  assert.equal(
    await start(["splice", "10"], { network: { on: new MemoryNetwork(), check } }).ended.then(Boolean),
    true,
  );
  assert.deepEqual(uses, [
    "tcp-bind 127.0.0.1:0",
    "tcp-listen 127.0.0.1:PORT",
    "tcp-bind 0.0.0.0:0",
    "tcp-connect 127.0.0.1:PORT",
    "tcp-accept 127.0.0.1:PORT",
  ]);
  for (const [rules, says] of [
    [{ connect: ["192.0.2.1"] }, "Err(ErrorCode::AccessDenied)\nErr(ErrorCode::AccessDenied)\n"],
    [{ check: async () => Promise.resolve(false) }, "Err(ErrorCode::AccessDenied)\nErr(ErrorCode::AccessDenied)\n"],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.equal(await start(["connect", "80"], { network: { on: new MemoryNetwork(), ...rules } }).ended, says);
  }
  const nowhere = { on: new MemoryNetwork(), listen: [] };
  assert.equal(await start(["echo", "1"], { network: nowhere }).ended, "ErrorCode::AccessDenied\n");
});

/** What a guest that sends 200,000 bytes to a server that gives them back says of a line that fails. */
const ON_BAD_LINES: readonly (readonly [name: string, faults: { toServer?: Fault; toClient?: Fault }, says: RegExp])[] =
  [
    ["the answer ends early", { toClient: { what: "end", afterBytes: 1000 } }, /^sent Ok.*, read 1000 Ok\(\(\)\)\n$/],
    [
      "the answer is reset",
      { toClient: { what: "reset", afterBytes: 5000 } },
      /^sent .*, read \d+ Err\(ErrorCode::ConnectionReset\)\n$/,
    ],
    [
      "the line is reset at once",
      { toServer: { what: "reset", afterBytes: 0 } },
      /^sent .*, read 0 Err\(ErrorCode::ConnectionReset\)\n$/,
    ],
  ];

for (const [name, faults, says] of ON_BAD_LINES) {
  test(`a guest of WASI 0.3 on a bad line: ${name} [14.4]`, async (t) => {
    const port = Number(await serve(t, (peer) => void peer.pipe(peer)));
    const proxy = await FaultProxy.before({ family: "ipv4", ip: "127.0.0.1", port }, faults);
    t.after(() => proxy.close());
    assert.match(await start(["send", String(proxy.address.port), "200000"]).ended, says);
  });
}

test("on a network that breaks connections each is whole or told to be broken, at both ends", async () => {
  let broken = 0;
  for (let seed = 0n; seed < 8n; seed++) {
    const network = { on: new MemoryNetwork({ resets: 0.03, seed }) };
    const server = start(["echo", "4"], { network });
    // oxlint-disable-next-line no-await-in-loop -- one network after the other
    const at = await saying(server, /listening at (\d+)/);
    const clients = Array.from({ length: 4 }, () => start(["send", at, "300000"], { network }).ended);
    // oxlint-disable-next-line no-await-in-loop -- as above
    const [served, ...said] = await Promise.all([server.ended, ...clients]);
    for (const one of said) {
      assert.match(
        one,
        /^sent Ok\(\(\)\), read 300000 Ok\(\(\)\)\n$|^sent .*, read \d+ Err\(ErrorCode::ConnectionReset\)\n$/,
      );
      if (one.includes("Err")) broken++;
    }
    assert.match(
      served,
      /^listening at \d+\n(?:Ok\(\(\)\)\n|Err\(ErrorCode::Connection(?:Reset|Broken|Aborted)\)\n){4}$/,
    );
  }
  assert.ok(broken > 0 && broken < 32, `${broken} of 32`);
});

test("a peer who reads nothing stops the guest, and what it took is delivered when the guest has ended", async (t) => {
  let peer: Socket | undefined;
  const port = await serve(t, (socket) => void (peer = socket.pause()));
  const program = start(["fill", port]);
  const taken = Number(await saying(program, /taken (\d+)/));
  assert.ok(taken > 0 && taken < 64 * 1024 * 1024, `${taken} bytes`);
  let came = 0;
  peer?.on("data", (chunk: Buffer) => void (came += chunk.length)).resume();
  await Promise.all([once(peer ?? assert.fail(), "end"), program.ended]);
  assert.equal(came, taken);
});

test("a peer who reads nothing stops the guest at what the network and its stream hold [14.6]", async () => {
  const network = new MemoryNetwork();
  const server = start(["peers", "2"], { network: { on: network } });
  const at = await saying(server, /listening at (\d+)/);
  const program = start(["fill", at], { network: { on: network }, limits: { bufferBytes: 100_000 } });
  assert.equal(await saying(program, /taken (\d+)/), String(64 * 1024 + 100_000));
});

test("what was taken is sent, whoever ends before that [14.6]", async (t) => {
  let came = 0;
  const whole = new Promise((resolve) => {
    void serve(t, (peer) => {
      peer.on("data", (chunk: Buffer) => void (came += chunk.length));
      peer.on("end", resolve);
    }).then((port) => start(["leave", port, "2000000"]).ended);
  });
  await whole;
  assert.equal(came, 2_000_000);
});

test("a stream that is sent on is let go of when nobody takes it any more [14.7]", async (t) => {
  const from = await serve(t, (peer) => {
    const more = (): void => void peer.write(new Uint8Array(65_536), (error) => error ?? more());
    more();
  });
  const to = await serve(t, (peer) => void peer.once("data", () => peer.resetAndDestroy()));
  const said = await start(["relay", from, to]).ended;
  assert.match(said, /^sent Err\(ErrorCode::Connection(?:Broken|Reset)\)\nreceived Ok\(\(\)\)\n$/);
});

test("a stream that is sent on and fails is no whole one: its reader is reset [14.5]", async (t) => {
  const source = Promise.withResolvers<Socket>();
  const reader = Promise.withResolvers<Socket>();
  const from = await serve(t, source.resolve);
  const to = await serve(t, reader.resolve);
  const relay = start(["relay", from, to]);
  const [sending, reading] = await Promise.all([source.promise, reader.promise]);
  sending.write("the first half");
  const [bytes] = (await once(reading, "data")) as [Buffer];
  assert.equal(bytes.toString(), "the first half");
  reading.on("end", () => assert.fail("its end"));
  sending.resetAndDestroy();
  const [error] = (await once(reading, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNRESET");
  assert.equal(await relay.ended, "sent Err(ErrorCode::ConnectionAborted)\nreceived Err(ErrorCode::ConnectionReset)\n");
});

test("a connection that goes on by itself ends with the guest [14.7]", async () => {
  const on = new MemoryNetwork();
  const program = start(["abandon"], { network: { on } });
  const port = Number(await saying(program, /listening at (\d+)/));
  const peer = await on.tcp.open("ipv4").connect({ family: "ipv4", ip: "127.0.0.1", port }, on.tcp.defaults());
  await program.ended;
  await turn();
  assert.equal(peer.source.read(1), null);
  assert.throws(() => peer.sink.write(Uint8Array.of(1)), PeerClosed);
});

test("who is connected to a guest that is ended from outside is reset [14.7]", async () => {
  const on = new MemoryNetwork();
  const over = new AbortController();
  const program = start(["peers", "2"], { network: { on }, signal: over.signal });
  const port = Number(await saying(program, /listening at (\d+)/));
  const connected = (): Promise<TcpConnection> =>
    on.tcp.open("ipv4").connect({ family: "ipv4", ip: "127.0.0.1", port }, on.tcp.defaults());
  // The guest reads from the first, and has used neither stream of the second.
  const peers = [await connected(), await connected()];
  await saying(program, /full/);
  over.abort(new Error("enough"));
  await assert.rejects(program.ended, /enough/);
  for (const { source } of peers) assert.throws(() => source.read(1), { code: "ECONNRESET" });
});

test("a connection that is given up is none, and its socket of no use [14.2]", async () => {
  const clock = new FakeClock();
  const on = new MemoryNetwork({ latencyNs: 1_000n, clock });
  const server = start(["peers", "2"], { network: { on } });
  const at = await saying(server, /listening at (\d+)/);
  const program = start(["give-up", at], { network: { on } });
  await saying(program, /Err\(ErrorCode::InvalidState\) Err\(ErrorCode::InvalidState\)\n/);
  while (!program.said().includes("connected")) {
    clock.advance(1_000n);
    // oxlint-disable-next-line no-await-in-loop -- until it is
    await turn();
  }
  await program.ended;
});

test("peers count as sockets: those beyond the limit are reset, and the stream goes on [14.8]", async () => {
  const program = start(["peers", "2"], { limits: { sockets: 3 } });
  const port = Number(await saying(program, /listening at (\d+)/));
  const peers = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
  await saying(program, /full/);
  const late = connect(port, "127.0.0.1");
  const [error] = (await once(late, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNRESET");
  peers[0]?.write("go on");
  await Promise.all(peers.map((peer) => once(peer.resume(), "close")));
  connect(port, "127.0.0.1").on("error", () => {});
  assert.match(await program.ended, /one more\n$/);
});

test("a guest that waits for a peer, and has no place for one more handle, traps [14.8]", async () => {
  const program = start(["peers", "8"], { limits: { resources: 8 } });
  const port = Number(await saying(program, /listening at (\d+)/));
  const peers = Array.from({ length: 8 }, () =>
    connect(port, "127.0.0.1")
      .on("error", () => {})
      .resume(),
  );
  const gone = Promise.all(peers.map((peer) => new Promise((resolve) => peer.on("close", resolve))));
  await assert.rejects(program.ended, (error) => error instanceof Trap && error.rule === "1.2");
  await gone;
});

test("a check that throws ends the guest, as a fault of the host's", async () => {
  for (const wanted of ["tcp-bind", "tcp-listen", "tcp-connect", "tcp-accept", "udp-bind", "udp-send", "udp-receive"]) {
    const fault = new Error(wanted);
    for (const answer of [() => assert.fail(fault), () => Promise.reject(fault)]) {
      const check = (_: SocketAddress, use: string): boolean | Promise<boolean> => use !== wanted || answer();
      const args = wanted.startsWith("tcp") ? ["splice", "10"] : ["udp"];
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(
        start(args, { network: { on: new MemoryNetwork(), check } }).ended,
        (error) => error instanceof InternalError && error.cause === fault,
        wanted,
      );
    }
  }
});

test("a guest has as many sockets as its limit says [14.1]", async () => {
  const said = await start(["many", "5"], { limits: { sockets: 3 } }).ended;
  assert.equal(said, '3 of 5, Some(ErrorCode::Other(Some("new-socket-limit")))\n');
});

test("datagrams that wait to be sent are held up to limits.datagramBytes [14.9]", async () => {
  const memory = new MemoryNetwork();
  const left: (() => void)[] = [];
  /** Everything waits for room until somebody says so. */
  const on: NetworkPorts = {
    ...{ tcp: memory.tcp, lookup: memory.lookup },
    udp: {
      open(family, events) {
        const handle = memory.udp.open(family, events);
        handle.send = (_data, _to, report) => {
          report.queued();
          left.push(() => report.left());
        };
        return handle;
      },
    },
  };
  const program = start(["udp-flood", "9", "40"], { network: { on }, limits: { datagramBytes: 256 * 1024 } });
  while (program.said() === "") {
    left.shift()?.();
    // oxlint-disable-next-line no-await-in-loop -- until it has said so
    await turn();
  }
  const [, sent] = /^(\d+) of 40, Some\(ErrorCode::OutOfMemory\)\n$/.exec(await program.ended) ?? [];
  assert.ok(Number(sent) >= 8 && Number(sent) < 20, `${sent}`);
});

test("what a connection carried is told of both directions", async () => {
  const network = { tcp: true, on: new MemoryNetwork() };
  const { stats } = await run(component, { args: ["", "splice", "300000"], network });
  const [client, server, ...others] = stats.sockets?.each ?? [];
  assert.deepEqual([others, client?.remote], [[], server?.local]);
  for (const way of [client?.sent, client?.received, server?.sent, server?.received]) {
    assert.equal(way?.bytes, 300_000);
    assert.ok(way.calls >= 5 && way.calls < 1000 && way.waits > 0, JSON.stringify(way));
  }
});

test("a trace shows calls that took a while, when they are over", async () => {
  const calls: string[] = [];
  const trace = (name: string, _values: readonly unknown[], outcome: string): void => {
    if (name.startsWith("wasi:sockets")) calls.push(`${name.slice(13)} ${outcome}`);
  };
  const network = { tcp: true, udp: true, on: new MemoryNetwork() };
  await run(component, { args: ["", "connect", "1"], network, trace });
  await run(component, { args: ["", "udp-give-up"], network, trace });
  const ofTcp = "types#[method]tcp-socket.";
  const ofUdp = "types#[method]udp-socket.";
  assert.deepEqual(
    calls.filter((call) => /\.(?:connect|receive|send) /.test(call)).map((call) => call.split(", {")[0]),
    [
      `${ofTcp}connect ! { tag: "connection-refused" }`,
      `${ofUdp}receive given up`,
      `${ofUdp}send = ()`,
      `${ofUdp}receive = [4 bytes`,
    ],
  );
});

test("names and addresses [14.10]", async () => {
  const on = new MemoryNetwork();
  on.host("two.example", "10.0.0.1", "fd00::1");
  const said = await start(["lookup", "two.example", "127.1", "[::1]", "none.example", "a b"], { network: { on } })
    .ended;
  assert.equal(
    said,
    `two.example: 10.0.0.1 fd00::1
127.1: 127.0.0.1
[::1]: ::1
none.example: ErrorCode::NameUnresolvable
a b: ErrorCode::InvalidArgument
`,
  );
});
