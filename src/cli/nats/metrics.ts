import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Working } from "../../nats/work/work.ts";
import { UsageError } from "../usage.ts";
import { say } from "../write.ts";

/** Answers `/metrics` for Prometheus, and `/ready` as long as jobs are taken. */
export async function serveMetrics(address: string, worker: Working): Promise<{ close(): void }> {
  const [, host = "127.0.0.1", digits] = /^(?:([^:[\]]+):)?(\d{1,5})$/.exec(address) ?? [];
  if (digits === undefined) {
    throw new UsageError(`--metrics expects [ADDRESS:]PORT, such as 0.0.0.0:9090, got ${JSON.stringify(address)}`);
  }
  const server = process.getBuiltinModule("node:http").createServer(({ url }, response) => {
    if (url === "/metrics") {
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(worker.metrics());
    } else if (url === "/ready") {
      response.writeHead(worker.isTaking ? 200 : 503).end();
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(Number(digits), host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  say(`Metrics on http://${host}:${port}/metrics\n`);
  // What watches it keeps no process.
  server.unref();
  return {
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
