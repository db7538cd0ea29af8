/** The event loop has nothing left to wait for, and the command has not come to its end. */
import { RuntimeError } from "../io/trap.ts";
import { report } from "./failure.ts";

export const NEVER = "The guest waits for something that can never come";

let stuck: AbortController | undefined;

/** To be listened to by `process`, as `beforeExit`. */
export function onNothingLeft(): void {
  if (stuck && !stuck.signal.aborted)
    stuck.abort(new RuntimeError("deadlock: its tasks wait for each other, or for nothing"));
  else process.exitCode = report(new Error(NEVER));
}

/**
 * Aborted when nothing is left: for tasks of WASI 0.3, which can wait for each other. What 0.2 waits for always comes, or
 * we have made a mistake.
 */
export function deadlock(): AbortSignal {
  stuck = new AbortController();
  return stuck.signal;
}
