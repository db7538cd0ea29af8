/* oxlint-disable no-await-in-loop -- bytes go in turn */
/** A proxy of TCP on real loopback sockets, which does to one direction what it is told to. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { SocketAddress } from "../../../src/wasi/sockets/address.ts";

/** What happens to a direction once so many bytes of it have been passed on. */
export interface Fault {
  /**
   * - `end`: FIN to who receives, though the sender has not ended.
   * - `cut`: both connections are closed.
   * - `reset`: both connections are reset.
   * - `hold`: nothing is passed on any more, and nobody is told: a half-open connection.
   */
  readonly what: "end" | "cut" | "reset" | "hold";
  readonly afterBytes: number;
}

export interface Faults {
  readonly toServer?: Fault;
  readonly toClient?: Fault;
  /** Bytes that are passed on per turn of the event loop; all at once if it is missing. */
  readonly pieceBytes?: number;
}

export class FaultProxy {
  readonly #server: ReturnType<typeof createServer>;
  readonly #sockets = new Set<Socket>();

  private constructor(to: SocketAddress, faults: Faults) {
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
      const server = connect({ host: to.ip, port: to.port, allowHalfOpen: true });
      for (const [socket, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(socket);
        // Whoever loses one loses the other, in the same way.
        socket.on("error", () => reset(other));
        socket.on("close", () => this.#sockets.delete(socket));
      }
      void relay(client, server, faults.pieceBytes, faults.toServer);
      void relay(server, client, faults.pieceBytes, faults.toClient);
    });
  }

  static async before(to: SocketAddress, faults: Faults = {}): Promise<FaultProxy> {
    const proxy = new FaultProxy(to, faults);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get address(): SocketAddress {
    return { family: "ipv4", ip: "127.0.0.1", port: (this.#server.address() as AddressInfo).port };
  }

  /** Resets all that goes through it. */
  resetAll(): void {
    for (const socket of this.#sockets) reset(socket);
  }

  close(): void {
    this.#server.close();
    this.resetAll();
  }
}

/** Node cannot do it while it ends: it loses the descriptor. */
function reset(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished && socket.writableLength === 0 && !socket.destroyed) {
    socket.once("finish", () => void socket.resetAndDestroy());
  } else {
    socket.resetAndDestroy();
  }
}

async function relay(from: Socket, to: Socket, pieceBytes = Infinity, fault?: Fault): Promise<void> {
  let passed = 0;
  const act = (): boolean => {
    if (!fault || passed < fault.afterBytes) return false;
    from.pause();
    if (fault.what === "end") to.end();
    if (fault.what === "cut" || fault.what === "reset") {
      // What has been passed on is delivered first.
      to.write(new Uint8Array(0), () => {
        for (const socket of [from, to]) {
          if (fault.what === "cut") socket.destroy();
          else reset(socket);
        }
      });
    }
    return true;
  };
  try {
    if (to.connecting) await once(to, "connect");
    if (from.connecting) await once(from, "connect");
    if (act()) return;
    for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length;) {
        const left = fault ? fault.afterBytes - passed : Infinity;
        const piece = chunk.subarray(at, at + Math.min(pieceBytes, left, chunk.length));
        if (!to.write(piece)) await once(to, "drain");
        else if (pieceBytes !== Infinity) await new Promise((resolve) => setImmediate(resolve));
        at += piece.length;
        passed += piece.length;
        if (act()) return;
      }
    }
    to.end();
  } catch {
    // One of them is gone, and the other with it: see "error" above.
  }
}
