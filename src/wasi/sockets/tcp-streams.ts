import { InputStream } from "../../io/input-stream.ts";
import { Outlet } from "../../io/outlet.ts";
import { OutputStream } from "../../io/output-stream.ts";
import type { PermitMode } from "../../io/permit.ts";
import type { Source } from "../../io/ports.ts";
import { Signal, type Waker } from "../../io/readiness.ts";
import { newTally } from "../../io/tally.ts";
import type { TcpConnection } from "./tcp-port.ts";

/** What the streams of a connection may hold, and how writes are permitted. */
export interface TcpSettings {
  readonly bufferBytes: number;
  readonly readBytes: number;
  readonly permits: PermitMode;
}

const NOTHING = new Uint8Array(0);

/** A source that can be ended from this side: what has arrived and was not read is gone then. */
class ShutSource implements Source, Waker {
  readonly #source: Source;
  readonly #changed = new Signal();
  #isShut = false;

  constructor(source: Source) {
    this.#source = source;
  }

  shut(): void {
    if (this.#isShut) return;
    this.#isShut = true;
    if (this.#changed.watchers > 0) this.#source.unwatch(this);
    this.#source.close();
    this.#changed.notify();
  }

  read(max: number): Uint8Array | null {
    if (this.#isShut) return null;
    return max === 0 && !this.#source.ready() ? NOTHING : this.#source.read(max);
  }

  ready(): boolean {
    return this.#isShut || this.#source.ready();
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
    if (!this.#isShut && this.#changed.watchers === 1) this.#source.watch(this);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
    if (!this.#isShut && this.#changed.watchers === 0) this.#source.unwatch(this);
  }

  wake(): void {
    this.#changed.notify();
  }

  close(): void {
    this.shut();
  }
}

/** The two streams of a connection, each of which ends one half of it when it is dropped. */
export class TcpStreams {
  readonly connection: TcpConnection;
  readonly input: InputStream;
  readonly output: OutputStream;
  readonly outlet: Outlet;
  readonly #source: ShutSource;

  /** @param onEnd Told when nothing more will be sent: all has been, or nobody takes it. */
  constructor(connection: TcpConnection, settings: TcpSettings, onEnd: (outlet: Outlet) => void = () => {}) {
    this.connection = connection;
    this.#source = new ShutSource(connection.source);
    this.input = new InputStream(this.#source, settings.readBytes, newTally());
    this.outlet = new Outlet(connection.sink, settings.bufferBytes);
    this.output = new OutputStream(this.outlet, settings.permits, () => {
      void this.outlet.finish().finally(() => onEnd(this.outlet));
    });
  }

  /** @see WASI 0.2 `wasi:sockets/tcp` `tcp-socket.shutdown` */
  shutdown(how: "receive" | "send" | "both"): void {
    if (how !== "send") this.#source.shut();
    // A failure shows in the output, as any other.
    if (how !== "receive") void this.outlet.finish().catch(() => {});
  }

  /** The guest has let go of the socket, and so of both streams. */
  drop(): void {
    this.shutdown("both");
  }
}
