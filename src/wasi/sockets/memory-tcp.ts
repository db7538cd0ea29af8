import { ByteQueue } from "../../io/byte-queue.ts";
import { none, PeerClosed, type Sink, type Source } from "../../io/ports.ts";
import { Signal, type Waker } from "../../io/readiness.ts";
import { anywhere, isLoopback, isUnspecified, type Family, type SocketAddress } from "./address.ts";
import { NetworkError } from "./error-code.ts";
import type { MemoryHost, Wire } from "./memory-network.ts";
import { MemoryPorts } from "./memory-ports.ts";
import type { TcpConnection, TcpHandle, TcpListenerEvents, TcpOptions, TcpPort } from "./tcp-port.ts";

/** Bytes that are under way in one direction, or have arrived and nobody has read. */
const WINDOW_BYTES = 64 * 1024;

const DEFAULTS: TcpOptions = {
  keepAlive: false,
  keepAliveIdleSeconds: 7200,
  keepAliveIntervalSeconds: 75,
  keepAliveCount: 9,
  hopLimit: 64,
  receiveBufferBytes: 65_536,
  sendBufferBytes: 65_536,
};

/** The TCP of one host of a network in memory. */
export class MemoryTcp implements TcpPort {
  readonly host: MemoryHost;
  readonly ports: MemoryPorts<MemoryTcpHandle> = new MemoryPorts();

  constructor(host: MemoryHost) {
    this.host = host;
  }

  defaults(): TcpOptions {
    return DEFAULTS;
  }

  open(family: Family): TcpHandle {
    return new MemoryTcpHandle(this, family);
  }

  /** Who listens at an address. */
  listener({ family, ip, port }: SocketAddress): TcpListenerEvents | undefined {
    for (const { bound, events } of this.ports.at(family, port)) {
      if (bound && events && (bound.ip === ip || isUnspecified(bound))) return events;
    }
    return undefined;
  }
}

class MemoryTcpHandle implements TcpHandle {
  readonly #tcp: MemoryTcp;
  readonly #family: Family;
  #bound: SocketAddress | undefined;
  #events: TcpListenerEvents | undefined;
  /** Whether it is its connection that has the port. */
  #isConnected = false;
  #isClosed = false;

  constructor(tcp: MemoryTcp, family: Family) {
    this.#tcp = tcp;
    this.#family = family;
  }

  get bound(): SocketAddress | undefined {
    return this.#bound;
  }

  get events(): TcpListenerEvents | undefined {
    return this.#events;
  }

  bind(address: SocketAddress): void {
    const { host, ports } = this.#tcp;
    if (!isUnspecified(address) && !host.has(address)) {
      throw new NetworkError("EADDRNOTAVAIL", `${address.ip} is no address of this host`);
    }
    this.#bound = ports.bind(this, address);
  }

