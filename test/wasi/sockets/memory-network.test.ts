/** A network in memory: its hosts, what it loses, and how long it takes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PeerClosed, type Source } from "../../../src/io/ports.ts";
import { connectionPair, FakeClock, microtasks } from "../../../src/testing/index.ts";
import type { Family, SocketAddress } from "../../../src/wasi/sockets/address.ts";
import { MemoryNetwork } from "../../../src/wasi/sockets/memory-network.ts";
import type { NetworkPorts } from "../../../src/wasi/sockets/network.ts";
import type { TcpConnection } from "../../../src/wasi/sockets/tcp-port.ts";
import type { UdpHandle } from "../../../src/wasi/sockets/udp-port.ts";

interface Opened {
  readonly handle: UdpHandle;
  readonly came: string[];
}

function at(ip: string, port = 0): SocketAddress {
  return { family: ip.includes(":") ? "ipv6" : "ipv4", ip, port };
}

function open({ udp }: NetworkPorts, ip: string, port = 0): Opened {
  const came: string[] = [];
  const family: Family = ip.includes(":") ? "ipv6" : "ipv4";
  const handle = udp.open(family, {
    received: (data, from) => void came.push(`${data[0]} from ${from.ip}`),
    failed: (cause) => void came.push(cause instanceof Error && "code" in cause ? String(cause.code) : "?"),
    settled: () => {},
  });
  void handle.bind(at(ip, port));
  return { handle, came };
}

/** Sends a number, and says why it could not. */
function send({ handle }: Opened, number: number, to?: SocketAddress): unknown {
  try {
    handle.send(Uint8Array.of(number), to, { queued: () => {}, left: () => {} });
    return "ok";
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

test("hosts reach each other by their addresses, and nobody else's loopback", () => {
  const network = new MemoryNetwork();
  const [a, b] = [network.host("a", "10.0.0.1", "fd00::1"), network.host("b", "10.0.0.2", "fd00::2")];
  const server = open(b, "0.0.0.0", 53);
  const client = open(a, "0.0.0.0");
  assert.equal(send(client, 1, at("10.0.0.2", 53)), "ok");
  assert.deepEqual(server.came, ["1 from 10.0.0.1"]);
  assert.equal(send(client, 2, at("127.0.0.1", 53)), "ok");
  assert.deepEqual(server.came, ["1 from 10.0.0.1"]);
  assert.equal(send(client, 3, at("10.0.0.3", 53)), "ENETUNREACH");
  assert.equal(send(open(network, "0.0.0.0"), 4, at("10.0.0.2", 53)), "ENETUNREACH");
  assert.equal(send(open(a, "127.0.0.1"), 5, at("10.0.0.2", 53)), "EINVAL");
  const six = open(b, "fd00::2", 53);
  assert.equal(send(open(a, "::"), 6, at("fd00::2", 53)), "ok");
  assert.deepEqual(six.came, ["6 from fd00::1"]);
  assert.throws(() => open(a, "10.0.0.2"), /EADDRNOTAVAIL/);
});

test("the address of a socket that is bound to all is that by which its peer sees it", async () => {
  const network = new MemoryNetwork();
  const [a, b] = [network.host("a", "10.0.0.1"), network.host("b", "10.0.0.2")];
  const [client, server] = [open(a, "0.0.0.0"), open(b, "0.0.0.0", 53)];
  const { port } = client.handle.local();
  await client.handle.connect(at("10.0.0.2", 53));
  assert.deepEqual(client.handle.local(), at("10.0.0.1", port));
  assert.equal(send(client, 1), "ok");
  assert.deepEqual(server.came, ["1 from 10.0.0.1"]);
  await client.handle.connect(undefined);
  assert.deepEqual(client.handle.local(), at("0.0.0.0", port));
  assert.throws(() => void client.handle.connect(at("10.0.0.3", 1)), /ENETUNREACH/);
  assert.equal(send(client, 2), "EDESTADDRREQ");
});

test("one port is for one socket, or for one on each address", () => {
  const network = new MemoryNetwork();
  const a = network.host("a", "10.0.0.1");
  const [one, other] = [open(a, "10.0.0.1", 7), open(a, "127.0.0.1", 7)];
  assert.throws(() => open(a, "10.0.0.1", 7), /EADDRINUSE/);
  assert.throws(() => open(a, "0.0.0.0", 7), /EADDRINUSE/);
  const client = open(a, "0.0.0.0");
  send(client, 1, at("10.0.0.1", 7));
  send(client, 2, at("127.0.0.1", 7));
  assert.deepEqual([one.came, other.came], [["1 from 10.0.0.1"], ["2 from 127.0.0.1"]]);
  one.handle.close();
  other.handle.close();
  open(a, "0.0.0.0", 7);
});

test("all ports may be taken, and a new one is free again", () => {
  const network = new MemoryNetwork();
  const all: Opened[] = [];
  for (let count = 49_152; count < 65_536; count++) all.push(open(network, "127.0.0.1"));
  assert.equal(new Set(all.map(({ handle }) => handle.local().port)).size, 16_384);
  assert.throws(() => open(network, "127.0.0.1"), /EADDRINUSE/);
  const freed = all[100]?.handle;
  const port = freed?.local().port;
  freed?.close();
  assert.equal(open(network, "127.0.0.1").handle.local().port, port);
});

test("a connection has its port for as long as it is there, and no longer", async () => {
  const { tcp } = new MemoryNetwork();
  const listener = tcp.open("ipv4");
  await listener.bind(at("127.0.0.1", 80));
  await listener.listen(1, { arrived: (peer) => peer.reset(), failed: assert.fail });
  const ports = new Set<number>();
  // More than there are.
  for (let count = 0; count < 20_000; count++) {
    const handle = tcp.open("ipv4");
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const connection = await handle.connect(at("127.0.0.1", 80), tcp.defaults());
    const { port } = connection.local;
    ports.add(port);
    handle.close();
    assert.throws(() => void tcp.open("ipv4").bind(at("127.0.0.1", port)), /EADDRINUSE/);
    if (count % 2 === 0) void connection.close();
    else connection.reset();
  }
  assert.equal(ports.size, 16_384);
});

test("who has heard of a peer that gives up connecting hears of that too", async () => {
  const clock = new FakeClock();
  const { tcp } = new MemoryNetwork({ clock, latencyNs: 1000n });
  const listener = tcp.open("ipv4");
  await listener.bind(at("127.0.0.1", 80));
  const peers: TcpConnection[] = [];
  await listener.listen(1, { arrived: (peer) => void peers.push(peer), failed: assert.fail });
  const handle = tcp.open("ipv4");
  const connecting = handle.connect(at("127.0.0.1", 80), tcp.defaults());
  clock.advance(1000n);
  await microtasks();
  assert.equal(peers.length, 1);
  handle.close();
  clock.advance(1000n);
  await assert.rejects(connecting, { code: "ECANCELED" });
  clock.advance(1000n);
  assert.throws(() => peers[0]?.source.read(1), { code: "ECONNRESET" });
});

test("everything is under way for as long as it was said", () => {
  const clock = new FakeClock();
  const network = new MemoryNetwork({ clock, latencyNs: 1000n });
  const [one, other] = [open(network, "127.0.0.1"), open(network, "127.0.0.1")];
  const to = other.handle.local();
  send(one, 1, to);
  clock.advance(600n);
  send(one, 2, to);
  assert.deepEqual(other.came, []);
  clock.advance(400n);
  assert.deepEqual(other.came, ["1 from 127.0.0.1"]);
  other.handle.close();
  clock.advance(1000n);
  assert.deepEqual(other.came, ["1 from 127.0.0.1"]);
  // The word that nobody is there comes back as slowly.
  const third = open(network, "127.0.0.1");
  void third.handle.connect(to);
  send(third, 3);
  clock.advance(1000n);
  assert.deepEqual(third.came, []);
  clock.advance(1000n);
  assert.deepEqual(third.came, ["ECONNREFUSED"]);
  assert.deepEqual(one.came, []);
});

test("the same seed loses the same, about as many as it was told to", () => {
  const play = (seed: bigint, loss: number): string[] => {
    const network = new MemoryNetwork({ loss, seed });
    const [one, other] = [open(network, "127.0.0.1"), open(network, "127.0.0.1")];
    for (let number = 0; number < 250; number++) send(one, number, other.handle.local());
    return other.came;
  };
  assert.deepEqual(play(1n, 0.3), play(1n, 0.3));
  assert.notDeepEqual(play(1n, 0.3), play(2n, 0.3));
  assert.equal(play(1n, 0).length, 250);
  assert.equal(play(1n, 1).length, 0);
  const { length } = play(1n, 0.3);
  assert.ok(length > 125 && length < 225, `${length} of 250 arrived`);
});

test("names are those of its hosts, in any case", async () => {
  const network = new MemoryNetwork();
  const a = network.host("Db", "10.0.0.1", "fd00::1");
  for (const { lookup } of [network, a]) {
    assert.deepEqual(await lookup.lookup("db"), ["10.0.0.1", "fd00::1"]);
    assert.deepEqual(await lookup.lookup("DB."), ["10.0.0.1", "fd00::1"]);
    assert.deepEqual(await lookup.lookup("localhost"), ["127.0.0.1", "::1"]);
    await assert.rejects(lookup.lookup("constructor"), { code: "ENOTFOUND" });
  }
  await microtasks();
});

test("what makes no sense is refused, with what came", () => {
  const network = new MemoryNetwork();
  network.host("a", "10.0.0.1");
  assert.throws(() => network.host("A", "10.0.0.2"), /There is a host A already/);
  assert.throws(() => network.host("localhost"), /localhost/);
  assert.throws(() => network.host("b", "10.0.0.1"), /10\.0\.0\.1 already/);
  assert.throws(() => network.host("b", "nowhere"), /"nowhere" is no address of a host/);
  assert.throws(() => network.host("b", "127.0.0.1"), /"127\.0\.0\.1" is no address of a host/);
  assert.throws(() => new MemoryNetwork({ latencyNs: 1n }), /needs a clock/);
  assert.throws(() => new MemoryNetwork({ latencyNs: -1n }), /latency of -1/);
  for (const loss of [-0.1, 1.1, Number.NaN]) assert.throws(() => new MemoryNetwork({ loss }), /loss must be a number/);
});

test("what was sent has arrived if the peer left nothing of it, whether it is still there or not", async () => {
  for (const [what, end, fails] of [
    ["read", ({ source, close }) => [source.read(10), close()], false],
    ["left", ({ close }) => close(), true],
    ["shut out", ({ source, close }) => [source.close(), close()], true],
    ["reset", ({ source, reset }) => [source.read(10), reset()], true],
  ] satisfies readonly [string, (far: Far) => unknown, boolean][]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { near, far } = await connectionPair(new MemoryNetwork().tcp);
    assert.equal(near.sink.write(Uint8Array.of(1)), 1);
    end({ source: far.source, close: () => far.close(), reset: () => far.reset() });
    if (fails) assert.throws(() => near.sink.flush(), PeerClosed, what);
    else assert.equal(near.sink.flush(), true, what);
    assert.throws(() => near.sink.write(Uint8Array.of(1)), PeerClosed, what);
  }
});

interface Far {
  readonly source: Source;
  readonly close: () => void;
  readonly reset: () => void;
}

test("a network that breaks connections resets both ends, and what was ended before has arrived", async () => {
  const { near, far } = await connectionPair(new MemoryNetwork({ resets: 1 }).tcp);
  await far.sink.close();
  assert.throws(() => near.sink.write(new Uint8Array(1)), /ECONNRESET|reset/);
  await microtasks();
  assert.equal(near.source.read(8), null);
  assert.throws(() => far.source.read(8), /reset/);
  assert.equal(far.source.read(8), null);
  assert.throws(() => new MemoryNetwork({ resets: 2 }), /resets must be a number from 0 to 1; got 2/);
});

for (const [options, message] of [
  [null, /^MemoryNetwork must be an object of latencyNs, clock, loss, resets, seed; got null$/],
  [{ lose: 0.5 }, /^MemoryNetwork: there is no lose; expected latencyNs, clock/],
  [{ latencyNs: 5 }, /: latencyNs must be a bigint of nanoseconds; got 5$/],
  [{ clock: {} }, /: clock must be a MonotonicClock; got /],
  [{ loss: "0.5" }, /: loss must be a number from 0 to 1; got "0.5"$/],
  [{ loss: 2 }, /: loss must be a number from 0 to 1; got 2$/],
  [{ resets: Number.NaN }, /: resets must be a number from 0 to 1; got NaN$/],
  [{ seed: 1 }, /: seed must be a bigint; got 1$/],
] as const) {
  test(`a network in memory says what is wrong with ${String(message)}`, () => {
    // @ts-expect-error -- what JavaScript may give
    assert.throws(() => new MemoryNetwork(options), { message });
  });
}

for (const address of [
  ...["0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.2", "::", "::1", "::ffff:10.0.0.1", "ff02::1"],
  ...["fe80::1%2", "10.0.0.256", "", undefined, 5],
]) {
  test(`${String(address)} is no address of a host in memory`, () => {
    assert.throws(
      // @ts-expect-error -- as above
      () => new MemoryNetwork().host("one", address),
      { name: "TypeError", message: /is no address of a host, such as 10\.0\.0\.1$/ },
    );
  });
}

test("a host in memory has a name, and each address once", () => {
  const network = new MemoryNetwork();
  for (const name of ["", undefined]) {
    // @ts-expect-error -- as above
    assert.throws(() => network.host(name, "10.0.0.1"), {
      name: "TypeError",
      message: /^The name of a host is a text/,
    });
  }
  assert.throws(() => network.host("one", "10.0.0.1", "10.0.0.1"), { name: "RangeError", message: /already/ });
});
