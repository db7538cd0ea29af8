/** Streams and jobs on a broker of this machine, beside its own client. */
import { readFile } from "node:fs/promises";
import { compile, run } from "sluice";
import { natsSink, natsSource, work, type NatsSink } from "sluice/nats";
import { keeping, NO_SERVER, TestServer, type Connected } from "../../test/nats/server.ts";
import { OURS, type Case, type Measurement } from "../case.ts";
import { MIB, rate } from "../flow.ts";

const ROUNDS = 7;
const TOTAL = 32 * MIB;
const WINDOW = MIB;
const JOBS = 200;
const JOB_BYTES = 1024;
const CAT = new URL("../../test/guests/built/cat.wasm", import.meta.url);
/** It flushes nothing before its end. */
const COPY = new URL("../../test/guests/built/copy-splice.wasm", import.meta.url);

/** The client alone. */
const RAW = "the client alone";
/** The component alone, without a broker. */
const ALONE = "`run` alone";

/** A server for as long as one measurement takes. */
async function onServer<T>(use: (at: Connected) => Promise<T>): Promise<T> {
  const server = new TestServer();
  await server.start();
  const at = await server.connect();
  try {
    return await use(at);
  } finally {
    await at.nc.drain();
    await server.stop();
  }
}

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

/** Takes each message of a stream, as the client gives them, and publishes it again. */
async function republishAll(at: Connected, subject: string): Promise<void> {
  await at.manager.consumers.add("IN", { durable_name: "raw", ack_policy: "none" });
  const consumer = await at.js.consumers.get("IN", "raw");
  const options = { headers: at.headers(), timeout: 10_000 };
  const count = TOTAL / 65_536;
  const underWay = new Set<Promise<unknown>>();
  /* oxlint-disable no-await-in-loop -- some at a time */
  for (let taken = 0; taken < count;) {
    const messages = await consumer.fetch({ max_messages: Math.min(64, count - taken), expires: 5000 });
    for await (const { data } of messages) {
      taken++;
      if (underWay.size >= WINDOW / 65_536) await Promise.race(underWay);
      const publishing: Promise<unknown> = at.js
        .publish(subject, data, options)
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
    onServer(async (at) => {
      await at.manager.streams.add(keeping("OUT", ["out"]));
      return rate(TOTAL, await nsOf(() => fill(at, "OUT", message)));
    });

const publishing =
  (message: number): Measurement =>
  () =>
    onServer(async (at) => {
      await at.manager.streams.add(keeping("OUT", ["out"]));
      return rate(TOTAL, await nsOf(() => publishAll(at, "out", message)));
    });

const filtering: Measurement = () =>
  onServer(async (at) => {
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

const republishing: Measurement = () =>
  onServer(async (at) => {
    await at.manager.streams.add(keeping("IN", ["in"]));
    await at.manager.streams.add(keeping("OUT", ["out"]));
    await fill(at, "IN", 65_536);
    return rate(TOTAL, await nsOf(() => republishAll(at, "out")));
  });

const working: Measurement = () =>
  onServer(async (at) => {
    await at.manager.streams.add({ name: "JOBS", subjects: ["jobs"], retention: "workqueue", num_replicas: 1 });
    await at.manager.streams.add(keeping("RESULTS", ["results.*"]));
    await at.manager.consumers.add("JOBS", { durable_name: "w", ack_policy: "explicit" });
    const options = { headers: at.headers(), timeout: 10_000 };
    const jobs = Array.from({ length: JOBS }, () => at.js.publish("jobs", new Uint8Array(JOB_BYTES), options));
    await Promise.all(jobs);
    const cat = await compile(await readFile(CAT));
    let left = JOBS;
    const ns = await nsOf(async () => {
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
      void worker.drain();
    });
    return (JOBS * 1e9) / ns;
  });

const running: Measurement = async () => {
  const cat = await compile(await readFile(CAT));
  const ns = await nsOf(async () => {
    for (let job = 0; job < JOBS; job++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, in one thread
      await run(cat, { stdin: new Uint8Array(JOB_BYTES), stdout: () => {} });
    }
  });
  return (JOBS * 1e9) / ns;
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
      contestants: { [OURS]: there(filtering), [RAW]: there(republishing) },
    },
    {
      ...about,
      id: "jobs",
      what: "`work` with jobs of 1 KiB, eight at a time",
      unit: "/s",
      contestants: { [OURS]: there(working), [ALONE]: running },
    },
  ];
}
