/**
 * Ports of an embedder's that give and throw what nobody expects, also what throws when it is looked at: each way to misbehave
 * through each port. What comes of it is one `InternalError` that names the port, or a failure of the guest's stream; never
 * something that leaves a guest waiting, blames it, or is nobody's to catch.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { runInNewContext } from "node:vm";
import {
  CollectSink,
  InternalError,
  MemoryFiles,
  run,
  TimeoutError,
  type CompiledComponent,
  type OpenDirectory,
  type Options,
} from "../../src/index.ts";
import { GIVEN, THROWN, withMember, type Act } from "./odd-acts.ts";
import { compiled, turn } from "./support.ts";

/** What becomes of what a port throws. */
type Outcome =
  /** An `InternalError`. */
  | "named"
  /** The guest is told that its stream has failed, and exits with 1. */
  | "told"
  /** What it gives changes nothing, unless it breaks. */
  | "ignored";

interface Port {
  readonly name: string;
  /** Of a guest in test/guests/built. */
  readonly guest: string;
  readonly options: (act: Act) => Options;
  readonly thrown: Outcome;
  readonly given: Outcome;
}

const NONE = new Uint8Array(0);

function source(parts: object): Options {
  // Wrong on purpose, here and below.
  const whole = { read: () => null, ready: () => true, watch() {}, unwatch() {}, close() {}, ...parts };
  return { stdin: whole as never };
}

function sink(parts: object): Options {
  const good = new CollectSink();
  const write = (bytes: Uint8Array): number => good.write(bytes);
  const whole = { write, flush: () => true, watch() {}, unwatch() {}, close() {}, abort() {}, ...parts };
  return { args: ["writer", "100000"], stdout: whole };
}

function wakeLater(waker: { wake(): void }): void {
  setImmediate(() => waker.wake());
}

/** With some methods in the place of its own, as are those of directories that it opens. */
function directory(parts: object): OpenDirectory {
  const root = MemoryFiles.from({ f: "content" }).root();
  const all: object = { openSelf: () => directory(parts), ...parts };
  return new Proxy(root, {
    get: (target, name): unknown => {
      const value: unknown = Object.hasOwn(all, name) ? Reflect.get(all, name) : Reflect.get(target, name);
      return typeof value === "function" && !Object.hasOwn(all, name) ? value.bind(target) : value;
    },
  });
}

function clock(parts: object): Options {
  return {
    monotonicClock: {
      now: () => process.hrtime.bigint(),
      resolution: () => 1n,
      schedule: (_: bigint, callback: () => void) => {
        const timer = setImmediate(callback);
        return () => clearImmediate(timer);
      },
      ...parts,
    },
  };
}

const EPOCH = { seconds: 1n, nanoseconds: 1 };

interface OddIterator extends Omit<Port, "options"> {
  readonly give: (act: Act) => object;
}

const never = (): Promise<never> => new Promise(() => {});

const ITERATORS: readonly OddIterator[] = [
  { name: "next()", guest: "cat", give: (act) => ({ next: () => act() }), thrown: "told", given: "ignored" },
  {
    name: "done",
    guest: "cat",
    give: (act) => ({ next: () => withMember({}, "done", act) }),
    thrown: "told",
    given: "ignored",
  },
  {
    name: "value",
    guest: "cat",
    give: (act) => ({ next: () => withMember({ done: false }, "value", act) }),
    thrown: "told",
    given: "told",
  },
  {
    name: "the last value",
    guest: "cat",
    give: (act) => ({ next: () => ({ done: true, value: act() }) }),
    thrown: "told",
    given: "ignored",
  },
  ...["done", "value"].map((member): OddIterator => ({
    name: `${member} of return()`,
    guest: "exit-ok",
    give: (act) => ({ next: never, return: () => ({ [member]: act() }) }),
    thrown: "ignored",
    given: "ignored",
  })),
];

