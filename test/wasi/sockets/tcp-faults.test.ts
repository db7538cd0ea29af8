/* oxlint-disable no-await-in-loop -- what is tried is tried in turn */
/** Connections over the system's loopback with something in the middle that misbehaves: what each end sees, and when. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeTcp } from "../../../src/hosts/node/net/tcp.ts";
import {
  checkConnection,
  connectionEnd,
  CONNECTION_RULES,
  eventually,
  staysPending,
  type ConnectionEnd,
  type ConnectionFixture,
} from "../../../src/testing/index.ts";
import type { TcpConnection } from "../../../src/wasi/sockets/tcp-port.ts";
import { FaultProxy, type Fault, type Faults } from "./fault-proxy.ts";
import { loopTurn } from "./loop-turn.ts";

interface Through {
  readonly proxy: FaultProxy;
  /** Connected to the proxy. */
  readonly near: TcpConnection;
  /** What the proxy connected to. */
  readonly far: TcpConnection;
}

/** Two connections with a proxy between them. */
async function through(faults: Faults): Promise<Through> {
  const listener = nodeTcp.open("ipv4");
  const arrived = Promise.withResolvers<TcpConnection>();
  await listener.bind({ family: "ipv4", ip: "127.0.0.1", port: 0 });
  await listener.listen(1, { arrived: arrived.resolve, failed: arrived.reject });
  const proxy = await FaultProxy.before(listener.local(), faults);
  const near = await nodeTcp.open("ipv4").connect(proxy.address, nodeTcp.defaults());
  const far = await arrived.promise;
  listener.close();
  return { proxy, near, far };
}

async function fixture(faults: Faults): Promise<ConnectionFixture> {
  const { proxy, near, far } = await through(faults);
  return {
    near: connectionEnd(near),
    far: connectionEnd(far),
    reset: () => far.reset(),
    turn: loopTurn,
    dispose() {
      proxy.close();
      near.reset();
      far.reset();
    },
  };
}

test("a connection through a proxy keeps every rule", async () => {
  const { kept } = await checkConnection(() => fixture({}));
  assert.deepEqual(kept, CONNECTION_RULES);
});

test("a connection through a proxy that passes on a little at a time keeps every rule", async () => {
  const { kept } = await checkConnection(() => fixture({ pieceBytes: 5000 }));
  assert.deepEqual(kept, CONNECTION_RULES);
});

const SIZE = 200_000;

function pattern(length: number): Uint8Array {
  return new Uint8Array(length).map((_, at) => (at * 7 + (at >> 8)) & 255);
}

function tagOf(error: unknown): string {
  return (error as { readonly payload: { readonly tag: string } }).payload.tag;
}

/** Reads in blocking calls until something else than bytes comes; what came, and what that was. */
async function readToEnd({ input }: ConnectionEnd, read: Uint8Array[] = []): Promise<string> {
  for (;;) {
    try {
      read.push(await input.blockingRead(65_536));
    } catch (error) {
      return tagOf(error);
    }
  }
}

/** Writes in blocking calls, as libc does, until all is written or somebody does not want it; what that was. */
async function writeAll({ output }: ConnectionEnd, bytes: Uint8Array): Promise<string> {
  try {
    for (let at = 0; at < bytes.length; at += 4096) await output.blockingWriteAndFlush(bytes.slice(at, at + 4096));
    return "ok";
  } catch (error) {
    return tagOf(error);
  }
}

const WHEN = [0, 1, 5000, 65_536, SIZE] as const;
const WHAT: readonly Fault["what"][] = ["end", "cut", "reset", "hold"];

/** What may be seen of a fault, by who reads and by who writes. A close of what has not been read is a reset. */
const READER: Readonly<Record<Fault["what"], readonly string[]>> = {
  end: ["closed"],
  cut: ["closed"],
  reset: ["last-operation-failed"],
  hold: [],
};
const WRITER: Readonly<Record<Fault["what"], readonly string[]>> = {
  end: [],
  cut: ["closed", "last-operation-failed"],
  reset: ["closed", "last-operation-failed"],
  hold: [],
};

for (const what of WHAT) {
  for (const afterBytes of WHEN) {
    test(`${what} after ${afterBytes} bytes, for who reads`, async (t) => {
      const { proxy, near, far } = await through({ toClient: { what, afterBytes } });
      const [reader, writer] = [connectionEnd(near), connectionEnd(far)];
      t.after(() => {
        proxy.close();
        near.reset();
        far.reset();
      });
      const sent = pattern(SIZE);
      void writeAll(writer, sent);
      const pieces: Uint8Array[] = [];
      const reading = readToEnd(reader, pieces);
      const came = (): number => pieces.reduce((sum, { length }) => sum + length, 0);
      if (what === "hold") {
        await eventually(() => came() === afterBytes, loopTurn, 10_000);
        assert.equal(await staysPending(reading, loopTurn), true);
        // It can still be ended from here.
        await reader.shutdown("receive");
        assert.equal(await reading, "closed");
      } else {
        const tag = await reading;
        assert.ok(READER[what].includes(tag), tag);
      }
      // What a reset has overtaken may be lost.
      if (what === "reset") assert.ok(came() <= afterBytes);
      else assert.equal(came(), afterBytes);
      assert.ok(Buffer.concat(pieces).equals(sent.subarray(0, came())));
      for (const max of [0, 8])
        await assert.rejects(
          async () => reader.input.read(max),
          (error) => tagOf(error) === "closed",
        );
    });

    test(`${what} after ${afterBytes} bytes, for who writes`, async (t) => {
      const { proxy, near, far } = await through({ toServer: { what, afterBytes } });
      const [writer, reader] = [connectionEnd(near), connectionEnd(far)];
      t.after(() => {
        proxy.close();
        near.reset();
        far.reset();
      });
      const pieces: Uint8Array[] = [];
      const reading = readToEnd(reader, pieces);
      const came = (): number => pieces.reduce((sum, { length }) => sum + length, 0);
      // More than all buffers of the system on the way.
      const writing = writeAll(writer, new Uint8Array(64 * 1024 * 1024));
      if (WRITER[what].length === 0) {
        await eventually(() => came() === afterBytes, loopTurn, 10_000);
        assert.equal(await staysPending(writing, loopTurn), true);
        if (what === "end") assert.equal(await reading, "closed");
        else assert.equal(await staysPending(reading, loopTurn), true);
        proxy.resetAll();
        assert.notEqual(await reading, "ok");
      }
      const tag = await writing;
      assert.ok(WRITER.reset.includes(tag), tag);
      await assert.rejects(
        async () => writer.output.checkWrite(),
        (error) => tagOf(error) === "closed",
      );
      await reading;
      assert.ok(came() <= afterBytes);
    });
  }
}

test("a connection that nobody answers is given up when the socket is dropped", async (t) => {
  const { proxy, near, far } = await through({ toServer: { what: "hold", afterBytes: 0 } });
  t.after(() => {
    proxy.close();
    far.reset();
  });
  const end = connectionEnd(near);
  await end.output.blockingWriteAndFlush(pattern(100));
  // The system has it all: nobody has to wait for the peer.
  await end.drop();
});
