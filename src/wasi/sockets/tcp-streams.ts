import { Outlet } from "../../io/outlet.ts";
import type { Source } from "../../io/ports.ts";
import { Signal, type Waker } from "../../io/readiness.ts";
import { newTally, type Tally } from "../../io/tally.ts";
import type { SocketTally } from "./tallies.ts";
import type { TcpConnection } from "./tcp-port.ts";

const NONE = new Uint8Array(0);

/** The two directions of a connection, as its streams and `shutdown` share them. */
export class TcpStreams {
  readonly connection: TcpConnection;
  readonly source: ReceivingSource;
  readonly outlet: Outlet;
  /** What `source` is counted with; `outlet` does so itself. */
  readonly received: Tally;
  /** Resolves when nothing more is to be sent. */
  readonly sent: Promise<void>;
  readonly #onSent: () => void;
  #finished: Promise<void> | undefined;

  /** @param tally Missing: nobody wants to know. */
  constructor(connection: TcpConnection, bufferBytes: number, tally?: SocketTally) {
    this.connection = connection;
    this.source = new ReceivingSource(connection.source);
    this.outlet = new Outlet(connection.sink, bufferBytes, tally?.sent);
    this.received = tally?.received ?? newTally();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.sent = promise;
    this.#onSent = resolve;
  }

  shutdown(direction: "receive" | "send" | "both"): void {
    if (direction !== "send") this.source.close();
    if (direction !== "receive") void this.finishSending();
  }

  /** The stream is closed for whoever writes; what it holds is sent, then FIN. Resolves when that is done. */
  finishSending(): Promise<void> {
    // A peer that does not want it all is no news to anybody any more.
    return (this.#finished ??= this.outlet
      .seal()
      .catch(() => {})
      .then(this.#onSent));
  }

  /** Lets go of the connection when all is sent. */
  async close(): Promise<void> {
    this.source.close();
    await this.finishSending();
    this.connection.close();
  }
}

/** What a connection receives, until somebody does not want it any more: the stream then ends at once. */
export class ReceivingSource implements Source {
  readonly #source: Source;
  readonly #closing = new Signal();
  #closed = false;

  constructor(source: Source) {
    this.#source = source;
  }

  read(max: number): Uint8Array | null {
    if (this.#closed) return null;
    // Whoever asks for nothing is told of an end that is known.
    if (max === 0 && !this.#source.ready()) return NONE;
    return this.#source.read(max);
  }

  ready(): boolean {
    return this.#closed || this.#source.ready();
  }

  watch(waker: Waker): void {
    this.#source.watch(waker);
    this.#closing.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#source.unwatch(waker);
    this.#closing.unwatch(waker);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#source.close();
    this.#closing.notify();
  }
}
