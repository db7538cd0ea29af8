import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { loadClient, type Client } from "../../nats/client.ts";
import type { ConnectionOptions, NatsConnection } from "../../nats/client-types.ts";
import { UsageError } from "../usage.ts";
import type { Given } from "./given.ts";

export interface Connected {
  readonly client: Client;
  readonly nc: NatsConnection;
}

const RECONNECT_MS = 500;

/** Connects as it is said, and again whenever that ends. @throws {UsageError} */
export async function connect(given: Given): Promise<Connected> {
  // The script of the command is no module that could import.
  const client = await loadClient(createRequire(import.meta.url));
  const { transport } = client;
  const servers = given.text("nats") ?? process.env["NATS_URL"] ?? "nats://127.0.0.1:4222";
  const options: ConnectionOptions = {
    servers: servers.split(","),
    name: `sluice ${given.verb}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    // Where in our code each request was made says nothing to whoever types a command, and takes time.
    noAsyncTraces: true,
    ...authentication(given, client),
    ...encryption(given),
  };
  try {
    return { client, nc: await transport.connect(options) };
  } catch (error) {
    throw new UsageError(`Cannot connect to ${servers}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function authentication(given: Given, { transport }: Client): Partial<ConnectionOptions> {
  const [creds, nkey] = [given.text("creds"), given.text("nkey")];
  if (creds !== undefined) return { authenticator: transport.credsAuthenticator(read(creds)) };
  if (nkey !== undefined) {
    return { authenticator: transport.nkeyAuthenticator(Buffer.from(read(nkey).toString().trim())) };
  }
  return {};
}

function encryption(given: Given): Partial<ConnectionOptions> {
  const [caFile, certFile, keyFile] = [given.text("tls-ca"), given.text("tls-cert"), given.text("tls-key")];
  if (caFile === undefined && certFile === undefined && keyFile === undefined) return {};
  return {
    tls: {
      ...(caFile !== undefined && { caFile }),
      ...(certFile !== undefined && { certFile }),
      ...(keyFile !== undefined && { keyFile }),
    },
  };
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
