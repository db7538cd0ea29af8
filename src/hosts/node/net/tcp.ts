/**
 * The TCP of the system, by `node:net`, which is loaded when the first socket needs it.
 *
 * Node itself cannot set the hop limit and the sizes of buffers of TCP: system-options.ts does so where it can.
 */
import type { Server, Socket } from "node:net";
import { isUnspecified, type Family, type SocketAddress } from "../../../wasi/sockets/address.ts";
import { NetworkError } from "../../../wasi/sockets/error-code.ts";
import type {
  TcpConnection,
  TcpHandle,
  TcpListenerEvents,
  TcpOptions,
  TcpPort,
} from "../../../wasi/sockets/tcp-port.ts";
import { addressOf, ownText, peerText } from "./address.ts";
import { tcpDefaults } from "./defaults.ts";
import { NodeTcpConnection } from "./tcp-connection.ts";
import { acceptHandles, socketOn, takeOver } from "./tcp-handle.ts";

export const nodeTcp: TcpPort = {
  defaults: tcpDefaults,
  open: (family) => new NodeTcpHandle(family),
};

/** What Node has since 24.21 and 26.4: a socket that is bound, and not yet anything else. */
export interface BoundSocket {
  address(): { readonly address: string; readonly port: number };
  close(): void;
}

export type BoundSocketClass = new (options: {
  readonly host: string;
  readonly port: number;
  readonly ipv6Only: boolean;
}) => BoundSocket;

class NodeTcpHandle implements TcpHandle {
  readonly #family: Family;
  #address: SocketAddress | undefined;
  /** Until a socket or a server has it. */
  #bound: BoundSocket | undefined;
  #connecting: Socket | undefined;
  #server: Server | undefined;
  #isClosed = false;

  constructor(family: Family) {
    this.#family = family;
  }

  bind(address: SocketAddress): void {
    const { BoundSocket: Bound } = process.getBuiltinModule("node:net") as { readonly BoundSocket?: BoundSocketClass };
    // Without it, the address is taken when it connects or listens, and port 0 is known then.
    if (Bound) {
      this.#bound = new Bound({ host: ownText(address), port: address.port, ipv6Only: this.#family === "ipv6" });
    }
    this.#address = address;
  }

  local(): SocketAddress {
    const at = this.#server?.address() ?? this.#bound?.address();
    if (at && typeof at === "object") return addressOf(at.address, at.port, this.#family);
    if (!this.#address) throw new NetworkError("EINVAL", "the socket is not bound");
    return this.#address;
  }

  connect(remote: SocketAddress, options: TcpOptions): Promise<TcpConnection> {
    const bound = this.#takeBound();
    const reading = socketOn(bound);
    const { socket } = reading;
    this.#connecting = socket;
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", () => reject(new NetworkError("ECANCELED", "the socket was closed")));
      socket.once("connect", () => {
        this.#connecting = undefined;
        socket.removeAllListeners("error");
        const connection = NodeTcpConnection.of(reading, this.#family);
        connection.configure(options);
        resolve(connection);
      });
      const local =
        this.#address && !bound ? { localAddress: ownText(this.#address), localPort: this.#address.port } : {};
      socket.connect({ host: peerText(remote), port: remote.port, ...local });
    });
  }

  listen(backlog: number, events: TcpListenerEvents): Promise<void> {
    const { createServer } = process.getBuiltinModule("node:net");
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
    const bound = this.#takeBound();
    this.#server = server;
    let local: SocketAddress | undefined;
    server.on("connection", (socket) => {
      const taken = takeOver(socket);
      // One that is gone again has no address any more.
      if (taken.socket.remoteAddress === undefined) taken.socket.destroy();
      else events.arrived(NodeTcpConnection.of(taken, this.#family, local));
    });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      const where = bound ? { handle: bound } : this.#where();
      // The backlog of a handle is taken from nowhere else; its types know it beside a port alone.
      const listen = server.listen.bind(server) as (at: object, backlog: number, done: () => void) => unknown;
      listen(where, backlog, () => {
        server.off("error", reject);
        server.on("error", (cause) => events.failed(cause));
        const at = this.local();
        // Who listens on all addresses does not know which one it is.
        if (!isUnspecified(at)) local = at;
        acceptHandles(server, this.#family, (handle, remote, ask) =>
          events.arrived(new NodeTcpConnection(handle, remote, local ?? ask)),
        );
        if (this.#isClosed) server.close();
        resolve();
      });
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#bound?.close();
    this.#connecting?.destroy();
    this.#server?.close();
  }

  #takeBound(): BoundSocket | undefined {
    const bound = this.#bound;
    this.#bound = undefined;
    return bound;
  }

  #where(): { readonly host: string; readonly port: number; readonly ipv6Only: boolean; readonly exclusive: true } {
    const address = this.#address;
    if (!address) throw new NetworkError("EINVAL", "the socket is not bound");
    return { host: ownText(address), port: address.port, ipv6Only: this.#family === "ipv6", exclusive: true };
  }
}
