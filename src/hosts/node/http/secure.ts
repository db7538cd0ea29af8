/** Connections by TLS whose end is known to be the other side's: it says so by `close_notify`, before TCP ends. */
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { httpFailure, unwanted } from "./errors.ts";
import { timer, type Peer, type Settling } from "./settling.ts";

/** Deno and Bun connect by themselves, and do not say how a connection ended. */
export const TELLS_END: boolean = process.versions["bun"] === undefined && process.versions["deno"] === undefined;

/** How TLS is begun: over what carries it, or on a connection of its own. */
export type Connect = (carrier: Duplex | undefined) => TLSSocket;

/** A connection on which TLS has begun. @throws {HttpError} If there is none in time. */
export async function securedConnection(peer: Peer, settling: Settling, connect: Connect): Promise<TLSSocket> {
  if (!TELLS_END) {
    const socket = connect(undefined);
    await connected(socket, settling);
    return socket;
  }
  const { host, port, lookup } = peer;
  const tcp = process.getBuiltinModule("node:net").connect({ host, port, lookup, noDelay: true });
  await connected(tcp, settling);
  return endingByNotice(tcp, connect);
}

function connected(socket: Socket, { deadline, timedOut, signal }: Settling): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = timer(Math.max(0, deadline - Date.now()), () => socket.destroy(timedOut));
    const onAbort = (): void => void socket.destroy(unwanted());
    const done = (): void => {
      clearTimeout(late);
      signal.removeEventListener("abort", onAbort);
      socket.off("error", onError);
    };
    const onError = (cause: unknown): void => {
      done();
      reject(httpFailure(cause));
    };
    socket.on("error", onError);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("connect", () => {
      done();
      resolve();
    });
  });
}

/** TLS that fails where TCP ends before it. */
function endingByNotice(tcp: Socket, connect: Connect): TLSSocket {
  const carrier = new Carrier(tcp);
  const socket = connect(carrier);
  carrier.on("error", (cause) => void socket.destroy(cause));
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    // What ends by close_notify does so while there is more of TCP to come, its end at least.
    if (chunk !== null || !carrier.readableEnded) return push(chunk, encoding);
    socket.destroy(Object.assign(new Error("The connection ended without close_notify"), { code: "ECONNRESET" }));
    return false;
  };
  // Node's own know nothing of what carries it.
  socket.ref = () => {
    tcp.ref();
    return socket;
  };
  socket.unref = () => {
    tcp.unref();
    return socket;
  };
  return socket;
}

/** What carries TLS: Node reads a connection that it knows as one without a word, and tells neither end from the other. */
class Carrier extends Duplex {
  readonly #tcp: Socket;

  constructor(tcp: Socket) {
    // As Node has it for TLS on what it knows.
    super({ allowHalfOpen: false });
    this.#tcp = tcp;
    tcp.on("data", (chunk: Uint8Array) => {
      if (!this.push(chunk)) tcp.pause();
    });
    tcp.once("end", () => void this.push(null));
    tcp.on("error", (cause) => void this.destroy(cause));
    tcp.once("close", () => void this.destroy());
  }

  override _read(): void {
    this.#tcp.resume();
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, done: (cause?: Error | null) => void): void {
    this.#tcp.write(chunk, done);
  }

  override _final(done: (cause?: Error | null) => void): void {
    this.#tcp.end(() => done());
  }

  override _destroy(cause: Error | null, done: (cause: Error | null) => void): void {
    this.#tcp.destroy();
    done(cause);
  }
}
