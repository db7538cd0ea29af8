/** What an embedder gives a component of WASI 0.3, and gets of it: streams, futures, calls that are under way at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GuestByteStream, GuestStream, instantiate, Trap, WitError, type Options } from "../../src/index.ts";
import { wat } from "../load/wat.ts";
import { turn, until } from "./support.ts";

type Exports = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;

async function exportsOf(text: string, options: Options = {}): Promise<Exports> {
  const { exports } = await instantiate(await wat(text), options);
  // All that these components export are functions.
  return exports as Exports;
}

/** Each function gives back what it is given. */
const ECHO = `(component
  (core module $libc
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $top (i32.add (global.get $top) (i32.const 65536)))
      (drop (memory.grow (i32.const 1)))
      (i32.sub (global.get $top) (i32.const 65536))))
  (core instance $libc (instantiate $libc))
  (core module $m
    (func (export "one") (param i32) (result i32) (local.get 0)))
  (core instance $m (instantiate $m))
  (type $bytes (stream u8)) (type $words (stream string)) (type $nothing (stream))
  (type $result (result u32 (error string))) (type $outcome (future $result)) (type $when (future)) (type $nested (stream $bytes))
  (func (export "bytes") async (param "x" $bytes) (result $bytes) (canon lift (core func $m "one")))
  (func (export "words") async (param "x" $words) (result $words) (canon lift (core func $m "one")))
  (func (export "nothing") async (param "x" $nothing) (result $nothing) (canon lift (core func $m "one")))
  (func (export "nested") async (param "x" $nested) (result $nested) (canon lift (core func $m "one")))
  (func (export "outcome") async (param "x" $outcome) (result $outcome) (canon lift (core func $m "one")))
  (func (export "when") async (param "x" $when) (result $when) (canon lift (core func $m "one")))
  (func (export "context") async (param "x" error-context) (result error-context) (canon lift (core func $m "one"))))`;

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
  return text;
}

