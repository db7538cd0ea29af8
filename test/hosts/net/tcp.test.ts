/** TCP on real sockets, on the loopback alone. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { nodeTcp } from "../../../src/hosts/node/net/tcp.ts";
import { StreamError } from "../../../src/index.ts";
import { changed, complete } from "../../../src/io/steps.ts";
import type { SocketAddress } from "../../../src/wasi/sockets/address.ts";
import { SocketError, type ErrorCode } from "../../../src/wasi/sockets/error-code.ts";
import type { SocketUse } from "../../../src/wasi/sockets/network.ts";
import { TcpSocket } from "../../../src/wasi/sockets/tcp-socket.ts";
import type { TcpStreams } from "../../../src/wasi/sockets/tcp-streams.ts";
import { turn } from "../../testing/fixtures.ts";

const LOOPBACK: SocketAddress = { family: "ipv4", ip: "127.0.0.1", port: 0 };
const SETTINGS = { bufferBytes: 65_536, readBytes: 65_536, permits: "strict" } as const;

function socketOf(t: TestContext, check: (address: SocketAddress, use: SocketUse) => boolean = () => true): TcpSocket {
  const socket = TcpSocket.create(nodeTcp, "ipv4", check, SETTINGS);
  t.after(() => socket.drop());
  return socket;
}

/** A server of Node's own, and where it is. */
async function serverOf(t: TestContext, onConnection: (socket: Socket) => void): Promise<SocketAddress> {
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    t.after(() => socket.destroy());
    socket.on("error", () => {});
    onConnection(socket);
  });
  server.listen(0, LOOPBACK.ip);
  await once(server, "listening");
  t.after(() => server.close());
  return { ...LOOPBACK, port: (server.address() as AddressInfo).port };
}

async function connected(socket: TcpSocket, remote: SocketAddress): Promise<TcpStreams> {
  socket.startConnect(remote);
  await changed(socket);
  return socket.finishConnect();
}

async function listening(socket: TcpSocket): Promise<SocketAddress> {
  await complete(socket.startBind(LOOPBACK));
  socket.finishBind();
  await complete(socket.startListen());
  socket.finishListen();
  return socket.localAddress();
}

async function write(streams: TcpStreams, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += 4096) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await complete(streams.output.blockingWriteAndFlush(bytes.subarray(at, at + 4096)));
  }
}

/** All until the end. */
async function readAll(streams: TcpStreams): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      pieces.push((await complete(streams.input.blockingRead(65_536))).slice());
    } catch (error) {
      if (error instanceof StreamError && error.payload.tag === "closed") return Buffer.concat(pieces);
      throw error;
    }
  }
}

function throwsCode(call: () => unknown, code: ErrorCode): void {
  assert.throws(call, (error) => error instanceof SocketError && error.payload === code, code);
}

async function rejectsCode(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof SocketError && error.payload === code, code);
}

test("bytes go both ways, and each half ends by itself", async (t) => {
  const bytes = Buffer.alloc(300_000, "both ways ");
  const remote = await serverOf(t, (peer) => {
    let heard = "";
    peer.on("data", (chunk) => void (heard += chunk.toString()));
    // Answers when it has heard all.
    peer.on("end", () => peer.end(heard.toUpperCase()));
  });
  const socket = socketOf(t);
  const streams = await connected(socket, remote);
  assert.deepEqual(socket.remoteAddress(), remote);
  assert.equal(socket.localAddress().ip, LOOPBACK.ip);
  await write(streams, bytes);
  socket.shutdown("send");
  assert.ok((await readAll(streams)).equals(Buffer.from(bytes.toString().toUpperCase())));
  await turn();
  assert.throws(() => streams.output.checkWrite(), StreamError);
});

test("a socket that listens accepts, and what it accepts is like any other", async (t) => {
  const listener = socketOf(t);
  const address = await listening(listener);
  assert.ok(address.port > 0);
  assert.equal(listener.isListening, true);
  throwsCode(() => listener.accept(), "would-block");
  const client = connect({ host: address.ip, port: address.port, allowHalfOpen: true });
  t.after(() => client.destroy());
  await changed(listener);
  const { socket, streams } = listener.accept();
  t.after(() => socket.drop());
  assert.equal(socket.localAddress().port, address.port);
  client.end("hello");
  assert.equal((await readAll(streams)).toString(), "hello");
  await write(streams, Buffer.from("and back"));
  streams.output.drop();
  assert.equal(await text(client), "and back");
});

test("two sockets of ours talk", async (t) => {
  const listener = socketOf(t);
  const address = await listening(listener);
  const client = socketOf(t);
  const [there] = await Promise.all([connected(client, address), changed(listener)]);
  const { socket, streams: here } = listener.accept();
  t.after(() => socket.drop());
  await write(there, Buffer.from("one"));
  client.shutdown("send");
  assert.equal((await readAll(here)).toString(), "one");
  await write(here, Buffer.from("two"));
  socket.shutdown("both");
  assert.equal((await readAll(there)).toString(), "two");
});

