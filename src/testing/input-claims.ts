/* oxlint-disable no-await-in-loop -- the calls of a guest come one after the other */
import {
  claimsAbout,
  expect,
  expectBytes,
  expectDone,
  expectEnds,
  expectEventually,
  expectOk,
  expectOutcome,
  pattern,
  rest,
  start,
  type Claim,
  type Fixture,
} from "./claims.ts";
import { attempt, type Awaitable, type InputSubject } from "./subject.ts";

/** A fresh input stream and its other side. Claims that need a control that is not there are skipped. */
export interface InputFixture extends Fixture {
  readonly stream: InputSubject;
  /** Makes bytes come out. Called before the stream is used, too. */
  readonly supply?: (bytes: Uint8Array) => Awaitable<void>;
  /** As `supply`, also while somebody reads: absent if the stream's bytes are all there from the start. */
  readonly supplyLater?: (bytes: Uint8Array) => Awaitable<void>;
  /** Ends the stream after what was supplied. */
  readonly end?: () => Awaitable<void>;
  /** Makes the stream fail after what was supplied. */
  readonly fail?: () => Awaitable<void>;
}

const claim = claimsAbout<InputFixture>();
const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** Each call that reads, by its name in WIT. */
const READERS: readonly (readonly [name: string, call: (stream: InputSubject) => unknown])[] = [
  ["read(8)", (stream) => stream.read(8)],
  ["skip(8)", (stream) => stream.skip(8)],
  ["blocking-read(8)", (stream) => stream.blockingRead(8)],
  ["blocking-skip(8)", (stream) => stream.blockingSkip(8)],
];

async function ready({ stream }: InputFixture): Promise<boolean> {
  const pollable = await stream.subscribe();
  const answer = await pollable.ready();
  await pollable.drop?.();
  return answer;
}

/** Reads without blocking, turn by turn, until `count` bytes have come. */
async function readAll(fixture: InputFixture, count: number, max: number | bigint): Promise<Uint8Array> {
  const all: number[] = [];
  await expectEventually(fixture, `the arrival of ${count} bytes by read(${max})`, async () => {
    const bytes = await expectOk(`read(${max})`, () => fixture.stream.read(max));
    expect(BigInt(bytes.length) <= BigInt(max), `read(${max}) gave ${bytes.length} bytes`);
    all.push(...bytes);
    return all.length >= count;
  });
  return Uint8Array.from(all);
}

/** Reads until something but "not now" comes: what the claims about ends and failures begin with. */
async function untilReady(fixture: InputFixture): Promise<void> {
  await expectEventually(fixture, "readiness", () => ready(fixture));
}

/** Reads until the end has come; nothing else may. */
async function untilClosed(fixture: InputFixture): Promise<void> {
  await expectEventually(fixture, "the end", async () => {
    const outcome = await attempt(() => fixture.stream.read(8));
    if (outcome.tag === "ok") expect(outcome.value.length === 0, "bytes come from nowhere");
    else await expectOutcome("read(8) at the end", "closed", () => Promise.reject(outcome.thrown));
    return outcome.tag === "closed";
  });
}

async function expectClosed(stream: InputSubject, after: string): Promise<void> {
  for (const [name, call] of READERS) await expectOutcome(`${name} ${after}`, "closed", () => call(stream));
  await expectOutcome(`read(0) ${after}`, "closed", () => stream.read(0));
}

