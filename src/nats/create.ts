import { brokerError } from "./answers.ts";
import type { ConsumerConfig, StreamConfig } from "./client-types.ts";
import type { JetStreamAccess } from "./jetstream-log.ts";

/** Makes a stream if it is not there. One that is stays as it is. @throws {BrokerError} */
export async function createStream(
  access: JetStreamAccess,
  config: Omit<Partial<StreamConfig>, "name">,
): Promise<void> {
  await unlessThere(
    access,
    `make stream ${access.stream}`,
    () => access.manager.streams.info(access.stream),
    () => access.manager.streams.add({ num_replicas: 1, ...config, name: access.stream }),
  );
}

/** As `createStream`, a consumer. */
export async function createConsumer(access: JetStreamAccess, name: string, config: ConsumerConfig): Promise<void> {
  await unlessThere(
    access,
    `make consumer ${name} of stream ${access.stream}`,
    () => access.manager.consumers.info(access.stream, name),
    () => access.manager.consumers.add(access.stream, { ...config, durable_name: name }),
  );
}

async function unlessThere(
  { client }: JetStreamAccess,
  what: string,
  look: () => Promise<unknown>,
  make: () => Promise<unknown>,
): Promise<void> {
  const isMissing = (error: unknown): boolean =>
    error instanceof client.jetstream.JetStreamApiError && error.status === 404;
  try {
    await look().catch((error: unknown) => {
      if (!isMissing(error)) throw error;
      return make();
    });
  } catch (error) {
    throw brokerError(client, what, error);
  }
}

/** A stream that keeps what it acknowledges. */
export const KEEPING = { retention: "limits", discard: "new" } as const;
