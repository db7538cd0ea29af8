/** Bytes go from where they come from straight into a guest's memory, and from there straight to where they go. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compile,
  DiscardSink,
  GuestByteStream,
  instantiate,
  InternalError,
  MemoryFiles,
  run,
  type Sink,
  type Source,
} from "../../src/index.ts";
import { Descriptor } from "../../src/wasi/filesystem/descriptor.ts";
import { wat } from "../load/wat.ts";
import { compiled, turn, until } from "./support.ts";

/** What may never be called. */
function never(name: string): () => never {
  return () => assert.fail(`${name} is called`);
}

/** A source that puts bytes where it is told, and says where that was. It gives none of its own. */
class Filling implements Source {
  readonly places: Uint8Array[] = [];
  /** Whether the reader waits, each time. */
  readonly waits: boolean[] = [];
  readonly read = never("read");
  readonly #pieces: number[];
  #byte = 0;
  #wake: () => void = () => {};

  constructor(...pieces: number[]) {
    this.#pieces = pieces;
  }

  readInto(into: Uint8Array, waits: boolean): number | null {
    this.places.push(into);
    this.waits.push(waits);
    const [piece] = this.#pieces;
    if (piece === undefined) return null;
    const count = Math.min(piece, into.length);
    if (count > 0) this.#pieces[0] = piece - count;
    if (count > 0 && count === piece) this.#pieces.shift();
    for (let at = 0; at < count; at++) into[at] = this.#byte++;
    return count;
  }

  ready(): boolean {
    return this.#pieces[0] !== 0;
  }

  /** A piece of nothing is something that is not there yet. */
  supply(): void {
    this.#pieces.shift();
    this.#wake();
  }

  watch(waker: { wake(): void }): void {
    this.#wake = () => waker.wake();
  }

  unwatch(): void {
    this.#wake = () => {};
  }

  close(): void {}
}

/** A sink that says where the bytes were that it took. */
class Looking extends DiscardSink {
  readonly places: Uint8Array[] = [];
  readonly #bytes: number[] = [];

  override write(bytes: Uint8Array): number {
    this.places.push(bytes);
    this.#bytes.push(...bytes);
    return bytes.length;
  }

  get bytes(): readonly number[] {
    return this.#bytes;
  }
}

/** Where each lies, and in which memory. */
function whereabouts(places: readonly Uint8Array[], memories: ArrayBufferLike[]): [memory: number, at: number][] {
  return places.map(({ buffer, byteOffset }) => {
    if (!memories.includes(buffer)) memories.push(buffer);
    return [memories.indexOf(buffer), byteOffset];
  });
}

test("what a source gives a guest of WASI 0.3, and that gives a sink, is never anywhere but in its memory", async () => {
  const source = new Filling(10, 70_000, 200);
  const sink: Sink & Looking = new Looking();
  await run(await compiled("p3-cat"), { stdin: source, stdout: sink });
  const memories: ArrayBufferLike[] = [];
  const [filled, taken] = [source.places, sink.places].map((places) => whereabouts(places, memories));
  // One memory: that of the guest. The last place is where the end was told.
  assert.equal(memories.length, 1);
  assert.equal((memories[0]?.byteLength ?? 0) % 65_536, 0);
  assert.deepEqual(taken, filled?.slice(0, -1));
  assert.deepEqual(
    sink.bytes,
    Array.from({ length: 70_210 }, (_, at) => at & 255),
  );
});

/**
 * A guest that holds one end of a stream: `take` takes one that is read, `make` makes one and holds what is written. It lets
 * its memory grow when it is told to. At 1024 there are letters.
 */
