/** What connections of `node:net` read ahead, and from where. */
import { strict as assert } from "node:assert";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { connect, Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { test, type TestContext } from "node:test";
import fc from "../testing/properties.ts";
import { Arrivals, NodeTcpSource } from "../../src/hosts/node/net/tcp-source.ts";
import { nodeTcp } from "../../src/hosts/node/net/tcp.ts";
import type { Source } from "../../src/io/ports.ts";
import type { TcpConnection, TcpHandle } from "../../src/wasi/sockets/tcp-port.ts";

const HELD = 64 * 1024;

test("what is given is what was taken, in order, whatever becomes of where it was put first", () => {
  const piece = fc.record({ take: fc.integer({ min: 1, max: 3000 }), give: fc.integer({ min: 0, max: 3000 }) });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const arrivals = new Arrivals();
      const landed = new Uint8Array(3000);
      const expected: number[] = [];
      const came: number[] = [];
      let byte = 0;
      for (const { take, give } of pieces) {
        for (let at = 0; at < take; at++) expected.push((landed[at] = byte++ & 255));
        arrivals.take(landed.subarray(0, take));
        landed.fill(0xee);
        came.push(...arrivals.give(give));
        assert.equal(arrivals.size, expected.length - came.length);
      }
      while (arrivals.size > 0) came.push(...arrivals.give(1000));
      assert.deepEqual(came, expected);
    }),
  );
});

test("what comes while somebody waits is taken from where it landed, and only the rest is copied", () => {
  const arrivals = new Arrivals();
  const landed = new Uint8Array(10).map((_, at) => at);
  const given: Uint8Array[] = [];
  const reader = { wake: () => void given.push(arrivals.give(4), arrivals.give(3)) };
  arrivals.changed.watch(reader);
  arrivals.take(landed);
  arrivals.changed.unwatch(reader);
  assert.deepEqual(
    given.map(({ buffer, byteOffset, length }) => [buffer === landed.buffer, byteOffset, length]),
    [
      [true, 0, 4],
      [true, 4, 3],
    ],
  );
  landed.fill(0xee);
  assert.equal(arrivals.size, 3);
  assert.deepEqual([...arrivals.give(10)], [7, 8, 9]);
  // Who leaves in the middle has none of it.
  arrivals.changed.watch({ wake: () => arrivals.drop() });
  arrivals.take(landed);
  assert.equal(arrivals.size, 0);
});

test("a socket goes on reading while little is held, and is stopped with no more than twice that", () => {
  const arrivals = new Arrivals();
  const most = new Uint8Array(HELD);
  assert.equal(arrivals.take(most), true);
  assert.equal(arrivals.take(most), false);
  assert.equal(arrivals.isStopped, true);
  assert.equal(arrivals.size, 2 * HELD);
});

test("nothing is held of what nobody wants any more, and the peer is not stopped", () => {
  const arrivals = new Arrivals();
  arrivals.take(new Uint8Array(10));
  arrivals.drop();
  assert.equal(arrivals.size, 0);
  assert.equal(arrivals.take(new Uint8Array(10)), true);
  assert.equal(arrivals.size, 0);
});

/** A source whose descriptor is that of `path`, and how often it had Node read on. */
function reading(t: TestContext, path: string): { readonly source: NodeTcpSource; readonly resumed: () => number } {
  const fd = openSync(path, "r");
  t.after(() => closeSync(fd));
  let count = 0;
  const socket = { resume: () => void count++ };
  const connection = { socket: socket as unknown as Socket, isHandle: false, fd, leave: () => {} };
  return { source: new NodeTcpSource(connection), resumed: () => count };
}

test("while each piece is as large as one of Node's can be, the next one is read in the same turn", (t) => {
  const folder = mkdtempSync(`${tmpdir()}/sluice-`);
  t.after(() => rmSync(folder, { recursive: true }));
  const bytes = new Uint8Array(2 * HELD + 1000).map((_, at) => at % 251);
  writeFileSync(`${folder}/bytes`, bytes);
  const { source, resumed } = reading(t, `${folder}/bytes`);
  // Nothing says that there is something: to ask in vain takes longer than to wait.
  assert.equal(source.read(HELD)?.length, 0);
  assert.equal(source.ready(), false);
  source.arrivals.take(new Uint8Array(HELD));
  source.arrivals.isStopped = true;
  assert.equal(source.read(HELD)?.length, HELD);
  assert.equal(source.ready(), true);
  // Twice as many at a time.
  const came = [100, HELD, HELD, HELD].map((max) => [...(source.read(max) ?? [])]);
  assert.deepEqual(
    came.map(({ length }) => length),
    [100, HELD, HELD - 100, 1000],
  );
  assert.deepEqual(came.flat(), [...bytes]);
  assert.equal(resumed(), 0);
  // That was less than there was room for: now Node is to wait for more.
  assert.equal(source.read(HELD)?.length, 0);
  assert.equal(resumed(), 1);
});

