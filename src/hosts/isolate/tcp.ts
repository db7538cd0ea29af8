/** The TCP of a network, for a guest in another thread. */
import type { Family, SocketAddress } from "../../wasi/sockets/address.ts";
import type { TcpConnection, TcpHandle, TcpListenerEvents, TcpOptions, TcpPort } from "../../wasi/sockets/tcp-port.ts";
import { errorOf, wireOf, type WireError } from "./errors.ts";
import type { Link } from "./link.ts";
import type { InputFeed, RingSource } from "./ring-input.ts";
import type { OutputPump, RingSink } from "./ring-output.ts";
import type { RingPlace } from "./shared-streams.ts";
import { OpenSockets, remoteSocket } from "./sockets.ts";

const RING_BYTES = 64 * 1024;
/** Peers beyond the backlog that the guest's thread is told of at a time: it knows how many wait. */
const PEERS_AHEAD = 16;

/** A connection on its way. */
interface WireConnection {
  readonly number: number;
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly received: RingPlace;
  readonly sent: RingPlace;
}

interface OpenConnection {
  readonly connection: TcpConnection;
  readonly feed: InputFeed;
  readonly pump: OutputPump;
}

/** In the thread of the network: what the guest has open. */
export class OpenTcp {
  readonly #link: Link;
  readonly #sockets: OpenSockets<TcpHandle>;
  readonly #connections = new Map<number, OpenConnection>();
  #last = 0;
  #isOver = false;

  constructor(link: Link, port: TcpPort) {
    this.#link = link;
    this.#sockets = new OpenSockets(link, "tcp");
    link.answer({
      tcpDefaults: () => port.defaults(),
      tcpOpen: (number: number, family: Family) => this.#sockets.add(number, port.open(family)),
      tcpConnect: async (number: number, remote: SocketAddress, options: TcpOptions) =>
        this.#give(await this.#sockets.at(number).connect(remote, options)),
      tcpListen: (number: number, backlog: number) =>
        this.#sockets.at(number).listen(backlog, this.#events(number, backlog)),
      tcpConfigure: (number: number, options: TcpOptions) =>
        this.#connections.get(number)?.connection.configure(options),
      tcpEnd: (number: number, how: "close" | "reset") => this.#end(number, how),
    });
  }

  /** The instance is over. */
  release(reason: unknown): void {
    this.#isOver = true;
    for (const [number, { pump }] of [...this.#connections]) {
      pump.release(reason);
      void this.#end(number, "close");
    }
    this.#sockets.release();
  }

  #events(socket: number, backlog: number): TcpListenerEvents {
    // Those that the guest's thread has not heard of: it may be busy.
    let unheard = 0;
    return {
      arrived: (connection) => {
        if (this.#isOver || unheard >= backlog + PEERS_AHEAD) {
          connection.reset();
          return;
        }
        unheard++;
        const heard = (): void => void unheard--;
        this.#link.call("tcpArrived", socket, this.#give(connection)).then(heard, heard);
      },
      failed: (cause) => this.#link.tell("tcpFailed", socket, wireOf(cause)),
    };
  }

  #give(connection: TcpConnection): WireConnection {
    const { local, remote, source, sink } = connection;
    const number = ++this.#last;
    const [received, sent] = this.#link.places([RING_BYTES, RING_BYTES]);
    const feed = this.#link.feed(received, source);
    this.#connections.set(number, { connection, feed, pump: this.#link.pump(sent, sink) });
    if (this.#isOver) void this.#end(number, "reset");
    return { number, local, remote, received, sent };
  }

  #end(number: number, how: "close" | "reset"): void | Promise<void> {
    const open = this.#connections.get(number);
    if (!open) return undefined;
    this.#connections.delete(number);
    const { connection, feed, pump } = open;
    // What the guest did to its streams before was said in their rings.
    pump.wake();
    feed.release();
    const end = connection[how]();
    pump.release(new Error("the connection is closed"));
    return end;
  }
}

/** In the thread of the guest. */
export class RemoteTcp implements TcpPort {
  readonly #link: Link;
  readonly #listening = new Map<number, TcpListenerEvents>();
  #last = 0;
  #defaults: TcpOptions | undefined;

  constructor(link: Link) {
    this.#link = link;
    link.answer({
      tcpArrived: (number: number, wire: WireConnection) => {
        const connection = new RemoteConnection(link, wire);
        const events = this.#listening.get(number);
        if (events) events.arrived(connection);
        else connection.reset();
      },
      tcpFailed: (number: number, cause: WireError) => this.#listening.get(number)?.failed(errorOf(cause)),
    });
  }

  defaults(): TcpOptions {
    return (this.#defaults ??= this.#link.callNow("tcpDefaults") as TcpOptions);
  }

  open(family: Family): TcpHandle {
    const link = this.#link;
    const number = ++this.#last;
    link.callNow("tcpOpen", number, family);
    return {
      ...remoteSocket(link, "tcp", number, () => this.#listening.delete(number)),
      connect: async (remote, options) =>
        new RemoteConnection(link, (await link.call("tcpConnect", number, remote, options)) as WireConnection),
      listen: (backlog, events) => {
        this.#listening.set(number, events);
        return link.call("tcpListen", number, backlog) as Promise<void>;
      },
    };
  }
}

class RemoteConnection implements TcpConnection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly source: RingSource;
  readonly sink: RingSink;
  readonly #link: Link;
  readonly #number: number;

  constructor(link: Link, { number, local, remote, received, sent }: WireConnection) {
    this.#link = link;
    this.#number = number;
    this.local = local;
    this.remote = remote;
    this.source = link.source(received);
    this.sink = link.sink(sent);
  }

  configure(options: TcpOptions): void {
    this.#link.tell("tcpConfigure", this.#number, options);
  }

  close(): Promise<void> {
    return this.#link.call("tcpEnd", this.#number, "close") as Promise<void>;
  }

  reset(): void {
    this.#link.tell("tcpEnd", this.#number, "reset");
  }
}
