/* oxlint-disable no-await-in-loop -- a sequence is played in turn */
/** The state of a UDP socket: all short sequences of calls, and long random ones, against small models. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../testing/properties.ts";
import { INTERFACES, loadInterfaces } from "../../../src/bind/interfaces.ts";
import type { PermitMode } from "../../../src/io/permit.ts";
import type { SocketAddress } from "../../../src/wasi/sockets/address.ts";
import type { IncomingDatagrams } from "../../../src/wasi/sockets/udp-incoming.ts";
import type { OutgoingDatagrams } from "../../../src/wasi/sockets/udp-outgoing.ts";
import type { UdpSocket } from "../../../src/wasi/sockets/udp-socket.ts";
import { compare, sequences, type Machine } from "./model-runner.ts";
import { FakeUdp, LOCAL, now, OTHER, outcomeOf, PEER, SETTINGS, socketOn, WRONG } from "./support.ts";

Error.stackTraceLimit = 0;

const OPERATIONS = [
  "start-bind",
  "start-bind wrong",
  "finish-bind",
  "stream none",
  "stream peer",
  "stream other",
  "stream wrong",
  "drop incoming",
  "drop outgoing",
  "check-send",
  "send 1",
  "send 1 peer",
  "local-address",
  "remote-address",
] as const;

/** Calls that change nothing for the others: tried everywhere, and not in every order. */
const OTHERS = [
  "address-family",
  "subscribe",
  "receive 1",
  "unicast-hop-limit",
  "receive-buffer-size",
  "send-buffer-size",
  "set-unicast-hop-limit 0",
  "set-unicast-hop-limit 255",
  "set-receive-buffer-size 0",
  "set-receive-buffer-size 1",
  "set-send-buffer-size 0",
  "set-send-buffer-size 1",
] as const;
type Operation = (typeof OPERATIONS)[number] | (typeof OTHERS)[number];

/** The socket, with the streams that the guest has. */
class Real {
  readonly port = new FakeUdp();
  readonly socket: UdpSocket;
  #incoming: IncomingDatagrams | undefined;
  #outgoing: OutgoingDatagrams | undefined;

  constructor(permits: PermitMode) {
    this.socket = socketOn(this.port, () => true, { ...SETTINGS, permits });
  }

  play(operation: Operation): string {
    const { socket } = this;
    switch (operation) {
      case "start-bind":
        return outcomeOf(() => now(socket.startBind(LOCAL)));
      case "start-bind wrong":
        return outcomeOf(() => now(socket.startBind(WRONG)));
      case "finish-bind":
        return outcomeOf(() => socket.finishBind());
      case "stream none":
        return this.#stream(undefined);
      case "stream peer":
        return this.#stream(PEER);
      case "stream other":
        return this.#stream(OTHER);
      case "stream wrong":
        return this.#stream(WRONG);
      case "drop incoming":
        this.#incoming?.drop();
        this.#incoming = undefined;
        return "ok";
      case "drop outgoing":
        this.#outgoing?.drop();
        this.#outgoing = undefined;
        return "ok";
      case "check-send":
        return outcomeOf(() => this.#outgoing?.checkSend());
      case "send 1":
        return this.#send(undefined);
      case "send 1 peer":
        return this.#send(PEER);
      case "local-address":
        return outcomeOf(() => void socket.localAddress());
      case "remote-address":
        return outcomeOf(() => socket.remoteAddress().port);
      case "address-family":
        return socket.family;
      case "subscribe":
        return String(socket.readiness.ready());
      case "receive 1":
        return outcomeOf(() => this.#incoming?.receive(1));
      default:
        return outcomeOf(() => this.#option(operation));
    }
  }

  #option(operation: string): void {
    const { socket } = this;
    const [name, value] = operation.split(" ");
    switch (name) {
      case "unicast-hop-limit":
        return void socket.hopLimit();
      case "set-unicast-hop-limit":
        return socket.setHopLimit(Number(value));
      case "receive-buffer-size":
        return void socket.bufferSize("receive");
      case "set-receive-buffer-size":
        return socket.setBufferSize("receive", Number(value));
      case "send-buffer-size":
        return void socket.bufferSize("send");
      default:
        return socket.setBufferSize("send", Number(value));
    }
  }

  #stream(remote: SocketAddress | undefined): string {
    return outcomeOf(() => {
      [this.#incoming, this.#outgoing] = now(this.socket.stream(remote));
    });
  }

  #send(to: SocketAddress | undefined): string {
    const outgoing = this.#outgoing;
    return outgoing ? outcomeOf(() => now(outgoing.send([{ data: Uint8Array.of(1), to }]))) : "ok";
  }
}

/** The contract once more, from the text and not from the code. */
class Model {
  readonly permits: PermitMode;
  bind: "no" | "half" | "done" = "no";
  incoming = false;
  outgoing = false;
  remote: SocketAddress | undefined;
  permit = 0;
  /** Where each datagram must have gone. */
  readonly sent: number[] = [];

