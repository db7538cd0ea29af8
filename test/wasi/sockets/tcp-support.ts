/** A network of TCP that does what it is told. */
import { CollectSink, BytesSource } from "../../../src/io/memory.ts";
import type { Family, SocketAddress } from "../../../src/wasi/sockets/address.ts";
import type { AddressCheck } from "../../../src/wasi/sockets/network.ts";
import type {
  TcpConnection,
  TcpHandle,
  TcpListenerEvents,
  TcpOptions,
  TcpPort,
} from "../../../src/wasi/sockets/tcp-port.ts";
import { TcpSocket } from "../../../src/wasi/sockets/tcp-socket.ts";
import { LOCAL, PEER } from "./support.ts";

export const DEFAULTS: TcpOptions = {
  keepAlive: false,
  keepAliveIdleSeconds: 7200,
  keepAliveIntervalSeconds: 75,
  keepAliveCount: 9,
  hopLimit: 64,
  receiveBufferBytes: 1000,
  sendBufferBytes: 2000,
};

export class FakeConnection implements TcpConnection {
  readonly local: SocketAddress = LOCAL;
  readonly remote: SocketAddress = PEER;
  readonly source = new BytesSource(new Uint8Array([1, 2, 3]));
  readonly sink = new CollectSink();
  readonly configured: TcpOptions[] = [];
  ended: "closed" | "reset" | undefined;

  configure(options: TcpOptions): void {
    this.configured.push(options);
  }

  close(): void {
    this.ended ??= "closed";
  }

  reset(): void {
    this.ended ??= "reset";
  }
}

export class FakeTcp implements TcpPort, TcpHandle {
  events: TcpListenerEvents | undefined;
  closed = 0;
  settle:
    | { readonly resolve: (connection: TcpConnection) => void; readonly reject: (cause: unknown) => void }
    | undefined;
  /** Where it is to connect to. */
  remote: SocketAddress | undefined;
  onBind: (address: SocketAddress) => void | Promise<void> = () => {};
  onListen: () => void | Promise<void> = () => {};

  defaults(): TcpOptions {
    return DEFAULTS;
  }

  open(): TcpHandle {
    return this;
  }

  bind(address: SocketAddress): void | Promise<void> {
    return this.onBind(address);
  }

  local(): SocketAddress {
    return LOCAL;
  }

  connect(remote: SocketAddress): Promise<TcpConnection> {
    this.remote = remote;
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
  }

  listen(_: number, events: TcpListenerEvents): void | Promise<void> {
    this.events = events;
    return this.onListen();
  }

  close(): void {
    this.closed++;
  }
}

/** Sockets that are open, as an instance counts them. */
export class Counted {
  open = 0;
  readonly limit: number;

  constructor(limit = 1000) {
    this.limit = limit;
  }

  readonly reserve = (): void => {
    if (this.open >= this.limit) throw new Error("one too many");
    this.open++;
  };

  readonly release = (): void => void this.open--;

  socket(port: TcpPort, family: Family, check: AddressCheck): TcpSocket {
    const { reserve, release } = this;
    return TcpSocket.open(family, { port, check, bufferBytes: 65_536, reserve, release, isAborted: () => false });
  }
}

export function tcpOn(port: TcpPort, check: AddressCheck = () => true, counted = new Counted()): TcpSocket {
  return counted.socket(port, "ipv4", check);
}

/** All that is due at once has been done. */
export async function soon(): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (let turns = 0; turns < 8; turns++) await Promise.resolve();
}

export function failureOf(code: string): Error {
  return Object.assign(new Error(code), { code });
}
