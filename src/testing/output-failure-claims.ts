/* oxlint-disable no-await-in-loop -- the calls of a guest come one after the other */
import {
  expect,
  expectBytes,
  expectDone,
  expectEventually,
  expectOk,
  expectOutcome,
  expectEnds,
  pattern,
  rest,
  start,
  type Claim,
} from "./claims.ts";
import {
  expectAllClosed,
  fill,
  flushed,
  outputClaim as claim,
  permit,
  ready,
  untilReady,
  WRITERS,
  type OutputFixture,
} from "./output-claims.ts";
import { attempt, type OutputSubject } from "./subject.ts";

/** Writes and flushes until the stream says what is wrong with it; gives that. */
async function provoke(fixture: OutputFixture): Promise<string> {
  let tag = "ok";
  const steps: readonly ((stream: OutputSubject) => unknown)[] = [
    (stream) => stream.checkWrite(),
    (stream) => stream.write(pattern(1)),
    (stream) => stream.flush(),
  ];
  await expectEventually(fixture, "an error", async () => {
    if (!(await ready(fixture))) return false;
    for (const step of steps) {
      ({ tag } = await attempt(() => step(fixture.stream)));
      if (tag === "trap") return false;
      if (tag !== "ok") return true;
    }
    return false;
  });
  return tag;
}

