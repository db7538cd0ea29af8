/** `sluice run` in a thread of its own, so that this one can hear signals and time whatever the guest does. */
import { isatty } from "node:tty";
import { Worker } from "node:worker_threads";
import { MAX_TIMER_MS } from "../hosts/node/clock.ts";
import { StandardSockets } from "../hosts/node/shared-fds.ts";
import { newTally } from "../io/tally.ts";
import type { Stats } from "../run/life.ts";
import type { Command } from "./command.ts";
import { report } from "./failure.ts";
import { NEVER } from "./nothing-left.ts";
import { ERASE_LINE } from "./progress.ts";
import { exitCodeOf, onSignal, passOn, type EndingSignal } from "./signals.ts";
import { statsTable } from "./stats.ts";
import type { FromGuest, ToGuest } from "./thread.ts";
import { say, sayOnLine } from "./write.ts";

/** How long a guest that was told to end may take over its last words; then it is ended without them. */
const GRACE_MS = 500;
/** As after a trap. */
const TIMED_OUT = 134;

/** Does as `runComponent`, and gives the exit code. */
export async function runIsolated(command: Command & { readonly name: "run" }): Promise<number> {
  const { stats, progress, timeout } = command.options;
  const sockets = new StandardSockets();
  const guest = new GuestThread(command);
  let signal: EndingSignal | undefined;
  const stopListening = onSignal((first) => {
    signal = first;
    guest.tell({ is: "end", signal: first });
    guest.endIn(GRACE_MS);
  });
  // The guest ends itself in time if it calls or waits.
  if (timeout !== undefined) guest.endIn(timeout + GRACE_MS);
  const ended = await guest.ended;
  stopListening();
  if (ended.is === "code" && signal === undefined) return ended.code;
  // What ends the process now puts nothing back.
  if (signal !== undefined) sockets.restore();
  if (ended.is === "failed") return report(ended.error);
  if (ended.is === "killed") {
    if (progress && isatty(2)) sayOnLine(ERASE_LINE);
    if (stats) say(statsTable(guest.stats));
    if (signal === undefined)
      say(`sluice: ${command.path} trapped: it ran for longer than ${String(timeout)} ms (--timeout)\n`);
  }
  if (signal === undefined) return TIMED_OUT;
  passOn(signal);
  return exitCodeOf(signal);
}

type Ended =
  | { readonly is: "code"; readonly code: number }
  /** Something went wrong that it could not tell of itself. */
  | { readonly is: "failed"; readonly error: unknown }
  | { readonly is: "killed" };

/** The thread in which a guest runs. */
class GuestThread {
  readonly ended: Promise<Ended>;
  /** What is known of what its streams carried. */
  stats: Stats = { stdin: newTally(), stdout: newTally(), stderr: newTally() };
  readonly #worker: Worker;
  #timer: NodeJS.Timeout | undefined;
  #end: (ended: Ended) => void = () => {};

  constructor(command: Command) {
    this.ended = new Promise((resolve) => {
      this.#end = (ended) => {
        clearTimeout(this.#timer);
        resolve(ended);
      };
    });
    // It writes to descriptors alone. Node would make this thread's streams for it, which change what they stand on.
    const own = { stdout: true, stderr: true };
    this.#worker = new Worker(new URL("../../bin/thread.js", import.meta.url), { workerData: command, ...own });
    this.#worker.on("message", (message: FromGuest) => {
      if (message.is === "stats") this.stats = message.stats;
      else this.#end({ is: "code", code: message.code });
    });
    this.#worker.on("error", (error) => this.#end({ is: "failed", error }));
    this.#worker.on("exit", () => this.#end({ is: "failed", error: new Error(NEVER) }));
  }

  tell(message: ToGuest): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
    this.#worker.postMessage(message);
  }

  /** Ends it then, in the middle of whatever it does, if it has not ended by itself. */
  endIn(ms: number): void {
    clearTimeout(this.#timer);
    if (ms > MAX_TIMER_MS) {
      this.#timer = setTimeout(() => this.endIn(ms - MAX_TIMER_MS), MAX_TIMER_MS);
      return;
    }
    this.#timer = setTimeout(() => {
      void this.#worker.terminate();
      this.#end({ is: "killed" });
    }, ms);
  }
}