  constructor(permits: PermitMode) {
    this.permits = permits;
  }

  play(operation: Operation): string {
    switch (operation) {
      case "start-bind":
      case "start-bind wrong":
        if (this.bind === "half") return "concurrency-conflict";
        if (this.bind === "done") return "invalid-state";
        if (operation === "start-bind wrong") return "invalid-argument";
        this.bind = "half";
        return "ok";
      case "finish-bind":
        if (this.bind !== "half") return "not-in-progress";
        this.bind = "done";
        return "ok";
      case "stream none":
        return this.stream(undefined);
      case "stream peer":
        return this.stream(PEER);
      case "stream other":
        return this.stream(OTHER);
      case "stream wrong":
        return this.stream(WRONG);
      case "drop incoming":
        this.incoming = false;
        return "ok";
      case "drop outgoing":
        this.outgoing = false;
        return "ok";
      case "check-send":
        if (!this.outgoing) return "ok";
        this.permit = 16;
        return "16";
      case "send 1":
        return this.send(undefined);
      case "send 1 peer":
        return this.send(PEER);
      case "local-address":
        return this.bind === "no" ? "invalid-state" : "ok";
      case "address-family":
        return "ipv4";
      case "subscribe":
        return "true";
      case "receive 1":
        return this.incoming ? "[]" : "ok";
      default:
        // Of options only 0 is wrong.
        if (operation !== "remote-address") return operation.endsWith(" 0") ? "invalid-argument" : "ok";
        return this.remote ? String(this.remote.port) : "invalid-state";
    }
  }

  stream(remote: SocketAddress | undefined): string {
    if (this.incoming || this.outgoing) return "trap 10.3";
    if (this.bind === "no") return "invalid-state";
    if (remote === WRONG) return "invalid-argument";
    this.remote = remote;
    this.incoming = true;
    this.outgoing = true;
    this.permit = 0;
    return "ok";
  }

  send(to: SocketAddress | undefined): string {
    if (!this.outgoing) return "ok";
    if (this.permit === 0) return "trap 10.4";
    this.permit = this.permits === "budget" ? this.permit - 1 : 0;
    if (!to && !this.remote) return "invalid-argument";
    if (to && this.remote && to !== this.remote) return "invalid-argument";
    this.sent.push((to ?? this.remote)?.port ?? 0);
    return "1";
  }
}

function machine(permits: PermitMode): Machine<Operation, Real, Model> {
  return { real: () => new Real(permits), model: () => new Model(permits), end: compareTraffic };
}

function compareTraffic({ port }: Real, model: Model): void {
  assert.deepEqual(
    port.sends.map(({ to }) => to?.port),
    model.sent,
  );
  // It is never connected while it is connected to the same, nor let go while it is not.
  let remote: SocketAddress | undefined;
  for (const next of port.connects) {
    assert.notEqual(next, remote);
    remote = next;
  }
  assert.equal(remote, model.remote);
}

test("every function of wasi:sockets/udp is one of the operations", async () => {
  await loadInterfaces(["wasi:sockets/udp"]);
  const functions = Object.keys(INTERFACES.get("wasi:sockets/udp")?.functions ?? {});
  const played = new Set<string | undefined>([...OPERATIONS, ...OTHERS].map((operation) => operation.split(" ")[0]));
  const missing = functions.map((name) => name.replace(/^.*\./, "")).filter((name) => !played.has(name));
  assert.deepEqual(missing, []);
});

test("all sequences of 2 calls, those that change nothing too", async () => {
  for (const sequence of sequences([...OPERATIONS, ...OTHERS], 2)) await compare(machine("strict"), sequence);
});

test("all sequences of 4 calls on a new socket", async () => {
  for (const sequence of sequences(OPERATIONS, 4)) await compare(machine("strict"), sequence);
});

test("all sequences of 4 calls on a socket that is bound and has streams", async () => {
  for (const sequence of sequences(OPERATIONS, 4)) {
    await compare(machine("strict"), ["start-bind", "finish-bind", "stream peer", "check-send", ...sequence]);
  }
});

test("long random sequences of calls, on both kinds of permits", async () => {
  const sequence = fc.array(fc.constantFrom(...OPERATIONS, ...OTHERS), { minLength: 5, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(sequence, fc.constantFrom<PermitMode>("strict", "budget"), (operations, permits) =>
      compare(machine(permits), ["start-bind", ...operations]),
    ),
    { numRuns: 3000 },
  );
});

type Step =
  | { readonly tag: "deliver"; readonly from: SocketAddress; readonly size: number }
  | { readonly tag: "fail"; readonly code: string }
  | { readonly tag: "receive"; readonly max: number }
  | { readonly tag: "ready" }
  | { readonly tag: "stream"; readonly remote: SocketAddress | undefined };

const CODES = ["ECONNREFUSED", "EHOSTUNREACH"];
const from = fc.constantFrom(PEER, OTHER);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ tag: fc.constant("deliver" as const), from, size: fc.constantFrom(0, 1, 30_000, 32_767, 65_507) }),
  fc.record({ tag: fc.constant("deliver" as const), from, size: fc.constantFrom(0, 1, 30_000, 32_767, 65_507) }),
  fc.record({ tag: fc.constant("fail" as const), code: fc.constantFrom(...CODES) }),
  fc.record({ tag: fc.constant("receive" as const), max: fc.constantFrom(0, 1, 2, 16, 17, Number.MAX_SAFE_INTEGER) }),
  fc.record({ tag: fc.constant("ready" as const) }),
  fc.record({ tag: fc.constant("stream" as const), remote: fc.constantFrom(undefined, PEER, OTHER) }),
);

