/** Instances in threads of their own: the same as others, and they end whatever they do. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { errorOf, wireOf } from "../../src/hosts/isolate/errors.ts";
import {
  CollectSink,
  compile,
  ExitError,
  FileError,
  instantiate,
  InternalError,
  InvalidComponentError,
  MemoryFiles,
  MemoryNetwork,
  MissingImportsError,
  PeerClosed,
  Pipe,
  run,
  serve,
  StreamError,
  TimeoutError,
  Trap,
  WitError,
  type AddressCheck,
  type OpenDirectory,
  type Options,
  type Sink,
  type Source,
} from "../../src/index.ts";
import { guest, heldSource, until } from "../run/support.ts";
import { turn } from "../testing/fixtures.ts";
import { computesForEver } from "../cli/made.ts";

const isolate = "thread";

function fails(): never {
  throw new Error("the port is at fault");
}

function sinkWith(parts: Partial<Sink>): Sink {
  const whole = { write: ({ length }: Uint8Array) => length, flush: () => true, watch() {}, unwatch() {} };
  return { ...whole, close() {}, abort() {}, ...parts };
}

function signalWith(parts: Partial<AbortSignal>): AbortSignal {
  const whole = { aborted: false, throwIfAborted() {}, addEventListener() {}, removeEventListener() {}, ...parts };
  // As much of it as is asked for.
  return whole as unknown as AbortSignal;
}

/** One that waits, and then fails. */
function sourceWith(parts: Partial<Source>): Source {
  let isAsked = false;
  const whole: Source = {
    read() {
      if (isAsked) fails();
      isAsked = true;
      return new Uint8Array(0);
    },
    ready: () => isAsked,
    watch: (waker) => void setImmediate(() => waker.wake()),
    unwatch() {},
    close() {},
  };
  return { ...whole, ...parts };
}

test("errors are there what they were here", () => {
  const errors = [
    new Trap("3.2", "too much"),
    new ExitError(3),
    new WitError({ tag: "closed" }, "closed"),
    new TimeoutError(10),
    new PeerClosed(),
    new FileError("ENOENT", "nothing"),
    new MissingImportsError(["a:b/c"]),
    new InvalidComponentError("damaged", 7),
    new RangeError("far away"),
    new InternalError("a:b/c#f", new Error("because")),
    new WebAssembly.RuntimeError("unreachable"),
  ];
  for (const error of errors) {
    const there = errorOf(structuredClone(wireOf(error)));
    assert.ok(there instanceof Error);
    assert.equal(Object.getPrototypeOf(there), Object.getPrototypeOf(error), error.name);
    assert.deepEqual([there.message, there.stack], [error.message, error.stack]);
    assert.deepEqual(Object.entries(there), Object.entries(error));
    assert.equal(there.cause instanceof Error, error.cause instanceof Error);
  }
  assert.equal(errorOf(structuredClone(wireOf("a payload"))), "a payload");
  class Other extends TypeError {
    readonly fn = (): void => {};
  }
  const there = errorOf(structuredClone(wireOf(new Other("wrong"))));
  assert.ok(there instanceof TypeError && !("fn" in there));
});

