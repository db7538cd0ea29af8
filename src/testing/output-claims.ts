/* oxlint-disable no-await-in-loop -- the calls of a guest come one after the other */
import {
  claimsAbout,
  expect,
  expectBytes,
  expectDone,
  expectEventually,
  expectOk,
  expectOutcome,
  fail,
  pattern,
  rest,
  start,
  type Claim,
  type Fixture,
} from "./claims.ts";
import type { InputFixture } from "./input-claims.ts";
import { attempt, type Awaitable, type Outcome, type OutputSubject } from "./subject.ts";

/** A fresh output stream and its other side. Claims that need a control that is not there are skipped. */
export interface OutputFixture extends Fixture {
  readonly stream: OutputSubject;
  /** Everything that has arrived so far; a promise of it if it takes a while until that is `count` bytes. */
  readonly arrived?: (count: number) => Awaitable<Uint8Array>;
  /** The other side takes nothing more (but for what a pipe between the two may hold), until `release`. */
  readonly stall?: () => Awaitable<void>;
  /** The other side takes everything again. */
  readonly release?: () => Awaitable<void>;
  /** The other side fails, with what is not an end. */
  readonly fail?: () => Awaitable<void>;
  /** The other side goes away. */
  readonly leave?: () => Awaitable<void>;
  /** An input stream of the same host, for `splice`. */
  readonly input?: () => Awaitable<InputFixture & Required<Pick<InputFixture, "supplyLater" | "end">>>;
}

export const outputClaim: ReturnType<typeof claimsAbout<OutputFixture>> = claimsAbout<OutputFixture>();
const claim = outputClaim;

/** More than any host should take for a reader that does not read. */
const UNBOUNDED_BYTES = 4 * 1024 * 1024;

/** Each call that writes, by its name in WIT: the error of a stream comes before any rule about sizes. */
export const WRITERS: readonly (readonly [name: string, call: (stream: OutputSubject) => unknown])[] = [
  ["check-write", (stream) => stream.checkWrite()],
  ["write(1 byte)", (stream) => stream.write(pattern(1))],
  ["flush", (stream) => stream.flush()],
  ["write-zeroes(1)", (stream) => stream.writeZeroes(1)],
  ["blocking-write-and-flush(1 byte)", (stream) => stream.blockingWriteAndFlush(pattern(1))],
  ["blocking-write-and-flush(0 bytes)", (stream) => stream.blockingWriteAndFlush(pattern(0))],
  ["blocking-flush", (stream) => stream.blockingFlush()],
  ["blocking-write-zeroes-and-flush(1)", (stream) => stream.blockingWriteZeroesAndFlush(1)],
];

export async function ready({ stream }: OutputFixture): Promise<boolean> {
  const pollable = await stream.subscribe();
  const answer = await pollable.ready();
  await pollable.drop?.();
  return answer;
}

export async function untilReady(fixture: OutputFixture): Promise<void> {
  await expectEventually(fixture, "readiness", () => ready(fixture));
}

/** Waits until something is permitted; gives how much. */
export async function permit(fixture: OutputFixture): Promise<number> {
  let permitted = 0;
  await expectEventually(fixture, "a permit", async () => {
    permitted = Number(await expectOk("check-write", () => fixture.stream.checkWrite()));
    return permitted > 0;
  });
  return permitted;
}

/** Writes until nothing is permitted any more; gives everything that was written. */
export async function fill(fixture: OutputFixture): Promise<number> {
  let written = 0;
  for (let idle = 0; idle < 3;) {
    const permitted = Number(await expectOk("check-write", () => fixture.stream.checkWrite()));
    if (permitted === 0) {
      idle++;
      await rest(fixture);
      continue;
    }
    idle = 0;
    const bytes = pattern(Math.min(permitted, 64 * 1024), written);
    await expectOk(`write(${bytes.length}) on a permit of ${permitted}`, () => fixture.stream.write(bytes));
    written += bytes.length;
    expect(written <= UNBOUNDED_BYTES, `${written} bytes were permitted while nobody read`);
  }
  return written;
}

/** Waits until everything is through. */
export async function flushed(fixture: OutputFixture): Promise<void> {
  await expectOk("flush", () => fixture.stream.flush());
  await permit(fixture);
}

export async function expectAllClosed(fixture: OutputFixture, after: string): Promise<void> {
  for (const [name, call] of WRITERS) {
    await expectOutcome(`${name} ${after}`, "closed", () => call(fixture.stream));
    expect(await ready(fixture), `a closed stream is not ready (${name} ${after})`);
  }
}

