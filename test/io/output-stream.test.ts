/** The output stream: one line for each behaviour. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputStream } from "../../src/io/input-stream.ts";
import { Outlet } from "../../src/io/outlet.ts";
import { OutputStream } from "../../src/io/output-stream.ts";
import { DEFAULT_LIMITS } from "../../src/io/limits.ts";
import { complete, type Steps } from "../../src/io/steps.ts";
import { FaultySink, FaultySource, staysPending } from "../../src/testing/index.ts";
import { outcomeOf, play } from "./play.ts";

/** Steps that are over before they begin. */
// oxlint-disable-next-line require-yield -- there is nothing to wait for
function* nothing(): Steps<void> {}

test("3.1 a fresh stream permits what it can hold", () => play("ready=true permit=8"));
test("3.1 what is held is permitted no more", () => play("write:3 permit=5 write:5 permit=0 ready=false"));
test("3.1 what leaves is permitted again", () => play("write:8 drain:3 permit=3 ready=true held=5"));
test("3.2 a write larger than the permit traps", () => play("permit=8 raw:9!trap"));
test("3.2 on a closed stream it is closed", () => play("leave flush!closed raw:100!closed"));
test("3.3 a write without a check traps", () => play("raw:1!trap"));
test("3.3 an empty write needs no check", () => play("raw:0 arrived=0"));
test("3.4 a second write on one permit traps", () => play("permit=8 raw:1 raw:1!trap"));
test("3.4 several writes share a budget", () => play("permit=8 raw:1 raw:7 raw:1!trap", "budget"));
test("3.5 flush permits nothing until every byte has drained", () =>
  play("write:3 flush permit=0 drain:2 permit=0 ready=false drain:1 ready=true permit=8"));
test("3.5 flush of nothing is complete at once", () => play("flush ready=true permit=8"));
test("3.5 flush may be repeated", () => play("write:3 flush flush permit=0 drain:3 flush permit=8"));
test("3.6 a write during a flush traps", () => play("write:3 flush raw:1!trap"));
test("3.6 a write of nothing during a flush traps", () => play("write:3 flush raw:0!trap"));
test("3.6 write-zeroes during a flush traps", () => play("write:3 flush zeroes:1!trap"));
test("3.9 write-zeroes needs no check", () => play("zeroes:8 held=8 drain:8 arrived=8"));
test("3.9 write-zeroes spends the permit", () => play("permit=8 zeroes:1 raw:1!trap"));
test("3.9 write-zeroes of more than is free traps", () => play("write:3 zeroes:6!trap"));
test("3.14 a closed stream is ready", () => play("write:1 leave ready=true permit!closed ready=true"));
test("3.16 a failure is reported once, then closed", () =>
  play("write:1 fail permit!failed permit!closed raw:1!closed"));
test("3.16 a failure during a flush is", () => play("write:1 flush fail ready=true flush!failed flush!closed"));
test("3.16 a failure met by a write is reported by it", () => play("fail write:1!failed permit!closed"));
test("3.16 a failure met by a flush is reported by it", () => play("fail flush!failed permit!closed"));
test("3.16 a failure met by write-zeroes is reported by it", () => play("fail zeroes:1!failed permit!closed"));
test("3.16 a failure loses what is held", () => play("write:5 fail held=0 permit!failed"));
test("7.4 a reader that leaves is closed", () => play("write:1 leave raw:0!closed flush!closed permit!closed"));
test("3.15 what was written is delivered after the drop", () => play("write:5 drop held=5 drain:5 arrived=5"));

test("3.16 the cause of a failure is kept for downcasts", () => {
  const cause = Object.assign(new Error("no space"), { code: "ENOSPC" });
  const output = new OutputStream(new Outlet(new FaultySink({ failAt: 0, cause })));
  output.checkWrite();
  assert.throws(
    () => output.write(new Uint8Array(1)),
    (error) => error instanceof Error && error.cause === cause,
  );
});

