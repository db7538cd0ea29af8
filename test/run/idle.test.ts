/** Instances that wait for their next request: how long, how many requests each takes at a time, and who is let go of. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { threadedHandlers } from "../../src/hosts/isolate/handlers.ts";
import { nodeThreads } from "../../src/hosts/node/isolate/threads.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { serve, type Server } from "../../src/index.ts";
import { compile } from "../../src/run/compile.ts";
import { Idle } from "../../src/run/serve/idle.ts";
import { Serving, type Elsewhere, type ServingOptions } from "../../src/run/serve/serve.ts";
import { FakeClock } from "../../src/testing/index.ts";
import { incomingOf, webResponseOf } from "../../src/hosts/web/http.ts";
import { counted } from "./counted.ts";
import { guest, turn, until } from "./support.ts";

type Options = Omit<ServingOptions, "plugs">;

const MS = 1_000_000n;

/** Asks a component, whose host has a clock that stands still. */
async function asking(
  t: TestContext,
  name: string,
  options: Options,
  makeAnswering?: (clock: FakeClock, bytes: Uint8Array) => Elsewhere,
): Promise<{ readonly clock: FakeClock; answer(path: string): Promise<Response>; ask(path: string): Promise<string> }> {
  const clock = new FakeClock();
  const bytes = await guest(name);
  const platform = { ...nodePlatform, monotonicClock: clock };
  const serving = new Serving(platform, await compile(bytes, {}), () => ({}), options, makeAnswering?.(clock, bytes));
  t.after(async () => {
    await serving.close();
    assert.equal(clock.pending, 0);
  });
  const answer = async (path: string): Promise<Response> =>
    webResponseOf(await serving.answer(incomingOf(new Request(`http://test/${path}`))));
  return { clock, answer, ask: async (path) => (await answer(path)).text() };
}

test("who came last is taken first, and who has waited for too long is let go of", async () => {
  const clock = new FakeClock();
  const gone: string[] = [];
  const idle = new Idle<string>(clock, 10, (one) => void gone.push(one));
  idle.add("a");
  clock.advance(4n * MS);
  idle.add("b");
  assert.equal(idle.take(), "b");
  clock.advance(5n * MS);
  idle.add("b");
  assert.deepEqual([gone, idle.size], [[], 2]);
  clock.advance(1n * MS);
  assert.deepEqual([gone, idle.size], [["a"], 1]);
  clock.advance(8n * MS);
  assert.deepEqual([gone, idle.size], [["a"], 1]);
  clock.advance(1n * MS);
  assert.deepEqual([gone, idle.size, clock.pending, idle.take()], [["a", "b"], 0, 0, undefined]);
  idle.add("c");
  assert.equal(idle.take(), "c");
  clock.advance(20n * MS);
  assert.deepEqual([gone, clock.pending], [["a", "b"], 0]);
});

test("at the end all are let go of, and waited for, those too whose time was over", async () => {
  const clock = new FakeClock();
  const going: (() => void)[] = [];
  const idle = new Idle<string>(clock, 10, () => new Promise((resolve) => void going.push(resolve)));
  idle.add("a");
  clock.advance(10n * MS);
  idle.add("b");
  let isClosed = false;
  const closed = idle.close().then(() => (isClosed = true));
  assert.deepEqual([going.length, clock.pending], [2, 0]);
  going[1]?.();
  await turn();
  assert.equal(isClosed, false);
  going[0]?.();
  await closed;
});

