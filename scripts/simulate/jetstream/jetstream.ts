/** What is played on the model broker, and faults that are put in on purpose, each of which has to be found. */
import { LogSink } from "../../../src/nats/log-sink.ts";
import type { Log } from "../../../src/nats/log.ts";
import type { Delivery } from "../../../src/nats/work/job.ts";
import type { Mutant } from "../mutants.ts";
import { wrongFlow } from "./flow.ts";
import { wrongJobs } from "./jobs.ts";
import { making } from "./sim-log.ts";
import { wrongSink } from "./sink.ts";

const PLAYS = { jobs: wrongJobs, flow: wrongFlow, sink: wrongSink } as const;
export type PlayName = keyof typeof PLAYS;
export const PLAY_NAMES = ["jobs", "flow", "sink"] as const satisfies readonly PlayName[];

/** The first seed that is not as it has to be. */
export async function firstWrong(
  names: readonly PlayName[],
  seed: number,
  count: number,
): Promise<{ readonly name: PlayName; readonly seed: number; readonly reason: string } | undefined> {
  for (const name of names) {
    for (let at = seed; at < seed + count; at++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const reason = await PLAYS[name](at);
      if (reason !== undefined) return { name, seed: at, reason };
    }
  }
  return undefined;
}

export interface JetStreamMutant extends Mutant {
  /** Where it shows. */
  readonly play: PlayName;
}

function swapped<K extends keyof typeof making>(
  play: PlayName,
  name: string,
  key: K,
  change: (original: (typeof making)[K]) => (typeof making)[K],
): JetStreamMutant {
  return {
    play,
    name,
    insert() {
      const original = making[key];
      making[key] = change(original);
      return () => {
        making[key] = original;
      };
    },
  };
}

/** A broker that misbehaves. */
const broker = (play: PlayName, name: string, spoil: (typeof making)["stream"]): JetStreamMutant =>
  swapped(play, name, "stream", () => spoil);

/** A log that is spoilt between a writer and the broker. */
const between = (play: PlayName, name: string, spoil: (log: Log) => Partial<Log>): JetStreamMutant =>
  swapped(play, name, "log", (make) => (...given) => {
    const log = make(...given);
    const { subject, isExclusive } = log;
    const all: Log = {
      subject,
      isExclusive,
      append: (record, expected) => log.append(record, expected),
      last: () => log.last(),
      at: (sequence) => log.at(sequence),
      extent: () => log.extent(),
      read: (sequence) => log.read(sequence),
    };
    return { ...all, ...spoil(log) };
  });

/** A queue that is spoilt. */
const delivering = (name: string, spoil: (delivery: Delivery) => Delivery): JetStreamMutant =>
  swapped("jobs", name, "queue", (make) => (...given) => {
    const queue = make(...given);
    return {
      next: async () => {
        const delivery = await queue.next();
        return delivery && spoil(delivery);
      },
    };
  });

function method<T extends object, K extends keyof T & string>(
  play: PlayName,
  name: string,
  { prototype }: { readonly prototype: T },
  key: K,
  change: (original: T[K]) => T[K],
): JetStreamMutant {
  return {
    play,
    name,
    insert() {
      const original = prototype[key];
      prototype[key] = change(original);
      return () => {
        prototype[key] = original;
      };
    },
  };
}

const careless: (typeof making)["stream"] = (stream) => {
  stream.isExpected = () => true;
};

export const JETSTREAM_MUTANTS: readonly JetStreamMutant[] = [
  broker("jobs", "results that are stored whatever was expected", careless),
  broker("flow", "output that is stored whatever was expected", careless),
  broker("sink", "messages that are stored whatever was expected", careless),
  broker("flow", "a broker that looks at sequences alone", (stream) => {
    const isExpected = stream.isExpected.bind(stream);
    stream.isExpected = (publication) => isExpected({ ...publication, lastId: undefined });
  }),
  broker("sink", "a broker that acknowledges what it does not keep", (stream) => {
    const publish = stream.publish.bind(stream);
    stream.publish = (publication, now) => {
      const sequence = publish(publication, now);
      if (sequence % 7 === 0) stream.messages.pop();
      return sequence;
    };
  }),
  delivering("a job that is acknowledged before its result is there", (delivery) => {
    delivery.acknowledge();
    return delivery;
  }),
  delivering("a job that is never acknowledged", (delivery) => ({ ...delivery, acknowledge() {} })),
  between("jobs", "an end that does not say where the result begins", (log) => ({
    append({ mark, ...record }, expected) {
      const end = mark.end && { ...mark.end, first: undefined };
      return log.append({ ...record, mark: { ...mark, ...(end && { end }) } }, expected);
    },
  })),
  between("jobs", "results that expect nothing", (log) => ({
    append: async (record) => log.append(record, (await log.last())?.sequence ?? 0),
  })),
  between("flow", "a message that is sent again when its answer is lost, at the end", (log) => ({
    append: (record, expected) =>
      log.append(record, expected).catch(async () => {
        const last = (await log.last())?.sequence ?? 0;
        return log.append({ ...record, id: `${record.id}+`, previous: undefined }, last);
      }),
  })),
  between("flow", "a reader that passes over a message", (log) => ({
    read(sequence) {
      const reader = log.read(sequence);
      let count = 0;
      return {
        next: () => (++count % 5 === 0 ? reader.next().then(() => reader.next()) : reader.next()),
        close: () => reader.close(),
      };
    },
  })),
  method("sink", "a flush that is complete at once", LogSink, "flush", () => () => true),
  between("flow", "a replay that drops nothing", (log) => ({
    async last() {
      const last = await log.last();
      const { mark } = last ?? {};
      if (!last || !mark?.segment || mark.segment.last !== undefined) return last;
      return { ...last, mark: { ...mark, segment: { ...mark.segment, start: mark.offset + last.data.length } } };
    },
  })),
  method("flow", "an end of a segment that is not marked", LogSink, "endSegment", () => async () => 0),
];
