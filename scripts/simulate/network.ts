/* oxlint-disable no-await-in-loop -- steps are taken in turn */
/**
 * Connections and datagrams on a network in memory, from a seed: ends that read, write, stop, shut down, drop and reset at
 * random, while everything takes its time. What each is told is held against what both did.
 */
import { complete } from "../../src/io/steps.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { microtasks } from "../../src/testing/turns.ts";
import type { SocketAddress } from "../../src/wasi/sockets/address.ts";
import { MemoryNetwork } from "../../src/wasi/sockets/memory-network.ts";
import type { NetworkPorts } from "../../src/wasi/sockets/network.ts";
import { TcpSocket } from "../../src/wasi/sockets/tcp-socket.ts";
import { Random } from "../random.ts";
import { Datagrams } from "./network-datagrams.ts";
import { Direction, End } from "./network-ends.ts";

const CALLS = ["write", "read", "flush", "watch", "shutdown send", "shutdown receive", "drop", "reset"] as const;
type Call = (typeof CALLS)[number];

/** How often each is made, so that most connections live for a while. */
const WEIGHTS: Readonly<Record<Call, number>> = {
  write: 30,
  read: 30,
  flush: 6,
  watch: 12,
  "shutdown send": 2,
  "shutdown receive": 1,
  drop: 1,
  reset: 1,
};
const WEIGHTED: readonly Call[] = CALLS.flatMap((call) => Array.from({ length: WEIGHTS[call] }, () => call));

export type NetworkStep =
  | { readonly end: number; readonly call: Call; readonly bytes: number }
  | { readonly passNs: number }
  | { readonly datagrams: "send" | "receive"; readonly count: number };

export interface NetworkSetup {
  readonly latencyNs: number;
  readonly loss: number;
  readonly resets: number;
  readonly seed: number;
  readonly connections: number;
}

export interface NetworkTrace {
  readonly setup: NetworkSetup;
  readonly steps: readonly NetworkStep[];
}

function networkTraceOf(random: Random): NetworkTrace {
  const connections = random.from(1, 3);
  const setup: NetworkSetup = {
    latencyNs: random.of([0, 1, 10, 100]),
    loss: random.of([0, 0, 0.3]),
    resets: random.of([0, 0, 0.03]),
    seed: random.u32(),
    connections,
  };
  const steps = Array.from({ length: random.from(5, 80) }, (): NetworkStep => {
    if (random.once(5)) return { passNs: random.of([1, 5, 50, 500]) };
    if (random.once(8)) return { datagrams: random.of(["send", "receive"]), count: random.from(1, 20) };
    const bytes = random.of([0, 1, 100, 4096, 70_000, 200_000]);
    return { end: random.below(connections * 2), call: random.of(WEIGHTED), bytes };
  });
  return { setup, steps };
}

