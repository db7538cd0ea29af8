/* oxlint-disable no-await-in-loop -- what goes over a connection goes in turn */
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
  type Claim,
} from "./claims.ts";
import {
  begin,
  eachStep,
  fill,
  receive,
  receiveAll,
  send,
  type ConnectionEnd,
  type ConnectionFixture,
} from "./connection-subject.ts";
import type { InputSubject, OutputSubject } from "./subject.ts";

const claim = claimsAbout<ConnectionFixture>();

/** Both directions: who sends, and who receives. */
export function directions({ near, far }: ConnectionFixture): readonly (readonly [ConnectionEnd, ConnectionEnd])[] {
  return [
    [near, far],
    [far, near],
  ];
}

async function isReady(stream: InputSubject | OutputSubject): Promise<boolean> {
  const pollable = await stream.subscribe();
  const answer = await pollable.ready();
  await pollable.drop?.();
  return answer;
}

async function expectSendingClosed({ output }: ConnectionEnd, after: string): Promise<void> {
  await expectOutcome(`check-write ${after}`, "closed", () => output.checkWrite());
  await expectOutcome(`write ${after}`, "closed", () => output.write(pattern(1)));
  await expectOutcome(`flush ${after}`, "closed", () => output.flush());
}

const LARGE = 300_000;

