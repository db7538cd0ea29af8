/** Node's streams, files, sockets and HTTP, in every runtime that has them. */
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { PassThrough, Writable } from "node:stream";
import { NodeHttpClient } from "../../src/hosts/node/http/client.ts";
import { nodeListener } from "../../src/hosts/node/http/listener.ts";
import { nodeTcp } from "../../src/hosts/node/net/tcp.ts";
import { nodeUdp } from "../../src/hosts/node/net/udp.ts";
import { nodeSource } from "../../src/hosts/node/readable.ts";
import { NodeSink } from "../../src/hosts/node/writable.ts";
import {
  checkConnection,
  checkFiles,
  checkHandler,
  checkInputStream,
  checkOutputStream,
  checkUdp,
  connectionEnd,
  connectionPair,
  type ConnectionFixture,
  type HandlerFixture,
  type InputFixture,
  type OutputFixture,
} from "../../src/testing/index.ts";
import { run } from "../../src/index.ts";
import { nodeFiles } from "../hosts/files-fixture.ts";
import { pipeInput, pipeOutput } from "../hosts/fixtures.ts";
import { inputOf, memoryInput, outputOf, turn } from "../testing/fixtures.ts";
import { holds, same, textOf, type Check } from "./check.ts";

async function tcp(): Promise<ConnectionFixture> {
  const { near, far } = await connectionPair(nodeTcp, "ipv4");
  return {
    turn,
    near: connectionEnd(near),
    far: connectionEnd(far),
    reset: () => far.reset(),
    dispose() {
      near.reset();
      far.reset();
    },
  };
}

function http(): HandlerFixture {
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

function writable(): OutputFixture {
  const chunks: Uint8Array[] = [];
  let open = (): void => {};
  let gate: Promise<void> | undefined;
  const stream = new Writable({
    write(chunk: Uint8Array, _encoding, callback) {
      void (async () => {
        await gate;
        chunks.push(chunk);
        callback();
      })();
    },
  });
  return {
    ...outputOf(new NodeSink(stream), 1000),
    turn,
    arrived: () => Buffer.concat(chunks),
    stall: () => {
      gate = new Promise((resolve) => void (open = resolve));
    },
    release: () => {
      gate = undefined;
      open();
    },
    fail: () => void stream.destroy(new Error("the other side failed")),
    leave: () => void stream.destroy(),
    input: () => memoryInput(),
  };
}

function readable(): InputFixture {
  const stream = new PassThrough();
  const supply = (bytes: Uint8Array): void => void stream.write(bytes);
  return {
    ...inputOf(nodeSource(stream)),
    turn,
    supply,
    supplyLater: supply,
    end: () => void stream.end(),
    fail: () => void stream.destroy(new Error("the other side failed")),
  };
}

/** What a peer sends at once, and a reader who takes it piece by piece, as they come, and has turns between. */
async function longStream(): Promise<void> {
  const sent = new Uint8Array(4 * 1024 * 1024).map((_, at) => at * 7 + (at >> 8) + (at >> 16));
  const server = createTcpServer((socket) => {
    // It is reset in the end.
    socket.on("error", () => {});
    socket.end(sent);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server on a port has an address.
  const { port } = server.address() as AddressInfo;
  const connection = await nodeTcp.open("ipv4").connect({ family: "ipv4", ip: "127.0.0.1", port }, nodeTcp.defaults());
  try {
    let came = 0;
    for (let bytes; (bytes = connection.source.read(sent.length)) !== null;) {
      const piece = bytes;
      holds(
        piece.every((byte, at) => byte === sent[came + at]),
        `what came after ${came} bytes is not what was sent`,
      );
      came += piece.length;
      if (piece.length === 0 || came % 3 === 0) await turn();
    }
    same("bytes", came, sent.length);
  } finally {
    connection.reset();
    server.close();
  }
}

export const nativeChecks: readonly Check[] = [
  {
    title: "a descriptor of a pipe keeps every rule of output-stream",
    play: async () => void (await checkOutputStream(pipeOutput)),
  },
  {
    title: "a descriptor of a pipe keeps every rule of input-stream",
    play: async () => void (await checkInputStream(() => pipeInput())),
  },
  { title: "a Writable keeps every rule of output-stream", play: async () => void (await checkOutputStream(writable)) },
  { title: "a Readable keeps every rule of input-stream", play: async () => void (await checkInputStream(readable)) },
  ...[false, true].map((blocking): Check => ({
    title: `a directory that ${blocking ? "blocks" : "waits"} keeps every rule of files`,
    play: async () => void (await checkFiles(() => nodeFiles(blocking))),
  })),
  { title: "TCP on the loopback keeps every rule of connections", play: async () => void (await checkConnection(tcp)) },
  { title: "a long stream by TCP is whole and in order, though its reader comes late", play: longStream },
  {
    title: "UDP on the loopback keeps every rule of UDP",
    play: async () => void (await checkUdp(() => ({ port: nodeUdp, turn }))),
  },
  { title: "node:http keeps every rule of HTTP", play: async () => void (await checkHandler(http)) },
  {
    title: "a guest runs in a thread of its own",
    async play({ file }) {
      const said: Uint8Array[] = [];
      const { exitCode } = await run(await file("built/hello.wasm"), {
        isolate: "thread",
        stdout: (chunk) => void said.push(chunk.slice()),
      });
      same("exit code", exitCode, 0);
      same("stdout", textOf(said), "hello\n");
    },
  },
];
