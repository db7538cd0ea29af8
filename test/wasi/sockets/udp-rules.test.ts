/** Which addresses a UDP socket takes: on a network that only says what it was asked, so that nothing is sent anywhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Family, SocketAddress } from "../../../src/wasi/sockets/address.ts";
import { MemoryNetwork } from "../../../src/wasi/sockets/memory-network.ts";
import { UdpSocket } from "../../../src/wasi/sockets/udp-socket.ts";
import { FakeUdp, now, outcomeOf, SETTINGS } from "./support.ts";

const at = (ip: string, port = 1000): SocketAddress => ({ family: ip.includes(":") ? "ipv6" : "ipv4", ip, port });

function socketOf(family: Family, port = new FakeUdp()): UdpSocket {
  return new UdpSocket(port, family, () => true, SETTINGS);
}

/** For many, and no peer of a connection: UDP takes them, and TCP does not. */
const OF_MANY: readonly (readonly [family: Family, ip: string])[] = [
  ["ipv4", "224.0.0.251"],
  ["ipv4", "239.255.255.255"],
  ["ipv4", "255.255.255.255"],
  ["ipv6", "ff02::fb"],
];

const WRONG: readonly (readonly [family: Family, ip: string])[] = [
  ["ipv4", "::1"],
  ["ipv6", "127.0.0.1"],
  ["ipv6", "::ffff:127.0.0.1"],
  ["ipv6", "::127.0.0.1"],
];

for (const [family, ip] of OF_MANY) {
  test(`10.2 10.3 10.6 ${ip} can be bound to, sent to, and be a peer: the system has the last word`, () => {
    const port = new FakeUdp();
    now(socketOf(family, port).startBind(at(ip)));
    assert.deepEqual(port.binds, [at(ip)]);
    const socket = socketOf(family, port);
    now(socket.startBind(at(family === "ipv4" ? "127.0.0.1" : "::1")));
    const [incoming, outgoing] = now(socket.stream(undefined));
    outgoing.checkSend();
    assert.equal(now(outgoing.send([{ data: new Uint8Array(1), to: at(ip) }])), 1);
    assert.deepEqual(port.sends[0]?.to, at(ip));
    // As Linux has it of a broadcast by a socket that did not ask for it, and Wasmtime's do not.
    port.onSend = () => {
      throw Object.assign(new Error("EACCES"), { code: "EACCES" });
    };
    outgoing.checkSend();
    assert.equal(
      outcomeOf(() => now(outgoing.send([{ data: new Uint8Array(1), to: at(ip) }]))),
      "access-denied",
    );
    incoming.drop();
    outgoing.drop();
    now(socket.stream(at(ip)));
    assert.deepEqual(socket.remoteAddress(), at(ip));
  });
}

test("10.2 a network that has no such address says so, and not that the address is none", () => {
  for (const [family, ip] of OF_MANY) {
    const socket = new UdpSocket(new MemoryNetwork().udp, family, () => true, SETTINGS);
    assert.equal(
      outcomeOf(() => now(socket.startBind(at(ip)))),
      "address-not-bindable",
      ip,
    );
  }
});

test("10.2 10.3 10.6 what is of the other family, mapped or compatible, is neither bound to nor sent to", () => {
  for (const [family, ip] of WRONG) {
    const socket = socketOf(family);
    const bind = (): void => now(socket.startBind(at(ip)));
    assert.equal(outcomeOf(bind), "invalid-argument", `bind ${ip}`);
    now(socket.startBind(at(family === "ipv4" ? "127.0.0.1" : "::1")));
    assertNoPeer(socket, at(ip));
  }
});

test("10.3 10.6 an address without an IP or a port is no peer", () => {
  for (const address of [at("0.0.0.0"), at("127.0.0.1", 0), at("::"), at("::1", 0)]) {
    const socket = socketOf(address.family);
    now(socket.startBind(at(address.family === "ipv4" ? "127.0.0.1" : "::1")));
    assertNoPeer(socket, address);
  }
});

function assertNoPeer(socket: UdpSocket, address: SocketAddress): void {
  const stream = (): void => void now(socket.stream(address));
  assert.equal(outcomeOf(stream), "invalid-argument", `stream ${address.ip}`);
  const [, outgoing] = now(socket.stream(undefined));
  outgoing.checkSend();
  const send = (): number => now(outgoing.send([{ data: new Uint8Array(1), to: address }]));
  assert.equal(outcomeOf(send), "invalid-argument", `send ${address.ip}`);
}
