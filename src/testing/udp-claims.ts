/* oxlint-disable no-await-in-loop -- datagrams are sent and awaited in turn */
import type { Family, SocketAddress } from "../wasi/sockets/address.ts";
import { sameAddress } from "../wasi/sockets/address.ts";
import type { UdpHandle, UdpPort } from "../wasi/sockets/udp-port.ts";
import {
  claimsAbout,
  expect,
  expectBytes,
  expectEventually,
  fail,
  pattern,
  rest,
  type Claim,
  type Fixture,
} from "./claims.ts";

/** A network on which sockets of UDP reach each other by their loopback addresses. */
export interface UdpFixture extends Fixture {
  readonly port: UdpPort;
}

const claim = claimsAbout<UdpFixture>();

const LOOPBACK: Readonly<Record<Family, string>> = { ipv4: "127.0.0.1", ipv6: "::1" };
const UNSPECIFIED: Readonly<Record<Family, string>> = { ipv4: "0.0.0.0", ipv6: "::" };
const FAMILIES: readonly Family[] = ["ipv4", "ipv6"];

function loopback(family: Family, port = 0): SocketAddress {
  return { family, ip: LOOPBACK[family], port };
}

/** A socket, with all that it told. */
class Subject {
  readonly fixture: UdpFixture;
  readonly family: Family;
  readonly handle: UdpHandle;
  readonly received: { readonly data: Uint8Array; readonly from: SocketAddress }[] = [];
  readonly failures: unknown[] = [];
  settled = 0;

  constructor(fixture: UdpFixture, family: Family) {
    this.fixture = fixture;
    this.family = family;
    this.handle = fixture.port.open(family, {
      received: (data, from) => void this.received.push({ data, from }),
      failed: (cause) => void this.failures.push(cause),
      settled: () => void this.settled++,
    });
  }

  async bound(address: SocketAddress = loopback(this.family)): Promise<this> {
    await this.handle.bind(address);
    return this;
  }

  /** Sends, and waits until it has left. @throws Why it could not. */
  async send(data: Uint8Array, to?: SocketAddress): Promise<void> {
    const told: { cause: unknown }[] = [];
    this.handle.send(data.slice(), to, { queued: () => {}, left: (cause) => void told.push({ cause }) });
    await expectEventually(this.fixture, "the end of a send", () => told.length > 0);
    await rest(this.fixture);
    expect(told.length === 1, `a send was told of ${told.length} times`);
    const cause = told[0]?.cause;
    if (cause !== undefined && cause !== null) throw cause;
  }

  /** The next datagram that came. */
  async next(): Promise<{ readonly data: Uint8Array; readonly from: SocketAddress }> {
    await expectEventually(this.fixture, "a datagram", () => this.received.length > 0);
    return this.received.shift() ?? fail("a datagram came and went");
  }
}

/** Plays a claim for both families, and closes all sockets. */
function inBoth(play: (family: Family, open: () => Subject, fixture: UdpFixture) => Promise<void>) {
  return async (fixture: UdpFixture): Promise<void> => {
    for (const family of FAMILIES) {
      const opened: Subject[] = [];
      const open = (): Subject => {
        const subject = new Subject(fixture, family);
        opened.push(subject);
        return subject;
      };
      try {
        await play(family, open, fixture);
      } finally {
        for (const { handle } of opened) handle.close();
      }
    }
  };
}

async function expectCode(what: string, codes: string, call: () => unknown): Promise<void> {
  let came: unknown = "ok";
  try {
    await call();
  } catch (error) {
    came = error instanceof Error && "code" in error ? error.code : error;
  }
  expect(codes.split(" ").includes(String(came)), `${what} gave ${String(came)}, expected ${codes}`);
}

function expectAddress(what: string, actual: SocketAddress, expected: SocketAddress): void {
  const show = ({ ip, port }: SocketAddress): string => `${ip} port ${port}`;
  expect(sameAddress(actual, expected), `${what}: ${show(actual)}, expected ${show(expected)}`);
}

