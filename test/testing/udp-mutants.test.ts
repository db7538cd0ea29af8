/** Sockets of UDP that are broken on purpose, one rule each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkUdp, UDP_RULES, type SocketAddress, type UdpEvents, type UdpHandle } from "../../src/testing/index.ts";
import { MemoryNetwork } from "../../src/wasi/sockets/memory-network.ts";
import { brokenRules, changed, only } from "./mutants.ts";

interface Mutant {
  readonly name: string;
  /** The one that finds it. */
  readonly rule: string;
  readonly handle?: (handle: UdpHandle) => Partial<UdpHandle>;
  readonly events?: (events: UdpEvents) => Partial<UdpEvents>;
}

/** What a system says. */
function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** After the first call of it something else is so. */
function onlyOnce<Args extends readonly unknown[]>(call: (...args: Args) => unknown, then: () => void = () => {}) {
  let isFirst = true;
  return (...args: Args): void => {
    if (isFirst) call(...args);
    else then();
    isFirst = false;
  };
}

const elsewhere = (address: SocketAddress): SocketAddress => ({ ...address, port: address.port ^ 1 });

const MUTANTS: readonly Mutant[] = [
  {
    name: "a port that is asked for is any",
    rule: "N1.1",
    handle: (handle) => ({ bind: (address) => handle.bind({ ...address, port: 0 }) }),
  },
  {
    name: "a socket of all addresses says that it is of one",
    rule: "N1.1",
    handle: (handle) => ({
      local: () => ({ ...handle.local(), ip: handle.local().family === "ipv4" ? "127.0.0.1" : "::1" }),
    }),
  },
  {
    name: "a port that is taken is another one",
    rule: "N1.2",
    handle: (handle) => ({
      async bind(address) {
        try {
          await handle.bind(address);
        } catch {
          await handle.bind({ ...address, port: 0 });
        }
      },
    }),
  },
  {
    name: "after one failure a socket cannot be bound",
    rule: "N1.2",
    handle(handle) {
      let failure: unknown;
      return {
        async bind(address) {
          if (failure !== undefined) throw failure;
          try {
            await handle.bind(address);
          } catch (error) {
            failure = error;
            throw error;
          }
        },
      };
    },
  },
  {
    name: "a datagram loses its last byte",
    rule: "N2.1",
    events: (events) => ({ received: (data, from) => events.received(data.subarray(0, -1), from) }),
  },
  {
    name: "an empty datagram is none",
    rule: "N2.1",
    events: (events) => ({
      received: (data, from) => {
        if (data.length > 0) events.received(data, from);
      },
    }),
  },
  {
    name: "who sent it is somebody else",
    rule: "N2.1",
    events: (events) => ({ received: (data, from) => events.received(data, elsewhere(from)) }),
  },
  { name: "what came is never complete", rule: "N2.1", events: () => ({ settled: () => {} }) },
  {
    name: "two datagrams change places",
    rule: "N2.2",
    events(events) {
      let held: Parameters<UdpEvents["received"]> | undefined;
      return {
        received(...came) {
          if (held) {
            events.received(...came);
            events.received(...held);
            held = undefined;
          } else held = came;
        },
      };
    },
  },
  {
    name: "a send is told of twice",
    rule: "N2.2",
    handle: (handle) => ({
      send: (data, to, report) =>
        handle.send(data, to, {
          queued: () => report.queued(),
          left(cause) {
            report.left(cause);
            report.left(cause);
          },
        }),
    }),
  },
  {
    name: "a close gives up what is to be sent",
    rule: "N2.3",
    handle(handle) {
      const held: (() => void)[] = [];
      return {
        send: (...args) => void held.push(() => handle.send(...args)),
        close: () => handle.close(),
      };
    },
  },
  { name: "a socket cannot be closed", rule: "N2.4", handle: () => ({ close: () => {} }) },
  { name: "a connected socket hears of anybody", rule: "N3.1", handle: () => ({ connect: () => {} }) },
  {
    name: "a socket has another port once it is connected",
    rule: "N3.2",
    handle(handle) {
      let isConnected = false;
      return {
        async connect(remote) {
          await handle.connect(remote);
          isConnected = remote !== undefined;
        },
        local: () => (isConnected ? elsewhere(handle.local()) : handle.local()),
      };
    },
  },
  {
    name: "a socket is never with anybody again",
    rule: "N3.2",
    handle: (handle) => ({ connect: (remote) => (remote ? handle.connect(remote) : undefined) }),
  },
  { name: "nobody is told that nobody listens", rule: "N3.3", events: () => ({ failed: () => {} }) },
  {
    name: "who was refused once is refused for ever",
    rule: "N3.3",
    handle: (handle) => ({ send: onlyOnce(handle.send.bind(handle), () => {}) }),
  },
  {
    name: "a failure has no code of a system",
    rule: "N3.3",
    events: (events) => ({ failed: () => events.failed(new Error("refused")) }),
  },
  {
    name: "one that has refused takes the next datagram along",
    rule: "N3.4",
    handle(handle) {
      let isRefused = false;
      return {
        send(data, to, report) {
          const isNext = isRefused;
          isRefused = !isRefused;
          if (isNext) report.left(systemError("ECONNREFUSED"));
          else handle.send(data, to, report);
        },
      };
    },
  },
  { name: "a hop limit does not hold", rule: "N4.1", handle: () => ({ setHopLimit: () => {} }) },
  {
    name: "a hop limit from before a bind is forgotten",
    rule: "N4.1",
    handle: (handle) => ({
      async bind(address) {
        await handle.bind(address);
        handle.setHopLimit(64);
      },
    }),
  },
  {
    name: "both buffers have one size",
    rule: "N4.1",
    handle: (handle) => ({ setBufferSize: (_, bytes) => handle.setBufferSize("receive", bytes) }),
  },
  {
    name: "a size that no system has is an error",
    rule: "N4.2",
    handle: (handle) => ({
      setBufferSize(which, bytes) {
        if (bytes < 1024) throw systemError("EINVAL");
        handle.setBufferSize(which, bytes);
      },
    }),
  },
];

test("each rule has a mutant", () => {
  const found = new Set(MUTANTS.map(({ rule }) => rule));
  assert.deepEqual(
    UDP_RULES.filter(({ rule }) => !found.has(rule)),
    [],
  );
});

for (const mutant of MUTANTS) {
  test(`${mutant.name}: ${mutant.rule}`, async () => {
    const broken = checkUdp(() => {
      const { udp } = new MemoryNetwork();
      return {
        port: {
          open(family, events) {
            const handle = udp.open(family, { ...bound(events), ...mutant.events?.(events) });
            return changed(handle, mutant.handle?.(handle));
          },
        },
      };
    }, only(mutant));
    assert.deepEqual(await brokenRules(broken), [mutant.rule]);
  });
}

function bound(events: UdpEvents): UdpEvents {
  return {
    received: (data, from) => events.received(data, from),
    failed: (cause) => events.failed(cause),
    settled: () => events.settled(),
  };
}
