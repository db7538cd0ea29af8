/** What a guest may reach and where it may listen, as lists of addresses: ready-made answers of an `AddressCheck`. */
import { assertFits } from "../../io/assert-shape.ts";
import { quoted } from "../../io/quoted.ts";
import {
  anywhere,
  ipAddress,
  ipv4Bytes,
  ipv6Groups,
  sameAddress,
  unmapped,
  type IpAddress,
  type SocketAddress,
} from "./address.ts";
import { NetworkError } from "./error-code.ts";
import { parseHostName } from "./host-name.ts";
import type { LookupPort } from "./lookup.ts";
import type { AddressCheck } from "./network.ts";

/** Who may be reached, and where others may reach a guest. */
export interface NetworkRules {
  /**
   * Peers: addresses, ranges and names, each with a port or for all: `192.0.2.1`, `10.0.0.0/8:443`,
   * `[2001:db8::]/32:443`, `example.com:443`. A name stands for what its lookup gives this guest. Missing: everybody.
   */
  readonly connect?: readonly string[] | undefined;
  /** Own addresses: `8080` (that port of all, of both families), `127.0.0.1:8080`, `[::1]:8080`; port 0 is any. Missing: all of them. */
  readonly listen?: readonly string[] | undefined;
  /** Whether peers in private ranges are refused, also where `connect` has them: this host, its network, its cloud. */
  readonly denyPrivate?: boolean | undefined;
}

/** A set of addresses of one family, and one port of theirs or all. */
interface Range {
  readonly bits: readonly number[];
  /** How many of the first bits count. */
  readonly length: number;
  readonly port: number | undefined;
}

/** A name to look up, in ASCII, with one port or all. */
interface Name {
  readonly name: string;
  readonly port: number | undefined;
}

/**
 * Ranges that are no public host's: unspecified, loopback, private use, shared (carriers), link-local (which has the
 * metadata of clouds), those for protocols and measurements, and those by which one datagram reaches all who are near:
 * multicast and broadcast.
 */
export const PRIVATE_RANGES: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "[::]/127",
  "[64:ff9b:1::]/48",
  "[100::]/64",
  "[2001::]/23",
  "[5f00::]/16",
  "[fc00::]/7",
  "[fe80::]/10",
  "[fec0::]/10",
  "[ff00::]/8",
];

/** Addresses of names that are known at a time: a name may have others at each lookup, and a guest look it up for ever. */
const MOST_FOUND = 256;

let privates: readonly Range[] | undefined;

/** Whether an address is in one of `PRIVATE_RANGES`; one of IPv6 that stands for one of IPv4 counts as that. */
export function isPrivate(address: IpAddress): boolean {
  const { family, ip } = Object(address) as Partial<IpAddress>;
  const isOne = typeof ip === "string" && ipAddress(ip)?.family === family;
  assertFits("An address", address, 'one such as { family: "ipv4", ip: "10.0.0.1" }', isOne);
  return isInPrivate(address);
}

function isInPrivate(address: IpAddress): boolean {
  privates ??= PRIVATE_RANGES.map((text) => rangeOf(text));
  const bits = bitsOf(embedded(address));
  return privates.some((range) => covers(range, bits));
}

/** What leads to an IPv4 address that it carries, as that. */
function embedded(address: IpAddress): IpAddress {
  const plain = unmapped(address);
  const groups = plain.family === "ipv6" ? ipv6Groups(plain.ip) : undefined;
  const pair = groups && carried(groups);
  if (!pair) return plain;
  const [high = 0, low = 0] = pair;
  return { family: "ipv4", ip: [high >> 8, high & 255, low >> 8, low & 255].join(".") };
}

/** The two groups in which an address of IPv6 carries one of IPv4. */
function carried(groups: readonly number[]): readonly number[] | undefined {
  const [first = 0, second = 0] = groups;
  // 6to4; and Teredo, which has the bits of its client's address turned over.
  if (first === 0x2002) return groups.slice(1, 3);
  if (first === 0x2001 && second === 0) return groups.slice(6).map((group) => group ^ 0xffff);
  const prefix = groups.slice(0, 6).join(":");
  return CARRIERS.has(prefix) ? groups.slice(6) : undefined;
}

