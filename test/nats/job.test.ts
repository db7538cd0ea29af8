/** What becomes of jobs, whatever becomes of workers, requests and answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Sink } from "../../src/io/ports.ts";
import { woken } from "../../src/io/steps.ts";
import type { StoredRecord } from "../../src/nats/log.ts";
import { carryOut, type Delivery, type Job, type JobOptions, type Outcome } from "../../src/nats/work/job.ts";
import { microtasks } from "../../src/testing/index.ts";
import { MemoryStream, MemoryTiming, type Fault } from "./memory-log.ts";

/** A delivery that remembers what was said of it. */
class FakeDelivery implements Delivery {
  readonly job: Job;
  readonly said: string[] = [];

  constructor(attempt: number, data: Uint8Array = Uint8Array.of(1, 2, 3), headers: Record<string, string> = {}) {
    this.job = { sequence: 7, subject: "jobs.a", data, headers: new Map(Object.entries(headers)), attempt };
  }

  acknowledge(): void {
    this.said.push("ack");
  }

  again(ms: number): void {
    this.said.push(`again ${ms}`);
  }

  drop(reason: string): void {
    this.said.push(`drop ${reason}`);
  }

  working(): void {}
}

interface Setup {
  readonly results: MemoryStream;
  readonly dead: MemoryStream;
  readonly options: JobOptions;
}

let writers = 0;

function setup(run: JobOptions["run"], more: Partial<JobOptions> = {}): Setup {
  const results = new MemoryStream();
  const dead = new MemoryStream();
  const options: JobOptions = {
    run,
    resultLog: ({ sequence }) => results.log(`result.${sequence}`, false),
    deadLog: ({ sequence }) => dead.log(`dead.${sequence}`, false),
    retries: 2,
    backoffMs: 1000,
    windowBytes: 8,
    messageBytes: 4,
    giveUpMs: Infinity,
    timing: new MemoryTiming(),
    newWriter: () => `w${++writers}`,
    ...more,
  };
  return { results, dead, options };
}

/** A guest that writes `bytes` as one does that waits for room. */
function writing(bytes: Uint8Array): JobOptions["run"] {
  return async (_, stdout) => {
    for (let at = 0; at < bytes.length;) {
      const taken = stdout.write(bytes.subarray(at));
      at += taken;
      // oxlint-disable-next-line no-await-in-loop -- as a guest waits
      if (taken === 0) await woken(stdout);
    }
    // oxlint-disable-next-line no-await-in-loop -- as a guest waits
    while (!stdout.flush()) await woken(stdout);
    return 0;
  };
}

const failing =
  (exitCode: number, words = ""): JobOptions["run"] =>
  async (_, stdout: Sink, stderr: Sink) => {
    stdout.write(Uint8Array.of(9));
    stderr.write(new TextEncoder().encode(words));
    return exitCode;
  };

const bytesOf = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, index) => index);

/** The result as a reader finds it: from where its end says it begins, to that end. */
function resultIn(records: readonly StoredRecord[]): number[] | undefined {
  const last = records.at(-1);
  if (!last?.mark?.end) return undefined;
  const first = last.mark.end.first ?? last.sequence;
  return records.filter(({ sequence }) => sequence >= first).flatMap(({ data }) => [...data]);
}

test("a small result is one message, and the job is acknowledged after it", async () => {
  const { results, options } = setup(writing(bytesOf(3)));
  const delivery = new FakeDelivery(1);
  assert.equal(await carryOut(delivery, options), "done");
  assert.deepEqual(delivery.said, ["ack"]);
  assert.deepEqual(
    results.records.map(({ subject, data, mark }) => [subject, data.length, mark?.end?.exitCode]),
    [["result.7", 3, 0]],
  );
});

test("an empty result is a message too", async () => {
  const { results, options } = setup(writing(bytesOf(0)));
  assert.equal(await carryOut(new FakeDelivery(1), options), "done");
  assert.deepEqual(resultIn(results.records), []);
});

/** Delivers the job until somebody acknowledges it, as a queue does. */
async function untilAcknowledged(options: JobOptions, mostAtOnce: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let attempt = 1; attempt < 100; attempt++) {
    // Who is slow is not dead: a queue takes it for that, and several are at the same job.
    const deliveries = Array.from({ length: mostAtOnce }, () => new FakeDelivery(1));
    const all = deliveries.map(async (delivery) => outcomes.push(await carryOut(delivery, options)));
    // oxlint-disable-next-line no-await-in-loop -- one round after the other; who has died never answers
    await Promise.race([Promise.all(all), microtasks().then(microtasks).then(microtasks)]);
    if (deliveries.some(({ said }) => said.includes("ack"))) return outcomes;
  }
  throw new Error("nobody has done the job");
}

async function playFaults(isCareless: boolean): Promise<void> {
  const fault = fc.constantFrom<Fault>("none", "none", "answer", "request", "dies", "last words");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { maxLength: 30 }),
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 1, max: 3 }),
      async (faults, count, mostAtOnce) => {
        const { results, options } = setup(writing(bytesOf(count)));
        results.isCareless = isCareless;
        results.fault = (append) => faults[append] ?? "none";
        await untilAcknowledged(options, mostAtOnce);
        await microtasks();
        assert.deepEqual(resultIn(results.records), [...bytesOf(count)]);
        assert.equal(results.records.filter(({ mark }) => mark?.end).length, 1);
      },
    ),
    { numRuns: 300 },
  );
}

test("whoever dies, and whatever is lost, a job has its result once and whole", () => playFaults(false));

