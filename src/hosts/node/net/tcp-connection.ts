/* oxlint-disable no-underscore-dangle -- what Node calls it */
/** Connections of `node:net` as sources and sinks. */
import type { Socket, SocketConstructorOpts } from "node:net";
import { PendingSink } from "../../../io/pending-sink.ts";
import { PeerClosed, type Source } from "../../../io/ports.ts";
import { Signal, type Waker } from "../../../io/readiness.ts";
import type { Family, SocketAddress } from "../../../wasi/sockets/address.ts";
import type { TcpConnection, TcpOptions } from "../../../wasi/sockets/tcp-port.ts";
import { fs } from "../builtins.ts";
import { sinkFailure } from "../writable.ts";
import { addressOf } from "./address.ts";

const READ_BYTES = 64 * 1024;
/** Handed to Node's stream when the system takes no more. */
const PROBE_BYTES = 4096;
const NONE = new Uint8Array(0);

/** What Node's socket has inside, where it does: its descriptor is nowhere else. */
interface Handle {
  readonly fd?: number;
}

interface WithHandle {
  _handle: Handle | null;
}

/**
 * Who is given what a socket reads: known before anything is read, and after the socket is made. Says whether the socket is to
 * read on, rather than when it is resumed.
 */
type Receiver = (bytes: Uint8Array) => boolean;

const receivers = new WeakMap<Socket, { receive: Receiver | undefined; held: Uint8Array }>();

/**
 * A socket that reads once, into a buffer of its own, and then when it is resumed.
 *
 * @param handle Something bound, or a connection; missing: nothing yet.
 */
export function socketOn(handle: object | undefined): Socket {
  const { Socket: NodeSocket } = process.getBuiltinModule("node:net");
  const incoming: { receive: Receiver | undefined; held: Uint8Array } = { receive: undefined, held: NONE };
  const options = {
    ...(handle && { handle }),
    allowHalfOpen: true,
    onread: {
      // No Buffer: to slice one of those copies nothing.
      buffer: new Uint8Array(READ_BYTES),
      callback: (count: number, buffer: Uint8Array) => {
        const bytes = buffer.subarray(0, count);
        if (incoming.receive) return incoming.receive(bytes);
        incoming.held = bytes;
        return false;
      },
    },
  };
  // Node takes handles, of which its types say nothing.
  const socket = new NodeSocket(options as SocketConstructorOpts);
  receivers.set(socket, incoming);
  return socket;
}

/** The connection of a socket that a server made, as one that reads as ours do. */
export function takeOver(socket: Socket): Socket {
  const inner = socket as unknown as WithHandle;
  const handle = inner._handle;
  inner._handle = null;
  return socketOn(handle ?? undefined);
}

export class NodeTcpConnection implements TcpConnection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly source: Source;
  readonly sink: NodeTcpSink;
  readonly #socket: Socket;
  #keepsAlive = false;

  /** @param socket Made by `socketOn`, and connected. */
  constructor(socket: Socket, family: Family) {
    this.#socket = socket;
    this.local = addressOf(socket.localAddress ?? "", socket.localPort ?? 0, family);
    this.remote = addressOf(socket.remoteAddress ?? "", socket.remotePort ?? 0, family);
    // Stays on for good: an error that comes when nobody waits must not end the process.
    socket.removeAllListeners("error");
    const source = new NodeTcpSource(socket);
    // The system tells of a reset once, and it may be a write that hears of it.
    const sink = new NodeTcpSink(socket, (cause) => source.failAtEnd(cause));
    socket.on("error", (cause) => {
      source.fail(cause);
      sink.failWith(cause);
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

/** Reads one buffer at a time: the socket is paused until that is used up and somebody asks for more. */
class NodeTcpSource implements Source {
  readonly #socket: Socket;
  readonly #changed = new Signal();
  #bytes: Uint8Array;
  #over: "failed" | "ended" | undefined;
  #cause: unknown;
  #isLeft = false;
  /** What its end is not: it was no FIN. */
  #failure: { readonly cause: unknown } | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    const incoming = receivers.get(socket);
    this.#bytes = incoming?.held ?? NONE;
    if (incoming) {
      incoming.receive = (bytes) => {
        if (this.#isLeft) return true;
        this.#bytes = bytes;
        this.#changed.notify();
        return false;
      };
    }
    const end = (): void => {
      if (this.#failure) this.fail(this.#failure.cause);
      this.#over ??= "ended";
      this.#changed.notify();
    };
    socket.on("end", end);
    socket.on("close", end);
  }

  read(max: number): Uint8Array | null {
    if (this.#bytes.length === 0 && this.#over === undefined && max > 0) this.#fetch();
    if (this.#bytes.length > 0) {
      const bytes = this.#bytes.subarray(0, max);
      this.#bytes = this.#bytes.subarray(bytes.length);
      return bytes;
    }
    if (this.#over === "failed") {
      this.#over = "ended";
      throw this.#cause;
    }
    return this.#over ? null : NONE;
  }

  ready(): boolean {
    if (this.#bytes.length === 0 && this.#over === undefined) this.#fetch();
    return this.#bytes.length > 0 || this.#over !== undefined;
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }

  fail(cause: unknown): void {
    if (this.#over) return;
    this.#over = "failed";
    this.#cause = cause;
    this.#changed.notify();
  }

  /** What ends after this has failed: the system says only that it has ended. */
  failAtEnd(cause: unknown): void {
    this.#failure ??= { cause };
  }

  /** What still comes is taken and forgotten: the peer may have to send it before it reads what we send. */
  close(): void {
    this.#over = "ended";
    this.#bytes = NONE;
    this.#isLeft = true;
    this.#fetch();
  }

  #fetch(): void {
    this.#socket.resume();
  }
}

/** Writes by system calls; only what does not fit goes through Node's stream, which knows when there is room again. */
class NodeTcpSink extends PendingSink {
  readonly #socket: Socket;
  readonly #onReset: (cause: unknown) => void;
  #isAborted = false;

  constructor(socket: Socket, onReset: (cause: unknown) => void) {
    super();
    this.#socket = socket;
    this.#onReset = onReset;
    socket.on("close", () => this.fail(new PeerClosed()));
  }

  /** Whether the peer has to be told that what it got is not all. */
  get isAborted(): boolean {
    return this.#isAborted;
  }

  failWith(cause: unknown): void {
    this.fail(sinkFailure(cause));
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

  async close(): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed) return;
    await new Promise<void>((resolve) => {
      socket.once("close", resolve);
      socket.end(resolve);
    });
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
