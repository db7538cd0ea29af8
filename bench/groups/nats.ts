/** Streams and jobs on a broker of this machine, beside its own client. */
import { readFile } from "node:fs/promises";
import { compile, run } from "sluice";
import { natsSink, natsSource, work, type NatsSink } from "sluice/nats";
import type { JsMsg } from "../../src/nats/client-types.ts";
import { keeping, NO_SERVER, withServer, type Connected } from "../../test/nats/server.ts";
import { OURS, spreadOf, type Case, type Measurement } from "../case.ts";
import { MIB, rate } from "../flow.ts";

const ROUNDS = 7;
const TOTAL = 32 * MIB;
const WINDOW = MIB;
const JOBS = 2000;
const JOB_BYTES = 1024;
const FLUSHES = 500;
const FLUSH_BYTES = 4096;
const CAT = new URL("../../test/guests/built/cat.wasm", import.meta.url);
/** It flushes nothing before its end. */
const COPY = new URL("../../test/guests/built/copy-splice.wasm", import.meta.url);

/** The client alone. */
export const RAW = "the client alone";
/** The same, and each message says and is asked what keeps it from being there twice. */
const EXPECTING = "the client alone, as exact";
/** The component alone, without a broker. */
export const ALONE = "`run` alone";
/** What `work` does for a job that succeeds at once, written out. */
const BY_HAND = "`run` and the client, by hand";

async function nsOf(act: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await act();
  return Number(process.hrtime.bigint() - start);
}

function changeOf(sink: NatsSink): Promise<void> {
  return new Promise((resolve) => {
    const waker = {
      wake: (): void => {
        sink.unwatch(waker);
        resolve();
      },
    };
    sink.watch(waker);
  });
}

async function fill(at: Connected, stream: string, message: number): Promise<void> {
  const sink = await natsSink(at.nc, { stream, message, window: WINDOW });
  const bytes = new Uint8Array(message).fill(7);
  /* oxlint-disable no-await-in-loop -- as a writer waits */
  for (let written = 0; written < TOTAL;) {
    const taken = sink.write(bytes);
    written += taken;
    if (taken === 0) await changeOf(sink);
  }
  while (!sink.flush()) await changeOf(sink);
  /* oxlint-enable no-await-in-loop */
  await sink.end(0);
}

/** As many bytes under way as the sink has. */
async function publishAll(at: Connected, subject: string, message: number): Promise<void> {
  const headers = at.headers();
  headers.set("Sluice-Writer", "0123456789012345678901");
  headers.set("Sluice-Offset", "12345678");
  const lane = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent++) {
      const data = new Uint8Array(message).fill(7);
      // oxlint-disable-next-line no-await-in-loop -- one after the other in each lane
      await at.js.publish(subject, data, { headers, timeout: 10_000 });
    }
  };
  const lanes = WINDOW / message;
  await Promise.all(Array.from({ length: lanes }, () => lane(TOTAL / message / lanes)));
}

/** How the next message is published, given the bytes before it. */
type Publishing = (offset: number) => Parameters<Connected["js"]["publish"]>[2];

/** As a sink does it: where, by whom and after which message. */
function expecting(at: Connected): Publishing {
  const writer = "0123456789012345678901";
  let count = 0;
  return (offset) => {
    const headers = at.headers();
    headers.set("Sluice-Writer", writer);
    headers.set("Sluice-Offset", String(offset));
    const expect = { streamName: "OUT", lastSequence: count, ...(count > 0 && { lastMsgID: `${writer}.${count}` }) };
    return { headers, timeout: 10_000, msgID: `${writer}.${++count}`, expect };
  };
}

