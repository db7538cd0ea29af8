/** What the instances behind a server are doing, while they do it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { serve, type HttpRequest, type Level } from "../../src/index.ts";
import { guest, until } from "./support.ts";

const handler = await guest("http-claims");
const { signal } = new AbortController();

function request(method: string, path: string): HttpRequest {
  const timeouts = { connect: Infinity, firstByte: Infinity, betweenBytes: Infinity };
  return { method, scheme: "http", authority: "test", path, headers: [], body: undefined, timeouts };
}

test("a server tells what the outputs of instances that answer are doing, until they are delivered", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const server = await serve(handler, { stdout: () => gate });
  assert.deepEqual(server.levels(), []);
  const answers = Promise.all([1, 2].map(() => server.fetch(new Request("http://test/read", { method: "POST" }))));
  await until(() => server.levels().filter(({ stdout }) => stdout.isAwaited).length === 2);
  for (const { stdout, stderr, files } of server.levels()) {
    assert.deepEqual([stdout.state, stderr.bufferedBytes, files], ["flushing", 0, []]);
  }
  open();
  assert.deepEqual(
    (await answers).map(({ status }) => status),
    [200, 200],
  );
  await server.close();
  assert.deepEqual(server.levels(), []);
});

test("an instance that trapped, or waits to be asked again, is none of them", async () => {
  const server = await serve(handler, { reuse: 2 });
  await assert.rejects(server.fetch(new Request("http://test/trap")));
  await until(() => server.levels().length === 0);
  assert.equal(await (await server.fetch(new Request("http://test/count"))).text(), "1");
  await until(() => server.levels().length === 0);
  assert.equal(await (await server.fetch(new Request("http://test/count"))).text(), "2");
  await server.close();
  assert.deepEqual(server.levels(), []);
});

test("a body that a guest of WASI 0.3 passes on tells the level of who wrote it", async () => {
  const level: Level = {
    state: "open",
    bufferedBytes: 3,
    capacityBytes: 8,
    permittedBytes: 5,
    isAwaited: false,
  };
  let passed: HttpRequest | undefined;
  const middleware = await serve(await guest("http-middleware-p3"), {
    http: {
      send(given) {
        passed = given;
        given.body?.source.close();
        return Promise.resolve({ status: 200, headers: [], body: undefined });
      },
    },
  });
  const source = {
    read: () => new Uint8Array(0),
    ready: () => false,
    watch: () => {},
    unwatch: () => {},
    close: () => {},
  };
  const body = { source, length: undefined, trailers: () => Promise.resolve(undefined), level: () => level };
  const { status } = await middleware.client.send({ ...request("POST", "/on/x"), body }, signal);
  assert.equal(status, 299);
  assert.deepEqual(passed?.body?.level?.(), level);
  await middleware.close();
});
