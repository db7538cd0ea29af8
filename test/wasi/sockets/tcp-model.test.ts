/* oxlint-disable no-await-in-loop -- a sequence is played in turn */
/**
 * The state of a TCP socket: all short sequences of calls and events, and long random ones, against a small model. On a
 * network that does what it is told, on one in memory, and on the system's.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../testing/properties.ts";
import { INTERFACES, loadInterfaces } from "../../../src/bind/interfaces.ts";
import { nodeTcp } from "../../../src/hosts/node/net/tcp.ts";
import { complete } from "../../../src/io/steps.ts";
import type { AddressCheck } from "../../../src/wasi/sockets/network.ts";
import { changed } from "../../../src/wasi/sockets/tcp-options.ts";
import type { TcpSocket } from "../../../src/wasi/sockets/tcp-socket.ts";
import { loopTurn } from "./loop-turn.ts";
import { compare, sequences, type Machine } from "./model-runner.ts";
import { outcomeOf, WRONG } from "./support.ts";
import { fakeGround, groundOn, memoryGround, type Ground } from "./tcp-ground.ts";
import { soon, tcpOn } from "./tcp-support.ts";

Error.stackTraceLimit = 0;

const OPTIONS = [
  "keep-alive-idle-time",
  "keep-alive-interval",
  "keep-alive-count",
  "hop-limit",
  "receive-buffer-size",
  "send-buffer-size",
] as const;

const OPERATIONS = [
  "start-bind",
  "start-bind wrong",
  "start-bind denied",
  "start-bind taken",
  "finish-bind",
  "start-connect",
  "start-connect refused",
  "start-connect denied",
  "start-connect wrong",
  "(settles)",
  "finish-connect",
  "(listening is denied)",
  "start-listen",
  "finish-listen",
  "(a peer comes)",
  "accept",
  "local-address",
  "remote-address",
  "is-listening",
  "address-family",
  "set-listen-backlog-size",
  "set-listen-backlog-size 0",
  "keep-alive-enabled",
  "set-keep-alive-enabled",
  ...OPTIONS,
  ...OPTIONS.map((option) => `set-${option}` as const),
  ...OPTIONS.map((option) => `set-${option} 0` as const),
  "shutdown receive",
  "shutdown send",
  "shutdown both",
  "subscribe",
] as const;
type Operation = (typeof OPERATIONS)[number];

const DENIED = 9;

class Real {
  readonly ground: Ground;
  readonly socket: TcpSocket;
  #connecting = false;
  #listeningDenied = false;
  #decide: (() => void) | undefined;

  constructor(ground: Ground) {
    this.ground = ground;
    const check: AddressCheck = ({ port }, use) => {
      if (use === "tcp-listen") return !this.#listeningDenied;
      if (port !== DENIED) return true;
      // Whoever asks for a connection hears of it when that is decided.
      return use === "tcp-bind" ? false : new Promise((resolve) => (this.#decide = () => resolve(false)));
    };
    this.socket = tcpOn(ground.port, check);
  }

  async play(operation: Operation): Promise<string> {
    const outcome = await this.#play(operation);
    await soon();
    return outcome;
  }

  #play(operation: Operation): string | Promise<string> {
    const { socket, ground } = this;
    const { local, taken, peer, refused } = ground;
    switch (operation) {
      case "start-bind":
        return later(() => complete(socket.startBind(local)));
      case "start-bind wrong":
        return later(() => complete(socket.startBind(WRONG)));
      case "start-bind denied":
        return later(() => complete(socket.startBind({ ...local, port: DENIED })));
      case "start-bind taken":
        return later(() => complete(socket.startBind(taken)));
      case "finish-bind":
        return outcomeOf(() => socket.finishBind());
      case "start-connect":
        return this.#connect(peer);
      case "start-connect refused":
        return this.#connect(refused);
      case "start-connect denied":
        return this.#connect({ ...peer, port: DENIED });
      case "start-connect wrong":
        return outcomeOf(() => socket.startConnect(WRONG));
      case "(settles)":
        return this.#settle();
      case "finish-connect":
        return outcomeOf(() => void socket.finishConnect());
      case "(listening is denied)":
        this.#listeningDenied = true;
        return "ok";
      case "start-listen":
        return later(() => complete(socket.startListen()));
      case "finish-listen":
        return outcomeOf(() => socket.finishListen());
      case "(a peer comes)":
        return socket.isListening ? ground.arrive(socket).then(() => "ok") : "ok";
      case "accept":
        return outcomeOf(() => void socket.accept());
      case "local-address":
        return outcomeOf(() => void socket.localAddress());
      case "remote-address":
        return outcomeOf(() => void socket.remoteAddress());
      case "is-listening":
        return String(socket.isListening);
      case "address-family":
        return socket.family;
      case "set-listen-backlog-size":
        return outcomeOf(() => socket.setBacklog(100));
      case "set-listen-backlog-size 0":
        return outcomeOf(() => socket.setBacklog(0));
      case "shutdown receive":
        return outcomeOf(() => socket.shutdown("receive"));
      case "shutdown send":
        return outcomeOf(() => socket.shutdown("send"));
      case "shutdown both":
        return outcomeOf(() => socket.shutdown("both"));
      case "subscribe":
        return String(socket.ready());
      default:
        return outcomeOf(() => this.#option(operation));
    }
  }

  #connect(remote: Ground["peer"]): string {
    const outcome = outcomeOf(() => this.socket.startConnect(remote));
    if (outcome === "ok") this.#connecting = true;
    return outcome;
  }

  async #settle(): Promise<string> {
    if (this.#connecting) {
      this.#decide?.();
      await soon();
      await this.ground.settle(this.socket);
    }
    this.#connecting = false;
    return "ok";
  }

  #option(operation: string): void {
    const { socket } = this;
    if (!operation.startsWith("set-")) return void socket.options();
    if (operation === "set-keep-alive-enabled") return socket.configure({ keepAlive: true });
    const value = operation.endsWith(" 0") ? 0 : 2;
    const changes = {
      "keep-alive-idle-time": () => changed.idle(BigInt(value)),
      "keep-alive-interval": () => changed.interval(BigInt(value)),
      "keep-alive-count": () => changed.count(value),
      "hop-limit": () => changed.hopLimit(value),
      "receive-buffer-size": () => changed.receiveBuffer(value),
      "send-buffer-size": () => changed.sendBuffer(value),
    };
    const name = operation.replace("set-", "").replace(" 0", "");
    // One of OPTIONS, which these are all of.
    return socket.configure(changes[name as (typeof OPTIONS)[number]]());
  }

  end(): void {
    void this.socket.drop();
    this.ground.close();
  }
}

async function later(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "ok";
  } catch (error) {
    return outcomeOf(() => {
      throw error;
    });
  }
}

/** What the WIT and Wasmtime say, in a table's worth of words. */
class Model {
  state: "fresh" | "bound" | "connecting" | "connected" | "listening" | "failed" = "fresh";
  unfinished: "bind" | "connect" | "listen" | undefined;
  /** What an attempt to connect comes to, and whether it has. */
  outcome = "ok";
  settled = false;
  error = "";
  listeningDenied = false;
  peers = 0;

