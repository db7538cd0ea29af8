/** What several handles of one output share: the bound, the order, the end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { Outlet } from "../../src/io/outlet.ts";
import { OutputStream } from "../../src/io/output-stream.ts";
import type { Sink } from "../../src/io/ports.ts";
import { complete } from "../../src/io/steps.ts";
import { FaultySink, pattern, staysPending } from "./helpers.ts";
import { outcomeOf } from "./play.ts";

/** How many times the limit all handles together can make an outlet hold. */
const HEADROOM = 16;

function handles(count: number, outlet: Outlet): OutputStream[] {
  return Array.from({ length: count }, () => new OutputStream(outlet));
}

test("6.8 a permit stays good when another handle writes", () => {
  const outlet = new Outlet(new FaultySink({ stallAt: 0 }), 8);
  const [one, other] = [new OutputStream(outlet), new OutputStream(outlet)];
  const permitted = one.checkWrite();
  other.checkWrite();
  other.write(new Uint8Array(8));
  one.write(new Uint8Array(permitted));
  assert.equal(outlet.bufferedBytes, 16);
  assert.equal(one.checkWrite(), 0);
  assert.equal(other.checkWrite(), 0);
});

test("a hundred handles with permits of their own cannot make an outlet hold more than its bound", () => {
  const outlet = new Outlet(new FaultySink({ stallAt: 0 }), 8);
  const all = handles(100, outlet);
  const permits = all.map((handle) => handle.checkWrite());
  for (const [index, handle] of all.entries()) handle.write(new Uint8Array(permits[index] ?? 0));
  assert.ok(outlet.bufferedBytes <= 8 * HEADROOM + all.length, `${outlet.bufferedBytes} bytes are held`);
  assert.ok(
    permits.every((permitted) => permitted > 0),
    "every handle can go on",
  );
});

test("a dropped handle gives back its permit", () => {
  const outlet = new Outlet(new FaultySink({ stallAt: 0 }), 8);
  for (const handle of handles(1000, outlet)) {
    assert.equal(handle.checkWrite(), 8);
    handle.drop();
  }
});

test("a flush by one handle holds all of them, until it is complete", () => {
  const sink = new FaultySink({ stallAt: 0 });
  const outlet = new Outlet(sink, 8);
  const [one, other] = [new OutputStream(outlet), new OutputStream(outlet)];
  one.checkWrite();
  one.write(new Uint8Array(3));
  one.flush();
  assert.equal(other.checkWrite(), 0);
  assert.equal(other.ready(), false);
  sink.release();
  assert.equal(other.checkWrite(), 8);
  assert.equal(one.checkWrite(), 8);
});

test("3.16 a failure is reported once in all; every other handle is closed", () => {
  for (let taker = 0; taker < 3; taker++) {
    const sink = new FaultySink({ stallAt: 0 });
    const outlet = new Outlet(sink);
    const all = handles(3, outlet);
    const [first] = all;
    first?.checkWrite();
    first?.write(new Uint8Array(1));
    sink.fail(new Error("broken"));
    for (const handle of all) assert.ok(handle.ready());
    const told = [...all.slice(taker), ...all].map((handle) => outcomeOf(() => handle.checkWrite()));
    assert.deepEqual(
      told,
      told.map((_, index) => (index === 0 ? "failed" : "closed")),
    );
    for (const handle of all) assert.ok(handle.ready());
  }
});

test("a handle that waits is woken when another one's bytes leave", async () => {
  const sink = new FaultySink({ stallAt: 0 });
  const outlet = new Outlet(sink, 4);
  const [one, other] = [new OutputStream(outlet), new OutputStream(outlet)];
  one.checkWrite();
  one.write(Uint8Array.of(1, 2, 3, 4));
  const waiting = complete(other.blockingWriteAndFlush(Uint8Array.of(5, 6)));
  assert.ok(await staysPending(waiting));
  sink.release();
  await waiting;
  assert.deepEqual([...sink.bytes()], [1, 2, 3, 4, 5, 6]);
});

