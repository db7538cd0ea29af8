import type { ConsumerConfig, StreamConfig } from "./client-types.ts";
import type { JetStreamAccess } from "./jetstream-log.ts";

/** Makes a stream if it is not there. One that is stays as it is. */
export async function createStream(
  access: JetStreamAccess,
  config: Omit<Partial<StreamConfig>, "name">,
): Promise<void> {
  await unlessThere(
    access,
    () => access.manager.streams.info(access.stream),
    () => access.manager.streams.add({ num_replicas: 1, ...config, name: access.stream }),
  );
}

/** As `createStream`, a consumer. */
export async function createConsumer(access: JetStreamAccess, name: string, config: ConsumerConfig): Promise<void> {
  await unlessThere(
    access,
    () => access.manager.consumers.info(access.stream, name),
    () => access.manager.consumers.add(access.stream, { ...config, durable_name: name }),
  );
}

async function unlessThere(
  { client }: JetStreamAccess,
  look: () => Promise<unknown>,
  make: () => Promise<unknown>,
): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (!(error instanceof client.jetstream.JetStreamApiError) || error.status !== 404) throw error;
    await make();
  }
}

/** A stream that keeps what it acknowledges. */
export const KEEPING = { retention: "limits", discard: "new" } as const;