test("what fails where the system is asked is told when Node has come to the end", (t) => {
  const { source } = reading(t, tmpdir());
  source.arrivals.take(new Uint8Array(HELD));
  assert.equal(source.read(HELD)?.length, HELD);
  assert.equal(source.read(HELD)?.length, 0);
  assert.equal(source.ready(), false);
  source.end();
  assert.throws(() => source.read(HELD), { code: "EISDIR" });
  assert.equal(source.read(HELD), null);
});

/** What comes next, after a wait if there is nothing yet. */
async function next(source: Source, max: number): Promise<Uint8Array | null> {
  for (;;) {
    const bytes = source.read(max);
    if (bytes === null || bytes.length > 0) return bytes?.slice() ?? null;
    await new Promise<void>((resolve) => {
      const waker = {
        wake: () => {
          source.unwatch(waker);
          resolve();
        },
      };
      source.watch(waker);
    });
  }
}

async function listening(backlog: number, arrived: (connection: TcpConnection) => void): Promise<TcpHandle> {
  const handle = nodeTcp.open("ipv4");
  await handle.bind({ family: "ipv4", ip: "127.0.0.1", port: 0 });
  await handle.listen(backlog, { arrived, failed: () => {} });
  return handle;
}

test("connections that are read at the same time get each its own", async () => {
  const connections: TcpConnection[] = [];
  let all: () => void = () => {};
  const accepted = new Promise<void>((resolve) => {
    all = resolve;
  });
  const count = 8;
  const handle = await listening(count, (connection) => {
    if (connections.push(connection) === count) all();
  });
  const { port } = handle.local();
  const size = 300_000;
  const clients: Socket[] = [];
  for (let id = 0; id < count; id++) {
    const client = connect({ host: "127.0.0.1", port });
    clients.push(client);
    client.write(new Uint8Array(size).fill(id + 1));
    client.end();
  }
  await accepted;
  const seen = await Promise.all(
    connections.map(async ({ source }) => {
      const values = new Set<number>();
      let bytes = 0;
      for (let piece; (piece = await next(source, 10_000)) !== null; bytes += piece.length) {
        for (const value of piece) values.add(value);
      }
      assert.equal(bytes, size);
      assert.equal(values.size, 1);
      return [...values][0] ?? 0;
    }),
  );
  assert.deepEqual(
    seen.toSorted((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  for (const connection of connections) void connection.close();
  for (const client of clients) client.destroy();
  handle.close();
});

test(
  "who is let go with input that nobody has read is told of the end",
  { skip: process.platform !== "linux" },
  async (t) => {
    let arrived: (connection: TcpConnection) => void = () => {};
    const accepted = new Promise<TcpConnection>((resolve) => {
      arrived = resolve;
    });
    const handle = await listening(1, arrived);
    const client = connect({ host: "127.0.0.1", port: handle.local().port, allowHalfOpen: true });
    t.after(() => {
      client.destroy();
      handle.close();
    });
    const ended = new Promise<void>((resolve, reject) => {
      client.once("end", resolve);
      client.once("error", reject);
      client.resume();
    });
    const connection = await accepted;
    // More than is read ahead.
    await new Promise((resolve) => void client.write(new Uint8Array(200_000), resolve));
    await connection.sink.close();
    void connection.close();
    await ended;
  },
);

test("the system is told the backlog of a socket that was bound before", async (t) => {
  const listen = t.mock.method(Server.prototype, "listen");
  const handle = await listening(1234, () => {});
  const [where, backlog] = listen.mock.calls[0]?.arguments ?? [];
  // Node takes it from elsewhere where it is given a port, and there is nothing that has been bound.
  if (typeof where === "object" && where !== null && "handle" in where) assert.equal(backlog, 1234);
  handle.close();
});
