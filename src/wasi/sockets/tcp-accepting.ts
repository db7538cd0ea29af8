import type { InternalError } from "../../io/trap.ts";
import { Signal, type Readiness, type Waker } from "../../io/readiness.ts";
import { failureOf, SocketError, WOULD_BLOCK } from "./error-code.ts";
import { isYes, type AddressCheck } from "./network.ts";
import type { TcpConnection, TcpListenerEvents, TcpOptions } from "./tcp-port.ts";

/** A peer who waits to be accepted, with what its socket has from the one that listens. */
export interface Arrival {
  readonly connection: TcpConnection;
  readonly options: TcpOptions;
}

/** What `Accepting` needs of the socket that listens. */
export interface Listener {
  readonly check: AddressCheck;
  readonly options: TcpOptions;
  readonly backlog: number;
  /** Counts one more socket. @throws If that is one too many. */
  reserve(): void;
  /** Counts one less. */
  release(): void;
}

/**
 * The peers of a listening socket that nobody has accepted: no more than its backlog, each counted as a socket. Who comes
 * past that, or is not permitted, is reset, and the guest never knows.
 */
export class Accepting implements TcpListenerEvents, Readiness {
  readonly #listener: Listener;
  readonly #changed = new Signal();
  readonly #arrivals: Arrival[] = [];
  #failure: { readonly cause: unknown } | undefined;
  /** Peers about whom somebody has yet to say whether they are permitted. */
  #asked = 0;
  #closed = false;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  arrived(connection: TcpConnection): void {
    const { check, options, backlog } = this.#listener;
    if (this.#closed || this.#arrivals.length + this.#asked >= backlog) {
      connection.reset();
      return;
    }
    let answer: boolean | Promise<boolean>;
    try {
      this.#listener.reserve();
    } catch {
      connection.reset();
      return;
    }
    const arrival = { connection, options };
    try {
      answer = check(connection.remote, "tcp-accept");
    } catch (cause) {
      this.#refuse(arrival, cause);
      return;
    }
    if (!(answer instanceof Promise)) {
      this.#settle(arrival, isYes(answer));
      return;
    }
    this.#asked++;
    answer.then(
      (later) => {
        this.#asked--;
        this.#settle(arrival, isYes(later));
      },
      (cause: unknown) => {
        this.#asked--;
        this.#refuse(arrival, cause);
      },
    );
  }

  failed(cause: unknown): void {
    if (this.#closed) return;
    this.#failure ??= { cause };
    this.#changed.notify();
  }

  /** The first who waits. @throws {SocketError} `would-block` if nobody does; why somebody could not come, once. */
  take(): Arrival {
    const arrival = this.#arrivals.shift();
    if (arrival) return arrival;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw acceptError(failure.cause);
    throw WOULD_BLOCK;
  }

  ready(): boolean {
    return this.#arrivals.length > 0 || this.#failure !== undefined;
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }

  /** Nobody accepts any more: all who wait are reset. */
  close(): void {
    this.#closed = true;
    for (const arrival of this.#arrivals.splice(0)) this.#reset(arrival);
  }

  /** Whoever was asked has failed. */
  #refuse(arrival: Arrival, cause: unknown): void {
    this.#reset(arrival);
    if (this.#closed) return;
    this.#failure = { cause };
    this.#changed.notify();
  }

  #settle(arrival: Arrival, permitted: boolean): void {
    if (this.#closed || !permitted) {
      this.#reset(arrival);
      return;
    }
    this.#arrivals.push(arrival);
    this.#changed.notify();
  }

  #reset({ connection }: Arrival): void {
    this.#listener.release();
    connection.reset();
  }
}

/** What Linux says of a peer that is gone again: the guest is told that, and accepts the next one. */
const PEER_GONE = new Set([
  "ECONNRESET",
  "ENETRESET",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETDOWN",
  "ENETUNREACH",
  "EPROTO",
  "ENOPROTOOPT",
  "ENONET",
  "EOPNOTSUPP",
]);

function acceptError(cause: unknown): SocketError | InternalError {
  const gone = cause instanceof Error && "code" in cause && PEER_GONE.has(String(cause.code));
  return gone ? new SocketError("connection-aborted", cause.message, { cause }) : failureOf(cause);
}