const costOf = (size: number): number => Math.min(size + 256, 65_536);

/** What arrives, against a list. The host denies what `OTHER` sends, or nothing. */
function compareReceives(steps: readonly Step[], limit: number, deniesOther: boolean): void {
  const port = new FakeUdp();
  const check = ({ port: of }: SocketAddress, use: string): boolean =>
    !(deniesOther && use === "udp-receive" && of === OTHER.port);
  const socket = socketOn(port, check, { ...SETTINGS, datagramBytes: limit });
  now(socket.startBind(LOCAL));
  let [incoming, outgoing] = now(socket.stream(undefined));
  let remote: SocketAddress | undefined;
  const held: { size: number; from: SocketAddress; number: number }[] = [];
  let failure: string | undefined;
  let number = 0;
  const isForGuest = ({ from: sender }: { from: SocketAddress }): boolean =>
    (!remote || sender === remote) && !(deniesOther && sender === OTHER);
  /** What the guest must not see is gone once somebody has looked as far. */
  const skip = (): void => {
    while (held[0] && !isForGuest(held[0])) held.shift();
  };
  for (const taken of steps) {
    switch (taken.tag) {
      case "deliver": {
        const heldBytes = held.reduce((sum, { size }) => sum + costOf(size), 0);
        if (held.length === 0 || heldBytes + costOf(taken.size) <= limit) {
          held.push({ size: taken.size, from: taken.from, number });
        }
        const data = new Uint8Array(taken.size).fill(number++);
        port.deliver(data, taken.from);
        break;
      }
      case "fail":
        failure ??= taken.code === "ECONNREFUSED" ? "connection-refused" : "remote-unreachable";
        port.fail(taken.code);
        break;
      case "ready":
        skip();
        assert.equal(incoming.ready(), held.length > 0 || failure !== undefined);
        break;
      case "stream":
        incoming.drop();
        outgoing.drop();
        [incoming, outgoing] = now(socket.stream(taken.remote));
        ({ remote } = taken);
        break;
      default: {
        const expected: string[] = [];
        let bytes = 0;
        while (expected.length < Math.min(taken.max, 16) && bytes < 65_536) {
          skip();
          const next = held.shift();
          if (!next) break;
          expected.push(`${next.number & 255}x${next.size} of ${next.from.port}`);
          bytes += next.size + 1;
        }
        const came = outcomeOf(() =>
          incoming
            .receive(taken.max)
            .map(({ data, from: sender }) => `${data[0] ?? "?"}x${data.length} of ${sender.port}`),
        );
        if (taken.max > 0 && expected.length === 0 && failure !== undefined) {
          assert.equal(came, failure);
          failure = undefined;
        } else {
          assert.equal(came, JSON.stringify(expected).replaceAll(/"\d+x0 of/g, '"?x0 of'));
        }
      }
    }
  }
}

test("whatever arrives, and whenever it is received, it is what a list says", () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 80 });
  fc.assert(fc.property(steps, fc.constantFrom(1, 65_536, 1 << 20), fc.boolean(), compareReceives), { numRuns: 3000 });
});
