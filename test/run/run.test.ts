import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import {
  compile,
  DiscardSink,
  InvalidComponentError,
  MissingImportsError,
  NotACommandError,
  Pipe,
  PullSource,
  run,
  type Options,
  type Sink,
} from "../../src/index.ts";
import { collector, compiled, guest, heldSource, until } from "./support.ts";

async function output(name: string, options: Options = {}): Promise<{ exitCode: number; text: string; error: string }> {
  const [stdout, stderr] = [collector(), collector()];
  const { exitCode } = await run(await guest(name), { ...options, stdout: stdout.sink, stderr: stderr.sink });
  return { exitCode, text: stdout.text(), error: stderr.text() };
}

test("nothing is granted by default", async () => {
  const { exitCode, text } = await output("args-env");
  assert.equal(exitCode, 0);
  assert.equal(text, "");
});

test("arguments and environment arrive as given", async () => {
  const { text } = await output("args-env", { args: ["program", "", "zwölf \u{1f600}"], env: { A: "1", EMPTY: "" } });
  assert.match(text, /program/);
  assert.match(text, /zwölf \u{1f600}/u);
  assert.match(text, /A=1/);
  assert.match(text, /EMPTY=/);
});

test("ordinary C programs run: wc and cat through the preview1 adapter", async () => {
  const stdin = "one two\nthree\n";
  assert.deepEqual((await output("wc", { stdin: { text: stdin } })).text.trim().split(/\s+/), ["2", "3", "14"]);
  assert.equal((await output("cat", { stdin: { text: stdin } })).text, stdin);
});

test("a component of WASI 0.2.0 runs", async () => {
  assert.equal((await output("old-version")).exitCode, 0);
});

test("a missing import is refused before it starts, with its version", async () => {
  await assert.rejects(
    run(await guest("missing-import")),
    (error) =>
      error instanceof MissingImportsError &&
      error.missing.join() === "vendor:missing/thing@1.2.3" &&
      error.message.includes("vendor:missing/thing@1.2.3"),
  );
});

test("what is no component is refused", async () => {
  await assert.rejects(compile(new Uint8Array()), /got 0 bytes/);
  await assert.rejects(compile(Buffer.from("#!/bin/sh\n")), /begin with "#!\/bin\/sh\\n"/);
  const whole = await guest("hello");
  await assert.rejects(compile(whole.subarray(0, whole.length - 10)), InvalidComponentError);
});

test("a component that is no command is refused by run", async () => {
  await assert.rejects(
    run(await guest("multi-export")),
    (error) => error instanceof NotACommandError && error.message.includes("sluice:guests/demo"),
  );
});

test("a stream that is none is refused with what would do", async () => {
  const component = await compiled("hello");
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- a caller in JavaScript may pass anything
  const wrong: Options = JSON.parse('{ "stdout": 42 }');
  await assert.rejects(run(component, wrong), /stdout must be "inherit".*got 42/);
  await assert.rejects(run(component, { limits: { bufferBytes: 0 } }), /limits.bufferBytes must be a positive whole/);
});

test("two guests in a pipe: the output of one is the input of the other", async () => {
  const pipe = new Pipe(1000);
  const text = "many words in a row\n".repeat(5000);
  const stdout = collector();
  await Promise.all([
    run(await guest("cat"), { stdin: { text }, stdout: pipe.sink }),
    run(await guest("copy-splice"), { stdin: pipe.source, stdout: stdout.sink }),
  ]);
  assert.equal(stdout.text(), text);
});

test("a guest that reads no further lets the one before it end", async () => {
  const pipe = new Pipe();
  const [writer] = await Promise.all([
    run(await guest("writer"), { args: ["writer", String(64 << 20), "65536"], stdout: pipe.sink }),
    run(await guest("hello"), { stdin: pipe.source }),
  ]);
  assert.notEqual(writer.exitCode, 0);
});

/** Takes a little, then nothing for ever. Says how much it was given and when it was ended. */
class StuckSink extends DiscardSink {
  taken = 0;
  aborted: unknown;

