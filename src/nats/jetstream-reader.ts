import { unawaited } from "../io/shape.ts";
import { brokerError } from "./answers.ts";
import type { Consumer, ConsumerMessages, JsMsg } from "./client-types.ts";
import { givenBytes, givenCount, givenObject, givenTime } from "./given.ts";
import { markOf } from "./headers.ts";
import type { JetStreamAccess } from "./jetstream-log.ts";
import type { LogReader, StoredRecord } from "./log.ts";

/**
 * Bytes that are asked for ahead. A server cuts the connection of who is behind by 64 MiB, and a client that asks for a
 * hundred large messages is.
 */
const AHEAD_BYTES = 4 * 1024 * 1024;
const MOST_MESSAGES = 512;
/** After which a broker that has nothing says so. */
const IDLE_MS = 5000;
/** After which it forgets a consumer that nobody uses. */
const FORGOTTEN_NS = 60_000_000_000;

/**
 * Reads a subject through a consumer of its own, which the broker forgets when it is not used. Messages are counted, so that
 * one that is missing is noticed; then, and after each failure, a new consumer goes on behind the last message that was given.
 */
export class JetStreamReader implements LogReader {
  readonly #access: JetStreamAccess;
  readonly #subject: string;
  #next: number;
  #consumer: Consumer | undefined;
  #name = "";
  #messages: ConsumerMessages | undefined;
  #iterator: AsyncIterator<JsMsg> | undefined;
  /** Messages that the consumer has delivered. */
  #delivered = 0;
  /** Messages that are still to come of those that were asked for. */
  #wanted = 0;
  /** Bytes of a message, as those before were. */
  #usualBytes = 16 * 1024;
  #isClosed = false;

  constructor(access: JetStreamAccess, subject: string, next: number) {
    this.#access = access;
    this.#subject = subject;
    this.#next = next;
  }

  async next(): Promise<StoredRecord | undefined> {
    try {
      for (let isFresh = false; !this.#isClosed;) {
        if (!this.#iterator) {
          // oxlint-disable-next-line no-await-in-loop -- one fetch after the other
          this.#iterator = await this.#fetch();
          isFresh = true;
          // It may be closed by now.
          continue;
        }
        // oxlint-disable-next-line no-await-in-loop -- one message after the other
        const step = await this.#iterator.next();
        if (step.done === true) {
          this.#iterator = undefined;
          // One that gave less than it was asked for has waited for the rest.
          // oxlint-disable-next-line no-await-in-loop -- before it is asked again
          if (this.#wanted > 0 && (await this.#hasLost())) await this.#release();
          // One that gave nothing at all says that there is nothing.
          else if (isFresh) return undefined;
        } else if (deliverySequence(step.value) === this.#delivered + 1) {
          return this.#record(step.value);
        } else {
          // oxlint-disable-next-line no-await-in-loop -- before a new one is made
          await this.#release();
        }
      }
      // What was made after it was closed.
      await this.#release();
      return undefined;
    } catch (error) {
      await this.#release();
      throw brokerError(this.#access.client, `read ${this.#subject}`, error);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#release();
  }

  #record(message: JsMsg): StoredRecord {
    this.#delivered++;
    this.#wanted--;
    const sequence = givenCount("seq of a message", message.seq, this.#next);
    const data = givenBytes("data of a message", message.data);
    const time = givenTime("time of a message", message.time);
    this.#next = sequence + 1;
    this.#usualBytes = Math.max(1, Math.round((7 * this.#usualBytes + data.length) / 8));
    return { sequence, data, mark: markOf(message.headers), time };
  }

  async #fetch(): Promise<AsyncIterator<JsMsg>> {
    this.#consumer ??= await this.#create();
    const count = Math.max(2, Math.min(MOST_MESSAGES, Math.floor(AHEAD_BYTES / this.#usualBytes)));
    this.#wanted = count;
    this.#messages = await this.#consumer.fetch({ max_messages: count, expires: IDLE_MS });
    return this.#messages[Symbol.asyncIterator]();
  }

  async #create(): Promise<Consumer> {
    const { client, js, manager, stream } = this.#access;
    const { name } = await manager.consumers.add(stream, {
      name: `sluice-${client.transport.nuid.next()}`,
      ack_policy: "none",
      deliver_policy: "by_start_sequence",
      opt_start_seq: this.#next,
      filter_subject: this.#subject,
      inactive_threshold: FORGOTTEN_NS,
      mem_storage: true,
      num_replicas: 1,
    });
    this.#delivered = 0;
    this.#name = name;
    return js.consumers.get(stream, name);
  }

  /** Whether the consumer has delivered what has not arrived, as it does when a connection is cut: it will not do so again. */
  async #hasLost(): Promise<boolean> {
    const { manager, stream } = this.#access;
    const { delivered } = await manager.consumers.info(stream, this.#name);
    return givenCount("consumer_seq of what was delivered", delivered.consumer_seq, 0) > this.#delivered;
  }

  /** Whoever asks next makes a new consumer. */
  async #release(): Promise<void> {
    const { manager, stream } = this.#access;
    const consumer = this.#consumer;
    this.#consumer = undefined;
    this.#iterator = undefined;
    const messages = this.#messages;
    this.#messages = undefined;
    try {
      unawaited<unknown>(messages?.stop());
      if (consumer) await manager.consumers.delete(stream, this.#name);
    } catch {
      // The broker forgets it by itself.
    }
  }
}

function deliverySequence(message: JsMsg): number {
  const { info } = givenObject("a message", message);
  return givenCount("deliverySequence of a message", givenObject("info of a message", info).deliverySequence, 1);
}
