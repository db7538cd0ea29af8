/* oxlint-disable no-await-in-loop -- the calls of a guest come one after the other */
import {
  claimsAbout,
  expect,
  expectDone,
  expectEventually,
  expectOk,
  expectOutcome,
  rest,
  start,
  type Claim,
  type Fixture,
} from "./claims.ts";
import type { Awaitable, PollableSubject } from "./subject.ts";

/** A fresh pollable that is not ready, and what makes it so. */
export interface PollableFixture extends Fixture {
  readonly pollable: PollableSubject;
  /** A second pollable on the same thing. */
  readonly another?: () => Awaitable<PollableSubject>;
  /** Makes it ready. */
  readonly makeReady?: () => Awaitable<void>;
  /** Makes it not ready again. */
  readonly makeUnready?: () => Awaitable<void>;
  /** The function `poll` of the same host. */
  readonly poll?: (list: readonly PollableSubject[]) => Awaitable<ArrayLike<number>>;
}

const claim = claimsAbout<PollableFixture>();

async function untilReady(fixture: PollableFixture): Promise<void> {
  await expectEventually(fixture, "readiness", () => fixture.pollable.ready());
}

async function expectPositions(
  fixture: Required<Pick<PollableFixture, "poll">> & Fixture,
  list: readonly PollableSubject[],
  expected: readonly number[],
): Promise<void> {
  const poll = start(`poll of ${list.length}`, () => fixture.poll(list));
  const positions = Array.from(await expectDone(fixture, poll));
  expect(positions.join() === expected.join(), `poll gave [${positions.join()}], expected [${expected.join()}]`);
}

export const POLLABLE_CLAIMS: readonly Claim<PollableFixture>[] = [
  claim(
    "4.1",
    "a pollable says what is the case now, as often as it changes",
    ["makeReady", "makeUnready"],
    async (fixture) => {
      for (let round = 0; round < 3; round++) {
        expect(!(await fixture.pollable.ready()), "ready says yes too early");
        await fixture.makeReady();
        await untilReady(fixture);
        await expectDone(
          fixture,
          start("block", () => fixture.pollable.block()),
        );
        await fixture.makeUnready();
      }
    },
  ),
  claim("4.2", "ready does not wait, and changes nothing by being asked", [], async (fixture) => {
    for (let round = 0; round < 100; round++) {
      const answer = await expectOk("ready", () => fixture.pollable.ready());
      expect(!answer, "ready says yes although nothing happened");
    }
    await rest(fixture);
    expect(!(await fixture.pollable.ready()), "ready says yes although nothing happened");
  }),
  claim("4.2", "ready stays yes until something is done about it", ["makeReady"], async (fixture) => {
    await fixture.makeReady();
    await untilReady(fixture);
    for (let round = 0; round < 10; round++) {
      expect(await fixture.pollable.ready(), "ready forgot that it was");
      await rest(fixture);
    }
  }),
  claim(
    "4.3",
    "block waits until it is ready",
    ["makeReady"],
    async (fixture) => {
      const block = start("block", () => fixture.pollable.block());
      await rest(fixture);
      expect(!block.isDone(), "block did not wait");
      await fixture.makeReady();
      await expectDone(fixture, block);
      await expectDone(
        fixture,
        start("a second block", () => fixture.pollable.block()),
      );
    },
    { waits: true },
  ),
  claim("4.4", "poll of nothing traps", ["poll"], async (fixture) => {
    await expectOutcome("poll([])", "trap", () => fixture.poll([]));
  }),
  claim("4.5", "poll gives the position of what is ready", ["poll", "makeReady"], async (fixture) => {
    await fixture.makeReady();
    await untilReady(fixture);
    await expectPositions(fixture, [fixture.pollable], [0]);
  }),
  claim(
    "4.5",
    "poll waits until one is ready",
    ["poll", "makeReady", "another"],
    async (fixture) => {
      const other = await fixture.another();
      const poll = start("poll", () => fixture.poll([fixture.pollable, other]));
      await rest(fixture);
      expect(!poll.isDone(), "poll did not wait");
      await fixture.makeReady();
      const positions = Array.from(await expectDone(fixture, poll));
      expect(positions.length > 0, "poll gave no position");
      await other.drop?.();
    },
    { waits: true },
  ),
  claim(
    "4.6",
    "poll of the same pollable several times gives each position",
    ["poll", "makeReady"],
    async (fixture) => {
      await fixture.makeReady();
      await untilReady(fixture);
      await expectPositions(fixture, [fixture.pollable, fixture.pollable, fixture.pollable], [0, 1, 2]);
    },
  ),
  claim("4.7", "poll gives positions in ascending order", ["poll", "makeReady", "another"], async (fixture) => {
    const other = await fixture.another();
    await fixture.makeReady();
    await untilReady(fixture);
    await expectPositions(fixture, [other, fixture.pollable, other, fixture.pollable], [0, 1, 2, 3]);
    await other.drop?.();
  }),
];
