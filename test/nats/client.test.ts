import assert from "node:assert/strict";
import { test } from "node:test";
import { loadClient, MissingClientError } from "../../src/nats/client.ts";

test("a client that is not installed is an error that says what to install", async () => {
  const missing = (name: string): never => {
    throw new Error(`Cannot find package '${name}'\nand more`);
  };
  await assert.rejects(loadClient(missing), (error) => {
    assert.ok(error instanceof MissingClientError);
    assert.equal(
      error.message,
      "The client of NATS is not installed: npm install @nats-io/transport-node @nats-io/jetstream " +
        "(Cannot find package '@nats-io/transport-node')",
    );
    return true;
  });
});