test("with a broker that does not look at expectations the same play finds doubled results", async () => {
  await assert.rejects(playFaults(true), /Property failed/);
});

test("what an attempt has left does not belong to the result", async () => {
  const { results, options } = setup(writing(bytesOf(20)));
  results.fault = (append) => (append === 3 ? "dies" : "none");
  void carryOut(new FakeDelivery(1), options);
  await microtasks();
  assert.equal(results.records.length, 3);
  assert.equal(await carryOut(new FakeDelivery(2), options), "done");
  assert.equal(results.records.at(-1)?.mark?.end?.first, 4);
  assert.deepEqual(resultIn(results.records), [...bytesOf(20)]);
});

test("a job that fails is tried again, later each time, and then put aside with what it said", async () => {
  const { results, dead, options } = setup(failing(3, "no such thing\n"));
  const said: string[][] = [];
  for (const attempt of [1, 2, 3]) {
    const delivery = new FakeDelivery(attempt, Uint8Array.of(5), { size: "big", "Nats-Msg-Id": "1" });
    // oxlint-disable-next-line no-await-in-loop -- attempts come one after the other
    assert.equal(await carryOut(delivery, options), attempt < 3 ? "retried" : "dead");
    said.push(delivery.said);
  }
  assert.deepEqual(said, [["again 1000"], ["again 2000"], ["ack"]]);
  assert.equal(results.records.length, 0);
  assert.deepEqual(
    dead.records.map(({ subject, data, mark }) => [subject, ...data, mark?.end?.exitCode]),
    [["dead.7", 5, 3]],
  );
  assert.deepEqual(dead.headers.at(-1), {
    size: "big",
    "Sluice-Job": "7",
    "Sluice-Attempt": "3",
    "Sluice-Subject": "jobs.a",
    "Sluice-Error": '"it exited with 3"',
    "Sluice-Stderr": '"no such thing\\n"',
  });
});

test("a job that nobody survives is put aside without another try", async () => {
  let runs = 0;
  const { dead, options } = setup(async () => runs++);
  assert.equal(await carryOut(new FakeDelivery(4), options), "dead");
  assert.equal(runs, 0);
  assert.equal(dead.headers.at(-1)?.["Sluice-Error"], '"its workers were lost"');
});

test("of a job that comes again and has a result, that is the end, however often it was tried", async () => {
  let runs = 0;
  const { results, dead, options } = setup(async (_, stdout) => {
    runs++;
    stdout.write(bytesOf(2));
    return 0;
  });
  await carryOut(new FakeDelivery(1), options);
  for (const attempt of [2, 4]) {
    const delivery = new FakeDelivery(attempt);
    // oxlint-disable-next-line no-await-in-loop -- attempts come one after the other
    assert.equal(await carryOut(delivery, options), "already");
    assert.deepEqual(delivery.said, ["ack"]);
  }
  assert.deepEqual([runs, results.records.length, dead.records.length], [1, 1, 0]);
});

test("two who put the same job aside do it once", async () => {
  const { dead, options } = setup(failing(1));
  await Promise.all([carryOut(new FakeDelivery(3), options), carryOut(new FakeDelivery(3), options)]);
  assert.equal(dead.records.length, 1);
});

test("without a place for them, jobs that fail are dropped", async () => {
  const { options } = setup(failing(1), { deadLog: undefined });
  const delivery = new FakeDelivery(3);
  assert.equal(await carryOut(delivery, options), "dead");
  assert.deepEqual(delivery.said, ["drop it exited with 1"]);
});

test("a job whose result is there already is only acknowledged", async () => {
  const { results, options } = setup(writing(bytesOf(2)));
  await carryOut(new FakeDelivery(1), options);
  const delivery = new FakeDelivery(1);
  assert.equal(await carryOut(delivery, options), "already");
  assert.deepEqual(delivery.said, ["ack"]);
  assert.equal(results.records.length, 1);
});

test("who was thought dead and wakes up changes nothing", async () => {
  const { results, options } = setup(writing(bytesOf(20)));
  results.fault = (append) => (append === 2 ? "hold" : "none");
  const zombie = new FakeDelivery(1);
  const outcome = carryOut(zombie, options);
  await microtasks();
  assert.equal(await carryOut(new FakeDelivery(2), options), "done");
  results.release();
  assert.equal(await outcome, "already");
  assert.deepEqual(resultIn(results.records), [...bytesOf(20)]);
});

test("a stream of results that is gone leaves the job in the queue", async () => {
  const { results, options } = setup(writing(bytesOf(2)));
  results.isGone = true;
  const delivery = new FakeDelivery(1);
  assert.equal(await carryOut(delivery, options), "left");
  assert.deepEqual(delivery.said, ["again 60000"]);
});

test("a guest that traps has failed like one that says so", async () => {
  const { dead, options } = setup(() => Promise.reject(new WebAssembly.RuntimeError("unreachable")));
  assert.equal(await carryOut(new FakeDelivery(3), options), "dead");
  assert.equal(dead.headers.at(-1)?.["Sluice-Error"], '"RuntimeError: unreachable"');
});

test("of a long standard error the end is kept", async () => {
  const { dead, options } = setup(failing(1, "x".repeat(5000) + "the end"));
  await carryOut(new FakeDelivery(3), options);
  const text: unknown = JSON.parse(dead.headers.at(-1)?.["Sluice-Stderr"] ?? "");
  assert.ok(typeof text === "string" && text.startsWith("...x") && text.endsWith("the end"));
  assert.equal(text.length, 4096 + 3);
});