describe("isolate", { concurrency: 2 }, () => {
  test("runs a command on streams of this thread, and says what they carried", async () => {
    const stdout = new CollectSink();
    const { exitCode, stats } = await run(await guest("cat"), {
      isolate,
      stdin: ["one\n", "two\n"],
      stdout,
    });
    assert.deepEqual([exitCode, stdout.text(), stats.stdin.bytes, stats.stdout.bytes], [0, "one\ntwo\n", 8, 8]);
  });

  test("much goes through a guest in pieces of any size, and comes as it was", async () => {
    const pieces = Array.from({ length: 300 }, (_, at) =>
      new Uint8Array((at * 977) % 40_000).map((_unused, place) => (place * 7 + at) & 255),
    );
    const came: Uint8Array[] = [];
    await run(await guest("copy-loop"), {
      isolate,
      stdin: pieces,
      stdout: async (chunk) => {
        if (chunk.length % 3 === 0) await turn();
        came.push(chunk);
      },
    });
    assert.ok(Buffer.concat(came).equals(Buffer.concat(pieces)));
  });

  test("guests in a circle end here too", async () => {
    const pipe = new Pipe(2);
    const component = await compile(await guest("exit-delivers-unflushed"));
    const { exitCode } = await run(component, { isolate, stdin: pipe.source, stdout: pipe.sink });
    assert.equal(exitCode, 0);
  });

  test("takes compiled components, and core modules of preview 1", async () => {
    for (const name of ["hello", "p1/wc"]) {
      const stdout = new CollectSink();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const component = await compile(await guest(name));
      // oxlint-disable-next-line no-await-in-loop -- as above
      await run(component, { isolate, stdout, stdin: { text: "a b\n" } });
      assert.match(stdout.text(), /^(?:hello|1 2 4)\n$/);
    }
  });

  test("gives open directories of this thread, and lets go of them", async () => {
    const files = MemoryFiles.from({ "note.txt": "a note\n" });
    const stdout = new CollectSink();
    await run(await guest("cat-files"), {
      isolate,
      args: ["cat-files", "/data/note.txt"],
      preopens: { "/data": files.root() },
      stdout,
    });
    assert.equal(stdout.text(), "a note\n");
    await turn();
    assert.equal(files.openCount, 0);
  });

  test("calls exports, and functions that it was given", async () => {
    const demo = await instantiate(await guest("multi-export"), { isolate, stdout: "ignore" });
    // As multi-export.wasm has them.
    const { add, greet } = demo.exports["sluice:guests/demo"] as Record<
      "add" | "greet",
      (...args: unknown[]) => Promise<unknown>
    >;
    assert.deepEqual([await add(1, 2), await greet("wörld")], [3, "hello, wörld"]);
    await assert.rejects(add("one", 2), TypeError);
    await assert.rejects(
      add(() => {}, 2),
      { name: "TypeError", message: /^Only plain values go from one thread to another/ },
    );
    await demo.close();
    await demo.close();
    await assert.rejects(add(1, 2), /the instance is closed/);
    const scale = await instantiate(await guest("scale"), {
      isolate,
      imports: { "docs:demo/host": { scale: async (x: number) => x * 10 } },
    });
    const { scaleTwice } = scale.exports as { readonly scaleTwice: (x: number) => Promise<number> };
    assert.equal(await scaleTwice(7), 700);
    await scale.close();
  });

  test("a trap, an exit and a refusal are what they are in this thread", async () => {
    await assert.rejects(
      run(await guest("write-without-permit"), { isolate, stdout: new CollectSink() }),
      (error) => error instanceof Trap && error.rule.startsWith("3."),
    );
    assert.equal((await run(await guest("exit-status"), { isolate, args: ["exit-status", "7"] })).exitCode, 1);
    await assert.rejects(run(new Uint8Array(8), { isolate }), InvalidComponentError);
    await assert.rejects(
      run(await guest("missing-import"), { isolate }),
      (error) => error instanceof MissingImportsError && error.missing.length > 0,
    );
  });

  test("a sink that fails is the guest's to hear of", async () => {
    const stderr = new CollectSink();
    const seen = await run(await guest("bwf-loop"), {
      isolate,
      stdout: () => {
        throw new Error("the disk is full");
      },
      stderr,
    }).then(
      ({ exitCode }) => exitCode,
      (error: unknown) => error,
    );
    assert.ok(seen === 1 || seen instanceof StreamError || seen instanceof WebAssembly.RuntimeError, String(seen));
  });

  for (const [port, stream] of Object.entries({
    "stdout.unwatch": { stdout: sinkWith({ unwatch: fails }) },
    "stdin.unwatch": { stdin: sourceWith({ unwatch: fails }) },
    trace: { trace: fails },
    "signal.addEventListener": { signal: signalWith({ addEventListener: fails }) },
    "signal.removeEventListener": { signal: signalWith({ removeEventListener: fails }) },
  } satisfies Record<string, Options>)) {
    test(`what ${port} throws is told at the end, and harms nobody`, async () => {
      const end = run(await guest("cat"), { isolate, stdin: { text: "text" }, ...stream });
      await assert.rejects(end, { name: "InternalError", message: new RegExp(`^${port}: `) });
    });
  }

  test("networks and clients of this thread are used from there", async () => {
    const asked: string[] = [];
    const check: AddressCheck = (_, use) => asked.push(use) > 0;
    const network = { tcp: true, udp: true, on: new MemoryNetwork(), check };
    for (const name of ["tcp-exchange", "udp-exchange"]) {
      const stderr = new CollectSink();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal(
        (await run(await guest(name), { isolate, args: [name], network, stderr })).exitCode,
        0,
        stderr.text(),
      );
    }
    assert.ok(asked.includes("tcp-accept") && asked.includes("udp-receive"));
  });

  test("requests are answered in threads, and sent by functions of this one", async () => {
    const back = await serve(await guest("http-claims"), { isolate });
    const front = await serve(await guest("http-claims"), { isolate, http: (request) => back.fetch(request) });
    const asked = { method: "POST", body: "abc", headers: { "x-forward-to": "anywhere" } };
    assert.equal(await (await front.fetch(new Request("http://test/forward/echo", asked))).text(), "abc");
    await Promise.all([front.close(), back.close()]);
  });

  test("a time-out ends the thread of a handler, and the next request has another", async () => {
    const server = await serve(await guest("http-claims"), { isolate, timeout: 1, http: () => new Promise(() => {}) });
    for (const path of ["/forward/hello", "/forward/echo"]) {
      const request = new Request(`http://test${path}`, { headers: { "x-forward-to": "nobody" } });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(server.fetch(request), TimeoutError);
    }
    await server.close();
  });

  test("an abort ends a guest that computes, and releases what it had", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const stdin = heldSource();
    const files = MemoryFiles.from({ file: "" });
    const running = run(computesForEver(), {
      isolate,
      signal: controller.signal,
      stdin: stdin.source,
      preopens: { "/": files.root() },
    });
    setImmediate(() => controller.abort(reason));
    await assert.rejects(running, (error) => error === reason);
    await until(() => stdin.closed);
    assert.equal(files.openCount, 0);
  });

  test("a timeout ends a guest that computes, and one that waits", async () => {
    await assert.rejects(run(computesForEver(), { isolate, timeout: 1 }), TimeoutError);
    await assert.rejects(
      run(await guest("prompt-before-read"), { isolate, timeout: 1, stdin: heldSource().source }),
      TimeoutError,
    );
  });

  test("an instance that is forgotten keeps no process", async () => {
    const child = new URL("children/forgets.ts", import.meta.url);
    const { stdout } = await promisify(execFile)(process.execPath, [child.pathname]);
    assert.equal(stdout, "3\n");
  });

  const WRONG: Readonly<Record<string, [options: Options, message: RegExp]>> = {
    "a clock": [
      { monotonicClock: { now: () => 0n, resolution: () => 1n, schedule: () => () => {} } },
      /^monotonicClock is an object of this thread/,
    ],
    syncExports: [{ syncExports: true }, /^syncExports cannot be had/],
    "a class": [{ imports: { "a:b/c": { Thing: CollectSink } } }, /^imports: a:b\/c#Thing is a class/],
    "no stream": [{ stdin: 5 as never }, /^stdin must be/],
    "another word": [{ isolate: "process" as never }, /^The option isolate must be "thread"; got "process"/],
  };
  for (const [name, [options, message]] of Object.entries(WRONG)) {
    test(`${name} is refused in words`, async () => {
      await assert.rejects(run(await guest("hello"), { isolate, ...options }), { name: "TypeError", message });
    });
  }

  test("what it was given is let go of where something else is refused", async () => {
    const hello = await guest("hello");
    for (const options of [{}, { isolate }] as const) {
      let closed = 0;
      const root = new MemoryFiles().root();
      const directory: OpenDirectory = Object.create(root, { close: { value: () => closed++ } });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(run(hello, { ...options, preopens: { "/a": directory, "/b": 5 as never } }), {
        name: "PreopenError",
      });
      assert.equal(closed, 1);
    }
  });
});
