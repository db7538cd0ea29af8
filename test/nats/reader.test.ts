/** What a reader of a stream makes, and lets go of. */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import { loadClient } from "../../src/nats/client.ts";
import type { JetStreamAccess } from "../../src/nats/jetstream-log.ts";
import { JetStreamReader } from "../../src/nats/jetstream-reader.ts";

const client = await loadClient();

/** The steps of asking for messages, each of which waits until it is let go on. */
const STEPS = ["add", "get", "fetch"];

for (const held of STEPS) {
  test(`a reader that is closed while it waits for "${held}" leaves no consumer`, { timeout: 10_000 }, async () => {
    const { promise, resolve: goOn } = Promise.withResolvers<void>();
    const done: string[] = [];
    const step = async <T>(name: string, answer: T): Promise<T> => {
      done.push(name);
      if (name === held) await promise;
      return answer;
    };
    const messages = {
      stop: () => done.push("stop"),
      // It would give nothing for as long as it may wait.
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
    };
    const access = {
      client,
      js: { consumers: { get: () => step("get", { fetch: () => step("fetch", messages) }) } },
      manager: { consumers: { add: () => step("add", { name: "c" }), delete: () => step("delete", true) } },
      stream: "S",
      ackWaitMs: 1000,
    } as unknown as JetStreamAccess;
    const reader = new JetStreamReader(access, "s", 1);
    const next = reader.next();
    while (!done.includes(held)) {
      // oxlint-disable-next-line no-await-in-loop -- as far as it goes by itself
      await turn();
    }
    await reader.close();
    goOn();
    assert.equal(await next, undefined);
    // The last of them is stopped where there are messages to come.
    assert.deepEqual(
      done.filter((name) => name === "delete"),
      ["delete"],
    );
    assert.equal(done.includes("stop"), done.includes("fetch"));
  });
}
