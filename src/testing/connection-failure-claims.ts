/* oxlint-disable no-await-in-loop -- what goes over a connection goes in turn */
import {
  claimsAbout,
  expect,
  expectBytes,
  expectEnds,
  expectEventually,
  expectOutcome,
  fail,
  pattern,
  type Claim,
} from "./claims.ts";
import { directions } from "./connection-claims.ts";
import {
  begin,
  drain,
  fill,
  receiveAll,
  send,
  type ConnectionEnd,
  type ConnectionFixture,
} from "./connection-subject.ts";
import { attempt } from "./subject.ts";

const claim = claimsAbout<ConnectionFixture>();

/** Writes until the output says that it is over: `closed`, or a failure once and then `closed`, for ever. */
async function expectOutputEnds(fixture: ConnectionFixture, { output }: ConnectionEnd, after: string): Promise<void> {
  let failures = 0;
  await expectEventually(fixture, `the end of the output ${after}`, async () => {
    let outcome = await attempt(() => output.checkWrite());
    if (outcome.tag === "ok" && Number(outcome.value) > 0) {
      const written = await attempt(() => output.write(pattern(1)));
      if (written.tag !== "ok") outcome = written;
    }
    if (outcome.tag === "last-operation-failed") failures++;
    else if (outcome.tag !== "ok" && outcome.tag !== "closed") fail(`a write ${after} gave ${outcome.tag}`);
    return outcome.tag === "closed";
  });
  expect(failures <= 1, `the failure was told ${failures} times`);
  await expectOutcome(`check-write ${after}`, "closed", () => output.checkWrite());
  await expectOutcome(`flush ${after}`, "closed", () => output.flush());
}

async function expectInputFails(
  fixture: ConnectionFixture,
  end: ConnectionEnd,
  after: string,
  sent: Uint8Array,
): Promise<void> {
  const { bytes, tag } = await drain(fixture, end);
  expect(tag === "last-operation-failed", `the input ${after} ended with ${tag}, expected last-operation-failed`);
  expectBytes(`what came ${after}`, bytes, sent.subarray(0, bytes.length));
  for (const max of [8, 0]) await expectOutcome(`read(${max}) ${after}`, "closed", () => end.input.read(max));
}

/** How a connection ends with the socket, and with the other end. */
export const CONNECTION_FAILURE_CLAIMS: readonly Claim<ConnectionFixture>[] = [
  claim("9.9", "an end that is dropped sends what it was given, then FIN", [], async (fixture) => {
    const { near, far } = fixture;
    await send(fixture, near, pattern(50_000));
    const dropping = await begin(fixture, "drop", () => near.drop());
    expectBytes("what came", await receiveAll(fixture, far), pattern(50_000));
    await expectEnds(fixture, "ok", dropping);
  }),
  claim("9.9", "an end that is dropped while its peer does not read sends all that it holds", [], async (fixture) => {
    const { near, far } = fixture;
    const sent = await fill(fixture, near, pattern);
    const dropping = await begin(fixture, "drop", () => near.drop());
    expectBytes("what came", await receiveAll(fixture, far), pattern(sent));
    await expectEnds(fixture, "ok", dropping);
  }),
  claim("9.9", "who writes to an end that was dropped finds the output closed", [], async (fixture) => {
    const { near, far } = fixture;
    const dropping = await begin(fixture, "drop", () => far.drop());
    await expectOutputEnds(fixture, near, "to an end that was dropped");
    await expectEnds(fixture, "ok", dropping);
  }),
  claim("9.9", "both ends may be dropped at the same time", [], async (fixture) => {
    for (const [from] of directions(fixture)) await send(fixture, from, pattern(1000));
    const [near, far] = [
      await begin(fixture, "drop of one end", () => fixture.near.drop()),
      await begin(fixture, "drop of the other", () => fixture.far.drop()),
    ];
    await expectEnds(fixture, "ok", near);
    await expectEnds(fixture, "ok", far);
  }),
  claim("9.9", "a reset is told once by the input, which is closed then", ["reset"], async (fixture) => {
    const { near } = fixture;
    await fixture.reset();
    await expectInputFails(fixture, near, "after a reset", pattern(0));
  }),
  claim("9.9", "a reset is told at most once by the output, which is closed then", ["reset"], async (fixture) => {
    const { near } = fixture;
    await fixture.reset();
    await expectOutputEnds(fixture, near, "after a reset");
  }),
  claim("9.9", "a reset comes after what was read, and before what is lost", ["reset"], async (fixture) => {
    const { near, far } = fixture;
    await send(fixture, far, pattern(100_000));
    await fixture.reset();
    await expectInputFails(fixture, near, "after a reset", pattern(100_000));
  }),
  claim("9.9", "a reset frees a writer whose peer did not read", ["reset"], async (fixture) => {
    const { near } = fixture;
    await fill(fixture, near, pattern);
    await fixture.reset();
    await expectOutputEnds(fixture, near, "after a reset");
  }),
  claim("9.9", "each stream tells of a reset for itself", ["reset"], async (fixture) => {
    const { near } = fixture;
    await fixture.reset();
    await expectOutputEnds(fixture, near, "after a reset");
    await expectInputFails(fixture, near, "after a reset", pattern(0));
  }),
  claim(
    "9.9",
    "a reader that waits hears of the end, of a reset, and of shutdown(receive)",
    [],
    async (fixture) => {
      const { near, far } = fixture;
      const one = await begin(fixture, "blocking-read at one end", () => near.input.blockingRead(8));
      const other = await begin(fixture, "blocking-read at the other", () => far.input.blockingRead(8));
      expect(!one.isDone() && !other.isDone(), "a reader does not wait");
      await near.shutdown("receive");
      await expectEnds(fixture, "closed", one);
      await near.shutdown("send");
      await expectEnds(fixture, "closed", other);
    },
    { waits: true },
  ),
  claim(
    "9.9",
    "a reader that waits hears of a reset",
    ["reset"],
    async (fixture) => {
      const { near } = fixture;
      const reading = await begin(fixture, "blocking-read", () => near.input.blockingRead(8));
      await fixture.reset();
      await expectEnds(fixture, "last-operation-failed", reading);
      await expectOutcome("read(8)", "closed", () => near.input.read(8));
    },
    { waits: true },
  ),
  claim(
    "9.9",
    "a writer that waits hears of a reset",
    ["reset"],
    async (fixture) => {
      const { near } = fixture;
      await fill(fixture, near, pattern);
      const flushing = await begin(fixture, "blocking-flush", () => near.output.blockingFlush());
      expect(!flushing.isDone(), "blocking-flush does not wait");
      await fixture.reset();
      await expectEventually(fixture, "the end of blocking-flush", () => flushing.isDone());
      const { tag } = await attempt(() => flushing.promise);
      expect(tag === "closed" || tag === "last-operation-failed", `blocking-flush gave ${tag}`);
      await expectOutcome("check-write", "closed", () => near.output.checkWrite());
    },
    { waits: true },
  ),
];