for (const [name, steps] of [
  [
    "3.8 blocking-write-and-flush",
    (output: OutputStream, bytes: number) => output.blockingWriteAndFlush(new Uint8Array(bytes)),
  ],
  [
    "3.8 blocking-write-and-flush, as far as it goes without steps,",
    (output: OutputStream, bytes: number) => output.writeAndFlush(new Uint8Array(bytes)) ?? nothing(),
  ],
  [
    "3.10 blocking-write-zeroes-and-flush",
    (output: OutputStream, bytes: number) => output.blockingWriteZeroesAndFlush(bytes),
  ],
] as const) {
  test(`${name} goes on step by step, as far as there is room`, () => {
    const sink = new FaultySink({ stallAt: 0 });
    const outlet = new Outlet(sink, 8);
    const output = new OutputStream(outlet);
    const run = steps(output, 20);
    assert.equal(run.next().value, output);
    assert.equal(outlet.bufferedBytes, 8);
    sink.release(5);
    assert.equal(run.next().value, output);
    assert.equal(outlet.bufferedBytes, 8);
    sink.release(8);
    run.next();
    sink.release(6);
    // Everything is written, and flushed, but not through yet.
    assert.equal(run.next().done, false);
    assert.equal(sink.bytes().length, 19);
    sink.release(1);
    assert.equal(run.next().done, true);
    assert.deepEqual(sink.bytes(), new Uint8Array(20));
  });

  test(`${name} traps before anything else for 4097 bytes`, () => {
    const output = new OutputStream(new Outlet(new FaultySink({ closeAt: 0, onFlush: true })));
    assert.equal(
      outcomeOf(() => steps(output, 4097).next()),
      "trap",
    );
    assert.equal(
      outcomeOf(() => steps(output, 4096).next()),
      "closed",
    );
  });

  test(`${name} succeeds if the stream is closed by it, and fails if not all bytes were taken`, async () => {
    const closing = new OutputStream(new Outlet(new FaultySink({ closeAt: 3, onFlush: true })));
    await complete(steps(closing, 3));
    assert.equal(
      outcomeOf(() => closing.checkWrite()),
      "closed",
    );
    const short = new OutputStream(new Outlet(new FaultySink({ closeAt: 3 }), 2));
    await assert.rejects(complete(steps(short, 9)), /closed/);
  });

  for (const [bytes, mode] of [
    [0, "strict"],
    [3, "strict"],
    [0, "budget"],
    [3, "budget"],
  ] as const) {
    test(`${name} leaves no permit behind, with ${bytes} bytes and permits ${mode}`, async () => {
      const outlet = new Outlet(new FaultySink());
      const output = new OutputStream(outlet, mode);
      await complete(steps(output, bytes));
      assert.equal(outlet.room(0), DEFAULT_LIMITS.bufferBytes, "nothing is reserved");
      assert.equal(
        outcomeOf(() => output.write(new Uint8Array(1))),
        "trap",
      );
    });
  }
}

for (const [name, steps] of [
  ["3.7 blocking-flush", (output: OutputStream) => output.blockingFlush()],
  ["3.7 blocking-flush, as far as it goes without steps,", (output: OutputStream) => output.flushOrWait() ?? nothing()],
] as const) {
  test(`${name} reports closed, and does not swallow it`, async () => {
    const sink = new FaultySink({ stallAt: 0 });
    const output = new OutputStream(new Outlet(sink));
    output.checkWrite();
    output.write(new Uint8Array(3));
    const flush = complete<unknown>(steps(output));
    assert.ok(await staysPending(flush));
    sink.leave();
    await assert.rejects(flush, /closed/);
  });

  test(`${name} is done when all has left, and takes back the permit`, async () => {
    const sink = new FaultySink({ stallAt: 0 });
    const output = new OutputStream(new Outlet(sink));
    output.checkWrite();
    output.write(new Uint8Array(3));
    output.checkWrite();
    const flush = complete<unknown>(steps(output));
    assert.ok(await staysPending(flush));
    sink.release();
    await flush;
    assert.equal(
      outcomeOf(() => output.write(new Uint8Array(1))),
      "trap",
    );
    output.checkWrite();
    await complete<unknown>(steps(output));
    assert.equal(
      outcomeOf(() => output.write(new Uint8Array(1))),
      "trap",
    );
  });
}

