/** The model of JetStream that is simulated on, and the real server: the same operations, the same answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ModelQueue, ModelStream, type Publication } from "../../scripts/simulate/jetstream/broker.ts";
import { Random } from "../../scripts/random.ts";
import { brokerError } from "../../src/nats/answers.ts";
import { BrokerError } from "../../src/nats/broker-error.ts";
import { loadClient } from "../../src/nats/client.ts";
import type { JsMsg } from "../../src/nats/client-types.ts";
import { onServer } from "./on-server.ts";
import { keeping } from "./server.ts";

const SEEDS = 40;
const OPERATIONS = 40;
const SUBJECTS = ["a", "b"] as const;

/** An answer, as both are compared by. */
type Answer = number | string | undefined;

async function answerOf(ask: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    assert.ok(error instanceof BrokerError, String(error));
    return error.kind;
  }
}

onServer("the model and the server", (on) => {
  test(`append, refuse and tell the same in ${SEEDS} random orders`, async () => {
    const kinds = new Set<Answer>();
    const isKnownFirst = await knowsFirst();
    for (let seed = 1; seed <= SEEDS; seed++) {
      // oxlint-disable-next-line no-await-in-loop -- one stream after the other
      for (const answer of await playStream(seed, isKnownFirst))
        kinds.add(typeof answer === "number" ? "sequence" : answer);
    }
    // All that there is has been seen.
    assert.deepEqual(kinds, new Set(["sequence", "conflict", "full", "sealed", "refused", undefined]));
  });

  /** Servers differ in what they look at first: what they know, or what is expected. */
  async function knowsFirst(): Promise<boolean> {
    const { js, manager, headers } = on.at;
    await manager.streams.add(keeping("FIRST", ["first"]));
    const publish = (expect: object): Promise<unknown> =>
      js.publish("first", Uint8Array.of(1), { headers: headers(), timeout: 5000, msgID: "1", expect });
    await publish({});
    return publish({ lastSequence: 7 }).then(
      () => true,
      () => false,
    );
  }

  async function playStream(seed: number, isKnownFirst: boolean): Promise<Answer[]> {
    const client = await loadClient();
    const { js, manager, headers } = on.at;
    const random = new Random(seed);
    const [stream, mostMessages] = [`M${seed}`, random.of([4, 10, 1000])];
    const subjects = SUBJECTS.map((subject) => `${subject}${seed}`);
    await manager.streams.add({ ...keeping(stream, subjects), max_msgs: mostMessages });
    const model = new ModelStream<number>({ mostMessages, isKnownFirst });
    const real = async (what: () => Promise<Answer>): Promise<Answer> => {
      try {
        return await what();
      } catch (error) {
        throw brokerError(client, "do it", error);
      }
    };
    const publish = ({ subject, body, id, ...expected }: Publication<number>): Promise<Answer> =>
      real(async () => {
        const { lastSequence, lastSubjectSequence, lastId } = expected;
        const ack = await js.publish(subject, Uint8Array.of(body), {
          headers: headers(),
          timeout: 5000,
          ...(id !== undefined && { msgID: id }),
          expect: {
            ...(lastSequence !== undefined && { lastSequence }),
            ...(lastSubjectSequence !== undefined && { lastSubjectSequence }),
            ...(lastId !== undefined && { lastMsgID: lastId }),
          },
        });
        return ack.seq;
      });
    const around = (sequence: number): number => Math.max(0, sequence + random.of([0, 0, 0, 0, 1, -1]));
    const answers: Answer[] = [];
    const operation = (): readonly [what: string, model: () => Answer, real: () => Promise<Answer>] => {
      const subject = random.of(subjects);
      const sequence = random.below(12);
      switch (random.of(["publish", "publish", "publish", "last", "next"])) {
        case "last":
          return [
            `last ${subject}`,
            () => model.last(subject)?.sequence,
            () => real(async () => (await manager.streams.getMessage(stream, { last_by_subj: subject }))?.seq),
          ];
        case "next":
          return [
            `next ${subject} ${sequence}`,
            () => model.next(subject, sequence)?.sequence,
            () => {
              const query = { seq: sequence, next_by_subj: subject };
              return real(async () => (await manager.streams.getMessage(stream, query))?.seq);
            },
          ];
        default: {
          const last = model.isGone ? 0 : (model.last(subject)?.sequence ?? 0);
          const publication: Publication<number> = {
            subject,
            body: 1,
            id: random.once(3) ? undefined : `${random.below(20)}`,
            ...(random.once(2) && { lastSequence: around(model.lastSequence) }),
            ...(random.once(2) && { lastSubjectSequence: around(last) }),
            ...(random.once(4) && { lastId: `${random.below(20)}` }),
          };
          return [JSON.stringify(publication), () => model.publish(publication, 0), () => publish(publication)];
        }
      }
    };
    for (let count = 0; count < OPERATIONS; count++) {
      const [what, ofModel, ofServer] = operation();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const [expected, actual] = [await answerOf(ofModel), await answerOf(ofServer)];
      assert.equal(actual, expected, `seed ${seed}, ${count}: ${what}`);
      answers.push(actual);
      if (random.once(30) && !model.isSealed && !model.isGone) {
        if (random.once(2)) {
          model.isGone = true;
          // oxlint-disable-next-line no-await-in-loop -- as above
          await manager.streams.delete(stream);
          // Nobody listens then, which is no answer of the stream's.
          break;
        }
        model.isSealed = true;
        // oxlint-disable-next-line no-await-in-loop -- as above
        await manager.streams.update(stream, { sealed: true });
      }
    }
    if (model.isGone)
      answers.push(await answerOf(() => real(async () => (await manager.streams.getMessage(stream, { seq: 1 }))?.seq)));
    return answers;
  }

  test(`deliver and forget the same jobs in ${SEEDS} random orders`, async () => {
    // oxlint-disable-next-line no-await-in-loop -- one queue after the other
    for (let seed = 1; seed <= SEEDS; seed++) await playQueue(seed);
  });

  async function playQueue(seed: number): Promise<void> {
    const { js, manager, headers } = on.at;
    const random = new Random(seed);
    const [stream, subject] = [`Q${seed}`, `q${seed}`];
    await manager.streams.add({ name: stream, subjects: [subject], retention: "workqueue", num_replicas: 1 });
    await manager.consumers.add(stream, { durable_name: "w", ack_policy: "explicit" });
    const consumer = await js.consumers.get(stream, "w");
    const model = new ModelQueue(new ModelStream<number>(), Infinity);
    /* oxlint-disable no-await-in-loop -- one round after the other */
    for (let round = 0, again = 0; round < 6; round++) {
      const fresh = random.from(again === 0 ? 1 : 0, 4);
      for (let count = 0; count < fresh; count++) {
        model.stream.publish({ subject, body: 1, id: undefined }, 0);
        await js.publish(subject, Uint8Array.of(1), { headers: headers(), timeout: 5000 });
      }
      // All that there is, in whatever order the server has heard what it was told.
      const expected = Array.from({ length: fresh + again }, () => model.deliver(0));
      const messages: JsMsg[] = [];
      for await (const message of await consumer.fetch({ max_messages: expected.length, expires: 30_000 })) {
        messages.push(message);
        if (messages.length === expected.length) break;
      }
      const order = (each: readonly string[]): readonly string[] => each.toSorted();
      assert.deepEqual(
        order(messages.map(({ seq, info }) => `${seq} for the ${info.deliveryCount}. time`)),
        order(expected.map((each) => `${each?.message.sequence} for the ${each?.deliveries}. time`)),
        `seed ${seed}, round ${round}`,
      );
      assert.equal(model.deliver(0), undefined);
      again = 0;
      for (const message of messages) {
        switch (random.of(["ack", "nak", "term", "nothing"])) {
          case "ack":
            message.ack();
            model.acknowledge(message.seq);
            break;
          case "nak":
            message.nak();
            model.again(message.seq, 0);
            again++;
            break;
          case "term":
            message.term();
            model.terminate(message.seq);
            break;
          default:
        }
      }
      // What is acknowledged is gone, as soon as the server has heard it.
      while ((await manager.streams.info(stream)).state.messages !== model.stream.messages.length)
        await on.at.nc.flush();
    }
    /* oxlint-enable no-await-in-loop */
  }
});
