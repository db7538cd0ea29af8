/** A nats-server for tests, on a loopback port that is free, with its store in a folder of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { findNatsServer } from "../../scripts/nats-server.ts";
import { loadClient } from "../../src/nats/client.ts";
import type {
  ConnectionOptions,
  JetStreamClient,
  JetStreamManager,
  MsgHdrs,
  NatsConnection,
  StreamConfig,
} from "../../src/nats/client-types.ts";

const program = findNatsServer();

/** For `skip` of tests that need a server. */
export const NO_SERVER: string | false =
  program === undefined && "needs nats-server: `node scripts/nats-server.ts` gets it where Go or apt is there";

export class TestServer {
  readonly folder: string = mkdtempSync(join(tmpdir(), "sluice-nats-"));
  port = 0;
  readonly #config: string;
  readonly #program: string;
  #process: ChildProcess | undefined;

  /**
   * @param config Lines of its configuration, besides its port and its store.
   * @param path Another nats-server than the one that was found.
   */
  constructor(config = "", path = program ?? "nats-server") {
    this.#config = config;
    this.#program = path;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Starts it, again on the same port and store if it ran before. */
  async start(): Promise<void> {
    if (this.port !== 0) {
      await this.#startOn(this.port);
      return;
    }
    const port = await freePort();
    try {
      await this.#startOn(port);
    } catch (error) {
      // Somebody else has taken the port since it was found free.
      if (!String(error).includes("address already in use")) throw error;
      await this.start();
      return;
    }
    this.port = port;
  }

  async #startOn(port: number): Promise<void> {
    const file = join(this.folder, "server.conf");
    writeFileSync(
      file,
      `listen: "127.0.0.1:${port}"\njetstream { store_dir: ${JSON.stringify(this.folder)} }\n${this.#config}\n`,
    );
    const child = spawn(this.#program, ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
    this.#process = child;
    let said = "";
    for await (const line of createInterface({ input: child.stderr })) {
      if (line.includes("Server is ready")) {
        child.stderr.resume();
        return;
      }
      said += `${line}\n`;
    }
    throw new Error(`nats-server has ended before it was ready:\n${said}`);
  }

  /** @param signal SIGKILL loses what the process had in memory; SIGSTOP and SIGCONT let it live. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const over = signal === "SIGKILL" || signal === "SIGTERM" ? once(child, "exit") : undefined;
    child.kill(signal);
    await over;
  }

  async stop(): Promise<void> {
    await this.signal("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A connection, and what is done over it. */
  connect(options: Partial<ConnectionOptions> = {}): Promise<Connected> {
    return connectTo(this.url, options);
  }
}

/** A connection that is made again for ever, and what is done over it. */
export async function connectTo(
  servers: string | readonly string[],
  options: Partial<ConnectionOptions> = {},
): Promise<Connected> {
  const { transport, jetstream } = await loadClient();
  const nc = await transport.connect({ servers, maxReconnectAttempts: -1, reconnectTimeWait: 100, ...options });
  // A cluster that elects its leader has no answer yet.
  const manager = await jetstream.jetstreamManager(nc, { checkAPI: false });
  const js = jetstream.jetstream(nc);
  const bytes = async (stream: string, subject?: string): Promise<Buffer> => {
    const { state } = await manager.streams.info(stream);
    const pieces: Uint8Array[] = [];
    for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const message = await manager.streams.getMessage(stream, { seq });
      if (message && (subject === undefined || message.subject === subject)) pieces.push(message.data);
    }
    return Buffer.concat(pieces);
  };
  return { nc, js, manager, bytes, headers: () => transport.headers() };
}

/** A server for as long as `use` takes. */
export async function withServer<T>(use: (at: Connected) => Promise<T>, server = new TestServer()): Promise<T> {
  await server.start();
  const at = await server.connect();
  try {
    return await use(at);
  } finally {
    await at.nc.drain();
    await server.stop();
  }
}

export interface Connected {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly manager: JetStreamManager;
  headers(): MsgHdrs;
  /** All that is in a stream, or in one subject of it. */
  bytes(stream: string, subject?: string): Promise<Buffer>;
}

/** Between two questions to a server: to ask at once again takes it, and us, as much of a processor as what is tried. */
const ASK_AGAIN_MS = 5;

/** Resolves when a stream is so; the server is asked until it is. */
export async function untilStream(
  { manager }: Connected,
  stream: string,
  isSo: (state: Awaited<ReturnType<JetStreamManager["streams"]["info"]>>["state"]) => boolean,
): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- asked until it is so
  while (!isSo((await manager.streams.info(stream)).state)) await wait(ASK_AGAIN_MS);
}

/** Resolves when all that is in a work queue has been carried out. */
export function emptied(at: Connected, stream: string): Promise<void> {
  return untilStream(at, stream, ({ messages }) => messages === 0);
}

/** A stream that keeps what it acknowledges. */
export function keeping(name: string, subjects: readonly string[]): Partial<StreamConfig> & { readonly name: string } {
  return { name, subjects, retention: "limits", discard: "new", num_replicas: 1 };
}

/** A port of the loopback that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}

/** A guest of the tests. */
export function guest(name: string): Uint8Array {
  return readFileSync(new URL(`../guests/built/${name}.wasm`, import.meta.url));
}
