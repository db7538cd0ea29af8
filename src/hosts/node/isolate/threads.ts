/** Threads of Node. */
import { Worker } from "node:worker_threads";
import { canSuspend } from "../../../wait/suspension.ts";
import { Hearing } from "../../isolate/bell.ts";
import { Bells, ringPlaces } from "../../isolate/shared-streams.ts";
import type { StartedThread, Threads } from "../../isolate/thread.ts";
import { nodePlatform } from "../platform.ts";
import { StandardSockets } from "../shared-fds.ts";
import type { ThreadData } from "./worker.ts";

/** Where worker.ts is once it is built, beside those of dist/shared: see scripts/build.js. */
declare const BUILT_WORKER: string | undefined;

const WORKER = new URL(typeof BUILT_WORKER === "string" ? BUILT_WORKER : "./worker.ts", import.meta.url);

export const nodeThreads: Threads = { platform: nodePlatform, start };

function start(): StartedThread {
  const { memory, host, guest } = new Bells();
  const sockets = new StandardSockets();
  const parks = !canSuspend();
  const data: ThreadData = { bells: memory, parks, stackFrames: Error.stackTraceLimit };
  // It writes to descriptors alone. Node would make this thread's streams for it, which change what they stand on.
  const worker = new Worker(WORKER, { workerData: data, stdout: true, stderr: true });
  worker.unref();
  return {
    parks,
    port: worker,
    own: host,
    other: guest,
    hearing: new Hearing(host, setImmediate),
    places: ringPlaces,
    onEnd(ended) {
      worker.on("error", ended);
      worker.on("exit", () => ended(new Error("The thread of the instance has ended")));
    },
    setBusy: (isBusy) => (isBusy ? worker.ref() : worker.unref()),
    async terminate() {
      await worker.terminate();
      sockets.restore();
    },
  };
}
