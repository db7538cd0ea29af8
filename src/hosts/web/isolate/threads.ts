/** Workers for guests, where WebAssembly cannot be suspended: they block while their guests wait. */
import { UnsupportedRuntimeError } from "../../../io/unsupported-runtime.ts";
import { Hearing } from "../../isolate/bell.ts";
import { MessageWriter } from "../../isolate/messages.ts";
import { Bells, wireAt } from "../../isolate/shared-streams.ts";
import type { StartedThread, Threads } from "../../isolate/thread.ts";
import { soon, webPlatform } from "../platform.ts";
import { messagesIn, SharedMemory } from "./shared-memory.ts";
import type { ThreadData } from "./worker.ts";

export const webThreads: Threads = { platform: webPlatform, start };

/** @throws {UnsupportedRuntimeError} If there can be none. */
function start(): StartedThread {
  assertShares();
  const shared = new SharedMemory();
  // By a name that bundlers know: they have it as a file beside theirs.
  const worker = new Worker(new URL("./web-worker.js", import.meta.url), { type: "module" });
  // Older engines hear of shared memory only while they are blocked.
  const pokes = typeof Atomics.waitAsync !== "function";
  const poke = {
    host: () => soon(() => hearing.poked()),
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
    guest: () => worker.postMessage(0),
  };
  const { host, guest } = new Bells(shared.memory, pokes ? poke : undefined);
  const hearing = new Hearing(host, soon);
  const messages = new MessageWriter(wireAt(messagesIn(shared.memory), host, guest), hearing);
  const data: ThreadData = { memory: shared.memory, pokes };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
  worker.postMessage(data);
  return {
    parks: true,
    port: {
      on: (_, listener) =>
        worker.addEventListener("message", ({ data: message }: MessageEvent<unknown>) => {
          if (message === 0) hearing.poked();
          // All else comes from the channel of the worker.
          else listener(message as Parameters<typeof listener>[0]);
        }),
      postMessage: (message) => messages.post(message),
    },
    own: host,
    other: guest,
    hearing,
    places: shared.places,
    onEnd: (ended) => worker.addEventListener("error", (event) => ended(failed(event))),
    setBusy: () => {},
    terminate: async () => worker.terminate(),
  };
}

function assertShares(): void {
  const why =
    "This runtime cannot suspend WebAssembly (JavaScript Promise Integration), or is told to isolate a guest: that takes a worker";
  if (typeof Worker !== "function") {
    throw new UnsupportedRuntimeError(`${why}, and there are none here: use a page, or a dedicated worker of one`);
  }
  if (globalThis.crossOriginIsolated) return;
  throw new UnsupportedRuntimeError(
    `${why} with which memory is shared, and so a page that is isolated from other origins: serve it, and the package, with ` +
      "`Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`",
  );
}

function failed({ message, filename }: ErrorEvent): Error {
  return new Error(
    message
      ? `The worker of the instance has failed: ${message} (${filename})`
      : "The worker of the instance does not start: its script, web-worker.js of sluice, has to be there, beside that which " +
          "starts it, and with the header Cross-Origin-Embedder-Policy: require-corp",
  );
}
