import { Outlet } from "../../io/outlet.ts";
import { none, readInto, type Source } from "../../io/ports.ts";
import { Signal, type Waker } from "../../io/readiness.ts";
import type { Tally } from "../../io/tally.ts";
import { SocketError } from "./error-code.ts";
import { newSocketTally, type SocketTally } from "./tallies.ts";
import type { TcpConnection } from "./tcp-port.ts";

/** The two directions of a connection, as its streams and `shutdown` share them. Each is made when somebody uses it. */
export class TcpStreams {
  readonly connection: TcpConnection;
  readonly #bufferBytes: number;
  readonly #tally: SocketTally;
  #source: ReceivingSource | undefined;
  #outlet: Outlet | undefined;
  /** Called when nothing more is to be sent. */
  onSent: (() => void) | undefined;
  #sending:
    /** May become finishing. */
    | "open"
    /** What is left is sent. Becomes finished when the promise resolves. */
    | Promise<void>
    /** Final. */
    | "finished" = "open";

  /** @param tally Missing: nobody wants to know. */
  constructor(connection: TcpConnection, bufferBytes: number, tally: SocketTally = newSocketTally()) {
    this.connection = connection;
    this.#bufferBytes = bufferBytes;
    this.#tally = tally;
  }

  get source(): ReceivingSource {
    return (this.#source ??= new ReceivingSource(this.connection.source));
  }

  get outlet(): Outlet {
    return (this.#outlet ??= new Outlet(this.connection.sink, this.#bufferBytes, this.#tally.sent));
  }

  /** Whether nothing more is to be sent. */
  get isSent(): boolean {
    return this.#sending === "finished";
  }

  /** What `source` is counted with; `outlet` does so itself. */
  get received(): Tally {
    return this.#tally.received;
  }

  shutdown(direction: "receive" | "send" | "both"): void {
    if (direction !== "send") this.source.close();
    if (direction !== "receive") void this.finishSending();
  }

  /** The stream is closed for whoever writes; what it holds is sent, then FIN. Gives nothing if that is done. */
  finishSending(): void | Promise<void> {
    if (this.#sending === "finished") return undefined;
    if (this.#sending !== "open") return this.#sending;
    const finished = (): void => {
      this.#sending = "finished";
      this.onSent?.();
    };
    let rest;
    try {
      rest = this.outlet.sealOrWait();
    } catch {
      // A peer that does not want it all is no news to anybody any more.
    }
    if (!(rest instanceof Promise)) {
      finished();
      return undefined;
    }
    return (this.#sending = rest.then(finished, finished));
  }

  /** What is written has no end: the connection is reset, so that the peer does not take what it got for all. */
  breakOff(): void {
    if (this.#sending !== "open") return;
    const cause = new SocketError("connection-aborted", "what was to be sent has failed");
    this.#sending = "finished";
    this.outlet.abort(cause);
    this.source.fail(cause);
    this.connection.reset();
    this.onSent?.();
  }

  /** Lets go of the connection when all is sent. Gives nothing if it is. */
  close(): void | Promise<void> {
    this.source.close();
    const rest = this.finishSending();
    return rest ? rest.then(() => this.connection.close()) : this.connection.close();
  }
}

/** What a connection receives, until somebody does not want it any more: the stream then ends at once. */
export class ReceivingSource implements Source {
  readonly #source: Source;
  /** Notified when it is closed, or fails. */
  readonly #closing = new Signal();
  #closed = false;
  #failure: { readonly cause: unknown } | undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  read(max: number): Uint8Array | null {
    if (this.#isClosed()) return null;
    // Whoever asks for nothing is told of an end that is known.
    if (max === 0 && !this.#source.ready()) return none();
    return this.#source.read(max);
  }

  readInto(into: Uint8Array): number | null {
    if (this.#isClosed()) return null;
    if (into.length === 0 && !this.#source.ready()) return 0;
    return readInto(this.#source, into);
  }

  /** @throws Why the connection is no more, to who still wants it. */
  #isClosed(): boolean {
    if (this.#failure && !this.#closed) throw this.#failure.cause;
    return this.#closed;
  }

  ready(): boolean {
    return this.#closed || this.#failure !== undefined || this.#source.ready();
  }

  watch(waker: Waker): void {
    this.#source.watch(waker);
    this.#closing.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#source.unwatch(waker);
    this.#closing.unwatch(waker);
  }

  /** The connection is no more. */
  fail(cause: unknown): void {
    this.#failure ??= { cause };
    this.#closing.notify();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#source.close();
    this.#closing.notify();
  }
}
