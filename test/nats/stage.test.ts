/** What becomes of an ordered stage, whatever becomes of its processes, its requests and their answers. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { changed, woken } from "../../src/io/steps.ts";
import { FencedError, LostRecordsError } from "../../src/nats/broker-error.ts";
import { DivergedError } from "../../src/nats/stage/replay-sink.ts";
import {
  runSegments,
  StageFailedError,
  type Segment,
  type SegmentInput,
  type SegmentsOptions,
} from "../../src/nats/stage/segments.ts";
import { microtasks } from "../../src/testing/index.ts";
import { MemoryStream, MemoryTiming, type Fault } from "./memory-log.ts";

const COMPONENT = createHash("sha256").update("a component").digest("hex");
const END = { exitCode: 0, digest: undefined, first: undefined };

/** A guest with a state: each byte, and the sum of all up to there. */
async function summing({ stdin, stdout }: SegmentInput): Promise<number> {
  let sum = 0;
  /* oxlint-disable no-await-in-loop -- as a guest waits */
  for (let bytes = stdin.read(3); bytes !== null; bytes = stdin.read(3)) {
    if (bytes.length === 0) await changed(stdin);
    const out = [...bytes].flatMap((byte) => [byte, (sum = (sum + byte) % 256)]);
    for (let at = 0; at < out.length;) {
      const taken = stdout.write(Uint8Array.from(out.slice(at)));
      at += taken;
      if (taken === 0) await woken(stdout);
    }
  }
  while (!stdout.flush()) await woken(stdout);
  /* oxlint-enable no-await-in-loop */
  return 0;
}

/** What `summing` makes of segments of `records` bytes each. */
function expectedOf(count: number, records: number): number[] {
  const all: number[] = [];
  let sum = 0;
  for (let index = 0; index < count; index++) {
    if (index % records === 0) sum = 0;
    sum = (sum + index) % 256;
    all.push(index, sum);
  }
  return all;
}

function inputOf(count: number): MemoryStream {
  const stream = new MemoryStream();
  for (let index = 0; index < count; index++) {
    stream.put("in", Uint8Array.of(index), { writer: "i", offset: index });
  }
  stream.put("in", new Uint8Array(0), { writer: "i", offset: count, end: END });
  return stream;
}

let writers = 0;

function optionsWith(output: MemoryStream, more: Partial<SegmentsOptions> = {}): SegmentsOptions {
  return {
    run: summing,
    component: COMPONENT,
    records: 4,
    windowBytes: 16,
    messageBytes: 3,
    giveUpMs: Infinity,
    timing: new MemoryTiming(),
    newWriter: () => `w${++writers}`,
    lastSequence: output.lastSequence,
    onSegment: () => {},
    isStopping: () => false,
    ...more,
  };
}

const runOn = (input: MemoryStream, output: MemoryStream, more: Partial<SegmentsOptions> = {}) =>
  runSegments(input.log("in", true), output.log("out", true), optionsWith(output, more));

/** Starts the stage again and again, as a supervisor does, until it has come to the end. */
async function untilOver(input: MemoryStream, output: MemoryStream, mostAtOnce: number): Promise<void> {
  for (let start = 0; start < 200; start++) {
    const stages = Array.from({ length: mostAtOnce }, () =>
      runOn(input, output).catch((error: unknown) => {
        if (!(error instanceof FencedError)) throw error;
      }),
    );
    const pause = async (): Promise<void> => {
      // oxlint-disable-next-line no-await-in-loop -- long enough for whoever is alive
      for (let turn = 0; turn < 40; turn++) await microtasks();
    };
    // oxlint-disable-next-line no-await-in-loop -- one start after the other; who has died never answers
    await Promise.race([Promise.all(stages), pause()]);
    if (output.records.at(-1)?.mark?.end) return;
  }
  throw new Error("the stage never came to its end");
}

async function playFaults(isCareless: boolean): Promise<void> {
  const fault = fc.constantFrom<Fault>("none", "none", "none", "answer", "request", "dies", "last words");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { maxLength: 40 }),
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 1, max: 2 }),
      async (faults, count, mostAtOnce) => {
        const [input, output] = [inputOf(count), new MemoryStream()];
        output.isCareless = isCareless;
        output.fault = (append) => faults[append] ?? "none";
        await untilOver(input, output, mostAtOnce);
        assert.deepEqual([...output.bytes("out")], expectedOf(count, 4));
        assert.equal(output.records.filter(({ mark }) => mark?.end).length, 1);
      },
    ),
    { numRuns: 150 },
  );
}

test("whoever dies, and whatever is lost, each byte of the output is stored once and in order", () =>
  playFaults(false));

test("with a broker that does not look at expectations the same play finds wrong outputs", async () => {
  await assert.rejects(playFaults(true), /Property failed/);
});

