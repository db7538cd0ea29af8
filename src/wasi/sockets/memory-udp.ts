import { isLoopback, isUnspecified, sameAddress, type Family, type IpAddress, type SocketAddress } from "./address.ts";
import { NetworkError } from "./error-code.ts";
import type { MemoryHost } from "./memory-network.ts";
import { MemoryPorts } from "./memory-ports.ts";
import type { SendReport, UdpEvents, UdpHandle, UdpPort } from "./udp-port.ts";

const LARGEST: Readonly<Record<Family, number>> = { ipv4: 65_507, ipv6: 65_527 };
const DEFAULT_BUFFER_BYTES = 65_536;
const DEFAULT_HOP_LIMIT = 64;

/** The UDP of one host of a network in memory. */
export class MemoryUdp implements UdpPort {
  readonly #host: MemoryHost;
  readonly #ports = new MemoryPorts<MemoryUdpHandle>();

  constructor(host: MemoryHost) {
    this.#host = host;
  }

  open(family: Family, events: UdpEvents): UdpHandle {
    return new MemoryUdpHandle(this, family, events);
  }

  get host(): MemoryHost {
    return this.#host;
  }

  /** Finds a place for a socket. @throws {NetworkError} If there is none. */
  bind(socket: MemoryUdpHandle, address: SocketAddress): SocketAddress {
    const { ip } = address;
    if (!isUnspecified(address) && !this.#host.has(address)) {
      throw new NetworkError("EADDRNOTAVAIL", `${ip} is no address of this host`);
    }
    return this.#ports.bind(socket, address);
  }

  unbind(socket: MemoryUdpHandle, address: SocketAddress): void {
    this.#ports.unbind(socket, address);
  }

  /** Who gets what `from` sends to `to`. */
  receiver(from: SocketAddress, to: SocketAddress): MemoryUdpHandle | undefined {
    for (const socket of this.#ports.at(to.family, to.port)) {
      if (socket.accepts(from, to)) return socket;
    }
    return undefined;
  }
}

class MemoryUdpHandle implements UdpHandle {
  readonly #udp: MemoryUdp;
  readonly #family: Family;
  readonly #events: UdpEvents;
  readonly #buffers = { receive: DEFAULT_BUFFER_BYTES, send: DEFAULT_BUFFER_BYTES };
  #hopLimit = DEFAULT_HOP_LIMIT;
  #bound: SocketAddress | undefined;
  #remote: SocketAddress | undefined;

  constructor(udp: MemoryUdp, family: Family, events: UdpEvents) {
    this.#udp = udp;
    this.#family = family;
    this.#events = events;
  }

  get bound(): SocketAddress | undefined {
    return this.#bound;
  }

  bind(address: SocketAddress): void {
    this.#bound = this.#udp.bind(this, address);
  }

  local(): SocketAddress {
    const bound = this.#opened();
    return this.#remote ? this.#source(bound, this.#remote) : bound;
  }

  connect(remote: SocketAddress | undefined): void {
    this.#remote = undefined;
    if (remote) this.#source(this.#opened(), remote);
    this.#remote = remote;
  }

  send(data: Uint8Array, to: SocketAddress | undefined, report: SendReport): void {
    const bound = this.#opened();
    const target = to ?? this.#remote;
    if (!target) throw new NetworkError("EDESTADDRREQ", "the socket is not connected");
    if (data.length > LARGEST[this.#family]) throw new NetworkError("EMSGSIZE", `${data.length} bytes`);
    const from = this.#source(bound, target);
    const { wire } = this.#udp.host;
    if (!wire.loses()) wire.carry(() => this.#arrive(data, from, target));
    report.left();
  }

  hopLimit(): number {
    return this.#hopLimit;
  }

  setHopLimit(value: number): void {
    this.#hopLimit = value;
  }

  bufferSize(which: "receive" | "send"): number {
    return this.#buffers[which];
  }

  setBufferSize(which: "receive" | "send", bytes: number): void {
    this.#buffers[which] = bytes;
  }

  close(): void {
    if (this.#bound) this.#udp.unbind(this, this.#bound);
    this.#bound = undefined;
  }

  /** Whether what `from` sends to `to`, which has the port of this socket, is for it. */
  accepts(from: SocketAddress, to: SocketAddress): boolean {
    if (!this.#bound || !(isUnspecified(this.#bound) || this.#bound.ip === to.ip)) return false;
    return !this.#remote || sameAddress({ ...this.#remote, flowInfo: 0 }, from);
  }

  receive(data: Uint8Array, from: SocketAddress): void {
    this.#events.received(data, from);
    this.#events.settled();
  }

  #opened(): SocketAddress {
    if (!this.#bound) throw new NetworkError("EBADF", "the socket is not open");
    return this.#bound;
  }

  /** The address that is seen of a socket by `target`. @throws {NetworkError} If there is no way. */
  #source(bound: SocketAddress, target: SocketAddress): SocketAddress {
    const { host } = this.#udp;
    const isOwn = host.has(target);
    if (!isUnspecified(bound)) {
      if (isLoopback(bound) && !isOwn) throw new NetworkError("EINVAL", `${bound.ip} reaches nobody but this host`);
      return bound;
    }
    const source: IpAddress | undefined = isOwn ? target : host.addresses.find(({ family }) => family === this.#family);
    if (!source || !(isOwn || host.wire.hostOf(target))) {
      throw new NetworkError("ENETUNREACH", `there is no way to ${target.ip}`);
    }
    return { family: source.family, ip: source.ip, port: bound.port };
  }

  #arrive(data: Uint8Array, from: SocketAddress, to: SocketAddress): void {
    const { host } = this.#udp;
    const target = host.has(to) ? host : host.wire.hostOf(to);
    const receiver = target?.udp.receiver(from, to);
    if (receiver) receiver.receive(data, from);
    else if (target) host.wire.carry(() => this.#refused(to));
  }

  /** Nobody has that port, as only a socket that is connected to it is told. */
  #refused(by: SocketAddress): void {
    if (!this.#bound || !this.#remote || !sameAddress(this.#remote, by)) return;
    this.#events.failed(new NetworkError("ECONNREFUSED", `nobody has port ${by.port} of ${by.ip}`));
    this.#events.settled();
  }
}