test("of what an iterator gives beside its items a promise may break", async () => {
  const breaks = (): Promise<never> => Promise.reject(new Error("on purpose"));
  const { words } = await exportsOf(ECHO);
  const odd = (step: () => object): object => ({
    [Symbol.asyncIterator]: () => ({ next: step, return: () => ({ value: breaks() }) }),
  });
  const over = streamOf(await words?.(odd(() => ({ done: true, value: breaks() }))));
  assert.deepEqual(await all(over), []);
  const left = streamOf(await words?.(odd(() => ({ done: false, value: "item" }))));
  for await (const item of left) if (item === "item") break;
  await turn();
  const failed = streamOf(await words?.(odd(() => ({ done: breaks(), value: breaks() }))));
  await assert.rejects(all(failed), /`done` of what next\(\) of an iterator gives must be a boolean, got a promise/);
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

function bytesOf(value: unknown): GuestByteStream {
  assert.ok(value instanceof GuestByteStream);
  return value;
}

function streamOf(value: unknown): GuestStream {
  assert.ok(value instanceof GuestStream);
  return value;
}

test("a stream of bytes is made of whatever may be an input", async () => {
  const { bytes } = await exportsOf(ECHO);
  async function* chunks(): AsyncGenerator<string> {
    yield "some ";
    yield "";
    yield "text";
  }
  for (const [name, input] of Object.entries({
    text: { text: "some text" },
    bytes: new TextEncoder().encode("some text"),
    web: new Blob(["some text"]).stream(),
    iterable: chunks(),
  })) {
    assert.equal(await textOf(bytesOf(await bytes?.(input))), "some text", name);
  }
  assert.equal(await textOf(bytesOf(await bytes?.("ignore"))), "");
  await assert.rejects(async () => bytes?.(5), TypeError);
});

test("a stream of a guest's goes on to another guest, what was read of it first", async () => {
  const [first, second] = [await exportsOf(ECHO), await exportsOf(ECHO)];
  const stream = bytesOf(await first["bytes"]?.({ text: "some text" }));
  assert.equal(await textOf(bytesOf(await second["bytes"]?.(stream))), "some text");
  await assert.rejects(async () => second["bytes"]?.(stream), /not ours to give: it was closed, or given away/);

  const begun = bytesOf(await first["bytes"]?.({ text: "some text" }));
  await until(() => begun.ready());
  assert.equal(new TextDecoder().decode(begun.read(5) ?? undefined), "some ");
  assert.equal(await textOf(bytesOf(await second["bytes"]?.(begun))), "text");

  const words = streamOf(await first["words"]?.(["a", "b"]));
  assert.deepEqual(await all(streamOf(await second["words"]?.(words))), ["a", "b"]);
});

test("a stream of anything else is an iterable, and made of one", async () => {
  const { words, nothing, nested } = await exportsOf(ECHO);
  assert.deepEqual(await all(streamOf(await words?.(["a", "", "c"]))), ["a", "", "c"]);
  async function* later(): AsyncGenerator<string> {
    yield "x";
    await turn();
    yield "y";
  }
  assert.deepEqual(await all(streamOf(await words?.(later()))), ["x", "y"]);
  assert.deepEqual(await all(streamOf(await nothing?.([undefined, undefined]))), [undefined, undefined]);
  const inner = await all(streamOf(await nested?.([{ text: "a" }, { text: "b" }])));
  assert.deepEqual(await Promise.all(inner.map((stream) => textOf(bytesOf(stream)))), ["a", "b"]);
  await assert.rejects(async () => words?.(7), /an iterable or an async iterable, got 7/);
});

test("who leaves a stream early has its source closed", async () => {
  const { words } = await exportsOf(ECHO);
  let isOver = false;
  async function* forever(): AsyncGenerator<string> {
    try {
      for (;;) yield "again";
    } finally {
      isOver = true;
    }
  }
  for await (const word of streamOf(await words?.(forever()))) {
    assert.equal(word, "again");
    break;
  }
  await until(() => isOver);
});

test("what is wrong with the arguments of a call is said by parameter, and what was given beside it is still there", async () => {
  const text = `(component
    (core module $m (func (export "both") (param i32 i32) (result i32) (local.get 0)))
    (core instance $m (instantiate $m))
    (type $bytes (stream u8))
    (func (export "both") async (param "s" $bytes) (param "n" u8) (result $bytes) (canon lift (core func $m "both"))))`;
  const { both } = await exportsOf(text);
  const stream = bytesOf(await both?.({ text: "some text" }, 1));
  await assert.rejects(
    async () => both?.(stream, "1"),
    (error) => error instanceof TypeError && /^both: parameter n \(u8\): expected u8, .* got "1"$/.test(error.message),
  );
  const mine = new Error("mine");
  const throwing = {
    get constructor(): never {
      throw mine;
    },
  };
  await assert.rejects(
    async () => both?.(stream, throwing),
    (error) => error === mine,
  );
  assert.equal(await textOf(bytesOf(await both?.(stream, 1))), "some text");

  let isOver = false;
  const chunks = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: () => (isOver = true) }),
  };
  await assert.rejects(
    async () => both?.(chunks, undefined),
    /^TypeError: both: parameter n \(u8\): .* got undefined$/,
  );
  await until(() => isOver);
});

test("a future is a promise; the error case of a result is a WitError", async () => {
  const { outcome, when } = await exportsOf(ECHO);
  assert.deepEqual(await outcome?.(Promise.resolve(5)), { tag: "ok", val: 5 });
  assert.deepEqual(await outcome?.(Promise.resolve({ tag: "err", val: "no" })), { tag: "err", val: "no" });
  assert.deepEqual(await outcome?.(Promise.reject(new WitError("no", "it is no"))), { tag: "err", val: "no" });
  assert.equal(await when?.(undefined), undefined);
});

test("who waits for a future of the embedder's own hears of it when it rejects, and the guest has passed it on", async () => {
  const { outcome } = await exportsOf(ECHO);
  await assert.rejects(async () => outcome?.(Promise.reject(new Error("on purpose"))), /on purpose/);
});

test("an error context is an Error", async () => {
  const { context } = await exportsOf(ECHO);
  const error = await context?.(new Error("what happened"));
  assert.ok(error instanceof Error);
  assert.equal(error.message, "what happened");
});

test("an iterable that throws ends the instance, and is told of", async () => {
  const { exports } = await instantiate(await wat(ECHO));
  // As in `exportsOf`.
  const { words } = exports as Exports;
  async function* failing(): AsyncGenerator<string> {
    yield "a";
    throw new RangeError("no more");
  }
  const stream = streamOf(await words?.(failing()));
  // What is cut short does not look complete.
  await assert.rejects(async () => all(stream), /no more/);
  await assert.rejects(async () => words?.([]), /no more/);
});

