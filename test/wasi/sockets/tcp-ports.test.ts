/* oxlint-disable no-await-in-loop -- what waits, waits in turn */
/** TCP over the ports that there are, Node's on loopback and one in memory: sockets as a guest uses them, and their streams. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { nodeTcp } from "../../../src/hosts/node/net/tcp.ts";
import { InputStream } from "../../../src/io/input-stream.ts";
import { OutputStream } from "../../../src/io/output-stream.ts";
import type { Readiness } from "../../../src/io/readiness.ts";
import { changed, complete } from "../../../src/io/steps.ts";
import { FakeClock } from "../../../src/testing/index.ts";
import type { Family, SocketAddress } from "../../../src/wasi/sockets/address.ts";
import { MemoryNetwork } from "../../../src/wasi/sockets/memory-network.ts";
import type { AddressCheck } from "../../../src/wasi/sockets/network.ts";
import type { TcpPort } from "../../../src/wasi/sockets/tcp-port.ts";
import type { TcpSocket } from "../../../src/wasi/sockets/tcp-socket.ts";
import type { TcpStreams } from "../../../src/wasi/sockets/tcp-streams.ts";
import { outcomeOf } from "./support.ts";
import { Counted } from "./tcp-support.ts";

const LOOPBACK: Readonly<Record<Family, SocketAddress>> = {
  ipv4: { family: "ipv4", ip: "127.0.0.1", port: 0 },
  ipv6: { family: "ipv6", ip: "::1", port: 0 },
};

interface Subject {
  readonly name: string;
  readonly port: () => TcpPort;
  /** Lets time go by, where it does not do so by itself. */
  readonly turn: () => Promise<void>;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function slow(): Subject {
  const clock = new FakeClock();
  const network = new MemoryNetwork({ clock, latencyNs: 1000n });
  return {
    name: "in memory, where everything takes its time",
    port: () => network.tcp,
    turn: async () => {
      clock.advance(500n);
      await turn();
    },
  };
}

const SUBJECTS: readonly Subject[] = [
  { name: "Node's", port: () => nodeTcp, turn },
  { name: "in memory", port: () => new MemoryNetwork().tcp, turn },
  slow(),
];

/** One side of a connection. */
class Side {
  readonly socket: TcpSocket;
  readonly streams: TcpStreams;
  readonly input: InputStream;
  readonly output: OutputStream;

  constructor(socket: TcpSocket, streams: TcpStreams) {
    this.socket = socket;
    this.streams = streams;
    this.input = new InputStream(streams.source);
    this.output = new OutputStream(streams.outlet);
  }
}

class Play {
  readonly port: TcpPort;
  readonly counted = new Counted();
  readonly #turn: () => Promise<void>;
  readonly #sockets: TcpSocket[] = [];

  constructor(t: TestContext, subject: Subject) {
    this.port = subject.port();
    this.#turn = subject.turn;
    t.after(() => {
      for (const socket of this.#sockets) void socket.drop();
    });
  }

  socket(family: Family, check: AddressCheck = () => true): TcpSocket {
    const socket = this.counted.socket(this.port, family, check);
    this.#sockets.push(socket);
    return socket;
  }

  async bound(family: Family, check?: AddressCheck, at: SocketAddress = LOOPBACK[family]): Promise<TcpSocket> {
    const socket = this.socket(family, check);
    await complete(socket.startBind(at));
    socket.finishBind();
    return socket;
  }

  async listener(family: Family, check?: AddressCheck): Promise<TcpSocket> {
    const socket = await this.bound(family, check);
    await complete(socket.startListen());
    socket.finishListen();
    return socket;
  }

  async until(readiness: Readiness): Promise<void> {
    // It must be woken each time; that may be too often.
    while (!readiness.ready()) {
      let woken = false;
      void changed(readiness).then(() => (woken = true));
      await this.when(() => woken);
    }
  }

  /** Whether whoever connects is reset, sooner or later. */
  async isReset(to: SocketAddress): Promise<boolean> {
    const socket = this.socket("ipv4");
    socket.startConnect(to);
    await this.until(socket);
    let side: Side;
    try {
      side = new Side(socket, socket.finishConnect());
    } catch (error) {
      return (error as { readonly payload: unknown }).payload === "connection-reset";
    }
    await this.until(side.input);
    return streamOutcome(() => side.input.read(1)) === "last-operation-failed";
  }

  pause(): Promise<void> {
    return this.#turn();
  }

  async when(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#turn();
  }

  async connect(socket: TcpSocket, to: SocketAddress): Promise<Side> {
    socket.startConnect(to);
    await this.until(socket);
    return new Side(socket, socket.finishConnect());
  }

  async accept(listener: TcpSocket): Promise<Side> {
    await this.until(listener);
    const socket = listener.accept();
    this.#sockets.push(socket);
    return new Side(socket, socket.streams());
  }

  async pair(family: Family = "ipv4"): Promise<readonly [client: Side, server: Side]> {
    const listener = await this.listener(family);
    const client = await this.connect(this.socket(family), listener.localAddress());
    return [client, await this.accept(listener)];
  }

  async write(to: OutputStream, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      await this.until(to);
      const piece = bytes.subarray(at, at + to.checkWrite());
      to.write(piece);
      at += piece.length;
    }
  }

