/** `sluice serve --workers N`: processes that share one port. */
import { deferred } from "../io/deferred.ts";
import type { Worker } from "node:cluster";
import { onSignal } from "./signals.ts";
import { say } from "./write.ts";

/** What the first process says to a worker that is to end. */
const END = "end";

/**
 * Calls back in a worker when it is to end. The first process says so by a message: where a terminal, or whoever has started
 * all of them, sends its signal to every process, one more from us would be the second, which ends them at once.
 */
export function onEnd(callback: () => void): void {
  process.on("message", (message) => {
    if (message === END) callback();
  });
  onSignal(callback);
}

/** Starts them, starts another for one that ends by itself, and ends all on a signal. Gives the exit code. */
export async function superviseWorkers(count: number): Promise<number> {
  const cluster = process.getBuiltinModule("node:cluster");
  const running = new Set<Worker>();
  const listening = new Set<Worker>();
  let isEnding = false;
  const { promise: ended, resolve } = deferred<number>();
  const start = (): void => {
    const worker = cluster.fork();
    running.add(worker);
    worker.on("listening", () => listening.add(worker));
    worker.on("exit", (code, signal) => {
      running.delete(worker);
      if (!isEnding && listening.delete(worker)) {
        say(`sluice: worker ${worker.process.pid} ended (${signal ?? code}): starting another\n`);
        start();
      } else if (!isEnding) end(code === 0 ? 1 : code);
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
  for (let index = 0; index < count; index++) start();
  return ended;
}

/** One that has ended by itself has nothing to be told. */
function ignore(): void {}