  local(): SocketAddress {
    if (!this.#bound) throw new NetworkError("EINVAL", "the socket is not bound");
    return this.#bound;
  }

  async connect(remote: SocketAddress): Promise<TcpConnection> {
    const { wire, addresses } = this.#tcp.host;
    if (!this.#bound) this.bind(anywhere(this.#family));
    const bound = this.local();
    const own = isLoopback(remote) ? remote : addresses.find(({ family }) => family === this.#family);
    const ip = isUnspecified(bound) ? own?.ip : bound.ip;
    const host = isLoopback(remote) ? this.#tcp.host : wire.hostOf(remote);
    if (ip === undefined || !host) throw new NetworkError("ENETUNREACH", `there is no way to ${remote.ip}`);
    await new Promise<void>((resolve) => wire.carry(resolve));
    const events = host.tcp.listener(remote);
    const [here, there] = connectionsBetween({ ...bound, ip }, remote, wire, () => this.#free());
    if (events && !this.#isClosed) events.arrived(there);
    await new Promise<void>((resolve) => wire.carry(resolve));
    if (!events) this.#free();
    if (!events) throw new NetworkError("ECONNREFUSED", `nobody listens at ${remote.ip} port ${remote.port}`);
    if (this.#isClosed) {
      // Who listens has heard of it.
      here.reset();
      throw new NetworkError("ECANCELED", "the socket was closed");
    }
    this.#isConnected = true;
    return here;
  }

  listen(_: number, events: TcpListenerEvents): void {
    this.#events = events;
  }

  close(): void {
    this.#isClosed = true;
    this.#events = undefined;
    if (!this.#isConnected) this.#free();
  }

  #free(): void {
    const bound = this.#bound;
    this.#bound = undefined;
    if (bound) this.#tcp.ports.unbind(this, bound);
  }
}

function connectionsBetween(
  client: SocketAddress,
  server: SocketAddress,
  wire: Wire,
  free: () => void,
): readonly [TcpConnection, TcpConnection] {
  const there: Direction = new Direction(wire, () => broken());
  const back = new Direction(wire, () => broken());
  const broken = (): void => {
    there.break();
    back.break();
  };
  return [new MemoryConnection(client, server, back, there, free), new MemoryConnection(server, client, there, back)];
}

class MemoryConnection implements TcpConnection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly source: Source;
  readonly sink: Sink;
  readonly #incoming: Direction;
  readonly #outgoing: Direction;
  readonly #onClose: () => void;

  constructor(
    local: SocketAddress,
    remote: SocketAddress,
    incoming: Direction,
    outgoing: Direction,
    onClose: () => void = () => {},
  ) {
    this.local = local;
    this.remote = remote;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#onClose = onClose;
    this.source = incoming.source;
    this.sink = outgoing.sink;
  }

  configure(): void {}

  close(): void {
    this.#outgoing.end();
    this.#incoming.leave();
    this.#onClose();
  }

  reset(): void {
    this.#outgoing.reset();
    this.#incoming.leave(true);
    this.#onClose();
  }
}

/** How a direction ends for who reads. */
type End = "ended" | "reset" | "told";

/** One direction of a connection: bytes go in at one end, and come out at the other after as long as everything takes. */
class Direction {
  readonly source: Source;
  readonly sink: Sink;
  readonly #wire: Wire;
  readonly #onBreak: () => void;
  readonly #queue = new ByteQueue();
  readonly #changed = new Signal();
  #underWay = 0;
  /** Whether the one who writes has ended it. */
  #isOver = false;
  #end: End | undefined;
  /** Whether the reader is gone. From then on the writer's window does not open any more. */
  #isLeaving = false;
  /** Whether the writer has heard of that. */
  #isLeft = false;
  /** Whether the reader left something that was sent to him. */
  #hasLost = false;
  #discards = false;

  /** @param onBreak Called when the network breaks the connection while somebody writes to it. */
  constructor(wire: Wire, onBreak: () => void) {
    this.#wire = wire;
    this.#onBreak = onBreak;
    const both = {
      watch: (waker: Waker) => this.#changed.watch(waker),
      unwatch: (waker: Waker) => this.#changed.unwatch(waker),
    };
    this.source = {
      ...both,
      read: (max) => this.#read(max),
      ready: () => this.#queue.size > 0 || this.#end !== undefined,
      close: () => this.#discard(),
    };
    this.sink = {
      ...both,
      write: (bytes) => this.#write(bytes),
      flush: () => this.#flush(),
      close: () => this.end(),
      // The connection is about to go, and is reset then.
      abort: () => this.reset(),
    };
  }

  end(): void {
    this.#finish("ended");
  }

  reset(): void {
    this.#finish("reset");
  }

  /** The network gives up. What was ended before has arrived, or will. */
  break(): void {
    this.#finish("reset");
    this.#wire.carry(() => {
      this.#isLeft = true;
      this.#hasLost = true;
      this.#notifyLater();
    });
  }

  /** Nobody reads any more, and the writer is to know. @param isReset Whether that is a failure. */
  leave(isReset: boolean = false): void {
    this.#isLeaving = true;
    this.#hasLost ||= isReset;
    this.#wire.carry(() => {
      this.#isLeft = true;
      this.#discard();
    });
  }

  #read(max: number): Uint8Array | null {
    this.#queue.recycle();
    if (this.#queue.size > 0) {
      const bytes = this.#queue.first(max);
      this.#queue.shift(bytes.length);
      if (bytes.length > 0) this.#notifyLater();
      return bytes;
    }
    if (this.#end === "reset") {
      this.#end = "told";
      throw new NetworkError("ECONNRESET", "the peer has reset the connection");
    }
    return this.#end ? null : none();
  }

  #write(bytes: Uint8Array): number {
    if (this.#isLeft || this.#isOver) throw new PeerClosed();
    const taken = bytes.slice(0, WINDOW_BYTES - this.#underWay - this.#queue.size);
    if (taken.length === 0) return 0;
    if (this.#wire.breaks()) {
      this.#onBreak();
      throw new NetworkError("ECONNRESET", "the network has reset the connection");
    }
    this.#underWay += taken.length;
    this.#wire.carry(() => {
      if (this.#isLeaving) {
        this.#hasLost = true;
        return;
      }
      this.#underWay -= taken.length;
      if (this.#discards) this.#hasLost = true;
      else if (this.#end === undefined) this.#queue.push(taken);
      this.#notifyLater();
    });
    return taken.length;
  }

  /** What has been sent is out of the writer's hands: a flush is complete, unless the reader has left some of it. */
  #flush(): boolean {
    if (this.#isOver || (this.#isLeft && this.#hasLost)) throw new PeerClosed();
    return true;
  }

  #discard(): void {
    this.#discards = true;
    this.#hasLost ||= this.#queue.size > 0;
    this.#queue.clear();
    this.#queue.recycle();
    this.#notifyLater();
  }

  #finish(end: End): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wire.carry(() => {
      this.#end ??= end;
      if (end === "reset") this.#queue.clear();
      this.#notifyLater();
    });
  }

  /** Not at once: the reader may still hold a view, and a writer must not be woken while it writes. */
  #notifyLater(): void {
    void Promise.resolve().then(() => this.#changed.notify());
  }
}
