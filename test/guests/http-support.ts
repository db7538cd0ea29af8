/** Guests behind servers of Node's, and clients that ask them. */
import { once } from "node:events";
import { createServer, request as requestOf, type IncomingMessage } from "node:http";
import { connect, type AddressInfo, type Server as SocketServer } from "node:net";
import type { TestContext } from "node:test";
import { serve, type ServeOptions } from "../../src/index.ts";

/** On a port that is free. @returns Which. */
export async function listening(server: SocketServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server on a port has an address.
  return (server.address() as AddressInfo).port;
}

export interface Served {
  readonly port: number;
  /** What was told to `onError`. */
  readonly errors: string[];
  /** What guests said. */
  readonly said: () => string;
  readonly close: () => Promise<void>;
}

/** Answers with instances of a component until the test is over. */
export async function served(t: TestContext, component: Uint8Array, more: ServeOptions = {}): Promise<Served> {
  const errors: string[] = [];
  let said = "";
  const { listener, close } = await serve(component, {
    stdout: (chunk) => void (said += Buffer.from(chunk).toString()),
    onError: (error) => void errors.push(error instanceof Error ? error.message : String(error)),
    ...more,
  });
  const server = createServer({ requireHostHeader: false }, listener);
  const port = await listening(server);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port, errors, said: () => said, close };
}

export interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly text: string;
  readonly trailers: readonly string[];
}

export async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of message) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString("latin1");
}

/** With a body and its length if there is one: POST, else GET. Rejects if the response is cut short. */
export async function ask(port: number, path: string, body?: string, headers: readonly string[] = []): Promise<Answer> {
  const request = requestOf({
    ...{ port, path, host: "127.0.0.1", agent: false, method: body === undefined ? "GET" : "POST" },
    headers: ["host", "test", ...headers, ...(body === undefined ? [] : ["content-length", String(body.length)])],
  });
  request.end(body === undefined ? undefined : Buffer.from(body));
  // The event of a response has the response.
  const [message] = (await once(request, "response")) as [IncomingMessage];
  const text = await textOf(message);
  return { status: message.statusCode ?? 0, headers: message.rawHeaders, text, trailers: message.rawTrailers };
}

/** All that comes on a connection on which `text` was sent, until it is closed. */
export async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(text, "latin1");
  let came = "";
  socket.on("data", (chunk: Uint8Array) => void (came += Buffer.from(chunk).toString("latin1")));
  await new Promise((resolve) => void socket.once("close", resolve));
  return came;
}
