import type { JetStreamModule, TransportModule } from "./client-types.ts";

/** The client of NATS, which is not ours to install. */
export interface Client {
  readonly transport: TransportModule;
  readonly jetstream: JetStreamModule;
}

/** The client of NATS is not installed. `cause` says what was looked for. */
export class MissingClientError extends Error {
  override readonly name: string = "MissingClientError";

  constructor(cause: unknown) {
    const [why] = String(cause instanceof Error ? cause.message : cause).split("\n", 1);
    super(`The client of NATS is not installed: npm install @nats-io/transport-node @nats-io/jetstream (${why})`, {
      cause,
    });
  }
}

/**
 * @param load Imports a package by its name.
 * @throws {MissingClientError}
 */
export async function loadClient(load: (name: string) => unknown = (name) => import(name)): Promise<Client> {
  // Names that a compiler does not look up: see client-types.ts.
  const names: readonly string[] = ["@nats-io/transport-node", "@nats-io/jetstream"];
  try {
    const [transport, jetstream]: readonly unknown[] = await Promise.all(names.map(async (name) => load(name)));
    // What the packages of these names are, in the versions that package.json asks for.
    return { transport: transport as TransportModule, jetstream: jetstream as JetStreamModule };
  } catch (cause) {
    throw new MissingClientError(cause);
  }
}
