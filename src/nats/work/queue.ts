import { brokerError } from "../answers.ts";
import type { Client } from "../client.ts";
import type { Consumer, ConsumerMessages, JsMsg } from "../client-types.ts";
import type { Delivery, Job } from "./job.ts";

/** How long one question for the next job may wait: a worker that is to stop waits no longer. The least that a server takes. */
const POLL_MS = 1000;

/** The jobs of a pull consumer. Any number of workers may ask it at the same time. */
export class JobQueue {
  readonly #client: Client;
  readonly #consumer: Consumer;
  readonly #ackWaitMs: number;

  /** @param ackWaitMs Milliseconds that an answer may take. */
  constructor(client: Client, consumer: Consumer, ackWaitMs: number) {
    this.#client = client;
    this.#consumer = consumer;
    this.#ackWaitMs = ackWaitMs;
  }

  /** The next job; `undefined` if none comes for a while. @throws {BrokerError} */
  async next(): Promise<Delivery | undefined> {
    try {
      const messages: ConsumerMessages = await this.#consumer.fetch({ max_messages: 1, expires: POLL_MS });
      for await (const message of messages) return this.#delivery(message);
      return undefined;
    } catch (error) {
      throw brokerError(this.#client, "ask for a job", error);
    }
  }

  #delivery(message: JsMsg): Delivery {
    return {
      job: jobOf(message),
      acknowledge: async () => {
        // If the broker is not told, it delivers the job again, whose result is there then.
        await message.ackAck({ timeout: this.#ackWaitMs }).catch(() => false);
      },
      again: (ms) => message.nak(ms),
      drop: (reason) => message.term(reason),
      working: () => message.working(),
    };
  }
}

function jobOf({ seq, subject, data, headers, info }: JsMsg): Job {
  const entries = headers?.keys().map((name): [string, string] => [name, headers.get(name)]) ?? [];
  return { sequence: seq, subject, data, headers: new Map(entries), attempt: info.deliveryCount };
}
