/** Streams that cross to another thread in shared memory: both ends here, which cannot tell. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Hearing } from "../../src/hosts/isolate/bell.ts";
import { InputFeed, RingSource } from "../../src/hosts/isolate/ring-input.ts";
import { OutputPump, RingSink } from "../../src/hosts/isolate/ring-output.ts";
import type { Wire } from "../../src/hosts/isolate/ring.ts";
import { Bells, ringPlaces, wireAt } from "../../src/hosts/isolate/shared-streams.ts";
import { bytesOfError, errorInBytes } from "../../src/hosts/isolate/errors.ts";
import { PeerClosed, type Sink, type Source } from "../../src/io/ports.ts";
import type { Watchable } from "../../src/io/readiness.ts";
import { woken } from "../../src/io/steps.ts";
import { checkInputStream, checkOutputStream, FaultySink, FaultySource } from "../../src/testing/index.ts";
import { memoryInput, outputOf, READ_BY, turn } from "../testing/fixtures.ts";

const CAPACITY = 4096;

interface Ends {
  readonly wire: Wire;
  readonly guest: Hearing;
  readonly host: Hearing;
}

function ends(capacity = CAPACITY): Ends {
  const bells = new Bells();
  const [place = assert.fail()] = ringPlaces([capacity]);
  return {
    wire: wireAt(place, bells.guest, bells.host),
    guest: new Hearing(bells.guest, setImmediate),
    host: new Hearing(bells.host, setImmediate),
  };
}

function outputTo(sink: Sink, capacity?: number): { readonly sink: RingSink; readonly pump: OutputPump } {
  const { wire, guest, host } = ends(capacity);
  return { sink: new RingSink(wire, guest), pump: new OutputPump(wire, host, sink) };
}

function inputFrom(source: Source): { readonly source: RingSource; readonly feed: InputFeed } {
  const { wire, guest, host } = ends();
  return { source: new RingSource(wire, guest), feed: new InputFeed(wire, host, source) };
}

for (const [version, read] of Object.entries(READ_BY)) {
  test(`a source of another thread keeps every rule, read as by WASI ${version}`, async () => {
    await checkInputStream(() => {
      const source = new FaultySource();
      const remote = inputFrom(source);
      return {
        ...read(remote.source),
        turn,
        supply: (bytes) => source.supply(bytes),
        end: () => source.end(),
        fail: () => source.fail(new Error("the other side failed")),
        dispose: () => remote.feed.release(),
      };
    });
  });
}

test("a sink of another thread keeps every rule", async () => {
  await checkOutputStream(() => {
    const sink = new FaultySink();
    const remote = outputTo(sink);
    return {
      ...outputOf(remote.sink, 1000),
      turn,
      arrived: () => sink.bytes(),
      stall: () => sink.stall(),
      release: () => sink.release(),
      fail: () => sink.fail(new Error("the other side failed")),
      leave: () => sink.leave(),
      input: () => memoryInput(),
      dispose: () => remote.pump.release(new Error("the test is over")),
    };
  });
});

/** What `call` gives when it gives something; it is asked again when `watchable` wakes. */
async function eventually<T>(watchable: Watchable, call: () => T | undefined): Promise<T> {
  for (;;) {
    const value = call();
    if (value !== undefined) return value;
    // oxlint-disable-next-line no-await-in-loop -- each round waits for a change
    await woken(watchable);
  }
}

test("bytes of any pieces come in order, and no more of them than the ring has room for", async () => {
  const taken = new FaultySink({ writeBytes: 700 });
  const { sink } = outputTo(taken);
  const sent = new Uint8Array(100_000).map((_, at) => (at * 31) ^ (at >> 8));
  for (let at = 0, piece = 1; at < sent.length; piece = (piece * 7 + 3) % 5000) {
    const bytes = sent.subarray(at, at + piece);
    // oxlint-disable-next-line no-await-in-loop -- piece after piece
    at += await eventually(sink, () => sink.write(bytes) || (bytes.length > 0 ? undefined : 0));
  }
  await eventually(sink, () => sink.flush() || undefined);
  assert.deepEqual(taken.bytes(), sent);
  await sink.close();
  assert.equal(taken.end, "closed");
});

test("a writer that is ahead stops at what the ring holds", async () => {
  const taken = new FaultySink({ stallAt: 0 });
  const { sink, pump } = outputTo(taken);
  assert.equal(sink.write(new Uint8Array(3 * CAPACITY)), CAPACITY);
  await turn();
  assert.equal(sink.write(new Uint8Array(1)), 0);
  assert.equal(sink.flush(), false);
  taken.release(100);
  assert.equal(await eventually(sink, () => sink.write(new Uint8Array(1000)) || undefined), 100);
  pump.release(new Error("enough"));
  assert.equal(taken.end, "aborted");
  assert.throws(() => sink.flush(), PeerClosed);
});

test("a sink that fails while nobody writes is heard of at once, and not by the next write", async () => {
  const taken = new FaultySink();
  const { sink } = outputTo(taken);
  assert.ok(sink.flush());
  const heard = woken(sink);
  await turn();
  taken.fail(new RangeError("the disk is gone"));
  await heard;
  assert.throws(() => sink.flush(), { name: "RangeError", message: "the disk is gone" });
});

