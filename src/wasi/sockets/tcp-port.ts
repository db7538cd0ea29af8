import type { Sink, Source } from "../../io/ports.ts";
import type { Family, SocketAddress } from "./address.ts";

/** The TCP of a network: the one port behind every TCP socket. Knows nothing of permits, handles or guests. */
export interface TcpPort {
  /** What a socket has where nobody said anything. */
  defaults(): TcpOptions;
  /**
   * Makes a socket, which may take nothing from the system before it is bound or connected.
   *
   * @throws A system error, known by its `code`, such as `EMFILE`.
   */
  open(family: Family): TcpHandle;
}

/** What can be said of a connection. A network that cannot do something of it may leave it. */
export interface TcpOptions {
  readonly keepAlive: boolean;
  /** Seconds, 1 to 32,767. */
  readonly keepAliveIdle: number;
  readonly keepAliveInterval: number;
  /** 1 to 127. */
  readonly keepAliveCount: number;
  /** 1 to 255. */
  readonly hopLimit: number;
  /** Bytes, at least 1. */
  readonly receiveBuffer: number;
  readonly sendBuffer: number;
}

/** One TCP socket, before it is a connection. Errors are those of the system, known by their `code`. */
export interface TcpHandle {
  /** Binds it to an address and a port; 0 is any. May be tried again after a failure. */
  bind(address: SocketAddress): void | Promise<void>;

  /** Where it is bound. Called only then, and not after `connect`. */
  local(): SocketAddress;

  /** Connects it. Called once; the connection is the caller's. */
  connect(remote: SocketAddress, options: TcpOptions): Promise<TcpConnection>;

  /** Listens where it is bound. Each connection is the callback's. @param backlog How many may wait for the system. */
  listen(backlog: number, accepted: (connection: TcpConnection) => void): void | Promise<void>;

  /** Lets go of it: gives up what is under way, and listens no more. May be called more than once. */
  close(): void;
}

/** A connection. Its source fails once if it is reset, and then ends; its sink is over when the peer is gone. */
export interface TcpConnection {
  /** Closed: nothing is received any more. */
  readonly source: Source;
  /** Closed: the peer is told that nothing follows, after all that was written. */
  readonly sink: Sink;
  local(): SocketAddress;
  remote(): SocketAddress;
  apply(options: TcpOptions): void;
  /** Ends it at once, so that the peer hears of a reset. */
  reset(): void;
}
