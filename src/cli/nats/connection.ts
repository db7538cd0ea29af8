import { messageOf } from "../../io/cause.ts";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { loadClient, type Client } from "../../nats/client.ts";
import type { Authenticator, ConnectionOptions, NatsConnection } from "../../nats/client-types.ts";
import { UsageError } from "../usage.ts";
import { say } from "../write.ts";
import type { Given } from "./given.ts";
import { serversOf, type Servers } from "./servers.ts";

export interface Connected {
  readonly client: Client;
  readonly nc: NatsConnection;
}

const RECONNECT_MS = 500;
/** Of one server, to say who it is and to take us in. */
const CONNECT_MS = 10_000;
/** Two that are not answered end a connection that leads nowhere any more: the client's own two minutes are for those who idle. */
const PING_MS = 10_000;

/** Connects as it is said, and again whenever that ends. @throws {UsageError} */
export async function connect(given: Given): Promise<Connected> {
  // The script of the command is no module that could import.
  const client = await loadClient(createRequire(import.meta.url));
  const { transport } = client;
  const servers = serversOf(given.text("nats") ?? process.env["NATS_URL"] ?? "nats://127.0.0.1:4222");
  const options: ConnectionOptions = {
    servers: servers.addresses,
    name: `sluice ${given.verb}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    timeout: CONNECT_MS,
    pingInterval: PING_MS,
    // Where in our code each request was made says nothing to whoever types a command, and takes time.
    noAsyncTraces: true,
    ...authentication(given, servers, client),
    ...encryption(given, servers),
  };
  try {
    const nc = await transport.connect(options);
    // It may know one that has.
    if (nc.info?.jetstream !== true) say(`sluice: the server has no JetStream of its own (nats-server -js)\n`);
    return { client, nc };
  } catch (error) {
    throw new UsageError(`Cannot connect to ${servers.addresses.join(",")}: ${reason(error)}`);
  }
}

function reason(error: unknown): string {
  const message = messageOf(error);
  // A server that does not trust a certificate says so when the client does not listen any more.
  if (message !== "timeout") return message;
  return `no answer in ${CONNECT_MS / 1000} s, as of a server that asks for a certificate that it trusts (--tls-cert, --tls-key)`;
}

function authentication(given: Given, { login }: Servers, { transport }: Client): Partial<ConnectionOptions> {
  const [creds, nkey] = [given.text("creds"), given.text("nkey")];
  // Read again for each connection: what expires is written anew while we run.
  if (creds !== undefined) {
    return {
      authenticator: checked(
        creds,
        "credentials of a user",
        transport.credsAuthenticator(() => read(creds)),
      ),
    };
  }
  if (nkey !== undefined) {
    const seed = (): Buffer => Buffer.from(read(nkey).toString().trim());
    return { authenticator: checked(nkey, "the seed of a user's nkey", transport.nkeyAuthenticator(seed)) };
  }
  return login ?? {};
}

/** @throws {UsageError} If the file is not what it should be. */
function checked(path: string, what: string, authenticator: Authenticator): Authenticator {
  try {
    authenticator("any");
    return authenticator;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path} has not ${what}: ${reason(error)}`);
  }
}

function encryption(given: Given, { isEncrypted }: Servers): Partial<ConnectionOptions> {
  const [caFile, certFile, keyFile] = [given.text("tls-ca"), given.text("tls-cert"), given.text("tls-key")];
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new UsageError("--tls-cert and --tls-key need each other: a certificate, and its key");
  }
  const files = {
    ...(caFile !== undefined && { caFile }),
    ...(certFile !== undefined && keyFile !== undefined && { certFile, keyFile }),
  };
  const paths = Object.values(files);
  for (const path of paths) if (!read(path).includes("-----BEGIN ")) throw new UsageError(`${path} has nothing in PEM`);
  return isEncrypted || paths.length > 0 ? { tls: files } : {};
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${reason(error)}`);
  }
}