/** What the port of wasi/sockets/udp-port.ts says. */
export const UDP_CLAIMS: readonly Claim<UdpFixture>[] = [
  claim(
    "N1.1",
    "bind takes any free port for 0, and the one that is asked for",
    ["port"],
    inBoth(async (family, open) => {
      const one = await open().bound();
      const local = one.handle.local();
      expect(local.port > 0, "a port was chosen");
      expectAddress("local", local, loopback(family, local.port));
      one.handle.close();
      const other = await open().bound(local);
      expectAddress("local", other.handle.local(), local);
      const wild = await open().bound({ family, ip: UNSPECIFIED[family], port: 0 });
      expect(wild.handle.local().ip === UNSPECIFIED[family], `local is ${wild.handle.local().ip}`);
    }),
  ),
  claim(
    "N1.2",
    "bind fails for what is taken, and for what is not of this host, and can be tried again",
    ["port"],
    inBoth(async (family, open) => {
      const one = await open().bound();
      const other = open();
      await expectCode("a port that is taken", "EADDRINUSE", () => other.handle.bind(one.handle.local()));
      const foreign: SocketAddress = { family, ip: family === "ipv4" ? "192.0.2.0" : "2001:db8::", port: 0 };
      await expectCode("an address of nobody", "EADDRNOTAVAIL", () => other.handle.bind(foreign));
      await other.bound();
      expect(other.handle.local().port > 0, "it is bound in the end");
    }),
  ),
  claim(
    "N2.1",
    "datagrams arrive whole, with who sent them: empty ones and the largest too",
    ["port"],
    inBoth(async (_, open, fixture) => {
      const [server, client] = [await open().bound(), await open().bound()];
      for (const size of [0, 1, 1400, 65_507]) {
        const data = pattern(size);
        await client.send(data, server.handle.local());
        const came = await server.next();
        expectBytes("what came", came.data, data);
        expectAddress("who sent it", came.from, client.handle.local());
        await expectEventually(fixture, "settled", () => server.settled > 0);
        server.settled = 0;
      }
    }),
  ),
  claim(
    "N2.2",
    "one after the other they arrive in order",
    ["port"],
    inBoth(async (_, open) => {
      const [server, client] = [await open().bound(), await open().bound()];
      for (let number = 0; number < 20; number++) await client.send(Uint8Array.of(number), server.handle.local());
      for (let number = 0; number < 20; number++) {
        expectBytes("what came", (await server.next()).data, Uint8Array.of(number));
      }
    }),
  ),
  claim(
    "N2.3",
    "what has been handed over leaves, though the socket is closed at once",
    ["port"],
    inBoth(async (_, open, fixture) => {
      const [server, client] = [await open().bound(), await open().bound()];
      let left = false;
      client.handle.send(pattern(3), server.handle.local(), { queued: () => {}, left: () => void (left = true) });
      client.handle.close();
      client.handle.close();
      expectBytes("what came", (await server.next()).data, pattern(3));
      await expectEventually(fixture, "the end of the send", () => left);
    }),
  ),
  claim(
    "N2.4",
    "a socket that is closed tells nothing any more",
    ["port"],
    inBoth(async (_, open, fixture) => {
      const [server, client] = [await open().bound(), await open().bound()];
      const to = server.handle.local();
      server.handle.close();
      await client.send(pattern(3), to);
      await rest(fixture);
      expect(server.received.length === 0 && server.failures.length === 0, "it told something");
    }),
  ),
  claim(
    "N3.1",
    "a connected socket sends to its peer, and hears of nobody else",
    ["port"],
    inBoth(async (_, open, fixture) => {
      const [one, peer, stranger] = [await open().bound(), await open().bound(), await open().bound()];
      await one.handle.connect(peer.handle.local());
      await one.send(pattern(1));
      expectAddress("who sent it", (await peer.next()).from, one.handle.local());
      await stranger.send(pattern(2), one.handle.local());
      await peer.send(pattern(3), one.handle.local());
      expectBytes("what came", (await one.next()).data, pattern(3));
      await rest(fixture);
      expect(one.received.length === 0, "something came from a stranger");
    }),
  ),
  claim(
    "N3.2",
    "a socket keeps its port when it is connected, connected elsewhere, and let go",
    ["port"],
    inBoth(async (family, open) => {
      for (const ip of [LOOPBACK[family], UNSPECIFIED[family]]) {
        const one = await open().bound({ family, ip, port: 0 });
        const [first, second] = [await open().bound(), await open().bound()];
        const at = loopback(family, one.handle.local().port);
        for (const peer of [first, second, first]) {
          await one.handle.connect(peer.handle.local());
          expectAddress("local", one.handle.local(), at);
          await peer.send(pattern(4), at);
          expectBytes("what came", (await one.next()).data, pattern(4));
        }
        await one.handle.connect(undefined);
        expectAddress("local", one.handle.local(), { ...at, ip });
        await second.send(pattern(5), at);
        expectBytes("what came", (await one.next()).data, pattern(5));
        await one.handle.connect(undefined);
        one.handle.close();
      }
    }),
  ),
  claim(
    "N3.3",
    "a connected socket is told that nobody listens, and works on",
    ["port"],
    inBoth(async (_, open, fixture) => {
      const [one, gone] = [await open().bound(), await open().bound()];
      const to = gone.handle.local();
      gone.handle.close();
      await one.handle.connect(to);
      await one.send(pattern(1));
      await expectEventually(fixture, "a failure", () => one.failures.length > 0);
      await expectCode("the failure", "ECONNREFUSED ECONNRESET", () => Promise.reject(one.failures[0]));
      const back = await open().bound(to);
      await one.send(pattern(2));
      expectBytes("what came", (await back.next()).data, pattern(2));
    }),
  ),
  claim(
    "N3.4",
    "a socket that is with anybody loses nothing to others because one has refused",
    ["port"],
    inBoth(async (_, open) => {
      const [one, gone, there] = [await open().bound(), await open().bound(), await open().bound()];
      const refused = gone.handle.local();
      gone.handle.close();
      for (const length of [1, 2, 3]) {
        const sends = [refused, there.handle.local()].map((to) => one.send(pattern(length), to));
        await Promise.all(sends);
        expectBytes("what came", (await there.next()).data, pattern(length));
      }
    }),
  ),
  claim(
    "N4.1",
    "options hold before and after a bind",
    ["port"],
    inBoth(async (family, open) => {
      const { handle } = open();
      expect(handle.hopLimit() > 0 && handle.bufferSize("receive") > 0 && handle.bufferSize("send") > 0, "defaults");
      const expectAll = (hops: number, size: number): void => {
        expect(handle.hopLimit() === hops, `the hop limit is ${handle.hopLimit()}, expected ${hops}`);
        for (const which of ["receive", "send"] as const) {
          expect(handle.bufferSize(which) === size, `the ${which} buffer is ${handle.bufferSize(which)}, not ${size}`);
        }
      };
      handle.setHopLimit(42);
      handle.setBufferSize("receive", 65_536);
      handle.setBufferSize("send", 65_536);
      expectAll(42, 65_536);
      await handle.bind(loopback(family));
      expectAll(42, 65_536);
      handle.setHopLimit(43);
      handle.setBufferSize("receive", 32_768);
      handle.setBufferSize("send", 32_768);
      expectAll(43, 32_768);
    }),
  ),
  claim(
    "N4.2",
    "a size that no system has is no error",
    ["port"],
    inBoth(async (_, open) => {
      const one = open();
      for (const round of [0, 1]) {
        for (const which of ["receive", "send"] as const) {
          for (const bytes of [1, 2 ** 31 - 1]) one.handle.setBufferSize(which, bytes);
          expect(one.handle.bufferSize(which) >= 1, `the size of the ${which} buffer`);
        }
        if (round === 0) await one.bound();
      }
    }),
  ),
];
