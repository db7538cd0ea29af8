/** The worker of isolated instances: see threads.ts, which starts it. */
import { runPromises } from "./promises.ts";
import { Hearing } from "../../isolate/bell.ts";
import { Guests } from "../../isolate/guests.ts";
import { MessageReader } from "../../isolate/messages.ts";
import { Bells, wireAt } from "../../isolate/shared-streams.ts";
import { soon, webPlatform } from "../platform.ts";
import { messagesIn } from "./shared-memory.ts";

/** What the worker is told first. What comes after that is in the memory. */
export interface ThreadData {
  readonly memory: SharedArrayBuffer;
  /** Whether a message, of 0, says that a bell was rung. */
  readonly pokes: boolean;
}

addEventListener(
  "message",
  // What threads.ts gives.
  ({ data }: MessageEvent<ThreadData>) => start(data),
  { once: true },
);

function start({ memory, pokes }: ThreadData): void {
  // A guest that is suspended would have its promises of the engine.
  Reflect.deleteProperty(WebAssembly, "Suspending");
  const { host, guest } = new Bells(memory, {
    ...(pokes && { host: () => postMessage(0), guest: () => soon(() => hearing.poked()) }),
  });
  const hearing = new Hearing(guest, soon);
  const messages = new MessageReader(wireAt(messagesIn(memory), host, guest), () => memory);
  const take = () => messages.next();
  if (pokes) addEventListener("message", () => hearing.poked());
  void new Guests({
    port: {
      on(_, listener) {
        const takeNext = (): void => {
          const message = take();
          if (!message) return;
          listener(message);
          later();
        };
        // Each in a job of its own: while the thread is blocked, who blocks it takes them before that.
        const later = (): void => void Promise.resolve().then(takeNext);
        hearing.watch({ wake: later }, 0);
      },
      postMessage: (message) => postMessage(message),
    },
    own: guest,
    other: host,
    hearing,
    platform: webPlatform,
    take,
    runPromises,
  });
}
