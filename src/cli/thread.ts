/** The thread of a guest that is isolated: see isolated.ts. bin/thread.js starts it. */
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import type { Stats } from "../run/life.ts";
import type { Command } from "./command.ts";
import { runComponent } from "./run.ts";
import { SignalError, type EndingSignal } from "./signals.ts";

/** What the thread is told. */
export interface ToGuest {
  readonly is: "end";
  readonly signal: EndingSignal;
}

/** What it tells. */
export type FromGuest =
  | { readonly is: "stats"; readonly stats: Stats }
  /** The last: all that the guest wrote has been delivered, and all that went wrong has been told. */
  | { readonly is: "ended"; readonly code: number };

/** How often it tells what its streams have carried. */
const STATS_MS = 100;

export async function runInThread(): Promise<void> {
  if (!parentPort) throw new Error("This is to be run in a thread of its own");
  const port = parentPort;
  const controller = new AbortController();
  port.on("message", ({ signal }: ToGuest) => controller.abort(new SignalError(signal)));
  // Only the guest keeps the thread.
  port.unref();
  // What `runIsolated` gives.
  const command = workerData as Command & { readonly name: "run" };
  const code = await runComponent(command, {
    signal: controller.signal,
    onStart: (stats) => void setInterval(() => tell(port, { is: "stats", stats }), STATS_MS).unref(),
  });
  tell(port, { is: "ended", code });
}

function tell(port: MessagePort, message: FromGuest): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
  port.postMessage(message);
}
