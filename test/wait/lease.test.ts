/** A stream that is lent to WebAssembly: nobody can tell, but for the size of the pieces that reach its sink. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import type { ResourceType } from "../../src/abi/handles.ts";
import { OUTPUT_STREAM, POLLABLE } from "../../src/bind/io.ts";
import {
  CollectSink,
  DiscardSink,
  MemoryFiles,
  Signal,
  type Limits,
  type Output,
  type Waker,
} from "../../src/index.ts";
import { BareGuest, type Lowered } from "../bind/support.ts";

const RESULT = 64;
const LIST = 128;
const BYTES = 1024;

/** Counts what it is given, and takes it only when it is told to. */
class HeldSink extends DiscardSink {
  readonly calls: number[] = [];
  readonly #changed = new Signal();
  #left = 0;

  override write(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.#left);
    this.#left -= taken;
    if (taken > 0) this.calls.push(taken);
    return taken;
  }

  take(bytes: number): void {
    this.#left = bytes;
    this.#changed.notify();
    this.#left = 0;
  }

  override watch(waker?: Waker): void {
    if (waker) this.#changed.watch(waker);
  }

  override unwatch(waker?: Waker): void {
    if (waker) this.#changed.unwatch(waker);
  }
}

/** A bare guest with standard output: what it calls, by the names of WIT. */
class Writer {
  readonly guest: BareGuest;
  readonly getStdout: () => number;
  readonly #calls: Readonly<Record<"check" | "write" | "flush" | "ready" | "poll" | "subscribe", Lowered>>;