test("a new start runs one segment again, and drops what it had written", async () => {
  const [input, output] = [inputOf(10), new MemoryStream()];
  output.fault = (append) => (append === 6 ? "dies" : "none");
  void runOn(input, output);
  for (let turn = 0; turn < 20; turn++) {
    // oxlint-disable-next-line no-await-in-loop -- until it is dead
    await microtasks();
  }
  const before = output.bytes("out").length;
  output.fault = () => "none";
  const segments: Segment[] = [];
  const firsts: number[] = [];
  const run = (given: SegmentInput): Promise<number> => {
    firsts.push(given.first);
    return summing(given);
  };
  assert.equal(await runOn(input, output, { run, onSegment: (segment) => segments.push(segment) }), 0);
  const [first] = segments;
  assert.ok(first);
  assert.equal(first.first, firsts[0]);
  assert.ok(first.first > 1, "not from the start");
  assert.equal(first.replayedBytes, before - 2 * (first.first - 1));
  assert.deepEqual([...output.bytes("out")], expectedOf(10, 4));
});

test("a guest that does not write the same again is found out, and nothing more is stored", async () => {
  const [input, output] = [inputOf(4), new MemoryStream()];
  output.fault = (append) => (append === 2 ? "dies" : "none");
  void runOn(input, output);
  for (let turn = 0; turn < 20; turn++) {
    // oxlint-disable-next-line no-await-in-loop -- until it is dead
    await microtasks();
  }
  output.fault = () => "none";
  const before = output.records.length;
  assert.ok(before > 0);
  const other = async ({ stdout }: SegmentInput): Promise<number> => {
    stdout.write(new Uint8Array(20).fill(99));
    return 0;
  };
  await assert.rejects(runOn(input, output, { run: other }), DivergedError);
  const less = async (): Promise<number> => 0;
  await assert.rejects(runOn(input, output, { run: less }), /has written 0 bytes, where it had written/);
  assert.equal(output.records.length, before);
});

test("a guest that fails stops the stage where it is; another component does not go on with its output", async () => {
  const [input, output] = [inputOf(10), new MemoryStream()];
  let runs = 0;
  const run = (given: SegmentInput): Promise<number> => (runs++ === 1 ? Promise.resolve(3) : summing(given));
  await assert.rejects(runOn(input, output, { run }), (error) => {
    assert.ok(error instanceof StageFailedError);
    assert.equal(error.message, "In the segment from message 5 on: it exited with 3");
    return true;
  });
  assert.equal(input.readers, 0);
  const component = createHash("sha256").update("another").digest("hex");
  await assert.rejects(runOn(input, output, { component }), /was written by another component/);
  assert.equal(await runOn(input, output), 0);
  assert.deepEqual([...output.bytes("out")], expectedOf(10, 4));
  assert.equal(await runOn(input, output), 0, "what is complete stays so");
});

test("a stage that has failed sends nothing more, also where the stream was full", async () => {
  const [input, output] = [inputOf(4), new MemoryStream()];
  output.isFull = true;
  const timing = new MemoryTiming();
  timing.wait = () => nextTurn();
  const run = async ({ stdout }: SegmentInput): Promise<number> => {
    stdout.write(Uint8Array.of(1, 2, 3));
    return 3;
  };
  await assert.rejects(runOn(input, output, { run, timing }), StageFailedError);
  output.isFull = false;
  for (let turns = 0; turns < 10; turns++) {
    // oxlint-disable-next-line no-await-in-loop -- it would be sent now
    await nextTurn();
  }
  assert.equal(output.records.length, 0);
});

test("a segment without output is recorded too, and a guest may leave before it has read all", async () => {
  const [input, output] = [inputOf(10), new MemoryStream()];
  assert.equal(await runOn(input, output, { run: async () => 0 }), 0);
  assert.deepEqual(
    output.records.map(({ data, mark }) => [data.length, mark?.segment?.last, mark?.end?.exitCode]),
    [
      [0, 4, undefined],
      [0, 8, undefined],
      [0, 11, 0],
    ],
  );
});

test("input that is gone before it was read stops the stage", async () => {
  const [input, output] = [inputOf(10), new MemoryStream()];
  await assert.rejects(
    runOn(input, output, {
      onSegment: () => {
        input.records.splice(0, 6);
      },
    }),
    LostRecordsError,
  );
});

test("input that is gone stops the stage while nothing comes that would show it", async () => {
  for (const records of [2, 100]) {
    const [input, output] = [new MemoryStream(), new MemoryStream()];
    for (const byte of [1, 2]) input.put("in", Uint8Array.of(byte));
    const running = runOn(input, output, { records });
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await microtasks();
    input.put("in", Uint8Array.of(3));
    input.purge();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(running, /LostRecordsError: in has no message 3: the next is 4$/);
  }
});
