/** What an object is given by its prototype counts as its own: reading sees no difference, and nothing is ignored without a word. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CollectSink, instantiate, MemoryFiles, MemoryNetwork, run, serve, type Options } from "../../src/index.ts";
import { compiled, guest } from "./support.ts";

/** As a class of somebody's has them: with getters that nobody lists. */
function byGetters<T extends object>(members: T): T {
  const prototype = {};
  for (const [name, value] of Object.entries(members)) Object.defineProperty(prototype, name, { get: () => value });
  // What it is read as.
  return Object.create(prototype) as T;
}

/** As one object inherits from another. */
function byPrototype<T extends object>(members: T): T {
  // What it is read as.
  return Object.create(members) as T;
}

const WAYS = { byGetters, byPrototype };

for (const [way, inherited] of Object.entries(WAYS)) {
  test(`options ${way}`, async () => {
    const stdout = new CollectSink();
    await run(await compiled("cat"), inherited<Options>({ stdin: { text: "given\n" }, stdout }));
    assert.equal(stdout.text(), "given\n");
  });

  test(`options that make no sense ${way}`, async () => {
    // Wrong on purpose.
    const wrong = inherited({ args: 5 }) as unknown as Options;
    await assert.rejects(run(await compiled("hello"), wrong), /The option args must be an array of strings/);
    await assert.rejects(instantiate(await compiled("hello"), wrong), /The option args/);
    await assert.rejects(serve(await compiled("http-handler"), inherited({ reuse: 0 })), /reuse must be a positive/);
  });

  test(`a word on a directory ${way}`, async () => {
    const files = MemoryFiles.from({ "a.txt": "a" });
    for (const isolate of [undefined, "thread"] as const) {
      const stderr = new CollectSink();
      const preopens = { "/": inherited({ directory: files.root(), readOnly: true }) };
      const { exitCode } = await run(await guest("cp"), {
        args: ["cp", "/a.txt", "/b.txt"],
        preopens,
        stderr,
        isolate,
      });
      assert.equal(exitCode, 1, stderr.text());
    }
  });

  test(`limits ${way}`, async () => {
    const limits = inherited({ bufferBytes: 0 });
    await assert.rejects(run(await compiled("hello"), { limits }), /limits.bufferBytes must be a positive/);
    await assert.rejects(run(await guest("hello"), { limits, isolate: "thread" }), /limits.bufferBytes/);
  });

  test(`what network and http grant ${way}`, async () => {
    for (const isolate of [undefined, "thread"] as const) {
      const bytes = await guest("hello");
      // Wrong on purpose.
      const wrong = inherited({ tcp: "yes" }) as unknown as Options["network"];
      await assert.rejects(run(bytes, { network: wrong, isolate }), /network: tcp must be true or false/);
      // Wrong on purpose.
      const hosts = inherited({ hosts: 5 }) as unknown as Options["http"];
      await assert.rejects(run(bytes, { http: hosts, isolate }), /http: hosts must be an array of strings/);
    }
  });

  test(`what MemoryFiles and MemoryNetwork are given ${way}`, () => {
    assert.throws(() => MemoryFiles.from({ a: "12345" }, inherited({ capacityBytes: 1 })), /ENOSPC/);
    assert.throws(() => new MemoryNetwork(inherited({ latencyNs: 1n })), /needs a clock/);
    // Wrong on purpose.
    assert.throws(() => new MemoryNetwork(inherited({ loss: "much" }) as object), /loss must be/);
  });
}

test("variables and directories that are inherited", async () => {
  const stdout = new CollectSink();
  await run(await compiled("env"), { env: byPrototype({ ONE: "1" }), stdout });
  assert.deepEqual(stdout.text().match(/\w+=\w*/g), ["ONE=1"]);
  await assert.rejects(run(await compiled("hello"), { preopens: byPrototype({ "/": "/does/not/exist" }) }), {
    name: "PreopenError",
  });
});

test("a name that is no option is told of, listed by whom it may be", async () => {
  // Wrong on purpose.
  await assert.rejects(run(await compiled("hello"), byPrototype({ stdIn: "ignore" }) as Options), /no option "stdIn"/);
});
