/** `sluice serve --workers N`: processes that share one port. */
import { deferred } from "../io/deferred.ts";
import type { Worker } from "node:cluster";
import type { ServeCommandOptions } from "./command.ts";
import { onConnection } from "./shutdown.ts";
import { onSignal } from "./signals.ts";
import { say } from "./write.ts";

/** What the first process says to a worker that is to end. */
const END = "end";
/** What a worker says that is about to listen; it is told the port. */
const WHERE = "where";
/** What a worker says that no longer takes connections. */
const LEAVING = "leaving";

/**
 * Calls back in a worker when it is to end. The first process says so by a message: where a terminal, or whoever has started
 * all of them, sends its signal to every process, one more from us would be the second, which ends them at once.
 */
export function onEnd(callback: () => void): void {
  const end = (): void => {
    if (process.connected) process.send?.(LEAVING);
    callback();
  };
  process.on("message", (message) => {
    if (message === END) end();
  });
  onSignal(end);
}

/** In a worker: the port where it is to listen. */
export function portToListen(): Promise<number> {
  return new Promise((resolve) => {
    const hear = (message: unknown): void => {
      if (typeof message !== "number") return;
      process.off("message", hear);
      resolve(message);
    };
    process.on("message", hear);
    process.send?.(WHERE);
  });
}

/**
 * Starts them, starts another for one that ends by itself, and ends all on a signal. Gives the exit code.
 *
 * @param port Where they listen; 0 is any that is free, and the same for all that are ever started.
 * @param shutdown Where whoever connects ends them too.
 */
export async function superviseWorkers(
  count: number,
  port: number,
  shutdown: ServeCommandOptions["shutdown"],
): Promise<number> {
  const cluster = process.getBuiltinModule("node:cluster");
  const running = new Set<Worker>();
  const listening = new Set<Worker>();
  /** Of these, those that take connections. */
  const taking = new Set<Worker>();
  /** What is asked for, and what it came to at first. */
  let asked = port;
  let found: number | undefined;
  let isEnding = false;
  const { promise: ended, resolve } = deferred<number>();
  const start = (): void => {
    const worker = cluster.fork();
    running.add(worker);
    worker.on("message", (message) => {
      if (message === LEAVING) taking.delete(worker);
      if (message !== WHERE) return;
      // A port that was any is let go of when nobody takes connections there: from then on it is that, and not any.
      if (taking.size === 0) asked = found ?? port;
      worker.send(asked, ignore);
    });
    worker.on("listening", (address) => {
      const isFirst = found === undefined;
      found ??= address.port;
      listening.add(worker);
      taking.add(worker);
      // Not before: what keeps one from serving keeps all, and is told once.
      if (isFirst && !isEnding) for (let index = 1; index < count; index++) start();
      // The last of the others ended between what it was told and now: who is started in its place is told better.
      if (address.port !== found) worker.process.kill("SIGKILL");
    });
    worker.on("disconnect", () => taking.delete(worker));
    worker.on("exit", (code, signal) => {
      running.delete(worker);
      taking.delete(worker);
      // One that ends by itself before it listens would do so each time.
      if (!isEnding && (listening.delete(worker) || (signal !== null && found !== undefined))) {
        say(`sluice: worker ${worker.process.pid} ended (${signal ?? code}): starting another\n`);
        start();
      } else if (!isEnding) end(code || 1);
      if (running.size === 0 && isEnding) resolve(exitCode);
    });
  };
  let exitCode = 0;
  const end = (code: number): void => {
    isEnding = true;
    exitCode = code;
    for (const worker of running) {
      if (listening.has(worker)) worker.send(END, ignore);
      else worker.process.kill("SIGTERM");
    }
  };
  onSignal(() => end(0));
  if (shutdown) await onConnection(shutdown, () => end(0));
  start();
  return ended;
}

/** One that has ended by itself has nothing to be told. */
function ignore(): void {}
