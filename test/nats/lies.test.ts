/** A client that gives something else than it says: one BrokerError names what came, nothing goes on, no promise is left. */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { after, test } from "node:test";
import { BrokerError } from "../../src/nats/broker-error.ts";
import { loadClient } from "../../src/nats/client.ts";
import type { Consumer } from "../../src/nats/client-types.ts";
import { JetStreamLog, type JetStreamAccess } from "../../src/nats/jetstream-log.ts";
import { Retry } from "../../src/nats/retry.ts";
import { streamInfo } from "../../src/nats/streams.ts";
import { JobQueue } from "../../src/nats/work/queue.ts";
import { consumerInfo } from "../../src/nats/work/setup.ts";
import { MemoryTiming } from "./memory-log.ts";

const client = await loadClient();
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
process.on("unhandledRejection", note);
after(async () => {
  await turn();
  process.off("unhandledRejection", note);
  assert.deepEqual(unhandled, []);
});

const NO_HEADERS = { get: () => "", set: () => {}, has: () => false, keys: () => [] };
const MESSAGE = {
  seq: 1,
  subject: "s",
  data: Uint8Array.of(1),
  headers: NO_HEADERS,
  header: NO_HEADERS,
  time: new Date(5),
  info: { deliverySequence: 1, deliveryCount: 1, pending: 0 },
};
const INFO = { config: { name: "S", subjects: ["s"] }, state: { first_seq: 1, last_seq: 1 } };

/** Made when it is asked for: nobody else has seen a promise in it by then. */
type Given = () => unknown;

/** What a client answers that gives `given` for everything. */
function fetching(given: Given): unknown {
  const messages = {
    stop: () => Promise.reject(new Error("stop")),
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ value: given(), done: false }),
      return: () => Promise.reject(new Error("return")),
    }),
  };
  return { fetch: async () => messages };
}

function accessOf(given: Given): JetStreamAccess {
  const js = { publish: async () => given(), consumers: { get: async () => fetching(given) } };
  const manager = {
    streams: { info: async () => given(), getMessage: async () => given() },
    consumers: { add: async () => ({ name: "c" }), info: async () => given(), delete: async () => true },
  };
  // As much of the two as is asked for here.
  return { client, js, manager, stream: "S", ackWaitMs: 1000 } as unknown as JetStreamAccess;
}

const logOf = (given: Given): JetStreamLog => new JetStreamLog(accessOf(given), "s", true);
const RECORD = { data: Uint8Array.of(), mark: { writer: "w", offset: 0 }, id: "i" };

type Ask = (given: Given) => Promise<unknown>;
const append: Ask = (given) => logOf(given).append(RECORD, 0);
const last: Ask = (given) => logOf(given).last();
const at: Ask = (given) => logOf(given).at(3);
const extent: Ask = (given) => logOf(given).extent();
const read: Ask = (given) => logOf(given).read(1).next();
const readOn: Ask = (given) => logOf(given).read(7).next();
const look: Ask = (given) => new Retry(new MemoryTiming(), 0).until(() => streamInfo(accessOf(given)));
const consumer: Ask = (given) => consumerInfo(accessOf(given), "c");
// As far as a queue asks it.
const job: Ask = (given) => new JobQueue(client, fetching(given) as Consumer, async () => {}).next();

const broken = (): Promise<never> => Promise.reject(new Error("as data"));
const headers = (name: string, value: unknown) => ({
  ...NO_HEADERS,
  get: (asked: string) => (asked === name ? value : asked === "Sluice-Offset" ? "0" : "w"),
  has: () => true,
  keys: () => [name],
});

