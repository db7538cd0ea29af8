/**
 * Processes that are killed, or stopped and later resumed, at each of their calls to the broker: one after the other, and in pairs.
 * Nothing is lost, and nothing is there twice.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { changed } from "../../src/io/steps.ts";
import { FencedError } from "../../src/nats/broker-error.ts";
import { Retry } from "../../src/nats/retry.ts";
import { runSegments, type SegmentInput } from "../../src/nats/stage/segments.ts";
import { get, put } from "../../src/nats/transfer.ts";
import { carryOut, type Job, type JobOptions } from "../../src/nats/work/job.ts";
import { bytesOf, resultIn, writing } from "./guests.ts";
import { atEachCall, Life, settled } from "./life.ts";
import { MemoryStream, MemoryTiming } from "./memory-log.ts";

const RESULT = bytesOf(10);
const RETRIES = 1;

/** What guests do. */
const GUESTS: Readonly<Record<string, JobOptions["run"]>> = {
  "that succeeds": writing(RESULT),
  "that fails each time": async (_, stdout) => {
    stdout.write(bytesOf(6));
    return 3;
  },
  "that fails at first": (job, stdout, stderr) =>
    job.attempt === 1 ? Promise.resolve(3) : writing(RESULT)(job, stdout, stderr),
  "that writes nothing": writing(bytesOf(0)),
};

/** Delivers a job to one life after the other until the queue has it no more; in the end those that stand still go on. */
async function playJob(run: JobOptions["run"], lives: readonly Life[], what: string): Promise<void> {
  const [results, dead] = [new MemoryStream(), new MemoryStream()];
  const queue = { hasIt: true };
  let runs = 0;
  const live = async (life: Life, attempt: number): Promise<void> => {
    const job: Job = { sequence: 7, subject: "jobs", data: bytesOf(5), headers: new Map(), attempt };
    const delivery = life.delivery(job, (said) => {
      if (said !== "again") queue.hasIt = false;
    });
    const options: JobOptions = {
      run: (...given) => {
        runs++;
        return run(...given);
      },
      resultLog: () => life.log(results.log("result.7", false)),
      deadLog: () => life.log(dead.log("dead.7", false)),
      deadMessageBytes: 1_000_000,
      retries: RETRIES,
      backoffMs: 1,
      windowBytes: 8,
      messageBytes: 4,
      giveUpMs: Infinity,
      timing: new MemoryTiming(),
      newWriter: () => `w${attempt}`,
      onTrouble: (_, cause) => assert.fail(`${what}: ${String(cause)}`),
    };
    void carryOut(delivery, options);
    await settled();
  };
  for (let attempt = 1; queue.hasIt; attempt++) {
    assert.ok(attempt < 12, `${what}: the job stays in the queue`);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await live(lives[attempt - 1] ?? new Life(), attempt);
    // Who was stopped first goes on while the next one stands still.
    if (attempt === 2) lives[0]?.resume();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await settled();
  }
  for (const life of lives) life.resume();
  await settled();
  const ends = results.records.filter(({ mark }) => mark?.end).length;
  const deaths = dead.records.filter(({ mark }) => mark?.end).length;
  assert.equal(ends + deaths, 1, `${what}: ${ends} results, and put aside ${deaths} times`);
  assert.ok(runs <= RETRIES + 1, `${what}: run ${runs} times`);
  if (ends === 1) assert.deepEqual(resultIn(results.records)?.length, run === GUESTS["that writes nothing"] ? 0 : 10);
  if (deaths === 1) assert.deepEqual([...dead.bytes("dead.7")], [...bytesOf(5)], what);
}

for (const [title, run] of Object.entries(GUESTS)) {
  test(`workers that are killed or stopped at any two calls leave one result, or one in the dead: a guest ${title}`, async () => {
    let pairs = 0;
    const played = await atEachCall(async (newFirst, first) => {
      pairs += await atEachCall((newSecond, second) =>
        playJob(run, [newFirst(), newSecond()], `first ${first}, second ${second}`),
      );
    });
    assert.ok(played >= 8 && pairs >= 64, `${played} and ${pairs} were played`);
  });
}

const COMPONENT = createHash("sha256").update("a component").digest("hex");

/** A guest that writes what it reads. */
async function copying({ stdin, stdout }: SegmentInput): Promise<number> {
  for (let bytes = stdin.read(3); bytes !== null; bytes = stdin.read(3)) {
    // oxlint-disable-next-line no-await-in-loop -- as a guest waits
    if (bytes.length === 0) await changed(stdin);
    else stdout.write(bytes);
  }
  return 0;
}