  constructor(stdout: Output, leases = true, limits: Partial<Limits> = {}) {
    this.guest = new BareGuest({ stdout, limits }, leases);
    const lower = (name: string): Lowered => this.guest.lower("wasi:io/streams", `[method]output-stream.${name}`);
    this.getStdout = () => Number(this.guest.lower("wasi:cli/stdout", "get-stdout")());
    this.#calls = {
      check: lower("check-write"),
      write: lower("write"),
      flush: lower("flush"),
      subscribe: lower("subscribe"),
      ready: this.guest.lower("wasi:io/poll", "[method]pollable.ready"),
      poll: this.guest.lower("wasi:io/poll", "poll"),
    };
  }

  /** What is permitted, or the error as a text. */
  check(handle: number, at: number = RESULT): bigint | string {
    this.#calls.check(handle, at);
    const { view } = this.guest;
    return view.getUint8(at) === 0 ? view.getBigUint64(at + 8, true) : `error ${view.getUint8(at + 8)}`;
  }

  write(handle: number, text: string | number, at: number = BYTES): string {
    if (typeof text === "string") new Uint8Array(this.guest.memory.buffer).set(Buffer.from(text), at);
    this.#calls.write(handle, at, typeof text === "string" ? text.length : text, RESULT);
    return this.guest.view.getUint8(RESULT) === 0 ? "ok" : `error ${this.guest.view.getUint8(RESULT + 4)}`;
  }

  flush(handle: number): void {
    this.#calls.flush(handle, RESULT);
  }

  subscribe(handle: number): number {
    return Number(this.#calls.subscribe(handle));
  }

  ready(pollable: number): boolean {
    return this.#calls.ready(pollable) === 1;
  }

  /** The positions that are ready; some must be, since a bare guest cannot wait. */
  poll(...list: number[]): number[] {
    for (const [index, pollable] of list.entries()) this.guest.view.setUint32(LIST + 4 * index, pollable, true);
    this.#calls.poll(LIST, list.length, RESULT);
    const { view } = this.guest;
    const [start, count] = [view.getUint32(RESULT, true), view.getUint32(RESULT + 4, true)];
    return Array.from({ length: count }, (_, index) => view.getUint32(start + 4 * index, true));
  }

  drop(type: ResourceType, handle: number): void {
    this.guest.drop(type, handle);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("small writes reach the sink together, in order, when the guest's turn ends", async () => {
  const sink = new CollectSink();
  const writer = new Writer(sink);
  const stdout = writer.getStdout();
  for (const [text, permitted] of [
    ["first ", 65_536n],
    ["on", 65_536n],
    ["e ", 65_534n],
    ["two", 65_532n],
  ] as const) {
    assert.equal(writer.check(stdout), permitted);
    assert.equal(writer.write(stdout, text), "ok");
  }
  // Whether the sink takes anything shows at once.
  assert.equal(sink.text(), "first ");
  await turn();
  assert.equal(sink.text(), "first one two");
});

test("a lease ends before anything else happens to the stream", () => {
  const others: Record<string, (writer: Writer, stdout: number) => unknown> = {
    "a flush": (writer, stdout) => writer.flush(stdout),
    "a larger write": (writer, stdout) => void (writer.check(stdout), writer.write(stdout, 5000, 8192)),
    "another handle": (writer) => void writer.check(writer.getStdout()),
    "a new pollable": (writer, stdout) => void writer.subscribe(stdout),
    "a write of nothing": (writer, stdout) => void writer.write(stdout, ""),
    "a call without a handle": (writer) => void writer.getStdout(),
    "a look at the clock": (writer) => writer.guest.lower("wasi:clocks/monotonic-clock", "now")(),
    "the end of the instance": (writer) => writer.guest.instance.resources.clear(),
  };
  for (const [name, happen] of Object.entries(others)) {
    const sink = new CollectSink();
    const writer = new Writer(sink);
    const stdout = writer.getStdout();
    for (const text of ["first, ", "staged"]) {
      writer.check(stdout);
      writer.write(stdout, text);
    }
    assert.equal(sink.text(), "first, ", name);
    happen(writer, stdout);
    assert.equal(sink.text().slice(0, 13), "first, staged", name);
  }
});

test("two instances with the same handles do not meet", () => {
  const sinks = [new CollectSink(), new CollectSink()] as const;
  const [one, other] = [new Writer(sinks[0]), new Writer(sinks[1])];
  const handles = [one.getStdout(), other.getStdout()] as const;
  assert.equal(handles[0], handles[1]);
  for (const letter of "abc") {
    one.check(handles[0]);
    other.check(handles[1]);
    one.write(handles[0], letter);
    other.write(handles[1], letter.toUpperCase());
  }
  one.guest.instance.resources.clear();
  other.guest.instance.resources.clear();
  assert.equal(sinks[0].text(), "abc");
  assert.equal(sinks[1].text(), "ABC");
});

test("1.2 a handle that is dropped is unknown, and one that is used again is what it is now", () => {
  const writer = new Writer(new CollectSink());
  const stdout = writer.getStdout();
  const pollable = writer.subscribe(stdout);
  assert.equal(writer.ready(pollable), true);
  assert.equal(writer.check(stdout), 65_536n);
  assert.equal(writer.ready(pollable), true, "by the lease");
  writer.drop(POLLABLE, pollable);
  writer.check(stdout);
  assert.throws(() => writer.ready(pollable), /unknown handle/);
  writer.drop(OUTPUT_STREAM, stdout);
  assert.throws(() => writer.check(stdout), /unknown handle/);
  assert.throws(() => writer.write(stdout, "x"), /unknown handle/);
  for (const none of [0, -1]) assert.throws(() => writer.check(none), /unknown handle/);
});

test("1.1 what is wrong with a pointer is said as ever while a lease is open", () => {
  const writer = new Writer(new CollectSink());
  const stdout = writer.getStdout();
  const pollable = writer.subscribe(stdout);
  const open = (): void => void (writer.check(stdout), writer.ready(pollable), writer.check(stdout));
  for (const [call, expected] of [
    [() => writer.check(stdout, 65_528), /16 bytes at 65528 are outside/],
    [() => writer.check(stdout, 68), /not aligned to 8/],
    [() => writer.check(stdout, -8), /outside/],
    [() => writer.write(stdout, 2, 65_535), /2 bytes at 65535 are outside/],
    [() => writer.write(stdout, 4, -2), /outside/],
  ] as const) {
    open();
    assert.throws(call, expected);
  }
});

test("4.7 a poll of one pollable is answered by the lease as without it", () => {
  const writer = new Writer(new CollectSink());
  const stdout = writer.getStdout();
  const pollable = writer.subscribe(stdout);
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(writer.poll(pollable), [0]);
    assert.deepEqual(writer.poll(pollable, pollable), [0, 1]);
    writer.check(stdout);
    writer.write(stdout, "x");
    assert.deepEqual(writer.poll(pollable), [0]);
  }
});

test("3.2 and 3.3 a write beyond the permit, and a second one, trap while a lease is open", () => {
  for (const sizes of [[65_537], [100, 1], [65_536, 1]]) {
    const writer = new Writer(new HeldSink());
    writer.guest.memory.grow(1);
    const stdout = writer.getStdout();
    writer.check(stdout);
    const last = sizes.pop();
    for (const size of sizes) assert.equal(writer.write(stdout, size), "ok");
    assert.throws(() => writer.write(stdout, last ?? 0), /exceed the permit/);
  }
});

test("a sink that lets other guests run while it is given staged bytes has them to itself", async () => {
  const [outB, outC, seen] = [new CollectSink(), new CollectSink(), new CollectSink()];
  const c = new Writer(outC);
  const handleC = c.getStdout();
  c.check(handleC);
  c.write(handleC, "C: ");
  class Meddler extends DiscardSink {
    override write(bytes: Uint8Array): number {
      c.check(handleC);
      c.write(handleC, "XXXXXX");
      return seen.write(bytes);
    }
  }
  const a = new Writer(new Meddler());
  const b = new Writer(outB);
  const [handleA, handleB] = [a.getStdout(), b.getStdout()];
  for (const text of ["1", "aaa"]) {
    a.check(handleA);
    a.write(handleA, text);
  }
  for (const text of ["2", "bbb"]) {
    b.check(handleB);
    b.write(handleB, text);
  }
  await turn();
  assert.deepEqual([seen.text(), outB.text(), outC.text()], ["1aaa", "2bbb", "C: XXXXXXXXXXXX"]);
});

for (const bufferBytes of [1, 8, 2 ** 31, 2 ** 32, 2 ** 32 + 5]) {
  test(`6.6b a buffer of ${bufferBytes} bytes permits as many, and takes what it has permitted`, async () => {
    const sink = new CollectSink();
    const writer = new Writer(sink, true, { bufferBytes });
    const stdout = writer.getStdout();
    for (let round = 0; round < 3; round++) {
      assert.equal(writer.check(stdout), BigInt(bufferBytes));
      assert.equal(writer.write(stdout, Math.min(bufferBytes, 5000)), "ok");
    }
    await turn();
    assert.equal(sink.bytes().length, 3 * Math.min(bufferBytes, 5000));
  });
}

test("7.9 a guest that goes on after its exit writes nothing more", () => {
  const sink = new CollectSink();
  const writer = new Writer(sink);
  const stdout = writer.getStdout();
  for (const text of ["before, ", "staged"]) {
    writer.check(stdout);
    writer.write(stdout, text);
  }
  writer.check(stdout);
  // As Life does when a guest exits.
  writer.guest.instance.task.end(new Error("exit"));
  writer.guest.instance.resources.clear();
  assert.throws(() => writer.write(stdout, "after"), /unknown handle/);
  assert.throws(() => writer.getStdout(), /exit/);
  assert.equal(sink.text(), "before, staged");
});

for (const text of ["", "abc"]) {
  test(`8.1 8.4 a write of ${text.length} bytes to a file that may only be read fails at once`, () => {
    const guest = new BareGuest({ preopens: { "/": MemoryFiles.from({ f: "content" }).root() }, stdout: "ignore" });
    const descriptor = (name: string): Lowered => guest.lower("wasi:filesystem/types", `[method]descriptor.${name}`);
    const output = (name: string): Lowered => guest.lower("wasi:io/streams", `[method]output-stream.${name}`);
    guest.lower("wasi:filesystem/preopens", "get-directories")(RESULT);
    const root = guest.view.getUint32(guest.view.getUint32(RESULT, true), true);
    new Uint8Array(guest.memory.buffer).set(Buffer.from(`f${text}`), BYTES);
    descriptor("open-at")(root, 0, BYTES, 1, 0, 1, RESULT);
    assert.equal(guest.view.getUint8(RESULT), 0);
    const file = guest.view.getUint32(RESULT + 4, true);
    descriptor("write-via-stream")(file, 0n, RESULT);
    assert.equal(guest.view.getUint8(RESULT), 0);
    const stream = guest.view.getUint32(RESULT + 4, true);
    output("check-write")(stream, RESULT);
    assert.equal(guest.view.getUint8(RESULT), 0);
    output("write")(stream, BYTES + 1, text.length, RESULT);
    assert.equal(guest.view.getUint8(RESULT), 1);
  });
}

test("two handles of one stream share what is free, whoever holds the lease", () => {
  const sink = new HeldSink();
  const writer = new Writer(sink);
  const [one, other] = [writer.getStdout(), writer.getStdout()];
  writer.check(one);
  writer.write(one, 1000);
  assert.equal(writer.check(other), 64_536n);
  assert.equal(writer.check(one), 64_536n);
  writer.write(other, 4000);
  assert.equal(writer.check(one), 60_536n);
});

type Step =
  | { readonly call: "check" | "ready" | "poll" | "renew" | "other" | "turn" }
  | { readonly call: "write" | "take"; readonly bytes: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ call: fc.constantFrom("check", "ready", "poll") }) },
  { weight: 1, arbitrary: fc.record({ call: fc.constantFrom("renew", "other", "turn") }) },
  {
    weight: 4,
    arbitrary: fc.record({
      call: fc.constant("write" as const),
      bytes: fc.oneof(fc.nat(200), fc.constantFrom(0, 4096, 4097, 20_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ call: fc.constant("take" as const), bytes: fc.nat(70_000) }) },
);

/** Plays `steps`; gives what the guest saw, step by step, up to the trap that ended it. */
async function play(steps: readonly Step[], leases: boolean): Promise<unknown[]> {
  const sink = new HeldSink();
  const writer = new Writer(sink, leases);
  writer.guest.memory.grow(1);
  const stdout = writer.getStdout();
  let pollable = writer.subscribe(stdout);
  const seen: unknown[] = [];
  try {
    for (const { call, ...rest } of steps) {
      const bytes = "bytes" in rest ? rest.bytes : 0;
      // What comes from outside comes between two turns of the guest.
      // oxlint-disable-next-line no-await-in-loop -- one step after the other
      if (call === "turn" || call === "take") await turn();
      if (call === "check") seen.push(writer.check(stdout));
      else if (call === "ready") seen.push(writer.ready(pollable));
      // A bare guest cannot wait.
      else if (call === "poll") seen.push(writer.ready(pollable) && writer.poll(pollable));
      else if (call === "write") seen.push(writer.write(stdout, bytes));
      else if (call === "other") seen.push(writer.check(writer.getStdout()));
      else if (call === "take") sink.take(bytes);
      else if (call === "renew") {
        writer.drop(POLLABLE, pollable);
        pollable = writer.subscribe(stdout);
      }
    }
  } catch (error) {
    seen.push(String(error));
  }
  await turn();
  const { tally } = writer.guest.world.stdout.outlet;
  return [...seen, sink.calls.reduce((sum, taken) => sum + taken, 0), tally.bytes, tally.calls];
}

test("with a sink that takes nothing by itself, a guest sees the same with leases and without", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      assert.deepEqual(await play(steps, true), await play(steps, false));
    }),
    { numRuns: 500 },
  );
});