const LIES: readonly (readonly [what: string, ask: Ask, given: Given, message: string])[] = [
  [
    "append",
    append,
    () => ({ seq: "1" }),
    'Cannot append to s: the client gave "1" as seq of what was stored; expected a whole number from 1 on',
  ],
  ["append", append, () => ({ seq: Number.NaN }), "gave NaN as seq of what was stored"],
  ["append", append, () => ({ seq: 0 }), "gave 0 as seq of what was stored"],
  ["append", append, () => ({ seq: broken() }), "gave an object Promise as seq of what was stored"],
  ["append", append, () => undefined, "gave undefined as what was stored; expected an object"],
  ["last", last, () => ({ ...MESSAGE, seq: 1.5 }), "gave 1.5 as seq of a message"],
  ["last", last, () => ({ ...MESSAGE, data: "text" }), 'gave "text" as data of a message; expected a Uint8Array'],
  ["last", last, () => ({ ...MESSAGE, data: broken() }), "gave an object Promise as data of a message"],
  [
    "last",
    last,
    () => ({ ...MESSAGE, header: headers("Sluice-Writer", 5) }),
    "gave 5 as header Sluice-Writer; expected text",
  ],
  ["last", last, () => 5, "gave 5 as a message; expected an object"],
  ["at", at, () => ({ ...MESSAGE, seq: 2 }), "gave 2 as seq of a message; expected a whole number from 3 on"],
  ["extent", extent, () => ({ ...INFO, state: { first_seq: "1", last_seq: 1 } }), 'gave "1" as first_seq of a stream'],
  ["extent", extent, () => ({ ...INFO, state: { first_seq: 1, last_seq: -1 } }), "gave -1 as last_seq of a stream"],
  ["look", look, () => ({ ...INFO, state: null }), "gave null as state of a stream"],
  ["look", look, () => ({ ...INFO, config: { name: "S", subjects: "s" } }), 'gave "s" as subjects of a stream'],
  ["look", look, () => ({ ...INFO, config: { name: "S", subjects: [5] } }), "gave 5 as one of subjects of a stream"],
  ["look", look, () => ({ ...INFO, config: { name: broken() } }), "gave an object Promise as name of a stream"],
  ["read", read, () => ({ ...MESSAGE, seq: "1" }), 'Cannot read s: the client gave "1" as seq of a message'],
  ["read on", readOn, () => ({ ...MESSAGE, seq: 6 }), "gave 6 as seq of a message; expected a whole number from 7 on"],
  ["read", read, () => ({ ...MESSAGE, data: [1] }), "gave [1] as data of a message"],
  ["read", read, () => ({ ...MESSAGE, data: broken() }), "gave an object Promise as data of a message"],
  ["read", read, () => ({ ...MESSAGE, time: 5 }), "gave 5 as time of a message; expected a Date from 1970 on"],
  ["read", read, () => ({ ...MESSAGE, time: new Date(Number.NaN) }), "gave an object Date as time of a message"],
  ["read", read, () => ({ ...MESSAGE, time: { getTime: broken } }), "as time of a message"],
  [
    "read",
    read,
    () => ({ ...MESSAGE, headers: headers("Sluice-Dead", broken()) }),
    "as header Sluice-Dead; expected text",
  ],
  ["read", read, () => ({ ...MESSAGE, info: { deliverySequence: "1" } }), 'gave "1" as deliverySequence of a message'],
  ["read", read, () => ({ ...MESSAGE, info: undefined }), "gave undefined as info of a message"],
  ["read", read, broken, "gave an object Promise as a message"],
  ["consumer", consumer, () => ({ config: 5 }), "gave 5 as config of a consumer"],
  ["job", job, () => ({ ...MESSAGE, seq: 0 }), "Cannot ask for a job: the client gave 0 as seq of a job"],
  ["job", job, () => ({ ...MESSAGE, data: "text" }), 'gave "text" as data of a job'],
  ["job", job, () => ({ ...MESSAGE, data: broken() }), "gave an object Promise as data of a job"],
  ["job", job, () => ({ ...MESSAGE, subject: 5 }), "gave 5 as subject of a job"],
  ["job", job, () => ({ ...MESSAGE, headers: headers("A", 5) }), "gave 5 as header A; expected text"],
  ["job", job, () => ({ ...MESSAGE, info: { deliveryCount: "1" } }), 'gave "1" as deliveryCount of a job'],
];

for (const [what, ask, given, message] of LIES) {
  test(`${what}: ${message}`, async () => {
    await assert.rejects(ask(given), (error) => {
      assert.ok(error instanceof BrokerError, String(error));
      assert.equal(error.kind, "refused");
      assert.ok(error.message.includes(message), error.message);
      return true;
    });
  });
}

test("what a client gives that does not lie passes", async () => {
  assert.equal(await append(() => ({ seq: 1 })), 1);
  assert.deepEqual(await last(() => MESSAGE), { sequence: 1, data: Uint8Array.of(1), mark: undefined });
  assert.deepEqual(await read(() => MESSAGE), { sequence: 1, data: Uint8Array.of(1), mark: undefined, time: 5 });
  assert.deepEqual(await extent(() => INFO), { first: 1, sealedAt: undefined });
  assert.ok(await job(() => MESSAGE));
});

test("a job whose acknowledgement is a promise that is broken ends no process", async () => {
  const delivery = await new JobQueue(
    client,
    // As above.
    fetching(() => ({ ...MESSAGE, ack: broken, nak: broken, term: broken, working: broken })) as Consumer,
    async () => {},
  ).next();
  assert.ok(delivery);
  delivery.acknowledge();
  delivery.again(1);
  delivery.drop("why");
  delivery.working();
});
