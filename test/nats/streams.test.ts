/** Streams that are full, sealed, purged or deleted while somebody reads or writes them: one failure in words, or waiting. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { changed, woken } from "../../src/io/steps.ts";
import { PeerClosed } from "../../src/io/ports.ts";
import {
  BrokerError,
  LostRecordsError,
  natsSink,
  natsSource,
  stage,
  work,
  type NatsSink,
  type NatsSource,
} from "../../src/nats/index.ts";
import { ended, sluice, start } from "../cli/support.ts";
import { onServer } from "./on-server.ts";
import { guest, keeping, untilStream } from "./server.ts";

const TEXT = Buffer.from("line\n".repeat(20));
const NS_PER_MS = 1e6;

/** What happens to a stream. */
type Event = "seal" | "delete" | "purge";

onServer("streams that do not stay as they are", (on) => {
  let streams = 0;

  async function newStream(more: object = {}, prefix = "S"): Promise<string> {
    const name = `${prefix}${++streams}`;
    await on.at.manager.streams.add({ ...keeping(name, [name.toLowerCase()]), ...more });
    return name;
  }

  async function strike(stream: string, event: Event): Promise<void> {
    const { streams: all } = on.at.manager;
    if (event === "seal") await all.update(stream, { sealed: true });
    else if (event === "delete") await all.delete(stream);
    else await all.purge(stream);
  }

  async function flushed(sink: NatsSink): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- as a writer waits
    while (!sink.flush()) await woken(sink);
  }

  async function readAll(source: NatsSource, seen: (bytes: Uint8Array) => void = () => {}): Promise<void> {
    for (let bytes = source.read(65_536); bytes !== null; bytes = source.read(65_536)) {
      if (bytes.length > 0) seen(bytes);
      // oxlint-disable-next-line no-await-in-loop -- as a reader waits
      else await changed(source);
    }
  }

  const publish = (stream: string, data: Uint8Array): Promise<unknown> =>
    on.at.js.publish(stream.toLowerCase(), data, { headers: on.at.headers(), timeout: 5000 });

  test("a sink fails once in words when its stream is full, or waits until it is not", async () => {
    const stream = await newStream({ max_msgs: 2 });
    const failing = await natsSink(on.at.nc, { stream, message: 10 });
    failing.write(TEXT);
    await assert.rejects(flushed(failing), (error: Error) => {
      assert.ok(error instanceof BrokerError && error.kind === "full", String(error));
      assert.match(error.message, /^Cannot append to s\d+: maximum messages exceeded$/);
      return true;
    });
    assert.equal((await on.at.bytes(stream)).length, 20);
    const waiting = await natsSink(on.at.nc, { stream, message: 10, full: "wait" });
    waiting.write(TEXT);
    await on.at.manager.streams.update(stream, { max_msgs: 100 });
    await flushed(waiting);
    assert.equal((await on.at.bytes(stream)).length, 20 + TEXT.length);
  });

  const SINK: Readonly<Record<Event, (error: Error) => boolean>> = {
    seal: (error) => error instanceof PeerClosed,
    delete: (error) => error instanceof BrokerError && error.kind === "refused",
    purge: () => false,
  };
  for (const event of ["seal", "delete"] as const) {
    test(`a sink whose stream others ${event} fails`, async () => {
      const stream = await newStream();
      const sink = await natsSink(on.at.nc, { stream, ackWait: 1000 });
      sink.write(TEXT);
      await flushed(sink);
      await strike(stream, event);
      sink.write(TEXT);
      await assert.rejects(flushed(sink), (error: Error) => {
        assert.ok(SINK[event](error), String(error));
        return true;
      });
    });
  }

  test("a sink whose stream others purge goes on, and who reads it is told what is missing", async () => {
    const stream = await newStream();
    const sink = await natsSink(on.at.nc, { stream, message: 10 });
    sink.write(TEXT);
    await flushed(sink);
    await strike(stream, "purge");
    sink.write(TEXT);
    await flushed(sink);
    await assert.rejects(readAll(await natsSource(on.at.nc, { stream })), LostRecordsError);
  });

  test("a source whose stream others delete fails", async () => {
    const stream = await newStream();
    const sink = await natsSink(on.at.nc, { stream, message: 10 });
    sink.write(TEXT);
    await flushed(sink);
    const begun = Promise.withResolvers<void>();
    const reading = readAll(await natsSource(on.at.nc, { stream }), () => begun.resolve());
    await Promise.race([begun.promise, reading]);
    await strike(stream, "delete");
    await assert.rejects(reading, (error: Error) => error instanceof BrokerError && error.kind === "refused");
  });

  async function newQueue(results: object = {}) {
    const jobs = await newStream({ retention: "workqueue", discard: "old" }, "JOBS");
    const to = await newStream({ subjects: [`r${streams}.*`], ...results }, "RESULTS");
    const dead = await newStream({ subjects: [`d${streams}.*`] }, "DEAD");
    const ack = { ack_policy: "explicit", ack_wait: 30_000 * NS_PER_MS };
    await on.at.manager.consumers.add(jobs, { durable_name: "w", ...ack });
    return { jobs: { stream: jobs, consumer: "w" }, results: { stream: to }, dead: { stream: dead }, ackWait: 1000 };
  }

  test("a worker waits while its stream of results is full", async () => {
    const queue = await newQueue({ max_msgs: 1 });
    for (let job = 0; job < 2; job++) {
      // oxlint-disable-next-line no-await-in-loop -- in order
      await publish(queue.jobs.stream, TEXT);
    }
    const outcomes: string[] = [];
    const done = Promise.withResolvers<void>();
    const worker = await work(guest("cat"), on.at.nc, {
      ...queue,
      onOutcome: (_, outcome) => {
        outcomes.push(outcome);
        // One is there; the other has nowhere to go.
        if (outcomes.length === 1) void on.at.manager.streams.update(queue.results.stream, { max_msgs: 10 });
        else done.resolve();
      },
    });
    await done.promise;
    await worker.drain();
    assert.deepEqual(outcomes, ["done", "done"]);
  });

  for (const event of ["seal", "delete"] as const) {
    test(`a worker whose stream of results others ${event} leaves the job, and says why`, async () => {
      const queue = await newQueue();
      const trouble = Promise.withResolvers<unknown>();
      const worker = await work(guest("cat"), on.at.nc, {
        ...queue,
        onTrouble: (_, cause) => trouble.resolve(cause),
      });
      await strike(queue.results.stream, event);
      await publish(queue.jobs.stream, TEXT);
      const cause = await trouble.promise;
      assert.ok(cause instanceof Error && SINK[event](cause), String(cause));
      await worker.drain();
      assert.deepEqual([worker.counts.left, worker.counts.dead], [1, 0]);
      assert.equal((await on.at.manager.streams.info(queue.jobs.stream)).state.messages, 1);
    });
  }

  test("a worker whose stream of jobs is deleted stops, and says why", async () => {
    const queue = await newQueue();
    const worker = await work(guest("cat"), on.at.nc, queue);
    await strike(queue.jobs.stream, "delete");
    await assert.rejects(worker.stopped, /^StreamConfigError: Stream \w+ has no consumer w/);
    assert.equal(worker.isTaking, false);
  });

  test("a worker whose jobs are purged takes those that come after", async () => {
    const queue = await newQueue();
    await publish(queue.jobs.stream, TEXT);
    await strike(queue.jobs.stream, "purge");
    const done = Promise.withResolvers<number>();
    const worker = await work(guest("cat"), on.at.nc, {
      ...queue,
      onOutcome: ({ sequence }) => done.resolve(sequence),
    });
    await publish(queue.jobs.stream, TEXT);
    assert.equal(await done.promise, 2);
    await worker.drain();
  });

  test("results whose messages may not be as large as they are to be are refused before anything runs", async () => {
    const queue = await newQueue({ max_msg_size: 10_000 });
    await assert.rejects(work(guest("cat"), on.at.nc, queue), /takes messages of 10000 bytes at most \(max_msg_size\)/);
    const worker = await work(guest("cat"), on.at.nc, { ...queue, message: 8000 });
    await worker.drain();
  });

  test("a job of max_payload that fails is put aside, in two messages", async () => {
    const queue = await newQueue();
    const data = Buffer.alloc(on.at.nc.info?.max_payload ?? 0, "line\n");
    await publish(queue.jobs.stream, data);
    const done = Promise.withResolvers<string>();
    const worker = await work(guest("exit-code"), on.at.nc, {
      ...queue,
      retries: 0,
      options: () => ({ args: ["exit-code", "3"] }),
      onOutcome: (_, outcome) => done.resolve(outcome),
    });
    assert.equal(await done.promise, "dead");
    await worker.drain();
    assert.equal((await on.at.bytes(queue.dead.stream)).equals(data), true);
    assert.equal((await on.at.manager.streams.info(queue.dead.stream)).state.messages, 2);
  });

  test("a stage waits while its output is full, and fails when that or its input is gone", async () => {
    const [input, output] = [await newStream(), await newStream({ max_msgs: 1 })];
    const places = { input: { stream: input }, output: { stream: output } };
    const sink = await natsSink(on.at.nc, { stream: input, message: 10 });
    const stop = new AbortController();
    const running = stage(guest("cat"), on.at.nc, {
      ...places,
      segment: 1,
      ackWait: 1000,
      signal: stop.signal,
      onSegment: ({ first }) => {
        if (first === 4) void strike(output, "seal").then(() => sink.write(TEXT.subarray(0, 10)));
      },
    });
    sink.write(TEXT.subarray(0, 40));
    // It is full.
    await untilStream(on.at, output, ({ messages }) => messages > 0);
    await on.at.manager.streams.update(output, { max_msgs: 100 });
    await assert.rejects(running, PeerClosed);
    assert.equal((await on.at.bytes(output)).equals(TEXT.subarray(0, 40)), true);
    await strike(input, "delete");
    const again = stage(guest("cat"), on.at.nc, { ...places, output: { stream: await newStream() } });
    await assert.rejects(again, /^StreamConfigError: There is no stream/);
  });

  test("put into a stream that is full or sealed, and get of one that is deleted, fail in words", async () => {
    const env = { NATS_URL: on.server.url };
    const full = await newStream({ max_msgs: 1 });
    const input = "line\n".repeat(1000);
    const tooMuch = await sluice(["put", "--message", "1000", full], { env, input });
    assert.deepEqual(
      [tooMuch.code, tooMuch.stderr],
      [1, `sluice: Cannot append to ${full.toLowerCase()}: maximum messages exceeded\n`],
    );
    const sealed = await newStream();
    const late = start(["put", sealed], { env });
    late.stdin?.write("line\n");
    // It has begun.
    await untilStream(on.at, sealed, ({ messages }) => messages > 0);
    await strike(sealed, "seal");
    late.stdin?.end("line\n");
    const gone = await ended(late);
    assert.deepEqual(
      [gone.code, gone.stderr],
      [1, `sluice: Cannot append to ${sealed.toLowerCase()}: invalid operation on sealed stream\n`],
    );
    const closed = await sluice(["put", sealed], { env, input });
    assert.deepEqual(
      [closed.code, closed.stderr],
      [1, `sluice: Stream ${sealed} is sealed: nothing can be appended to it\n`],
    );
    const deleted = await newStream();
    await publish(deleted, TEXT);
    const getting = start(["get", deleted], { env });
    assert.ok(getting.stdout);
    await once(getting.stdout, "data");
    await strike(deleted, "delete");
    const { code, stderr } = await ended(getting);
    assert.equal(code, 1);
    assert.match(stderr, /^sluice: Cannot read \w+: stream not found\n$/);
  });
});
