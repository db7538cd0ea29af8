/* oxlint-disable no-await-in-loop -- a sequence is played in turn */
/** The state of a TCP socket: all short sequences of calls and events, and long random ones, against a small model. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { TcpSocket } from "../../../src/wasi/sockets/tcp-socket.ts";
import { LOCAL, now, outcomeOf, PEER, WRONG } from "./support.ts";
import { failureOf, FakeConnection, FakeTcp, soon, tcpOn } from "./tcp-support.ts";

Error.stackTraceLimit = 0;

const OPERATIONS = [
  "start-bind",
  "start-bind wrong",
  "finish-bind",
  "start-connect",
  "start-connect wrong",
  "connects",
  "is refused",
  "finish-connect",
  "start-listen",
  "finish-listen",
  "a peer comes",
  "accept",
  "local-address",
  "remote-address",
  "set-listen-backlog-size",
  "hop-limit",
  "shutdown",
  "ready",
] as const;
type Operation = (typeof OPERATIONS)[number];

class Real {
  readonly port = new FakeTcp();
  readonly socket: TcpSocket = tcpOn(this.port);

  async play(operation: Operation): Promise<string> {
    const outcome = this.#play(operation);
    await soon();
    return outcome;
  }

  #play(operation: Operation): string {
    const { socket, port } = this;
    switch (operation) {
      case "start-bind":
        return outcomeOf(() => now(socket.startBind(LOCAL)));
      case "start-bind wrong":
        return outcomeOf(() => now(socket.startBind(WRONG)));
      case "finish-bind":
        return outcomeOf(() => socket.finishBind());
      case "start-connect":
        return outcomeOf(() => socket.startConnect(PEER));
      case "start-connect wrong":
        return outcomeOf(() => socket.startConnect(WRONG));
      case "connects":
        port.settle?.resolve(new FakeConnection());
        return "ok";
      case "is refused":
        port.settle?.reject(failureOf("ECONNREFUSED"));
        return "ok";
      case "finish-connect":
        return outcomeOf(() => void socket.finishConnect());
      case "start-listen":
        return outcomeOf(() => now(socket.startListen()));
      case "finish-listen":
        return outcomeOf(() => socket.finishListen());
      case "a peer comes":
        port.events?.arrived(new FakeConnection());
        return "ok";
      case "accept":
        return outcomeOf(() => void socket.accept());
      case "local-address":
        return outcomeOf(() => void socket.localAddress());
      case "remote-address":
        return outcomeOf(() => void socket.remoteAddress());
      case "set-listen-backlog-size":
        return outcomeOf(() => socket.setBacklog(100));
      case "hop-limit":
        return outcomeOf(() => socket.options().hopLimit);
      case "shutdown":
        return outcomeOf(() => socket.shutdown("both"));
      case "ready":
        return String(socket.ready());
    }
  }
}

/** What the WIT and Wasmtime say, in a table's worth of words. */
class Model {
  state: "fresh" | "bound" | "connecting" | "connected" | "listening" | "failed" = "fresh";
  unfinished: "bind" | "connect" | "listen" | undefined;
  outcome: "connected" | "refused" | undefined;
  peers = 0;

  play(operation: Operation): string {
    switch (operation) {
      case "start-bind":
        return this.#start("bind", ["fresh"], "bound");
      case "start-connect":
        return this.#start("connect", ["fresh", "bound"], "connecting");
      case "start-listen":
        return this.#start("listen", ["bound"], "listening");
      case "start-bind wrong":
        return this.#wrong(["fresh"]);
      case "start-connect wrong":
        return this.#wrong(["fresh", "bound"]);
      case "finish-bind":
        return this.#finish("bind");
      case "finish-listen":
        return this.#finish("listen");
      case "connects":
      case "is refused":
        if (this.state === "connecting") this.outcome ??= operation === "connects" ? "connected" : "refused";
        return "ok";
      case "finish-connect":
        if (this.unfinished !== "connect") return "not-in-progress";
        if (!this.outcome) return "would-block";
        this.unfinished = undefined;
        this.state = this.outcome === "connected" ? "connected" : "failed";
        return this.state === "connected" ? "ok" : "connection-refused";
      case "a peer comes":
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
      case "set-listen-backlog-size":
        return this.#only(["fresh", "bound", "listening"]);
      case "hop-limit": {
        const outcome = this.#only(["fresh", "bound", "listening", "connected"]);
        return outcome === "ok" ? "64" : outcome;
      }
      case "shutdown":
        return this.state === "connected" ? "ok" : "invalid-state";
      case "ready":
        if (this.state === "connecting") return String(this.outcome !== undefined);
        if (this.state === "listening" && !this.unfinished) return String(this.peers > 0);
        return "true";
    }
  }

  #start(name: "bind" | "connect" | "listen", from: readonly string[], to: Model["state"]): string {
    if (this.unfinished) return "concurrency-conflict";
    if (!from.includes(this.state)) return "invalid-state";
    this.unfinished = name;
    this.state = to;
    return "ok";
  }

  #wrong(from: readonly string[]): string {
    if (this.unfinished) return "concurrency-conflict";
    return from.includes(this.state) ? "invalid-argument" : "invalid-state";
  }

  #finish(name: "bind" | "listen"): string {
    if (this.unfinished !== name) return "not-in-progress";
    this.unfinished = undefined;
    return "ok";
  }

  #only(states: readonly string[]): string {
    if (this.state === "failed") return "connection-refused";
    return states.includes(this.state) ? "ok" : "invalid-state";
  }
}

async function compare(sequence: readonly Operation[]): Promise<void> {
  const real = new Real();
  const model = new Model();
  for (const [at, operation] of sequence.entries()) {
    const outcome = await real.play(operation);
    const expected = model.play(operation);
    if (outcome !== expected) assert.equal(outcome, expected, sequence.slice(0, at + 1).join(", "));
  }
}

/** What gets a socket somewhere; from each of these places all short sequences are tried. */
const PREFIXES: readonly (readonly Operation[])[] = [
  [],
  ["start-bind"],
  ["start-bind", "finish-bind"],
  ["start-connect"],
  ["start-connect", "connects"],
  ["start-connect", "connects", "finish-connect"],
  ["start-connect", "is refused", "finish-connect"],
  ["start-bind", "finish-bind", "start-connect"],
  ["start-bind", "finish-bind", "start-listen"],
  ["start-bind", "finish-bind", "start-listen", "finish-listen"],
  ["start-bind", "finish-bind", "start-listen", "finish-listen", "a peer comes"],
];

test("all sequences of two operations, from every state", async () => {
  for (const prefix of PREFIXES) {
    for (const first of OPERATIONS) {
      for (const second of OPERATIONS) await compare([...prefix, first, second]);
    }
  }
});

test("long random sequences", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.constantFrom(...OPERATIONS), { maxLength: 30 }), compare), {
    numRuns: 500,
  });
});