/** Takes each message of a stream, as the client gives them, and publishes it again. */
async function republishAll(at: Connected, subject: string, optionsOf: Publishing): Promise<void> {
  await at.manager.consumers.add("IN", { durable_name: "raw", ack_policy: "none" });
  const consumer = await at.js.consumers.get("IN", "raw");
  const count = TOTAL / 65_536;
  const underWay = new Set<Promise<unknown>>();
  /* oxlint-disable no-await-in-loop -- some at a time */
  for (let taken = 0; taken < count;) {
    const messages = await consumer.fetch({ max_messages: Math.min(64, count - taken), expires: 5000 });
    for await (const { data } of messages) {
      taken++;
      if (underWay.size >= WINDOW / 65_536) await Promise.race(underWay);
      const publishing: Promise<unknown> = at.js
        .publish(subject, data, optionsOf((taken - 1) * 65_536))
        .then(() => underWay.delete(publishing));
      underWay.add(publishing);
    }
  }
  /* oxlint-enable no-await-in-loop */
  await Promise.all(underWay);
}

const sinking =
  (message: number): Measurement =>
  () =>
    withServer(async (at) => {
      await at.manager.streams.add(keeping("OUT", ["out"]));
      return rate(TOTAL, await nsOf(() => fill(at, "OUT", message)));
    });

const publishing =
  (message: number): Measurement =>
  () =>
    withServer(async (at) => {
      await at.manager.streams.add(keeping("OUT", ["out"]));
      return rate(TOTAL, await nsOf(() => publishAll(at, "out", message)));
    });

const filtering: Measurement = () =>
  withServer(async (at) => {
    await at.manager.streams.add(keeping("IN", ["in"]));
    await at.manager.streams.add(keeping("OUT", ["out"]));
    await fill(at, "IN", 65_536);
    const copy = await readFile(COPY);
    return rate(
      TOTAL,
      await nsOf(async () => {
        const stdout = await natsSink(at.nc, { stream: "OUT" });
        await run(copy, { stdin: await natsSource(at.nc, { stream: "IN" }), stdout });
        await stdout.end(0);
      }),
    );
  });

const republishing =
  (optionsFor: (at: Connected) => Publishing): Measurement =>
  () =>
    withServer(async (at) => {
      await at.manager.streams.add(keeping("IN", ["in"]));
      await at.manager.streams.add(keeping("OUT", ["out"]));
      await fill(at, "IN", 65_536);
      return rate(TOTAL, await nsOf(() => republishAll(at, "out", optionsFor(at))));
    });

function plainly(at: Connected): Publishing {
  const options = { headers: at.headers(), timeout: 10_000 };
  return () => options;
}

/** Milliseconds, of most. */
async function medianMs(times: number, act: () => Promise<unknown>): Promise<number> {
  const all: number[] = [];
  // oxlint-disable-next-line no-await-in-loop -- each one alone
  for (let time = 0; time < times; time++) all.push(await nsOf(act));
  return spreadOf(all).median / 1e6;
}

const flushing: Measurement = () =>
  withServer(async (at) => {
    await at.manager.streams.add(keeping("OUT", ["out"]));
    const sink = await natsSink(at.nc, { stream: "OUT" });
    const bytes = new Uint8Array(FLUSH_BYTES);
    return medianMs(FLUSHES, async () => {
      sink.write(bytes);
      // oxlint-disable-next-line no-await-in-loop -- as a writer waits
      while (!sink.flush()) await changeOf(sink);
    });
  });

const acknowledging: Measurement = () =>
  withServer(async (at) => {
    await at.manager.streams.add(keeping("OUT", ["out"]));
    const bytes = new Uint8Array(FLUSH_BYTES);
    return medianMs(FLUSHES, () => at.js.publish("out", bytes, { headers: at.headers(), timeout: 10_000 }));
  });

/** Jobs for each second that this process, and not the server, has had a processor. */
async function perProcessorSecond(jobs: number, act: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  return (jobs * 1e6) / (user + system);
}

