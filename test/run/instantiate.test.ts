import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compile,
  instantiate,
  InternalError,
  Trap,
  type CompiledComponent,
  type RunningInstance,
} from "../../src/index.ts";
import { FakeClock } from "../../src/testing/index.ts";
import { collector, compiled, guest, heldSource, until } from "./support.ts";

interface Demo {
  add(a: number, b: number): Promise<number>;
  greet(name: string): Promise<string>;
  waitNs(ns: bigint): Promise<void>;
  say(text: string): Promise<void>;
}

/** The interface `demo` of the guest multi-export. */
function demoOf(instance: RunningInstance): Demo {
  return instance.exports["sluice:guests/demo"] as Demo;
}

function commandOf(instance: RunningInstance): () => Promise<void> {
  const command = instance.exports["wasi:cli/run@0.2.12"] as { readonly run: () => Promise<void> };
  return command.run;
}

test("exports are called with typed values, several times", async () => {
  const stdout = collector();
  const instance = await instantiate(await guest("multi-export"), { stdout: stdout.sink });
  const demo = demoOf(instance);
  assert.equal(await demo.add(2, 3), 5);
  assert.equal(await demo.greet("wörld"), "hello, wörld");
  await demo.say("one");
  await demo.say("two");
  await instance.close();
  assert.equal(stdout.text(), "one\ntwo\n");
  assert.equal(instance.stats.stdout.bytes, 8);
});

test("instances of one compiled component share nothing", async () => {
  const component = await compiled("multi-export");
  const outputs = [collector(), collector()];
  const instances = await Promise.all(outputs.map(({ sink }) => instantiate(component, { stdout: sink })));
  await Promise.all(instances.map((instance, index) => demoOf(instance).say(`instance ${index}`)));
  await Promise.all(instances.map((instance) => instance.close()));
  assert.deepEqual(
    outputs.map((output) => output.text()),
    ["instance 0\n", "instance 1\n"],
  );
});

test("a guest that waits leaves the event loop and other instances free", async () => {
  const component = await compiled("multi-export");
  const clock = new FakeClock();
  const [waiting, other] = await Promise.all([
    instantiate(component, { monotonicClock: clock }),
    instantiate(component, {}),
  ]);
  let done = false;
  const wait = demoOf(waiting)
    .waitNs(5_000_000_000n)
    .then(() => (done = true));
  await until(() => clock.pending > 0);
  assert.equal(await demoOf(other).add(1, 1), 2);
  assert.equal(done, false);
  clock.advance(5_000_000_000n);
  await wait;
  await Promise.all([waiting.close(), other.close()]);
});

test("after close nothing can be called, and says why", async () => {
  const instance = await instantiate(await guest("multi-export"));
  await instance.close();
  await assert.rejects(demoOf(instance).add(1, 1), /instance is closed/);
});

test("close while the guest waits ends it, and releases its timer", async () => {
  const clock = new FakeClock();
  const instance = await instantiate(await guest("multi-export"), { monotonicClock: clock });
  const wait = demoOf(instance).waitNs(1n << 40n);
  const ended = assert.rejects(wait, /instance is closed/);
  await until(() => clock.pending > 0);
  await instance.close();
  await ended;
  assert.equal(clock.pending, 0);
});

test("a trap ends its instance alone", async () => {
  const component = await compiled("write-without-permit");
  const [trapping, other] = await Promise.all([instantiate(component), instantiate(await compiled("multi-export"))]);
  const run = commandOf(trapping);
  await assert.rejects(run(), (error) => error instanceof Trap && error.rule === "3.3");
  await assert.rejects(run(), Error);
  assert.equal(await demoOf(other).add(20, 22), 42);
  await other.close();
});

test("the signal ends a waiting guest with its reason, and closes its streams", async () => {
  const stdin = heldSource();
  const controller = new AbortController();
  const instance = await instantiate(await guest("wait"), { stdin: stdin.source, signal: controller.signal });
  const run = commandOf(instance);
  const ended = assert.rejects(run(), /enough/);
  await until(() => stdin.asked);
  controller.abort(new Error("enough"));
  await ended;
  assert.equal(stdin.closed, true);
});

test("an aborted signal refuses before anything runs", async () => {
  const component = await compiled("multi-export");
  await assert.rejects(instantiate(component, { signal: AbortSignal.abort(new Error("too late")) }), /too late/);
});

test("a compiled component says what it imports", async () => {
  const component: CompiledComponent = await compile(await guest("old-version"));
  assert.ok(component.imports.includes("wasi:io/streams@0.2.0"), component.imports.join(", "));
});

test("a fault of what the embedder gave ends the instance, and keeps its cause", async () => {
  const fault = new RangeError("no more randomness");
  const random = {
    fill: () => {
      throw fault;
    },
  };
  const instance = await instantiate(await guest("random-lengths"), { random, insecureSeed: [1n, 2n] });
  const run = commandOf(instance);
  await assert.rejects(run(), (error) => error instanceof InternalError && error.cause === fault);
  await assert.rejects(run(), /no more randomness/);
});
