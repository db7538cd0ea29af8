import type { BoundSocket, Server, Socket } from "node:net";
import type { Family, SocketAddress } from "../../../wasi/sockets/address.ts";
import { NetworkError } from "../../../wasi/sockets/error-code.ts";
import type { TcpConnection, TcpHandle, TcpOptions, TcpPort } from "../../../wasi/sockets/tcp-port.ts";
import { defaultBufferBytes, defaultHopLimit } from "./defaults.ts";
import { addressOf, noLookup, textOf } from "./text.ts";
import { NodeTcpConnection } from "./tcp-connection.ts";

/** The TCP of the system, by `node:net`. */
export const nodeTcp: TcpPort = {
  // As Linux has them.
  defaults: () => ({
    keepAlive: false,
    keepAliveIdle: 7200,
    keepAliveInterval: 75,
    keepAliveCount: 9,
    hopLimit: defaultHopLimit(),
    receiveBuffer: defaultBufferBytes("receive"),
    sendBuffer: defaultBufferBytes("send"),
  }),
  open: (family) => new NodeTcpHandle(family),
};

class NodeTcpHandle implements TcpHandle {
  readonly #family: Family;
  /** From the bind on, until it is connected or listens. */
  #bound: BoundSocket | undefined;
  #server: Server | undefined;
  #connecting: Socket | undefined;

  constructor(family: Family) {
    this.#family = family;
  }

  bind(address: SocketAddress): void {
    const { BoundSocket: Bound } = process.getBuiltinModule("node:net") as {
      readonly BoundSocket?: typeof BoundSocket;
    };
    if (!Bound) throw new NetworkError("ENOTSUP", "this runtime binds no socket that does not listen");
    const where = { host: textOf(address), port: address.port };
    this.#bound = new Bound(this.#family === "ipv6" ? { ...where, ipv6Only: true } : where);
  }

  local(): SocketAddress {
    const found = this.#server?.address() ?? this.#bound?.address();
    if (typeof found !== "object" || found === null) throw new NetworkError("EBADF", "the socket is not bound");
    return addressOf(found.address, found.port, this.#family);
  }

  connect(remote: SocketAddress, options: TcpOptions): Promise<TcpConnection> {
    const bound = this.#bound;
    this.#bound = undefined;
    const connection = NodeTcpConnection.make(this.#family, bound ? { handle: bound } : {});
    const { socket } = connection;
    this.#connecting = socket;
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => reject(error);
      const closed = (): void => reject(new NetworkError("ECONNABORTED", "the socket is closed"));
      socket.once("error", failed);
      socket.once("close", closed);
      socket.connect({ host: textOf(remote), port: remote.port, lookup: noLookup, autoSelectFamily: false }, () => {
        socket.off("error", failed);
        socket.off("close", closed);
        this.#connecting = undefined;
        connection.apply(options);
        resolve(connection);
      });
    });
  }

  listen(backlog: number, accepted: (connection: TcpConnection) => void): Promise<void> {
    const server = process.getBuiltinModule("node:net").createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const bound = this.#bound;
    this.#bound = undefined;
    this.#server = server;
    server.on("connection", (socket) => accepted(NodeTcpConnection.take(this.#family, socket)));
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ handle: bound, backlog } as object, () => {
        server.off("error", reject);
        // What goes wrong with one connection is no end of all.
        server.on("error", () => {});
        resolve();
      });
    });
  }

  close(): void {
    this.#bound?.close();
    this.#bound = undefined;
    this.#server?.close();
    this.#connecting?.destroy();
  }
}