const PORTS: readonly Port[] = [
  ...["cat", "p3-cat"].flatMap((guest): readonly Port[] => [
    {
      name: "stdin.read",
      guest,
      options: (act) => source({ read: act }),
      thrown: "told",
      given: "named",
    },
    {
      name: "stdin.ready",
      guest,
      options: (act) => source({ read: () => NONE, ready: act }),
      thrown: "named",
      given: "named",
    },
  ]),
  {
    name: "stdin.readInto",
    guest: "p3-cat",
    options: (act) => source({ readInto: act }),
    thrown: "told",
    given: "named",
  },
  {
    name: "stdin.take",
    guest: "copy-splice",
    options: (act) => ({ ...source({ take: act }), stdout: "ignore" }),
    thrown: "named",
    given: "named",
  },
  {
    name: "stdin.watch",
    guest: "cat",
    options: (act) => {
      let asked = 0;
      const watch = (waker: { wake(): void }): unknown => (wakeLater(waker), act());
      return source({ read: () => (asked > 2 ? null : NONE), ready: () => asked++ > 2, watch });
    },
    thrown: "named",
    given: "ignored",
  },
  { name: "stdin.close", guest: "cat", options: (act) => source({ close: act }), thrown: "named", given: "ignored" },
  { name: "stdin.leave", guest: "cat", options: (act) => source({ leave: act }), thrown: "named", given: "ignored" },
  {
    name: "stdin",
    guest: "cat",
    options: (act) => ({ stdin: { [Symbol.asyncIterator]: act } as never }),
    thrown: "named",
    given: "told",
  },
  { name: "a function", guest: "cat", options: (act) => ({ stdin: act as never }), thrown: "told", given: "told" },
  {
    name: "an iterator",
    guest: "cat",
    options: (act) => ({ stdin: { [Symbol.asyncIterator]: () => ({ next: act }) } as never }),
    thrown: "told",
    given: "ignored",
  },
  ...ITERATORS.flatMap(({ name, give, ...how }) =>
    [Symbol.asyncIterator, Symbol.iterator].map((kind): Port => ({
      name: `${name} of ${kind.description}`,
      options: (act) => ({ stdin: { [kind]: () => give(act) } as never }),
      ...how,
    })),
  ),
  { name: "stdout.write", guest: "writer", options: (act) => sink({ write: act }), thrown: "told", given: "named" },
  { name: "stdout.flush", guest: "writer", options: (act) => sink({ flush: act }), thrown: "told", given: "named" },
  { name: "stdout.close", guest: "writer", options: (act) => sink({ close: act }), thrown: "named", given: "ignored" },
  {
    name: "a function of chunks",
    guest: "writer",
    options: (act) => ({ args: ["writer", "100000"], stdout: act }),
    thrown: "told",
    given: "ignored",
  },
  {
    name: "a WritableStream",
    guest: "writer",
    options: (act) => ({
      args: ["writer", "100000"],
      stdout: new WritableStream({ write: async () => void (await act()) }),
    }),
    thrown: "told",
    given: "ignored",
  },
  {
    name: "monotonicClock.now",
    guest: "clocks-monotonic",
    options: (act) => clock({ now: act }),
    thrown: "named",
    given: "named",
  },
  {
    name: "monotonicClock.schedule",
    guest: "timer-not-early",
    options: (act) => clock({ schedule: act }),
    thrown: "named",
    given: "named",
  },
  ...(["seconds", "nanoseconds"] as const).map((member): Port => ({
    name: "wallClock.now",
    guest: "wall-clock-sane",
    options: (act) => ({
      wallClock: { now: () => withMember({ ...EPOCH }, member, act), resolution: () => EPOCH },
    }),
    thrown: "named",
    given: "named",
  })),
  {
    name: "random.fill",
    guest: "random-lengths",
    options: (act) => ({ random: { fill: act } }),
    thrown: "named",
    given: "ignored",
  },
  ...["addEventListener", "removeEventListener"].map((method): Port => ({
    name: `signal.${method}`,
    guest: "hello",
    options: (act) => ({ signal: Object.assign(new AbortController().signal, { [method]: act }) }),
    thrown: "named",
    given: "ignored",
  })),
  { name: "trace", guest: "hello", options: (act) => ({ trace: act }), thrown: "named", given: "ignored" },
  ...(["entries", "openSelf", "statAt", "stat"] as const).map((method): Port => ({
    name: `preopens["/"].${method}`,
    guest: "ls",
    options: (act) => ({ args: ["ls", "/"], preopens: { "/": directory({ [method]: act }) } }),
    thrown: "named",
    given: "named",
  })),
  {
    name: 'preopens["/"].close',
    guest: "ls",
    options: (act) => ({ args: ["ls", "/"], preopens: { "/": directory({ close: act }) } }),
    thrown: "named",
    given: "ignored",
  },
];

