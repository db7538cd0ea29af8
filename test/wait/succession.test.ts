/** Guests that are called one after the other on one stack. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { binaryOf } from "../load/made.ts";
import type { CoreFunction } from "../../src/wait/gate.ts";
import { Succession } from "../../src/wait/succession.ts";
import { suspending } from "../../src/wait/suspension.ts";
import { turn } from "../run/support.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** A guest that is told to `heard`, then waits for what `wait` promises, and traps if it is called with 13. */
function guest(heard: (first: number, second: number) => void, wait: () => Promise<unknown>): CoreFunction {
  const module = new WebAssembly.Module(
    binaryOf(`
      (module
        (import "" "heard" (func $heard (param i32 i32)))
        (import "" "wait" (func $wait))
        (func (export "f") (param i32 i32)
          (call $heard (local.get 0) (local.get 1))
          (if (i32.eq (local.get 0) (i32.const 13)) (then (unreachable)))
          (if (i32.eq (local.get 0) (i32.const 7)) (then (call $wait)))))`).slice(),
  );
  // A function that suspends is none to these types.
  const imports = { heard, wait: suspending(wait) as WebAssembly.ImportValue };
  // The module exports exactly this.
  return new WebAssembly.Instance(module, { "": imports }).exports["f"] as CoreFunction;
}

/** Calls these guests, and says what it has called. */
function calling(calls: [core: CoreFunction, first: number, second: number][]): Succession {
  const succession: Succession = new Succession({
    next() {
      const call = calls.shift();
      if (call) succession.call(...call);
      return call !== undefined;
    },
  });
  return succession;
}

test("each is called with its own, at once, in their order", async () => {
  const events: string[] = [];
  const [a, b] = ["a", "b"].map((name) =>
    guest(
      (first, second) => void events.push(`${name} ${first} ${second}`),
      () => Promise.resolve(),
    ),
  );
  assert.ok(a && b);
  const done = calling([
    [a, 1, 2],
    [a, 3, -1],
    [b, 4, 0],
    [a, 5, 6],
  ]).run();
  assert.deepEqual(events, ["a 1 2", "a 3 -1", "b 4 0", "a 5 6"]);
  await done;
});

test("where one waits, so do those after it", async () => {
  const events: number[] = [];
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const core = guest(
    (first) => void events.push(first),
    () => promise,
  );
  const done = calling([
    [core, 1, 0],
    [core, 7, 0],
    [core, 2, 0],
  ]).run();
  await turn();
  assert.deepEqual(events, [1, 7]);
  resolve(undefined);
  await done;
  assert.deepEqual(events, [1, 7, 2]);
});

test("what one throws is told, and it may be run again", async () => {
  const events: number[] = [];
  const core = guest(
    (first) => void events.push(first),
    () => Promise.reject(new Error("over")),
  );
  const calls: [CoreFunction, number, number][] = [
    [core, 13, 0],
    [core, 7, 0],
    [core, 1, 0],
  ];
  const succession = calling(calls);
  await assert.rejects(succession.run(), { name: "RuntimeError", message: "unreachable" });
  await assert.rejects(succession.run(), { message: "over" });
  await succession.run();
  assert.deepEqual(events, [13, 7, 1]);
});

test("whom it has called is kept no longer than until it forgets them", async () => {
  const calls: [CoreFunction, number, number][] = [];
  const succession = calling(calls);
  const called = (): WeakRef<CoreFunction> => {
    const core = guest(
      () => {},
      () => Promise.resolve(),
    );
    calls.push([core, 1, 1]);
    return new WeakRef(core);
  };
  const hold = called();
  await succession.run();
  succession.forget();
  for (let round = 0; round < 20 && hold.deref(); round++) {
    // oxlint-disable-next-line no-await-in-loop -- turn after turn
    await turn();
    collectGarbage();
  }
  assert.equal(hold.deref(), undefined);
  succession.forget();
  await succession.run();
});
