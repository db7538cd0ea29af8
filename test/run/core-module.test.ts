/** Core modules of WASI preview 1, as they come from a compiler: no component around them, and no adapter. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import {
  BytesSource,
  ClosedSink,
  CollectSink,
  compile,
  ExitError,
  instantiate,
  InternalError,
  InvalidComponentError,
  MemoryFiles,
  MissingImportsError,
  NotACommandError,
  Pipe,
  run,
  RuntimeError,
  Trap,
  type Options,
  type RunningInstance,
  type Sink,
} from "../../src/index.ts";
import { FakeClock } from "../../src/testing/index.ts";
import { wat } from "../load/wat.ts";
import { filesystemClaims } from "../guests/claims/files.ts";
import { collector, heldSource, turn, until } from "./support.ts";

function guest(name: string): Promise<Uint8Array> {
  return readFile(new URL(`../guests/built/p1/${name}.wasm`, import.meta.url));
}

interface Ended {
  readonly exitCode: number;
  readonly text: string;
  readonly error: string;
}

async function play(name: string, options: Options = {}): Promise<Ended> {
  const [stdout, stderr] = [collector(), collector()];
  const { exitCode } = await run(await guest(name), { stdout: stdout.sink, stderr: stderr.sink, ...options });
  return { exitCode, text: stdout.text(), error: stderr.text() };
}

test("ordinary C programs run without a component around them", async () => {
  const stdin = "one two\nthree\n";
  assert.deepEqual((await play("wc", { stdin: { text: stdin } })).text.trim().split(/\s+/), ["2", "3", "14"]);
  const long = "a line of some length\n".repeat(20_000);
  assert.equal((await play("cat", { stdin: { text: long } })).text, long);
});

test("what the guest gives to exit is the exit code, and what it had not flushed is delivered", async () => {
  assert.deepEqual(await play("exit-status", { args: ["program", "33"] }), {
    exitCode: 33,
    text: "leaving",
    error: "",
  });
  assert.equal((await play("p1-exit", { args: ["program", "0"] })).exitCode, 0);
  // A byte, as in POSIX.
  assert.equal((await play("p1-exit", { args: ["program", "255"] })).exitCode, 255);
  assert.equal((await play("p1-exit", { args: ["program", "259"] })).exitCode, 3);
});

test("a guest that reads what is not there yet is suspended, and its question is seen before", async () => {
  const stdin = heldSource();
  const stdout = collector();
  const running = run(await guest("p1-ask"), { stdin: stdin.source, stdout: stdout.sink });
  await until(() => stdin.asked);
  assert.equal(stdout.text(), "name? ");
  stdin.give("Ada Lovelace");
  await turn();
  stdin.give(null);
  assert.equal((await running).exitCode, 0);
  assert.equal(stdout.text(), "name? hello Ada Lovelace");
});

test("a guest that writes more than its reader takes is suspended", async () => {
  const pipe = new Pipe(1000);
  const text = "many words in a row\n".repeat(5000);
  const stdout = collector();
  await Promise.all([
    run(await guest("cat"), { stdin: { text }, stdout: pipe.sink }),
    run(await guest("cat"), { stdin: pipe.source, stdout: stdout.sink }),
  ]);
  assert.equal(stdout.text(), text);
});

test("a reader that is gone is EPIPE, at once and in the middle", async () => {
  const gone: readonly (() => Sink)[] = [
    () => new ClosedSink(),
    () => {
      const pipe = new Pipe(1000);
      setImmediate(() => pipe.source.close());
      return pipe.sink;
    },
  ];
  for (const stdout of gone) {
    assert.deepEqual(await play("p1-write", { stdout: stdout() }), { exitCode: 0, text: "", error: "" });
    const { exitCode, error } = await play("libc-write-error", { stdout: stdout() });
    assert.equal(exitCode, 1);
    assert.match(error, /write failed: Broken pipe/);
  }
});

test("poll_oneoff waits for a clock or a stream, whichever comes first, and leaves no timer behind", async () => {
  const [clock, stdin, stdout] = [new FakeClock(), heldSource(), collector()];
  const options = { args: ["program", "5000"], monotonicClock: clock, stdout: stdout.sink };
  const running = run(await guest("p1-poll"), { ...options, stdin: stdin.source });
  await until(() => clock.pending > 0);
  clock.advance(4999n);
  await turn();
  assert.equal(stdout.text(), "");
  clock.advance(1n);
  assert.equal((await running).exitCode, 0);
  assert.equal(stdout.text(), "7 after 5000");
  assert.equal(clock.pending, 0);

  const bytes = collector();
  const ready = { ...options, stdin: new BytesSource(new Uint8Array(1)), stdout: bytes.sink };
  assert.equal((await run(await guest("p1-poll"), ready)).exitCode, 0);
  assert.equal(bytes.text(), "8 after 0");
  assert.equal(clock.pending, 0);
});

test("a guest that never waits gets its input all the same", async () => {
  for (const way of [0, 1, 2, 3]) {
    const [stdin, stdout] = [heldSource(), collector()];
    const args = ["program", `${way}`];
    const running = run(await guest("p1-spin"), { args, stdin: stdin.source, stdout: stdout.sink });
    await until(() => stdin.asked);
    for (let turns = 0; turns < 5; turns++) await turn();
    stdin.give("!");
    assert.equal((await running).exitCode, 0);
    assert.equal(stdout.text(), "!");
  }
});

test("1.1 a pointer outside of the memory, or a crooked one, traps, whatever else is asked for", async () => {
  for (const args of Array.from({ length: 9 }, (_, index) => ["program", `${index}`])) {
    const stdout = collector();
    await assert.rejects(
      run(await guest("p1-hostile"), { args, stdin: { text: "input" }, stdout: stdout.sink }),
      (error) => error instanceof Trap && error.rule === "1.1",
      args[1],
    );
    assert.doesNotMatch(stdout.text(), /it did not/);
  }
});

/** The call of a library, as JavaScript sees it. */
async function callOf(instance: RunningInstance, name: string): Promise<(...args: unknown[]) => Promise<unknown>> {
  const fn = instance.exports[name];
  assert.ok(typeof fn === "function");
  return fn as (...args: unknown[]) => Promise<unknown>;
}