  /** All bytes up to the end. */
  async readAll(from: InputStream): Promise<Uint8Array> {
    const read: Uint8Array[] = [];
    for (;;) {
      await this.until(from);
      try {
        read.push(from.read(100_000).slice());
      } catch (error) {
        assert.equal(tagOf(error), "closed");
        return new Uint8Array(Buffer.concat(read));
      }
    }
  }
}

function tagOf(error: unknown): unknown {
  return (error as { readonly payload: { readonly tag: string } }).payload.tag;
}

/** What a call on a stream says. */
function streamOutcome(call: () => unknown): unknown {
  try {
    call();
    return "ok";
  } catch (error) {
    return tagOf(error);
  }
}

function pattern(length: number): Uint8Array {
  return new Uint8Array(length).map((_, at) => (at * 7 + (at >> 8)) & 255);
}

for (const subject of SUBJECTS) {
  const on = (name: string, run: (play: Play) => Promise<void>): void =>
    void test(`${subject.name}: ${name}`, (t) => run(new Play(t, subject)));

  for (const family of ["ipv4", "ipv6"] as const) {
    on(`bytes go both ways, with ${family}`, async (play) => {
      const [client, server] = await play.pair(family);
      assert.deepEqual(client.socket.remoteAddress(), server.socket.localAddress());
      assert.deepEqual(server.socket.remoteAddress(), client.socket.localAddress());
      const sent = pattern(300_000);
      const [there] = await Promise.all([
        play.readAll(server.input),
        play.write(client.output, sent).then(() => client.socket.shutdown("send")),
      ]);
      assert.ok(Buffer.compare(there, sent) === 0);
      const [back] = await Promise.all([
        play.readAll(client.input),
        play.write(server.output, sent).then(() => server.socket.shutdown("send")),
      ]);
      assert.ok(Buffer.compare(back, sent) === 0);
    });
  }

  on("both sides are dropped with more to send than anybody takes: each is done all the same", async (play) => {
    const [client, server] = await play.pair();
    for (const { output } of [client, server]) {
      // Until several turns of the event loop bring no more room.
      for (let idle = 0; idle < 20; await play.pause()) {
        const permitted = output.ready() ? output.checkWrite() : 0;
        idle = permitted > 0 ? 0 : idle + 1;
        if (permitted > 0) output.write(new Uint8Array(permitted));
      }
    }
    const ended = [client, server].map(({ socket }) => Promise.resolve(socket.drop()));
    let done = 0;
    for (const each of ended) void each.then(() => done++);
    await play.when(() => done === 2);
  });

  on("who has ended one direction goes on with the other", async (play) => {
    const [client, server] = await play.pair();
    client.socket.shutdown("send");
    assert.equal(
      streamOutcome(() => client.output.checkWrite()),
      "closed",
    );
    assert.deepEqual(await play.readAll(server.input), new Uint8Array(0));
    await play.write(server.output, pattern(10));
    server.socket.shutdown("send");
    assert.deepEqual(await play.readAll(client.input), pattern(10));
    client.socket.shutdown("both");
    client.socket.shutdown("send");
  });

  on("who shuts receiving down finds the input closed at once, whatever has arrived", async (play) => {
    const [client, server] = await play.pair();
    await play.write(server.output, pattern(10));
    await play.until(client.input);
    client.socket.shutdown("receive");
    assert.equal(
      streamOutcome(() => client.input.read(10)),
      "closed",
    );
    await play.write(client.output, pattern(10));
    client.socket.shutdown("send");
    assert.deepEqual(await play.readAll(server.input), pattern(10));
  });

  on("nobody listens: refused, and the socket says so ever after", async (play) => {
    const gone = await play.bound("ipv4");
    const at = gone.localAddress();
    await gone.drop();
    const socket = play.socket("ipv4");
    socket.startConnect(at);
    assert.equal(
      outcomeOf(() => socket.finishConnect()),
      "would-block",
    );
    await play.until(socket);
    assert.equal(
      outcomeOf(() => socket.finishConnect()),
      "connection-refused",
    );
    assert.equal(
      outcomeOf(() => socket.localAddress()),
      "connection-refused",
    );
    assert.equal(
      outcomeOf(() => socket.options()),
      "connection-refused",
    );
    assert.equal(
      outcomeOf(() => socket.startConnect(at)),
      "invalid-state",
    );
    assert.equal(
      outcomeOf(() => socket.finishConnect()),
      "not-in-progress",
    );
  });

  on("an address that is taken, and one that is not this host's", async (play) => {
    const listener = await play.listener("ipv4");
    const code = async (at: SocketAddress): Promise<string> => {
      try {
        await complete(play.socket("ipv4").startBind(at));
        return "ok";
      } catch (error) {
        return outcomeOf(() => {
          throw error;
        });
      }
    };
    assert.equal(await code(listener.localAddress()), "address-in-use");
    assert.equal(await code({ family: "ipv4", ip: "192.0.2.1", port: 0 }), "address-not-bindable");
  });

  on("a bound socket connects from where it is bound", async (play) => {
    const listener = await play.listener("ipv4");
    const socket = await play.bound("ipv4");
    const at = socket.localAddress();
    const client = await play.connect(socket, listener.localAddress());
    const server = await play.accept(listener);
    assert.deepEqual(client.socket.localAddress(), at);
    assert.deepEqual(server.socket.remoteAddress(), at);
  });

  on("a peer that does not read stops the sender, who holds no more than its buffer", async (play) => {
    const [client, server] = await play.pair();
    const piece = pattern(65_536);
    let sent = 0;
    let still = 0;
    // Until nothing has moved for many turns: the system's buffers are full, and ours.
    while (still < 200) {
      const permitted = client.output.checkWrite();
      if (permitted > 0) {
        client.output.write(piece.subarray(0, permitted));
        sent += permitted;
        still = 0;
      } else {
        still++;
      }
      assert.ok(client.streams.outlet.bufferedBytes <= 65_536);
      await turn();
      await subject.turn();
    }
    assert.equal(client.output.ready(), false);
    client.socket.shutdown("send");
    assert.equal((await play.readAll(server.input)).length, sent);
  });

  on("what was written is sent when the socket is dropped", async (play) => {
    const [client, server] = await play.pair();
    const sent = pattern(50_000);
    await play.write(client.output, sent);
    client.output.drop();
    const dropped = client.socket.drop();
    assert.ok(Buffer.compare(await play.readAll(server.input), sent) === 0);
    await dropped;
  });

  on("a reset is told once, then the stream is closed", async (play) => {
    const [client, server] = await play.pair();
    // Unread bytes make no clean end of it.
    server.streams.connection.reset();
    await play.until(client.input);
    assert.equal(
      streamOutcome(() => client.input.read(1)),
      "last-operation-failed",
    );
    assert.equal(
      streamOutcome(() => client.input.read(1)),
      "closed",
    );
    // Whoever writes is told too: that it failed, or that nobody is there.
    const told = new Set<unknown>();
    await play.when(() => {
      told.add(
        streamOutcome(() => {
          if (client.output.checkWrite() > 0) client.output.write(pattern(1));
        }),
      );
      return told.has("closed");
    });
  });

  on("peers past the backlog are reset; each who waits counts as a socket", async (play) => {
    const listener = await play.bound("ipv4");
    listener.setBacklog(2);
    await complete(listener.startListen());
    listener.finishListen();
    const at = listener.localAddress();
    await play.connect(play.socket("ipv4"), at);
    await play.connect(play.socket("ipv4"), at);
    assert.equal(await play.isReset(at), true);
    assert.equal(await play.isReset(at), true);
    assert.equal(play.counted.open, 7, "the listener, four who connect, and two who wait");
    await play.accept(listener);
    await play.accept(listener);
    assert.equal(
      outcomeOf(() => listener.accept()),
      "would-block",
    );
  });

  on("peers who wait when the listener is dropped are reset, and count no more", async (play) => {
    const listener = await play.listener("ipv4");
    const client = await play.connect(play.socket("ipv4"), listener.localAddress());
    await play.until(listener);
    await listener.drop();
    await play.until(client.input);
    assert.equal(
      streamOutcome(() => client.input.read(1)),
      "last-operation-failed",
    );
    assert.equal(play.counted.open, 1, "the client alone");
  });

  on("who is asked about each use is asked with the address", async (play) => {
    const asked: string[] = [];
    const check: AddressCheck = ({ ip, port }, use) => {
      asked.push(`${use} ${ip} ${port === 0 ? "any" : "a port"}`);
      return true;
    };
    const listener = await play.listener("ipv4", check);
    await play.connect(play.socket("ipv4", check), listener.localAddress());
    await play.accept(listener);
    assert.deepEqual(asked, [
      "tcp-bind 127.0.0.1 any",
      "tcp-listen 127.0.0.1 a port",
      "tcp-bind 0.0.0.0 any",
      "tcp-connect 127.0.0.1 a port",
      "tcp-accept 127.0.0.1 a port",
    ]);
  });

  for (const answer of [() => false, async () => false] as const) {
    on(`a peer who is not permitted (${answer.constructor.name}) is reset, and never seen`, async (play) => {
      const listener = await play.listener("ipv4", (_, use) => (use === "tcp-accept" ? answer() : true));
      assert.equal(await play.isReset(listener.localAddress()), true);
      assert.equal(listener.ready(), false);
      assert.equal(play.counted.open, 2, "the listener, and who connects");
    });
  }

  on("a connection that is not permitted is denied when it is finished", async (play) => {
    const listener = await play.listener("ipv4");
    const socket = play.socket("ipv4", (_, use) => use !== "tcp-connect");
    socket.startConnect(listener.localAddress());
    await play.until(socket);
    assert.equal(
      outcomeOf(() => socket.finishConnect()),
      "access-denied",
    );
    assert.equal(listener.ready(), false);
  });

  on("options of a listener are those of who it accepts, as they were then", async (play) => {
    const listener = await play.listener("ipv4");
    listener.configure({ keepAlive: true, hopLimit: 42 });
    await play.connect(play.socket("ipv4"), listener.localAddress());
    await play.until(listener);
    listener.configure({ hopLimit: 43 });
    const { socket } = await play.accept(listener);
    assert.equal(socket.options().hopLimit, 42);
    assert.equal(socket.options().keepAlive, true);
    socket.configure({ keepAlive: false });
    assert.equal(listener.options().keepAlive, true);
  });

  on("a socket that is dropped while it connects leaves nothing behind", async (play) => {
    const listener = await play.listener("ipv4");
    const socket = play.socket("ipv4");
    socket.startConnect(listener.localAddress());
    await socket.drop();
    for (let turns = 0; turns < 20; turns++) await subject.turn();
    assert.equal(
      outcomeOf(() => socket.startConnect(listener.localAddress())),
      "concurrency-conflict",
    );
  });
}
