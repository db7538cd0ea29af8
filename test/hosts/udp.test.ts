/** UDP by `node:dgram`: what it says of a datagram, and when. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { nodeUdp } from "../../src/hosts/node/net/udp.ts";
import type { SocketAddress } from "../../src/wasi/sockets/address.ts";
import type { UdpEvents, UdpHandle } from "../../src/wasi/sockets/udp-port.ts";

async function bound(t: TestContext, events: Partial<UdpEvents> = {}): Promise<UdpHandle> {
  const handle = nodeUdp.open("ipv4", { received: () => {}, failed: () => {}, settled: () => {}, ...events });
  t.after(() => handle.close());
  await handle.bind({ family: "ipv4", ip: "127.0.0.1", port: 0 });
  return handle;
}

/** Sends a datagram. Gives what has been said of it when the call returns. */
function sent(handle: UdpHandle, data: Uint8Array, to?: SocketAddress): string[] {
  const told: string[] = [];
  const report = { queued: () => void told.push("queued"), left: () => void told.push("left") };
  try {
    handle.send(data, to, report);
  } catch (error) {
    told.push(String((error as NodeJS.ErrnoException).code));
  }
  return told;
}

test("what a connected socket sends has left, or has failed, when the call returns", async (t) => {
  const came: number[] = [];
  const all = Promise.withResolvers<void>();
  const receiver = await bound(t, {
    received({ length }) {
      if (came.push(length) === 3) all.resolve();
    },
  });
  const sender = await bound(t);
  await sender.connect(receiver.local());
  const sizes = [1, 65_508, 0, 1000];
  assert.deepEqual(
    sizes.map((size) => sent(sender, new Uint8Array(size))),
    [["left"], ["EMSGSIZE"], ["left"], ["left"]],
  );
  await all.promise;
  assert.deepEqual(came, [1, 0, 1000]);
});

test("a peer who is not there is told of by a send that follows", async (t) => {
  const [gone, sender] = [await bound(t), await bound(t)];
  await sender.connect(gone.local());
  gone.close();
  const told = new Set<string>();
  // On one host it is known as soon as the system comes to it.
  for (let round = 0; round < 1000 && !told.has("ECONNREFUSED"); round++) {
    for (const word of sent(sender, Uint8Array.of(1))) told.add(word);
  }
  assert.deepEqual([...told], ["left", "ECONNREFUSED"]);
});

test("what is sent to anybody is told of later, and is before what follows", async (t) => {
  const came: number[] = [];
  const all = Promise.withResolvers<void>();
  const receiver = await bound(t, {
    received({ length }) {
      if (came.push(length) === 2) all.resolve();
    },
  });
  const sender = await bound(t);
  const to = receiver.local();
  assert.deepEqual(sent(sender, new Uint8Array(1), to), []);
  await sender.connect(to);
  assert.deepEqual(sent(sender, new Uint8Array(2)), []);
  await all.promise;
  assert.deepEqual(came, [1, 2]);
});
