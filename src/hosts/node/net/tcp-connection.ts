/** Connections of `node:net` as sources and sinks. */
import type { Socket } from "node:net";
import { PendingSink } from "../../../io/pending-sink.ts";
import { PeerClosed } from "../../../io/ports.ts";
import type { Family, SocketAddress } from "../../../wasi/sockets/address.ts";
import type { TcpConnection, TcpOptions } from "../../../wasi/sockets/tcp-port.ts";
import { fs } from "../builtins.ts";
import { codeOf, limitStacks, wouldBlock } from "../fd-retry.ts";
import { sinkFailure } from "../writable.ts";
import { addressOf } from "./address.ts";
import { tcpDefaults } from "./defaults.ts";
import { setSystemOptions } from "./system-options.ts";
import { handleOf, HANDLES_KNOW, socketOn, type Handle, type ReadingSocket } from "./tcp-handle.ts";
import { NodeTcpSource } from "./tcp-source.ts";

/** Handed to Node's stream when the system takes no more. */
const PROBE_BYTES = 4096;
/** How long a peer who still sends has to read what it was sent, and how much it may send meanwhile. */
const LINGER_MS = 2000;
const LINGER_BYTES = 1024 * 1024;

/**
 * A connection that was accepted is a handle of libuv's, and nothing else, until somebody waits for something: then it is
 * a socket of Node's, which is several times as large.
 */
export class NodeTcpConnection implements TcpConnection {
  readonly remote: SocketAddress;
  #source: NodeTcpSource | undefined;
  #sink: NodeTcpSink | undefined;
  readonly #local: SocketAddress | (() => SocketAddress);
  /** Where there is one that knows that its descriptor is gone, whoever has closed it. */
  #handle: Handle | undefined;
  #socket: Socket | undefined;
  #options: TcpOptions = tcpDefaults();
  #isClosed = false;
  #isLeft = false;

  /**
   * @param made Connected.
   * @param local May ask the system.
   */
  constructor(made: Handle | ReadingSocket, remote: SocketAddress, local: SocketAddress | (() => SocketAddress)) {
    this.#local = local;
    this.remote = remote;
    if ("socket" in made) {
      this.#source = new NodeTcpSource(this, made.arrivals);
      if (HANDLES_KNOW) this.#handle = handleOf(made.socket);
      this.#adopt(made.socket);
    } else {
      this.#handle = made;
    }
  }

