/** Guests where WebAssembly cannot be suspended: each in a thread that blocks, and the same to whoever runs it. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { show } from "../../src/abi/show.ts";
import {
  CollectSink,
  compile,
  instantiate,
  MemoryFiles,
  MemoryNetwork,
  NotAHandlerError,
  Pipe,
  run,
  SeededRandom,
  serve,
  TimeoutError,
  Trap,
  UnsupportedRuntimeError,
  type AddressCheck,
  type Trace,
  type RunningInstance,
} from "../../src/index.ts";
import { CompiledComponent } from "../../src/run/component.ts";
import { claimServer } from "../guests/claim-server.ts";
import { listening } from "../guests/http-support.ts";
import { wat } from "../load/wat.ts";
import { guest, heldSource, until } from "../run/support.ts";
import { turn } from "../testing/fixtures.ts";

// As on Node 22. Only these tests are in this process.
Reflect.deleteProperty(WebAssembly, "Suspending");

async function* lines(): AsyncGenerator<string> {
  for (const line of ["one\n", "two\n"]) {
    // oxlint-disable-next-line no-await-in-loop -- the guest is to wait for each
    await turn();
    yield line;
  }
}

function commandOf({ exports }: RunningInstance): () => unknown {
  const [, command] = Object.entries(exports).find(([name]) => name.startsWith("wasi:cli/run@")) ?? [];
  // As the interface has it.
  return (command as { readonly run: () => unknown }).run;
}

describe("parked", { concurrency: 2 }, () => {
  test("a command waits for streams of this thread, and says what they carried", async () => {
    const stdout = new CollectSink();
    const { exitCode, stats } = await run(await guest("cat"), { stdin: lines(), stdout });
    assert.deepEqual([exitCode, stdout.text(), stats.stdin.bytes, stats.stdout.bytes], [0, "one\ntwo\n", 8, 8]);
  });

  test("what needs this thread says why it cannot be had", async () => {
    const why = /a thread of its own, as each has where WebAssembly cannot be suspended \(before Node 24\): /;
    await assert.rejects(run(await guest("hello"), { random: new SeededRandom(1n) }), {
      name: "TypeError",
      message: why,
    });
    const { exports, close } = await instantiate(await guest("p3-upper"));
    // What p3-upper.wasm has.
    const { upper } = exports as Readonly<Record<"upper", (text: unknown) => Promise<unknown>>>;
    for (const input of [new Blob(["text"]).stream(), Promise.resolve("text")]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(upper(input), { name: "TypeError", message: why });
    }
    await close();
  });

  test("what was built ahead says that it does not run here, whatever it is asked for", async () => {
    const { compiled } = await compile(await guest("hello"));
    // As `precompiled` makes it: of modules alone.
    const built = new CompiledComponent(compiled);
    for (const attempt of [() => run(built), () => instantiate(built), () => run(built, { isolate: "thread" })]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(attempt, (error: unknown) => {
        assert.ok(error instanceof UnsupportedRuntimeError);
        assert.match(error.message, /cannot suspend WebAssembly.*`sluice build`.*give the bytes/);
        return true;
      });
    }
  });

  test("timers are heard of while the thread is blocked", async () => {
    for (const name of ["clocks-monotonic", "timer-not-early", "thousand-timers"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal((await run(await guest(name), {})).exitCode, 0, name);
    }
  });

  test("two guests on the ends of a pipe wait for each other", async () => {
    const pipe = new Pipe(16);
    const stdout = new CollectSink();
    const text = "x".repeat(1000);
    await Promise.all([
      run(await guest("cat"), { stdin: { text }, stdout: pipe.sink }),
      run(await guest("cat"), { stdin: pipe.source, stdout }),
    ]);
    assert.equal(stdout.text(), text);
  });

  test("core modules of preview 1 run too", async () => {
    const stdout = new CollectSink();
    await run(await guest("p1/wc"), { stdin: lines(), stdout });
    assert.match(stdout.text(), /^2 2 8\n$/);
  });

  test("open directories of this thread are used from there, and let go of", async () => {
    const files = MemoryFiles.from({ "note.txt": "a note\n" });
    const stdout = new CollectSink();
    const preopens = { "/data": files.root() };
    await run(await guest("cat-files"), { args: ["cat-files", "/data/note.txt"], preopens, stdout });
    assert.equal(stdout.text(), "a note\n");
    await until(() => files.openCount === 0);
  });

  test("exports and functions in imports are called, and promises of these waited for", async () => {
    const calls: string[] = [];
    const scale = await instantiate(await guest("scale"), {
      imports: {
        "docs:demo/host": {
          scale: async (x: number) => {
            await turn();
            return x * 10;
          },
        },
      },
      trace: (name, values) => void calls.push(`${name}(${values.join()})`),
    });
    const { scaleTwice } = scale.exports as { readonly scaleTwice: (x: number) => Promise<number> };
    assert.deepEqual(await Promise.all([scaleTwice(7), scaleTwice(8)]), [700, 800]);
    assert.deepEqual(
      calls.filter((_, index) => index % 2 === 0),
      ["docs:demo/host#scale(7)", "docs:demo/host#scale(8)"],
    );
    await scale.close();
    await assert.rejects(scaleTwice(1), /the instance is closed/);
  });

  test("calls that are traced say what they say elsewhere", async () => {
    const calls: string[] = [];
    const trace: Trace = (name, values, outcome) => void calls.push(`${name}(${values.map(show).join()}) ${outcome}`);
    await run(await guest("hello"), { stdout: "ignore", trace });
    assert.ok(
      calls.some((call) => call.includes("blocking-write-and-flush(OutputStream,")),
      calls.join("\n"),
    );
  });

  test("closing ends a guest that waits", async () => {
    const { source } = heldSource();
    const instance = await instantiate(await guest("cat"), { stdin: source });
    const ended = assert.rejects(commandOf(instance)() as Promise<unknown>, /the instance is closed/);
    await turn();
    await instance.close();
    await ended;
  });

  test("a signal and a timeout end a guest that waits", async () => {
    const stdin = heldSource();
    const reason = new Error("enough");
    const controller = new AbortController();
    const running = run(await guest("cat"), { stdin: stdin.source, signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    await assert.rejects(running, (error) => error === reason);
    await until(() => stdin.closed);
    await assert.rejects(run(await guest("cat"), { stdin: heldSource().source, timeout: 1 }), TimeoutError);
  });

  test("a trap is what it is elsewhere", async () => {
    await assert.rejects(
      run(await guest("write-without-permit"), { stdout: new CollectSink() }),
      (error) => error instanceof Trap && error.rule.startsWith("3."),
    );
  });

  test("syncExports needs no thread, and a guest that waits all the same traps", async () => {
    const demo = await instantiate(await guest("multi-export"), { syncExports: true });
    const { add } = demo.exports["sluice:guests/demo"] as { readonly add: (a: number, b: number) => number };
    assert.equal(add(1, 2), 3);
    await demo.close();
    const cat = await instantiate(await guest("cat"), { syncExports: true, stdin: heldSource().source });
    assert.throws(commandOf(cat), (error) => error instanceof Trap && error.message.includes("cannot be suspended"));
    await cat.close().catch(() => {});
  });

  test("sockets are those of a network of this thread, which is asked here", async () => {
    const asked: string[] = [];
    const check: AddressCheck = async ({ port }, use) => {
      await turn();
      asked.push(use);
      return port !== 9;
    };
    for (const name of ["tcp-exchange", "udp-exchange"]) {
      const network = { tcp: true, udp: true, lookup: true, on: new MemoryNetwork(), check };
      const stderr = new CollectSink();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal((await run(await guest(name), { args: [name], network, stderr })).exitCode, 0, stderr.text());
    }
    assert.deepEqual(
      ["tcp-listen", "tcp-accept", "udp-bind", "udp-receive"].filter((use) => !asked.some((one) => one === use)),
      [],
    );
  });

  test("sockets and names are those of the system", async () => {
    for (const name of ["tcp-exchange", "udp-refused", "lookup-localhost"]) {
      const stderr = new CollectSink();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { exitCode } = await run(await guest(name), { args: [name], network: true, stderr });
      assert.equal(exitCode, 0, `${name}: ${stderr.text()}`);
    }
  });

  test("requests are carried out here, with bodies and trailers both ways", async (t) => {
    const server = createServer(claimServer);
    t.after(() => server.close());
    const authority = `127.0.0.1:${await listening(server)}`;
    await Promise.all(
      ["get", "post", "response-first", "cut", "short", "drop-future"].map(async (claim) => {
        const stderr = new CollectSink();
        const args = ["http-client", claim, authority];
        const { exitCode } = await run(await guest("http-client"), { args, http: true, stderr });
        assert.equal(exitCode, 0, `${claim}: ${stderr.text()}`);
      }),
    );
    server.closeAllConnections();
  });

  test("rules of requests hold", async () => {
    const args = ["http-client", "refused", "127.0.0.1:9"];
    for (const http of [false, { hosts: ["example.invalid"] }, { check: () => false }]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal((await run(await guest("http-client"), { args, http })).exitCode, 0);
    }
  });

  test("guests answer requests in threads, and send some to each other", async () => {
    const said: string[] = [];
    const errors: unknown[] = [];
    const back = await serve(await guest("http-claims"), { onError: (error) => void errors.push(error) });
    const front = await serve(await guest("http-claims"), {
      http: (request) => back.fetch(request),
      stdout: (chunk) => void said.push(Buffer.from(chunk).toString()),
    });
    // As much as all that is between them holds: the guest sends all of it before it reads.
    const body = "a".repeat(50_000);
    const forwarded = { method: "POST", body, headers: { "x-forward-to": "anywhere" } };
    const response = await front.fetch(new Request("http://test/forward/echo", forwarded));
    assert.equal(await response.text(), body);
    assert.equal(await (await front.fetch(new Request("http://test/hello"))).text(), "hello");
    await assert.rejects(back.fetch(new Request("http://test/trap")), WebAssembly.RuntimeError);
    await assert.rejects((await back.fetch(new Request("http://test/unfinished"))).text());
    const left = await back.fetch(new Request("http://test/large/100000000"));
    await left.body?.cancel();
    assert.equal((await back.fetch(new Request("http://test/status/204"))).status, 204);
    await Promise.all([front.close(), back.close()]);
  });

  test("a thread answers one request after the other, by one instance if it may", async () => {
    const server = await serve(await guest("http-claims"), { reuse: 2, maxConcurrent: 1 });
    const count = async (): Promise<string> => (await server.fetch(new Request("http://test/count"))).text();
    assert.deepEqual([await count(), await count(), await count()], ["1", "2", "1"]);
    await server.close();
  });

  test("a handler of WASI 0.3 answers too", async () => {
    const server = await serve(await guest("http-p3"));
    const response = await server.fetch(new Request("http://test/echo", { method: "POST", body: "abc" }));
    assert.equal(await response.text(), "abc");
    await server.close();
  });

  test("what no thread can be served with is refused in words", async () => {
    await assert.rejects(serve(await guest("hello")), NotAHandlerError);
    const wrong = serve(await guest("http-claims"), { isolate: "process" as never });
    await assert.rejects(wrong, { name: "TypeError", message: /^The option isolate must be "thread"; got "process"/ });
  });

  test("a command of WASI 0.3 waits for streams of this thread in the middle of its code", async () => {
    const stdout = new CollectSink();
    const { exitCode } = await run(await guest("p3-cat"), { stdin: lines(), stdout });
    assert.deepEqual([exitCode, stdout.text()], [0, "one\ntwo\n"]);
  });

  test("a command of WASI 0.3 whose tasks wait for nothing is told so", async () => {
    await assert.rejects(run(await guest("p3-deadlock"), {}), /RuntimeError: deadlock/);
  });

  test("tasks of WASI 0.3 wait side by side in callbacks, and give way when they go on", async () => {
    const { exports, waiting, close } = await tasks();
    const calls = [exports.callback(), exports.callback(), exports.callback()];
    await until(() => waiting.length === 3);
    for (const goOn of waiting.toReversed()) goOn();
    await Promise.all(calls);
    await close();
  });

  test("a task of WASI 0.3 waits in the middle of its code while others do in callbacks", async () => {
    const { exports, waiting, close } = await tasks();
    const calls = [exports.callback(), exports.stack(), exports.callback()];
    await until(() => waiting.length === 3);
    for (const goOn of waiting) goOn();
    await Promise.all(calls);
    // The one before is over.
    const again = exports.stack();
    await until(() => waiting.length === 4);
    waiting[3]?.();
    await again;
    await close();
  });

  test("of two tasks that wait in the middle of their code the second is told that it cannot", async () => {
    const { exports, waiting } = await tasks();
    const first = exports.stack();
    await until(() => waiting.length === 1);
    const second = exports.stack();
    const isTold = (error: unknown): boolean =>
      error instanceof Trap && error.rule === "4.3" && /two tasks of the guest wait/.test(error.message);
    await Promise.all([assert.rejects(first, isTold), assert.rejects(second, isTold)]);
  });
});

/** Each function waits for `host`: with a callback, which then asks often whether there is more; or in the middle of its code. */
const TASKS = `(component
  (import "host" (func $host async))
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (core func $host (canon lower (func $host) async))
  (core func $set (canon waitable-set.new))
  (core func $join (canon waitable.join))
  (core func $wait (canon waitable-set.wait (memory (core memory $libc "memory"))))
  (core func $poll (canon waitable-set.poll (memory (core memory $libc "memory"))))
  (core func $return (canon task.return))
  (core module $m
    (import "" "host" (func $host (result i32)))
    (import "" "set" (func $set (result i32)))
    (import "" "join" (func $join (param i32 i32)))
    (import "" "wait" (func $wait (param i32 i32) (result i32)))
    (import "" "poll" (func $poll (param i32 i32) (result i32)))
    (import "" "return" (func $return))
    (func $begun (result i32)
      (local $set i32)
      (local.set $set (call $set))
      (call $join (i32.shr_u (call $host) (i32.const 4)) (local.get $set))
      (local.get $set))
    (func (export "callback") (result i32) (i32.or (i32.const 2) (i32.shl (call $begun) (i32.const 4))))
    (func (export "cb") (param i32 i32 i32) (result i32)
      (local $left i32) (local $set i32)
      (local.set $set (call $set))
      (local.set $left (i32.const 5000))
      (loop $next
        (drop (call $poll (local.get $set) (i32.const 0)))
        (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (call $return)
      (i32.const 0))
    (func (export "stack") (drop (call $wait (call $begun) (i32.const 0))) (call $return)))
  (core instance $m (instantiate $m (with "" (instance
    (export "host" (func $host)) (export "set" (func $set)) (export "join" (func $join))
    (export "wait" (func $wait)) (export "poll" (func $poll)) (export "return" (func $return))))))
  (func (export "callback") async (canon lift (core func $m "callback") async (callback (core func $m "cb"))))
  (func (export "stack") async (canon lift (core func $m "stack") async)))`;

async function tasks() {
  const waiting: (() => void)[] = [];
  const host = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  const instance = await instantiate(await wat(TASKS), { imports: { host } });
  // As it exports them.
  const exports = instance.exports as Readonly<Record<"callback" | "stack", () => Promise<void>>>;
  return { exports, waiting, close: () => instance.close() };
}