  play(operation: Operation): string {
    switch (operation) {
      case "start-bind":
        return this.#start("bind", ["fresh"], "bound");
      case "start-bind wrong":
        return this.#refused(["fresh"], "invalid-argument");
      case "start-bind denied":
        return this.#refused(["fresh"], "access-denied");
      case "start-bind taken":
        return this.#refused(["fresh"], "address-in-use");
      case "start-connect":
        return this.#connect("ok");
      case "start-connect refused":
        return this.#connect("connection-refused");
      case "start-connect denied":
        return this.#connect("access-denied");
      case "start-connect wrong":
        return this.#refused(["fresh", "bound"], "invalid-argument");
      case "(settles)":
        if (this.state === "connecting") this.settled = true;
        return "ok";
      case "finish-bind":
        return this.#finish("bind");
      case "finish-connect":
        if (this.unfinished !== "connect") return "not-in-progress";
        if (!this.settled) return "would-block";
        this.unfinished = undefined;
        if (this.outcome === "ok") this.state = "connected";
        else this.#fail(this.outcome);
        return this.outcome;
      case "(listening is denied)":
        this.listeningDenied = true;
        return "ok";
      case "start-listen":
        if (!this.listeningDenied || this.unfinished || this.state !== "bound") {
          return this.#start("listen", ["bound"], "listening");
        }
        this.#fail("access-denied");
        return "access-denied";
      case "finish-listen":
        return this.#finish("listen");
      case "(a peer comes)":
        if (this.state === "listening") this.peers++;
        return "ok";
      case "accept":
        if (this.state !== "listening") return "invalid-state";
        if (this.peers === 0) return "would-block";
        this.peers--;
        return "ok";
      case "local-address":
        return this.#only(["bound", "listening", "connected"]);
      case "remote-address":
        return this.#only(["connected"]);
      case "is-listening":
        return String(this.state === "listening");
      case "address-family":
        return "ipv4";
      case "set-listen-backlog-size":
        return this.#only(["fresh", "bound", "listening"]);
      case "shutdown receive":
      case "shutdown send":
      case "shutdown both":
        return this.state === "connected" ? "ok" : "invalid-state";
      case "subscribe":
        if (this.state === "connecting") return String(this.settled);
        if (this.state === "listening" && !this.unfinished) return String(this.peers > 0);
        return "true";
      default:
        // All that is left are options; nothing may be 0.
        if (operation.endsWith(" 0")) return "invalid-argument";
        return this.#only(["fresh", "bound", "listening", "connected"]);
    }
  }

