/** A thread that blocks sleeps until the next of its timers is due, and no more often. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ALWAYS, AnyOf } from "../../src/io/readiness.ts";
import { poll } from "../../src/io/poll.ts";
import { Parking } from "../../src/map/parking.ts";
import { FakeClock } from "../../src/testing/index.ts";
import { Timer, Timers } from "../../src/wasi/clocks/timers.ts";

const MS = 1_000_000n;

/** @param part How much of what it is to sleep it does. */
function parked(part = 1): { parking: Parking; clock: FakeClock; timers: Timers; readonly slept: number[] } {
  const clock = new FakeClock();
  const slept: number[] = [];
  const sleep = (ms: number): void => {
    slept.push(ms);
    clock.advance(BigInt(Math.ceil(ms * part * Number(MS))));
  };
  const parking = new Parking(clock, () => false, sleep);
  return { parking, clock, timers: new Timers(parking.clock), slept };
}

test("one sleep to each deadline", () => {
  const { parking, clock, timers, slept } = parked();
  parking.park(new Timer(timers, clock.now() + 3_600_000n * MS));
  assert.deepEqual(slept, [3_600_000]);
  const start = clock.now();
  const list = [30n, 10n, 20n].map((ms) => new Timer(timers, start + ms * MS));
  const steps = poll(list);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) {
      assert.deepEqual(step.value, [1]);
      break;
    }
    parking.park(step.value);
  }
  parking.park(list[0] ?? assert.fail());
  assert.deepEqual(slept.slice(1), [10, 20]);
});

test("who is woken too early sleeps again", () => {
  const { parking, clock, timers, slept } = parked(0.5);
  const deadline = clock.now() + 8n * MS;
  parking.park(new Timer(timers, deadline));
  assert.ok(clock.now() >= deadline);
  assert.deepEqual(slept.slice(0, 3), [8, 4, 2]);
});

test("what is due, or always ready, takes no sleep", () => {
  const { parking, clock, timers, slept } = parked();
  const far = new Timer(timers, clock.now() + 10n * MS);
  parking.park(new Timer(timers, clock.now()));
  parking.park(new AnyOf([far, ALWAYS]));
  assert.deepEqual(slept, []);
  // Of that nothing is left behind.
  parking.park(new Timer(timers, clock.now() + 20n * MS));
  assert.deepEqual(slept, [20]);
});

test("a wait that nothing could end is an error", () => {
  const { parking } = parked();
  const never = { ready: () => false, watch() {}, unwatch() {} };
  assert.throws(() => parking.park(never), /can never come/);
});
