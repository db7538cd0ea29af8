/** A connection whose sending is broken off: neither side takes what there is for all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SocketError } from "../../../src/wasi/sockets/error-code.ts";
import { MemoryNetwork } from "../../../src/wasi/sockets/memory-network.ts";
import type { TcpConnection } from "../../../src/wasi/sockets/tcp-port.ts";
import { TcpStreams } from "../../../src/wasi/sockets/tcp-streams.ts";

const PLACE = { family: "ipv4", ip: "127.0.0.1", port: 80 } as const;

async function pair(): Promise<[TcpConnection, TcpConnection]> {
  const { tcp } = new MemoryNetwork();
  const listener = tcp.open("ipv4");
  await listener.bind(PLACE);
  const arrived = Promise.withResolvers<TcpConnection>();
  await listener.listen(1, { arrived: arrived.resolve, failed: arrived.reject });
  return [await tcp.open("ipv4").connect(PLACE, tcp.defaults()), await arrived.promise];
}

test("both sides of a connection that is broken off are told", async () => {
  const [near, far] = await pair();
  const streams = new TcpStreams(near, 1000);
  let sent = 0;
  streams.onSent = () => void sent++;
  far.sink.write(Uint8Array.of(1));
  streams.outlet.accept(Uint8Array.of(2));
  let woken = 0;
  const waker = { wake: () => void woken++ };
  streams.source.watch(waker);
  streams.breakOff();
  streams.breakOff();
  assert.deepEqual([sent, woken > 0, streams.source.ready()], [1, true, true]);
  const isAborted = (error: unknown): boolean => error instanceof SocketError && error.payload === "connection-aborted";
  assert.throws(() => streams.source.read(10), isAborted);
  assert.throws(() => streams.source.readInto(new Uint8Array(10)), isAborted);
  assert.throws(() => far.source.read(10), /ECONNRESET|reset/);
  assert.equal(streams.finishSending(), undefined);
  // Who wants no more of it is not told.
  streams.source.close();
  assert.equal(streams.source.read(10), null);
});

test("a connection that nobody uses makes neither of its directions, and is let go of in order", async () => {
  const [near, far] = await pair();
  let made = 0;
  const counting: TcpConnection = {
    local: near.local,
    remote: near.remote,
    get source() {
      made++;
      return near.source;
    },
    get sink() {
      made++;
      return near.sink;
    },
    configure: (options) => near.configure(options),
    close: () => near.close(),
    reset: () => near.reset(),
  };
  const streams = new TcpStreams(counting, 1000);
  assert.deepEqual([made, streams.isSent], [0, false]);
  assert.equal(streams.source, streams.source);
  assert.equal(streams.outlet, streams.outlet);
  assert.equal(made, 2);
  await new TcpStreams(near, 1000).close();
  assert.equal(far.source.read(1), null);
});