  override write(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, 1000 - this.taken);
    this.taken += count;
    return count;
  }

  override flush(): boolean {
    return false;
  }

  override abort(reason?: unknown): void {
    this.aborted = reason;
  }
}

test("a stalled reader stops a guest that wants to write 1 GiB, at the limit", async () => {
  const sink = new StuckSink();
  const controller = new AbortController();
  let bytes = 0;
  let idle = 0;
  const running = run(await guest("writer"), {
    args: ["writer", String(1 << 30), "4096"],
    stdout: sink,
    signal: controller.signal,
    limits: { bufferBytes: 100_000 },
    trace: (name, values, outcome) => {
      if (name.endsWith("output-stream.write")) bytes += (values[1] as Uint8Array).length;
      if (name.endsWith("check-write") && outcome === "= 0") idle++;
    },
  });
  const ended = assert.rejects(running, /stop it/);
  await until(() => idle > 0);
  controller.abort(new Error("stop it"));
  await ended;
  assert.ok(bytes <= 1000 + 100_000, `${bytes} bytes were taken from the guest`);
  assert.ok(bytes >= 1000 + 100_000 - 4096, `${bytes} bytes were taken from the guest`);
  assert.match(String(sink.aborted), /stop it/);
});

test("what was not flushed is delivered at the end, to a slow reader too", async () => {
  const chunks: Uint8Array[] = [];
  await run(await guest("never-flushes"), {
    args: ["never-flushes", "50000"],
    stdout: async (chunk) => {
      await new Promise((resolve) => setImmediate(resolve));
      chunks.push(chunk);
    },
  });
  assert.equal(Buffer.concat(chunks).length, 50_000);
});

test("ten thousand instances wait at once in one process, and all finish", { timeout: 180_000 }, async () => {
  const component = await compiled("wait");
  const sources = Array.from({ length: 10_000 }, heldSource);
  const runs = sources.map(({ source }) => run(component, { stdin: source }));
  await until(() => sources.every(({ asked }) => asked));
  for (const { give } of sources) give(null);
  const results = await Promise.all(runs);
  assert.ok(results.every(({ exitCode }) => exitCode === 0));
});

test("however a guest ends, no descriptor, timer or listener of it stays", async () => {
  const components = await Promise.all(["hello", "wait", "write-without-permit", "thousand-timers"].map(compiled));
  const handles = (): string =>
    `${readdirSync("/proc/self/fd").length} ${process.getActiveResourcesInfo().toSorted().join()}`;
  const endings = async (): Promise<void> => {
    for (const component of components) {
      const controller = new AbortController();
      const stdin = new PullSource(() => new Promise(() => {}));
      const running = run(component, { stdin, signal: controller.signal, stdout: new DiscardSink() });
      const ended = running.catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      await ended;
    }
  };
  await endings();
  const before = handles();
  for (let round = 0; round < 20; round++) {
    await endings();
  }
  assert.equal(handles(), before);
});

test("a guest aborted after any number of calls leaves its streams closed", async () => {
  const component = await compiled("copy-loop");
  for (let calls = 0; calls < 60; calls++) {
    const controller = new AbortController();
    const stdin = heldSource();
    let seen = 0;
    let aborted = false;
    const sink: Sink = Object.assign(new DiscardSink(), {
      abort: () => {
        aborted = true;
      },
    });
    const running = run(component, {
      stdin: stdin.source,
      stdout: sink,
      signal: controller.signal,
      trace: () => {
        if (seen++ === calls) controller.abort(new Error("now"));
        else if (stdin.asked && seen % 3 === 0) stdin.give("some bytes ");
      },
    });
    const ended = running.then(
      () => "ended",
      (error: unknown) => String(error),
    );
    await until(() => controller.signal.aborted || stdin.asked);
    if (!controller.signal.aborted) controller.abort(new Error("now"));
    assert.match(await ended, /now/);
    assert.equal(aborted, true, `after ${calls} calls`);
  }
});
