/** What instances that answer requests may reach: looked at once for all of them, and each one's own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpError, type HttpOptions, type NetworkOptions } from "../../src/index.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { compile } from "../../src/run/compile.ts";
import { networksOf } from "../../src/run/network.ts";
import type { Platform } from "../../src/run/platform.ts";
import { Serving } from "../../src/run/serve/serve.ts";
import type { HttpRequest } from "../../src/wasi/http/exchange.ts";
import { guest } from "./support.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function request(path: string): HttpRequest {
  const timeouts = { connect: Infinity, firstByte: Infinity, betweenBytes: Infinity };
  const headers = [
    ["to", text("127.0.0.1:1")],
    ["path", text("/")],
  ] as const;
  return { ...{ method: "GET", scheme: "http", authority: "a", path, headers, timeouts }, body: undefined };
}

/** Counts what is asked of a platform for instances that may send requests. */
function counting() {
  const seen = { platform: 0, network: 0, made: 0, closed: 0, sent: 0, turns: 0 };
  const { loop } = nodePlatform;
  const platform: Platform = {
    ...nodePlatform,
    loop: { ...loop, turn: () => (seen.turns++, loop.turn()) },
    network: () => (seen.network++, nodePlatform.network?.() ?? Promise.reject(new Error("Node has one"))),
    http() {
      seen.platform++;
      return Promise.resolve(() => {
        seen.made++;
        const send = (): Promise<never> => {
          seen.sent++;
          return Promise.reject(new HttpError({ tag: "connection-refused" }));
        };
        return { send, close: () => void seen.closed++ };
      });
    },
  };
  return { platform, seen };
}

async function answered(platform: Platform, paths: readonly string[], options: object): Promise<void> {
  const serving = new Serving(platform, await compile(await guest("http-handler"), {}), () => options, {});
  for (const path of paths) {
    // oxlint-disable no-await-in-loop -- one after the other
    await serving.answer(request(path)).then(
      ({ body }) => body?.source.close(),
      () => {},
    );
    await serving.drained();
    // oxlint-enable no-await-in-loop
  }
  await serving.close();
}

const HELLO = ["/hello", "/hello", "/hello"];

test("what `http` says is looked at once, and each instance has a client of its own", async () => {
  const http: HttpOptions = { hosts: ["127.0.0.1"] };
  const { platform, seen } = counting();
  await answered(platform, HELLO, { http });
  assert.deepEqual(seen, { platform: 1, network: 1, made: 3, closed: 3, sent: 0, turns: 0 });
});

test("an instance that has sent something waits for what comes of it, and others do not", async () => {
  const { platform, seen } = counting();
  await answered(platform, ["/hello", "/forward", "/hello"], { http: true });
  assert.deepEqual([seen.sent, seen.made, seen.closed, seen.turns], [1, 3, 3, 1]);
});

test("what `network` says is looked at once", async () => {
  const network: NetworkOptions = { tcp: true };
  const { platform, seen } = counting();
  await answered(platform, HELLO, { network });
  assert.equal(seen.network, 1);
});

test("what one instance has looked up lets no other one reach it", async () => {
  const lookup = { lookup: () => Promise.resolve(["127.0.0.9"]) };
  const platform: Platform = {
    ...nodePlatform,
    network: async () => ({ ...((await nodePlatform.network?.()) ?? assert.fail()), lookup }),
  };
  const networks = await networksOf(platform, { tcp: true, lookup: true, connect: ["a.test"] });
  const [one, other] = [networks(), networks()];
  assert.deepEqual(await one.lookup?.lookup("a.test"), ["127.0.0.9"]);
  const address = { family: "ipv4", ip: "127.0.0.9", port: 80 } as const;
  assert.deepEqual([one.check?.(address, "tcp-connect"), other.check?.(address, "tcp-connect")], [true, false]);
});

test("an option that makes no sense is told to each", async () => {
  const { platform, seen } = counting();
  const serving = new Serving(
    platform,
    await compile(await guest("http-handler"), {}),
    () => ({ http: { hosts: ["["] } }),
    {},
  );
  await assert.rejects(serving.answer(request("/hello")), TypeError);
  await assert.rejects(serving.answer(request("/hello")), TypeError);
  assert.equal(seen.made, 0);
  await serving.close();
});
