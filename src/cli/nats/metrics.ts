import type { AddressInfo } from "node:net";
import type { Working } from "../../nats/work/work.ts";
import { inUrl } from "../address.ts";
import { listenAt } from "../listen.ts";
import { say } from "../write.ts";

/** Answers `/metrics` for Prometheus, and `/ready` as long as jobs are taken: not before `begun` has given who takes them. */
export async function serveMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  begun: () => Working | undefined,
): Promise<{ close(): void }> {
  const server = process.getBuiltinModule("node:http").createServer(({ url }, response) => {
    const worker = begun();
    if (url === "/metrics" && worker) {
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(worker.metrics());
    } else if (url === "/metrics" || url === "/ready") {
      response.writeHead(worker?.isTaking === true ? 200 : 503).end();
    } else {
      response.writeHead(404).end();
    }
  });
  await listenAt(server, host, port, "--metrics");
  say(`Metrics on http://${inUrl(host)}:${(server.address() as AddressInfo).port}/metrics\n`);
  // What watches it keeps no process.
  server.unref();
  return {
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
