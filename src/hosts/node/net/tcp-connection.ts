import { writeSync } from "node:fs";
import type { Socket, SocketConstructorOpts } from "node:net";
import { PendingSink } from "../../../io/pending-sink.ts";
import { PeerClosed, type Sink, type Source } from "../../../io/ports.ts";
import { PullSource, type Chunk } from "../../../io/pull-source.ts";
import type { Family, SocketAddress } from "../../../wasi/sockets/address.ts";
import { NetworkError } from "../../../wasi/sockets/error-code.ts";
import type { TcpConnection, TcpOptions } from "../../../wasi/sockets/tcp-port.ts";
import { addressOf } from "./text.ts";

/** As much as is received at a time. */
const BUFFER_BYTES = 64 * 1024;
/** What waits in Node for room in the system's buffer. */
const WAITING_BYTES = 16 * 1024;
/** How long what still arrives is thrown away, after we have said our last: a reset could take what the peer has not read. */
const LINGER_MS = 2000;
const MS_PER_SECOND = 1000;

interface NodeHandle {
  /** Missing where sockets have none, as on Windows. */
  readonly fd?: number;
}

/** What Node keeps behind a socket; nothing once that is closed. */
const HANDLE = "_handle";

function handleOf(socket: Socket): NodeHandle | undefined {
  return (socket as unknown as { readonly [HANDLE]: NodeHandle | null })[HANDLE] ?? undefined;
}

/** What is behind a socket, which is none any more. */
function takeHandle(socket: Socket): NodeHandle | undefined {
  const handle = handleOf(socket);
  (socket as unknown as { [HANDLE]: NodeHandle | null })[HANDLE] = null;
  return handle;
}

/** One connection: received through one buffer, one piece at a time; sent by system calls, and through Node only to wait. */
export class NodeTcpConnection implements TcpConnection {
  readonly socket: Socket;
  readonly source: Source;
  readonly sink: Sink;
  readonly #family: Family;
  readonly #receiver: Receiver;

  private constructor(family: Family, make: (onread: NonNullable<SocketConstructorOpts["onread"]>) => Socket) {
    this.#family = family;
    const receiver = new Receiver();
    this.#receiver = receiver;
    this.socket = make({ buffer: () => receiver.buffer(), callback: (count) => receiver.received(count) });
    receiver.listen(this.socket);
    this.source = new PullSource(
      () => receiver.pull(),
      () => receiver.leave(),
    );
    this.sink = new NodeTcpSink(this.socket, receiver);
  }

  /** One that is to be connected. */
  static make(family: Family, options: SocketConstructorOpts | { readonly handle: object }): NodeTcpConnection {
    const { Socket: Made } = process.getBuiltinModule("node:net");
    return new NodeTcpConnection(family, (onread) => {
      const socket = new Made({ ...options, allowHalfOpen: true, onread } as SocketConstructorOpts);
      // Nothing is received before somebody reads.
      socket.pause();
      return socket;
    });
  }

  /** One that was accepted. Only a socket's maker can say where it receives. */
  static take(family: Family, accepted: Socket): NodeTcpConnection {
    const { Socket: Made } = process.getBuiltinModule("node:net");
    const handle = takeHandle(accepted);
    return new NodeTcpConnection(
      family,
      (onread) =>
        new Made({ handle, allowHalfOpen: true, onread, pauseOnCreate: true } as unknown as SocketConstructorOpts),
    );
  }

  local(): SocketAddress {
    return this.#address(this.socket.localAddress, this.socket.localPort);
  }

  remote(): SocketAddress {
    return this.#address(this.socket.remoteAddress, this.socket.remotePort);
  }

  apply({ keepAlive, keepAliveIdle, keepAliveInterval, keepAliveCount }: TcpOptions): void {
    // The last two are newer than the types.
    const set = this.socket.setKeepAlive.bind(this.socket) as (...args: readonly unknown[]) => unknown;
    set(keepAlive, keepAliveIdle * MS_PER_SECOND, keepAliveInterval * MS_PER_SECOND, keepAliveCount);
  }

  reset(): void {
    this.#receiver.leave();
    this.socket.resetAndDestroy();
  }

