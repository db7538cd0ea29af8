import assert from "node:assert/strict";
import { test } from "node:test";
import { WAIT } from "../../src/wait/gate.ts";
import type { Parking } from "../../src/wait/suspension.ts";
import { Task, type Loop } from "../../src/wait/task.ts";
import type { Readiness, Waker } from "../../src/index.ts";
import { held } from "./support.ts";

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

function* waitFor(readiness: Readiness): Generator<Readiness, string, void> {
  yield readiness;
  return "done";
}

function drive(task: Task, readiness: Readiness, steps = () => waitFor(readiness)): Promise<string> {
  return task.drive(
    steps(),
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

test("a task that is ended between a wake and what follows it waits no more", async () => {
  const task = new Task(new CountingLoop());
  const readiness = held();
  const waiting = drive(task, readiness, function* () {
    while (!readiness.ready()) yield readiness;
    return "done";
  });
  readiness.signal.notify();
  task.end(new Error("over"));
  await assert.rejects(waiting, /over/);
  assert.equal(readiness.signal.watchers, 0);
});

test("steps that are given up after they were woken take nothing any more", async () => {
  const task = new Task(new CountingLoop());
  const readiness = held();
  const there = ["a datagram"];
  const told: unknown[] = [];
  function* take(): Generator<Readiness, string | undefined, void> {
    yield readiness;
    return there.pop();
  }
  const steps = take();
  steps.next();
  const giveUp = task.begin(
    steps,
    readiness,
    { deliver: (_, value) => void told.push(value), deliverError: (_, error) => void told.push(error) },
    undefined,
  );
  readiness.signal.notify();
  giveUp("given up");
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([told, there], [["given up"], ["a datagram"]]);
});

test("what cannot be waited for ends the wait, whether it is the first or not", async () => {
  const broken: Readiness = {
    ready: () => false,
    watch: () => {
      throw new Error("no watch");
    },
    unwatch: () => {},
  };
  for (const first of [broken, undefined]) {
    const task = new Task(new CountingLoop());
    let released = false;
    const told: unknown[] = [];
    const waiting = task.drive(
      (function* () {
        try {
          for (;;) yield broken;
        } finally {
          released = true;
        }
      })(),
      first,
      { deliver: () => 0, deliverError: (_args, error) => told.push(error) },
      [],
    );
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await waiting;
    assert.match(String(told), /no watch/);
    // Steps that have not begun have nothing to release.
    assert.equal(released, first === undefined);
    task.end(new Error("over"));
    assert.equal(told.length, 1);
  }
});

test("one who wakes twice resumes once", async () => {
  const task = new Task(new CountingLoop());
  const wakers: Waker[] = [];
  const forgetful: Readiness = { ready: () => true, watch: (waker) => wakers.push(waker), unwatch: () => {} };
  const delivered: unknown[] = [];
  const waiting = task.drive(
    waitFor(forgetful),
    undefined,
    { deliver: (_args, value) => delivered.push(value), deliverError: () => assert.fail() },
    [],
  );
  for (let twice = 0; twice < 2; twice++) for (const waker of wakers) waker.wake();
  await waiting;
  for (const waker of wakers) waker.wake();
  await Promise.resolve();
  assert.deepEqual(delivered, ["done"]);
});

test("nothing happens any more for a task that was ended", async () => {
  const task = new Task(new CountingLoop());
  task.end(new Error("over"));
  assert.throws(() => task.assertAlive(), /over/);
  await assert.rejects(drive(task, held()), /over/);
  await assert.rejects(task.giveWay(), /over/);
});

test("what comes a microtask after a call was made again, where its thread is blocked, is heard of", async () => {
  const readiness = held();
  let isThere = false;
  function* steps(): Generator<Readiness, number, void> {
    if (!isThere) yield readiness;
    return 5;
  }
  const blocked: Promise<unknown>[] = [];
  const parking: Parking = {
    enter: (fn) => Promise.resolve().then(fn),
    // The thread of the test is not blocked: who waits is looked at.
    wait: <T>(promise: Promise<T>): T => {
      blocked.push(promise);
      return undefined as T;
    },
  };
  const task = new Task(Object.assign(new CountingLoop(), { parking }));
  const passOn = {
    deliver: (_args: unknown, value: number) => value,
    deliverError: (_args: unknown, error: unknown) => {
      throw error;
    },
  };
  const attempt = (): number => {
    const begun = steps();
    const step = begun.next();
    queueMicrotask(() => {
      isThere = true;
      readiness.signal.notify();
    });
    return step.done === true ? step.value : task.pend(begun, step.value, passOn, undefined);
  };
  task.pendRetry(attempt, []);
  // What the gate then does.
  const { wait, resume } = task.gate;
  const goOn = (): Promise<unknown> => {
    (wait as () => void)();
    return blocked.pop() ?? assert.fail();
  };
  const afterTurn = resume((await goOn()) as number);
  assert.equal(afterTurn, WAIT);
  assert.equal(resume((await goOn()) as number), 5);
  assert.equal(readiness.signal.watchers, 0);
});