test("what nobody listens to is refused, and the socket is over", async (t) => {
  const listener = socketOf(t);
  const address = await listening(listener);
  listener.drop();
  await turn();
  const socket = socketOf(t);
  socket.startConnect(address);
  throwsCode(() => socket.finishConnect(), "would-block");
  throwsCode(() => socket.startConnect(address), "concurrency-conflict");
  throwsCode(() => socket.localAddress(), "invalid-state");
  throwsCode(() => socket.options, "invalid-state");
  await changed(socket);
  throwsCode(() => socket.finishConnect(), "connection-refused");
  throwsCode(() => socket.finishConnect(), "not-in-progress");
  throwsCode(() => socket.options, "connection-refused");
  throwsCode(() => socket.localAddress(), "connection-refused");
  throwsCode(() => socket.startConnect(address), "invalid-state");
  throwsCode(() => socket.shutdown("both"), "invalid-state");
});

test("an address in use cannot be listened at, and one of nobody's cannot be bound", async (t) => {
  const first = socketOf(t);
  const address = await listening(first);
  const second = socketOf(t);
  await rejectsCode(
    complete(second.startBind(address)).then(() => complete(second.startListen())),
    "address-in-use",
  );
  const third = socketOf(t);
  await rejectsCode(complete(third.startBind({ ...LOOPBACK, ip: "192.0.2.1" })), "address-not-bindable");
  await complete(third.startBind(LOOPBACK));
  third.finishBind();
});

test("a bound socket connects from where it is bound", async (t) => {
  const peers: (number | undefined)[] = [];
  const remote = await serverOf(t, (peer) => {
    peers.push(peer.remotePort);
    peer.end();
  });
  const socket = socketOf(t);
  await complete(socket.startBind(LOOPBACK));
  socket.finishBind();
  const { port } = socket.localAddress();
  const streams = await connected(socket, remote);
  await readAll(streams);
  assert.deepEqual(peers, [port]);
  assert.equal(socket.localAddress().port, port);
});

test("a reset is a failure once, then the end; the output is closed", async (t) => {
  const remote = await serverOf(t, (peer) => peer.once("data", () => peer.resetAndDestroy()));
  const streams = await connected(socketOf(t), remote);
  await write(streams, Buffer.from("go"));
  await assert.rejects(
    complete(streams.input.blockingRead(10)),
    (error) => error instanceof StreamError && error.payload.tag === "last-operation-failed",
  );
  await assert.rejects(
    complete(streams.input.blockingRead(10)),
    (error) => error instanceof StreamError && error.payload.tag === "closed",
  );
  await assert.rejects(
    write(streams, Buffer.from("to nobody")),
    (error) => error instanceof StreamError && error.payload.tag === "closed",
  );
});

test("a peer that does not read stops the writer, and memory is bounded", async (t) => {
  let peer: Socket | undefined;
  const remote = await serverOf(t, (socket) => {
    peer = socket;
    socket.pause();
  });
  const streams = await connected(socketOf(t), remote);
  let sent = 0;
  const piece = new Uint8Array(65_536);
  for (let idle = 0; idle < 50;) {
    const permitted = streams.output.checkWrite();
    if (permitted > 0) {
      streams.output.write(piece.subarray(0, permitted));
      sent += permitted;
      idle = 0;
    } else {
      idle++;
      // oxlint-disable-next-line no-await-in-loop -- until nothing moves any more
      await turn();
    }
  }
  assert.ok(streams.outlet.bufferedBytes <= SETTINGS.bufferBytes);
  streams.output.drop();
  let heard = 0;
  peer?.on("data", (chunk) => void (heard += chunk.length));
  peer?.resume();
  if (peer) await once(peer, "end");
  assert.equal(heard, sent);
});

test("nothing is received before somebody reads, and a reader that is slow stops the sender", async (t) => {
  let sent = 0;
  let stopped = false;
  const remote = await serverOf(t, (peer) => {
    const more = (): void => {
      while (sent < 64 * 1024 * 1024) {
        sent += 65_536;
        if (peer.write(Buffer.alloc(65_536))) continue;
        stopped = true;
        return;
      }
      peer.end();
    };
    peer.on("drain", more);
    more();
  });
  const streams = await connected(socketOf(t), remote);
  for (let turns = 0; turns < 50; turns++) await turn();
  assert.equal(stopped, true);
  assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes`);
  assert.equal((await readAll(streams)).length, 64 * 1024 * 1024);
});

test("what is not permitted is refused: a bind and a listen at once, a connect when it is finished, a peer by a reset", async (t) => {
  const only =
    (...uses: SocketUse[]) =>
    (_: SocketAddress, use: SocketUse) =>
      uses.includes(use);
  await rejectsCode(complete(socketOf(t, only()).startBind(LOOPBACK)), "access-denied");
  const bound = socketOf(t, only("tcp-bind"));
  await complete(bound.startBind(LOOPBACK));
  bound.finishBind();
  await rejectsCode(complete(bound.startListen()), "access-denied");
  const remote = await serverOf(t, (peer) => peer.end());
  for (const uses of [["tcp-bind"], ["tcp-connect"]] as const) {
    const socket = socketOf(t, only(...uses));
    socket.startConnect(remote);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await changed(socket);
    throwsCode(() => socket.finishConnect(), "access-denied");
  }
  const listener = socketOf(t, only("tcp-bind", "tcp-listen"));
  const address = await listening(listener);
  const client = connect({ host: address.ip, port: address.port });
  const [error] = (await once(client, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNRESET");
  throwsCode(() => listener.accept(), "would-block");
});
