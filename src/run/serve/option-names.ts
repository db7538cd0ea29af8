import type { ServingOptions } from "./serve.ts";

/** What `serve` takes beside the options of instances, wherever it runs. */
export const SERVING: readonly (keyof ServingOptions)[] = [
  "reuse",
  "maxConcurrent",
  "maxWaiting",
  "maxWaitingTime",
  "maxBodyBytes",
  "plugs",
  "onError",
];