for (const name of ["http-handler", "http-p3"]) {
  test(`${name}: an instance waits for its next request as long as maxIdleTime says`, async (t) => {
    const { clock, ask } = await asking(t, name, { reuse: 100, maxIdleTime: 1000 });
    assert.equal(await ask("count"), "1");
    clock.advance(999n * MS);
    assert.equal(await ask("count"), "2");
    clock.advance(999n * MS);
    assert.equal(await ask("count"), "3");
    clock.advance(1000n * MS);
    assert.equal(await ask("count"), "1");
  });

  test(`${name}: without it as long as the server lives, and with 0 not at all`, async (t) => {
    const kept = await asking(t, name, { reuse: 100 });
    assert.equal(await kept.ask("count"), "1");
    assert.equal(kept.clock.pending, 0);
    assert.equal(await kept.ask("count"), "2");
    const fresh = await asking(t, name, { reuse: 100, maxIdleTime: 0 });
    assert.deepEqual([await fresh.ask("count"), await fresh.ask("count")], ["1", "1"]);
  });
}

test("what is put back waits no longer than that either", async (t) => {
  const { clock, ask } = await asking(t, "http-handler", { maxIdleTime: 1000 });
  const made = counted(t);
  await ask("count");
  await until(() => clock.pending > 0);
  const first = made.count;
  assert.equal(await ask("count"), "1");
  assert.equal(made.count, first);
  await until(() => clock.pending > 0);
  clock.advance(1000n * MS);
  assert.equal(await ask("count"), "1");
  assert.equal(made.count, 2 * first);
});

test("a thread waits for its next request as long as maxIdleTime says", async (t) => {
  let started = 0;
  const inThreads = (clock: FakeClock, bytes: Uint8Array): Elsewhere =>
    threadedHandlers(
      {
        platform: { ...nodePlatform, monotonicClock: clock },
        start() {
          started++;
          return nodeThreads.start();
        },
      },
      bytes,
      undefined,
    );
  const { clock, ask } = await asking(t, "http-handler", { reuse: 100, maxIdleTime: 1000 }, inThreads);
  assert.equal(await ask("count"), "1");
  // It is free a moment after its client was answered.
  await until(() => clock.pending > 0);
  assert.equal(await ask("count"), "2");
  await until(() => clock.pending > 0);
  clock.advance(1000n * MS);
  assert.equal(await ask("count"), "1");
  assert.equal(started, 2);
});

test("an instance of WASI 0.3 answers as many at a time as maxPerInstance says, and others answer more", async (t) => {
  const { ask } = await asking(t, "http-p3", { reuse: 100, maxPerInstance: 2 });
  // Each waits for one more at its own instance, and then they all are there: of four two come to each.
  const four = await Promise.all(["meet", "meet", "meet", "meet"].map((path) => ask(path)));
  assert.deepEqual(four.toSorted(), ["first", "first", "second", "second"]);
  const meeting = ask("meet");
  // To the same instance, which then has room again each time, so that the others answer nothing.
  assert.deepEqual([await ask("count"), await ask("count")], ["1", "2"]);
  const second = ask("meet");
  assert.deepEqual((await Promise.all([meeting, second])).toSorted(), ["first", "second"]);
});

test("a request counts until its response is delivered", async (t) => {
  const { clock, ask, answer } = await asking(t, "http-p3", { reuse: 100, maxPerInstance: 1, maxIdleTime: 1000 });
  assert.equal(await ask("count"), "1");
  await until(() => clock.pending > 0);
  const large = await answer("large/3000000");
  assert.equal(await ask("count"), "1");
  // The other one is let go of.
  clock.advance(2000n * MS);
  assert.equal(clock.pending, 0);
  assert.equal((await large.text()).length, 3_000_000);
  await until(() => clock.pending > 0);
  assert.equal(await ask("count"), "2");
});

test("numbers that make no sense are refused", async () => {
  const handler = await guest("http-handler");
  const served = (options: object): Promise<Server> => serve(handler, options);
  for (const maxIdleTime of [-1, 1.5, NaN, Infinity, null, "1"]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(served({ maxIdleTime }), {
      name: "RangeError",
      message: /^maxIdleTime must be a positive whole number, got/,
    });
  }
  for (const maxPerInstance of [0, -1, 1.5, null]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(served({ maxPerInstance }), {
      name: "RangeError",
      message: /^maxPerInstance must be a positive whole number, got/,
    });
  }
});
