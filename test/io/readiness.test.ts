/** Signals, poll, steps: who is woken, how often, and what stays behind (nothing). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputStream } from "../../src/io/input-stream.ts";
import { Outlet } from "../../src/io/outlet.ts";
import { OutputStream } from "../../src/io/output-stream.ts";
import { Pipe } from "../../src/io/pipe.ts";
import { assertPollables, poll, pollNow } from "../../src/io/poll.ts";
import { ALWAYS, AnyOf, Signal, type Readiness, type Waker } from "../../src/io/readiness.ts";
import { changed, complete } from "../../src/io/steps.ts";
import { Trap } from "../../src/io/trap.ts";
import { FaultySink, FaultySource, microtasks, staysPending } from "./helpers.ts";

/** A readiness that the test sets, and that counts who asks. */
class Flag extends Signal implements Readiness {
  up: boolean;
  asked = 0;

  constructor(up = false) {
    super();
    this.up = up;
  }

  ready(): boolean {
    this.asked++;
    return this.up;
  }

  raise(): void {
    this.up = true;
    this.notify();
  }
}

test("a signal wakes each waker once, however often it watches", () => {
  const signal = new Signal();
  let woken = 0;
  const waker = { wake: () => void woken++ };
  signal.watch(waker);
  signal.watch(waker);
  assert.equal(signal.watchers, 1);
  signal.notify();
  assert.equal(woken, 1);
  signal.unwatch(waker);
  signal.unwatch(waker);
  signal.notify();
  assert.equal(woken, 1);
});

for (const others of [0, 1, 2]) {
  test(`a waker that leaves and comes back while it is woken is woken once a round, with ${others} others`, () => {
    const signal = new Signal();
    let woken = 0;
    const waker: Waker = {
      wake() {
        assert.ok(++woken <= 3, "woken for ever");
        signal.unwatch(waker);
        signal.watch(waker);
      },
    };
    signal.watch(waker);
    for (let other = 0; other < others; other++) signal.watch({ wake() {} });
    signal.notify();
    assert.equal(woken, 1);
  });

  test(`a waker that comes while others are woken waits for the next round, with ${others} others`, () => {
    const signal = new Signal();
    let woken = 0;
    const late = { wake: () => void woken++ };
    signal.watch({ wake: () => signal.watch(late) });
    for (let other = 0; other < others; other++) signal.watch({ wake() {} });
    signal.notify();
    assert.equal(woken, 0);
    signal.notify();
    assert.equal(woken, 1);
  });
}

test("4.7 poll gives positions in ascending order", () => {
  const [up, down] = [new Flag(true), new Flag()];
  assert.deepEqual(pollNow([up, down, ALWAYS, down, up]), [0, 2, 4]);
});

test("4.6 poll gives each position of what is listed several times", () => {
  const up = new Flag(true);
  assert.deepEqual(pollNow([up, up, up]), [0, 1, 2]);
});

test("4.4 poll of nothing traps", () => {
  assert.throws(
    () => assertPollables(0, 1),
    (error) => error instanceof Trap && error.rule === "4.4",
  );
});

test("4.8 poll asks all, even after one is found ready", () => {
  const flags = [new Flag(true), new Flag(), new Flag()];
  pollNow(flags);
  assert.deepEqual(
    flags.map(({ asked }) => asked),
    [1, 1, 1],
  );
  const any = new AnyOf(flags);
  assert.ok(any.ready());
  assert.deepEqual(
    flags.map(({ asked }) => asked),
    [2, 2, 2],
  );
});

test("4.5 poll waits until one is ready, and gives all that are then", async () => {
  const flags = [new Flag(), new Flag(), new Flag()] as const;
  const waiting = complete(poll(flags));
  assert.ok(await staysPending(waiting));
  flags[2].up = true;
  flags[0].raise();
  assert.deepEqual(await waiting, [0, 2]);
  assert.deepEqual(
    flags.map(({ watchers }) => watchers),
    [0, 0, 0],
  );
});

test("4.5 poll waits on when it was woken for nothing", async () => {
  const flag = new Flag();
  const waiting = complete(poll([flag]));
  for (let round = 0; round < 20; round++) {
    flag.notify();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.ok(await staysPending(waiting));
  }
  flag.raise();
  assert.deepEqual(await waiting, [0]);
});

test("poll step by step: it names what it waits for", () => {
  const flag = new Flag();
  const steps = poll([flag, new Flag()]);
  const step = steps.next();
  assert.ok(step.value instanceof AnyOf);
  assert.equal(step.value.ready(), false);
  flag.up = true;
  assert.deepEqual(steps.next(), { done: true, value: [0] });
});

test("changed resolves at once if it is ready, and watches nobody then", async () => {
  const flag = new Flag(true);
  await changed(flag);
  assert.equal(flag.watchers, 0);
});

test("changed leaves no waker behind", async () => {
  const flag = new Flag();
  const first = changed(flag);
  const second = changed(flag);
  assert.equal(flag.watchers, 2);
  flag.notify();
  await Promise.all([first, second]);
  assert.equal(flag.watchers, 0);
});

const POLLS = 1_000_000;

/** Streams that are not ready, and how many watch what is below them. */
const IDLE: Readonly<Record<string, () => { readonly stream: Readiness; readonly watchers: () => number }>> = {
  "an input stream"() {
    const source = new FaultySource();
    return { stream: new InputStream(source), watchers: () => source.watchers };
  },
  "a full output stream"() {
    const sink = new FaultySink({ stallAt: 0 });
    const outlet = new Outlet(sink, 1);
    const output = new OutputStream(outlet);
    output.checkWrite();
    output.write(new Uint8Array(1));
    return { stream: output, watchers: () => sink.watchers };
  },
  "the end of a pipe"() {
    const pipe = new Pipe();
    let watchers = 0;
    const { source } = pipe;
    const counted = {
      read: (max: number) => source.read(max),
      ready: () => source.ready(),
      close: () => source.close(),
      watch(waker: Waker) {
        watchers++;
        source.watch(waker);
      },
      unwatch(waker: Waker) {
        watchers--;
        source.unwatch(waker);
      },
    };
    return { stream: new InputStream(counted), watchers: () => watchers };
  },
};

for (const [name, make] of Object.entries(IDLE)) {
  test(`${name} that is polled a million times holds no more wakers than one that is polled once`, async () => {
    const { stream, watchers } = make();
    assert.equal(pollNow([stream]), undefined);
    const once = watchers();
    for (let round = 0; round < POLLS; round++) pollNow([stream]);
    assert.equal(watchers(), once);
    // And one that is waited on again and again, by somebody who gives up each time.
    for (let round = 0; round < 1000; round++) {
      const waker = { wake() {} };
      stream.watch(waker);
      stream.unwatch(waker);
    }
    assert.equal(watchers(), once);
    await microtasks();
    assert.equal(watchers(), once);
  });
}

test("a poll of the same pollable in many positions leaves no waker behind", async () => {
  const flag = new Flag();
  const waiting = complete(poll([flag, flag, flag]));
  assert.equal(flag.watchers, 1);
  flag.raise();
  assert.deepEqual(await waiting, [0, 1, 2]);
  assert.equal(flag.watchers, 0);
});
