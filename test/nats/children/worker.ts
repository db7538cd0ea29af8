/** A worker as a process that can be killed: its arguments are servers (with commas), the component, and options of `work` as JSON. */
import { readFileSync } from "node:fs";
import { loadClient } from "../../../src/nats/client.ts";
import { work, type WorkOptions } from "../../../src/nats/index.ts";

const [, , url = "", component = "", options = "{}"] = process.argv;
const { transport } = await loadClient();
const nc = await transport.connect({ servers: url.split(","), maxReconnectAttempts: -1, reconnectTimeWait: 100 });
const worker = await work(readFileSync(component), nc, {
  // What the test has written.
  ...(JSON.parse(options) as WorkOptions),
  onTrouble: ({ sequence }, cause) => console.error(`Job ${sequence} is left for a minute: ${String(cause)}`),
});
process.once("SIGTERM", () => {
  void worker.drain().then(async () => {
    await nc.drain();
    process.send?.(worker.counts);
    process.disconnect?.();
  });
});
// One that cannot go on has not been killed, and its parent is to know why.
worker.stopped.catch((error: unknown) => {
  console.error(`A worker has stopped: ${String(error)}`);
  process.exit(1);
});
// Not before it knows what to do when it is to end.
process.send?.("ready");