const HOLDER = `(component
  (type $t (stream u8))
  (core module $libc (memory (export "memory") 1) (data (i32.const 1024) "abcdefghijklmnopqrstuvwxyz"))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (core func $new (canon stream.new $t))
  (core func $read (canon stream.read $t async (memory $memory)))
  (core func $write (canon stream.write $t async (memory $memory)))
  (core func $set (canon waitable-set.new))
  (core func $poll (canon waitable-set.poll (memory $memory)))
  (core func $join (canon waitable.join))
  (core module $m
    (import "" "memory" (memory 1))
    (import "" "new" (func $new (result i64)))
    (import "" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "" "write" (func $write (param i32 i32 i32) (result i32)))
    (import "" "set" (func $set (result i32)))
    (import "" "poll" (func $poll (param i32 i32) (result i32)))
    (import "" "join" (func $join (param i32 i32)))
    (global $end (mut i32) (i32.const 0))
    (global $waits (mut i32) (i32.const 0))
    (func $hold (param $end i32)
      (global.set $end (local.get $end))
      (global.set $waits (call $set))
      (call $join (local.get $end) (global.get $waits)))
    (func (export "take") (param $end i32) (call $hold (local.get $end)))
    (func (export "make") (result i32)
      (local $ends i64)
      (local.set $ends (call $new))
      (call $hold (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))))
      (i32.wrap_i64 (local.get $ends)))
    (func (export "read") (param $at i32) (param $length i32) (result i32)
      (call $read (global.get $end) (local.get $at) (local.get $length)))
    (func (export "write") (param $at i32) (param $length i32) (result i32)
      (call $write (global.get $end) (local.get $at) (local.get $length)))
    (func (export "event") (result i32)
      (if (i32.eqz (call $poll (global.get $waits) (i32.const 16))) (then (return (i32.const -1))))
      (i32.load (i32.const 20)))
    (func (export "grow") (drop (memory.grow (i32.const 1))))
    (func (export "bytes") (param $at i32) (param $length i32) (result i32)
      (i32.store (i32.const 24) (local.get $at))
      (i32.store (i32.const 28) (local.get $length))
      (i32.const 24)))
  (core instance $m (instantiate $m (with "" (instance
    (export "memory" (memory $memory)) (export "new" (func $new)) (export "read" (func $read))
    (export "write" (func $write)) (export "set" (func $set)) (export "poll" (func $poll))
    (export "join" (func $join))))))
  (func (export "take") async (param "end" $t) (canon lift (core func $m "take")))
  (func (export "make") async (result $t) (canon lift (core func $m "make")))
  (func (export "read") async (param "at" u32) (param "length" u32) (result u32) (canon lift (core func $m "read")))
  (func (export "write") async (param "at" u32) (param "length" u32) (result u32) (canon lift (core func $m "write")))
  (func (export "event") async (result u32) (canon lift (core func $m "event")))
  (func (export "grow") async (canon lift (core func $m "grow")))
  (func (export "bytes") async (param "at" u32) (param "length" u32) (result (list u8))
    (canon lift (core func $m "bytes") (memory $memory))))`;

interface Holder {
  take(end: unknown): Promise<void>;
  make(): Promise<unknown>;
  read(at: number, length: number): Promise<number>;
  write(at: number, length: number): Promise<number>;
  event(): Promise<number>;
  grow(): Promise<void>;
  bytes(at: number, length: number): Promise<Uint8Array>;
}

const BLOCKED = 0xffff_ffff;
const holder = compile(await wat(HOLDER));

async function holderOf(signal?: AbortSignal): Promise<Holder> {
  const { exports } = await instantiate(await holder, signal ? { signal } : {});
  // Its functions, as the component has them.
  return exports as unknown as Holder;
}

test("a read that waits is filled where the guest's memory is by then", async () => {
  const guest = await holderOf();
  const source = new Filling(0, 4, 0);
  await guest.take(source);
  assert.equal(await guest.read(2048, 8), BLOCKED);
  await guest.grow();
  source.supply();
  assert.equal(await guest.event(), 4 << 4);
  assert.deepEqual([...(await guest.bytes(2047, 6))], [0, 0, 1, 2, 3, 0]);
  // The first place went when the memory grew.
  assert.deepEqual(
    source.places.map(({ length }) => length),
    [0, 8],
  );
});

test("a guest asks for no byte outside of its memory", async () => {
  const guest = await holderOf();
  const source = new Filling(8);
  await guest.take(source);
  await assert.rejects(guest.read(65_530, 8), { rule: "1.1" });
  assert.deepEqual(source.places, []);
});

test("nothing is put into the memory of a guest that was ended", async () => {
  const over = new AbortController();
  const guest = await holderOf(over.signal);
  const source = new Filling(0, 4);
  await guest.take(source);
  assert.equal(await guest.read(1024, 8), BLOCKED);
  const asked = source.places.length;
  over.abort();
  await assert.rejects(guest.event());
  source.supply();
  await turn();
  assert.equal(source.places.length, asked);
});

test("a source that lets the guest's memory grow while it fills it is named", async () => {
  const guest = await holderOf();
  const memory = new WebAssembly.Memory({ initial: 1 });
  const source = new Filling(8);
  // As if that were the guest's: whatever detaches the view.
  const growing = Object.assign(source, {
    readInto(into: Uint8Array): number {
      const gone = new Uint8Array(memory.buffer);
      memory.grow(1);
      return into.length + gone.length + 1;
    },
  });
  await guest.take(growing);
  await assert.rejects(guest.read(1024, 8), (error) => {
    assert.ok(error instanceof InternalError);
    assert.match(error.message, /readInto: expected how many of 8 bytes it put in, or null at the end, got 9/);
    return true;
  });
});

