/**
 * Options that are not what they look like: getters that throw, getters that answer otherwise the second time, and proxies that do
 * so whatever is done with them. What they throw is thrown, and nothing stays open.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { instantiate, run, serve } from "../../src/index.ts";
import { compiled } from "./support.ts";

const BOOM = new Error("boom");

function boom(): never {
  throw BOOM;
}

const EVERY_TRAP: ProxyHandler<object> = {
  ...{ get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom, getOwnPropertyDescriptor: boom },
  ...{ set: boom, defineProperty: boom, deleteProperty: boom, isExtensible: boom, preventExtensions: boom },
};

function hostile(target: object = {}): object {
  return new Proxy(target, EVERY_TRAP);
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** What makes sense under each name. */
const SOUND: Readonly<Record<string, () => unknown>> = {
  imports: () => ({}),
  syncExports: () => false,
  leases: () => true,
  args: () => ["hello"],
  env: () => ({ A: "b" }),
  cwd: () => "/",
  preopens: () => ({}),
  blockingFiles: () => false,
  blockingStdio: () => false,
  stdin: () => "ignore",
  stdout: () => "ignore",
  stderr: () => "ignore",
  signal: () => new AbortController().signal,
  timeout: () => 1e6,
  deadlock: () => "trap",
  limits: () => ({}),
  permits: () => "strict",
  trace: () => () => {},
  network: () => false,
  http: () => false,
  monotonicClock: () => ({ now: () => 0n, resolution: () => 1n, schedule: () => () => {} }),
  wallClock: () => ({
    now: () => ({ seconds: 0n, nanoseconds: 0 }),
    resolution: () => ({ seconds: 0n, nanoseconds: 1 }),
  }),
  random: () => ({ fill: () => {} }),
  insecureSeed: () => [0n, 0n],
  isolate: () => undefined,
};

const SERVING: Readonly<Record<string, () => unknown>> = {
  reuse: () => 1,
  maxPerInstance: () => 1,
  maxIdleTime: () => 1,
  maxConcurrent: () => 1,
  maxWaiting: () => 1,
  maxWaitingTime: () => 1,
  maxBodyBytes: () => 1,
  maxMemoryBytes: () => 65_536 * 100,
  maxStallTime: () => 1000,
  plugs: () => [],
  onError: () => () => {},
};

/** Those that are objects, whose members are looked at. Not `http`: an instance that sends nothing does not look at it. */
const OBJECTS: Readonly<Record<string, object>> = {
  ...{ imports: {}, args: [], env: {}, preopens: {}, limits: {}, insecureSeed: [] },
  ...{ signal: {}, network: {}, monotonicClock: {}, wallClock: {}, random: {} },
  ...{ stdin: {}, stdout: {}, stderr: {}, trace: {}, plugs: [] },
};

type Act = (options: object) => Promise<unknown>;

async function acts(): Promise<Readonly<Record<string, Act>>> {
  const [hello, handler] = await Promise.all([compiled("hello"), compiled("http-handler")]);
  return {
    run: (options) => run(hello, options),
    instantiate: (options) => instantiate(hello, options),
    serve: (options) => serve(handler, options),
    "run in a thread": async (options) => run(hello, { ...options, isolate: "thread" }),
  };
}

/** Workers, timers, sockets and the like. */
function held(): string {
  const descriptors = process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0;
  const resources = process.getActiveResourcesInfo().filter((name) => name !== "Immediate");
  return `${descriptors} descriptors, ${resources.toSorted().join(", ")}`;
}

/** What was thrown is told, or that what was given makes no sense; and nothing stays open. */
async function assertRefused(act: Act, options: object, name: string): Promise<void> {
  const before = held();
  const error = await act(options).then(
    () => assert.fail(`${name} is taken`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error === BOOM || error instanceof TypeError, `${name}: ${String(error)}`);
  assert.equal(held(), before, name);
}

test("what a getter throws is thrown, and nothing stays open", async () => {
  for (const [how, act] of Object.entries(await acts())) {
    for (const name of Object.keys({ ...SOUND, ...(how === "serve" ? SERVING : {}) })) {
      const options = Object.defineProperty({}, name, { get: boom, enumerable: true });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assertRefused(act, options, name);
    }
  }
});

test("an option that throws whatever is done with it leaves nothing open", async () => {
  for (const [how, act] of Object.entries(await acts())) {
    for (const [name, target] of Object.entries(OBJECTS)) {
      // Looked at when an instance is made.
      if (how === "serve" && name.startsWith("std")) continue;
      for (const value of [hostile(target), revoked()]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await assertRefused(act, { [name]: value }, name);
      }
    }
  }
});

test("so do options that throw whatever is done with them", async () => {
  for (const act of Object.values(await acts())) {
    for (const options of [hostile(), revoked()]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assertRefused(act, options, "options");
    }
  }
});

test("an option is read once", async () => {
  for (const [how, act] of Object.entries(await acts())) {
    if (how === "run in a thread") continue;
    const reads = new Map<string, number>();
    const options = {};
    for (const [name, sound] of Object.entries({ ...SOUND, ...(how === "serve" ? SERVING : {}) })) {
      if (how === "serve" && name === "syncExports") continue;
      const value = sound();
      const get = (): unknown => {
        const count = (reads.get(name) ?? 0) + 1;
        reads.set(name, count);
        return count === 1 ? value : boom();
      };
      Object.defineProperty(options, name, { get, enumerable: true });
    }
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const given = await act(options);
    if (how !== "run") {
      // What both give.
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await (given as { close(): Promise<void> }).close();
    }
    assert.ok(
      [...reads.values()].every((count) => count === 1),
      how,
    );
  }
});

test("what is in an option is what it was when it was looked at", async () => {
  const hello = await compiled("hello");
  /** As it is at first, and then not any more. */
  function once(name: string, sound: unknown, later: unknown): object {
    let count = 0;
    return Object.defineProperty({}, name, { get: () => (count++ === 0 ? sound : later), enumerable: true });
  }
  const sound = {
    env: once("A", "b", 5),
  };
  for (const [name, value] of Object.entries(sound)) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.equal((await run(hello, { [name]: value })).exitCode, 0, name);
  }
});

test("who changes what was given, once it is given, changes nothing", async () => {
  const args = ["first"];
  let output = "";
  const running = run(await compiled("args-env"), {
    args,
    stdout: (chunk) => void (output += new TextDecoder().decode(chunk)),
  });
  args[0] = "second";
  await running;
  assert.match(output, /first/);
});
