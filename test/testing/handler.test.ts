/** What carries requests to handlers keeps the contract of HTTP, and what does not is found out. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { NodeHttpClient } from "../../src/hosts/node/http/client.ts";
import { nodeListener } from "../../src/hosts/node/http/listener.ts";
import { httpServer } from "../../src/hosts/node/http/server.ts";
import { TLS, trust } from "../hosts/tls.ts";
import {
  checkHandler,
  ContractError,
  HANDLER_RULES,
  type Handler,
  type HandlerFixture,
  type HttpBody,
  type HttpRequest,
  type HttpResponse,
} from "../../src/testing/index.ts";

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** What any promise is worth to somebody who has given up. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true }),
  );
  return Promise.race([promise, aborted]);
}

function nodeFixture(): HandlerFixture {
  const disposals: (() => void)[] = [];
  return {
    ...{ keepsFields: true, hasTrailers: true, isDuplex: true, turn },
    async serve(handler) {
      const server = createServer(nodeListener(handler, () => {}));
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const client = new NodeHttpClient(async () => [{ family: "ipv4", ip: "127.0.0.1" }], 100);
      disposals.push(() => {
        client.close();
        server.closeAllConnections();
        server.close();
      });
      // A server on a port has an address.
      return { client, authority: `name.test:${(server.address() as AddressInfo).port}` };
    },
    dispose() {
      for (const dispose of disposals) dispose();
    },
  };
}

type Carry = (handler: Handler, request: HttpRequest) => Promise<HttpResponse>;

const straight: Carry = (handler, request) => handler(request);

/** A handler that is asked without anything between. */
function direct(carry: Carry = straight): HandlerFixture {
  return {
    ...{ keepsFields: true, hasTrailers: true, isDuplex: true, turn },
    serve: (handler) => ({
      authority: "name.test",
      client: { send: async (request, signal) => unlessAborted(carry(handler, request), signal) },
    }),
  };
}

/** HTTP/2, which TLS agrees on. */
function http2Fixture(seen: Set<string>): HandlerFixture {
  trust();
  const disposals: (() => void)[] = [];
  return {
    ...{ keepsFields: true, hasTrailers: true, isDuplex: true, turn },
    async serve(handler) {
      const { server, close } = httpServer(handler, () => {}, TLS);
      server.on("secureConnection", ({ alpnProtocol }) => seen.add(String(alpnProtocol)));
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const client = new NodeHttpClient(async () => [{ family: "ipv4", ip: "127.0.0.1" }], 100);
      disposals.push(() => {
        client.close();
        void close();
      });
      const { port } = server.address() as AddressInfo;
      return {
        client: { send: (request, signal) => client.send({ ...request, scheme: "https" }, signal) },
        authority: `name.test:${port}`,
      };
    },
    dispose() {
      for (const dispose of disposals) dispose();
    },
  };
}

test("a handler that is asked directly keeps every rule", async () => {
  const { kept, skipped } = await checkHandler(() => direct());
  assert.deepEqual(skipped, []);
  assert.deepEqual(kept, HANDLER_RULES);
});

test("Node's server and client keep every rule", { timeout: 300_000 }, async () => {
  const { kept, skipped } = await checkHandler(nodeFixture);
  assert.deepEqual(skipped, []);
  assert.deepEqual(kept, HANDLER_RULES);
});

test("HTTP/2 keeps every rule", { timeout: 300_000 }, async () => {
  const seen = new Set<string>();
  const { kept, skipped } = await checkHandler(() => http2Fixture(seen));
  assert.deepEqual(skipped, []);
  assert.deepEqual(kept, HANDLER_RULES);
  assert.deepEqual([...seen], ["h2"]);
});

/** Another body in the place of one. */
async function withBody(
  handler: Handler,
  request: HttpRequest,
  change: (body: HttpBody) => HttpBody,
): Promise<HttpResponse> {
  const response = await handler(request);
  return { ...response, body: response.body && change(response.body) };
}

/** Whether it has been read to its end before. */
function reading(body: HttpBody, read: HttpBody["source"]["read"]): HttpBody {
  const { source, length } = body;
  return {
    length,
    trailers: () => body.trailers(),
    source: {
      read,
      ready: () => source.ready(),
      watch: (waker) => source.watch(waker),
      unwatch: (waker) => source.unwatch(waker),
      close: () => source.close(),
    },
  };
}

/** Servers with a mistake each, and the claim that finds it. */
const mistakes: Readonly<Record<string, readonly [claim: string, carry: Carry]>> = {
  "forgets the query": ["method, path and fields", (handler, request) => handler({ ...request, path: "/a/b" })],
  "joins fields of a name": [
    "fields keep their order",
    (handler, request) => handler({ ...request, headers: [...new Map(request.headers).entries()] }),
  ],
  "loses fields after a body": [
    "fields after a body",
    (handler, request) =>
      withBody(handler, request, (body) => ({ ...body, trailers: () => Promise.resolve(undefined) })),
  ],
  "takes a body that was cut for whole": [
    "a response that is cut",
    (handler, request) =>
      withBody(handler, request, (body) =>
        reading(body, (max) => {
          try {
            return body.source.read(max);
          } catch {
            return null;
          }
        }),
      ),
  ],
  "loses a byte": [
    "bodies arrive whole",
    (handler, request) =>
      withBody(handler, request, (body) => {
        let isFirst = true;
        return reading(body, (max) => {
          const bytes = body.source.read(max);
          if (!bytes || bytes.length < 2 || !isFirst) return bytes;
          isFirst = false;
          return bytes.subarray(1);
        });
      }),
  ],
  "answers one after the other": [
    "requests that wait",
    (() => {
      let last: Promise<unknown> = Promise.resolve();
      return (handler, request) => {
        const answered = last.then(() => handler(request));
        last = answered.catch(() => {});
        return answered;
      };
    })(),
  ],
  "does not let go": [
    "who leaves a response",
    (handler, request) =>
      withBody(handler, request, (body) => {
        const changed = reading(body, (max) => body.source.read(max));
        return { ...changed, source: { ...changed.source, close: () => {} } };
      }),
  ],
};

for (const [what, [claim, carry]] of Object.entries(mistakes)) {
  test(`a server that ${what} is found out`, { timeout: 300_000 }, async () => {
    const found = checkHandler(() => direct(carry), { only: (rule) => rule.claim.startsWith(claim) });
    await assert.rejects(found, (error) => error instanceof ContractError && error.broken.length === 1);
  });
}