/** `first(x)`: waits for an item of the stream, or for what the future has. */
const FIRST = `(component
  (type $numbers (stream u32)) (type $number (future u32))
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (core module $m
    (import "" "memory" (memory 1))
    (import "" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "" "await" (func $await (param i32 i32) (result i32)))
    (func (export "first") (param $x i32) (result i32)
      (drop (call $read (local.get $x) (i32.const 8) (i32.const 1)))
      (i32.load (i32.const 8)))
    (func (export "later") (param $x i32) (result i32)
      (drop (call $await (local.get $x) (i32.const 8)))
      (i32.load (i32.const 8))))
  (core func $read (canon stream.read $numbers (memory (core memory $libc "memory"))))
  (core func $await (canon future.read $number (memory (core memory $libc "memory"))))
  (core instance $m (instantiate $m (with "" (instance
    (export "memory" (memory $libc "memory")) (export "read" (func $read)) (export "await" (func $await))))))
  (func (export "first") async (param "x" $numbers) (result u32) (canon lift (core func $m "first")))
  (func (export "later") async (param "x" $number) (result u32) (canon lift (core func $m "later"))))`;

test("an item that is not of the stream's type ends the instance, and who waits is told what was expected", async (t) => {
  assert.equal(await (await exportsOf(FIRST)).first?.([7]), 7);
  assert.equal(await (await exportsOf(FIRST)).later?.(7), 7);

  await t.test("an item of an iterable, which is returned", async () => {
    const { first } = await exportsOf(FIRST);
    let returned = false;
    async function* wrong(): AsyncGenerator<string> {
      try {
        yield "7";
        yield "8";
      } finally {
        returned = true;
      }
    }
    const expected = /^an element of a stream or future: expected u32, .* got "7"$/;
    await assert.rejects(async () => first?.(wrong()), { name: "TypeError", message: expected });
    await until(() => returned);
    await assert.rejects(async () => first?.([1]), { name: "TypeError", message: expected });
  });

  await t.test("what a promise has", async () => {
    const { later } = await exportsOf(FIRST);
    const expected = /^an element of a stream or future: expected u32, .* got "7"$/;
    await assert.rejects(async () => later?.(Promise.resolve("7")), { name: "TypeError", message: expected });
  });
});

/** `sum(n)`: calls the import `f` n times at once, and adds what it gives. */
const SUM = `(component
  (import "f" (func $f async (param "x" u32) (result u32)))
  (core module $libc (memory (export "memory") 8))
  (core instance $libc (instantiate $libc))
  (core module $m
    (import "" "memory" (memory 8))
    (import "" "f" (func $f (param i32 i32) (result i32)))
    (import "" "set.new" (func $set.new (result i32)))
    (import "" "set.wait" (func $set.wait (param i32 i32) (result i32)))
    (import "" "join" (func $join (param i32 i32)))
    (import "" "subtask.drop" (func $subtask.drop (param i32)))
    (func (export "sum") (param $n i32) (result i32)
      (local $at i32) (local $set i32) (local $status i32) (local $waiting i32) (local $sum i32)
      (local.set $set (call $set.new))
      (loop $more
        (if (i32.lt_u (local.get $at) (local.get $n)) (then
          (local.set $status (call $f (local.get $at) (i32.mul (local.get $at) (i32.const 4))))
          (if (i32.ne (i32.and (local.get $status) (i32.const 15)) (i32.const 2)) (then
            (call $join (i32.shr_u (local.get $status) (i32.const 4)) (local.get $set))
            (local.set $waiting (i32.add (local.get $waiting) (i32.const 1)))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $more))))
      (loop $next
        (if (local.get $waiting) (then
          (if (i32.ne (call $set.wait (local.get $set) (i32.const 400000)) (i32.const 1)) (then unreachable))
          (if (i32.eq (i32.load (i32.const 400004)) (i32.const 2)) (then
            (call $subtask.drop (i32.load (i32.const 400000)))
            (local.set $waiting (i32.sub (local.get $waiting) (i32.const 1)))))
          (br $next))))
      (loop $add
        (if (local.get $at) (then
          (local.set $at (i32.sub (local.get $at) (i32.const 1)))
          (local.set $sum (i32.add (local.get $sum) (i32.load (i32.mul (local.get $at) (i32.const 4)))))
          (br $add))))
      (local.get $sum)))
  (core func $f' (canon lower (func $f) async (memory (core memory $libc "memory"))))
  (core func $set.new (canon waitable-set.new))
  (core func $set.wait (canon waitable-set.wait (memory (core memory $libc "memory"))))
  (core func $join (canon waitable.join))
  (core func $subtask.drop (canon subtask.drop))
  (core instance $m (instantiate $m (with "" (instance
    (export "memory" (memory $libc "memory")) (export "f" (func $f')) (export "set.new" (func $set.new))
    (export "set.wait" (func $set.wait)) (export "join" (func $join)) (export "subtask.drop" (func $subtask.drop))))))
  (func (export "sum") async (param "n" u32) (result u32) (canon lift (core func $m "sum"))))`;