  #start(name: "bind" | "connect" | "listen", from: readonly string[], to: Model["state"]): string {
    if (this.unfinished) return "concurrency-conflict";
    if (!from.includes(this.state)) return "invalid-state";
    this.unfinished = name;
    this.state = to;
    return "ok";
  }

  #connect(outcome: string): string {
    const started = this.#start("connect", ["fresh", "bound"], "connecting");
    if (started === "ok") this.outcome = outcome;
    return started;
  }

  #refused(from: readonly string[], error: string): string {
    if (this.unfinished) return "concurrency-conflict";
    return from.includes(this.state) ? error : "invalid-state";
  }

  #finish(name: "bind" | "listen"): string {
    if (this.unfinished !== name) return "not-in-progress";
    this.unfinished = undefined;
    return "ok";
  }

  #fail(error: string): void {
    this.state = "failed";
    this.error = error;
  }

  #only(states: readonly string[]): string {
    if (this.state === "failed") return this.error;
    return states.includes(this.state) ? "ok" : "invalid-state";
  }
}

function machine(ground: () => Ground | Promise<Ground>): Machine<Operation, Real, Model> {
  return { real: async () => new Real(await ground()), model: () => new Model(), end: (real) => real.end() };
}

/** What gets a socket somewhere; from each of these places all short sequences are tried. */
const PREFIXES: readonly (readonly Operation[])[] = [
  [],
  ["start-bind"],
  ["start-bind", "finish-bind"],
  ["start-connect"],
  ["start-connect", "(settles)"],
  ["start-connect", "(settles)", "finish-connect"],
  ["start-connect refused", "(settles)", "finish-connect"],
  ["start-connect denied", "(settles)", "finish-connect"],
  ["start-bind", "finish-bind", "start-connect"],
  ["start-bind", "finish-bind", "(listening is denied)", "start-listen"],
  ["start-bind", "finish-bind", "start-listen"],
  ["start-bind", "finish-bind", "start-listen", "finish-listen"],
  ["start-bind", "finish-bind", "start-listen", "finish-listen", "(a peer comes)"],
];

const GROUNDS: Readonly<Record<string, () => Ground | Promise<Ground>>> = {
  "a network that does what it is told": fakeGround,
  "a network in memory": memoryGround,
  "the system's network": () => groundOn(nodeTcp, loopTurn),
};

test("every function of tcp-socket is one of the operations", async () => {
  await loadInterfaces(["wasi:sockets/tcp"]);
  const functions = Object.keys(INTERFACES.get("wasi:sockets/tcp")?.functions ?? {});
  const played = new Set(OPERATIONS.map((operation) => operation.split(" ")[0]));
  const missing = functions.map((name) => name.replace("[method]tcp-socket.", "")).filter((name) => !played.has(name));
  assert.deepEqual(missing, []);
});

test("all sequences of two operations, from every state", async () => {
  for (const prefix of PREFIXES) {
    for (const sequence of sequences(OPERATIONS, 2)) await compare(machine(fakeGround), [...prefix, ...sequence]);
  }
});

for (const [name, ground] of Object.entries(GROUNDS)) {
  test(`every operation from every state, on ${name}`, async () => {
    for (const prefix of PREFIXES) {
      for (const operation of OPERATIONS) await compare(machine(ground), [...prefix, operation]);
    }
  });

  test(`long random sequences, on ${name}`, async () => {
    const [from, calls] = [fc.constantFrom(...PREFIXES), fc.array(fc.constantFrom(...OPERATIONS), { maxLength: 30 })];
    await fc.assert(
      fc.asyncProperty(from, calls, (prefix, sequence) => compare(machine(ground), [...prefix, ...sequence])),
      { numRuns: ground === fakeGround ? 1000 : 200 },
    );
  });
}
