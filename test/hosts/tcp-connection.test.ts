/* oxlint-disable no-await-in-loop -- what waits, waits in turn */
/** What connections of `node:net` ask of the system: options, and what becomes of the rest when they are let go. */
import { strict as assert } from "node:assert";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { NodeTcpConnection } from "../../src/hosts/node/net/tcp-connection.ts";
import { nodeTcp } from "../../src/hosts/node/net/tcp.ts";
import type { TcpConnection } from "../../src/wasi/sockets/tcp-port.ts";

const IS_LINUX = process.platform === "linux";

/** A connection that was accepted, and the socket of Node's at its other end, which reads nothing. */
async function accepted(t: TestContext): Promise<{ readonly connection: NodeTcpConnection; readonly peer: Socket }> {
  const { promise, resolve } = Promise.withResolvers<TcpConnection>();
  const handle = nodeTcp.open("ipv4");
  await handle.bind({ family: "ipv4", ip: "127.0.0.1", port: 0 });
  await handle.listen(1, { arrived: resolve, failed: () => {} });
  const peer = connect({ host: "127.0.0.1", port: handle.local().port, allowHalfOpen: true });
  t.after(() => {
    peer.destroy();
    handle.close();
  });
  const [connection] = await Promise.all([promise, once(peer, "connect")]);
  assert.ok(connection instanceof NodeTcpConnection);
  return { connection, peer };
}

/** What the system says of options of a descriptor; nothing where nobody can ask it. */
function systemOptions(): ((fd: number, level: number, name: number) => number) | undefined {
  const ffi = IS_LINUX ? process.getBuiltinModule("node:ffi") : undefined;
  const getsockopt = ffi?.dlopen(null, {
    getsockopt: { return: "i32", arguments: ["i32", "i32", "i32", "buffer", "buffer"] },
  }).functions.getsockopt;
  if (!getsockopt) return undefined;
  return (fd, level, name) => {
    const value = new Int32Array(1);
    const size = Int32Array.of(4);
    assert.equal(getsockopt(fd, level, name, new Uint8Array(value.buffer), new Uint8Array(size.buffer)), 0);
    return value[0] ?? 0;
  };
}

const ask = systemOptions();

test("9.11 hop limits and sizes of buffers are those of the system", { skip: !ask }, async (t) => {
  assert.ok(ask);
  const { connection } = await accepted(t);
  const before = { hops: ask(connection.fd, 0, 2), received: ask(connection.fd, 1, 8) };
  assert.equal(before.hops, nodeTcp.defaults().hopLimit);
  const options = { ...nodeTcp.defaults(), hopLimit: 42, sendBufferBytes: 20_000 };
  connection.configure(options);
  // Linux doubles them.
  assert.deepEqual([ask(connection.fd, 0, 2), ask(connection.fd, 1, 7)], [42, 40_000]);
  assert.equal(ask(connection.fd, 1, 8), before.received, "what nobody has set stays as it is");
  connection.configure({ ...options, receiveBufferBytes: 30_000 });
  assert.deepEqual([ask(connection.fd, 0, 2), ask(connection.fd, 1, 8)], [42, 60_000]);
  await connection.close();
});

test("a connection is a handle until somebody waits for it", { skip: !IS_LINUX }, async (t) => {
  const { connection, peer } = await accepted(t);
  assert.equal(connection.isHandle, true);
  assert.equal(connection.remote.port, peer.localPort);
  assert.equal(connection.local.port, peer.remotePort);
  assert.equal(connection.sink.write(new Uint8Array(10)), 10);
  assert.equal(connection.isHandle, true);
  assert.equal(connection.source.ready(), false);
  assert.equal(connection.isHandle, false);
  await connection.close();
});

test(
  "what was sent is read by a peer who is slow, though nobody reads what it sends",
  { skip: !IS_LINUX },
  async (t) => {
    const { connection, peer } = await accepted(t);
    peer.pause();
    await new Promise((resolve) => void peer.write(new Uint8Array(200_000), resolve));
    // As much as the system takes.
    const piece = new Uint8Array(65_536);
    let sent = 0;
    for (let taken; (taken = connection.sink.write(piece)) > 0; sent += taken) assert.ok(sent < 2 ** 28);
    const gone = (async () => {
      while (!connection.sink.flush()) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      connection.source.close();
      await connection.sink.close();
      await connection.close();
    })();
    let read = 0;
    peer.on("data", (bytes: Uint8Array) => {
      read += bytes.length;
      // It answers as it reads.
      if (read < sent && !peer.writableNeedDrain) peer.write(new Uint8Array(10));
    });
    peer.resume();
    await once(peer, "end");
    assert.equal(read, sent);
    peer.end();
    await gone;
  },
);

test("so it is for a guest that writes and leaves in one turn", { skip: !IS_LINUX }, async (t) => {
  const { connection, peer } = await accepted(t);
  peer.pause();
  await new Promise((resolve) => void peer.write(new Uint8Array(200_000), resolve));
  // It has begun to read, and has read nothing.
  assert.equal(connection.source.ready(), false);
  let sent = 0;
  while (sent < 1_000_000) {
    const taken = connection.sink.write(new Uint8Array(65_536));
    sent += taken;
    if (taken < 65_536) break;
  }
  const gone = (async () => {
    connection.source.close();
    await connection.sink.close();
    await connection.close();
  })();
  let read = 0;
  peer.on("data", (bytes: Uint8Array) => {
    read += bytes.length;
  });
  // Not before that connection would be gone, if it did not linger.
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
  peer.resume();
  await once(peer, "end");
  assert.equal(read, sent);
  peer.end();
  await gone;
});
