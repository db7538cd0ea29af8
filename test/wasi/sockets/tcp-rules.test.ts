/** What a TCP socket says of addresses, options and a system that fails: rule by rule, on a network that is the test's to play, and others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeTcp } from "../../../src/hosts/node/net/tcp.ts";
import { complete } from "../../../src/io/steps.ts";
import { InternalError } from "../../../src/io/trap.ts";
import type { Family, SocketAddress } from "../../../src/wasi/sockets/address.ts";
import { MemoryNetwork } from "../../../src/wasi/sockets/memory-network.ts";
import { changed, nanoseconds } from "../../../src/wasi/sockets/tcp-options.ts";
import type { TcpPort } from "../../../src/wasi/sockets/tcp-port.ts";
import type { TcpSocket } from "../../../src/wasi/sockets/tcp-socket.ts";
import { loopTurn } from "./loop-turn.ts";
import { LOCAL, outcomeOf, PEER } from "./support.ts";
import { Counted, failureOf, FakeConnection, FakeTcp, soon, tcpOn } from "./tcp-support.ts";

const familyOf = (ip: string): Family => (ip.includes(":") ? "ipv6" : "ipv4");
const at = (ip: string, port = 1000): SocketAddress => ({ family: familyOf(ip), ip, port });

async function bindOutcome(socket: TcpSocket, address: SocketAddress): Promise<string> {
  const binding = complete(socket.startBind(address));
  const [result] = await Promise.allSettled([binding]);
  return outcomeOf(() => {
    if (result.status === "rejected") throw result.reason;
  });
}

/** A socket that listens on a network that does what it is told. */
async function listening(tcp: FakeTcp, counted = new Counted()): Promise<TcpSocket> {
  const socket = tcpOn(tcp, () => true, counted);
  await complete(socket.startBind(LOCAL));
  socket.finishBind();
  await complete(socket.startListen());
  socket.finishListen();
  return socket;
}

const NETWORKS: Readonly<Record<string, () => TcpPort>> = {
  "Node's": () => nodeTcp,
  "in memory": () => new MemoryNetwork().tcp,
};

/** Addresses that no TCP socket of a family can have, or connect to. */
const NOBODYS: readonly (readonly [family: Family, ip: string])[] = [
  ["ipv4", "224.0.0.1"],
  ["ipv4", "239.255.255.255"],
  ["ipv4", "255.255.255.255"],
  ["ipv4", "::1"],
  ["ipv6", "ff02::1"],
  ["ipv6", "127.0.0.1"],
  ["ipv6", "::ffff:127.0.0.1"],
  ["ipv6", "::127.0.0.1"],
];

for (const [where, network] of Object.entries(NETWORKS)) {
  test(`9.3 an address that is not of one host of the family is refused, and nobody is asked (${where})`, async () => {
    const refuse = (): boolean => assert.fail("asked");
    for (const [family, ip] of NOBODYS) {
      const socket = new Counted().socket(network(), family, refuse);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal(await bindOutcome(socket, at(ip)), "invalid-argument", `bind ${ip}`);
      assert.equal(
        outcomeOf(() => socket.startConnect(at(ip))),
        "invalid-argument",
        `connect ${ip}`,
      );
      void socket.drop();
    }
  });

  test(`9.4 who is connected to has an address and a port (${where})`, () => {
    for (const [family, remote] of [
      ["ipv4", at("0.0.0.0")],
      ["ipv4", at("127.0.0.1", 0)],
      ["ipv6", at("::")],
      ["ipv6", at("::ffff:0.0.0.0")],
      ["ipv6", at("::1", 0)],
    ] as const) {
      const socket = new Counted().socket(network(), family, () => assert.fail("asked"));
      assert.equal(
        outcomeOf(() => socket.startConnect(remote)),
        "invalid-argument",
        remote.ip,
      );
      void socket.drop();
    }
  });

  test(`9.4 a socket that is not bound is asked for as one that binds to any port of all addresses (${where})`, async () => {
    const asked: string[] = [];
    const socket = new Counted().socket(network(), "ipv4", ({ ip, port }, use) => {
      asked.push(`${use} ${ip} ${port}`);
      return use !== "tcp-bind";
    });
    socket.startConnect(PEER);
    while (!socket.ready()) {
      // oxlint-disable-next-line no-await-in-loop -- until it is decided
      await loopTurn();
    }
    assert.equal(
      outcomeOf(() => socket.finishConnect()),
      "access-denied",
    );
    assert.deepEqual(asked, ["tcp-bind 0.0.0.0 0"]);
    void socket.drop();
  });
}

