import { setImmediate as turn } from "node:timers/promises";
import { unawaited } from "../../io/shape.ts";
import { brokerError } from "../answers.ts";
import type { Client } from "../client.ts";
import type { Consumer, JsMsg } from "../client-types.ts";
import { givenBytes, givenCount, givenObject, givenText } from "../given.ts";
import type { Delivery, Job } from "./job.ts";

/** How long one question for jobs may wait: a worker that is to stop waits no longer. The least that a server takes. */
const POLL_MS = 1000;

/** A question for as many jobs as there are lanes that have asked in the same turn. */
interface Question {
  /** That wait for its answer. */
  lanes: number;
  readonly messages: Promise<AsyncIterator<JsMsg>>;
}

/**
 * The jobs of a pull consumer. Any number of lanes may ask for one at the same time.
 *
 * A question costs as much as a small job, so those of one turn are one: lanes that wait for the broker go on together when it
 * answers. No job comes before there is a lane for it, since nobody else could have it meanwhile.
 */
export class JobQueue {
  readonly #client: Client;
  readonly #consumer: Consumer;
  readonly #confirm: () => Promise<unknown>;
  /** The question that is not sent yet. */
  #next: Question | undefined;

  /** @param confirm Rejects if the consumer is not there any more: who asks it is only told that nobody answers. */
  constructor(client: Client, consumer: Consumer, confirm: () => Promise<unknown>) {
    this.#client = client;
    this.#consumer = consumer;
    this.#confirm = confirm;
  }

  /** The next job; `undefined` if none comes for a while. @throws {BrokerError} @throws What `confirm` rejects with. */
  async next(): Promise<Delivery | undefined> {
    const question = (this.#next ??= { lanes: 0, messages: this.#ask() });
    question.lanes++;
    try {
      const messages = await question.messages;
      const step = await messages.next();
      // Only who is asked again would notice that nothing more can come.
      if (--question.lanes === 0) void unawaited(messages.return?.());
      return step.done === true ? undefined : deliveryOf(step.value);
    } catch (error) {
      const failure = brokerError(this.#client, "ask for a job", error);
      if (failure.kind === "unknown") await this.#confirm();
      throw failure;
    }
  }

  async #ask(): Promise<AsyncIterator<JsMsg>> {
    await turn();
    const lanes = this.#next?.lanes ?? 1;
    this.#next = undefined;
    const messages = await this.#consumer.fetch({ max_messages: lanes, expires: POLL_MS });
    return messages[Symbol.asyncIterator]();
  }
}

function deliveryOf(message: JsMsg): Delivery {
  return {
    job: jobOf(message),
    acknowledge: () => tell(() => message.ack()),
    again: (ms) => tell(() => message.nak(ms)),
    drop: (reason) => tell(() => message.term(reason)),
    working: () => tell(() => message.working()),
  };
}

/** A connection that is closed cannot be told anything. Then the broker delivers the job again, whose result may be there. */
function tell(say: () => unknown): void {
  try {
    unawaited(say());
  } catch {
    // As above: whoever asks for the next job is told why.
  }
}

function jobOf(message: JsMsg): Job {
  const { seq, subject, data, headers, info } = givenObject("a job", message);
  const entries = headers?.keys().map((name): [string, string] => {
    const text = givenText("name of a header", name);
    return [text, givenText(`header ${text}`, headers.get(text))];
  });
  return {
    sequence: givenCount("seq of a job", seq, 1),
    subject: givenText("subject of a job", subject),
    data: givenBytes("data of a job", data),
    headers: new Map(entries),
    attempt: givenCount("deliveryCount of a job", givenObject("info of a job", info).deliveryCount, 1),
  };
}