test("a library is initialised, and called one call at a time", async () => {
  const clock = new FakeClock();
  const instance = await instantiate(await guest("p1-reactor"), { monotonicClock: clock });
  const [next, wait] = [await callOf(instance, "next"), await callOf(instance, "wait")];
  assert.equal(await next(), 101);
  const waiting = wait(50n);
  const after = next();
  await until(() => clock.pending > 0);
  clock.advance(50n);
  assert.equal(await waiting, 152n);
  assert.equal(await after, 103);
  assert.ok(instance.exports["memory"] instanceof WebAssembly.Memory);
  await instance.close();
  await assert.rejects(next(), /the instance is closed/);
});

test("a function may be called as what a promise has", async () => {
  const instance = await instantiate(await wat('(module (func (export "then") (result i32) (i32.const 7)))'));
  assert.equal(await (await callOf(instance, "then"))(), 7);
});

test("exit and traps end a library", async () => {
  for (const [name, kind] of [
    ["leave", ExitError],
    ["fall", RuntimeError],
  ] as const) {
    const instance = await instantiate(await guest("p1-reactor"));
    const [ending, next] = [await callOf(instance, name), await callOf(instance, "next")];
    const calls = [ending(7), next()];
    for (const call of calls) await assert.rejects(call, kind);
    await instance.close();
  }
});

test("the signal ends a guest that waits", async () => {
  const [stdin, controller] = [heldSource(), new AbortController()];
  const running = run(await guest("p1-ask"), { stdin: stdin.source, signal: controller.signal });
  await until(() => stdin.asked);
  controller.abort(new Error("enough"));
  await assert.rejects(running, /enough/);
  assert.ok(stdin.closed);
});

test("a clock that fails is no fault of the guest's", async () => {
  const clock = new FakeClock();
  clock.now = () => {
    throw new Error("no time");
  };
  await assert.rejects(run(await guest("p1-poll"), { args: ["program", "1"], monotonicClock: clock }), InternalError);
});

test("what is missing is refused before anything runs, all of it, and preview 0 is told apart", async () => {
  await assert.rejects(
    compile(await guest("p1-missing")),
    (error) =>
      error instanceof MissingImportsError &&
      error.missing.toSorted().join() === "env#thing,wasi_snapshot_preview1#no_such,wasi_unstable#fd_write" &&
      /wasi_unstable is what came before/.test(error.message),
  );
});

test("what is no module is refused; a library is no command", async () => {
  const whole = await guest("cat");
  await assert.rejects(compile(whole.subarray(0, whole.length - 10)), InvalidComponentError);
  await assert.rejects(run(await guest("p1-reactor")), NotACommandError);
  assert.deepEqual((await compile(whole)).imports, ["wasi_snapshot_preview1"]);
});

test("a module that exports more than anybody needs is refused", async () => {
  const exported = Array.from({ length: 100_001 }, (_, index) => `(export "f${index}" (func 0))`).join(" ");
  await assert.rejects(
    compile(await wat(`(module (func) ${exported})`)),
    /^InvalidComponentError: A core module has 100001 exports/,
  );
});

test("a program works on files, on calls that wait and on calls that do not, and nothing stays open", async () => {
  const claim = filesystemClaims.find(({ name }) => name === "files-c");
  assert.ok(claim);
  for (const later of [false, true]) {
    const files = new MemoryFiles({ later });
    const options: Options = { args: claim.args ?? [], preopens: { "/work": files.root() } };
    assert.deepEqual(await play("files-c", options), { exitCode: 0, text: claim.stdout, error: "" });
    assert.equal(files.openCount, 0);
  }
});

test("no run leaks into the next one", async () => {
  const module = await compile(await guest("cat"));
  const sinks = [new CollectSink(), new CollectSink()];
  await Promise.all(sinks.map((stdout, index) => run(module, { stdin: { text: `input ${index}` }, stdout })));
  assert.deepEqual(
    sinks.map((sink) => sink.text()),
    ["input 0", "input 1"],
  );
});