/** 10 records of a byte, and the end. */
function input(): MemoryStream {
  const stream = new MemoryStream();
  for (let index = 0; index < 10; index++) stream.put("in", Uint8Array.of(index), { writer: "i", offset: index });
  const end = { exitCode: 0, digest: undefined, first: undefined };
  stream.put("in", new Uint8Array(0), { writer: "i", offset: 10, end });
  return stream;
}

test("a stage that is killed or stopped at any call writes each byte once, and of two one wins", async () => {
  const played = await atEachCall(async (newLife, what) => {
    const [from, to] = [input(), new MemoryStream()];
    const start = (life: Life): Promise<number | undefined> =>
      runSegments(life.log(from.log("in", true)), life.log(to.log("out", true)), {
        run: copying,
        component: COMPONENT,
        records: 4,
        windowBytes: 16,
        messageBytes: 2,
        giveUpMs: Infinity,
        timing: new MemoryTiming(),
        newWriter: () => `w${Math.random()}`,
        lastSequence: to.lastSequence,
        onSegment: () => {},
        isStopping: () => false,
      });
    const first = newLife();
    const outcome = start(first).catch((error: unknown) => error);
    await settled();
    await settled();
    const exitCode = await start(new Life());
    first.resume();
    assert.equal(exitCode, 0, what);
    await settled();
    assert.deepEqual([...to.bytes("out")], [...bytesOf(10)], what);
    assert.equal(to.records.filter(({ mark }) => mark?.end).length, 1, what);
    const ended = await Promise.race([outcome, settled().then(() => "never")]);
    assert.ok(ended === "never" || ended === 0 || ended instanceof FencedError, `${what}: ${String(ended)}`);
  });
  assert.ok(played >= 60, `${played} were played`);
});

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

for (const isExclusive of [true, false]) {
  test(`what is put by one that is killed or stopped at any call is there once (exclusive: ${isExclusive})`, async () => {
    const played = await atEachCall(async (newLife, what) => {
      const stream = new MemoryStream();
      const start = (life: Life, writer: string) => {
        const timing = new MemoryTiming();
        const options = {
          giveUpMs: Infinity,
          timing,
          retry: new Retry(timing, Infinity),
          windowBytes: 8,
          messageBytes: 2,
        };
        const { lastSequence } = stream;
        return put(life.log(stream.log("s", isExclusive)), chunks(bytesOf(9), 3), { ...options, writer, lastSequence });
      };
      const first = newLife();
      const outcome = start(first, "first").catch((error: unknown) => error);
      await settled();
      const { bytes, digest } = await start(new Life(), "second");
      first.resume();
      await settled();
      assert.deepEqual([...stream.bytes("s")], [...bytesOf(9)], what);
      assert.deepEqual([bytes, digest], [9, stream.records.at(-1)?.mark?.end?.digest], what);
      assert.equal(stream.records.filter(({ mark }) => mark?.end).length, 1, what);
      const ended = await Promise.race([outcome, settled().then(() => "never")]);
      assert.ok(
        typeof ended !== "object" || ended instanceof FencedError || "digest" in (ended ?? {}),
        `${what}: ${String(ended)}`,
      );
    });
    assert.ok(played >= 20, `${played} were played`);
  });
}

test("what is got by one that is killed at any call is gone on with", async () => {
  const stream = new MemoryStream();
  const timing = new MemoryTiming();
  const common = { giveUpMs: Infinity, timing, retry: new Retry(timing, Infinity) };
  const options = { ...common, writer: "w", lastSequence: 0, windowBytes: 8, messageBytes: 2 };
  await put(stream.log("s", true), chunks(bytesOf(9), 3), options);
  const played = await atEachCall(async (newLife, what) => {
    const file: number[] = [];
    const start = (life: Life) => {
      const existing = file.length > 0 ? chunks(Uint8Array.from(file), 100) : undefined;
      const write = async (bytes: Uint8Array): Promise<void> => void file.push(...bytes);
      return get(life.log(stream.log("s", true)), write, { ...common, existing, existingBytes: file.length });
    };
    void start(newLife()).catch(() => {});
    await settled();
    const { bytes } = await start(new Life());
    assert.equal(bytes, 9, what);
    assert.deepEqual(file, [...bytesOf(9)], what);
  });
  assert.ok(played >= 20, `${played} were played`);
});