/** What check-write says, after a check that readiness says the same. */
async function agreed(fixture: OutputFixture, when: string): Promise<Outcome<unknown>> {
  const before = await ready(fixture);
  const outcome = await attempt(() => fixture.stream.checkWrite());
  const after = await ready(fixture);
  const can = outcome.tag !== "ok" || Number(outcome.value) > 0;
  const said = outcome.tag === "ok" ? String(outcome.value) : outcome.tag;
  // Where the two differ, something has changed between the calls.
  expect(before !== after || before === can, `${when}, ready says ${before} and check-write ${said}`);
  return outcome;
}

export const OUTPUT_CLAIMS: readonly Claim<OutputFixture>[] = [
  claim("3.1", "check-write permits something on a fresh stream, again and again", [], async (fixture) => {
    for (let round = 0; round < 3; round++) await permit(fixture);
  }),
  claim("3.1", "a reader that stalls stops the writer", ["stall"], async (fixture) => {
    await fixture.stall();
    await fill(fixture);
  }),
  claim("3.1", "a writer that was stopped goes on when the reader does", ["stall", "release"], async (fixture) => {
    await fixture.stall();
    await fill(fixture);
    await fixture.release();
    await untilReady(fixture);
    await permit(fixture);
  }),
  claim("3.2", "a write of the whole permit arrives", ["arrived"], async (fixture) => {
    const permitted = Math.min(await permit(fixture), 1024 * 1024);
    await expectOk(`write(${permitted})`, () => fixture.stream.write(pattern(permitted)));
    await flushed(fixture);
    expectBytes("what arrived", await fixture.arrived(permitted), pattern(permitted));
  }),
  claim("3.2", "a write of one byte more than the permit traps", [], async (fixture) => {
    const permitted = await permit(fixture);
    const bytes = new Uint8Array(permitted + 1);
    await expectOutcome(`write(${bytes.length}) on a permit of ${permitted}`, "trap", () =>
      fixture.stream.write(bytes),
    );
  }),
  claim("3.2", "what was written may be overwritten as soon as write returns", ["arrived"], async (fixture) => {
    const bytes = pattern(1);
    await permit(fixture);
    await expectOk("write(1)", () => fixture.stream.write(bytes));
    bytes.fill(0xff);
    await flushed(fixture);
    expectBytes("what arrived", await fixture.arrived(1), pattern(1));
  }),
  claim(
    "3.2",
    "what was written to a stalled reader may be overwritten too",
    ["arrived", "stall", "release"],
    async (fixture) => {
      await fixture.stall();
      const bytes = pattern(1);
      for (let turn = 0; turn < 2; turn++) {
        if (Number(await fixture.stream.checkWrite()) === 0) fail("nothing is permitted after one byte");
        await expectOk("write(1)", () => fixture.stream.write(bytes));
      }
      bytes.fill(0xff);
      await fixture.release();
      await flushed(fixture);
      expectBytes("what arrived", await fixture.arrived(2), Uint8Array.of(1, 1));
    },
  ),
  claim("3.2", "everything arrives in the order of the calls, whatever wrote it", ["arrived"], async (fixture) => {
    const { stream } = fixture;
    await permit(fixture);
    await expectOk("write(1)", () => stream.write(Uint8Array.of(1)));
    await permit(fixture);
    await expectOk("write-zeroes(1)", () => stream.writeZeroes(1));
    await expectDone(
      fixture,
      start("blocking-write-and-flush(1)", () => stream.blockingWriteAndFlush(Uint8Array.of(2))),
    );
    await expectDone(
      fixture,
      start("blocking-write-zeroes-and-flush(2)", () => stream.blockingWriteZeroesAndFlush(2)),
    );
    await permit(fixture);
    await expectOk("write(1)", () => stream.write(Uint8Array.of(3)));
    await flushed(fixture);
    expectBytes("what arrived", await fixture.arrived(6), Uint8Array.of(1, 0, 2, 0, 0, 3));
  }),
  claim(
    "3.2",
    "what a stalled reader did not take arrives whole and in order",
    ["arrived", "stall", "release"],
    async (fixture) => {
      await fixture.stall();
      const written = await fill(fixture);
      await fixture.release();
      await flushed(fixture);
      expectBytes("what arrived", await fixture.arrived(written), pattern(written));
    },
  ),
  claim("3.3", "a write without a check-write traps", [], async ({ stream }) => {
    await expectOutcome("write(1) without a check-write", "trap", () => stream.write(pattern(1)));
  }),
  claim("3.3", "an empty write needs no permit", [], async ({ stream }) => {
    await expectOk("write(0)", () => stream.write(pattern(0)));
  }),
  claim("3.4", "a permit is for one write", [], async (fixture) => {
    const permitted = await permit(fixture);
    if (permitted < 2) return;
    await expectOk("write(1)", () => fixture.stream.write(pattern(1)));
    await expectOutcome("a second write(1) on one permit", "trap", () => fixture.stream.write(pattern(1)));
  }),
  claim(
    "3.5",
    "flush permits nothing, and is not ready, until it is complete",
    ["stall", "release"],
    async (fixture) => {
      await fixture.stall();
      await fill(fixture);
      await expectOk("flush", () => fixture.stream.flush());
      for (let round = 0; round < 5; round++) {
        const permitted = Number(await expectOk("check-write", () => fixture.stream.checkWrite()));
        expect(permitted === 0, `check-write gave ${permitted} while a flush could not be complete`);
        expect(!(await ready(fixture)), "the stream is ready while a flush could not be complete");
        await rest(fixture);
      }
      await fixture.release();
      await untilReady(fixture);
      await permit(fixture);
    },
  ),
  claim("3.5", "what was flushed has left when the flush is complete", ["arrived"], async (fixture) => {
    for (let round = 1; round <= 4; round++) {
      await permit(fixture);
      await expectOk("write(1)", () => fixture.stream.write(pattern(1, round - 1)));
      await flushed(fixture);
      expectBytes("what arrived", await fixture.arrived(round), pattern(round));
    }
  }),
  claim("3.5", "flush with nothing written is complete at once or soon", [], async (fixture) => {
    await flushed(fixture);
    await flushed(fixture);
  }),
  claim("3.5", "flush may be repeated while it is under way", ["stall", "release"], async (fixture) => {
    await fixture.stall();
    await fill(fixture);
    for (let round = 0; round < 3; round++) await expectOk("flush", () => fixture.stream.flush());
    await fixture.release();
    await permit(fixture);
  }),
  claim("3.5", "flush takes back the permit", [], async (fixture) => {
    await permit(fixture);
    await expectOk("flush", () => fixture.stream.flush());
    await expectOutcome("write(1) on a permit from before the flush", "trap", () => fixture.stream.write(pattern(1)));
  }),
  claim("3.6", "a write while a flush is under way traps", ["stall"], async (fixture) => {
    await fixture.stall();
    await fill(fixture);
    await expectOk("flush", () => fixture.stream.flush());
    await expectOutcome("write(1) during a flush", "trap", () => fixture.stream.write(pattern(1)));
  }),
  claim("3.9", "write-zeroes writes that many zeroes", ["arrived"], async (fixture) => {
    const count = Math.min(await permit(fixture), 5000);
    await expectOk(`write-zeroes(${count})`, () => fixture.stream.writeZeroes(count));
    await flushed(fixture);
    expectBytes("what arrived", await fixture.arrived(count), new Uint8Array(count));
  }),
  claim("3.9", "write-zeroes of more than is permitted traps", ["stall"], async (fixture) => {
    await fixture.stall();
    await fill(fixture);
    await expectOutcome("write-zeroes(1) without room", "trap", () => fixture.stream.writeZeroes(1));
  }),
  claim("3.9", "write-zeroes(u64::MAX) traps", [], async ({ stream }) => {
    const count = 0xffff_ffff_ffff_ffffn;
    await expectOutcome("write-zeroes(u64::MAX)", "trap", () => stream.writeZeroes(count));
  }),
  claim("3.14", "ready and check-write agree on a fresh stream, and after a write and a flush", [], async (fixture) => {
    await agreed(fixture, "fresh");
    const permitted = await permit(fixture);
    await expectOk("write", () => fixture.stream.write(new Uint8Array(Math.min(permitted, 4096))));
    await agreed(fixture, "after a write");
    await expectOk("flush", () => fixture.stream.flush());
    await agreed(fixture, "after a flush");
    await permit(fixture);
    await agreed(fixture, "after a completed flush");
  }),
  claim(
    "3.14",
    "ready and check-write agree on a full stream, and when it drains",
    ["stall", "release"],
    async (fixture) => {
      await fixture.stall();
      for (let written = 0; ;) {
        const outcome = await agreed(fixture, `with ${written} bytes written`);
        if (outcome.tag !== "ok" || Number(outcome.value) === 0) break;
        const bytes = new Uint8Array(Math.min(Number(outcome.value), 64 * 1024));
        await expectOk("write", () => fixture.stream.write(bytes));
        written += bytes.length;
        expect(written <= UNBOUNDED_BYTES, `${written} bytes were permitted while nobody read`);
      }
      await agreed(fixture, "full");
      await fixture.release();
      for (let round = 0; round < 5; round++) {
        await agreed(fixture, "while it drains");
        await rest(fixture);
      }
    },
  ),
];
