/** Requests that come together: guests are called one after the other on one stack, and each is on its own all the same. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { compile, serve, type ServeOptions, type Server } from "../../src/index.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { Serving } from "../../src/run/serve/serve.ts";
import { binaryOf } from "../load/made.ts";
import { counted } from "./counted.ts";
import { guest } from "./support.ts";

async function served(t: TestContext, options: ServeOptions = {}): Promise<Server> {
  const server = await serve(await guest("http-handler"), options);
  t.after(() => server.close());
  return server;
}

/** Asked in one go: what each is answered, or fails of. */
function together(server: Server, ...paths: readonly string[]): Promise<string>[] {
  return paths.map(async (path) => {
    try {
      const response = await server.fetch(new Request(`http://test${path}`));
      return await response.text();
    } catch (error) {
      return String(error);
    }
  });
}

const TWENTY: readonly string[] = Array.from({ length: 20 }, () => "/count");

test("one instance answers them in their order, if it may", async (t) => {
  const server = await served(t, { reuse: 21 });
  assert.deepEqual(await Promise.all(together(server, "/count")), ["1"]);
  const expected = TWENTY.map((_, index) => String(index + 2));
  assert.deepEqual(await Promise.all(together(server, ...TWENTY)), expected);
  assert.deepEqual(await Promise.all(together(server, "/count")), ["1"]);
});

test("an instance for each is one that is put back in between, as far as any of them can tell", async (t) => {
  const server = await served(t);
  assert.deepEqual(await Promise.all(together(server, "/count")), ["1"]);
  // The first answer did not wait for what makes one row of those that come together.
  assert.deepEqual(await Promise.all(together(server, "/count", "/count")), ["1", "1"]);
  const made = counted(t);
  assert.deepEqual(
    await Promise.all(together(server, ...TWENTY)),
    TWENTY.map(() => "1"),
  );
  assert.equal(made.count, 0);
});

test("one that traps fails alone, wherever it comes among them", async (t) => {
  const errors: unknown[] = [];
  for (const reuse of [1, 100]) {
    // oxlint-disable no-await-in-loop -- one after the other
    const server = await served(t, { reuse, onError: (error) => void errors.push(error) });
    await Promise.all(together(server, "/hello"));
    for (const at of [0, 1, 2]) {
      const paths = ["/hello", "/hello", "/hello"].with(at, "/trap-before");
      const texts = await Promise.all(together(server, ...paths));
      assert.deepEqual(
        texts.map((text) => text.slice(0, 12)),
        ["Hello, WASI!", "Hello, WASI!", "Hello, WASI!"].with(at, "RuntimeError"),
        `${reuse} ${at}`,
      );
    }
    // oxlint-enable no-await-in-loop
  }
  assert.deepEqual(errors, []);
});

test("one that waits keeps nobody waiting, and goes on where it was", async (t) => {
  const server = await served(t, { reuse: 100 });
  assert.deepEqual(await Promise.all(together(server, "/count")), ["1"]);
  let more: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (more = controller) });
  const [before] = together(server, "/count");
  // Node's types do not know `duplex`.
  const streamed = { method: "POST", body, duplex: "half" };
  const waiting = server.fetch(new Request("http://test/echo", streamed));
  const [after] = together(server, "/count");
  // The one that came after it has an instance of its own.
  assert.deepEqual(await Promise.all([before, after]), ["2", "1"]);
  // Others are answered meanwhile, on another stack.
  assert.deepEqual(await Promise.all(together(server, "/hello", "/count")), ["Hello, WASI!", "3"]);
  more?.enqueue(new TextEncoder().encode("said later"));
  more?.close();
  assert.equal(await (await waiting).text(), "said later");
  assert.deepEqual(await Promise.all(together(server, "/hello", "/hello")), ["Hello, WASI!", "Hello, WASI!"]);
});

test("where each takes longer than a turn should, the others come in the next ones", async () => {
  let now = 0;
  let turns = 0;
  const { loop } = nodePlatform;
  const slow = {
    ...nodePlatform,
    loop: {
      ...loop,
      now: () => (now += 2),
      turn: async () => {
        turns++;
        await loop.turn();
      },
    },
  };
  const serving = new Serving(slow, await compile(await guest("http-handler")), () => ({}), { reuse: 100 });
  const request = {
    ...{ method: "GET", scheme: "http", authority: "a.test", path: "/hello", headers: [], body: undefined },
    timeouts: { connect: Infinity, firstByte: Infinity, betweenBytes: Infinity },
  };
  await serving.answer(request);
  turns = 0;
  const all = await Promise.all(TWENTY.map(() => serving.answer(request)));
  assert.deepEqual(
    all.map(({ status }) => status),
    TWENTY.map(() => 200),
  );
  assert.ok(turns >= 10, `${turns} turns`);
  await serving.close();
});

test("where nothing can be made any more they are answered all the same", async (t) => {
  const server = await served(t, { reuse: 100 });
  assert.deepEqual(await Promise.all(together(server, "/count")), ["1"]);
  t.mock.property(
    WebAssembly,
    "Table",
    new Proxy(WebAssembly.Table, {
      construct() {
        throw new RangeError("no memory");
      },
    }),
  );
  assert.deepEqual((await Promise.all(together(server, "/hello", "/count"))).length, 2);
  assert.deepEqual(await Promise.all(together(server, "/hello")), ["Hello, WASI!"]);
});

test("a handler of other types than WASI's is no reason to end the process", async (t) => {
  const handler = binaryOf(`
    (component
      (core module $m (func (export "handle") (param i32) (result i32) (i32.const 1)))
      (core instance $i (instantiate $m))
      (func $handle (param "a" u32) (result u32) (canon lift (core func $i "handle")))
      (instance $handler (export "handle" (func $handle)))
      (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))`);
  const server = await serve(handler);
  t.after(() => server.close());
  const [first, second] = await Promise.all(together(server, "/", "/"));
  assert.match(first ?? "", /TypeError/);
  assert.equal(first, second);
});
