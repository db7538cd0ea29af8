import { isUnspecified, type Family, type SocketAddress } from "./address.ts";
import { NetworkError } from "./error-code.ts";

/** Where ports begin that nobody asked for. */
const FIRST_EPHEMERAL = 49_152;
const PORTS = 65_536;
const NOBODY: ReadonlySet<never> = new Set();

/** The ports of one host and one protocol, and who has them. */
export class MemoryPorts<Socket extends { readonly bound: SocketAddress | undefined }> {
  readonly #sockets: Readonly<Record<Family, Map<number, Set<Socket>>>> = { ipv4: new Map(), ipv6: new Map() };
  #nextPort = FIRST_EPHEMERAL;

  /** Finds a place for a socket, which has it until `unbind`. @throws {NetworkError} If there is none. */
  bind(socket: Socket, address: SocketAddress): SocketAddress {
    const { family, ip } = address;
    const port = address.port === 0 ? this.#freePort(family) : address.port;
    const others = this.#sockets[family].get(port) ?? new Set();
    for (const { bound } of others) {
      if (bound && (bound.ip === ip || isUnspecified(bound) || isUnspecified(address))) {
        throw new NetworkError("EADDRINUSE", `${ip} port ${port} is taken`);
      }
    }
    this.#sockets[family].set(port, others.add(socket));
    return { ...address, port };
  }

  unbind(socket: Socket, { family, port }: SocketAddress): void {
    const others = this.#sockets[family].get(port);
    others?.delete(socket);
    if (others?.size === 0) this.#sockets[family].delete(port);
  }

  /** Who has a port, on any of the host's addresses. */
  at(family: Family, port: number): ReadonlySet<Socket> {
    return this.#sockets[family].get(port) ?? NOBODY;
  }

  #freePort(family: Family): number {
    const taken = this.#sockets[family];
    for (let tried = FIRST_EPHEMERAL; tried < PORTS; tried++) {
      const port = this.#nextPort;
      this.#nextPort = port + 1 < PORTS ? port + 1 : FIRST_EPHEMERAL;
      if (!taken.has(port)) return port;
    }
    throw new NetworkError("EADDRINUSE", "no port is free");
  }
}