export const INPUT_CLAIMS: readonly Claim<InputFixture>[] = [
  claim("1.5", "read(u64::MAX) is a short read", ["supply"], async (fixture) => {
    await fixture.supply(pattern(100));
    expectBytes("what was read", await readAll(fixture, 100, U64_MAX), pattern(100));
  }),
  ...[1, 3, 64].map((max) =>
    claim(
      "2.1",
      `read(${max}) gives at most that many bytes, all of them, and in order`,
      ["supply"],
      async (fixture) => {
        await fixture.supply(pattern(64));
        expectBytes("what was read", await readAll(fixture, 64, max), pattern(64));
      },
    ),
  ),
  claim("2.1", "read gives an empty list when there is nothing now", ["supplyLater"], async (fixture) => {
    for (let round = 0; round < 3; round++) {
      expectBytes("read(8)", await expectOk("read(8)", () => fixture.stream.read(8)), pattern(0));
      await rest(fixture);
    }
    await fixture.supplyLater(pattern(8));
    expectBytes("what was read then", await readAll(fixture, 8, 8), pattern(8));
  }),
  claim(
    "2.1",
    "a guest that only reads gets its data, without waiting on a pollable",
    ["supplyLater"],
    async (fixture) => {
      await fixture.stream.read(8);
      await fixture.supplyLater(pattern(8));
      expectBytes("what was read", await readAll(fixture, 8, 100), pattern(8));
    },
  ),
  claim("2.1", "the end is closed, not an empty list, and stays", ["supply", "end"], async (fixture) => {
    await fixture.supply(pattern(8));
    await fixture.end();
    expectBytes("what was read", await readAll(fixture, 8, 8), pattern(8));
    await untilClosed(fixture);
    await expectClosed(fixture.stream, "after the end");
  }),
  claim("2.1", "a stream that ends at once is closed", ["end"], async (fixture) => {
    await fixture.end();
    await untilClosed(fixture);
    await expectClosed(fixture.stream, "after the end");
  }),
  claim("2.2", "read(0) gives an empty list and takes nothing", ["supply"], async (fixture) => {
    await fixture.supply(pattern(8));
    for (let round = 0; round < 3; round++) {
      expectBytes("read(0)", await expectOk("read(0)", () => fixture.stream.read(0)), pattern(0));
      await untilReady(fixture);
    }
    expectBytes("what was read then", await readAll(fixture, 8, 8), pattern(8));
  }),
  claim("2.3", "blocking-read gives at least one byte, and at most what was asked for", ["supply"], async (fixture) => {
    await fixture.supply(pattern(10));
    const all: number[] = [];
    while (all.length < 10) {
      const bytes = await expectDone(
        fixture,
        start("blocking-read(4)", () => fixture.stream.blockingRead(4)),
      );
      expect(bytes.length > 0 && bytes.length <= 4, `blocking-read(4) gave ${bytes.length} bytes`);
      all.push(...bytes);
    }
    expectBytes("what was read", Uint8Array.from(all), pattern(10));
  }),
  claim("2.3", "blocking-read(u64::MAX) does not wait for more than is there", ["supply"], async (fixture) => {
    await fixture.supply(pattern(8));
    const read = start("blocking-read(u64::MAX)", () => fixture.stream.blockingRead(U64_MAX));
    const bytes = await expectDone(fixture, read);
    expectBytes("what was read", bytes, pattern(bytes.length));
    expect(bytes.length > 0, "blocking-read(u64::MAX) gave an empty list");
  }),
  claim(
    "2.3",
    "blocking-read waits until bytes come",
    ["supplyLater"],
    async (fixture) => {
      const read = start("blocking-read(8)", () => fixture.stream.blockingRead(8));
      await rest(fixture);
      expect(!read.isDone(), "blocking-read(8) did not wait");
      await fixture.supplyLater(pattern(4));
      const bytes = await expectDone(fixture, read);
      expectBytes("what was read", bytes, pattern(bytes.length));
      expect(bytes.length > 0, "blocking-read(8) gave an empty list");
    },
    { waits: true },
  ),
  claim(
    "2.3",
    "blocking-read of a stream that ends meanwhile is closed",
    ["supplyLater", "end"],
    async (fixture) => {
      const read = start("blocking-read(8)", () => fixture.stream.blockingRead(8));
      await rest(fixture);
      await fixture.end();
      await expectEnds(fixture, "closed", read);
    },
    { waits: true },
  ),
  claim("2.3", "blocking-read(0) gives an empty list and takes nothing", ["supply"], async (fixture) => {
    await fixture.supply(pattern(4));
    const read = start("blocking-read(0)", () => fixture.stream.blockingRead(0));
    expectBytes("blocking-read(0)", await expectDone(fixture, read), pattern(0));
    expectBytes("what was read then", await readAll(fixture, 4, 4), pattern(4));
  }),
  claim("2.4", "skip gives a number, and the next read goes on after it", ["supply"], async (fixture) => {
    await fixture.supply(pattern(64));
    let skipped = 0;
    await expectEventually(fixture, "skip(5) of a byte", async () => {
      await untilReady(fixture);
      const count = await expectOk("skip(5)", () => fixture.stream.skip(5));
      expect(typeof count === "number" || typeof count === "bigint", `skip(5) gave ${typeof count}`);
      skipped = Number(count);
      expect(skipped <= 5, `skip(5) gave ${skipped}`);
      return skipped > 0;
    });
    expectBytes("what was read then", await readAll(fixture, 64 - skipped, 64), pattern(64 - skipped, skipped));
  }),
  claim("2.4", "blocking-skip gives a number, and the next read goes on after it", ["supply"], async (fixture) => {
    await fixture.supply(pattern(64));
    const skip = start("blocking-skip(5)", () => fixture.stream.blockingSkip(5));
    const skipped = Number(await expectDone(fixture, skip));
    expect(skipped >= 1 && skipped <= 5, `blocking-skip(5) gave ${skipped}`);
    expectBytes("what was read then", await readAll(fixture, 64 - skipped, 64), pattern(64 - skipped, skipped));
  }),
  claim("2.4", "skip(0) gives 0 and takes nothing", ["supply"], async (fixture) => {
    await fixture.supply(pattern(4));
    await untilReady(fixture);
    const count = Number(await expectOk("skip(0)", () => fixture.stream.skip(0)));
    expect(count === 0, `skip(0) gave ${count}`);
    expectBytes("what was read then", await readAll(fixture, 4, 4), pattern(4));
  }),
  claim("2.5", "ready says no while there is nothing, and yes when there is", ["supplyLater"], async (fixture) => {
    for (let round = 0; round < 3; round++) {
      expect(!(await ready(fixture)), "an idle stream is ready");
      await rest(fixture);
      expect(!(await ready(fixture)), "an idle stream is ready");
      await fixture.supplyLater(pattern(4));
      await untilReady(fixture);
      await readAll(fixture, 4, 4);
    }
  }),
  claim("2.5", "what is ready gives something", ["supply", "end"], async (fixture) => {
    await fixture.supply(pattern(20));
    await fixture.end();
    for (let over = false, round = 0; !over; round++) {
      expect(round < 1000, "the stream never ended");
      await untilReady(fixture);
      const outcome = await attempt(() => fixture.stream.read(3));
      if (outcome.tag === "ok") expect(outcome.value.length > 0, "a stream that is ready gave an empty list");
      else over = true;
    }
  }),
  claim(
    "2.5",
    "block returns when bytes come",
    ["supplyLater"],
    async (fixture) => {
      const pollable = await fixture.stream.subscribe();
      const block = start("block", () => pollable.block());
      await rest(fixture);
      expect(!block.isDone(), "block did not wait");
      await fixture.supplyLater(pattern(1));
      await expectDone(fixture, block);
    },
    { waits: true },
  ),
  claim("2.5", "a stream that is closed is ready for ever", ["end"], async (fixture) => {
    await fixture.end();
    await untilReady(fixture);
    await attempt(() => fixture.stream.read(1));
    for (let round = 0; round < 3; round++) {
      expect(await ready(fixture), "a closed stream is not ready");
      await rest(fixture);
    }
  }),
  claim("2.6", "the bytes before a failure come first", ["supply", "fail"], async (fixture) => {
    await fixture.supply(pattern(8));
    await fixture.fail();
    expectBytes("what was read", await readAll(fixture, 8, 3), pattern(8));
    await untilReady(fixture);
    await expectOutcome("read(8)", "last-operation-failed", () => fixture.stream.read(8));
  }),
  ...READERS.map(([name, call]) =>
    claim("2.6", `a failure that ${name} meets is reported once, then closed`, ["fail"], async (fixture) => {
      await fixture.fail();
      await untilReady(fixture);
      await expectOutcome(name, "last-operation-failed", () => call(fixture.stream));
      await expectClosed(fixture.stream, "after the failure was reported");
      expect(await ready(fixture), "a closed stream is not ready");
    }),
  ),
];