  get source(): NodeTcpSource {
    return (this.#source ??= new NodeTcpSource(this));
  }

  get sink(): NodeTcpSink {
    return (this.#sink ??= new NodeTcpSink(this));
  }

  /** The connection of a socket that is connected. */
  static of(reading: ReadingSocket, family: Family, known?: SocketAddress): NodeTcpConnection {
    const { localAddress = "", localPort = 0, remoteAddress = "", remotePort = 0 } = reading.socket;
    const local = known ?? addressOf(localAddress, localPort, family);
    return new NodeTcpConnection(reading, addressOf(remoteAddress, remotePort, family), local);
  }

  get local(): SocketAddress {
    return typeof this.#local === "function" ? this.#local() : this.#local;
  }

  /** Reads from now on, for as long as there is room. */
  get socket(): Socket {
    if (this.#socket) return this.#socket;
    const { socket } = socketOn(this.#handle, this.source.arrivals);
    this.#adopt(socket);
    return socket;
  }

  /** Whether it is still what the system accepted: nobody has read anything. */
  get isHandle(): boolean {
    return this.#socket === undefined;
  }

  /** Its descriptor; negative if it has none any more, or never had one. */
  get fd(): number {
    if (this.#handle) return this.#handle.fd ?? -1;
    const socket = this.#socket;
    return socket && !socket.destroyed ? (handleOf(socket)?.fd ?? -1) : -1;
  }

  /** Whether there is nothing any more that could be ended. */
  get isGone(): boolean {
    return this.#socket?.destroyed ?? this.#isClosed;
  }

  /**
   * Ends what has been closed of it, when whoever runs now is done: all of it may be let go of by then, which does the same
   * for less.
   */
  leave(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    process.nextTick(left, this);
  }

  /** As `leave` has it. */
  left(): void {
    this.#isLeft = false;
    if (this.isGone) return;
    if (this.#source?.isClosed === true) this.#source.forget();
    if (this.#sink?.hasEnded === true) this.socket.end();
  }

  configure(options: TcpOptions): void {
    const before = this.#options;
    this.#options = options;
    if (options === before) return;
    setSystemOptions(this.fd, this.remote.family, options, before);
    if (!options.keepAlive && !before.keepAlive) return;
    const { keepAliveIdleSeconds, keepAliveIntervalSeconds, keepAliveCount } = options;
    const { socket } = this;
    // The last two are new, and older ones leave them out.
    const set = socket.setKeepAlive.bind(socket) as (on: boolean, ...numbers: number[]) => unknown;
    set(options.keepAlive, keepAliveIdleSeconds * 1000, keepAliveIntervalSeconds * 1000, keepAliveCount);
  }

  close(): void | Promise<void> {
    if (this.#sink?.isAborted === true) {
      this.reset();
      return undefined;
    }
    this.#isClosed = true;
    const socket = this.#socket;
    if (!socket) {
      this.#handle?.close();
      this.#handle = undefined;
      return undefined;
    }
    if (socket.destroyed) return undefined;
    if (socket.readableEnded || this.#sink?.hasWritten !== true) {
      socket.destroy();
      return undefined;
    }
    return this.#linger(socket);
  }

  reset(): void {
    if (this.isGone) return;
    const { socket } = this;
    this.#isClosed = true;
    const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
    // While the system is about to send FIN, Node would lose the descriptor, and then never come to its own end.
    if (isEnding) socket.once("finish", () => socket.resetAndDestroy());
    else socket.resetAndDestroy();
  }

  /**
   * Let go with input that nobody has read, or with some that comes later, the system would reset it, and forget what it
   * has yet to send. So a peer who sends is heard, though not listened to, for a while.
   */
  #linger(socket: Socket): Promise<void> {
    const { arrivals } = this.source;
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        arrivals.onForgotten = undefined;
        socket.destroy();
        resolve();
      };
      const timer = setTimeout(over, LINGER_MS);
      socket.once("close", over);
      arrivals.onForgotten = () => {
        if (arrivals.forgottenBytes > LINGER_BYTES) over();
      };
      // What has arrived has been read by then: the first comes before the system is asked again, the second after that.
      setImmediate(() =>
        setImmediate(() => {
          if (arrivals.forgottenBytes === 0) over();
        }),
      );
    });
  }

  #adopt(socket: Socket): void {
    this.#socket = socket;
    const { source, sink } = this;
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
  }
}

function left(connection: NodeTcpConnection): void {
  connection.left();
}

/** Writes by system calls; only what does not fit goes through Node's stream, which knows when there is room again. */
class NodeTcpSink extends PendingSink {
  readonly #connection: NodeTcpConnection;
  #isAborted = false;
  #hasEnded = false;
  #hasWritten = false;

  constructor(connection: NodeTcpConnection) {
    super();
    this.#connection = connection;
  }

  /** Whether the peer has to be told that what it got is not all. */
  get isAborted(): boolean {
    return this.#isAborted;
  }

  /** Whether the system may have something yet to send. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** Whether nothing more is to be sent. */
  get hasEnded(): boolean {
    return this.#hasEnded;
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
    this.#hasWritten = true;
    const taken = this.#writeNow(bytes);
    if (taken === bytes.length) return taken;
    const rest = bytes.slice(taken, taken + PROBE_BYTES);
    this.begin();
    this.#connection.socket.write(rest, (error) => {
      if (error) this.failWith(error);
      else this.done();
    });
    return taken + rest.length;
  }

  close(): void | Promise<void> {
    this.#hasEnded = true;
    const connection = this.#connection;
    if (connection.isGone) return undefined;
    // To let go of it, which may follow at once, sends FIN, but for input that nobody has read: then it has to be out before.
    if (connection.isHandle ? connection.source.isAtEdge() : connection.socket.readableEnded) {
      connection.leave();
      return undefined;
    }
    const { socket } = connection;
    return new Promise((resolve) => {
      socket.once("close", resolve);
      socket.end(resolve);
    });
  }

  abort(): void {
    this.#isAborted = true;
  }

  /** What the system takes at once. @throws Its failures. */
  #writeNow(bytes: Uint8Array): number {
    const { fd } = this.#connection;
    // Windows has none.
    if (fd < 0) return 0;
    const frames = limitStacks(0);
    try {
      return fs.writeSync(fd, bytes);
    } catch (error) {
      if (wouldBlock(error)) return 0;
      // The system tells of a reset once, and it may be a write that hears of it.
      if (codeOf(error) === "ECONNRESET") this.#connection.source.failAtEnd(error);
      throw sinkFailure(error);
    } finally {
      limitStacks(frames);
    }
  }
}
