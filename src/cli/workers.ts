/** `sluice serve --workers N`: processes that share one port. */
import { deferred } from "../io/deferred.ts";
import type { Worker } from "node:cluster";
import { onSignal } from "./signals.ts";
import { say } from "./write.ts";

/** Starts them, starts another for one that ends by itself, and ends all on a signal. Gives the exit code. */
export async function superviseWorkers(count: number): Promise<number> {
  const cluster = process.getBuiltinModule("node:cluster");
  const running = new Set<Worker>();
  let isEnding = false;
  const { promise: ended, resolve } = deferred<number>();
  const start = (): void => {
    const worker = cluster.fork();
    let hasListened = false;
    running.add(worker);
    worker.on("listening", () => (hasListened = true));
    worker.on("exit", (code, signal) => {
      running.delete(worker);
      if (!isEnding && hasListened) {
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
    for (const { process: child } of running) child.kill("SIGTERM");
  };
  onSignal(() => end(0));
  for (let index = 0; index < count; index++) start();
  return ended;
}