async function publishJobs(at: Connected): Promise<void> {
  await at.manager.streams.add({ name: "JOBS", subjects: ["jobs"], retention: "workqueue", num_replicas: 1 });
  await at.manager.streams.add(keeping("RESULTS", ["results.*"]));
  await at.manager.consumers.add("JOBS", { durable_name: "w", ack_policy: "explicit" });
  const options = { headers: at.headers(), timeout: 10_000 };
  const jobs = Array.from({ length: JOBS }, () => at.js.publish("jobs", new Uint8Array(JOB_BYTES), options));
  await Promise.all(jobs);
}

const working: Measurement = () =>
  withServer(async (at) => {
    await publishJobs(at);
    const cat = await compile(await readFile(CAT));
    let left = JOBS;
    return perProcessorSecond(JOBS, async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const worker = await work(cat, at.nc, {
        jobs: { stream: "JOBS", consumer: "w" },
        results: { stream: "RESULTS" },
        concurrency: 8,
        onOutcome: () => {
          if (--left === 0) resolve();
        },
      });
      await promise;
      // The connection ends before its last question does.
      void worker.drain().catch(() => {});
    });
  });

/** Takes eight, runs them, stores each result if there is none, and acknowledges: no heartbeat, no failures, no outages. */
const byHand: Measurement = () =>
  withServer(async (at) => {
    await publishJobs(at);
    const cat = await compile(await readFile(CAT));
    const consumer = await at.js.consumers.get("JOBS", "w");
    const carryOut = async (message: JsMsg): Promise<void> => {
      const pieces: Uint8Array[] = [];
      await run(cat, { stdin: message.data, stdout: (bytes) => void pieces.push(bytes.slice()) });
      const options = expecting(at)(0);
      const expect = { streamName: "RESULTS", lastSubjectSequence: 0 };
      await at.js.publish(`results.${message.seq}`, Buffer.concat(pieces), { ...options, expect });
      message.ack();
    };
    return perProcessorSecond(JOBS, async () => {
      for (let done = 0; done < JOBS;) {
        const underWay: Promise<void>[] = [];
        // oxlint-disable-next-line no-await-in-loop -- eight at a time
        for await (const message of await consumer.fetch({ max_messages: 8, expires: 1000 })) {
          underWay.push(carryOut(message));
        }
        done += underWay.length;
        // oxlint-disable-next-line no-await-in-loop -- eight at a time
        await Promise.all(underWay);
      }
    });
  });

const running: Measurement = async () => {
  const cat = await compile(await readFile(CAT));
  return perProcessorSecond(JOBS, async () => {
    for (let job = 0; job < JOBS; job++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, in one thread
      await run(cat, { stdin: new Uint8Array(JOB_BYTES), stdout: () => {} });
    }
  });
};

export function nats(): readonly Case[] {
  const about = { unit: "MiB/s", better: "more", rounds: ROUNDS } as const;
  const there = (measurement: Measurement): Measurement | string => (NO_SERVER === false ? measurement : NO_SERVER);
  return [
    ...[16, 64, 256].map((kib): Case => ({
      ...about,
      id: `sink-${kib}k`,
      what: `\`natsSink\`, messages of ${kib} KiB, 1 MiB under way`,
      contestants: { [OURS]: there(sinking(kib * 1024)), [RAW]: there(publishing(kib * 1024)) },
    })),
    {
      ...about,
      id: "filter",
      what: "`natsSource`, a guest that copies, `natsSink`, messages of 64 KiB",
      contestants: {
        [OURS]: there(filtering),
        [RAW]: there(republishing(plainly)),
        [EXPECTING]: there(republishing(expecting)),
      },
    },
    {
      ...about,
      id: "flush",
      what: "a flush of 4 KiB, until it is acknowledged",
      unit: "ms",
      better: "less",
      contestants: { [OURS]: there(flushing), [RAW]: there(acknowledging) },
    },
    {
      ...about,
      id: "jobs",
      what: "`work` with jobs of 1 KiB, eight at a time, for each second of a processor",
      unit: "/s",
      contestants: { [OURS]: there(working), [ALONE]: running, [BY_HAND]: there(byHand) },
    },
  ];
}
