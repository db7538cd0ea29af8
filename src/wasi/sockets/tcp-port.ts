import type { Sink, Source } from "../../io/ports.ts";
import type { Family, SocketAddress } from "./address.ts";

/** What can be set on a TCP socket: within what WASI permits, so that a network may take each value as it is. */
export interface TcpOptions {
  /** Whether probes are sent on a connection without data. */
  readonly keepAlive: boolean;
  /** Seconds without data until the first probe: 1 to 32767. */
  readonly keepAliveIdleSeconds: number;
  /** Seconds between probes: 1 to 32767. */
  readonly keepAliveIntervalSeconds: number;
  /** Probes without an answer: 1 to 127. */
  readonly keepAliveCount: number;
  /** 1 to 255. */
  readonly hopLimit: number;
  /** The system's buffer of what arrives: 1 to 2^31 - 1. A network may make another size of it. */
  readonly receiveBufferBytes: number;
  /** As `receiveBufferBytes`, of what is sent. */
  readonly sendBufferBytes: number;
}

/** The TCP of a network: the one port behind every TCP socket. Knows nothing of permits, handles or guests. */
export interface TcpPort {
  /** What a socket has where nobody said anything. */
  defaults(): TcpOptions;
  /**
   * Makes a socket, which may take nothing from the system before it is bound or connects.
   *
   * @throws A system error, known by its `code`, such as `EMFILE`.
   */
  open(family: Family): TcpHandle;
}

/** One TCP socket that is not connected. Errors are those of the system, known by their `code`. */
export interface TcpHandle {
  /** Binds it to an address and a port; 0 is any. May be tried again after a failure. */
  bind(address: SocketAddress): void | Promise<void>;

  /** Where it is bound, now. Called only then. */
  local(): SocketAddress;

  /** Connects it, bound or not. Called once, and then nothing else but `close`, which gives the attempt up. */
  connect(remote: SocketAddress, options: TcpOptions): Promise<TcpConnection>;

  /**
   * Listens where it is bound. Called once, and then nothing else but `local` and `close`.
   *
   * @param backlog How many peers may wait before anybody is told of them, where the system can do so.
   */
  listen(backlog: number, events: TcpListenerEvents): void | Promise<void>;

  /** Lets go of it, but not of its connections. May be called more than once. */
  close(): void;
}

/** What a listening socket tells. */
export interface TcpListenerEvents {
  /** A peer has connected. The connection is the receiver's, to close or to reset. */
  arrived(connection: TcpConnection): void;
  /** A peer would have, but for a system error, known by its `code`. It listens on. */
  failed(cause: unknown): void;
}

/** A connection. Reads ahead no more than a buffer or two, whoever asks; then its peer is stopped. */
export interface TcpConnection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** What the peer sends, to its FIN. Closing it receives nothing more, and leaves `sink` as it is. */
  readonly source: Source;
  /** Sends to the peer. Closing it sends FIN, and leaves `source` as it is. */
  readonly sink: Sink;
  /** As `TcpOptions` change. */
  configure(options: TcpOptions): void;
  /**
   * Lets go of it, in order. Whoever wants to be sure that all has been sent closes the sink before. Gives nothing if that
   * is done; a promise if it takes a while, so that the peer can read what the system has yet to send.
   */
  close(): void | Promise<void>;
  /** Lets go of it; the peer is told that it is reset. */
  reset(): void;
}
