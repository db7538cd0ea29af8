/** What was opened for an instance that does not begin after all is let go of: outputs first, then the input, then the rest. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CollectSink, instantiate, MemoryFiles, serve, type OpenDirectory, type Options } from "../../src/index.ts";
import { compiled, guest, turn } from "./support.ts";

const BOOM = new Error("boom");

function boom(): never {
  throw BOOM;
}

/** All that an instance can be given which is opened or closed, and a list of what was ended. */
function counted(): { readonly options: Options; readonly ended: string[] } {
  const ended: string[] = [];
  const end = (name: string) => (): void => void ended.push(name);
  const sink = (name: string) => {
    const plain = new CollectSink();
    return {
      write: (bytes: Uint8Array) => plain.write(bytes),
      flush: () => true,
      watch: () => {},
      unwatch: () => {},
      close: end(name),
      abort: end(name),
    };
  };
  const root = new MemoryFiles().root();
  const directory = new Proxy(root, {
    get(target, name): unknown {
      if (name === "close") return end("preopen");
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const options = {
    stdin: { read: () => null, ready: () => true, watch() {}, unwatch() {}, close: end("stdin") },
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    preopens: { "/": directory satisfies OpenDirectory },
    http: { send: () => Promise.reject(BOOM), close: end("http") },
  };
  return { options, ended };
}

/** Not one of this runtime's. */
function signalOn(addEventListener: () => void): AbortSignal {
  const signal = { aborted: false, addEventListener, removeEventListener() {}, throwIfAborted() {} };
  // As much of one as is used.
  return signal as unknown as AbortSignal;
}

/** What keeps an instance from beginning, late. */
const LATE: Readonly<Record<string, { readonly options: Options; readonly ended: readonly string[] }>> = {
  "a signal": {
    options: { signal: signalOn(boom) },
    ended: ["stdout", "stderr", "stdin", "http", "preopen"],
  },
  "a last stream": { options: { stderr: 5 as never }, ended: ["http", "preopen"] },
  "a second stream": { options: { stdout: 5 as never }, ended: ["http", "preopen"] },
  "a first stream": { options: { stdin: 5 as never }, ended: ["http", "preopen"] },
  "a second directory": { options: {}, ended: ["http", "preopen"] },
};

for (const [name, { options: wrong, ended: expected }] of Object.entries(LATE)) {
  test(`${name} that is refused late leaves nothing open`, async () => {
    const { options, ended } = counted();
    const preopens = name === "a second directory" ? { ...options.preopens, "/other": 5 as never } : options.preopens;
    await assert.rejects(instantiate(await compiled("hello"), { ...options, preopens, ...wrong }));
    assert.deepEqual(ended, expected);
  });
}

test("an instance that is not put back, since its signal refuses, leaves nothing open", async () => {
  const { options, ended } = counted();
  let isFirst = true;
  const signal = signalOn(() => {
    if (!isFirst) boom();
    isFirst = false;
  });
  const server = await serve(await guest("http-handler"), { ...options, signal });
  await server.fetch(new Request("http://localhost/"));
  await turn();
  ended.length = 0;
  await assert.rejects(server.fetch(new Request("http://localhost/")), { name: "InternalError" });
  assert.deepEqual(ended, ["stdout", "stderr", "stdin", "http", "preopen"]);
  await server.close();
});
