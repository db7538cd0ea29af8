/** What becomes of jobs, whatever becomes of workers, requests and answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import type { Sink } from "../../src/io/ports.ts";
import { carryOut, type Delivery, type Job, type JobOptions, type Outcome } from "../../src/nats/work/job.ts";
import { microtasks } from "../../src/testing/index.ts";
import { bytesOf, resultIn, writing } from "./guests.ts";
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
    deadMessageBytes: 1_000_000,
    onTrouble: () => {},
    ...more,
  };
  return { results, dead, options };
}

const failing =
  (exitCode: number, words = ""): JobOptions["run"] =>
  async (_, stdout: Sink, stderr: Sink) => {
    stdout.write(Uint8Array.of(9));
    stderr.write(new TextEncoder().encode(words));
    return exitCode;
  };

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
  // That an attempt begins is said, and that it was the last.
  assert.deepEqual(
    results.records.map(({ data, mark }) => [data.length, mark?.attempt, mark?.dead, mark?.end]),
    [
      [0, 2, undefined, undefined],
      [0, 3, undefined, undefined],
      [0, 3, "it exited with 3", undefined],
    ],
  );
  assert.deepEqual(
    dead.records.map(({ subject, data, mark }) => [subject, ...data, mark?.end?.exitCode]),
    [["dead.7", 5, 3]],
  );
  assert.equal(dead.records.at(-1)?.mark?.attempt, 3);
  assert.deepEqual(dead.headers.at(-1), {
    size: "big",
    "Sluice-Job": "7",
    "Sluice-Subject": "jobs.a",
    "Sluice-Error": '"it exited with 3"',
    "Sluice-Stderr": '"no such thing\\n"',
  });
});

test("a job that nobody survives is put aside without another try", async () => {
  let runs = 0;
  const { dead, options } = setup(() => {
    runs++;
    return new Promise(() => {});
  });
  for (const attempt of [1, 2, 3]) {
    void carryOut(new FakeDelivery(attempt), options);
    // oxlint-disable-next-line no-await-in-loop -- attempts come one after the other
    await microtasks();
  }
  assert.equal(await carryOut(new FakeDelivery(4), options), "dead");
  assert.equal(runs, 3);
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
  const { dead, options } = setup(failing(1), { retries: 0 });
  await Promise.all([carryOut(new FakeDelivery(1), options), carryOut(new FakeDelivery(1), options)]);
  assert.equal(dead.records.length, 1);
});

test("without a place for them, jobs that fail are dropped", async () => {
  const { options } = setup(failing(1), { deadLog: undefined, retries: 0 });
  const delivery = new FakeDelivery(1);
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
  const { dead, options } = setup(() => Promise.reject(new WebAssembly.RuntimeError("unreachable")), { retries: 0 });
  assert.equal(await carryOut(new FakeDelivery(1), options), "dead");
  assert.equal(dead.headers.at(-1)?.["Sluice-Error"], '"RuntimeError: unreachable"');
});

test("of a long standard error the end is kept", async () => {
  const { dead, options } = setup(failing(1, "x".repeat(5000) + "the end"), { retries: 0 });
  await carryOut(new FakeDelivery(1), options);
  const text: unknown = JSON.parse(dead.headers.at(-1)?.["Sluice-Stderr"] ?? "");
  assert.ok(typeof text === "string" && text.startsWith("...x") && text.endsWith("the end"));
  assert.equal(text.length, 4096 + 3);
});

test("who was thought dead until the job was put aside stores no result after that", async () => {
  const { results, dead, options } = setup(writing(bytesOf(3)), { retries: 0 });
  results.fault = (append) => (append === 0 ? "hold" : "none");
  const zombie = new FakeDelivery(1);
  const outcome = carryOut(zombie, options);
  await microtasks();
  assert.equal(await carryOut(new FakeDelivery(2), options), "dead");
  results.release();
  assert.equal(await outcome, "left");
  assert.deepEqual(zombie.said, []);
  assert.equal(resultIn(results.records), undefined);
  assert.equal(dead.records.length, 1);
});

test("who comes late to begin does not run once the job was put aside", async () => {
  const { results, dead, options } = setup(failing(3), { retries: 1 });
  assert.equal(await carryOut(new FakeDelivery(1), options), "retried");
  results.fault = (append) => (append === 0 ? "hold" : "none");
  let runs = 0;
  const late = carryOut(new FakeDelivery(2), {
    ...options,
    run: (...given) => {
      runs++;
      return writing(bytesOf(3))(...given);
    },
  });
  await microtasks();
  // The same attempt, since nobody has heard of the other.
  assert.equal(await carryOut(new FakeDelivery(3), options), "dead");
  results.release();
  assert.equal(await late, "left");
  assert.deepEqual([runs, resultIn(results.records), dead.records.length], [0, undefined, 1]);
});

test("who was thought dead does not take the place of the attempt after it", async () => {
  const { results, options } = setup(writing(bytesOf(3)));
  results.fault = (append) => (append === 0 ? "hold" : "none");
  const zombie = carryOut(new FakeDelivery(1), options);
  await microtasks();
  let release: (() => void) | undefined;
  const second = carryOut(new FakeDelivery(2), {
    ...options,
    run: async (job, stdout, stderr) => {
      await new Promise<void>((resolve) => (release = resolve));
      return options.run(job, stdout, stderr);
    },
  });
  await microtasks();
  results.release();
  assert.equal(await zombie, "left");
  release?.();
  assert.equal(await second, "done");
});

test("deliveries that come to nothing since nothing can be stored are no attempts", async () => {
  let runs = 0;
  const causes: string[] = [];
  const { results, dead, options } = setup(
    (...given) => {
      runs++;
      return writing(bytesOf(2))(...given);
    },
    { onTrouble: (_, cause) => causes.push(String(cause)) },
  );
  // Once it can be looked at and not be written to, as somebody finds it who may not.
  results.isSealed = true;
  for (let attempt = 1; attempt <= 9; attempt++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.equal(await carryOut(new FakeDelivery(attempt), options), "left");
  }
  assert.equal(runs, 1);
  assert.equal(causes.length, 9);
  assert.match(causes.at(-1) ?? "", /PeerClosed/);
  results.isSealed = false;
  assert.equal(await carryOut(new FakeDelivery(10), options), "done");
  assert.equal(dead.records.length, 0);
});

test("whoever goes on with putting a job aside knows why", async () => {
  const { dead, options } = setup(failing(3), { retries: 0 });
  dead.isGone = true;
  assert.equal(await carryOut(new FakeDelivery(1), options), "left");
  dead.isGone = false;
  assert.equal(await carryOut(new FakeDelivery(2), options), "dead");
  assert.equal(dead.headers.at(-1)?.["Sluice-Error"], '"it exited with 3"');
});

test("a job that is as large as a message may be is put aside in several", async () => {
  const { dead, options } = setup(failing(1, "\0".repeat(5000)), { retries: 0, deadMessageBytes: 60_000 });
  const data = new Uint8Array(60_000).map((_, index) => index % 251);
  assert.equal(await carryOut(new FakeDelivery(1, data, { own: "x".repeat(4000) }), options), "dead");
  assert.deepEqual(dead.bytes("dead.7"), data);
  assert.equal(dead.headers.at(-1)?.["own"]?.length, 4000);
  for (const { data: part } of dead.records) {
    const headers = Object.entries(dead.headers.at(-1) ?? {}).reduce(
      (sum, [name, text]) => sum + name.length + text.length,
      0,
    );
    assert.ok(part.length + headers + 1024 <= 60_000, `${part.length} and ${headers}`);
  }
});

test("headers of a job for which there is no room are left out where it is put aside", async () => {
  const { dead, options } = setup(failing(1), { retries: 0, deadMessageBytes: 60_000 });
  const delivery = new FakeDelivery(1, Uint8Array.of(5), { own: "x".repeat(40_000) });
  assert.equal(await carryOut(delivery, options), "dead");
  assert.deepEqual(Object.keys(dead.headers.at(-1) ?? {}).includes("own"), false);
  assert.deepEqual([...dead.bytes("dead.7")], [5]);
});

for (const [length, records] of [
  [0, [0]],
  [1, [1]],
  [3, [3]],
  [4, [4, 0]],
  [8, [4, 4, 0]],
  [9, [4, 4, 1]],
] as const) {
  test(`a result of ${length} bytes, in messages of 4, is whole`, async () => {
    const { results, options } = setup(writing(bytesOf(length)));
    assert.equal(await carryOut(new FakeDelivery(1), options), "done");
    assert.deepEqual(
      results.records.map(({ data }) => data.length),
      records,
    );
    assert.deepEqual(resultIn(results.records), [...bytesOf(length)]);
  });
}