  #address(ip: string | undefined, port: number | undefined): SocketAddress {
    if (ip === undefined || port === undefined) throw new NetworkError("ENOTCONN", "the connection is gone");
    return addressOf(ip, port, this.#family);
  }
}

/** What arrives: a piece at a time, when somebody asks. */
class Receiver {
  #socket: Socket | undefined;
  #buffer: Uint8Array | undefined;
  /** Came before anybody asked. */
  #early: Uint8Array | undefined;
  #waiting: { resolve(chunk: Chunk): void; reject(cause: unknown): void } | undefined;
  #over: { readonly cause: unknown } | "ended" | undefined;
  #hasLeft = false;

  /** Made when the first byte comes: a connection that is idle has none. */
  buffer(): Uint8Array {
    return (this.#buffer ??= new Uint8Array(BUFFER_BYTES));
  }

  listen(socket: Socket): void {
    this.#socket = socket;
    socket.on("end", () => this.#end("ended"));
    socket.on("error", (cause) => this.#end({ cause }));
    socket.on("close", () => this.#end("ended"));
  }

  /** Says whether more may follow at once. */
  received(count: number): boolean {
    if (this.#hasLeft) return true;
    // It stays as it is until the socket is told to go on.
    const chunk = this.buffer().subarray(0, count);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting.resolve(chunk);
    else this.#early = chunk;
    return false;
  }

  pull(): Chunk | Promise<Chunk> {
    const early = this.#early;
    this.#early = undefined;
    if (early) return early;
    if (this.#over === "ended") return null;
    if (this.#over) throw this.#over.cause;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket?.resume();
    });
  }

  /** Whether nobody reads any more. */
  get isLeft(): boolean {
    return this.#hasLeft;
  }

  /** Nobody reads any more: what still comes is thrown away. */
  leave(): void {
    this.#hasLeft = true;
    this.#early = undefined;
    this.#socket?.resume();
  }

  #end(over: { readonly cause: unknown } | "ended"): void {
    this.#over ??= over;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (this.#over === "ended") waiting?.resolve(null);
    else waiting?.reject(this.#over.cause);
  }
}

class NodeTcpSink extends PendingSink {
  readonly #socket: Socket;
  readonly #receiver: Receiver;

  constructor(socket: Socket, receiver: Receiver) {
    super();
    this.#socket = socket;
    this.#receiver = receiver;
    socket.on("error", (cause) => this.fail(failureOf(cause)));
    socket.on("close", () => this.fail(new PeerClosed()));
  }

  write(bytes: Uint8Array): number {
    if (!this.flush() || bytes.length === 0) return 0;
    const sent = this.#send(bytes);
    if (sent === bytes.length) return sent;
    // The system has no room: Node waits for it.
    const rest = bytes.slice(sent, sent + WAITING_BYTES);
    this.begin();
    this.#socket.write(rest, (error) => (error ? this.fail(failureOf(error)) : this.done()));
    return sent + rest.length;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off("close", done);
        resolve();
        this.#linger();
      };
      this.#socket.once("close", done);
      this.#socket.end(done);
    });
  }

  abort(): void {
    this.#receiver.leave();
    this.#socket.destroy();
  }

  /** As much as the system takes at once. */
  #send(bytes: Uint8Array): number {
    const fd = handleOf(this.#socket)?.fd;
    if (fd === undefined || fd < 0) return 0;
    const { stackTraceLimit } = Error;
    // An error is how Node says that there is no room: what it costs is the trace.
    Error.stackTraceLimit = 0;
    try {
      return writeSync(fd, bytes);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EAGAIN") return 0;
      throw failureOf(error);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  /** Our last word is said. The peer's is waited for, if nobody reads it any more, but not for ever. */
  #linger(): void {
    if (this.#socket.destroyed) return;
    const timer = setTimeout(() => this.#receiver.isLeft && this.#socket.destroy(), LINGER_MS);
    timer.unref();
    this.#socket.once("close", () => clearTimeout(timer));
  }
}

/** A peer that is gone is no failure of a stream, however it went. */
function failureOf(cause: unknown): unknown {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return code === "EPIPE" || code === "ECONNRESET" || code === "ERR_STREAM_DESTROYED"
    ? new PeerClosed({ cause })
    : cause;
}