test("what a guest writes is put straight where its embedder reads it, if it waits by then", async () => {
  const guest = await holderOf();
  const stream = await guest.make();
  assert.ok(stream instanceof GuestByteStream);
  assert.equal(await guest.write(1024, 26), BLOCKED);
  const into = new Uint8Array(12);
  const read = (most: number): [count: number | null, into: string] => {
    into.fill(46);
    return [stream.readInto(into.subarray(0, most)), new TextDecoder().decode(into)];
  };
  // Of no room nothing is asked.
  assert.deepEqual(read(0), [0, "............"]);
  assert.deepEqual(read(10), [10, "abcdefghij.."]);
  // The other way to read goes on where this one has come.
  assert.equal(new TextDecoder().decode(stream.read(2) ?? into), "kl");
  assert.deepEqual(read(12), [12, "mnopqrstuvwx"]);
  assert.deepEqual(read(12), [2, "yz.........."]);
  assert.equal(await guest.event(), 26 << 4);
  // Who waits has no place any more when something comes: it is kept until it is asked for.
  assert.deepEqual(read(12), [0, "............"]);
  assert.equal(await guest.write(1026, 3), 3 << 4);
  assert.equal(into[0], 46);
  assert.deepEqual(read(12), [3, "cde........."]);
  stream.close();
  assert.deepEqual(read(12), [null, "............"]);
});

/** A guest that reads and writes, and waits for that; `wait` is a call that it makes first, and leaves under way. */
const WAITER = `(component
  (type $t (stream u8))
  (import "wait" (func $wait async))
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (core func $wait (canon lower (func $wait) async))
  (core func $read (canon stream.read $t (memory $memory)))
  (core module $m
    (import "" "wait" (func $wait (result i32)))
    (import "" "read" (func $read (param i32 i32 i32) (result i32)))
    (func (export "read") (param $end i32) (param $first i32) (result i32)
      (if (local.get $first) (then (drop (call $wait))))
      (call $read (local.get $end) (i32.const 1024) (i32.const 8))))
  (core instance $m (instantiate $m (with "" (instance
    (export "wait" (func $wait)) (export "read" (func $read))))))
  (func (export "read") async (param "end" $t) (param "first" bool) (result u32) (canon lift (core func $m "read"))))`;

test("the thread may be blocked for a guest that waits and does nothing else, and for no other", async () => {
  const waiter = await compile(await wat(WAITER));
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const isBusy of [false, true]) {
    const { exports } = await instantiate(waiter, { imports: { wait: () => promise } });
    const source = new Filling(4);
    // Its function, as the component has it.
    const { read } = exports as unknown as { read(end: unknown, first: boolean): Promise<number> };
    assert.equal(await read(source, isBusy), 4 << 4);
    assert.deepEqual(source.waits, [!isBusy]);
  }
  resolve();
  // One that can do something else meanwhile.
  const guest = await holderOf();
  const source = new Filling(4, 0);
  await guest.take(source);
  assert.equal(await guest.read(2048, 4), 4 << 4);
  assert.deepEqual(source.waits, [false]);
});

test("what a guest writes and waits for may block the thread", async () => {
  const calls: string[] = [];
  const sink = Object.assign(new DiscardSink(), {
    write(bytes: Uint8Array): number {
      calls.push("write");
      return bytes.length;
    },
    writeBlocking(bytes: Uint8Array): number {
      calls.push("writeBlocking");
      return bytes.length;
    },
  });
  await run(await compiled("p3-cat"), { stdin: new Filling(10, 20), stdout: sink });
  assert.deepEqual(calls, ["writeBlocking", "writeBlocking"]);
});

test("files are read straight into memory where that is done at once, and not where it is done later", async () => {
  for (const later of [false, true]) {
    const files = MemoryFiles.from({ f: "some content" }, { later });
    const opened = await files.root().openAt("f", { ...READ, write: false });
    assert.ok(opened.kind === "file");
    assert.equal(opened.readInto === undefined, later);
    const read = never("read");
    const file = later ? opened : Object.assign(opened, { read });
    const source = new Descriptor(file, FLAGS, true).readStream(5);
    const into = new Uint8Array(4);
    let count = source.readInto?.(into, false);
    await until(() => source.ready());
    if (later) count = source.readInto?.(into, false);
    assert.equal(count, 4);
    assert.equal(new TextDecoder().decode(into), "cont");
    source.close();
  }
});

const READ = { read: true, create: false, exclusive: false, truncate: false, sync: "none" } as const;
const FLAGS = {
  read: true,
  write: false,
  fileIntegritySync: false,
  dataIntegritySync: false,
  requestedWriteSync: false,
  mutateDirectory: false,
} as const;

test("what a source gives away is spliced into a sink as the memory that it is", async () => {
  const pieces = [1, 2, 3].map((byte) => new Uint8Array(1000).fill(byte));
  const left = [...pieces];
  const kept: Uint8Array[] = [];
  const source: Source = {
    // Asked for the end alone.
    read: () => (left.length === 0 ? null : assert.fail("read is called")),
    take: () => left.shift(),
    ready: () => true,
    watch() {},
    unwatch() {},
    close() {},
  };
  const stdout: Sink = {
    write: never("write"),
    give(bytes) {
      kept.push(bytes);
      return bytes.length;
    },
    flush: () => true,
    watch() {},
    unwatch() {},
    close() {},
    abort() {},
  };
  await run(await compiled("copy-splice"), { stdin: source, stdout });
  assert.deepEqual(
    kept.map(({ buffer, byteOffset, length }) => [buffer, byteOffset, length]),
    pieces.map(({ buffer }) => [buffer, 0, 1000]),
  );
});
