/** HTTP by TLS, in every runtime that has Node's: to be played where no certificate is looked at. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { createServer as createTls, type TLSSocket } from "node:tls";
import { NodeHttpClient } from "../../src/hosts/node/http/client.ts";
import { nodeListener, type NodeListener } from "../../src/hosts/node/http/listener.ts";
import { checkHandler, type HandlerFixture, type HttpResponse } from "../../src/testing/index.ts";
import { changed } from "../../src/io/steps.ts";
import { frame } from "../hosts/frames.ts";
import { turn } from "../testing/fixtures.ts";
import { rejection, same, type Check } from "./check.ts";

const pem = (name: string): Uint8Array => readFileSync(new URL(`../hosts/tls/${name}.pem`, import.meta.url));
const TLS = { cert: Buffer.from(pem("cert")), key: Buffer.from(pem("key")) };

const MINUTES = 600_000;

async function portOf(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server on a port has an address.
  return (server.address() as AddressInfo).port;
}

function clientOf(): NodeHttpClient {
  return new NodeHttpClient(async () => [{ family: "ipv4", ip: "127.0.0.1" }], 100);
}

/** A server, and who asks it by TLS. */
function secured(serverOf: (listener: NodeListener) => Server): HandlerFixture {
  const disposals: (() => void)[] = [];
  return {
    ...{ keepsFields: true, hasTrailers: true, isDuplex: true, turn },
    async serve(handler) {
      const server = serverOf(nodeListener(handler, () => {}));
      const client = clientOf();
      disposals.push(() => {
        client.close();
        server.close();
      });
      return {
        client: { send: (request, signal) => client.send({ ...request, scheme: "https" }, signal) },
        authority: `name.test:${await portOf(server)}`,
      };
    },
    dispose() {
      for (const dispose of disposals) dispose();
    },
  };
}

/** Answers the first request on a connection of HTTP/2 with some of a body, and resets its stream. */
function resetting(socket: TLSSocket, code: number): void {
  let rest: Buffer = Buffer.alloc(0);
  let isBegun = false;
  socket.on("error", () => {});
  socket.write(frame(4, 0, 0));
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    // What a connection begins with.
    if (!isBegun && rest.length >= 24) rest = rest.subarray(24);
    else if (!isBegun) return;
    isBegun = true;
    for (let length; rest.length >= 9 && rest.length >= (length = 9 + rest.readUIntBE(0, 3));) {
      const [type, stream] = [rest[3], rest.readUInt32BE(5)];
      rest = rest.subarray(length);
      const some = [frame(1, 4, stream, Uint8Array.of(0x88)), frame(0, 0, stream, Buffer.from("some"))];
      // A header.
      if (type === 1) socket.write(Buffer.concat([...some, frame(3, 0, stream, Uint8Array.of(0, 0, 0, code))]));
    }
  });
}

async function read({ body }: HttpResponse): Promise<void> {
  if (!body) throw new Error("The response has no body");
  for (let bytes; (bytes = body.source.read(65_536)) !== null;) if (bytes.length === 0) await changed(body.source);
}

async function resetBy(code: number): Promise<void> {
  const server = createTls({ ...TLS, ALPNProtocols: ["h2"] }, (socket) => resetting(socket, code));
  const client = clientOf();
  try {
    const request = { method: "GET", scheme: "https", path: "/", headers: [], body: undefined };
    const timeouts = { connect: MINUTES, firstByte: MINUTES, betweenBytes: MINUTES };
    const authority = `name.test:${await portOf(server)}`;
    const response = await client.send({ ...request, authority, timeouts }, new AbortController().signal);
    const failure = await rejection(read(response));
    same("the failure", Reflect.get(Object(failure), "payload"), { tag: "HTTP-response-incomplete" });
  } finally {
    client.close();
    server.close();
  }
}

export const secureChecks: readonly Check[] = [
  {
    title: "HTTP/1.1 over TLS keeps every rule of HTTP",
    play: async () => void (await checkHandler(() => secured((listener) => createHttps(TLS, listener)))),
  },
  {
    title: "HTTP/2 over TLS keeps every rule of HTTP",
    play: async () => void (await checkHandler(() => secured((listener) => createSecureServer(TLS, listener)))),
  },
  ...[0, 2, 8].map((code): Check => ({
    title: `a response of HTTP/2 that is reset by code ${code} never looks whole`,
    play: () => resetBy(code),
  })),
];