/** NAT64, what was compatible with IPv4 until 2006, and what SIIT translates: their first six groups. */
const CARRIERS: ReadonlySet<string> = new Set(["100:65435:0:0:0:0", "0:0:0:0:0:0", "0:0:0:0:65535:0"]);

/** What the lists of rules are called where one is told to be none. */
type RuleNames = Readonly<Record<"connect" | "listen", string>>;

const RULE_NAMES: RuleNames = { connect: "connect", listen: "listen" };

/** Says of each address whether rules permit it, and knows what the names in them stand for. */
export interface Ruling {
  readonly check: AddressCheck;
  /** Looks up names for a guest: if the rules have names, these alone. */
  lookup(by: LookupPort): LookupPort;
}

/**
 * What `rules` say, for one guest: what one has looked up says nothing of another.
 *
 * @param called What whoever wrote them knows the lists as.
 * @throws {TypeError} For a rule that is none.
 */
export function ruling(rules: NetworkRules, called: RuleNames = RULE_NAMES): Ruling {
  const peers = rules.connect?.map((text) => peerOf(text, called.connect));
  const own = rules.listen?.flatMap((text) => listenOf(text, called.listen));
  const names = peers?.filter((peer): peer is Name => "name" in peer) ?? [];
  const ranges = peers?.filter((peer): peer is Range => "bits" in peer);
  const found: Range[] = [];
  const isReachable = (address: SocketAddress): boolean => {
    if (rules.denyPrivate === true && isInPrivate(address)) return false;
    if (ranges === undefined) return true;
    const bits = bitsOf(address);
    const reaches = (range: Range): boolean =>
      covers(range, bits) && (range.port === undefined || range.port === address.port);
    return ranges.some(reaches) || found.some(reaches);
  };
  // Each datagram is asked for, most of them as the one before; and what may be reached may be so for ever.
  let reached: SocketAddress | undefined;
  const mayReach = (address: SocketAddress): boolean => {
    if (reached && sameAddress(reached, address)) return true;
    if (!isReachable(address)) return false;
    reached = address;
    return true;
  };
  const mayBe = (address: SocketAddress): boolean =>
    own === undefined ||
    own.some((range) => covers(range, bitsOf(address)) && (range.port === 0 || range.port === address.port));
  const check: AddressCheck = (address, use) => {
    switch (use) {
      case "tcp-connect":
      case "udp-send":
        return mayReach(address);
      case "tcp-listen":
        return mayBe(address);
      case "tcp-accept":
        // Whoever may listen is there for all.
        return true;
      case "tcp-bind":
      case "udp-bind":
        // Any port of any address is what all who connect or send begin with.
        return sameAddress(address, anywhere(address.family)) || mayBe(address);
      case "udp-receive":
        return own === undefined || own.length > 0 || mayReach(address);
    }
  };
  return { check, lookup: (by) => (names.length === 0 ? by : lookupOf(by, names, found)) };
}

/** Looks up these names and no others, and keeps what they stand for. */
function lookupOf(lookup: LookupPort, names: readonly Name[], found: Range[]): LookupPort {
  return {
    async lookup(name) {
      const wanted = names.filter((rule) => rule.name === name.replace(/\.$/, "").toLowerCase());
      if (wanted.length === 0) throw new NetworkError("EAI_FAIL", `the lookup of ${name} is not permitted`);
      const texts = await lookup.lookup(name);
      for (const text of texts) {
        const address = ipAddress(text);
        if (!address) continue;
        const bits = bitsOf(unmapped(address));
        for (const { port } of wanted) {
          const known = found.some((range) => range.port === port && String(range.bits) === String(bits));
          if (known) continue;
          found.push({ bits, length: bits.length, port });
          if (found.length > MOST_FOUND) found.shift();
        }
      }
      return texts;
    },
  };
}

function bitsOf({ family, ip }: IpAddress): readonly number[] {
  const [parts, width] = family === "ipv4" ? [ipv4Bytes(ip) ?? [], 8] : [ipv6Groups(ip) ?? [], 16];
  return parts.flatMap((part) => Array.from({ length: width }, (_, at) => (part >> (width - 1 - at)) & 1));
}

