import type { ServingOptions } from "./serve.ts";

/** What `serve` takes beside the options of instances, wherever it runs. */
export const SERVING: readonly (keyof ServingOptions)[] = [
  "reuse",
  "maxPerInstance",
  "maxIdleTime",
  "maxConcurrent",
  "maxWaiting",
  "maxWaitingTime",
  "maxBodyBytes",
  "plugs",
  "onError",
];
