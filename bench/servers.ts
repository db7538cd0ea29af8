/** Servers in processes of their own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** How often somebody looks whether a server is there: what it takes to answer is told as late as that. */
const LOOK_MS = 1;

/** The command that serves. */
export type Serve = (port: number) => readonly string[] | Promise<readonly string[]>;

/** A process that serves. */
export interface Server {
  readonly port: number;
  /** What it has resident, or the most that it had. */
  mibOf(what: "VmHWM" | "VmRSS"): Promise<number>;
  stop(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
}

export interface Served<T> {
  readonly value: T;
  /** The most that the process had. */
  readonly peakMib: number;
}

/** What comes of a use of a server, which is started for it and ended by a signal. */
export async function served<T>(
  serve: Serve,
  use: (port: number, residentMib: () => Promise<number>) => Promise<T>,
  signal: "SIGKILL" | "SIGTERM" = "SIGKILL",
): Promise<Served<T>> {
  const server = await started(serve);
  try {
    const value = await use(server.port, () => server.mibOf("VmRSS"));
    return { value, peakMib: await server.mibOf("VmHWM") };
  } finally {
    await server.stop(signal);
  }
}

/** Resolves when somebody listens. */
export async function started(serve: Serve): Promise<Server> {
  const port = await freePort();
  const [file = "", ...args] = await serve(port);
  const child = spawn(file, args, { stdio: "ignore" });
  const ended = once(child, "close");
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    // oxlint-disable-next-line no-await-in-loop -- until it is there
    await wait(LOOK_MS);
  }
  return {
    port,
    async mibOf(what) {
      const status = await readFile(`/proc/${child.pid}/status`, "latin1").catch(() => "");
      return Number(new RegExp(`^${what}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
    },
    async stop(signal) {
      child.kill(signal);
      await ended;
    },
  };
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