function covers({ bits, length }: Range, of: readonly number[]): boolean {
  return of.length === bits.length && bits.slice(0, length).every((bit, at) => bit === of[at]);
}

/** An address or a name, what follows `/`, and what follows `:`. An address of IPv6 has brackets, or `/` behind it. */
const PEER = /^(?:\[([^\]]*)\]|([\da-f:.]*:[\da-f:.]*)(?=\/)|([^[\]:/]*))(?:\/(\d+))?(?::(\d+))?$/i;

function rangeOf(text: string): Range {
  const list = "PRIVATE_RANGES";
  const peer = peerOf(text, list);
  if ("name" in peer) throw wrong(list, PEER_EXPECTED, text);
  return peer;
}

/** An address of IPv6 without brackets whose end might as well be a port. */
function isAmbiguous(text: string): boolean {
  const [, before = "", last = ""] = /^(.*):(\d+)$/.exec(text) ?? [];
  return last !== "" && ipAddress(before)?.family === "ipv6";
}

function peerOf(text: string, list: string): Range | Name {
  const bare = ipAddress(text);
  if (isAmbiguous(text)) throw unclear(text, list);
  const [, bracketed, range, plain = "", prefix, portText] =
    PEER.exec(bare?.family === "ipv6" ? `[${text}]` : text) ?? [];
  const ipv6 = bracketed ?? range;
  const host = ipv6 ?? plain;
  // Which link an address is on no rule can tell: it would be another one than it says. Nor does a name stand for several.
  if (/[%*]/.test(host)) throw wrong(list, PEER_EXPECTED, text);
  const port = portText === undefined ? undefined : Number(portText);
  if (host === "" || (port !== undefined && (port > 65_535 || port === 0))) throw wrong(list, PEER_EXPECTED, text);
  const address = ipAddress(host);
  if (address && (ipv6 === undefined) === (address.family === "ipv4")) {
    const bits = bitsOf(address);
    const length = prefix === undefined ? bits.length : Number(prefix);
    if (length > bits.length) throw wrong(list, PEER_EXPECTED, text);
    const plainBits = bitsOf(unmapped(address));
    const mapping = bits.length - plainBits.length;
    return length < mapping ? { bits, length, port } : { bits: plainBits, length: length - mapping, port };
  }
  const name = ipv6 === undefined && prefix === undefined ? parseHostName(host) : undefined;
  if (typeof name !== "string") throw wrong(list, PEER_EXPECTED, text);
  return { name: name.replace(/\.$/, "").toLowerCase(), port };
}

const EVERYWHERE: readonly IpAddress[] = [anywhere("ipv4"), anywhere("ipv6")];

function listenOf(text: string, list: string): readonly Range[] {
  const at = text.lastIndexOf(":");
  const host = text.slice(0, Math.max(at, 0)).replace(/^\[(.*)\]$/, "$1");
  const portText = text.slice(at + 1);
  const port = /^\d+$/.test(portText) ? Number(portText) : 65_536;
  const addresses = at < 0 ? EVERYWHERE : [ipAddress(host)];
  if (port > 65_535 || host.includes("%")) throw wrong(list, OWN_EXPECTED, text);
  return addresses.map((address) => {
    if (!address) throw wrong(list, OWN_EXPECTED, text);
    const bits = bitsOf(unmapped(address));
    return { bits, length: at < 0 ? 0 : bits.length, port };
  });
}

function unclear(text: string, list: string): TypeError {
  const at = text.lastIndexOf(":");
  const either = `[${text.slice(0, at)}]:${text.slice(at + 1)} or [${text}]`;
  return new TypeError(
    `A rule of ${list} has an address of IPv6 in brackets where its end may be a port: ${either}; got ${quoted(text)}`,
  );
}

const PEER_EXPECTED =
  "an address, a range or a name, and a port or none, such as 10.0.0.0/8:443, [2001:db8::]/32 or example.com:443";
const OWN_EXPECTED = "a port, or an address and a port, such as 8080, 127.0.0.1:8080 or [::1]:8080";

function wrong(list: string, expected: string, text: string): TypeError {
  return new TypeError(`A rule of ${list} is ${expected}; got ${quoted(text)}`);
}