export const OUTPUT_FAILURE_CLAIMS: readonly Claim<OutputFixture>[] = [
  claim("3.16", "a failure is reported once, then closed", ["fail"], async (fixture) => {
    await fixture.fail();
    const tag = await provoke(fixture);
    expect(tag === "last-operation-failed", `the failure was reported as ${tag}`);
    await expectAllClosed(fixture, "after the failure was reported");
  }),
  ...WRITERS.map(([name, call]) =>
    claim("3.16", `a failure that ${name} meets is reported once, then closed`, ["stall", "fail"], async (fixture) => {
      await fixture.stall();
      await fill(fixture);
      await fixture.fail();
      await untilReady(fixture);
      await expectOutcome(name, "last-operation-failed", () => call(fixture.stream));
      await expectAllClosed(fixture, "after the failure was reported");
    }),
  ),
  claim("3.16", "a failure ends a flush", ["stall", "fail"], async (fixture) => {
    await fixture.stall();
    await fill(fixture);
    await expectOk("flush", () => fixture.stream.flush());
    await fixture.fail();
    await untilReady(fixture);
    await expectOutcome("check-write", "last-operation-failed", () => fixture.stream.checkWrite());
    await expectAllClosed(fixture, "after the failure was reported");
  }),
  claim(
    "3.16",
    "a failure ends a blocking-flush that waits, and is its outcome",
    ["stall", "fail"],
    async (fixture) => {
      await fixture.stall();
      await fill(fixture);
      const flush = start("blocking-flush", () => fixture.stream.blockingFlush());
      await rest(fixture);
      await fixture.fail();
      await expectEnds(fixture, "last-operation-failed", flush);
      await expectAllClosed(fixture, "after the failure was reported");
    },
    { waits: true },
  ),
  claim("7.4", "a reader that goes away is closed, and not a failure", ["leave"], async (fixture) => {
    await fixture.leave();
    const tag = await provoke(fixture);
    expect(tag === "closed", `a reader that went away was reported as ${tag}`);
    await expectAllClosed(fixture, "after the reader went away");
  }),
  claim("3.2", "on a closed stream, an oversized write is closed and no trap", ["leave"], async (fixture) => {
    await fixture.leave();
    await provoke(fixture);
    const bytes = new Uint8Array(1024 * 1024);
    await expectOutcome("write(1 MiB)", "closed", () => fixture.stream.write(bytes));
  }),
  claim("3.7", "blocking-flush returns at once when there is nothing to flush", [], async (fixture) => {
    await expectDone(
      fixture,
      start("blocking-flush", () => fixture.stream.blockingFlush()),
    );
  }),
  claim(
    "3.7",
    "blocking-flush waits until everything has left",
    ["arrived", "stall", "release"],
    async (fixture) => {
      await fixture.stall();
      const written = await fill(fixture);
      const flush = start("blocking-flush", () => fixture.stream.blockingFlush());
      await rest(fixture);
      expect(!flush.isDone(), "blocking-flush did not wait for a reader that stalls");
      await fixture.release();
      await expectDone(fixture, flush);
      expectBytes("what arrived", await fixture.arrived(written), pattern(written));
    },
    { waits: true },
  ),
  claim("3.8", "blocking-write-and-flush takes 4096 bytes, and they arrive", ["arrived"], async (fixture) => {
    const write = start("blocking-write-and-flush(4096)", () => fixture.stream.blockingWriteAndFlush(pattern(4096)));
    await expectDone(fixture, write);
    expectBytes("what arrived", await fixture.arrived(4096), pattern(4096));
  }),
  claim("3.8", "blocking-write-and-flush of 4097 bytes traps", [], async (fixture) => {
    const write = start("blocking-write-and-flush(4097)", () => fixture.stream.blockingWriteAndFlush(pattern(4097)));
    await expectEnds(fixture, "trap", write);
  }),
  claim("3.8", "blocking-write-and-flush of nothing is done at once", [], async (fixture) => {
    await expectDone(
      fixture,
      start("blocking-write-and-flush(0)", () => fixture.stream.blockingWriteAndFlush(pattern(0))),
    );
  }),
  claim(
    "3.8",
    "blocking-write-and-flush waits for room, and until the bytes have left",
    ["arrived", "stall", "release"],
    async (fixture) => {
      await fixture.stall();
      const written = await fill(fixture);
      const more = pattern(100, written);
      const write = start("blocking-write-and-flush(100)", () => fixture.stream.blockingWriteAndFlush(more));
      await rest(fixture);
      expect(!write.isDone(), "blocking-write-and-flush did not wait for a reader that stalls");
      await fixture.release();
      await expectDone(fixture, write);
      expectBytes("what arrived", await fixture.arrived(written + 100), pattern(written + 100));
    },
    { waits: true },
  ),
  claim("3.10", "blocking-write-zeroes-and-flush takes 4096, and they arrive", ["arrived"], async (fixture) => {
    const { stream } = fixture;
    await expectDone(
      fixture,
      start("blocking-write-zeroes-and-flush(4096)", () => stream.blockingWriteZeroesAndFlush(4096)),
    );
    expectBytes("what arrived", await fixture.arrived(4096), new Uint8Array(4096));
  }),
  claim("3.10", "blocking-write-zeroes-and-flush of 4097 traps", [], async (fixture) => {
    const { stream } = fixture;
    const write = start("blocking-write-zeroes-and-flush(4097)", () => stream.blockingWriteZeroesAndFlush(4097));
    await expectEnds(fixture, "trap", write);
  }),
  claim(
    "3.11",
    "splice moves what is there, at most as much as was asked for",
    ["arrived", "input"],
    async (fixture) => {
      const input = await fixture.input();
      await input.supplyLater(pattern(20));
      let moved = 0;
      await expectEventually(fixture, "a splice of a byte", async () => {
        await permit(fixture);
        moved = Number(await expectOk("splice(7)", () => fixture.stream.splice(input.stream, 7)));
        expect(moved <= 7, `splice(7) moved ${moved}`);
        return moved > 0;
      });
      await flushed(fixture);
      expectBytes("what arrived", await fixture.arrived(moved), pattern(moved));
      const rest20 = await expectOk("read(20)", () => input.stream.read(20));
      expectBytes("what is left", rest20, pattern(rest20.length, moved));
      await input.dispose?.();
    },
  ),
  claim("3.11", "splice of a source that has nothing now moves nothing", ["input"], async (fixture) => {
    const input = await fixture.input();
    await permit(fixture);
    const moved = Number(await expectOk("splice(7)", () => fixture.stream.splice(input.stream, 7)));
    expect(moved === 0, `splice(7) moved ${moved} of nothing`);
    await input.dispose?.();
  }),
  claim("3.11", "splice of a source at its end is closed", ["input"], async (fixture) => {
    const input = await fixture.input();
    await input.end();
    await expectEventually(input, "the end of the source", async () => (await input.stream.subscribe()).ready());
    await permit(fixture);
    await expectOutcome("splice(7)", "closed", () => fixture.stream.splice(input.stream, 7));
    await permit(fixture);
    await input.dispose?.();
  }),
  claim("3.11", "splice without a permit leaves the source as it is", ["input", "stall"], async (fixture) => {
    const input = await fixture.input();
    await input.supplyLater(pattern(4));
    await fixture.stall();
    await fill(fixture);
    const moved = Number(await expectOk("splice(4)", () => fixture.stream.splice(input.stream, 4)));
    expect(moved === 0, `splice(4) moved ${moved} bytes without a permit`);
    const read = start("blocking-read(4)", () => input.stream.blockingRead(4));
    expectBytes("what is left", await expectDone(input, read), pattern(4));
    await input.dispose?.();
  }),
  claim("3.12", "blocking-splice moves at most as much as was asked for", ["arrived", "input"], async (fixture) => {
    const input = await fixture.input();
    await input.supplyLater(pattern(20));
    const splice = start("blocking-splice(7)", () => fixture.stream.blockingSplice(input.stream, 7));
    const moved = Number(await expectDone(fixture, splice));
    expect(moved >= 1 && moved <= 7, `blocking-splice(7) moved ${moved}`);
    await flushed(fixture);
    expectBytes("what arrived", await fixture.arrived(moved), pattern(moved));
    await input.dispose?.();
  }),
  claim(
    "3.12",
    "blocking-splice waits for room and for bytes",
    ["arrived", "input", "stall", "release"],
    async (fixture) => {
      const input = await fixture.input();
      await fixture.stall();
      const written = await fill(fixture);
      const splice = start("blocking-splice(7)", () => fixture.stream.blockingSplice(input.stream, 7));
      await rest(fixture);
      expect(!splice.isDone(), "blocking-splice waited for nobody");
      await fixture.release();
      await rest(fixture);
      expect(!splice.isDone(), "blocking-splice did not wait for the source");
      await input.supplyLater(pattern(7, written));
      const moved = Number(await expectDone(fixture, splice));
      expect(moved >= 1 && moved <= 7, `blocking-splice(7) moved ${moved}`);
      await flushed(fixture);
      expectBytes("what arrived", await fixture.arrived(written + moved), pattern(written + moved));
      await input.dispose?.();
    },
    { waits: true },
  ),
  claim("3.12", "blocking-splice of a source at its end is closed", ["input"], async (fixture) => {
    const input = await fixture.input();
    await input.end();
    const splice = start("blocking-splice(7)", () => fixture.stream.blockingSplice(input.stream, 7));
    await expectEnds(fixture, "closed", splice);
    await input.dispose?.();
  }),
];
