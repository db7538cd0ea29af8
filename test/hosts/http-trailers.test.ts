/** Fields after a body, in every combination: of bodies both ways, of protocols, and of who is between client and server. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { NodeHttpClient } from "../../src/hosts/node/http/client.ts";
import type { Answer } from "../../src/hosts/node/http/exchange.ts";
import { httpServer } from "../../src/hosts/node/http/server.ts";
import { serve } from "../../src/index.ts";
import { endBody, newBody, readAll, writeAll } from "../../src/testing/handler-subject.ts";
import type { HttpBody } from "../../src/wasi/http/exchange.ts";
import type { Field } from "../../src/wasi/http/fields.ts";
import { TLS, trust } from "./tls.ts";

trust();

const MINUTES = 600_000;
const never = new AbortController().signal;

const BODIES = {
  none: undefined,
  empty: { size: 0, isAnnounced: false },
  short: { size: 5, isAnnounced: false },
  long: { size: 300_000, isAnnounced: false },
  announced: { size: 5, isAnnounced: true },
} as const;

/** A body, and what comes after it. */
interface Kind {
  readonly name: string;
  readonly body: (typeof BODIES)[keyof typeof BODIES];
  readonly hasTrailers: boolean;
}

const KINDS: readonly Kind[] = Object.entries(BODIES).flatMap(([name, body]) =>
  // What comes after a body needs one.
  (body ? [false, true] : [false]).map((hasTrailers) => ({
    name: `${name}${hasTrailers ? " with trailers" : ""}`,
    body,
    hasTrailers,
  })),
);

/** A name twice, and bytes that are no UTF-8. */
const TRAILERS: readonly Field[] = [
  ["x-b", Buffer.from("1")],
  ["x-a", Uint8Array.of(0xe9, 0xff)],
  ["x-b", Buffer.from("2")],
];

/** What carries a body of this kind, and the fields that announce it. */
function made({ body, hasTrailers }: Kind): {
  readonly body: HttpBody | undefined;
  readonly headers: readonly Field[];
} {
  if (!body) return { body: undefined, headers: [] };
  const pipe = newBody();
  void writeAll(pipe, new Uint8Array(body.size)).then(() => endBody(pipe, hasTrailers ? TRAILERS : undefined));
  if (!body.isAnnounced) return { body: pipe.body, headers: [] };
  const length = BigInt(body.size);
  // Written out: what a body has is not its own.
  const announced = { source: pipe.body.source, length, trailers: () => pipe.body.trailers() };
  return { body: announced, headers: [["content-length", Buffer.from(String(length))]] };
}

/** How much came, and what after it: values of a name in their order, since names have none. */
async function seenOf(body: HttpBody | undefined): Promise<string> {
  const { length } = await readAll(body);
  const trailers = (await body?.trailers()) ?? [];
  const texts = trailers.map(([name, value]) => `${name}=${value.join(".")}`);
  const byName = texts.toSorted((one, other) => one.slice(0, 3).localeCompare(other.slice(0, 3)));
  return [length, ...byName].join(" ");
}

/** @param isLost HTTP/1.1 has no place for what comes after a body whose length was announced. */
function expected({ body, hasTrailers }: Kind, isLost: boolean): string {
  const size = String(body?.size ?? 0);
  return hasTrailers && !(body?.isAnnounced === true && isLost) ? `${size} x-a=233.255 x-b=49 x-b=50` : size;
}

async function listening(t: TestContext, answer: Answer, tls?: typeof TLS): Promise<number> {
  const { server, close } = httpServer(answer, (error) => assert.ifError(error), tls);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    void close();
  });
  // A server on a port has an address.
  return (server.address() as AddressInfo).port;
}

/** Guests that send on what they are asked, by HTTP/1.1. */
const BETWEEN = {
  "": undefined,
  " through a guest of WASI 0.2": "http-claims",
  " through a guest of WASI 0.3": "http-p3",
};

for (const [scheme, protocol] of [
  ["http", "HTTP/1.1"],
  ["https", "HTTP/2"],
] as const) {
  for (const [between, name] of Object.entries(BETWEEN)) {
    test(`${protocol}${between}`, async (t) => {
      let next: Kind | undefined;
      let seen = "";
      const last: Answer = async ({ body }) => {
        seen = await seenOf(body);
        assert.ok(next);
        return { status: 200, ...made(next) };
      };
      let [answer, to]: [Answer, string] = [last, ""];
      if (name !== undefined) {
        to = `127.0.0.1:${await listening(t, last)}`;
        const component = await readFile(new URL(`../guests/built/${name}.wasm`, import.meta.url));
        const guests = await serve(component, { http: true });
        t.after(() => guests.close());
        answer = (request) => guests.client.send(request, never);
      }
      const port = await listening(t, answer, scheme === "https" ? TLS : undefined);
      const client = new NodeHttpClient(async () => [{ family: "ipv4", ip: "127.0.0.1" }], 100);
      t.after(() => client.close());
      const [path, aim]: [string, readonly Field[]] =
        name === undefined ? ["/", []] : ["/forward/", [["x-forward-to", Buffer.from(to)]]];
      const wrong: string[] = [];
      for (const asked of KINDS) {
        for (const answered of KINDS) {
          next = answered;
          const { body, headers } = made(asked);
          const timeouts = { connect: MINUTES, firstByte: MINUTES, betweenBytes: MINUTES };
          const parts = { method: "POST", scheme, authority: `name.test:${port}`, path, timeouts };
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          const response = await client.send({ ...parts, headers: [...aim, ...headers], body }, never);
          // oxlint-disable-next-line no-await-in-loop -- as above
          const came = await seenOf(response.body);
          const isHttp1 = scheme === "http";
          const shall = [expected(asked, isHttp1), expected(answered, isHttp1 || name !== undefined)];
          if (seen !== shall[0] || came !== shall[1]) {
            wrong.push(`${asked.name}, ${answered.name}: ${seen}, ${came}, and not ${shall.join(", ")}`);
          }
        }
      }
      assert.deepEqual(wrong, []);
    });
  }
}
