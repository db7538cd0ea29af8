import assert from "node:assert/strict";
import { test } from "node:test";
import { brokerError } from "../../src/nats/answers.ts";
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

test("what a cluster says of a message while it has no quorum is waited for", async () => {
  const client = await loadClient();
  const answers = [
    { code: 409, err_code: 10_158, description: "duplicate message id is in process" },
    { code: 400, err_code: 10_164, description: "wrong last sequence" },
    { code: 500, err_code: 10_009, description: "JetStream cluster can not handle request" },
  ];
  for (const answer of answers) {
    const error: unknown = Reflect.construct(client.jetstream.JetStreamApiError, [answer]);
    assert.equal(brokerError(client, "append", error).kind, "unknown", answer.description);
  }
});