test("10,000 calls of an import are under way at once", async () => {
  const waiting: (() => void)[] = [];
  const f = (x: number): Promise<number> => new Promise((resolve) => waiting.push(() => resolve(x)));
  const { sum } = await exportsOf(SUM, { imports: { f } });
  const result = sum?.(10_000);
  await until(() => waiting.length === 10_000);
  for (const settle of waiting.toReversed()) settle();
  assert.equal(await result, 49_995_000);
});

test("an import that answers at once needs no task of its own, nor does one that answers later", async () => {
  const now = await exportsOf(SUM, { imports: { f: (x: number) => x } });
  assert.equal(await now["sum"]?.(100), 4950);
  const mixed = await exportsOf(SUM, { imports: { f: (x: number) => (x % 3 === 0 ? Promise.resolve(x) : x) } });
  assert.equal(await mixed["sum"]?.(100), 4950);
});

test("an import that fails ends the instance with what it threw", async () => {
  for (const f of [
    () => {
      throw new RangeError("not today");
    },
    async () => {
      await turn();
      throw new RangeError("not today");
    },
  ]) {
    const { sum } = await exportsOf(SUM, { imports: { f } });
    await assert.rejects(async () => sum?.(2), /not today/);
    await assert.rejects(async () => sum?.(2), /not today/);
  }
});

/** `relay(x)`: what the import `f` gives for it, by a callback: calls wait side by side. */
const RELAY = `(component
  (import "f" (func $f async (param "x" u32) (result u32)))
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (core module $m
    (import "" "memory" (memory 1))
    (import "" "f" (func $f (param i32 i32) (result i32)))
    (import "" "set.new" (func $set.new (result i32)))
    (import "" "set.drop" (func $set.drop (param i32)))
    (import "" "join" (func $join (param i32 i32)))
    (import "" "subtask.drop" (func $subtask.drop (param i32)))
    (import "" "subtask.cancel" (func $subtask.cancel (param i32) (result i32)))
    (import "" "task.return" (func $task.return (param i32)))
    (import "" "task.cancel" (func $task.cancel))
    (import "" "get" (func $get (result i32)))
    (import "" "set" (func $set (param i32)))
    (global $place (mut i32) (i32.const 0))
    (func (export "relay") (param $x i32) (result i32)
      (local $status i32) (local $waits i32)
      (global.set $place (i32.add (global.get $place) (i32.const 8)))
      (call $set (global.get $place))
      (local.set $status (call $f (local.get $x) (global.get $place)))
      (if (i32.eq (i32.and (local.get $status) (i32.const 15)) (i32.const 2)) (then
        (call $task.return (i32.load (global.get $place)))
        (return (i32.const 0))))
      (local.set $waits (call $set.new))
      (i32.store offset=4 (global.get $place) (local.get $waits))
      (call $join (i32.shr_u (local.get $status) (i32.const 4)) (local.get $waits))
      (i32.or (i32.const 2) (i32.shl (local.get $waits) (i32.const 4))))
    (func (export "called") (param $event i32) (param $about i32) (param $payload i32) (result i32)
      (if (i32.ne (local.get $event) (i32.const 1)) (then unreachable))
      (call $subtask.drop (local.get $about))
      (call $set.drop (i32.load offset=4 (call $get)))
      (call $task.return (i32.load (call $get)))
      (i32.const 0)))
  (core func $f' (canon lower (func $f) async (memory (core memory $libc "memory"))))
  (core func $set.new (canon waitable-set.new))
  (core func $set.drop (canon waitable-set.drop))
  (core func $join (canon waitable.join))
  (core func $subtask.drop (canon subtask.drop))
  (core func $subtask.cancel (canon subtask.cancel))
  (core func $task.return (canon task.return (result u32)))
  (core func $task.cancel (canon task.cancel))
  (core func $get (canon context.get i32 0))
  (core func $set (canon context.set i32 0))
  (core instance $m (instantiate $m (with "" (instance
    (export "memory" (memory $libc "memory")) (export "f" (func $f')) (export "set.new" (func $set.new))
    (export "set.drop" (func $set.drop)) (export "join" (func $join)) (export "subtask.drop" (func $subtask.drop))
    (export "subtask.cancel" (func $subtask.cancel)) (export "task.return" (func $task.return))
    (export "task.cancel" (func $task.cancel)) (export "get" (func $get)) (export "set" (func $set))))))
  (func (export "relay") async (param "x" u32) (result u32)
    (canon lift (core func $m "relay") async (callback (core func $m "called")))))`;

