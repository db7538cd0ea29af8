/** Addresses of links, as Node takes and tells them. */
import assert from "node:assert/strict";
import os, { type NetworkInterfaceInfo } from "node:os";
import { test, type TestContext } from "node:test";
import { addressOf, ownText, peerText } from "../../src/hosts/node/net/address.ts";
import type { SocketAddress } from "../../src/wasi/sockets/address.ts";

const skip = process.platform === "win32" && "Windows has links by number";

function info(address: string, scopeid: number): NetworkInterfaceInfo {
  return { family: "IPv6", address, scopeid, netmask: "", mac: "", internal: false, cidr: null };
}

/** A host with these links. */
function linked(t: TestContext): void {
  t.mock.method(os, "networkInterfaces", () => ({
    lo: [info("::1", 0)],
    eth0: [info("2001:db8::1", 0), info("fe80::1", 4)],
    "7": [info("fe80::2", 9)],
  }));
}

function of(ip: string, scopeId?: number): SocketAddress {
  return { family: "ipv6", ip, port: 80, ...(scopeId !== undefined && { scopeId }) };
}

test("a link is named, and what has none is as it is", { skip }, (t) => {
  linked(t);
  const texts = [
    of("fe80::5", 4),
    of("febf::5", 9),
    of("ff02::1", 4),
    of("ff31::1", 4),
    of("fe80::5"),
    of("fe80::5", 0),
  ];
  const expected = ["fe80::5%eth0", "febf::5%7", "ff02::1%eth0", "ff31::1%eth0", "fe80::5", "fe80::5"];
  assert.deepEqual(texts.map(ownText), expected);
  assert.deepEqual(texts.map(peerText), expected);
});

test("an address that is not of a link is the same on all of them", { skip }, (t) => {
  linked(t);
  for (const ip of ["::1", "2001:db8::5", "fd00::5", "ff05::1", "fec0::5"]) {
    assert.equal(peerText(of(ip, 77)), ip);
    assert.equal(ownText(of(ip, 4)), ip);
  }
});

test("a link that there is not is no other one", { skip }, (t) => {
  linked(t);
  assert.throws(() => ownText(of("fe80::5", 7)), { code: "EADDRNOTAVAIL", message: /there is no link 7/ });
  assert.throws(() => peerText(of("fe80::5", 7)), { code: "ENETUNREACH" });
});

test("the number of a link is told by whichever of its addresses has it", (t) => {
  linked(t);
  assert.deepEqual(addressOf("fe80::5%eth0", 80, "ipv6"), of("fe80::5", 4));
  assert.deepEqual(addressOf("fe80::5%7", 80, "ipv6"), of("fe80::5", 9));
  // Windows tells numbers.
  assert.deepEqual(addressOf("fe80::5%12", 80, "ipv6"), of("fe80::5", 12));
  assert.deepEqual(addressOf("fe80::5%gone", 80, "ipv6"), of("fe80::5", 0));
});
