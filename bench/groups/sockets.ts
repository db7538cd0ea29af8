/** Sockets: each contestant has the same program in C at the other end, which keeps the time. */
import { OURS, type Case, type Measurement } from "../case.ts";
import { forEach, NODE, program, SHIM, type Contestants, type LimitCommand } from "../contestants.ts";
import { MIB, rate } from "../flow.ts";
import { numberIn, runCommand, runServer, type How } from "../processes.ts";

const ROUNDS = 5;
/** Sending is known to hang on preview2-shim. Nobody else takes a second. */
const SEND = { timeoutMs: 4000 };
/** Connections that are idle, all at once. */
const IDLE = 10_000;

/** What a contestant is told to do, and what that comes to. */
export type Play = (command: Command, amount: number, peer: LimitCommand) => Promise<number>;
type Command = (args: readonly string[]) => Promise<readonly string[]>;

/** The other end is there first, and says in the end how many nanoseconds it took. */
async function nsAtPeer(
  peer: readonly string[],
  command: (port: string) => Promise<readonly string[]>,
  how: How = {},
): Promise<number> {
  const said = await runServer(peer, async (port) => runCommand(await command(String(port)), how));
  return numberIn(said.stdout, "ns");
}

export const send =
  (size: number): Play =>
  async (command, mib, peer) => {
    const total = mib * MIB;
    const guest = (port: string): Promise<readonly string[]> => command(["send", port, String(total), String(size)]);
    const ns = await nsAtPeer(peer(["sink", String(total)]), guest, SEND);
    return rate(total, ns);
  };

export const receive =
  (size: number): Play =>
  async (command, mib, peer) => {
    const total = mib * MIB;
    const ns = await nsAtPeer(peer(["source", String(total), String(size)]), (port) =>
      command(["receive", port, "65536"]),
    );
    return rate(total, ns);
  };

const ping =
  (size: number): Play =>
  async (command, count, peer) => {
    const ns = await nsAtPeer(peer(["ping", String(count), String(size)]), (port) => command(["echo", port, "65536"]));
    return ns / count / 1000;
  };

const accept: Play = async (command, count, peer) => {
  let ns = Number.NaN;
  await runServer(await command(["accept", String(count)]), async (port) => {
    ns = numberIn((await runCommand(peer(["connect", String(port), String(count)]))).stdout, "ns");
  });
  return count / (ns / 1e9);
};

const udpSend: Play = async (command, count, peer) => {
  let ns = Number.NaN;
  await runServer(peer(["udp-sink"]), async (port) => {
    const said = await runCommand(await command(["udp-send", String(port), String(count), "1000"]));
    ns = numberIn(said.stderr, "ns");
  });
  return count / (ns / 1e9);
};

const udpEcho: Play = async (command, count, peer) => {
  const ns = await nsAtPeer(peer(["udp-ping", String(count)]), (port) => command(["udp-echo", port, String(count)]));
  return count / (ns / 1e9);
};

interface Kind extends Pick<Case, "id" | "what" | "unit" | "better"> {
  readonly play: Play;
  readonly amount: number;
  /** For the slowest. */
  readonly slowAmount: number;
}

const KINDS: readonly Kind[] = [
  ...[65_536, 4096].flatMap((size): Kind[] => {
    const pieces = `${size / 1024} KiB`;
    const about = { unit: "MiB/s", better: "more", amount: 256, slowAmount: size / 4096 } as const;
    return [
      { ...about, id: `send-${size}`, what: `TCP, sending pieces of ${pieces}`, play: send(size) },
      {
        ...about,
        id: `receive-${size}`,
        what: `TCP, receiving what is sent in pieces of ${pieces}`,
        play: receive(size),
      },
    ];
  }),
  {
    ...{ id: "ping", what: "TCP, 64 bytes there and back", unit: "µs", better: "less" },
    ...{ play: ping(64), amount: 8000, slowAmount: 1000 },
  },
  {
    ...{ id: "accept", what: "TCP, connections that are accepted and let go", unit: "/s", better: "more" },
    ...{ play: accept, amount: 20_000, slowAmount: 1000 },
  },
  {
    ...{
      id: "udp-send",
      what: "UDP, datagrams of 1,000 bytes that are sent, 16 at a time",
      unit: "/s",
      better: "more",
    },
    ...{ play: udpSend, amount: 40_000, slowAmount: 5000 },
  },
  {
    ...{ id: "udp-echo", what: "UDP, datagrams that are sent back, 16 under way", unit: "/s", better: "more" },
    ...{ play: udpEcho, amount: 20_000, slowAmount: 2000 },
  },
];

export function sockets({ guests, socketLimits, peer }: Contestants): readonly Case[] {
  // Nobody to talk to, nothing to measure.
  const withPeer = (measurement: (peer: LimitCommand) => Measurement): Measurement | string =>
    typeof peer === "string" ? peer : measurement(peer);
  return [
    ...KINDS.map(({ play, amount, slowAmount, ...about }): Case => ({
      ...about,
      rounds: ROUNDS,
      contestants: {
        ...forEach(guests, (command, name) =>
          withPeer((other) => () => {
            const guest: Command = (args) => command("bench-sockets", args, { network: true });
            return play(guest, name === SHIM ? slowAmount : amount, other);
          }),
        ),
        ...forEach(socketLimits, (command) =>
          withPeer((other) => () => play((args) => Promise.resolve(command(args)), amount, other)),
        ),
      },
    })),
    {
      id: "idle",
      what: `memory of one of ${IDLE} idle connections, in the process that has them`,
      unit: "KiB",
      better: "less",
      rounds: 3,
      contestants: Object.fromEntries(
        (
          [
            [OURS, "guest"],
            [NODE, "node"],
          ] as const
        ).map(([name, how]) => [name, withPeer((other) => idle(how, other))]),
      ),
    },
  ];
}

function idle(how: "guest" | "node", peer: LimitCommand): Measurement {
  return async () => {
    // What a young generation grows to is not what connections take.
    const [node = "", ...args] = program("idle", how, IDLE, ...peer(["keep"]));
    const said = await runCommand([node, "--max-semi-space-size=1", ...args], { timeoutMs: 60_000 });
    return numberIn(said.stdout, "rss") / 1024;
  };
}