test("a sink whose end fails rejects the end here", async () => {
  const taken = new FaultySink();
  taken.close = () => {
    throw new TypeError("not now");
  };
  await assert.rejects(outputTo(taken).sink.close(), { name: "TypeError", message: "not now" });
});

test("a sink is told when the guest's end fails", async () => {
  const taken = new FaultySink({ stallAt: 0 });
  const { sink } = outputTo(taken);
  sink.write(new Uint8Array(10));
  sink.abort();
  while (taken.end === undefined) {
    // oxlint-disable-next-line no-await-in-loop -- turn by turn
    await turn();
  }
  assert.deepEqual([taken.end, taken.takenBytes, taken.watchers], ["aborted", 0, 0]);
});

test("a source is asked for no more than is wanted, leaves when told, and is closed", async () => {
  const asked: number[] = [];
  const told: string[] = [];
  const { source } = inputFrom({
    read(max) {
      asked.push(max);
      return new Uint8Array(max);
    },
    ready: () => true,
    watch() {},
    unwatch() {},
    leave: () => void told.push("leave"),
    close: () => void told.push("close"),
  });
  await turn();
  assert.deepEqual(asked, []);
  const bytes = await eventually(source, () => {
    const read = source.read(10);
    return read?.length === 0 ? undefined : read;
  });
  assert.equal(bytes?.length, 10);
  await turn();
  assert.deepEqual(asked, [10]);
  source.leave();
  while (told.length === 0) {
    // oxlint-disable-next-line no-await-in-loop -- turn by turn
    await turn();
  }
  source.close();
  while (told.length === 1) {
    // oxlint-disable-next-line no-await-in-loop -- turn by turn
    await turn();
  }
  assert.deepEqual(told, ["leave", "close"]);
  assert.equal(source.read(1), null);
});

test("an error that has too much to it says what it can", () => {
  const cause = new Error("y".repeat(100_000));
  const there = errorInBytes(bytesOfError(new RangeError("x".repeat(10_000), { cause })));
  assert.ok(there instanceof RangeError);
  assert.match(there.message, /^x{4000}$/);
});

/** A wire on which the other thread has its turn whenever somebody comes to `member` of the ring. */
function interrupted(wire: Wire, member: string, turnOfOther: () => void): Wire {
  const ring = new Proxy(wire.ring, {
    get(target, name) {
      if (name === member) turnOfOther();
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { ...wire, ring };
}

/** Both ends of an input of three rings full, with a turn of the other thread just before one of them comes to a member. */
function interruptedInput(at: { readonly reader?: string; readonly feed?: string }): Interrupted {
  const { wire, guest, host } = ends();
  const given = new FaultySource(new Uint8Array(3 * CAPACITY).map((_, place) => place & 255));
  const source: RingSource = new RingSource(
    at.reader === undefined ? wire : interrupted(wire, at.reader, () => feed.wake()),
    guest,
  );
  const feed: InputFeed = new InputFeed(
    at.feed === undefined ? wire : interrupted(wire, at.feed, () => look()),
    host,
    given,
  );
  const look = (): void => {
    // The reader has waited meanwhile.
    guest.hear();
    source.ready();
  };
  return { source, feed, look };
}

interface Interrupted {
  readonly source: RingSource;
  readonly feed: InputFeed;
  /** The reader looks, after something may have changed. */
  readonly look: () => void;
}

function expectAll({ source, feed, look }: Interrupted): void {
  let came = 0;
  for (let turns = 0; turns < 20; turns++) {
    // Twice: a wake may come for any reason.
    feed.wake();
    feed.wake();
    look();
    const bytes = source.read(CAPACITY) ?? assert.fail();
    for (const byte of bytes) assert.equal(byte, came++ & 255);
  }
  assert.equal(came, 3 * CAPACITY);
}

test("what the other thread does is seen when the reader, or the writer, next waits", async () => {
  const input = inputFrom(new FaultySource(Uint8Array.of(1, 2, 3)));
  assert.equal(input.source.ready(), false);
  input.feed.wake();
  assert.deepEqual([input.source.ready(), input.source.read(3)?.length], [false, 0]);
  await Promise.resolve();
  assert.deepEqual([input.source.ready(), input.source.read(3)?.length], [true, 3]);
  const output = outputTo(new FaultySink());
  assert.equal(output.sink.write(new Uint8Array(2 * CAPACITY)), CAPACITY);
  output.pump.wake();
  assert.deepEqual([output.sink.write(new Uint8Array(1)), output.sink.flush()], [0, false]);
  await Promise.resolve();
  assert.deepEqual([output.sink.flush(), output.sink.write(new Uint8Array(1))], [true, 1]);
});

test("a reader that looks just before a piece is put in does not ask for another", () => {
  expectAll(interruptedInput({ feed: "put" }));
});

test("a reader that is given what it wanted while it asks for it does not ask again", () => {
  const ring = interruptedInput({ reader: "wanted" });
  ring.look();
  ring.look();
  expectAll(ring);
});
