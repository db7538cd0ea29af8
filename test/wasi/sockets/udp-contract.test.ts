/** Every network of ours keeps the contract of the port of UDP. */
import assert from "node:assert/strict";
import dgram from "node:dgram";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { nodeUdp } from "../../../src/hosts/node/net/udp.ts";
import { checkUdp, ContractError, FakeClock, UDP_RULES, type UdpFixture } from "../../../src/testing/index.ts";
import { MemoryNetwork } from "../../../src/wasi/sockets/memory-network.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function node(): UdpFixture {
  return { port: nodeUdp, turn };
}

test("a network in memory keeps every rule", async () => {
  const { kept, skipped } = await checkUdp(() => ({ port: new MemoryNetwork().udp }));
  assert.deepEqual(skipped, []);
  assert.deepEqual(kept, UDP_RULES);
});

test("a network in memory on which everything takes its time keeps every rule", async () => {
  const { kept } = await checkUdp(() => {
    const clock = new FakeClock();
    return {
      port: new MemoryNetwork({ clock, latencyNs: 1000n }).udp,
      turn: async () => clock.advance(500n),
    };
  });
  assert.deepEqual(kept, UDP_RULES);
});

test("Node's keeps every rule", async () => {
  const { kept, skipped } = await checkUdp(node);
  assert.deepEqual(skipped, []);
  assert.deepEqual(kept, UDP_RULES);
});

test("Node's before 26.4, which has no calls that are done when they return, keeps every rule", async (t) => {
  const { prototype } = dgram.Socket;
  for (const name of ["bindSync", "connectSync"] as const) {
    const made = Object.getOwnPropertyDescriptor(prototype, name);
    if (!made) continue;
    Object.defineProperty(prototype, name, { ...made, value: undefined });
    t.after(() => Object.defineProperty(prototype, name, made));
  }
  const { kept } = await checkUdp(node);
  assert.deepEqual(kept, UDP_RULES);
});

test("Node's leaves nothing open", { skip: process.platform !== "linux" }, async () => {
  const openNow = (): number => readdirSync("/proc/self/fd").length;
  await checkUdp(node);
  await turn();
  const before = openNow();
  await checkUdp(node);
  await turn();
  assert.equal(openNow(), before);
});

test("a network that breaks the contract is told all of it", async () => {
  const broken = checkUdp(() => {
    const { udp } = new MemoryNetwork();
    return {
      port: {
        open(family, events) {
          const handle = udp.open(family, {
            ...events,
            received: (data, from) => events.received(data.slice(1), from),
          });
          handle.setHopLimit = () => {};
          return handle;
        },
      },
    };
  });
  await assert.rejects(broken, (error) => {
    assert.ok(error instanceof ContractError);
    assert.match(error.message, /^N2\.1 .*: 0 bytes, expected 1 bytes/m);
    assert.match(error.message, /^N4\.1 .*: the hop limit is 64, expected 42$/m);
    assert.ok(error.kept.length > 0);
    return true;
  });
});