/** An import that answers when it is told to. */
class Held {
  readonly waiting = new Map<number, (value: number) => void>();
  readonly f = (x: number): Promise<number> => new Promise((resolve) => this.waiting.set(x, resolve));

  settle(x: number, value: number): void {
    this.waiting.get(x)?.(value);
    this.waiting.delete(x);
  }
}

test("calls of one instance are under way at once, each with its own result", async () => {
  const held = new Held();
  const { relay } = await exportsOf(RELAY, { imports: { f: held.f } });
  assert.ok(relay);
  const calls = [1, 2, 3].map((x) => relay(x));
  await until(() => held.waiting.size === 3);
  held.settle(2, 20);
  assert.equal(await calls[1], 20);
  held.settle(3, 30);
  held.settle(1, 10);
  assert.deepEqual(await Promise.all(calls), [10, 20, 30]);
});

test("who waits for a call hears of it when the instance is closed", async () => {
  const held = new Held();
  const instance = await instantiate(await wat(RELAY), { imports: { f: held.f } });
  // As in `exportsOf`.
  const { relay } = instance.exports as Exports;
  const call = relay?.(1);
  await until(() => held.waiting.size === 1);
  const rejected = assert.rejects(async () => call);
  await instance.close();
  await rejected;
  // Nobody is there to hear it.
  held.settle(1, 10);
  await turn();
});

/** Reads nothing from a stream in which there is something, without end: each read is complete at once. */
const SPIN = `(component
  (type $bytes (stream u8))
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (core module $m
    (import "" "new" (func $new (result i64)))
    (import "" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "" "write" (func $write (param i32 i32 i32) (result i32)))
    (func (export "spin") (local $ends i64)
      (local.set $ends (call $new))
      (drop (call $write (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))) (i32.const 0) (i32.const 1)))
      (loop $again
        (br_if $again (i32.eqz (call $read (i32.wrap_i64 (local.get $ends)) (i32.const 8) (i32.const 0)))))
      unreachable))
  (core func $new (canon stream.new $bytes))
  (core func $read (canon stream.read $bytes (memory (core memory $libc "memory"))))
  (core func $write (canon stream.write $bytes async (memory (core memory $libc "memory"))))
  (core instance $m (instantiate $m (with "" (instance
    (export "new" (func $new)) (export "read" (func $read)) (export "write" (func $write))))))
  (func (export "spin") async (canon lift (core func $m "spin"))))`;

test("a guest that reads without end and never waits gives way, and can be ended", async () => {
  const controller = new AbortController();
  const { spin } = await exportsOf(SPIN, { signal: controller.signal });
  const call = spin?.();
  const rejected = assert.rejects(async () => call, /enough/);
  await turn();
  await turn();
  controller.abort(new Error("enough"));
  await rejected;
});

/** `polls()`: begins a call of `f`, and asks again and again whether it is over. Gives how often. */
const POLLS = `(component
  (import "f" (func $f async))
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (core module $m
    (import "" "f" (func $f (result i32)))
    (import "" "set.new" (func $set.new (result i32)))
    (import "" "set.poll" (func $set.poll (param i32 i32) (result i32)))
    (import "" "join" (func $join (param i32 i32)))
    (import "" "subtask.drop" (func $subtask.drop (param i32)))
    (func (export "polls") (result i32) (local $set i32) (local $call i32) (local $count i32)
      (local.set $set (call $set.new))
      (local.set $call (i32.shr_u (call $f) (i32.const 4)))
      (call $join (local.get $call) (local.get $set))
      (loop $again
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br_if $again (i32.eqz (call $set.poll (local.get $set) (i32.const 0)))))
      (call $subtask.drop (local.get $call))
      (local.get $count)))
  (core func $f' (canon lower (func $f) async))
  (core func $set.new (canon waitable-set.new))
  (core func $set.poll (canon waitable-set.poll (memory (core memory $libc "memory"))))
  (core func $join (canon waitable.join))
  (core func $subtask.drop (canon subtask.drop))
  (core instance $m (instantiate $m (with "" (instance
    (export "f" (func $f')) (export "set.new" (func $set.new)) (export "set.poll" (func $set.poll))
    (export "join" (func $join)) (export "subtask.drop" (func $subtask.drop))))))
  (func (export "polls") async (result u32) (canon lift (core func $m "polls"))))`;

