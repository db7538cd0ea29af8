import { setTimeout as delay } from "node:timers/promises";
import type { Timing } from "./log.ts";

/** The machine's own time. */
export const SYSTEM_TIMING: Timing = {
  now: () => performance.now(),
  wait: (ms) => delay(ms),
};
