/** The queue of bytes against a plain array. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { ByteQueue } from "../../src/io/byte-queue.ts";

type Operation =
  | { readonly push: number }
  | { readonly pushZeroes: number }
  | { readonly shift: number }
  /** Its own first bytes, as a pipe that is spliced into itself does. */
  | { readonly pushOwn: number }
  /** Filled with this, of more room; or what fills it fails. */
  | { readonly fill: number; readonly fails: boolean }
  | { readonly clear: true };

const size = fc.integer({ min: 0, max: 40 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ push: size }),
  fc.record({ pushZeroes: size }),
  fc.record({ shift: size }),
  fc.record({ pushOwn: size }),
  fc.record({ fill: size, fails: fc.boolean() }),
  fc.record({ clear: fc.constant<true>(true) }),
);

test("a queue holds what an array would", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const queue = new ByteQueue();
      let model: number[] = [];
      let next = 1;
      for (const step of operations) {
        if ("push" in step) {
          const bytes = new Uint8Array(step.push).map(() => next++ % 251);
          queue.push(bytes);
          model.push(...bytes);
          // A copy: what the caller does with its bytes afterwards is its own business.
          bytes.fill(255);
        } else if ("pushZeroes" in step) {
          queue.pushZeroes(step.pushZeroes);
          model.push(...new Uint8Array(step.pushZeroes));
        } else if ("shift" in step) {
          const count = Math.min(step.shift, model.length);
          queue.shift(count);
          model.splice(0, count);
        } else if ("pushOwn" in step) {
          const own = queue.view.subarray(0, step.pushOwn);
          queue.shift(own.length);
          const moved = model.splice(0, own.length);
          queue.push(own);
          model.push(...moved);
        } else if ("fill" in step) {
          const filling = (): number =>
            queue.fill(40, (into) => {
              assert.equal(into.length, 40);
              if (step.fails) throw new Error("no more");
              for (let at = 0; at < step.fill; at++) {
                into[at] = next++ % 251;
                model.push(into[at] ?? 0);
              }
              return step.fill;
            });
          if (step.fails) assert.throws(filling, { message: "no more" });
          else assert.equal(filling(), step.fill);
        } else {
          queue.clear();
          model = [];
        }
        assert.equal(queue.size, model.length);
        assert.deepEqual([...queue.view], model);
        assert.deepEqual([...queue.first(7)], model.slice(0, 7));
        assert.deepEqual([...queue.first(100)], model.slice(0, 100));
      }
    }),
    { numRuns: 2000 },
  );
});

test("a queue that is empty holds no memory", () => {
  const queue = new ByteQueue();
  queue.push(new Uint8Array(100_000));
  queue.shift(100_000);
  assert.equal(queue.view.buffer.byteLength, 0);
});

test("a queue that is filled and drained for ever does not grow", () => {
  const queue = new ByteQueue();
  queue.push(new Uint8Array(10));
  let most = 0;
  for (let round = 0; round < 10_000; round++) {
    queue.push(new Uint8Array(7));
    queue.shift(7);
    most = Math.max(most, queue.view.buffer.byteLength);
  }
  assert.ok(most <= 64, `${most} bytes for 17`);
});

test("a view stays as it was, whatever happens to the queue", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(size, size), { maxLength: 40 }), (steps) => {
      const queue = new ByteQueue();
      const seen: [view: Uint8Array, copy: Uint8Array][] = [];
      for (const [index, [push, shift]] of steps.entries()) {
        queue.push(new Uint8Array(push).fill(index));
        for (const view of [queue.view, queue.first(1000)]) seen.push([view, view.slice()]);
        queue.shift(Math.min(shift, queue.size));
      }
      for (const [view, copy] of seen) assert.deepEqual(view, copy);
    }),
  );
});

test("memory that one queue has let go of is no memory that another one still holds, nor full of what was there", () => {
  const bytes = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 30_000, max: 70_000 }));
  const step = fc.record({
    which: fc.nat(1),
    call: fc.constantFrom("push", "zeroes", "shift", "drain", "recycle", "move"),
    bytes,
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const queues = [0, 1].map(() => ({ queue: new ByteQueue(), model: Buffer.alloc(0) }));
      for (const [index, { which, call, bytes: count }] of steps.entries()) {
        const one = queues[which];
        assert.ok(one);
        const other = queues[1 - which];
        assert.ok(other);
        if (call === "move") {
          if (other.model.length > 0) continue;
          one.queue.moveTo(other.queue);
          [one.model, other.model] = [other.model, one.model];
        } else if (call === "push") {
          one.queue.push(new Uint8Array(count).fill(index + 1));
          one.model = Buffer.concat([one.model, Buffer.alloc(count, index + 1)]);
        } else if (call === "zeroes") {
          one.queue.pushZeroes(count);
          one.model = Buffer.concat([one.model, Buffer.alloc(count)]);
        } else if (call === "shift" || call === "drain") {
          const shifted = call === "drain" ? one.model.length : Math.min(count, one.model.length);
          one.queue.shift(shifted);
          one.model = one.model.subarray(shifted);
          if (call === "drain") one.queue.recycle();
        } else {
          one.queue.recycle();
        }
        for (const { queue, model } of queues) assert.ok(model.equals(queue.view));
      }
    }),
    { numRuns: 300 },
  );
});
