/** A guest that answers HTTP, as each contestant's command serves it; the same program asks all of them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { join } from "node:path";
import { OURS, type Case, type Measurement } from "../case.ts";
import { NODE, program, WASMTIME, type Contestants } from "../contestants.ts";
import { guestPath } from "../peer.ts";
import { numberIn, ROOT, runCommand } from "../processes.ts";

const ROUNDS = 3;
const CONNECTIONS = 32;
const SECONDS = 2;
/** How often somebody looks whether a server is there. */
const LOOK_MS = 20;
const GUEST = "http-handler";

type Serve = (port: number) => readonly string[];

const sluice =
  (...options: readonly string[]): Serve =>
  (port) => [
    process.execPath,
    join(ROOT, "bin", "sluice.js"),
    ...["serve", "--addr", String(port), ...options, guestPath(GUEST)],
  ];
const node: Serve = (port) => program("http-server", port);
const wasmtime: Serve = (port) => ["wasmtime", "serve", "--addr", `127.0.0.1:${port}`, "-Scli", guestPath(GUEST)];

export function http({ guests: { [WASMTIME]: command = "missing" } }: Contestants): readonly Case[] {
  const theirs = typeof command === "string" ? command : rateOf(wasmtime);
  const about = { unit: "/s", better: "more", rounds: ROUNDS } as const;
  return [
    {
      ...{ id: "fresh", what: `requests, an instance for each, ${CONNECTIONS} connections`, ...about },
      contestants: { [OURS]: rateOf(sluice()), [NODE]: rateOf(node), [WASMTIME]: theirs },
    },
    {
      ...{ id: "reuse", what: `requests, an instance for all, ${CONNECTIONS} connections`, ...about },
      contestants: { [OURS]: rateOf(sluice("--reuse", "1000000")), [NODE]: rateOf(node) },
    },
    {
      ...{
        id: "first",
        what: "from the start of a server to its first answer",
        unit: "ms",
        better: "less",
        rounds: ROUNDS,
      },
      contestants: {
        [OURS]: firstOf(sluice()),
        [NODE]: firstOf(node),
        [WASMTIME]: typeof command === "string" ? command : firstOf(wasmtime),
      },
    },
  ];
}

function rateOf(serve: Serve): Measurement {
  return () =>
    served(serve, async (port) =>
      numberIn((await runCommand(program("http-load", port, CONNECTIONS, SECONDS))).stdout, "rate"),
    );
}

function firstOf(serve: Serve): Measurement {
  return async () => {
    const start = performance.now();
    return served(serve, async (port) => {
      const response = await fetch(`http://127.0.0.1:${port}/hello`, { headers: { connection: "close" } });
      await response.text();
      return performance.now() - start;
    });
  };
}

async function served<T>(serve: Serve, use: (port: number) => Promise<T>): Promise<T> {
  const port = await freePort();
  const [file = "", ...args] = serve(port);
  const child = spawn(file, args, { stdio: "ignore" });
  const ended = once(child, "close");
  try {
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
      // oxlint-disable-next-line no-await-in-loop -- until it is there
      await wait(LOOK_MS);
    }
    return await use(port);
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  // It listens on a port of TCP.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
