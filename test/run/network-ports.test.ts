/** Networks of an embedder's that misbehave: each is named, and none ends the process or blames the guest. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { InternalError, MemoryNetwork, run, type CompiledComponent, type NetworkPorts } from "../../src/index.ts";
import { compiled } from "./support.ts";

function fail(): never {
  throw new Error("on purpose");
}

/** `target`, with other members in the place of its own: what is `undefined` here is so there. */
function changed<T extends object>(target: T, parts: Readonly<Record<string, unknown>>): T {
  return new Proxy(target, {
    get(_, name): unknown {
      if (Object.hasOwn(parts, name)) return parts[String(name)];
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

type Parts = Readonly<Record<string, unknown>>;

/** Whose methods are in the place of those of a network in memory. */
interface Faults {
  readonly tcp?: Parts;
  /** Of sockets of TCP that are not connected. */
  readonly handle?: Parts;
  /** Of connections. */
  readonly connection?: Parts;
  /** Of what connections receive from. */
  readonly source?: Parts;
  /** Of what connections send by. */
  readonly sink?: Parts;
  /** In the place of each peer that has come. */
  readonly arrived?: unknown;
  readonly udp?: Parts;
  readonly udpHandle?: Parts;
  /** In the place of each datagram that has come, and of its sender. */
  readonly received?: readonly [unknown, unknown];
  readonly lookup?: Parts;
}

function network(faults: Faults): NetworkPorts {
  const { tcp, udp, lookup } = new MemoryNetwork();
  const connection = (good: Awaited<ReturnType<ReturnType<typeof tcp.open>["connect"]>>): typeof good =>
    changed(good, {
      source: changed(good.source, faults.source ?? {}),
      sink: changed(good.sink, faults.sink ?? {}),
      ...faults.connection,
    });
  const open: typeof tcp.open = (family) => {
    const handle = tcp.open(family);
    return changed(handle, {
      connect: async (...args: Parameters<typeof handle.connect>) => connection(await handle.connect(...args)),
      listen: (backlog: number, events: Parameters<typeof handle.listen>[1]) =>
        handle.listen(backlog, {
          failed: (cause) => events.failed(cause),
          // Wrong on purpose.
          arrived: (peer) => events.arrived("arrived" in faults ? (faults.arrived as typeof peer) : connection(peer)),
        }),
      ...faults.handle,
    });
  };
  const openUdp: typeof udp.open = (family, events) =>
    changed(
      udp.open(family, {
        failed: (cause) => events.failed(cause),
        settled: () => events.settled(),
        // Wrong on purpose.
        received: (...given) => events.received(...((faults.received ?? given) as typeof given)),
      }),
      faults.udpHandle ?? {},
    );
  return {
    tcp: changed(tcp, { open, ...faults.tcp }),
    udp: changed(udp, { open: openUdp, ...faults.udp }),
    lookup: changed(lookup, faults.lookup ?? {}),
  };
}

interface Case {
  readonly name: string;
  readonly faults: Faults;
  readonly message: RegExp;
  /** `tcp-exchange` if it does not say. */
  readonly guest?: string;
}

const UDP = "udp-errors";
const bytes = new Uint8Array(1);

const CASES: readonly Case[] = [
  {
    name: "opens nothing",
    faults: { tcp: { open: () => undefined } },
    message: /^network\.tcp\.open: expected an object with bind, /,
  },
  {
    name: "promises to open",
    faults: { tcp: { open: async () => fail() } },
    message: /^network\.tcp\.open: expected /,
  },
  { name: "fails without a code", faults: { tcp: { open: fail } }, message: /^network\.tcp\.open: on purpose/ },
  {
    name: "throws nothing",
    faults: { handle: { bind: () => Promise.reject(undefined) } },
    message: /^network\.tcp\.bind: undefined/,
  },
  {
    name: "has odd defaults",
    faults: { tcp: { defaults: () => ({ keepAlive: 1 }) } },
    message: /^network\.tcp\.defaults: expected TcpOptions/,
  },
  {
    name: "is bound nowhere",
    faults: { handle: { local: () => ({ ip: "here", port: 1 }) } },
    message: /^network\.tcp\.local: expected an address/,
  },
  {
    name: "is bound beyond ports",
    faults: { handle: { local: () => ({ ip: "127.0.0.1", port: 65_536 }) } },
    message: /^network\.tcp\.local: expected an address/,
  },
  {
    name: "connects to nothing",
    faults: { handle: { connect: async () => 5 } },
    message: /^network\.tcp connection: expected an object with /,
  },
  {
    name: "does not promise to connect",
    faults: { handle: { connect: fail } },
    message: /^network\.tcp\.connect: on purpose/,
  },
  {
    name: "cannot listen",
    faults: { handle: { listen: async () => fail() } },
    message: /^network\.tcp\.listen: on purpose/,
  },
  { name: "brings no peer", faults: { arrived: null }, message: /^network\.tcp connection: expected an object with / },
  {
    name: "brings a peer of no address",
    faults: { connection: { remote: undefined } },
    message: /^network\.tcp connection\.remote: expected an address/,
  },
  {
    name: "receives from nothing",
    faults: { connection: { source: {} } },
    message: /^network\.tcp connection\.source: expected an object with read, /,
  },
  {
    name: "gives no bytes",
    faults: { source: { read: () => 5 } },
    message: /^network\.tcp connection\.source\.read: expected at most /,
  },
  {
    name: "cannot be watched",
    faults: { source: { watch: fail } },
    message: /^network\.tcp connection\.source\.watch: on purpose/,
  },
  {
    name: "takes more than it is given",
    faults: { sink: { write: () => 1e9 } },
    message: /^network\.tcp connection\.sink\.write: expected how many /,
  },
  {
    name: "cannot be let go of",
    faults: { connection: { close: async () => fail() } },
    message: /^network\.tcp connection\.close: on purpose/,
  },
  { name: "cannot be closed", faults: { handle: { close: fail } }, message: /^network\.tcp\.close: on purpose/ },
  {
    name: "stops receiving with a fault",
    faults: { source: { close: fail } },
    message: /^network\.tcp connection\.source\.close: on purpose/,
  },
  {
    name: "opens nothing of UDP",
    guest: UDP,
    faults: { udp: { open: () => ({}) } },
    message: /^network\.udp\.open: expected an object with bind, /,
  },
  {
    name: "has no whole hops",
    guest: UDP,
    faults: { udpHandle: { hopLimit: () => 1.5 } },
    message: /^network\.udp\.hopLimit: expected a whole number from 1 to 255/,
  },
  {
    name: "has buffers of no size",
    guest: UDP,
    faults: { udpHandle: { bufferSize: () => 0 } },
    message: /^network\.udp\.bufferSize: expected a whole number /,
  },
  {
    name: "sends with a fault",
    guest: UDP,
    faults: { udpHandle: { send: fail } },
    message: /^network\.udp\.send: on purpose/,
  },
  {
    name: "cannot be closed, of UDP",
    guest: UDP,
    faults: { udpHandle: { close: fail } },
    message: /^network\.udp\.close: on purpose/,
  },
  {
    name: "receives no bytes",
    guest: "udp-exchange",
    faults: { received: ["text", { ip: "127.0.0.1", port: 1 }] },
    message: /^network\.udp\.received: expected the bytes of a datagram/,
  },
  {
    name: "receives from nowhere",
    guest: "udp-exchange",
    faults: { received: [bytes, undefined] },
    message: /^network\.udp\.received: expected an address/,
  },
  {
    name: "knows no addresses",
    guest: "lookup-localhost",
    faults: { lookup: { lookup: () => "::1" } },
    message: /^network\.lookup: expected an array/,
  },
  {
    name: "knows odd addresses",
    guest: "lookup-localhost",
    faults: { lookup: { lookup: () => ["::1", undefined] } },
    message: /^network\.lookup: expected an address/,
  },
  {
    name: "looks up with a fault",
    guest: "lookup-localhost",
    faults: { lookup: { lookup: fail } },
    message: /^network\.lookup: on purpose/,
  },
];

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
const components = new Map<string, CompiledComponent>();
before(async () => {
  process.on("unhandledRejection", note);
  for (const { guest = "tcp-exchange" } of CASES) components.set(guest, await compiled(guest));
});
after(() => {
  process.off("unhandledRejection", note);
  assert.deepEqual(unhandled, []);
});

async function play(faults: Faults, guest: string): Promise<number> {
  const granted = { tcp: true, udp: true, lookup: true, on: network(faults) };
  return (await run(components.get(guest) ?? assert.fail(), { args: [guest], network: granted })).exitCode;
}

for (const { name, faults, message, guest = "tcp-exchange" } of CASES) {
  test(`a network that ${name} is named`, async () => {
    await assert.rejects(play(faults, guest), (error) => {
      assert.ok(error instanceof InternalError, String(error));
      assert.match(error.message, message);
      return true;
    });
  });
}

test("a network that fails as a system does is the guest's to hear of", async () => {
  const refused = Object.assign(new Error("no"), { code: "EADDRINUSE" });
  assert.equal(await play({ handle: { bind: () => Promise.reject(refused) } }, "tcp-exchange"), 1);
});

test("what promises something where nobody waits for it may break that", async () => {
  const broken = { configure: async () => fail() };
  assert.equal(await play({ connection: broken }, "tcp-exchange"), 0);
});