test("D7 a guest that polls again and again gives way after a few polls", async () => {
  const { polls } = await exportsOf(POLLS, { imports: { f: () => turn() } });
  const count = Number(await polls?.());
  assert.ok(count > 1 && count < 100, `${count} polls`);
});

/** Copies `count` elements from a stream to itself: of nothing, and of tuples. */
const COPY = `(component
  (type $none (stream)) (type $tuple (tuple u8)) (type $tuples (stream $tuple))
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (component $giver
    (type $none (stream)) (type $tuple (tuple u8)) (type $tuples (stream $tuple))
    (core module $libc (memory (export "memory") 1))
    (core instance $libc (instantiate $libc))
    (core module $m
      (import "" "memory" (memory 1))
      (import "" "none.new" (func $none.new (result i64)))
      (import "" "tuples.new" (func $tuples.new (result i64)))
      (import "" "none.write" (func $none.write (param i32 i32 i32) (result i32)))
      (import "" "tuples.write" (func $tuples.write (param i32 i32 i32) (result i32)))
      (func (export "none") (param $count i32) (result i32) (local $ends i64)
        (local.set $ends (call $none.new))
        (drop (call $none.write (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))) (i32.const 0) (local.get $count)))
        (i32.wrap_i64 (local.get $ends)))
      (func (export "tuples") (param $count i32) (result i32) (local $ends i64)
        (local.set $ends (call $tuples.new))
        (drop (call $tuples.write (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))) (i32.const 0) (local.get $count)))
        (i32.wrap_i64 (local.get $ends))))
    (core func $none.new (canon stream.new $none))
    (core func $tuples.new (canon stream.new $tuples))
    (core func $none.write (canon stream.write $none async))
    (core func $tuples.write (canon stream.write $tuples async (memory (core memory $libc "memory"))))
    (core instance $m (instantiate $m (with "" (instance
      (export "memory" (memory $libc "memory")) (export "none.new" (func $none.new))
      (export "tuples.new" (func $tuples.new)) (export "none.write" (func $none.write))
      (export "tuples.write" (func $tuples.write))))))
    (func (export "none") (param "count" u32) (result $none) (canon lift (core func $m "none")))
    (func (export "tuples") (param "count" u32) (result $tuples) (canon lift (core func $m "tuples"))))
  (instance $giver (instantiate $giver))
  (core module $m
    (import "" "none" (func $none (param i32) (result i32)))
    (import "" "tuples" (func $tuples (param i32) (result i32)))
    (import "" "none.read" (func $none.read (param i32 i32 i32) (result i32)))
    (import "" "tuples.read" (func $tuples.read (param i32 i32 i32) (result i32)))
    (func (export "none") (param $count i32) (result i32)
      (i32.shr_u (call $none.read (call $none (local.get $count)) (i32.const 0) (local.get $count)) (i32.const 4)))
    (func (export "tuples") (param $count i32) (result i32)
      (i32.shr_u (call $tuples.read (call $tuples (local.get $count)) (i32.const 0) (local.get $count)) (i32.const 4))))
  (alias export $giver "none" (func $none))
  (alias export $giver "tuples" (func $tuples))
  (core func $none' (canon lower (func $none)))
  (core func $tuples' (canon lower (func $tuples)))
  (core func $none.read (canon stream.read $none async))
  (core func $tuples.read (canon stream.read $tuples async (memory (core memory $libc "memory"))))
  (core instance $m (instantiate $m (with "" (instance
    (export "none" (func $none')) (export "tuples" (func $tuples'))
    (export "none.read" (func $none.read)) (export "tuples.read" (func $tuples.read))))))
  (func (export "none") (param "count" u32) (result u32) (canon lift (core func $m "none")))
  (func (export "tuples") (param "count" u32) (result u32) (canon lift (core func $m "tuples"))))`;

test("what one copy moves is bounded, and nothing is made of nothing", async () => {
  const { none, tuples } = await exportsOf(COPY);
  assert.equal(await none?.(2 ** 28 - 1), 2 ** 28 - 1);
  assert.equal(await tuples?.(1000), 1000);
  // Who has more to give does so again.
  assert.equal(await tuples?.(60_000), 1024);
  await assert.rejects(async () => none?.(2 ** 28), Trap);
});
