/** Rules of addresses: who may be reached, and where a guest may listen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ipAddress, type SocketAddress } from "../../../src/wasi/sockets/address.ts";
import type { LookupPort } from "../../../src/wasi/sockets/lookup.ts";
import { isPrivate, ruling, type NetworkRules } from "../../../src/wasi/sockets/rules.ts";
import type { SocketUse } from "../../../src/wasi/sockets/network.ts";

function at(ip: string, port = 80): SocketAddress {
  const address = ipAddress(ip);
  assert.ok(address);
  return { ...address, port };
}

function permits(rules: NetworkRules, use: SocketUse, ip: string, port?: number): unknown {
  return ruling(rules).check(at(ip, port), use);
}

test("without rules everything is permitted, and with empty ones nothing", () => {
  assert.equal(permits({}, "tcp-connect", "192.0.2.1"), true);
  assert.equal(permits({}, "tcp-listen", "0.0.0.0"), true);
  assert.equal(permits({ connect: [] }, "tcp-connect", "192.0.2.1"), false);
  assert.equal(permits({ listen: [] }, "tcp-listen", "0.0.0.0"), false);
});

for (const [rule, ip, port, expected] of [
  ["192.0.2.1", "192.0.2.1", 80, true],
  ["192.0.2.1", "192.0.2.2", 80, false],
  ["192.0.2.1:443", "192.0.2.1", 443, true],
  ["192.0.2.1:443", "192.0.2.1", 80, false],
  ["10.0.0.0/8", "10.255.0.1", 80, true],
  ["10.0.0.0/8", "11.0.0.1", 80, false],
  ["10.0.0.0/8:443", "10.0.0.1", 80, false],
  ["0.0.0.0/0", "255.1.2.3", 80, true],
  ["0.0.0.0/0", "2001:db8::1", 80, false],
  ["2001:db8::1", "2001:db8::1", 80, true],
  ["[2001:db8::]/32:443", "2001:db8:ffff::1", 443, true],
  ["[2001:db8::]/32:443", "2001:db9::1", 443, false],
  ["[::1]:80", "::1", 80, true],
  ["::/0", "2001:db8::1", 80, true],
  ["::/0", "192.0.2.1", 80, false],
  ["FD00::/8", "fdff::1", 80, true],
  ["2001:db8::/32:443", "2001:db8:ffff::1", 443, true],
  ["2001:db8::/32:443", "2001:db8:ffff::1", 80, false],
  ["::ffff:192.0.2.1", "192.0.2.1", 80, true],
  ["[::ffff:192.0.2.1]:443", "192.0.2.1", 80, false],
  ["::ffff:10.0.0.0/104", "10.255.0.1", 80, true],
  ["[::ffff:10.0.0.0]/104:443", "11.0.0.1", 443, false],
] as const) {
  test(`connect ${rule}: ${ip} port ${port} is ${expected ? "permitted" : "refused"}`, () => {
    assert.equal(permits({ connect: [rule] }, "tcp-connect", ip, port), expected);
    assert.equal(permits({ connect: [rule] }, "udp-send", ip, port), expected);
  });
}

for (const [rule, ip, port, expected] of [
  ["8080", "0.0.0.0", 8080, true],
  ["8080", "127.0.0.1", 8080, true],
  ["8080", "127.0.0.1", 8081, false],
  ["8080", "::", 8080, true],
  ["8080", "::1", 8080, true],
  ["8080", "::1", 8081, false],
  ["0", "127.0.0.1", 50_000, true],
  ["0", "::1", 50_000, true],
  ["127.0.0.1:8080", "127.0.0.1", 8080, true],
  ["127.0.0.1:8080", "0.0.0.0", 8080, false],
  ["[::1]:8080", "::1", 8080, true],
  ["[::ffff:127.0.0.1]:8080", "127.0.0.1", 8080, true],
] as const) {
  test(`listen ${rule}: ${ip} port ${port} is ${expected ? "permitted" : "refused"}`, () => {
    assert.equal(permits({ listen: [rule] }, "tcp-listen", ip, port), expected);
    assert.equal(permits({ listen: [rule] }, "udp-bind", ip, port), expected);
  });
}

test("who connects or sends from any port binds nothing that would need a rule", () => {
  assert.equal(permits({ listen: [] }, "tcp-bind", "0.0.0.0", 0), true);
  assert.equal(permits({ listen: [] }, "udp-bind", "::", 0), true);
  assert.equal(permits({ listen: [] }, "tcp-bind", "127.0.0.1", 80), false);
});

for (const rule of [
  "",
  ":80",
  "a b",
  "1.2.3.4/33",
  "1.2.3.4:0",
  "1.2.3.4:65536",
  "example.com/8",
  "::/129",
  "db8::x/8",
  "::1/128:0",
  "*",
  "*.example.com:443",
  "[::1",
  "::1:x",
  "[]",
  "fe80::1%eth0",
  "[fe80::1%2]:80",
]) {
  test(`connect ${JSON.stringify(rule)} is no rule`, () => {
    assert.throws(() => ruling({ connect: [rule] }), { name: "TypeError", message: /A rule of connect is/ });
  });
}

test("an address of IPv6 whose end might be a port needs brackets, and is told so", () => {
  for (const rule of ["::1:80", "2001:db8::5:443", "::1:99999"]) {
    assert.throws(() => ruling({ connect: [rule] }), { name: "TypeError", message: /in brackets.*got/ }, rule);
  }
  const { check } = ruling({ connect: ["[::1:80]", "1:2:3:4:5:6:7:8", "fe80::1:a"] });
  for (const ip of ["::1:80", "1:2:3:4:5:6:7:8", "fe80::1:a"]) {
    assert.equal(check({ family: "ipv6", ip, port: 443 }, "tcp-connect"), true, ip);
  }
});

for (const rule of ["", "x", "1.2.3.4", "65536", "host:80", "1.2.3.4:x", "[fe80::1%2]:80"]) {
  test(`listen ${JSON.stringify(rule)} is no rule`, () => {
    assert.throws(() => ruling({ listen: [rule] }), { name: "TypeError", message: /A rule of listen is/ });
  });
}

test("private addresses, in every disguise", () => {
  const yes = [
    "127.0.0.1",
    "10.1.2.3",
    "172.31.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "::",
    "::1",
    "fe80::1",
    "fd00::1",
    // What asks the next router for ports, and what no host has.
    "2001:1::1",
    "100::1",
    "5f00::1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:a00:1::1",
    "::10.0.0.1",
    "::ffff:0:10.0.0.1",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    // By these one datagram reaches all who are near.
    "224.0.0.251",
    "239.255.255.250",
    "255.255.255.255",
    "ff02::fb",
  ];
  const no = [
    "192.0.2.1",
    "172.32.0.1",
    "100.128.0.1",
    "8.8.8.8",
    "223.255.255.255",
    "2001:db8::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "::8.8.8.8",
    "2001:0:4136:e378:8000:63bf:f7f7:f7f7",
  ];
  for (const ip of yes) assert.equal(isPrivate(at(ip)), true, ip);
  for (const ip of no) assert.equal(isPrivate(at(ip)), false, ip);
});

test("denyPrivate goes before connect, and leaves what listens alone", () => {
  const rules: NetworkRules = { connect: ["10.0.0.0/8"], listen: ["8080"], denyPrivate: true };
  assert.equal(permits(rules, "tcp-connect", "10.0.0.1"), false);
  assert.equal(permits(rules, "tcp-listen", "127.0.0.1", 8080), true);
  assert.equal(permits(rules, "tcp-accept", "10.0.0.1"), true);
});

test("a name stands for what its lookup gave this guest, and no other name is looked up", async () => {
  const asked: string[] = [];
  const port: LookupPort = {
    lookup: async (name) => {
      asked.push(name);
      return ["192.0.2.7", "2001:db8::7"];
    },
  };
  const rules: NetworkRules = { connect: ["Example.com:443"] };
  const one = ruling(rules);
  const other = ruling(rules);
  assert.equal(one.check(at("192.0.2.7", 443), "tcp-connect"), false);
  await one.lookup(port).lookup("example.com");
  assert.equal(one.check(at("192.0.2.7", 443), "tcp-connect"), true);
  assert.equal(one.check(at("2001:db8::7", 443), "tcp-connect"), true);
  assert.equal(one.check(at("192.0.2.7", 80), "tcp-connect"), false);
  assert.equal(other.check(at("192.0.2.7", 443), "tcp-connect"), false);
  await assert.rejects(one.lookup(port).lookup("example.org"), { code: "EAI_FAIL" });
  assert.deepEqual(asked, ["example.com"]);
});

test("a name that leads to a private address is refused there", async () => {
  const one = ruling({ connect: ["rebind.test"], denyPrivate: true });
  await one.lookup({ lookup: async () => ["127.0.0.1"] }).lookup("rebind.test");
  assert.equal(one.check(at("127.0.0.1"), "tcp-connect"), false);
});

test("a name whose addresses change for ever fills no memory: the newest 256 are permitted", async () => {
  const one = ruling({ connect: ["changing.test"] });
  let asked = 0;
  const port: LookupPort = { lookup: async () => [`10.0.${asked >> 8}.${asked++ & 255}`] };
  for (let lookup = 0; lookup < 300; lookup++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await one.lookup(port).lookup("changing.test");
  }
  assert.equal(one.check(at("10.0.0.43"), "tcp-connect"), false);
  assert.equal(one.check(at("10.0.0.44"), "tcp-connect"), true);
  assert.equal(one.check(at("10.0.1.43"), "tcp-connect"), true);
});
