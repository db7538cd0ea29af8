/** Every network of ours keeps the contract of a connection. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { nodeTcp } from "../../../src/hosts/node/net/tcp.ts";
import {
  checkConnection,
  connectionEnd,
  connectionPair,
  CONNECTION_RULES,
  FakeClock,
  type ConnectionFixture,
  type Family,
  type TcpPort,
} from "../../../src/testing/index.ts";
import { MemoryNetwork } from "../../../src/wasi/sockets/memory-network.ts";
import { loopTurn } from "./loop-turn.ts";

async function fixtureOn(port: TcpPort, family: Family = "ipv4"): Promise<ConnectionFixture> {
  const { near, far } = await connectionPair(port, family);
  return {
    near: connectionEnd(near),
    far: connectionEnd(far),
    reset: () => far.reset(),
    dispose() {
      near.reset();
      far.reset();
    },
  };
}

test("a network in memory keeps every rule", async () => {
  const { kept, skipped } = await checkConnection(() => fixtureOn(new MemoryNetwork().tcp));
  assert.deepEqual(skipped, []);
  assert.deepEqual(kept, CONNECTION_RULES);
});

test("a network in memory on which everything takes its time keeps every rule", async () => {
  const { kept } = await checkConnection(async () => {
    const clock = new FakeClock();
    const made = fixtureOn(new MemoryNetwork({ clock, latencyNs: 1000n }).tcp);
    // To connect takes a while, too.
    for (let turns = 0; turns < 10; turns++) {
      clock.advance(500n);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await loopTurn();
    }
    return { ...(await made), turn: async () => clock.advance(500n) };
  });
  assert.deepEqual(kept, CONNECTION_RULES);
});

for (const family of ["ipv4", "ipv6"] as const) {
  test(`Node's keeps every rule, with ${family}`, async () => {
    const { kept, skipped } = await checkConnection(async () => ({
      ...(await fixtureOn(nodeTcp, family)),
      turn: loopTurn,
    }));
    assert.deepEqual(skipped, []);
    assert.deepEqual(kept, CONNECTION_RULES);
  });
}

test("Node's leaves nothing open", { skip: process.platform !== "linux" }, async () => {
  const openNow = (): number => readdirSync("/proc/self/fd").length;
  const check = async (): Promise<void> => {
    await checkConnection(async () => ({ ...(await fixtureOn(nodeTcp)), turn: loopTurn }));
    await loopTurn();
  };
  await check();
  const before = openNow();
  await check();
  assert.equal(openNow(), before);
});
