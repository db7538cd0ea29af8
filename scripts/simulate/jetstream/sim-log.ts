/** Logs and queues of the model broker, as processes of a world use them. */
import type { Extent, Log, LogReader, LogRecord, Mark, StoredRecord } from "../../../src/nats/log.ts";
import type { Delivery } from "../../../src/nats/work/job.ts";
import type { Deliveries } from "../../../src/nats/work/worker.ts";
import { ModelStream, type ModelQueue, type Stored } from "./broker.ts";
import type { Random } from "../../random.ts";
import type { Process, World } from "./world.ts";

/** A message as a stream keeps it. */
export interface Body {
  readonly data: Uint8Array;
  readonly mark: Mark | undefined;
}

/** How long a reader waits that is told that there is nothing. */
const NOTHING_MS = 100;

/** What makes logs and queues: others may be put in their places, to see that they are found. */
export const making = {
  log: (world: World, process: Process, stream: ModelStream<Body>, subject: string, isExclusive: boolean): Log =>
    new SimLog(world, process, stream, subject, isExclusive),
  queue: (world: World, process: Process, queue: ModelQueue<Body>): Deliveries => new SimQueue(world, process, queue),
  /** Done once for each stream that is made. */
  stream: (_stream: ModelStream<Body>): void => {},
};

/** Of an older server or of a newer one. */
export function newStream(random: Random): ModelStream<Body> {
  const stream = new ModelStream<Body>({ isKnownFirst: random.once(2) });
  making.stream(stream);
  return stream;
}

function recordOf({ sequence, body, time }: Stored<Body>): StoredRecord {
  return { sequence, data: body.data, mark: body.mark, time };
}

class SimLog implements Log {
  readonly subject: string;
  readonly isExclusive: boolean;
  readonly #world: World;
  readonly #process: Process;
  readonly #stream: ModelStream<Body>;

  constructor(world: World, process: Process, stream: ModelStream<Body>, subject: string, isExclusive: boolean) {
    this.#world = world;
    this.#process = process;
    this.#stream = stream;
    this.subject = subject;
    this.isExclusive = isExclusive;
  }

  append({ data, mark, id, previous }: LogRecord, expected: number): Promise<number> {
    const publication = {
      ...{ subject: this.subject, id, lastId: previous },
      ...(this.isExclusive ? { lastSequence: expected } : { lastSubjectSequence: expected }),
    };
    // Its bytes are the log's until it is acknowledged: they are looked at when they arrive.
    return this.#ask(() =>
      this.#stream.publish({ ...publication, body: { data: data.slice(), mark } }, this.#world.now),
    );
  }

  last(): Promise<StoredRecord | undefined> {
    return this.#ask(() => this.#record(this.#stream.last(this.subject)));
  }

  at(sequence: number): Promise<StoredRecord | undefined> {
    return this.#ask(() => this.#record(this.#stream.next(this.subject, sequence)));
  }

  extent(): Promise<Extent> {
    return this.#ask(() => {
      const stream = this.#stream;
      stream.assertThere();
      const [first = { sequence: stream.lastSequence + 1 }] = stream.messages;
      const last = this.isExclusive ? stream.lastSequence : (stream.last(this.subject)?.sequence ?? 0);
      return { first: first.sequence, sealedAt: stream.isSealed ? last : undefined };
    });
  }

  read(sequence: number): LogReader {
    let next = sequence;
    return {
      next: async () => {
        const record = await this.at(next);
        if (record) next = record.sequence + 1;
        else await this.#world.timing(this.#process).wait(NOTHING_MS);
        return record;
      },
      close: async () => {},
    };
  }

  #record(stored: Stored<Body> | undefined): StoredRecord | undefined {
    return stored && recordOf(stored);
  }

  #ask<T>(perform: () => T): Promise<T> {
    return this.#world.ask(this.#process, perform);
  }
}

class SimQueue implements Deliveries {
  readonly #world: World;
  readonly #process: Process;
  readonly #queue: ModelQueue<Body>;

  constructor(world: World, process: Process, queue: ModelQueue<Body>) {
    this.#world = world;
    this.#process = process;
    this.#queue = queue;
  }

  async next(): Promise<Delivery | undefined> {
    const [world, process, queue] = [this.#world, this.#process, this.#queue];
    const delivered = await world.ask(process, () => queue.deliver(world.now));
    if (!delivered) {
      await world.timing(process).wait(NOTHING_MS);
      return undefined;
    }
    const { message, deliveries: attempt } = delivered;
    const { sequence, subject, body } = message;
    return {
      job: { sequence, subject, data: body.data, headers: new Map(), attempt },
      acknowledge: () => world.tell(process, () => queue.acknowledge(sequence)),
      again: (ms) => world.tell(process, () => queue.again(sequence, world.now + ms)),
      drop: () => world.tell(process, () => queue.terminate(sequence)),
      working: () => world.tell(process, () => queue.working(sequence, world.now)),
    };
  }
}
