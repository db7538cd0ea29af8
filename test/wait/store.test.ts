import assert from "node:assert/strict";
import { test } from "node:test";
import { Store } from "../../src/wait/store.ts";
import { Task, type Loop } from "../../src/wait/task.ts";

const loop: Loop = { turn: () => new Promise(() => {}), now: () => 0 };

test("who waits to begin finds out that the instance is over, also while something is held", () => {
  const task = new Task(loop);
  const store = new Store(task);
  let begun = 0;
  store.hold();
  store.whenIdle(() => void begun++);
  assert.equal(begun, 0);
  const reason = new Error("over");
  task.end(reason);
  store.end(reason);
  assert.equal(begun, 1);
  store.whenIdle(() => void begun++);
  assert.equal(begun, 2);
});
