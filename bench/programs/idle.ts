/**
 * Memory of this process: idle.ts guest|node COUNT PEER..., while a guest, or plain `node:net`, has COUNT connections that
 * are idle. PEER is the command of peer.c that keeps them, without its port and count. Wants --expose-gc. Prints `rss` and
 * `heap`, each what one connection takes, in bytes; and `ms`, for all of them to come about.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { compile, run } from "sluice";
import { guestPath } from "../peer.ts";
import { usage } from "./usage.ts";

const [how = "", countText = "0", ...peer] = process.argv.slice(2);
const count = Number(countText);

/** Connects `count` times, and resolves with what lets go of that. */
async function keep(port: number): Promise<() => void> {
  const [file = "", ...args] = peer;
  const child = spawn(file, [...args, String(port), String(count)], { stdio: ["pipe", "pipe", "inherit"] });
  const closed = once(child, "close");
  await Promise.race([
    once(child.stdout, "data"),
    closed.then(() => {
      throw new Error("the peer has ended");
    }),
  ]);
  return () => void child.stdin.end();
}

/** Calls `here` when all connections are there. */
type Server = (onPort: (port: number) => void, onIdle: () => void) => Promise<() => Promise<void>>;

const guest: Server = async (onPort, onIdle) => {
  const component = await compile(await readFile(guestPath("bench-sockets")));
  let end: (chunk: undefined) => void = () => {};
  const ended = new Promise<undefined>((resolve) => {
    end = resolve;
  });
  async function* stdin(): AsyncGenerator<Uint8Array> {
    await ended;
  }
  let said = "";
  const over = run(component, {
    args: ["bench-sockets", "idle", String(count)],
    stdin: stdin(),
    stdout: (chunk: Uint8Array) => {
      said += new TextDecoder().decode(chunk);
      const [, name, value] = /^(port|idle) (\d+)\n$/m.exec(said) ?? [];
      if (name === undefined) return;
      said = "";
      if (name === "port") onPort(Number(value));
      else onIdle();
    },
    network: true,
    limits: { sockets: count + 1 },
  });
  return async () => {
    end(undefined);
    const { exitCode } = await over;
    if (exitCode !== 0) throw new Error(`the guest ended with ${exitCode}`);
  };
};

const node: Server = (onPort, onIdle) => {
  const sockets: Socket[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    if (sockets.push(socket) === count) onIdle();
  });
  server.listen({ host: "127.0.0.1", port: 0, backlog: 1024 }, () => {
    const at = server.address();
    onPort(at !== null && typeof at === "object" ? at.port : 0);
  });
  return Promise.resolve(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    return Promise.resolve();
  });
};

let port: (port: number) => void = () => {};
let idle: () => void = () => {};
const listens = new Promise<number>((resolve) => {
  port = resolve;
});
const allThere = new Promise<void>((resolve) => {
  idle = resolve;
});
const end = await (how === "guest" ? guest : node)(port, idle);
const at = await listens;
const before = await usage();
const start = performance.now();
const release = await keep(at);
await allThere;
const ms = performance.now() - start;
const after = await usage();
console.log(`rss ${(after.rss - before.rss) / count}\nheap ${(after.heap - before.heap) / count}\nms ${ms}`);
await end();
release();