test("3.11 splice moves the least of what is asked for, permitted and there", () => {
  const sink = new FaultySink({ stallAt: 0 });
  const output = new OutputStream(new Outlet(sink, 8));
  const source = new FaultySource(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  const input = new InputStream(source);
  assert.equal(output.splice(input, 3), 3);
  assert.equal(output.splice(input, 100), 5);
  assert.equal(output.splice(input, 100), 0);
  assert.equal(source.leftBytes, 3);
  sink.release();
  assert.equal(output.splice(input, 100), 3);
  assert.equal(output.splice(input, 100), 0);
  source.end();
  assert.equal(
    outcomeOf(() => output.splice(input, 100)),
    "closed",
  );
  assert.deepEqual([...sink.bytes()], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("3.11 splice asks the source for no more than it can write", () => {
  const source = new FaultySource(new Uint8Array(100));
  const output = new OutputStream(new Outlet(new FaultySink({ stallAt: 0 }), 8));
  output.splice(new InputStream(source), 50);
  output.splice(new InputStream(source), 50);
  assert.deepEqual(source.asked, [8]);
});

test("3.11 splice with a failed source reports that, and the sink lives on", () => {
  const output = new OutputStream(new Outlet(new FaultySink()));
  const input = new InputStream(new FaultySource(undefined, { failAt: 0 }));
  assert.equal(
    outcomeOf(() => output.splice(input, 1)),
    "failed",
  );
  assert.equal(
    outcomeOf(() => output.splice(input, 1)),
    "closed",
  );
  assert.ok(output.checkWrite() > 0);
});

test("3.11 splice reports the sink before the source", () => {
  const sink = new FaultySink({ stallAt: 0 });
  const output = new OutputStream(new Outlet(sink));
  output.checkWrite();
  output.write(new Uint8Array(1));
  sink.leave();
  const source = new FaultySource(Uint8Array.of(1), { failAt: 0 });
  assert.equal(
    outcomeOf(() => output.splice(new InputStream(source), 1)),
    "closed",
  );
  assert.deepEqual(source.asked, []);
});

test("3.12 blocking-splice waits for the sink, then for the source, whichever comes last", () => {
  const sink = new FaultySink({ stallAt: 0 });
  const output = new OutputStream(new Outlet(sink, 2));
  const source = new FaultySource();
  const input = new InputStream(source);
  output.checkWrite();
  output.write(new Uint8Array(2));
  const steps = output.blockingSplice(input, 5);
  assert.equal(steps.next().value, output);
  assert.equal(steps.next().value, output);
  sink.release(2);
  assert.equal(steps.next().value, input);
  // Somebody else fills it up again, so that it waits for the sink once more.
  output.checkWrite();
  output.write(new Uint8Array(2));
  source.supply(Uint8Array.of(7, 8, 9));
  assert.equal(steps.next().value, output);
  sink.release();
  assert.deepEqual(steps.next(), { done: true, value: 2 });
  assert.deepEqual([...sink.bytes()].slice(4), [7, 8]);
});

test("3.12 blocking-splice of nothing does not wait for the source", async () => {
  const output = new OutputStream(new Outlet(new FaultySink()));
  assert.equal(await complete(output.blockingSplice(new InputStream(new FaultySource()), 0)), 0);
});

test("an outlet watches its sink only while it has something for it", () => {
  const sink = new FaultySink({ stallAt: 1 });
  const output = new OutputStream(new Outlet(sink));
  output.checkWrite();
  output.write(new Uint8Array(1));
  assert.equal(sink.watchers, 0);
  output.checkWrite();
  output.write(new Uint8Array(1));
  assert.equal(sink.watchers, 1);
  sink.release(1);
  assert.equal(sink.watchers, 0);
});