test("two handles that write at random never exceed the bound, lose nothing, and never hang", async () => {
  const step = fc.record({
    handle: fc.nat(1),
    call: fc.constantFrom("check", "write", "flush", "drain"),
    bytes: fc.integer({ min: 0, max: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), async (steps, limitBytes) => {
      const sink = new FaultySink({ stallAt: 0 });
      const outlet = new Outlet(sink, limitBytes);
      const pair = [new OutputStream(outlet), new OutputStream(outlet)] as const;
      const permits: [number, number] = [0, 0];
      let written = 0;
      for (const { handle, call, bytes } of steps) {
        const which = handle === 0 ? 0 : 1;
        if (call === "check") permits[which] = pair[which].checkWrite();
        else if (call === "flush") {
          pair[which].flush();
          permits[which] = 0;
        } else if (call === "drain") sink.release(bytes);
        else {
          const count = Math.min(bytes, permits[which]);
          if (count === 0) continue;
          pair[which].write(pattern(count, written));
          written += count;
          permits[which] = 0;
        }
        assert.ok(outlet.bufferedBytes <= limitBytes * HEADROOM + 2, `${outlet.bufferedBytes} bytes are held`);
        assert.equal(sink.bytes().length + outlet.bufferedBytes, written);
      }
      sink.release();
      await outlet.finish();
      assert.deepEqual(sink.bytes(), pattern(written));
    }),
  );
});

test("finish delivers what is held, then closes the sink, once", async () => {
  const sink = new FaultySink({ stallAt: 2 });
  const outlet = new Outlet(sink);
  const [output] = handles(1, outlet);
  output?.checkWrite();
  output?.write(pattern(5));
  const finished = outlet.finish();
  assert.ok(await staysPending(finished));
  assert.equal(sink.end, undefined);
  sink.release();
  await finished;
  await outlet.finish();
  assert.equal(sink.end, "closed");
  assert.deepEqual(sink.bytes(), pattern(5));
});

test("finish of a stream that fails meanwhile resolves, and aborts the sink", async () => {
  const sink = new FaultySink({ stallAt: 2 });
  const outlet = new Outlet(sink);
  const [output] = handles(1, outlet);
  output?.checkWrite();
  output?.write(pattern(5));
  const finished = outlet.finish();
  sink.fail(new Error("broken"));
  await finished;
  assert.equal(sink.end, "aborted");
});

test("abort while somebody waits closes the stream for them, and the sink is told why", async () => {
  const sink = new FaultySink({ stallAt: 0 });
  const outlet = new Outlet(sink);
  const [output] = handles(1, outlet);
  output?.checkWrite();
  output?.write(pattern(5));
  assert.ok(output);
  const waiting = complete(output.blockingFlush());
  const finished = outlet.finish();
  const reason = new Error("enough");
  outlet.abort(reason);
  await assert.rejects(waiting, /closed/);
  await finished;
  assert.equal(sink.end, "aborted");
  assert.equal(sink.abortReason, reason);
  assert.equal(sink.watchers, 0);
});

test("a sink is given a view of what is written, and not a copy, if it takes it at once", () => {
  const mine = pattern(10);
  let same = false;
  const sink = Object.assign(new FaultySink(), {
    write(bytes: Uint8Array) {
      same = bytes === mine;
      return bytes.length;
    },
  });
  const output = new OutputStream(new Outlet(sink));
  output.checkWrite();
  output.write(mine);
  assert.ok(same);
});

for (const taken of [-1, 9, 0.5, Number.NaN]) {
  test(`6.6d a sink that says that it took ${taken} of 8 bytes has failed`, () => {
    const sink = Object.assign(new FaultySink(), { write: () => taken });
    const outlet = new Outlet(sink);
    outlet.accept(new Uint8Array(8));
    const { state } = outlet;
    assert.ok(state.tag === "failed" && state.cause instanceof RangeError);
    assert.equal(sink.end, "aborted");
  });
}

test("whoever waits is woken by a failure that the call of another handle finds", () => {
  let fails = false;
  const sink: Sink = {
    write() {
      if (fails) throw new Error("no");
      return 0;
    },
    flush: () => true,
    ...{ close: () => {}, abort: () => {}, watch: () => {}, unwatch: () => {} },
  };
  const outlet = new Outlet(sink, 8);
  const [one, other] = [new OutputStream(outlet), new OutputStream(outlet)];
  one.write(new Uint8Array(one.checkWrite()));
  assert.equal(one.ready(), false);
  let woken = 0;
  one.watch({ wake: () => void woken++ });
  fails = true;
  assert.throws(() => other.flush());
  assert.equal(one.ready(), true);
  assert.ok(woken > 0);
});

test("its level says what it holds, what it permits, and whether anybody waits for that", () => {
  const sink = new FaultySink({ stallAt: 0 });
  const outlet = new Outlet(sink, 8);
  const stream = new OutputStream(outlet);
  const empty = { state: "open", bufferedBytes: 0, capacityBytes: 8, permittedBytes: 8, isAwaited: false };
  assert.deepEqual(outlet.level(), empty);
  stream.checkWrite();
  stream.write(new Uint8Array(5));
  assert.deepEqual(outlet.level(), { ...empty, bufferedBytes: 5, permittedBytes: 3 });
  assert.equal(outlet.level().permittedBytes, stream.checkWrite());
  stream.flush();
  const waker = { wake() {} };
  stream.watch(waker);
  const flushing = { ...empty, state: "flushing", bufferedBytes: 5, permittedBytes: 0, isAwaited: true };
  assert.deepEqual(outlet.level(), flushing);
  stream.unwatch(waker);
  assert.deepEqual(outlet.level(), { ...flushing, isAwaited: false });
  sink.release();
  assert.deepEqual(outlet.level(), empty);
  outlet.abort(new Error("enough"));
  assert.deepEqual(outlet.level(), { ...empty, state: "closed", permittedBytes: 0 });
});

for (const [what, spoil] of [
  ["changes", (bytes: Uint8Array) => void bytes.fill(65)],
  ["gives away", (bytes: Uint8Array) => void structuredClone(bytes, { transfer: [bytes.buffer] })],
] as const) {
  test(`zeroes are zeroes for each output, whatever the sink of another one ${what}`, () => {
    const spoiling = new FaultySink();
    const write = spoiling.write.bind(spoiling);
    spoiling.write = (bytes) => {
      const taken = write(bytes);
      spoil(bytes);
      return taken;
    };
    new Outlet(spoiling, 8192).acceptZeroes(5000);
    const sink = new FaultySink();
    new Outlet(sink, 8192).acceptZeroes(5000);
    assert.deepEqual(sink.bytes(), new Uint8Array(5000));
  });
}
