/** Every network of ours keeps the contract of a connection. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import net, { createServer } from "node:net";
import { test } from "node:test";
import { nodeTcp } from "../../../src/hosts/node/net/tcp.ts";
import {
  checkConnection,
  connectionEnd,
  connectionPair,
  CONNECTION_RULES,
  eventually,
  FakeClock,
  type ConnectionEnd,
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

test("Node's where a socket has no descriptor, as on Windows, keeps every rule", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  // What all sockets of TCP inherit from: there is no other way to it.
  const { _handle: handle } = server as unknown as { readonly _handle: object };
  const prototype = Object.getPrototypeOf(handle) as object;
  server.close();
  Object.defineProperty(prototype, "fd", { get: () => -1, configurable: true });
  t.after(() => Reflect.deleteProperty(prototype, "fd"));
  const { kept } = await checkConnection(async () => ({ ...(await fixtureOn(nodeTcp)), turn: loopTurn }));
  assert.deepEqual(kept, CONNECTION_RULES);
});

test("Node's before 24.21 and 26.4, which binds when it listens, keeps every rule", async (t) => {
  const made = Object.getOwnPropertyDescriptor(net, "BoundSocket");
  if (made) {
    Object.defineProperty(net, "BoundSocket", { value: undefined, configurable: true });
    t.after(() => Object.defineProperty(net, "BoundSocket", made));
  }
  const { kept } = await checkConnection(async () => ({ ...(await fixtureOn(nodeTcp)), turn: loopTurn }));
  assert.deepEqual(kept, CONNECTION_RULES);
});

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

test("a reset in the middle of an end is a reset, and leaves nothing open", async () => {
  const { near, far } = await connectionPair(nodeTcp);
  const end = connectionEnd(near);
  const closing = far.sink.close();
  far.reset();
  // The FIN is out already.
  await assert.rejects(end.input.blockingRead(8) as Promise<unknown>);
  await closing;
  assert.ok(await eventually(() => tagOfWrite(end) === "closed", loopTurn));
  await end.drop();
  assert.ok(await eventually(() => !process.getActiveResourcesInfo().includes("TCPSocketWrap"), loopTurn));
});

/** What a write says; nothing while it is taken. */
function tagOfWrite({ output }: ConnectionEnd): string {
  try {
    if (Number(output.checkWrite()) > 0) void output.write(new Uint8Array(1));
    return "";
  } catch (error) {
    return (error as { readonly payload: { readonly tag: string } }).payload.tag;
  }
}