/** What bytes do on their way, and how each direction ends by itself. */
export const CONNECTION_CLAIMS: readonly Claim<ConnectionFixture>[] = [
  claim("9.9", "what is written at one end is read at the other, whole and in order", [], async (fixture) => {
    for (const [from, to] of directions(fixture)) {
      for (const size of [1, 4096, 65_537, LARGE]) {
        const [, came] = await Promise.all([send(fixture, from, pattern(size)), receive(fixture, to, size)]);
        expectBytes("what came", came, pattern(size));
      }
    }
  }),
  ...(
    [
      [7, 65_536],
      [65_536, 7],
      [1000, 999],
    ] as const
  ).map(([written, read]) =>
    claim("9.9", `bytes written ${written} at a time can be read ${read} at a time`, [], async (fixture) => {
      const sent = pattern(10_000);
      const [, came] = await Promise.all([
        send(fixture, fixture.near, sent, written),
        receive(fixture, fixture.far, sent.length, read),
      ]);
      expectBytes("what came", came, sent);
    }),
  ),
  claim("9.9", "both directions are full at the same time, and each is in order", [], async (fixture) => {
    const { near, far } = fixture;
    const [there, back] = [pattern(LARGE), pattern(LARGE, 100)];
    const [, , came, answer] = await Promise.all([
      send(fixture, near, there),
      send(fixture, far, back),
      receive(fixture, far, LARGE),
      receive(fixture, near, LARGE),
    ]);
    expectBytes("what came", came, there);
    expectBytes("what came back", answer, back);
  }),
  claim("9.9", "each end answers the other, byte by byte", [], async (fixture) => {
    const { near, far } = fixture;
    for (let round = 0; round < 50; round++) {
      await send(fixture, near, Uint8Array.of(round));
      expectBytes("what came", await receive(fixture, far, 1), Uint8Array.of(round));
      await send(fixture, far, Uint8Array.of(round + 1));
      expectBytes("the answer", await receive(fixture, near, 1), Uint8Array.of(round + 1));
    }
  }),
  claim("2.5", "an input is ready exactly when there is something to read", [], async (fixture) => {
    const { near, far } = fixture;
    await rest(fixture);
    expect(!(await isReady(far.input)), "it is ready before anything was sent");
    expectBytes("read(8)", await expectOk("read(8)", () => far.input.read(8)), pattern(0));
    expectBytes("read(0)", await expectOk("read(0)", () => far.input.read(0)), pattern(0));
    await send(fixture, near, pattern(10));
    await expectEventually(fixture, "readiness", () => isReady(far.input));
    expect(await isReady(far.input), "it does not stay ready");
    expectBytes("what came", await receive(fixture, far, 10), pattern(10));
    expect(!(await isReady(far.input)), "it is ready when all has been read");
  }),
  claim(
    "2.3",
    "blocking-read waits for the other end to send",
    [],
    async (fixture) => {
      for (const [from, to] of directions(fixture)) {
        const reading = await begin(fixture, "blocking-read(100)", () => to.input.blockingRead(100));
        expect(!reading.isDone(), "blocking-read does not wait");
        await send(fixture, from, pattern(5));
        const first = await expectDone(fixture, reading);
        expect(first.length > 0, "blocking-read gave nothing");
        const others = await receive(fixture, to, 5 - first.length);
        expectBytes("what came", Uint8Array.from([...first, ...others]), pattern(5));
      }
    },
    { waits: true },
  ),
  claim(
    "9.8",
    "shutdown(send) closes the output at once, and the other end reads up to the end",
    [],
    async (fixture) => {
      for (const [from, to] of directions(fixture)) {
        await send(fixture, from, pattern(1000));
        await expectOk("shutdown(send)", () => from.shutdown("send"));
        await expectSendingClosed(from, "after shutdown(send)");
        expectBytes("what came", await receiveAll(fixture, to), pattern(1000));
      }
    },
  ),
  claim("9.8", "who has ended one direction goes on with the other", [], async (fixture) => {
    const { near, far } = fixture;
    await expectOk("shutdown(send)", () => near.shutdown("send"));
    expectBytes("what came", await receiveAll(fixture, far), pattern(0));
    const [, came] = await Promise.all([
      send(fixture, far, pattern(LARGE)).then(() => far.shutdown("send")),
      receiveAll(fixture, near),
    ]);
    expectBytes("what came back", came, pattern(LARGE));
  }),
  claim("9.8", "shutdown(send) delivers what is buffered first", [], async (fixture) => {
    const { near, far } = fixture;
    const sent = await fill(fixture, near, pattern);
    await expectOk("shutdown(send)", () => near.shutdown("send"));
    await expectSendingClosed(near, "after shutdown(send)");
    expectBytes("what came", await receiveAll(fixture, far), pattern(sent));
    await send(fixture, far, pattern(10));
    expectBytes("what came back", await receive(fixture, near, 10), pattern(10));
  }),
  claim("9.8", "shutdown(receive) closes the input at once, with what has arrived", [], async (fixture) => {
    const { near, far } = fixture;
    await send(fixture, far, pattern(10));
    await expectEventually(fixture, "readiness", () => isReady(near.input));
    await expectOk("shutdown(receive)", () => near.shutdown("receive"));
    for (const max of [8, 0]) await expectOutcome(`read(${max})`, "closed", () => near.input.read(max));
    expect(await isReady(near.input), "a closed input is not ready");
    await send(fixture, near, pattern(10));
    expectBytes("what came", await receive(fixture, far, 10), pattern(10));
  }),
  claim("9.8", "shutdown in any order and again is fine", [], async (fixture) => {
    const { near, far } = fixture;
    for (const direction of ["send", "receive", "both", "send"] as const) {
      await expectOk(`shutdown(${direction})`, () => near.shutdown(direction));
    }
    await expectSendingClosed(near, "after shutdown(both)");
    await expectOutcome("read(8)", "closed", () => near.input.read(8));
    expectBytes("what came", await receiveAll(fixture, far), pattern(0));
  }),
  claim("9.8", "both ends may end at the same time", [], async (fixture) => {
    for (const [from] of directions(fixture)) {
      await send(fixture, from, pattern(100));
      await expectOk("shutdown(send)", () => from.shutdown("send"));
    }
    for (const [, to] of directions(fixture)) expectBytes("what came", await receiveAll(fixture, to), pattern(100));
  }),
  claim("3.1", "a peer that does not read stops the writer, who is not ready then", [], async (fixture) => {
    for (const [from, to] of directions(fixture)) {
      const sent = await fill(fixture, from, pattern);
      expect(sent > 0, "nothing was permitted");
      expect(!(await isReady(from.output)), "a full output is ready");
      expectBytes("what came", await receive(fixture, to, sent), pattern(sent));
      await expectEventually(fixture, "readiness", () => isReady(from.output));
      expect(Number(await expectOk("check-write", () => from.output.checkWrite())) > 0, "ready, and nothing permitted");
    }
  }),
  claim("3.1", "a slow reader gets everything, and the writer keeps its pace", [], async (fixture) => {
    const { near, far } = fixture;
    const { limitBytes = 64 * 1024 * 1024 } = fixture;
    const first = await fill(fixture, near, pattern);
    let [sent, read] = [first, 0];
    // Nobody is told in advance: each round reads a little, and writes what is permitted then.
    for (let round = 0; round < 200; round++) {
      expectBytes("what came", await receive(fixture, far, 1000, 100), pattern(1000, read));
      read += 1000;
      const permit = Number(await expectOk("check-write", () => near.output.checkWrite()));
      if (permit > 0) await expectOk("write", () => near.output.write(pattern(permit, sent)));
      sent += permit;
      expect(sent - read <= limitBytes, `${sent - read} bytes are under way`);
    }
    await expectOk("shutdown(send)", () => near.shutdown("send"));
    expectBytes("the rest", await receiveAll(fixture, far), pattern(sent - read, read));
  }),
  claim(
    "3.8",
    "blocking-write-and-flush waits for a peer that does not read",
    [],
    async (fixture) => {
      const { near, far } = fixture;
      const sent = await fill(fixture, near, pattern);
      const writing = await begin(fixture, "blocking-write-and-flush", () =>
        near.output.blockingWriteAndFlush(pattern(4096, sent)),
      );
      expect(!writing.isDone(), "it does not wait");
      expectBytes("what came", await receive(fixture, far, sent + 4096), pattern(sent + 4096));
      await expectEnds(fixture, "ok", writing);
    },
    { waits: true },
  ),
  claim("3.5", "a flush is complete when the system has all, and permits nothing before", [], async (fixture) => {
    const { near, far } = fixture;
    await send(fixture, near, pattern(10));
    await expectOk("flush", () => near.output.flush());
    await expectEventually(fixture, "the end of a flush", async () => Number(await near.output.checkWrite()) > 0);
    expectBytes("what came", await receive(fixture, far, 10), pattern(10));
    const sent = await fill(fixture, near, pattern);
    await expectOk("flush", () => near.output.flush());
    await rest(fixture);
    const permit = Number(await expectOk("check-write", () => near.output.checkWrite()));
    expect(permit === 0, `${permit} bytes are permitted while a flush is under way`);
    expectBytes("what came", await receive(fixture, far, sent), pattern(sent));
    await expectEventually(fixture, "the end of the flush", async () => Number(await near.output.checkWrite()) > 0);
  }),
  claim(
    "3.12",
    "an end that splices its input into its output is an echo",
    [],
    async (fixture) => {
      const { near, far } = fixture;
      const echo = await begin(fixture, "the echo", async () => {
        for (let copied = 0; copied < 100_000;) copied += Number(await far.output.blockingSplice(far.input, 4096));
      });
      const [, came] = await Promise.all([send(fixture, near, pattern(100_000)), receive(fixture, near, 100_000)]);
      expectBytes("what came back", came, pattern(100_000));
      await expectEnds(fixture, "ok", echo);
    },
    { waits: true },
  ),
  claim(
    "9.9",
    "whoever reads and writes at the same time, at both ends, in blocking calls, gets everything",
    [],
    async (fixture) => {
      const sent = pattern(100_000);
      const write = async ({ output }: ConnectionEnd): Promise<void> => {
        for (let at = 0; at < sent.length; at += 4096) await output.blockingWriteAndFlush(sent.slice(at, at + 4096));
      };
      const read = async ({ input }: ConnectionEnd): Promise<Uint8Array> => {
        const all: number[] = [];
        while (all.length < sent.length) all.push(...(await input.blockingRead(10_000)));
        return Uint8Array.from(all);
      };
      const { near, far } = fixture;
      const tasks = [write(near), write(far), read(near), read(far)] as const;
      let done = false;
      const all = Promise.all(tasks).finally(() => (done = true));
      all.catch(() => {});
      await eachStep(fixture, "all at once", async () => (done ? "done" : "nothing"));
      const [, , back, there] = await all;
      expectBytes("what came", there, sent);
      expectBytes("what came back", back, sent);
    },
    { waits: true },
  ),
];
