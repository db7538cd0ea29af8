/** What answers requests in threads of its own, where there is none to be had. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { threadedHandlers } from "../../src/hosts/isolate/handlers.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { nodeThreads } from "../../src/hosts/node/isolate/threads.ts";
import { compile } from "../../src/run/compile.ts";
import type { Answering, Exchange } from "../../src/run/serve/answering.ts";
import { Serving } from "../../src/run/serve/serve.ts";
import { NO_BODY, type HttpRequest } from "../../src/wasi/http/exchange.ts";
import { guest } from "../run/support.ts";

function request(onClose: () => void): HttpRequest {
  const source = { ...NO_BODY.source, close: onClose };
  return {
    ...{ method: "GET", scheme: "http", authority: "test", path: "/hello", headers: [], body: { ...NO_BODY, source } },
    timeouts: { connect: 1000, firstByte: 1000, betweenBytes: 1000 },
  };
}

test("a thread that cannot be started fails its request, and takes no other's place", async () => {
  const bytes = await guest("http-claims");
  let isRefused = true;
  const threads = {
    platform: nodePlatform,
    start() {
      if (isRefused) throw new Error("there are no more threads");
      return nodeThreads.start();
    },
  };
  const component = await compile(bytes);
  const serving = new Serving(nodePlatform, component, () => ({}), {}, threadedHandlers(threads, bytes, undefined));
  let closed = 0;
  // More than there may be threads.
  for (let count = 0; count < 40; count++) {
    const asked = serving.answer(request(() => closed++));
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(asked, { message: "there are no more threads" });
  }
  assert.equal(closed, 40);
  isRefused = false;
  const { status, body } = await serving.answer(request(() => {}));
  body?.source.close();
  assert.equal(status, 200);
  await serving.close();
});

test("what answers and cannot be loaded fails each request", async () => {
  const component = await compile(await guest("http-claims"));
  const missing = { most: Infinity, make: (): Promise<never> => Promise.reject(new Error("the module is gone")) };
  const serving = new Serving(nodePlatform, component, () => ({}), { maxConcurrent: 1 }, missing);
  let closed = 0;
  const asked = [0, 1].map(() => serving.answer(request(() => closed++)));
  for (const one of asked) {
    // oxlint-disable-next-line no-await-in-loop -- in their order
    await assert.rejects(one, { message: "the module is gone" });
  }
  assert.equal(closed, 2);
  await serving.close();
});

test("no more requests are answered at a time than there may be threads: others wait for their turn, and not for ever", async () => {
  const bytes = await guest("http-claims");
  const started: Exchange[] = [];
  const { most } = threadedHandlers({ platform: nodePlatform, start: nodeThreads.start }, bytes, undefined);
  const held: Answering = {
    answer: (exchange) => void started.push(exchange),
    close: () => Promise.resolve(),
  };
  const make = async (): Promise<Answering> => held;
  const component = await compile(bytes);
  const serving = new Serving(nodePlatform, component, () => ({}), { maxWaitingTime: 1 }, { most, make });
  const asked = Array.from({ length: most + 1 }, () => serving.answer(request(() => {})));
  const late = await asked.at(-1);
  assert.deepEqual([most, started.length, late?.status], [32, 32, 503]);
  let isGone = false;
  const gone = serving.answer(
    request(() => (isGone = true)),
    (left) => {
      left();
      return () => {};
    },
  );
  await assert.rejects(gone, { name: "HttpError" });
  assert.ok(isGone);
  for (const exchange of started) {
    exchange.resolve({ status: 204, headers: [], body: undefined });
    exchange.over();
  }
  await Promise.all(asked);
  assert.equal(started.length, 32);
  await serving.close();
});
