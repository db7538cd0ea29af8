/** Jobs on a real server, by workers that are processes and die. */
import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { after, test } from "node:test";
import { NoResultError, natsSource, StreamConfigError, work, type WorkOptions } from "../../src/nats/index.ts";
import { changed } from "../../src/io/steps.ts";
import { computesForEver } from "../cli/made.ts";
import { onServer } from "./on-server.ts";
import { emptied, guest, keeping } from "./server.ts";

const NS_PER_MS = 1e6;

interface Queue {
  readonly options: Pick<WorkOptions, "jobs" | "results" | "dead">;
  readonly jobs: string;
  readonly results: string;
  readonly dead: string;
}

onServer("jobs on a server", (on) => {
  let queues = 0;

  async function newQueue(ackWaitMs = 30_000): Promise<Queue> {
    const number = ++queues;
    const [jobs, results, dead] = [`JOBS${number}`, `RESULTS${number}`, `DEAD${number}`];
    await on.at.manager.streams.add({
      name: jobs,
      subjects: [`jobs${number}`],
      retention: "workqueue",
      num_replicas: 1,
    });
    await on.at.manager.streams.add(keeping(results, [`result${number}.*`]));
    await on.at.manager.streams.add(keeping(dead, [`dead${number}.*`]));
    await on.at.manager.consumers.add(jobs, {
      durable_name: "w",
      ack_policy: "explicit",
      ack_wait: ackWaitMs * NS_PER_MS,
    });
    const options = { jobs: { stream: jobs, consumer: "w" }, results: { stream: results }, dead: { stream: dead } };
    return { options, jobs, results, dead };
  }

  async function publish(queue: Queue, data: Uint8Array, headers: Record<string, string> = {}): Promise<number> {
    const all = on.at.headers();
    for (const [name, value] of Object.entries(headers)) all.set(name, value);
    const { seq } = await on.at.js.publish(queue.jobs.toLowerCase(), data, { headers: all, timeout: 5000 });
    return seq;
  }

  /** Waits until nothing is left in the queue. */
  const untilDone = (queue: Queue): Promise<void> => emptied(on.at, queue.jobs);

  async function resultOf(queue: Queue, sequence: number): Promise<Buffer> {
    const subject = `${queue.results.toLowerCase().replace("results", "result")}.${sequence}`;
    const source = await natsSource(on.at.nc, { stream: queue.results, subject, complete: true });
    const pieces: Uint8Array[] = [];
    for (let bytes = source.read(65_536); bytes !== null; bytes = source.read(65_536)) {
      pieces.push(bytes);
      // oxlint-disable-next-line no-await-in-loop -- as a reader waits
      if (bytes.length === 0) await changed(source);
    }
    return Buffer.concat(pieces);
  }

  test("results are what a component makes of each job, however large; headers come in by a list", async () => {
    const queue = await newQueue();
    const jobs = [Buffer.alloc(0), Buffer.from("one\n"), Buffer.alloc(300_000, "line\n")];
    const sequences = await Promise.all(jobs.map((job) => publish(queue, job)));
    const outcomes: string[] = [];
    const worker = await work(guest("cat"), on.at.nc, {
      ...queue.options,
      concurrency: 2,
      message: 10_000,
      onOutcome: ({ sequence }, outcome) => outcomes.push(`${sequence} ${outcome}`),
    });
    await untilDone(queue);
    await worker.drain();
    for (const [index, sequence] of sequences.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal((await resultOf(queue, sequence)).equals(jobs[index] ?? Buffer.alloc(0)), true);
    }
    assert.deepEqual(outcomes.toSorted(), ["1 done", "2 done", "3 done"]);
    assert.match(worker.metrics(), /^sluice_jobs_done_total 3$/m);
    assert.match(worker.warnings.join("\n"), /RESULTS1 has one replica/);
    await assert.rejects(resultOf(queue, 99), NoResultError);
  });

  test("headers that are asked for are the guest's environment, and options are a function of the job", async () => {
    const queue = await newQueue();
    const sequence = await publish(queue, Buffer.alloc(0), { SIZE: "big", OTHER: "x" });
    const worker = await work(guest("env"), on.at.nc, {
      ...queue.options,
      headers: ["SIZE", "ABSENT"],
      options: (job) => ({ args: ["env"], env: { ATTEMPT: String(job.attempt) } }),
    });
    await untilDone(queue);
    await worker.drain();
    const text = (await resultOf(queue, sequence)).toString();
    assert.match(text, /SIZE=big/);
    assert.match(text, /ATTEMPT=1/);
    assert.doesNotMatch(text, /OTHER|ABSENT/);
  });

  test("a job that fails each time ends where those are, with what it said", async () => {
    const queue = await newQueue();
    await publish(queue, Buffer.from("input"));
    const worker = await work(guest("exit-code"), on.at.nc, {
      ...queue.options,
      retries: 1,
      backoff: 1,
      options: () => ({ args: ["exit-code", "3"] }),
    });
    await untilDone(queue);
    await worker.drain();
    assert.deepEqual([worker.counts.retried, worker.counts.dead, worker.counts.done], [1, 1, 0]);
    const dead = await on.at.manager.streams.getMessage(queue.dead, { seq: 1 });
    assert.equal(Buffer.from(dead?.data ?? []).toString(), "input");
    assert.equal(dead?.header.get("Sluice-Attempt"), "2");
  });

  test("a guest that loops for ever, in a thread of its own, is out of time", async () => {
    const queue = await newQueue();
    await publish(queue, Buffer.alloc(0));
    const worker = await work(computesForEver(), on.at.nc, {
      ...queue.options,
      retries: 0,
      timeout: 200,
      options: () => ({ isolate: "thread" }),
    });
    await untilDone(queue);
    await worker.drain();
    const dead = await on.at.manager.streams.getMessage(queue.dead, { seq: 1 });
    assert.match(dead?.header.get("Sluice-Error") ?? "", /TimeoutError/);
  });

  test("a guest that writes for ever is out of time, and leaves no result", async () => {
    const queue = await newQueue();
    const sequence = await publish(queue, Buffer.alloc(0));
    const worker = await work(guest("writer"), on.at.nc, {
      ...queue.options,
      retries: 0,
      timeout: 300,
      options: () => ({ args: ["writer", String(Number.MAX_SAFE_INTEGER)] }),
    });
    await untilDone(queue);
    await worker.drain();
    const dead = await on.at.manager.streams.getMessage(queue.dead, { seq: 1 });
    assert.match(dead?.header.get("Sluice-Error") ?? "", /TimeoutError/);
    await assert.rejects(resultOf(queue, sequence), /the job has failed for the last time \(TimeoutError/);
  });

  test("a guest that never reads its job has a result like any other", async () => {
    const queue = await newQueue();
    const sequence = await publish(queue, Buffer.alloc(500_000));
    const worker = await work(guest("hello"), on.at.nc, queue.options);
    await untilDone(queue);
    await worker.drain();
    assert.match((await resultOf(queue, sequence)).toString(), /hello/i);
  });

  test("a connection that is closed while a job is under way ends the worker, and nothing else", async () => {
    const queue = await newQueue(300);
    await publish(queue, Buffer.alloc(0));
    const { nc } = await on.server.connect();
    const begun = Promise.withResolvers<void>();
    // It lives for longer than until the broker is to hear of it again.
    const worker = await work(computesForEver(), nc, {
      ...queue.options,
      retries: 0,
      timeout: 500,
      options: () => {
        begun.resolve();
        return { isolate: "thread" };
      },
    });
    await begun.promise;
    await nc.drain();
    await assert.rejects(worker.stopped, /closed/i);
    assert.equal(worker.isTaking, false);
    assert.equal(worker.counts.left, 1);
  });

  test("what would lose jobs is refused before anything runs", async () => {
    const queue = await newQueue();
    const refuses = async (options: object, message: RegExp): Promise<void> => {
      await assert.rejects(work(guest("cat"), on.at.nc, { ...queue.options, ...options }), (error: Error) => {
        assert.ok(error instanceof StreamConfigError, String(error));
        assert.match(error.message, message);
        return true;
      });
    };
    await refuses({ jobs: { stream: "NONE", consumer: "w" } }, /There is no stream NONE/);
    await refuses({ jobs: { stream: queue.jobs, consumer: "none" } }, /has no consumer none/);
    await refuses({ results: { stream: queue.jobs } }, /its retention is workqueue/);
    const config = { durable_name: "few", ack_policy: "explicit", max_deliver: 3, filter_subject: "x" };
    await on.at.manager.streams.add({ name: "LIMITED", subjects: ["x"], max_age: 1000 * NS_PER_MS, num_replicas: 1 });
    await on.at.manager.consumers.add("LIMITED", config);
    await refuses({ jobs: { stream: "LIMITED", consumer: "few" } }, /delivers 3 times at most/);
    await refuses({ jobs: { stream: "LIMITED", consumer: "few" }, retries: 1 }, /drops jobs after 1000 ms/);
  });

  test("workers that are killed lose nothing and double nothing", async () => {
    const queue = await newQueue(1000);
    const count = 120;
    for (let job = 0; job < count; job++) {
      // oxlint-disable-next-line no-await-in-loop -- in order, so that sequences are what they are here
      await publish(queue, Buffer.from(`${job}\n`.repeat(job === 0 ? 0 : 200 * (job % 7))));
    }
    const workers = await Promise.all([1, 2, 3].map(() => startWorker(queue)));
    for (let kills = 0; kills < 3; kills++) {
      const victim = kills % workers.length;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { state } = await on.at.manager.streams.info(queue.results);
      // oxlint-disable-next-line no-await-in-loop -- in the middle of it
      while ((await on.at.manager.streams.info(queue.results)).state.messages < Math.min(count, state.messages + 15))
        continue;
      workers[victim]?.kill("SIGKILL");
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      workers[victim] = await startWorker(queue);
    }
    await untilDone(queue);
    await Promise.all(workers.map((worker) => stopWorker(worker)));
    const ends = new Map<string, number>();
    const { state } = await on.at.manager.streams.info(queue.results);
    for (let seq = 1; seq <= state.last_seq; seq++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const message = await on.at.manager.streams.getMessage(queue.results, { seq });
      if (message?.header.has("Sluice-Eof")) ends.set(message.subject, (ends.get(message.subject) ?? 0) + 1);
    }
    assert.equal(ends.size, count);
    assert.deepEqual([...new Set(ends.values())], [1]);
    for (const job of [0, 1, 6, 119]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal((await resultOf(queue, job + 1)).toString(), `${job}\n`.repeat(job === 0 ? 0 : 200 * (job % 7)));
    }
  });

  const CHILD = fileURLToPath(new URL("children/worker.ts", import.meta.url));
  const CAT = fileURLToPath(new URL("../guests/built/cat.wasm", import.meta.url));

  const children: ChildProcess[] = [];
  // Where a test has failed they are alive.
  after(() => children.forEach((child) => child.kill("SIGKILL")));

  async function startWorker(queue: Queue): Promise<ChildProcess> {
    const options = { ...queue.options, concurrency: 2, message: 500 };
    const child = fork(CHILD, [on.server.url, CAT, JSON.stringify(options)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    children.push(child);
    await once(child, "message");
    return child;
  }

  async function stopWorker(child: ChildProcess): Promise<void> {
    const over = once(child, "exit");
    child.kill("SIGTERM");
    assert.deepEqual(await over, [0, null]);
  }
});
