/** A network, and a check, that take their time or misbehave: the guest is told, and nobody else is harmed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { complete } from "../../../src/io/steps.ts";
import { microtasks, staysPending } from "../../../src/testing/index.ts";
import type { SocketAddress } from "../../../src/wasi/sockets/address.ts";
import { SocketError } from "../../../src/wasi/sockets/error-code.ts";
import type { AddressCheck } from "../../../src/wasi/sockets/network.ts";
import type { IncomingDatagrams } from "../../../src/wasi/sockets/udp-incoming.ts";
import type { OutgoingDatagrams } from "../../../src/wasi/sockets/udp-outgoing.ts";
import type { UdpSocket } from "../../../src/wasi/sockets/udp-socket.ts";
import { counter, FakeUdp, LOCAL, now, OTHER, outcomeOf, PEER, SETTINGS, socketOn } from "./support.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

interface Streaming {
  readonly port: FakeUdp;
  readonly socket: UdpSocket;
  readonly incoming: IncomingDatagrams;
  readonly outgoing: OutgoingDatagrams;
}

function streaming(check?: AddressCheck, datagramBytes = SETTINGS.datagramBytes): Streaming {
  const port = new FakeUdp();
  const socket = socketOn(port, check, { ...SETTINGS, datagramBytes });
  now(socket.startBind(LOCAL));
  const [incoming, outgoing] = now(socket.stream(undefined));
  return { port, socket, incoming, outgoing };
}

function datagram(size = 1, to: SocketAddress = PEER): { data: Uint8Array; to: SocketAddress } {
  return { data: new Uint8Array(size), to };
}

const code = (expected: string) => (error: unknown) => error instanceof SocketError && error.payload === expected;

test("10.2 a bind that takes its time is waited for, and nothing else begins meanwhile", async () => {
  const port = new FakeUdp();
  const { promise, resolve } = Promise.withResolvers<void>();
  port.onBind = () => promise;
  const socket = socketOn(port);
  const bind = complete(socket.startBind(LOCAL));
  assert.ok(await staysPending(bind));
  assert.equal(
    outcomeOf(() => now(socket.startBind(LOCAL))),
    "concurrency-conflict",
  );
  assert.equal(
    outcomeOf(() => socket.finishBind()),
    "would-block",
  );
  assert.equal(
    outcomeOf(() => socket.localAddress()),
    "invalid-state",
  );
  assert.equal(
    outcomeOf(() => now(socket.stream(undefined))),
    "invalid-state",
  );
  resolve();
  await bind;
  assert.equal(
    outcomeOf(() => socket.finishBind()),
    "ok",
  );
});

test("10.2 a bind that fails, at once or later, can be tried again", async () => {
  const port = new FakeUdp();
  const socket = socketOn(port);
  for (const onBind of [() => Promise.reject(systemError("EADDRINUSE")), thrower(systemError("EADDRINUSE"))]) {
    port.onBind = onBind;
    await assert.rejects(complete(socket.startBind(LOCAL)), code("address-in-use"));
    assert.equal(
      outcomeOf(() => socket.finishBind()),
      "not-in-progress",
    );
  }
  port.onBind = () => {};
  now(socket.startBind(LOCAL));
  socket.finishBind();
});

function thrower(error: unknown): () => never {
  return () => {
    throw error;
  };
}

test("10.2 what is given up in the middle of a bind is unbound again", () => {
  const port = new FakeUdp();
  port.onBind = () => new Promise(() => {});
  const socket = socketOn(port);
  const bind = socket.startBind(LOCAL);
  assert.equal(bind.next().done, false);
  bind.return();
  port.onBind = () => {};
  now(socket.startBind(LOCAL));
});

test("10.1 no socket is a code of its own", () => {
  const port = new FakeUdp();
  port.onOpen = thrower(systemError("EMFILE"));
  assert.throws(() => socketOn(port), code("new-socket-limit"));
  port.onOpen = thrower("something");
  assert.throws(() => socketOn(port), code("unknown"));
});

test("10.3 a connect that fails leaves the socket with nobody, and can be tried again", async () => {
  const { port, socket, incoming, outgoing } = streaming();
  incoming.drop();
  outgoing.drop();
  for (const drop of now(socket.stream(PEER))) drop.drop();
  port.onConnect = () => Promise.reject(systemError("ENETUNREACH"));
  await assert.rejects(complete(socket.stream(OTHER)), code("remote-unreachable"));
  assert.equal(
    outcomeOf(() => socket.remoteAddress()),
    "invalid-state",
  );
  port.onConnect = () => {};
  now(socket.stream(OTHER));
  assert.equal(socket.remoteAddress(), OTHER);
});

test("10.3 a socket lets go of its peer only when all that was sent to it has left", async () => {
  const { port, socket, incoming, outgoing } = streaming();
  port.onSend = ({ report }) => report.queued();
  outgoing.checkSend();
  assert.equal(now(outgoing.send([datagram()])), 1);
  incoming.drop();
  outgoing.drop();
  const connecting = complete(socket.stream(PEER));
  assert.ok(await staysPending(connecting));
  assert.equal(port.connects.length, 0);
  assert.equal(
    outcomeOf(() => now(socket.stream(PEER))),
    "concurrency-conflict",
  );
  port.sends[0]?.report.left();
  await connecting;
  assert.deepEqual(port.connects, [PEER]);
});

test("10.6 a send waits for a word of the network on each datagram", async () => {
  const { port, outgoing } = streaming();
  port.onSend = () => {};
  outgoing.checkSend();
  const send = complete(outgoing.send([datagram(), datagram(), datagram()]));
  assert.ok(await staysPending(send));
  assert.equal(port.sends.length, 1);
  port.sends[0]?.report.left();
  await microtasks();
  assert.equal(port.sends.length, 2);
  port.sends[1]?.report.left(systemError("EHOSTUNREACH"));
  assert.equal(await send, 1);
  assert.equal(port.sends.length, 2);
});

test("10.6 the first datagram's error is the error of the send, told at once or later", async () => {
  for (const failing of [true, false]) {
    const { port, outgoing, socket } = streaming();
    port.onSend = ({ report }) => {
      if (failing) throw systemError("EACCES");
      void Promise.resolve().then(() => report.left(systemError("EACCES")));
    };
    outgoing.checkSend();
    await assert.rejects(complete(outgoing.send([datagram()])), code("access-denied"));
    assert.equal(socket.room(), 16);
  }
});

test("10.6 a datagram is copied before anything is waited for", async () => {
  const { port, outgoing } = streaming();
  port.onSend = () => {};
  outgoing.checkSend();
  const data = Uint8Array.of(1, 2, 3);
  const send = complete(
    outgoing.send([
      { data, to: PEER },
      { data, to: PEER },
    ]),
  );
  data.fill(0);
  port.sends[0]?.report.left();
  await microtasks();
  port.sends[1]?.report.left();
  await send;
  for (const sent of port.sends) assert.deepEqual(sent.data, Uint8Array.of(1, 2, 3));
});

test("10.7 what the network has no room for is bounded, and permits come back with a wake", () => {
  const { port, outgoing } = streaming();
  port.onSend = ({ report }) => report.queued();
  let sent = 0;
  for (let permit = outgoing.checkSend(); permit > 0; permit = outgoing.checkSend()) {
    sent += now(outgoing.send(Array.from({ length: permit }, () => datagram(65_507))));
  }
  assert.equal(sent, 16);
  assert.equal(outgoing.ready(), false);
  assert.equal(
    outcomeOf(() => now(outgoing.send([datagram()]))),
    "trap 10.4",
  );
  const waker = counter(outgoing);
  port.sends[0]?.report.left();
  assert.equal(waker.woken, 1);
  assert.equal(outgoing.ready(), true);
  assert.equal(outgoing.checkSend(), 1);
});

test("10.7 a limit smaller than a datagram permits one at a time", () => {
  const { port, outgoing } = streaming(undefined, 1);
  port.onSend = ({ report }) => report.queued();
  assert.equal(outgoing.checkSend(), 1);
  assert.equal(now(outgoing.send([datagram(65_507)])), 1);
  assert.equal(outgoing.checkSend(), 0);
  port.sends[0]?.report.left();
  assert.equal(outgoing.checkSend(), 1);
});

test("10.7 a network that says it twice is counted once", () => {
  const { port, socket, outgoing } = streaming();
  port.onSend = ({ report }) => {
    report.left();
    report.left(systemError("EACCES"));
    report.queued();
    report.left();
  };
  outgoing.checkSend();
  assert.equal(now(outgoing.send([datagram(), datagram()])), 2);
  assert.equal(socket.room(), 16);
  assert.equal(socket.hasFailed, false);
});

test("10.9 what failed after its send has returned is told once, by the next send or receive", () => {
  for (const teller of ["send", "receive"] as const) {
    const { port, incoming, outgoing } = streaming();
    port.onSend = ({ report }) => report.queued();
    outgoing.checkSend();
    now(outgoing.send([datagram()]));
    const waker = counter(incoming);
    port.sends[0]?.report.left(systemError("ECONNREFUSED"));
    assert.ok(waker.woken > 0);
    assert.equal(incoming.ready(), true);
    const tell = (): string => {
      outgoing.checkSend();
      return teller === "send"
        ? outcomeOf(() => now(outgoing.send([datagram()])))
        : outcomeOf(() => incoming.receive(1));
    };
    assert.equal(tell(), "connection-refused");
    assert.equal(tell(), teller === "send" ? "1" : "[]");
    // What could not be told of is not sent either.
    assert.equal(port.sends.length, teller === "send" ? 2 : 1);
  }
});

test("10.5 a check that takes its time holds back what has arrived, and keeps the order", async () => {
  const answers = new Map<SocketAddress, (answer: boolean) => void>();
  const { port, incoming } = streaming((address, use) =>
    use === "udp-receive" ? new Promise((resolve) => void answers.set(address, resolve)) : true,
  );
  port.deliver(Uint8Array.of(1), PEER);
  port.deliver(Uint8Array.of(2), OTHER);
  assert.equal(incoming.ready(), false);
  assert.deepEqual(incoming.receive(9), []);
  assert.equal(answers.size, 1);
  const waker = counter(incoming);
  answers.get(PEER)?.(false);
  await microtasks();
  assert.equal(waker.woken, 1);
  assert.equal(incoming.ready(), false);
  answers.get(OTHER)?.(true);
  await microtasks();
  assert.equal(incoming.ready(), true);
  assert.deepEqual(
    incoming.receive(9).map(({ data }) => data[0]),
    [2],
  );
});

test("10.10 only true permits, now or later", async () => {
  for (const answer of [false, undefined, 1, "yes", {}]) {
    for (const check of [() => answer, async () => answer]) {
      const socket = socketOn(new FakeUdp(), check as unknown as AddressCheck);
      await assert.rejects(complete(socket.startBind(LOCAL)), code("access-denied"));
    }
  }
});

test("10.10 a check that fails is a fault, and no answer", async () => {
  const fault = new Error("no");
  const checks: AddressCheck[] = [thrower(fault), () => Promise.reject(fault)];
  for (const check of checks) {
    await assert.rejects(complete(socketOn(new FakeUdp(), check).startBind(LOCAL)), (error) => error === fault);
    const { port, incoming } = streaming((address, use) => (use === "udp-receive" ? check(address, use) : true));
    port.deliver(Uint8Array.of(1));
    await assert.rejects(
      async () => {
        incoming.ready();
        await microtasks();
        incoming.receive(1);
      },
      (error) => error === fault,
    );
  }
});

test("10.8 a socket that is dropped takes nothing more, and closes once", async () => {
  const check = Promise.withResolvers<boolean>();
  const { port, socket } = streaming();
  socket.drop();
  port.deliver(Uint8Array.of(1));
  port.fail("ECONNREFUSED");
  assert.equal(socket.arrived.length, 0);
  assert.equal(port.closed, 1);

  const other = new FakeUdp();
  other.onBind = () => assert.fail("it is bound after it was dropped");
  const late = socketOn(other, () => check.promise);
  const bind = complete(late.startBind(LOCAL));
  late.drop();
  check.resolve(true);
  await assert.rejects(bind, code("invalid-state"));
});

test("10.5 the queue forgets what it gave", () => {
  const { port, incoming } = streaming(undefined, 65_536);
  for (let round = 0; round < 1000; round++) {
    for (let count = 0; count < 10; count++) port.deliver(new Uint8Array(4096));
    assert.equal(incoming.receive(10).length, 10);
  }
});
