/** Timers, with a clock that stands still. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../testing/properties.ts";
import { poll } from "../../../src/io/poll.ts";
import { complete } from "../../../src/io/steps.ts";
import type { MonotonicClock } from "../../../src/index.ts";
import { FakeClock, staysPending } from "../../../src/testing/index.ts";
import { Timer, Timers } from "../../../src/wasi/clocks/timers.ts";

const U64_MAX = 0xffff_ffff_ffff_ffffn;

test("4.12 a timer is ready from its time on, and not before", () => {
  const clock = new FakeClock(100n);
  const timer = new Timer(new Timers(clock), 110n);
  clock.advance(9n);
  assert.equal(timer.ready(), false);
  clock.advance(1n);
  assert.equal(timer.ready(), true);
  clock.advance(1000n);
  assert.equal(timer.ready(), true);
});

test("4.12 a timer that is only asked needs no timer of the host", () => {
  const clock = new FakeClock();
  const timer = new Timer(new Timers(clock), 10n);
  assert.equal(timer.ready(), false);
  assert.equal(clock.pending, 0);
  clock.advance(10n);
  assert.equal(timer.ready(), true);
});

for (const deadline of [0n, 5n, 10n]) {
  test(`4.2 a timer whose time has passed by ${10n - deadline} ns is ready at once, and needs no timer of the host`, () => {
    const clock = new FakeClock(10n);
    const timer = new Timer(new Timers(clock), deadline);
    for (let asked = 0; asked < 100; asked++) assert.equal(timer.ready(), true);
    assert.equal(clock.pending, 0);
  });
}

test("4.2 a timer whose time has passed is found by the first poll", async () => {
  const clock = new FakeClock(10n);
  assert.deepEqual(await complete(poll([new Timer(new Timers(clock), 50n), new Timer(new Timers(clock), 10n)])), [1]);
  assert.equal(clock.pending, 0);
});

test("4.12 a timer that has been ready asks no clock any more", () => {
  let asked = 0;
  const clock: MonotonicClock = {
    now: () => BigInt(++asked),
    resolution: () => 1n,
    schedule: () => () => {},
  };
  const timer = new Timer(new Timers(clock), 3n);
  assert.deepEqual(
    [timer.ready(), timer.ready(), timer.ready(), timer.ready(), timer.ready()],
    [false, false, true, true, true],
  );
  assert.equal(asked, 3);
});

test("4.12 a timer for u64::MAX, and one beyond, is never ready", async () => {
  const clock = new FakeClock(1000n);
  for (const deadline of [U64_MAX, clock.now() + U64_MAX]) {
    const timer = new Timer(new Timers(clock), deadline);
    const waiting = complete(poll([timer]));
    clock.advance(1n << 62n);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.ok(await staysPending(waiting));
    assert.equal(timer.ready(), false);
  }
});

test("4.5 a poll of a timer waits until it is due", async () => {
  const clock = new FakeClock();
  const timer = new Timer(new Timers(clock), 50n);
  const waiting = complete(poll([timer]));
  assert.equal(clock.pending, 1);
  clock.advance(49n);
  assert.ok(await staysPending(waiting));
  clock.advance(1n);
  assert.deepEqual(await waiting, [0]);
  assert.equal(clock.pending, 0);
});

test("a callback that comes early arms the timer again, for what is left", async () => {
  const clock = new FakeClock();
  const timer = new Timer(new Timers(clock), 50n);
  const waiting = complete(poll([timer]));
  for (let round = 0; round < 3; round++) {
    clock.fireEarly();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.ok(await staysPending(waiting));
    assert.equal(clock.pending, 1, "it waits on");
  }
  clock.advance(50n);
  assert.deepEqual(await waiting, [0]);
});

test("a timer that nobody waits for lets go of the host's timer", () => {
  const clock = new FakeClock();
  const timer = new Timer(new Timers(clock), 50n);
  const waker = { wake() {} };
  const other = { wake() {} };
  timer.watch(waker);
  timer.watch(other);
  assert.equal(clock.pending, 1, "one timer of the host, for all who wait");
  timer.unwatch(waker);
  assert.equal(clock.pending, 1);
  timer.unwatch(other);
  assert.equal(clock.pending, 0);
});

test("a timer that was waited for and given up can be waited for again", async () => {
  const clock = new FakeClock();
  const timer = new Timer(new Timers(clock), 50n);
  const waker = { wake() {} };
  timer.watch(waker);
  timer.unwatch(waker);
  const waiting = complete(poll([timer]));
  clock.advance(50n);
  assert.deepEqual(await waiting, [0]);
});

test("a dropped timer leaves nothing with the host, and wakes nobody", () => {
  const clock = new FakeClock();
  const timers = [new Timer(new Timers(clock), 0n), new Timer(new Timers(clock), 50n)];
  for (const timer of timers) {
    timer.watch({ wake: () => assert.fail("woken") });
    timer.drop();
    timer.drop();
  }
  assert.equal(clock.pending, 0);
  clock.advance(100n);
});

test("4.8 polling a thousand timers of one time wakes once for all", async () => {
  const clock = new FakeClock();
  const shared = new Timers(clock);
  const timers = Array.from({ length: 1000 }, () => new Timer(shared, 5n));
  const waiting = complete(poll(timers));
  assert.equal(clock.pending, 1, "one timer of the host for all");
  clock.advance(5n);
  assert.deepEqual(await waiting, [...timers.keys()]);
  assert.equal(clock.pending, 0);
});

test("4.12 timers of one instance fire each at its time, whatever order they were waited for in", async () => {
  const clock = new FakeClock();
  const timers = new Timers(clock);
  const deadlines = [50n, 10n, 30n, 20n, 40n];
  const waits = deadlines.map((deadline) => complete(poll([new Timer(timers, deadline)])));
  assert.equal(clock.pending, 1);
  for (const due of [10n, 20n, 30n, 40n, 50n]) {
    clock.advance(10n);
    for (const [index, deadline] of deadlines.entries()) {
      const wait = waits[index];
      assert.ok(wait);
      // oxlint-disable-next-line no-await-in-loop -- time passes in steps
      assert.equal(await staysPending(wait), deadline > due, `${deadline} at ${due}`);
    }
  }
  assert.equal(clock.pending, 0);
});

test("a timer goes on when the earliest is given up, and when the host is early", async () => {
  const clock = new FakeClock();
  const timers = new Timers(clock);
  const first = new Timer(timers, 10n);
  const waker = { wake: () => assert.fail("woken") };
  first.watch(waker);
  const waiting = complete(poll([new Timer(timers, 20n)]));
  first.unwatch(waker);
  clock.advance(10n);
  clock.fireEarly();
  assert.ok(await staysPending(waiting));
  assert.equal(clock.pending, 1);
  clock.advance(10n);
  assert.deepEqual(await waiting, [0]);
});

test("a clock that fails when a timer fires tells those who wait, and throws at nobody else", async () => {
  const fake = new FakeClock();
  let broken = false;
  const clock: MonotonicClock = {
    now() {
      if (broken) throw new Error("no time");
      return fake.now();
    },
    resolution: () => 1n,
    schedule: (delay, callback) => fake.schedule(delay, callback),
  };
  const waiting = complete(poll([new Timer(new Timers(clock), 5n)]));
  broken = true;
  fake.advance(5n);
  await assert.rejects(waiting, /no time/);
});

test("while timers are held they see one time, read when the first of them is asked", () => {
  const clock = new FakeClock();
  const timers = new Timers(clock);
  const timer = new Timer(timers, 10n);
  timers.hold();
  clock.advance(5n);
  assert.equal(timer.ready(), false);
  clock.advance(5n);
  assert.equal(timer.ready(), false);
  timers.release();
  assert.equal(timer.ready(), true);
});

test("4.12 a timer that is asked again and again, held or not, is ready exactly from its time on, however large that is", () => {
  const near = fc
    .tuple(fc.integer({ min: 0, max: 70 }), fc.bigInt({ min: -4096n, max: 4096n }))
    .map(([power, off]) => 2n ** BigInt(power) + off);
  fc.assert(
    fc.property(near, fc.array(fc.tuple(fc.bigInt({ min: -3n, max: 3n }), fc.boolean())), (deadline, steps) => {
      let now = deadline - 5n;
      const timers = new Timers({ now: () => now, resolution: () => 1n, schedule: () => assert.fail() });
      const timer = new Timer(timers, deadline);
      const another = new Timer(timers, 2n ** 80n);
      for (const [step, isHeld] of steps) {
        // A clock goes forward.
        if (step > 0n) now += step;
        if (isHeld) timers.hold();
        // Now they know what time it is.
        assert.equal(another.ready(), false);
        assert.equal(timer.ready(), now >= deadline, `${deadline} at ${now}`);
        assert.equal(timer.ready(), now >= deadline, `${deadline} at ${now} once more`);
        timers.release();
      }
    }),
  );
});

test("FakeClock calls what is due in the order of its time, and nothing that is cancelled", () => {
  const clock = new FakeClock();
  const calls: string[] = [];
  clock.schedule(3n, () => calls.push("third"));
  const cancel = clock.schedule(2n, () => calls.push("cancelled"));
  clock.schedule(1n, () => {
    calls.push("first");
    cancel();
    clock.schedule(0n, () => calls.push("in a later turn"));
  });
  clock.advance(5n);
  assert.deepEqual(calls, ["first", "third"]);
  clock.turn();
  assert.deepEqual(calls, ["first", "third", "in a later turn"]);
});
