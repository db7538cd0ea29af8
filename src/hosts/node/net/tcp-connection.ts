/* oxlint-disable no-underscore-dangle -- what Node calls it */
/** Connections of `node:net` as sources and sinks. */
import type { Socket, SocketConstructorOpts } from "node:net";
import { PendingSink } from "../../../io/pending-sink.ts";
import { PeerClosed, type Source } from "../../../io/ports.ts";
import type { Family, SocketAddress } from "../../../wasi/sockets/address.ts";
import type { TcpConnection, TcpOptions } from "../../../wasi/sockets/tcp-port.ts";
import { fs } from "../builtins.ts";
import { sinkFailure } from "../writable.ts";
import { addressOf } from "./address.ts";
import { Arrivals, landing, NodeTcpSource } from "./tcp-source.ts";

/** Handed to Node's stream when the system takes no more. */
const PROBE_BYTES = 4096;

/** What Node's socket has inside, where it does: its descriptor is nowhere else. */
interface Handle {
  readonly fd?: number;
}

interface WithHandle {
  _handle: Handle | null;
}

/** A socket, and what it has read: it begins with that before anybody has made a connection of it. */
export interface ReadingSocket {
  readonly socket: Socket;
  readonly arrivals: Arrivals;
}

/** @param handle Something bound, or a connection; missing: nothing yet. */
export function socketOn(handle: object | undefined): ReadingSocket {
  const { Socket: NodeSocket } = process.getBuiltinModule("node:net");
  const arrivals = new Arrivals();
  const options = {
    ...(handle && { handle }),
    allowHalfOpen: true,
    onread: {
      buffer: landing(),
      callback: (count: number, bytes: Uint8Array) => arrivals.take(bytes.subarray(0, count)),
    },
  };
  // Node takes handles, of which its types say nothing.
  return { socket: new NodeSocket(options as SocketConstructorOpts), arrivals };
}

/** The connection of a socket that a server made, as one that reads as ours do. */
export function takeOver(socket: Socket): ReadingSocket {
  if (process.versions["bun"] !== undefined) return hearing(socket);
  const inner = socket as unknown as WithHandle;
  const handle = inner._handle;
  inner._handle = null;
  return socketOn(handle ?? undefined);
}

/** One that keeps to itself what it is made of: what comes is in buffers of its own. */
function hearing(socket: Socket): ReadingSocket {
  const arrivals = new Arrivals();
  socket.allowHalfOpen = true;
  socket.on("data", (bytes: Uint8Array) => {
    if (!arrivals.take(bytes)) socket.pause();
  });
  socket.resume();
  return { socket, arrivals };
}

export class NodeTcpConnection implements TcpConnection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly source: Source;
  readonly sink: NodeTcpSink;
  readonly #socket: Socket;
  #keepsAlive = false;

  /**
   * @param reading Connected.
   * @param local If that is known without asking the system.
   */
  constructor({ socket, arrivals }: ReadingSocket, family: Family, local?: SocketAddress) {
    this.#socket = socket;
    this.local = local ?? addressOf(socket.localAddress ?? "", socket.localPort ?? 0, family);
    this.remote = addressOf(socket.remoteAddress ?? "", socket.remotePort ?? 0, family);
    const source = new NodeTcpSource(socket, arrivals);
    // The system tells of a reset once, and it may be a write that hears of it.
    const sink = new NodeTcpSink(socket, (cause) => source.failAtEnd(cause));
    // Stays on for good: an error that comes when nobody waits must not end the process.
    socket.on("error", (cause) => {
      source.fail(cause);
      sink.failWith(cause);
    });
    socket.on("end", () => source.end());
    socket.on("close", () => {
      source.end();
      sink.lose();
    });
    this.source = source;
    this.sink = sink;
  }

  configure(options: TcpOptions): void {
    if (!options.keepAlive && !this.#keepsAlive) return;
    this.#keepsAlive = options.keepAlive;
    const { keepAliveIdleSeconds, keepAliveIntervalSeconds, keepAliveCount } = options;
    // The last two are new, and older ones leave them out.
    const set = this.#socket.setKeepAlive.bind(this.#socket) as (on: boolean, ...numbers: number[]) => unknown;
    set(options.keepAlive, keepAliveIdleSeconds * 1000, keepAliveIntervalSeconds * 1000, keepAliveCount);
  }

  close(): void {
    if (this.sink.isAborted) this.reset();
    else this.#socket.destroy();
  }

  reset(): void {
    const socket = this.#socket;
    const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
    // While the system is about to send FIN, Node would lose the descriptor, and then never come to its own end.
    if (isEnding && !socket.destroyed) socket.once("finish", () => socket.resetAndDestroy());
    else socket.resetAndDestroy();
  }
}

/** Writes by system calls; only what does not fit goes through Node's stream, which knows when there is room again. */
class NodeTcpSink extends PendingSink {
  readonly #socket: Socket;
  readonly #onReset: (cause: unknown) => void;
  #isAborted = false;
  #hasEnded = false;

  constructor(socket: Socket, onReset: (cause: unknown) => void) {
    super();
    this.#socket = socket;
    this.#onReset = onReset;
  }

  /** Whether the peer has to be told that what it got is not all. */
  get isAborted(): boolean {
    return this.#isAborted;
  }

  failWith(cause: unknown): void {
    this.fail(sinkFailure(cause));
  }

  /** The connection is gone. */
  lose(): void {
    if (!this.#hasEnded) this.fail(new PeerClosed());
  }

  write(bytes: Uint8Array): number {
    this.flush();
    if (bytes.length === 0 || this.isPending) return 0;
    const taken = this.#writeNow(bytes);
    if (taken === bytes.length) return taken;
    const rest = bytes.slice(taken, taken + PROBE_BYTES);
    this.begin();
    this.#socket.write(rest, (error) => {
      if (error) this.failWith(error);
      else this.done();
    });
    return taken + rest.length;
  }

  close(): void | Promise<void> {
    this.#hasEnded = true;
    const socket = this.#socket;
    if (socket.destroyed) return undefined;
    // Let go with input that nobody has read, the system would reset it: FIN has to be out before.
    if (!socket.readableEnded) {
      return new Promise((resolve) => {
        socket.once("close", resolve);
        socket.end(resolve);
      });
    }
    // Else to let go of it, which may follow at once, sends FIN.
    process.nextTick(() => {
      if (!socket.destroyed) socket.end();
    });
    return undefined;
  }

  abort(): void {
    this.#isAborted = true;
  }

  /** What the system takes at once. @throws Its failures. */
  #writeNow(bytes: Uint8Array): number {
    const fd = (this.#socket as unknown as WithHandle)._handle?.fd ?? -1;
    // Windows has none.
    if (fd < 0 || this.#socket.destroyed) return 0;
    try {
      return fs.writeSync(fd, bytes);
    } catch (error) {
      if (error instanceof Error && "code" in error) {
        if (error.code === "EAGAIN") return 0;
        if (error.code === "ECONNRESET") this.#onReset(error);
      }
      throw sinkFailure(error);
    }
  }
}
