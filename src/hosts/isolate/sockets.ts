/** What TCP and UDP have in common between two threads: sockets that have numbers, are bound, and are closed. */
import type { SocketAddress } from "../../wasi/sockets/address.ts";
import type { Link } from "./link.ts";

type Protocol = "tcp" | "udp";

/** What a socket of either protocol can do. */
interface Socket {
  bind(address: SocketAddress): void | Promise<void>;
  local(): SocketAddress;
  close(): void;
}

/** In the thread of the network: what the guest has open, by the numbers that it gave. */
export class OpenSockets<S extends Socket> {
  readonly #open = new Map<number, S>();

  constructor(link: Link, protocol: Protocol) {
    link.answer({
      [`${protocol}Bind`]: (number: number, address: SocketAddress) => this.at(number).bind(address),
      [`${protocol}Local`]: (number: number) => this.at(number).local(),
      [`${protocol}Close`]: (number: number) => {
        this.at(number).close();
        this.#open.delete(number);
      },
    });
  }

  add(number: number, socket: S): void {
    this.#open.set(number, socket);
  }

  /** @throws If none is open under this number. */
  at(number: number): S {
    const socket = this.#open.get(number);
    if (socket) return socket;
    throw new Error(`No socket is open under ${number}`);
  }

  /** The instance is over. */
  release(): void {
    for (const socket of this.#open.values()) socket.close();
    this.#open.clear();
  }
}

/** In the thread of the guest: such a socket. @param onClose Called before the other thread is told. */
export function remoteSocket(link: Link, protocol: Protocol, number: number, onClose: () => void): Socket {
  return {
    bind: (address) => link.call(`${protocol}Bind`, number, address) as Promise<void>,
    local: () => link.callNow(`${protocol}Local`, number) as SocketAddress,
    close() {
      onClose();
      link.tell(`${protocol}Close`, number);
    },
  };
}
