/** Whom the client trusts: as the process was told when it was started. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createSecureServer } from "node:http2";
import { createServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { TLS } from "./tls.ts";

const from = (path: string): string => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);

/** Asks each port by TLS, and prints the status of the response, or the code of what there is in its place. */
const program = (ports: readonly number[]): string => `
  import { NodeHttpClient } from ${from("hosts/node/http/client.ts")};
  const client = new NodeHttpClient(async () => [{ family: "ipv4", ip: "127.0.0.1" }], 10);
  const timeouts = { connect: 600_000, firstByte: 600_000, betweenBytes: 600_000 };
  for (const port of [${ports.join()}]) {
    const parts = { method: "GET", scheme: "https", authority: "name.test:" + port, path: "/" };
    const sent = client.send({ ...parts, headers: [], body: undefined, timeouts }, new AbortController().signal);
    console.log(await sent.then(({ status }) => status, (error) => error.payload.tag));
  }
  process.exit();`;

test("a certificate that NODE_EXTRA_CA_CERTS names is trusted, by each protocol, and no proxy of the environment's is asked", async (t) => {
  const servers: readonly Server[] = [
    createServer(TLS, (_, response) => response.writeHead(201).end()),
    createSecureServer(TLS, (_, response) => response.writeHead(202).end()),
  ];
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, "127.0.0.1");
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await once(server, "listening");
    t.after(() => server.close());
    // A server on a port has an address.
    ports.push((server.address() as AddressInfo).port);
  }
  const said = async (more: Readonly<Record<string, string>>): Promise<string> => {
    const args = ["--input-type=module", "--eval", program(ports)];
    // Nobody listens there.
    const proxy = { NODE_USE_ENV_PROXY: "1", HTTPS_PROXY: "http://127.0.0.1:9", https_proxy: "http://127.0.0.1:9" };
    return (await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...proxy, ...more } })).stdout;
  };
  assert.equal(await said({}), "TLS-certificate-error\nTLS-certificate-error\n");
  const file = fileURLToPath(new URL("tls/cert.pem", import.meta.url));
  assert.equal(await said({ NODE_EXTRA_CA_CERTS: file }), "201\n202\n");
});
