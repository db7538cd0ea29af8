/** However a guest spins, others get their turn: every import counts, those that never wait too (4.9); and no call takes more than it may. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lowerP1 } from "../../src/bind/p1/lower.ts";
import { preview1, PREVIEW1_NAMES } from "../../src/bind/p1/preview1.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { CollectSink, ExitError } from "../../src/index.ts";
import { MemoryFiles } from "../../src/wasi/filesystem/memory-files.ts";
import { makeWorld } from "../../src/run/world.ts";
import { encodeGates } from "../../src/wait/gate-code.ts";
import { GateModules } from "../../src/wait/gate.ts";
import { Task } from "../../src/wait/task.ts";
import { argumentsFor, granted, handlesOf } from "./arguments.ts";
import { callEitherWay, CountingLoop, isSuspendError } from "./hostile.ts";
import { BareGuest, promising, type Lowered } from "./support.ts";

/** More than a guest may make before it is asked for how long it has kept the event loop. */
const CALLS = 1200;

async function spin(fn: Lowered | undefined, args: readonly unknown[], after: () => void = () => {}): Promise<number> {
  const call = promising(fn);
  let worked = 0;
  for (let count = 0; count < CALLS; count++) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one call after the other, as a guest makes them
      await call(...args);
      worked++;
    } catch (error) {
      // A guest that traps makes no more calls; this one does.
      assert.ok(error instanceof WebAssembly.RuntimeError, String(error));
    }
    after();
  }
  return worked;
}

test("4.9 a guest that makes one call again and again gives way, whichever it is", async (t) => {
  const names = [...new BareGuest().lowerAll().keys()];
  assert.ok(names.length > 100);
  for (const name of names) {
    const loop = new CountingLoop();
    const guest = new BareGuest(granted(), true, loop);
    const functions = guest.lowerAll();
    // oxlint-disable-next-line no-await-in-loop -- one guest after the other
    const handles = await handlesOf(guest, functions);
    guest.free();
    const before = loop.turns;
    const args = argumentsFor(guest, name, handles);
    // oxlint-disable-next-line no-await-in-loop -- as above
    const worked = await spin(functions.get(name), args, () => {
      guest.free();
      guest.mayLeave.value = 1;
    });
    assert.ok(loop.turns > before, `${name} has not given way after ${CALLS} calls, of which ${worked} worked`);
    t.diagnostic(`${name}: ${loop.turns - before} turns, ${worked} worked`);
  }
});

test("4.9 a guest of preview 1 gives way, whichever function it calls", async () => {
  for (const name of PREVIEW1_NAMES) {
    const loop = new CountingLoop();
    const memory = new WebAssembly.Memory({ initial: 1 });
    const task = new Task(loop);
    const world = makeWorld(nodePlatform, granted(), (code) => {
      throw new ExitError(code);
    });
    const host = { task, tracing: undefined, canWait: () => true, onEnd: () => {} };
    const definition = preview1(world, host, () => memory.buffer)[name];
    assert.ok(definition, name);
    const ungated = lowerP1(name, definition, host);
    const { functions } = new GateModules(encodeGates).gate([ungated], {
      task: task.gate,
      memory: undefined,
      realloc: undefined,
      staging: undefined,
      failed: () => {},
      mayLeave: new WebAssembly.Global({ value: "i32", mutable: true }, 1),
      refuse: () => assert.fail(),
    });
    const args = ungated.params.map((type) => (type === "i64" || type === "length" ? 0n : 0));
    // oxlint-disable-next-line no-await-in-loop -- one guest after the other
    await spin(functions[0] as Lowered, args);
    assert.ok(loop.turns > 0, name);
  }
});

test("4.2 4.9 polls of what is always ready give way, which is no matter of the answer", async () => {
  const loop = new CountingLoop();
  const guest = new BareGuest(granted(), true, loop);
  const pollable = Number(await promising(guest.lower("wasi:clocks/monotonic-clock", "subscribe-duration"))(0n));
  const ready = promising(guest.lower("wasi:io/poll", "[method]pollable.ready"));
  assert.equal(await ready(pollable), 1, "at the first time");
  assert.equal(await spin(guest.lower("wasi:io/poll", "[method]pollable.ready"), [pollable]), CALLS);
  assert.ok(loop.turns > 0);
});

test("4.9 what a call moves counts: a guest that is given much at a time gives way sooner", async () => {
  const loop = new CountingLoop();
  const guest = new BareGuest(granted(), true, loop);
  guest.memory.grow(200);
  const random = promising(guest.lower("wasi:random/random", "get-random-bytes"));
  await random(8n * 1024n * 1024n, 1024);
  assert.ok(loop.turns >= 7, `${loop.turns} turns`);
});

/** How many calls are made before one has to give way; from JavaScript there is nobody to suspend, and it shows. */
function callsBeforeGivingWay(guest: BareGuest, fn: Lowered | undefined, args: readonly number[]): number {
  for (let calls = 1; calls <= CALLS; calls++) {
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

/** For any function. */
const NONE = Array.from({ length: 12 }, () => 0);

for (const name of new BareGuest().lowerAll().keys()) {
  test(`4.9 a guest that calls ${name} for ever gives way`, () => {
    const guest = new BareGuest({ stdin: { text: "input" }, stdout: new CollectSink() }, true, new CountingLoop());
    const fn = guest.lowerAll().get(name);
    assert.ok(callsBeforeGivingWay(guest, fn, NONE) <= CALLS);
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
  const guest = new BareGuest({}, true, new CountingLoop());
  const random = guest.lower("wasi:random/random", "get-random-bytes");
  // The bare guest has no memory for what it asked for, after the host has made it.
  const tooMuch = [2 ** 20, 64];
  assert.ok(callsBeforeGivingWay(guest, random, tooMuch) <= 2);
});

for (const listedEntries of [1000, 1_000_000]) {
  test(`4.9 a listing counts by what is in the directory, with room for ${listedEntries} entries too`, () => {
    const files = MemoryFiles.from(Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`f${at}`, ""])));
    const guest = new BareGuest(
      { preopens: { "/": files.root() }, limits: { listedEntries } },
      true,
      new CountingLoop(),
    );
    guest.lower("wasi:filesystem/preopens", "get-directories")(64);
    const directory = guest.view.getUint32(guest.view.getUint32(64, true), true);
    const list = guest.lower("wasi:filesystem/types", "[method]descriptor.read-directory");
    assert.ok(callsBeforeGivingWay(guest, list, [directory, 64]) <= 10);
  });
}

test("4.13 a poll of more pollables than there may be is refused before the list is read", () => {
  const guest = new BareGuest({ limits: { pollables: 100 } });
  guest.memory.grow(1);
  const poll = guest.lower("wasi:io/poll", "poll");
  assert.throws(
    () => poll(0, 101, 1024),
    /a list of 101 pollables, but one call takes at most 100 \(limits\.pollables\)/,
  );
});