describe("ports that give and throw what nobody expects", () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  const components = new Map<string, CompiledComponent>();
  before(async () => {
    process.on("unhandledRejection", note);
    for (const name of [...PORTS.map(({ guest }) => guest), "exit-delivers-unflushed"]) {
      components.set(name, await compiled(name));
    }
  });
  after(() => {
    process.off("unhandledRejection", note);
    assert.equal(unhandled.length, 0);
  });

  async function play(name: string, options: Options): Promise<number> {
    const files = MemoryFiles.from({});
    const preopens = { ...options.preopens, "/other": files.root() };
    try {
      const component = components.get(name) ?? assert.fail();
      return (await run(component, { stderr: "ignore", stdout: "ignore", ...options, preopens })).exitCode;
    } finally {
      // Node tells of promises that break when the microtasks are done.
      await turn();
      assert.equal(files.openCount, 0, "directories that are left open");
    }
  }

  async function expectNamed(running: Promise<unknown>, port: string): Promise<void> {
    const error: unknown = await running.then((value) => assert.fail(`it gave ${String(value)}`)).catch((e) => e);
    assert.ok(error instanceof InternalError);
    assert.ok(error.message.startsWith(port), error.message);
  }

  for (const { name, guest, options, thrown, given } of PORTS) {
    for (const [what, make] of Object.entries(THROWN)) {
      test(`${name} (${guest}) throws ${what}`, async () => {
        const running = play(
          guest,
          options(() => {
            throw make();
          }),
        );
        if (thrown === "named") await expectNamed(running, name);
        else assert.equal(await running, thrown === "told" ? 1 : 0);
      });
    }
    for (const [what, act] of Object.entries(GIVEN)) {
      // Where a promise is no answer, nobody hears of one that breaks but who made it.
      if (name === "stdin" && what.startsWith("a promise")) continue;
      test(`${name} (${guest}) gives ${what}`, async () => {
        const running = play(guest, options(act));
        if (given === "named") await expectNamed(running, name);
        else if (given === "told") assert.equal(await running, 1);
        else await running.catch((error: unknown) => assert.ok(error instanceof InternalError));
      });
    }
  }

  test("a clock that calls back at once is named, and not the guest that waits", async () => {
    const schedule = (_: bigint, callback: () => void): (() => void) => {
      callback();
      return () => {};
    };
    await expectNamed(play("timer-not-early", clock({ schedule })), "monotonicClock.schedule: expected a call after ");
  });

  test("a clock that calls back twice, and after it was told not to, wakes nobody for nothing", async () => {
    const schedule = (_: bigint, callback: () => void): (() => void) => {
      const again = (): void => {
        callback();
        callback();
      };
      setImmediate(again);
      return again;
    };
    assert.equal(await play("timer-not-early", clock({ schedule })), 0);
  });

  test("random bytes that come later are none", async () => {
    const random = { fill: async (into: Uint8Array) => void into.fill(7) };
    await expectNamed(play("random-lengths", { random }), "random.fill: expected bytes at once, got an object Promise");
  });

  test("random bytes that are taken away are none", async () => {
    const random = { fill: (into: Uint8Array) => void structuredClone(into, { transfer: [into.buffer] }) };
    await expectNamed(play("random-lengths", { random }), "random.fill: expected ");
  });

  for (const [what, parts] of [
    ["whose close never ends", (asked: () => void) => ({ close: () => new Promise<void>(() => asked()) })],
    ["that takes nothing for ever", (asked: () => void) => ({ write: () => (asked(), 0) })],
  ] as const) {
    test(`a sink ${what} holds nobody up who aborts, or limits the time`, async () => {
      const controller = new AbortController();
      const asked = Promise.withResolvers<void>();
      const options = sink(parts(() => asked.resolve()));
      const running = play("exit-delivers-unflushed", { ...options, signal: controller.signal });
      await asked.promise;
      controller.abort(new Error("enough"));
      await assert.rejects(running, /^Error: enough$/);
      await assert.rejects(play("exit-delivers-unflushed", { ...options, timeout: 10 }), TimeoutError);
    });
  }

  test("bytes and promises of another realm are bytes and promises", async () => {
    const other = runInNewContext("({ bytes: Uint8Array.of(97, 98), later: (value) => Promise.resolve(value) })") as {
      bytes: Uint8Array;
      later<T>(value: T): Promise<T>;
    };
    assert.ok(!(other.bytes instanceof Uint8Array) && !(other.later(1) instanceof Promise));
    const chunks = [other.bytes, null];
    let underWay = 0;
    for (const stdin of [other.bytes, () => other.later(chunks.shift() ?? null), [other.bytes]]) {
      const written = new CollectSink();
      const stdout = (chunk: Uint8Array): Promise<void> => {
        assert.equal(underWay++, 0, "the guest was not held back");
        written.write(chunk);
        return other.later(undefined).then(() => void underWay--);
      };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal(await play("cat", { stdin, stdout }), 0);
      assert.equal(written.text(), "ab");
    }
  });
});
