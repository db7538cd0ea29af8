import type { Family, SocketAddress } from "./address.ts";

/** The UDP of a network: the one port behind every UDP socket. Knows nothing of permits, handles or guests. */
export interface UdpPort {
  /**
   * Makes a socket, which may take nothing from the system before it is bound.
   *
   * @throws A system error, known by its `code`, such as `EMFILE`.
   */
  open(family: Family, events: UdpEvents): UdpHandle;
}

/** What a UDP socket tells of itself, at any time, from when it is bound until it is closed. */
export interface UdpEvents {
  /** A whole datagram has arrived. The bytes are the receiver's. */
  received(data: Uint8Array, from: SocketAddress): void;
  /** Nobody listens where something was sent to, or the like: a system error, known by its `code`. */
  failed(cause: unknown): void;
  /** As `received` and `failed` that came together are to be seen together: they are complete, for now. */
  settled(): void;
}

/** One UDP socket. Errors are those of the system, known by their `code`. */
export interface UdpHandle {
  /** Binds it to an address and a port; 0 is any. May be tried again after a failure. */
  bind(address: SocketAddress): void | Promise<void>;

  /** Where it is bound, now. Called only then. */
  local(): SocketAddress;

  /**
   * Lets it exchange datagrams with `remote` and nobody else, or with anybody again. It keeps its port. After a failure
   * it is with anybody.
   */
  connect(remote: SocketAddress | undefined): void | Promise<void>;

  /**
   * Sends a datagram: to `to`, or where it is connected to. The bytes are this socket's from now on.
   *
   * @throws Why it cannot be sent, in place of telling `report`.
   */
  send(data: Uint8Array, to: SocketAddress | undefined, report: SendReport): void;

  /** 1 to 255. Holds from now on, also before it is bound. */
  hopLimit(): number;
  setHopLimit(value: number): void;

  /** The system's buffer, in bytes; at least 1. As for the hop limit; the system may make another size of it. */
  bufferSize(which: "receive" | "send"): number;
  setBufferSize(which: "receive" | "send", bytes: number): void;

  /** Lets go of it when all that was to be sent has been. May be called more than once. */
  close(): void;
}

/** What becomes of a datagram. Told from within `send`, or later. */
export interface SendReport {
  /** It waits for room in the system's buffer; `left` follows. */
  queued(): void;
  /** It has left, or has failed, for the cause that is given. Told once. */
  left(cause?: unknown): void;
}
