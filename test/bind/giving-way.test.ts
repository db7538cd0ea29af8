/** Whatever a guest calls, again and again, others get their turn; and no call takes more than it may. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CollectSink } from "../../src/index.ts";
import type { Loop } from "../../src/wait/task.ts";
import { callEitherWay, isSuspendError } from "./hostile.ts";
import { BareGuest, type Lowered } from "./support.ts";

/** More than a guest makes before it is asked how long it has kept the event loop. */
const MANY = 1100;

/** Whose clock says each time that much has passed. */
const impatient: Loop = {
  turn: () => Promise.resolve(),
  now: (() => {
    let ms = 0;
    return () => (ms += 1000);
  })(),
};

/** How many calls are made before one has to give way; from JavaScript there is nobody to suspend, and it shows. */
function callsBeforeGivingWay(guest: BareGuest, fn: Lowered | undefined, args: readonly number[]): number {
  for (let calls = 1; calls <= MANY; calls++) {
    try {
      callEitherWay(fn, args);
    } catch (error) {
      if (isSuspendError(error)) return calls;
      // One that goes on all the same.
      guest.mayLeave.value = 1;
    }
  }
  return Number.POSITIVE_INFINITY;
}

const NONE = Array.from({ length: 12 }, () => 0);

for (const name of new BareGuest().lowerAll().keys()) {
  test(`4.9 a guest that calls ${name} for ever gives way`, () => {
    const guest = new BareGuest({ stdin: { text: "input" }, stdout: new CollectSink() }, true, impatient);
    const fn = guest.lowerAll().get(name);
    assert.ok(callsBeforeGivingWay(guest, fn, NONE) <= MANY);
  });
}

test("4.9 a guest that asks for timers of no time at all, as poll(0) does, gives way after a few", () => {
  const guest = new BareGuest();
  const subscribe = guest.lower("wasi:clocks/monotonic-clock", "subscribe-duration");
  const ready = guest.lower("wasi:io/poll", "[method]pollable.ready");
  const answers: unknown[] = [];
  assert.throws(() => {
    for (;;) answers.push(ready(subscribe(0n)));
  }, isSuspendError);
  assert.ok(answers.length <= 20, `${answers.length} calls`);
  assert.ok(answers.every((answer) => answer === 1));
});

test("4.9 calls that take long count as many", () => {
  const guest = new BareGuest({}, true, impatient);
  const random = guest.lower("wasi:random/random", "get-random-bytes");
  // The bare guest has no memory for what it asked for, after the host has made it.
  const tooMuch = [2 ** 20, 64];
  assert.ok(callsBeforeGivingWay(guest, random, tooMuch) <= 2);
});

test("4.13 a poll of more pollables than there may be is refused before the list is read", () => {
  const guest = new BareGuest({ limits: { pollables: 100 } });
  guest.memory.grow(1);
  const poll = guest.lower("wasi:io/poll", "poll");
  assert.throws(
    () => poll(0, 101, 1024),
    /a list of 101 pollables, but one call takes at most 100 \(limits\.pollables\)/,
  );
});
