/** Guests where WebAssembly cannot be suspended: each in a thread that blocks, and the same to whoever runs it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CollectSink,
  instantiate,
  MemoryFiles,
  Pipe,
  run,
  serve,
  TimeoutError,
  Trap,
  UnsupportedRuntimeError,
  type RunningInstance,
} from "../../src/index.ts";
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

  test("what a blocked thread cannot have is refused in words", async () => {
    const component = await guest("hello");
    for (const options of [{ network: true }, { network: { tcp: true } }, { http: true }]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(run(component, options), (error) => {
        assert.ok(error instanceof UnsupportedRuntimeError);
        assert.match(error.message, /^The option (?:network|http) needs a runtime that can suspend WebAssembly/);
        return true;
      });
    }
    await assert.rejects(serve(await guest("http-handler")), UnsupportedRuntimeError);
  });
});