/** What a trace does that it must not; nothing if it does as it should. */
async function networkFailure({ setup, steps }: NetworkTrace): Promise<string | undefined> {
  try {
    const world = await World.of(setup);
    for (const step of steps) await world.play(step);
    await world.end();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The first of so many seeds whose trace fails, as it is, and as small as it can be made. */
export async function firstNetworkFailure(
  seed: number,
  count: number,
): Promise<{ readonly seed: number; readonly reason: string; readonly trace: NetworkTrace } | undefined> {
  for (let at = seed; at < seed + count; at++) {
    const trace = networkTraceOf(new Random(at));
    const reason = await networkFailure(trace);
    if (reason !== undefined) return { seed: at, reason, trace };
  }
  return undefined;
}

/** A trace that fails too, from which nothing can be taken away without that it passes. */
export async function shrunkNetwork(trace: NetworkTrace): Promise<NetworkTrace> {
  for (const candidate of smallerNetworks(trace)) {
    if ((await networkFailure(candidate)) !== undefined) return shrunkNetwork(candidate);
  }
  return trace;
}

export function networkText({ setup, steps }: NetworkTrace): string {
  const lines = steps.map((step) => {
    if ("passNs" in step) return `  ${step.passNs} ns pass`;
    if ("datagrams" in step) return `  ${step.datagrams} ${step.count} datagrams`;
    return `  ${step.call} ${step.bytes} at end ${step.end}`;
  });
  return [`  ${JSON.stringify(setup)}`, ...lines].join("\n");
}

/** Ways to make a trace smaller. */
function* smallerNetworks({ setup, steps }: NetworkTrace): Generator<NetworkTrace> {
  for (let size = steps.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= steps.length; at += size) yield { setup, steps: steps.toSpliced(at, size) };
  }
  if (setup.latencyNs > 0) yield { setup: { ...setup, latencyNs: 0 }, steps };
  if (setup.loss > 0) yield { setup: { ...setup, loss: 0 }, steps };
  if (setup.resets > 0) yield { setup: { ...setup, resets: 0 }, steps };
}

/** Far more than anything here takes. */
const MAX_ROUNDS = 5000;

class World {
  readonly #clock = new FakeClock();
  readonly #ends: End[] = [];
  readonly #directions: Direction[] = [];
  #datagrams: Datagrams | undefined;

  static async of({ latencyNs, loss, resets, seed, connections }: NetworkSetup): Promise<World> {
    const world = new World();
    const network = new MemoryNetwork({
      clock: world.#clock,
      latencyNs: BigInt(latencyNs),
      loss,
      resets,
      seed: BigInt(seed),
    });
    const [one, other] = [network.host("one", "10.0.0.1"), network.host("other", "10.0.0.2")];
    for (let made = 0; made < connections; made++) await world.#connect(one, other, resets > 0);
    world.#datagrams = await Datagrams.between(one, other, loss > 0);
    return world;
  }

  async play(step: NetworkStep): Promise<void> {
    if ("passNs" in step) this.#clock.advance(BigInt(step.passNs));
    else if ("datagrams" in step) this.#datagrams?.play(step.datagrams, step.count);
    else this.#ends[step.end]?.play(step.call, step.bytes);
    await this.#settle();
  }

  /** Everybody ends, and what is under way arrives. */
  async end(): Promise<void> {
    for (const end of this.#ends) end.play("shutdown send", 0);
    for (let round = 0; this.#directions.some((direction) => !direction.isOver); round++) {
      if (round > MAX_ROUNDS) throw new Error("an input never ends");
      this.#clock.advance(1000n);
      for (const end of this.#ends) end.play("read", 100_000);
      this.#datagrams?.play("receive", 16);
      await this.#settle();
    }
    for (let round = 0; round < 10; round++) {
      this.#clock.advance(1000n);
      this.#datagrams?.play("receive", 16);
      await this.#settle();
    }
    for (const direction of this.#directions) direction.expectAll();
    this.#datagrams?.expectAll();
    for (const end of this.#ends) await end.dropped();
    this.#clock.advance(1000n);
    if (this.#clock.pending > 0) throw new Error(`${this.#clock.pending} things are under way for ever`);
  }

  async #settle(): Promise<void> {
    // What takes no time is there in the next turn, and may set more going.
    for (let turns = 0; turns < 3; turns++) {
      this.#clock.turn();
      await microtasks();
    }
    for (const end of this.#ends) end.expectWoken();
  }

  async #connect(one: NetworkPorts, other: NetworkPorts, mayBreak: boolean): Promise<void> {
    const [client, listener] = [socketOn(one), socketOn(other)];
    const at: SocketAddress = { family: "ipv4", ip: "10.0.0.2", port: 0 };
    await complete(listener.startBind(at));
    listener.finishBind();
    await complete(listener.startListen());
    listener.finishListen();
    client.startConnect(listener.localAddress());
    for (let turns = 0; !client.ready() || !listener.ready(); turns++) {
      if (turns > MAX_ROUNDS) throw new Error("nobody is connected");
      this.#clock.advance(100n);
      await microtasks();
    }
    const near = client.finishConnect();
    const socket = listener.accept();
    await listener.drop();
    const [there, back] = [new Direction(mayBreak), new Direction(mayBreak)];
    this.#directions.push(there, back);
    this.#ends.push(new End(client, near, there, back), new End(socket, socket.streams(), back, there));
  }
}

function socketOn({ tcp: port }: NetworkPorts): TcpSocket {
  const nothing = (): void => {};
  return TcpSocket.open("ipv4", {
    ...{ port, check: () => true, bufferBytes: 65_536 },
    ...{ reserve: nothing, release: nothing, isAborted: () => false },
  });
}
