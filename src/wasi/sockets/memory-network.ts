import type { MonotonicClock } from "../clocks/clocks.ts";
import { SeededRandom } from "../random/random.ts";
import { shaped, type Shape } from "../../io/assert-shape.ts";
import { hasMethods } from "../../io/shape.ts";
import { told } from "../../io/told.ts";
import { ipAddress, isLoopback, isUnicast, isUnspecified, suits, type IpAddress } from "./address.ts";
import { NetworkError } from "./error-code.ts";
import type { LookupPort } from "./lookup.ts";
import { MemoryTcp } from "./memory-tcp.ts";
import { MemoryUdp } from "./memory-udp.ts";
import type { NetworkPorts } from "./network.ts";
import type { TcpPort } from "./tcp-port.ts";
import type { UdpPort } from "./udp-port.ts";

/** How a network in memory behaves. */
export interface MemoryNetworkOptions {
  /** How long everything is under way, in nanoseconds, by `clock`. 0 is the default: it is there when it is sent. */
  readonly latencyNs?: bigint | undefined;
  /** What a latency is measured with, such as a `FakeClock`. */
  readonly clock?: MonotonicClock | undefined;
  /** How many of all datagrams get lost: 0 (the default) to 1. */
  readonly loss?: number | undefined;
  /** How many of all writes to a connection find that it is broken, so that both ends are reset: 0 (the default) to 1. */
  readonly resets?: number | undefined;
  /** Says which: the same seed loses and breaks the same. 0 is the default. */
  readonly seed?: bigint | undefined;
}

/** What a network in memory does with everything that is sent. */
export interface Wire {
  /** The host that has this address; `undefined` if none has. */
  hostOf(address: IpAddress): MemoryHost | undefined;
  /** Whether a datagram gets lost. */
  loses(): boolean;
  /** Whether a connection breaks. */
  breaks(): boolean;
  /** Calls `arrive` when something has been under way for as long as everything is. */
  carry(arrive: () => void): void;
}

/**
 * A network within the process, for guests that talk to each other and to nobody else: as the option
 * `network: { tcp: true, udp: true, lookup: true, on: memoryNetwork }`.
 *
 * It is a host itself, with `127.0.0.1`, `::1` and the name `localhost`, which all guests that are given it share. `host`
 * makes more hosts on the same network, each with addresses and loopback addresses of its own.
 */
export class MemoryNetwork implements NetworkPorts {
  readonly tcp: TcpPort;
  readonly udp: UdpPort;
  readonly lookup: LookupPort;
  readonly #hosts = new Map<string, MemoryHost>();
  readonly #names = new Map<string, readonly IpAddress[]>();
  readonly #wire: Wire;

  /**
   * @throws {TypeError} For an option that there is not, or that is not what it is to be.
   * @throws {RangeError} For a latency below 0, or without a clock.
   */
  constructor(options: MemoryNetworkOptions = {}) {
    const { latencyNs = 0n, clock, loss = 0, resets = 0, seed = 0n } = shaped("MemoryNetwork", options, OPTIONS);
    if (latencyNs < 0n || (latencyNs > 0n && !clock)) {
      throw new RangeError(`A latency of ${latencyNs} ns: it is at least 0, and more than that needs a clock`);
    }
    const random = new SeededRandom(seed);
    this.#wire = {
      hostOf: ({ ip }) => this.#hosts.get(ip),
      loses: () => loss > 0 && fraction(random) < loss,
      breaks: () => resets > 0 && fraction(random) < resets,
      carry(arrive) {
        if (clock && latencyNs > 0n) clock.schedule(latencyNs, arrive);
        else arrive();
      },
    };
    const own = new MemoryHost(this.#wire, [], (name) => this.#addressesOf(name));
    this.tcp = own.tcp;
    this.udp = own.udp;
    this.lookup = own.lookup;
  }

  /**
   * One more host on this network.
   *
   * @param name What lookups find it by, in any case.
   * @param addresses Its addresses, such as `10.0.0.1` or `fd00::1`, in the order in which lookups give them.
   * @throws {TypeError} If one is no address that a host can have.
   * @throws {RangeError} If the name or an address is taken.
   */
  host(name: string, ...addresses: readonly string[]): NetworkPorts {
    if (typeof name !== "string" || name === "") throw new TypeError(`The name of a host is a text, got ${told(name)}`);
    const key = name.toLowerCase();
    if (key === "localhost" || this.#names.has(key)) throw new RangeError(`There is a host ${name} already`);
    const parsed: IpAddress[] = [];
    for (const text of addresses) {
      const address = hostAddress(text);
      if (!address) throw new TypeError(`${told(text)} is no address of a host, such as 10.0.0.1`);
      if (this.#hosts.has(address.ip) || parsed.some(({ ip }) => ip === address.ip)) {
        throw new RangeError(`There is a host with the address ${text} already`);
      }
      parsed.push(address);
    }
    const host = new MemoryHost(this.#wire, parsed, (sought) => this.#addressesOf(sought));
    this.#names.set(key, parsed);
    for (const { ip } of parsed) this.#hosts.set(ip, host);
    return host;
  }

  #addressesOf(name: string): readonly IpAddress[] | undefined {
    return this.#names.get(name.replace(/\.$/, "").toLowerCase());
  }
}

const OPTIONS: Shape<MemoryNetworkOptions> = {
  latencyNs: ["a bigint of nanoseconds", isBigint],
  clock: ["a MonotonicClock", (value) => hasMethods<MonotonicClock>(value, "now", "schedule")],
  loss: ["a number from 0 to 1", isShare],
  resets: ["a number from 0 to 1", isShare],
  seed: ["a bigint", isBigint],
};

function isBigint(value: unknown): boolean {
  return typeof value === "bigint";
}

function isShare(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= 1;
}

/** An address that others can send to; `undefined` if `text` is none. A loopback address each host has itself. */
function hostAddress(text: unknown): IpAddress | undefined {
  const address = typeof text === "string" && !text.includes("%") ? ipAddress(text) : undefined;
  if (!address || isLoopback(address) || isUnspecified(address)) return undefined;
  return isUnicast(address) && suits(address, address.family) ? address : undefined;
}

const LOCALHOST: readonly string[] = ["127.0.0.1", "::1"];

/** A host of a network in memory. */
export class MemoryHost implements NetworkPorts {
  readonly addresses: readonly IpAddress[];
  readonly wire: Wire;
  readonly tcp: MemoryTcp;
  readonly udp: MemoryUdp;
  readonly lookup: LookupPort;

  constructor(
    wire: Wire,
    addresses: readonly IpAddress[],
    addressesOf: (name: string) => readonly IpAddress[] | undefined,
  ) {
    this.wire = wire;
    this.addresses = addresses;
    this.tcp = new MemoryTcp(this);
    this.udp = new MemoryUdp(this);
    this.lookup = {
      async lookup(name) {
        if (/^localhost\.?$/i.test(name)) return LOCALHOST;
        const found = addressesOf(name);
        if (!found) throw new NetworkError("ENOTFOUND", `there is no host ${name}`);
        return found.map(({ ip }) => ip);
      },
    };
  }

  /** Whether an address is one of this host's. */
  has(address: IpAddress): boolean {
    return isLoopback(address) || this.addresses.some(({ ip }) => ip === address.ip);
  }
}

/** A number from 0 to 1, 1 excluded. */
function fraction(random: SeededRandom): number {
  const bytes = new Uint8Array(4);
  random.fill(bytes);
  return new DataView(bytes.buffer).getUint32(0) / 2 ** 32;
}
