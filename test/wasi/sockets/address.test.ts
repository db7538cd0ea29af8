/** Addresses as text, against what Node says of them; names of hosts. */
import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { test } from "node:test";
import fc from "../../testing/properties.ts";
import {
  ipAddress,
  ipv4Bytes,
  ipv4Text,
  ipv6Groups,
  ipv6Text,
  isRemote,
  suits,
  unmapped,
} from "../../../src/wasi/sockets/address.ts";
import { ERROR_CODES, errorCodeOf } from "../../../src/wasi/sockets/error-code.ts";
import { parseHostName } from "../../../src/wasi/sockets/host-name.ts";

const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
const groups = fc.array(group, { minLength: 8, maxLength: 8 });
const byte = fc.integer({ min: 0, max: 255 });
/** Much like an address, and often none. */
const likeAddress = fc.string({
  unit: fc.constantFrom("0", "1", "f", ":", ":", ".", "::", "25", "ffff", "1.2.3.4"),
  maxLength: 14,
});

test("an IPv6 address is written as a URL writes it, and read back", () => {
  fc.assert(
    fc.property(groups, (numbers) => {
      const text = ipv6Text(numbers);
      assert.deepEqual(ipv6Groups(text), numbers);
      assert.equal(new URL(`http://[${text}]/`).hostname, `[${text}]`);
    }),
    { numRuns: 2000 },
  );
});

test("an IPv4 address is written and read back", () => {
  fc.assert(
    fc.property(fc.tuple(byte, byte, byte, byte), (bytes) => assert.deepEqual(ipv4Bytes(ipv4Text(bytes)), bytes)),
  );
});

test("what is an address is what Node says", () => {
  fc.assert(
    fc.property(likeAddress, (text) => {
      assert.equal(ipv6Groups(text) !== undefined, isIPv6(text), text);
      assert.equal(ipv4Bytes(text) !== undefined, isIPv4(text), text);
      assert.equal(ipAddress(text) !== undefined, isIPv4(text) || isIPv6(text), text);
    }),
    { numRuns: 20_000 },
  );
});

test("a zone is left away, and what has none is no worse", () => {
  assert.deepEqual(ipAddress("fe80::1%eth0"), { family: "ipv6", ip: "fe80::1" });
  assert.deepEqual(ipAddress("FE80:0::0:1"), { family: "ipv6", ip: "fe80::1" });
  for (const text of ["", "%", "1.2.3.4%1", "a", "::1::", "1.2.3.04", "1.2.3.256"])
    assert.equal(ipAddress(text), undefined);
});

test("an IPv4 address in the clothes of IPv6 suits no socket", () => {
  const of = (ip: string) => ipAddress(ip) ?? assert.fail(ip);
  for (const ip of ["::ffff:1.2.3.4", "::1.2.3.4", "::2", "127.0.0.1"]) assert.equal(suits(of(ip), "ipv6"), false, ip);
  for (const ip of ["::", "::1", "fe80::1", "ff02::1", "::ffff:0:0:1"]) assert.equal(suits(of(ip), "ipv6"), true, ip);
  assert.equal(suits(of("127.0.0.1"), "ipv4"), true);
  assert.equal(suits(of("::1"), "ipv4"), false);
  assert.deepEqual(unmapped(of("::ffff:192.0.2.1")), of("192.0.2.1"));
  assert.deepEqual(unmapped(of("::192.0.2.1")), of("::192.0.2.1"));
});

test("a remote address has an IP and a port", () => {
  const at = (ip: string, port: number) => isRemote({ family: ip.includes(":") ? "ipv6" : "ipv4", ip, port });
  assert.deepEqual(
    [at("0.0.0.0", 1), at("::", 1), at("::ffff:0:0", 1), at("1.1.1.1", 0), at("1.1.1.1", 1), at("::1", 1)],
    [false, false, false, false, true, true],
  );
});

test("names are names in ASCII, in any script, and of a length that the DNS has", () => {
  const label = "a".repeat(63);
  const longest = `${label}.${label}.${label}.${"a".repeat(61)}`;
  const names: Record<string, string | undefined> = {
    localhost: "localhost",
    "LocalHost.": "localhost.",
    "a_b.example": "a_b.example",
    "a..b": "a..b",
    "münchen.de": "xn--mnchen-3ya.de",
    "日本。jp": "xn--wgv71a.jp",
    "ｅxample.com": "example.com",
    [label]: label,
    [`${label}a`]: undefined,
    [longest]: longest,
    [`${longest}.`]: `${longest}.`,
    [`${longest}a`]: undefined,
    "\u{AD}": undefined,
    "a\u{0}b": undefined,
    "a\u{2028}b": undefined,
  };
  for (const [name, expected] of Object.entries(names)) {
    assert.equal(parseHostName(name), expected, JSON.stringify(name));
  }
});

test("a name is an address, a name that a resolver may be asked for, or nothing, whatever it is", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), likeAddress), (name) => {
      const host = parseHostName(name);
      if (typeof host === "string") assert.match(host, /^[!-~]+$/);
      else if (host) assert.ok(isIPv4(host.ip) || isIPv6(host.ip));
    }),
    { numRuns: 5000 },
  );
});

test("errors of the system have codes, and whatever is none is unknown", () => {
  const of = (code: unknown) => errorCodeOf(Object.assign(new Error("no"), { code }));
  assert.equal(of("EPERM"), "access-denied");
  assert.equal(of("EAI_AGAIN"), "temporary-resolver-failure");
  assert.equal(of("ENOTFOUND"), "name-unresolvable");
  for (const none of ["EIO", "constructor", "__proto__", 1, undefined, {}]) assert.equal(of(none), "unknown");
  for (const thrown of [undefined, null, "EPERM", { code: "EPERM" }, new Error("no")]) {
    assert.equal(errorCodeOf(thrown), "unknown");
  }
  assert.equal(new Set(ERROR_CODES).size, 21);
});
