import assert from "node:assert/strict";
import { test } from "node:test";
import { Task, type Loop } from "../../src/bind/task.ts";
import { Signal, type Readiness } from "../../src/index.ts";

/** A loop whose clock stands still unless told otherwise, and that counts its turns. */
class CountingLoop implements Loop {
  turns = 0;
  ms = 0;

  async turn(): Promise<void> {
    this.turns++;
  }

  now(): number {
    return this.ms;
  }
}

function callsUntilAsked(task: Task, idle: boolean, most: number): number {
  for (let calls = 1; calls <= most; calls++) {
    if (task.mustGiveWay()) return calls;
    if (idle) task.idle();
  }
  return most;
}

test("D7 a guest that is told 'not now' again and again gives way after a few calls", async () => {
  const task = new Task(new CountingLoop());
  const calls = callsUntilAsked(task, true, 10_000);
  assert.ok(calls <= 20, `gave way after ${calls} calls`);
  await task.giveWay();
  assert.equal(task.mustGiveWay(), false);
});

test("4.9 a guest that makes progress gives way only when it has kept the loop for some time", () => {
  const loop = new CountingLoop();
  const task = new Task(loop);
  assert.equal(callsUntilAsked(task, false, 100_000), 100_000);
  loop.ms = 1000;
  assert.ok(callsUntilAsked(task, false, 10_000) <= 1025);
});

function held(): Readiness & { readonly signal: Signal } {
  const signal = new Signal();
  return {
    signal,
    ready: () => false,
    watch: (waker) => signal.watch(waker),
    unwatch: (waker) => signal.unwatch(waker),
  };
}

function* waitFor(readiness: Readiness): Generator<Readiness, string, void> {
  yield readiness;
  return "done";
}

function drive(task: Task, readiness: Readiness): Promise<string> {
  return task.drive(
    waitFor(readiness),
    undefined,
    {
      deliver: (_args, value) => value,
      deliverError: (_args, error) => {
        throw error;
      },
    },
    [],
  );
}

test("a wait leaves nothing behind, whether it is woken or ended", async () => {
  const readiness = held();
  const task = new Task(new CountingLoop());
  const woken = drive(task, readiness);
  assert.equal(readiness.signal.watchers, 1);
  readiness.signal.notify();
  assert.equal(await woken, "done");
  assert.equal(readiness.signal.watchers, 0);

  const ended = assert.rejects(drive(task, readiness), /over/);
  assert.equal(readiness.signal.watchers, 1);
  task.end(new Error("over"));
  await ended;
  assert.equal(readiness.signal.watchers, 0);
});

test("nothing happens any more for a task that was ended", async () => {
  const task = new Task(new CountingLoop());
  task.end(new Error("over"));
  assert.throws(() => task.assertAlive(), /over/);
  await assert.rejects(drive(task, held()), /over/);
  await assert.rejects(task.giveWay(), /over/);
});