test("9.1 a socket for which the system has no place is new-socket-limit, and counts as none", () => {
  const tcp = new FakeTcp();
  const counted = new Counted();
  for (const errno of ["EMFILE", "ENFILE"]) {
    tcp.open = () => {
      throw failureOf(errno);
    };
    assert.equal(
      outcomeOf(() => void tcpOn(tcp, () => true, counted)),
      "new-socket-limit",
    );
  }
  assert.equal(counted.open, 0);
});

/** What Linux says of a peer that is gone before somebody took him. */
const GONE = ["ECONNRESET", "ENETRESET", "EHOSTUNREACH", "EHOSTDOWN", "ENETDOWN", "ENETUNREACH", "EPROTO"];

test("9.6 a peer who is gone before he is accepted is connection-aborted, once, and the next one is accepted", async () => {
  const tcp = new FakeTcp();
  const socket = await listening(tcp);
  for (const errno of [...GONE, "ENOPROTOOPT", "ENONET", "EOPNOTSUPP"]) {
    tcp.events?.failed(failureOf(errno));
    assert.equal(socket.ready(), true, errno);
    assert.equal(
      outcomeOf(() => socket.accept()),
      "connection-aborted",
      errno,
    );
    assert.equal(
      outcomeOf(() => socket.accept()),
      "would-block",
      errno,
    );
  }
  tcp.events?.arrived(new FakeConnection());
  await soon();
  assert.deepEqual(socket.accept().remoteAddress(), PEER);
});

test("9.6 what else accepting fails with is the guest's to hear of, and what is no error of a system is a fault", async () => {
  const tcp = new FakeTcp();
  const socket = await listening(tcp);
  tcp.events?.failed(failureOf("EMFILE"));
  assert.equal(
    outcomeOf(() => socket.accept()),
    "new-socket-limit",
  );
  tcp.events?.failed(new InternalError("network.tcp.listen", new Error("broken")));
  assert.throws(() => socket.accept(), InternalError);
});

test("9.11 times of keep-alive are whole seconds, rounded up, and no more than there are", () => {
  const set = (ns: bigint): unknown[] => [changed.idle(ns), changed.interval(ns)].flatMap(Object.values);
  assert.deepEqual(set(1n), [1, 1]);
  assert.deepEqual(set(nanoseconds(1)), [1, 1]);
  assert.deepEqual(set(nanoseconds(1) + 1n), [2, 2]);
  assert.deepEqual(set(nanoseconds(32_767)), [32_767, 32_767]);
  assert.deepEqual(set(nanoseconds(32_767) + 1n), [32_767, 32_767]);
  assert.deepEqual(set(2n ** 64n - 1n), [32_767, 32_767]);
});

test("9.11 counts and sizes that are too large are the largest there are", () => {
  const most = 2 ** 31 - 1;
  assert.deepEqual(changed.count(1), { keepAliveCount: 1 });
  assert.deepEqual(changed.count(128), { keepAliveCount: 127 });
  assert.deepEqual(changed.count(2 ** 32 - 1), { keepAliveCount: 127 });
  assert.deepEqual(changed.hopLimit(255), { hopLimit: 255 });
  for (const value of [most, most + 1, Number.MAX_SAFE_INTEGER]) {
    assert.deepEqual(changed.receiveBuffer(value), { receiveBufferBytes: most });
    assert.deepEqual(changed.sendBuffer(value), { sendBufferBytes: most });
  }
});

test("9.11 a backlog that is too large is the largest there is, and one that is set while it listens holds at once", async () => {
  const tcp = new FakeTcp();
  const counted = new Counted(10_000);
  const socket = await listening(tcp, counted);
  socket.setBacklog(Number.MAX_SAFE_INTEGER);
  const peers = Array.from({ length: 4098 }, () => new FakeConnection());
  for (const peer of peers) tcp.events?.arrived(peer);
  assert.equal(peers.filter(({ ended }) => ended === "reset").length, 2);
  socket.setBacklog(1);
  socket.accept();
  const late = new FakeConnection();
  tcp.events?.arrived(late);
  assert.equal(late.ended, "reset");
});
