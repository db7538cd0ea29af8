/** Ports of an embedder's that misbehave: each is named, everything is released, and nothing of it is the guest's. */
import assert from "node:assert/strict";
import { Duplex, PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import {
  CollectSink,
  InternalError,
  MemoryFiles,
  run,
  type CompiledComponent,
  type OpenDirectory,
  type Options,
  type Sink,
  type Source,
} from "../../src/index.ts";
import { compiled, guest as bytesOf } from "./support.ts";

const NONE = new Uint8Array(0);

function sink(parts: Partial<Record<keyof Sink, unknown>>): Sink {
  const good = new CollectSink();
  const whole = {
    write: (bytes: Uint8Array) => good.write(bytes),
    flush: () => true,
    watch() {},
    unwatch() {},
    close() {},
    abort() {},
  };
  // Wrong on purpose.
  return { ...whole, ...parts } as Sink;
}

function source(parts: Partial<Record<keyof Source, unknown>>): Source {
  const whole = { read: () => null, ready: () => true, watch() {}, unwatch() {}, close() {} };
  // Wrong on purpose.
  return { ...whole, ...parts } as Source;
}

function fail(): never {
  throw new Error("on purpose");
}

/** One file system, with some methods of its root in the place of its own. */
function directory(parts: Partial<Record<keyof OpenDirectory, unknown>>): OpenDirectory {
  const root = MemoryFiles.from({ f: "content" }).root();
  return new Proxy(root, {
    get: (target, name): unknown => {
      if (Object.hasOwn(parts, name)) return parts[name as keyof OpenDirectory];
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A file system whose one file has some other methods. */
function withFile(parts: Readonly<Record<string, unknown>>): OpenDirectory {
  const stat = { type: "regular-file", linkCount: 1n, size: 9n, device: 1n, inode: 2n };
  const file = { kind: "file", stat: () => stat, close() {}, read: () => 0, ...parts };
  return directory({ openAt: () => file, statAt: () => stat });
}

interface Case {
  readonly name: string;
  /** Of a guest in test/guests/built. */
  readonly guest: string;
  readonly options: Options;
  readonly message: RegExp;
}

const ARGS = ["writer", "100000"];
const CAT = ["cat-files", "/f"];

const CASES: readonly Case[] = [
  ...[-3, Number.NaN, 1.5, 1e9, "7", undefined, null, 3n].map((taken) => ({
    name: `a sink that takes ${typeof taken} ${String(taken)}`,
    guest: "writer",
    options: { args: ARGS, stdout: sink({ write: () => taken }) },
    message: /^stdout\.write: expected how many of \d+ bytes it took, got /,
  })),
  {
    name: "a sink whose flush gives no boolean",
    guest: "writer",
    options: { args: ARGS, stdout: sink({ flush: () => "yes" }) },
    message: /^stdout\.flush: expected a boolean, got "yes"/,
  },
  {
    name: "a sink that cannot be watched",
    guest: "writer",
    options: { args: ARGS, stdout: sink({ write: () => 0, watch: fail }) },
    message: /^stdout\.watch: on purpose/,
  },
  {
    name: "a sink whose close throws",
    guest: "writer",
    options: { args: ARGS, stdout: sink({ close: fail }) },
    message: /^stdout\.close: on purpose/,
  },
  {
    name: "a sink whose close rejects",
    guest: "writer",
    options: { args: ARGS, stdout: sink({ close: async () => fail() }) },
    message: /^stdout\.close: on purpose/,
  },
  {
    name: "a source that gives more than was asked for",
    guest: "cat",
    options: { stdin: source({ read: (max: number) => new Uint8Array(max + 1) }) },
    message: /^stdin\.read: expected at most \d+ bytes, or null at the end, got \d+ bytes/,
  },
  ...["text", undefined, 5, [1, 2], new Uint16Array(2)].map((given) => ({
    name: `a source that gives ${typeof given} ${String(given)}`,
    guest: "cat",
    options: { stdin: source({ read: () => given }) },
    message: /^stdin\.read: expected /,
  })),
  ...[-1, 1.5, Number.NaN, 1e9, undefined, "3", new Uint8Array(2)].map((count) => ({
    name: `a source that puts ${typeof count} ${String(count)} into a guest's memory`,
    guest: "p3-cat",
    options: { stdin: source({ readInto: () => count }) },
    message: /^stdin\.readInto: expected how many of \d+ bytes it put in, or null at the end, got /,
  })),
  ...[new Uint8Array(0), new Uint8Array(1 << 20), null, "text", 5].map((given) => ({
    name: `a source that gives away ${given instanceof Uint8Array ? `${given.length} bytes` : String(given)}`,
    guest: "copy-splice",
    options: { stdin: source({ take: () => given }), stdout: "ignore" as const },
    message: /^stdin\.take: expected 1 to \d+ bytes, or undefined, got /,
  })),
  {
    name: "a source that throws when it is to give something away",
    guest: "copy-splice",
    options: { stdin: source({ take: fail }), stdout: "ignore" },
    message: /^stdin\.take: on purpose/,
  },
  ...[-3, Number.NaN, 1e9, undefined].map((taken) => ({
    name: `a sink that takes ${String(taken)} of what it is given`,
    guest: "copy-splice",
    options: { stdin: source({ take: () => new Uint8Array(9) }), stdout: sink({ give: () => taken }) },
    message: /^stdout\.give: expected how many of 9 bytes it took, got /,
  })),
  ...(["read", "ready"] as const).map((method) => ({
    name: `a source whose ${method} promises something, and breaks it`,
    guest: "cat",
    options: { stdin: source({ read: () => NONE, ready: () => false, [method]: async () => fail() }) },
    message: new RegExp(`^stdin\\.${method}: expected `),
  })),
  {
    name: "a sink whose write promises something, and breaks it",
    guest: "writer",
    options: { args: ARGS, stdout: sink({ write: async () => fail() }) },
    message: /^stdout\.write: expected /,
  },
  {
    name: "a source whose ready throws",
    guest: "cat",
    options: { stdin: source({ read: () => NONE, ready: fail }) },
    message: /^stdin\.ready: on purpose/,
  },
  {
    name: "a source whose ready gives a promise",
    guest: "cat",
    options: { stdin: source({ read: () => NONE, ready: async () => true }) },
    message: /^stdin\.ready: expected a boolean/,
  },
  {
    name: "a source that cannot be watched",
    guest: "cat",
    options: { stdin: source({ read: () => NONE, ready: () => false, watch: fail }) },
    message: /^stdin\.watch: on purpose/,
  },
  {
    name: "a source whose unwatch throws",
    guest: "cat",
    options: {
      stdin: source({
        read: () => NONE,
        ready: () => false,
        watch: (waker: { wake(): void }) => setImmediate(() => waker.wake()),
        unwatch: fail,
      }),
    },
    message: /^stdin\.unwatch: on purpose/,
  },
  {
    name: "a source whose leave throws",
    guest: "writer",
    options: { args: ARGS, stdin: source({ leave: fail }), stdout: "ignore" },
    message: /^stdin\.leave: on purpose/,
  },
  {
    name: "a source whose close throws",
    guest: "writer",
    options: { args: ARGS, stdin: source({ close: fail }), stdout: "ignore" },
    message: /^stdin\.close: on purpose/,
  },
  ...[5, -1n, 1n << 64n, undefined].map((now) => ({
    name: `a monotonic clock that says ${typeof now} ${String(now)}`,
    guest: "clocks-monotonic",
    // Wrong on purpose.
    options: { monotonicClock: { now: () => now as bigint, resolution: () => 1n, schedule: () => () => {} } },
    message: /^monotonicClock\.now: expected a bigint/,
  })),
  {
    name: "a clock that schedules nothing that could be cancelled",
    guest: "timer-not-early",
    options: {
      // Wrong on purpose.
      monotonicClock: { now: () => 1n, resolution: () => 1n, schedule: (() => {}) as unknown as () => () => void },
    },
    message: /^monotonicClock\.schedule: expected a function that cancels/,
  },
  ...[{ seconds: 1, nanoseconds: 0 }, { seconds: 1n, nanoseconds: 1e9 }, undefined].map((now) => ({
    name: `a wall clock that says ${now ? `${typeof now.seconds} ${now.nanoseconds}` : "nothing"}`,
    guest: "wall-clock-sane",
    // Wrong on purpose.
    options: {
      wallClock: { now: () => now as { seconds: bigint; nanoseconds: number }, resolution: () => fail() },
    },
    message: /^wallClock\.now/,
  })),
  {
    name: "a random source that throws",
    guest: "random-lengths",
    options: { random: { fill: fail } },
    message: /^random\.fill: on purpose/,
  },
  {
    name: "a file system whose entries are none",
    guest: "ls",
    options: {
      args: ["ls", "/"],
      preopens: { "/": directory({ openSelf: () => directory({ entries: () => ["f"] }) }) },
    },
    message: /^preopens\["\/"\]\.entries: expected entries/,
  },
  {
    name: "a file whose stat is none",
    guest: "cat-files",
    options: { args: CAT, preopens: { "/": withFile({ stat: () => ({}) }) } },
    message: /^preopens\["\/"\]\.stat: expected a FileStat/,
  },
  {
    name: "a file system that opens nothing",
    guest: "cat-files",
    options: { args: CAT, preopens: { "/": directory({ openAt: async () => 5 }) } },
    message: /^preopens\["\/"\]\.openAt: expected what is open/,
  },
  {
    name: "a file system that fails without a code",
    guest: "cat-files",
    options: { args: CAT, preopens: { "/": directory({ openAt: fail }) } },
    message: /^preopens\["\/"\]\.openAt: on purpose/,
  },
  ...[-1, 1e9, Number.NaN, "3"].map((count) => ({
    name: `a file that reads ${count} bytes`,
    guest: "cat-files",
    options: { args: CAT, preopens: { "/": withFile({ read: async () => count }) } },
    message: /^preopens\["\/"\]\.read: expected a whole number/,
  })),
  {
    name: "a file whose close throws",
    guest: "cat-files",
    options: { args: CAT, preopens: { "/": withFile({ close: fail }) } },
    message: /^preopens\["\/"\]\.close: on purpose/,
  },
];

describe("ports that misbehave", () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  const components = new Map<string, CompiledComponent>();
  before(async () => {
    process.on("unhandledRejection", note);
    for (const name of new Set(CASES.map(({ guest }) => guest))) components.set(name, await compiled(name));
  });
  after(() => {
    process.off("unhandledRejection", note);
    assert.deepEqual(unhandled, []);
  });

  for (const { name, guest, options, message } of CASES) {
    test(name, async () => {
      const component = components.get(guest);
      assert.ok(component);
      const stderr = new CollectSink();
      const files = MemoryFiles.from({});
      const preopens = { "/other": files.root(), ...options.preopens };
      await assert.rejects(run(component, { stderr, ...options, preopens }), (error) => {
        assert.ok(error instanceof InternalError, String(error));
        assert.match(error.message, message);
        return true;
      });
      assert.equal(files.openCount, 0, "directories that are left open");
    });
  }

  for (const [name, options, message] of [
    ["stdin.close", { stdin: source({ close: fail }) }, /^stdin\.close: on purpose/],
    ["stdout.close", { stdout: sink({ close: async () => fail() }) }, /^stdout\.close: on purpose/],
    ["stdout.watch", { stdout: sink({ watch: fail }) }, /^stdout\.watch: on purpose/],
    ["a directory's", { preopens: { "/": directory({ close: fail }) } }, /^preopens\["\/"\]\.close: on purpose/],
  ] as const) {
    test(`what a port throws at the end is told of a guest in a thread of its own: ${name}`, async () => {
      const running = run(components.get("writer") ?? assert.fail(), { args: ARGS, ...options, isolate: "thread" });
      await assert.rejects(running, (error) => {
        assert.ok(error instanceof InternalError, String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }

  test("several faults at the end are one error, and all is released", async () => {
    const files = MemoryFiles.from({});
    const options = {
      args: ARGS,
      stdin: source({ close: fail }),
      stdout: sink({ close: fail }),
      stderr: sink({ close: async () => fail() }),
      preopens: { "/": directory({ close: fail }), "/other": files.root() },
    };
    await assert.rejects(run(components.get("writer") ?? assert.fail(), options), (error) => {
      assert.ok(error instanceof InternalError && error.cause instanceof AggregateError);
      for (const part of ["stdout.close", "stderr.close", "stdin.close", 'preopens["/"].close']) {
        assert.ok(error.message.includes(`${part}: on purpose`), `${part} in ${error.message}`);
      }
      return true;
    });
    assert.equal(files.openCount, 0);
  });

  test("a guest that traps is told of as such, whatever its ports do then", async () => {
    const options = { stdin: source({ close: fail }), stdout: sink({ close: fail }) };
    await assert.rejects(run(await compiled("trap-now"), options), /unreachable/);
  });

  test("an abort of a sink that promises something, and breaks it, is nobody's to wait for", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const later: unknown[] = [];
    const hear = (fault: unknown): void => void later.push(fault);
    process.on("unhandledRejection", hear);
    const running = run(components.get("cat") ?? assert.fail(), {
      stdin: () => new Promise<null>(() => {}),
      stdout: sink({ abort: () => Promise.reject(new Error("on purpose")) }),
      signal: controller.signal,
    });
    setImmediate(() => controller.abort(reason));
    await assert.rejects(running, reason);
    // Node tells of them when the microtasks are done.
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", hear);
    assert.deepEqual(later, []);
  });

  test("a method that gives nothing may promise something, and break it: nobody waits for that", async () => {
    const parts = { watch: async () => fail(), unwatch: async () => fail(), close: async () => fail() };
    const controller = new AbortController();
    const running = run(components.get("cat") ?? assert.fail(), {
      stdin: source({ read: () => NONE, ready: () => false, leave: async () => fail(), ...parts }),
      signal: controller.signal,
    });
    setImmediate(() => controller.abort(new Error("enough")));
    await assert.rejects(running, /enough/);
  });

  test("what a trace promises, and breaks, ends no process, in either thread", async () => {
    const hello = await bytesOf("hello");
    for (const isolated of [{}, { isolate: "thread" as const }]) {
      let calls = 0;
      const trace = async (): Promise<never> => {
        calls++;
        return fail();
      };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal((await run(hello, { ...isolated, trace })).exitCode, 0);
      assert.ok(calls > 0);
    }
  });

  test("hosts that are none are named", async () => {
    for (const hosts of [5, "example.com", [5]]) {
      // Wrong on purpose.
      const http = { hosts } as unknown as { readonly hosts: readonly string[] };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(
        run(await bytesOf("http-client"), { http }),
        /^TypeError: http: hosts must be an array of strings/,
      );
    }
  });

  test("what is no option of http opens nothing", async () => {
    for (const http of [[], ["example.com"], new Set(["example.com"]), new Map(), Promise.resolve({ hosts: [] })]) {
      // Wrong on purpose.
      const options = { http: http as unknown as { readonly hosts: readonly string[] } };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(
        run(await bytesOf("http-client"), options),
        /^TypeError: http must be an object of hosts, denyPrivate, check; got /,
      );
    }
    // As above.
    const http = { send: 1 } as unknown as { readonly hosts: readonly string[] };
    await assert.rejects(run(await bytesOf("http-client"), { http }), /^TypeError: http: send must be a function$/);
  });

  test("a rule that is none is told with the list that has it", async () => {
    for (const [list, options] of [
      ["http.hosts", { http: { hosts: ["*"] } }],
      ["network.connect", { network: { tcp: true, connect: ["*"] } }],
      ["network.listen", { network: { tcp: true, listen: ["*"] } }],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(run(await bytesOf("http-client"), options), {
        name: "TypeError",
        message: new RegExp(`^A rule of ${list} is .*; got "\\*"$`),
      });
    }
  });

  test("an abort of a sink that throws ends the run with the signal's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const options = {
      stdin: () => new Promise<null>(() => {}),
      stdout: sink({ abort: fail }),
      signal: controller.signal,
    };
    const running = run(components.get("cat") ?? assert.fail(), options);
    setImmediate(() => controller.abort(reason));
    await assert.rejects(running, (error) => error === reason);
  });

  for (const [name, stdin] of [
    ["a function that gives nothing for ever", () => NONE],
    ["one that promises nothing for ever", async () => NONE],
    ["a source that is ready for ever, and has nothing", source({ read: () => NONE })],
    [
      "one that wakes for ever, and has nothing",
      source({
        read: () => NONE,
        ready: () => false,
        watch: (waker: { wake(): void }) => queueMicrotask(() => waker.wake()),
      }),
    ],
  ] as const) {
    for (const reader of ["cat", "p3-cat"]) {
      test(`others have their turn beside ${name} (${reader})`, async () => {
        const controller = new AbortController();
        const running = run(components.get(reader) ?? assert.fail(), { stdin, signal: controller.signal });
        for (let turn = 0; turn < 5; turn++) {
          // oxlint-disable-next-line no-await-in-loop -- turn by turn
          await new Promise((resolve) => setImmediate(resolve));
        }
        controller.abort(new Error("enough"));
        await assert.rejects(running, /enough/);
      });
    }
  }

  test("one stream as input and output: what was written is delivered, and then both ends are closed", async () => {
    const written: Buffer[] = [];
    const both = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        setImmediate(() => {
          written.push(chunk);
          done();
        });
      },
    });
    const { exitCode } = await run(await compiled("exit-status"), {
      args: ["exit-status", "3"],
      stdin: both,
      stdout: both,
    });
    assert.deepEqual([exitCode, Buffer.concat(written).toString()], [1, "leaving"]);
    assert.deepEqual([both.destroyed, both.writableFinished], [true, true]);
  });

  test("an input that nobody writes to holds nobody up", async () => {
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    const [output] = await Promise.all([text(stdout), run(await compiled("hello"), { stdin, stdout })]);
    assert.equal(output, "hello\n");
    assert.ok(stdin.destroyed);
  });
});
