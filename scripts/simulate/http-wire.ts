/** What is between a client and a server of HTTP: pieces of any size, that take their time, until the connection breaks. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { Random } from "../random.ts";

const SMALL_PIECES = 300;

/** What becomes of one connection. */
export interface Wire {
  /** Bytes that go on together, at most, as long as there have not been many pieces. */
  readonly pieceBytes: number;
  /** Turns of the event loop that a piece takes, at most. */
  readonly turns: number;
  /** After how many bytes one way it breaks, and how. Missing: never. */
  readonly fault:
    | { readonly to: "server" | "client"; readonly bytes: number; readonly how: "reset" | "end" }
    | undefined;
}

export interface Wires {
  readonly port: number;
  /** How many have broken. */
  readonly broken: () => number;
  readonly close: () => void;
}

/** Carries connections to a port: each as the next of `wires` says, and those after the last as the last. */
export async function wiresTo(port: number, wires: readonly Wire[], seed: number): Promise<Wires> {
  let count = 0;
  let broken = 0;
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const wire = wires[Math.min(count, wires.length - 1)];
    const random = new Random(seed + count++);
    const upstream = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay();
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    const reset = (): void => {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    };
    const way = (to: "server" | "client"): Way => ({
      ...{ from: to === "server" ? client : upstream, to: to === "server" ? upstream : client },
      ...{ wire, random, fault: wire?.fault?.to === to ? wire.fault : undefined, reset },
      broke: () => void broken++,
    });
    void carry(way("server"));
    void carry(way("client"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    // A server on a port has an address.
    port: (server.address() as AddressInfo).port,
    broken: () => broken,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface Way {
  readonly from: Socket;
  readonly to: Socket;
  readonly wire: Wire | undefined;
  readonly random: Random;
  readonly fault: Wire["fault"];
  readonly reset: () => void;
  readonly broke: () => void;
}

/** One way, until it ends or breaks. */
async function carry({ from, to, wire, random, fault, reset, broke }: Way): Promise<void> {
  let left = fault?.bytes ?? Infinity;
  let pieces = 0;
  try {
    for await (const chunk of from as AsyncIterable<Uint8Array>) {
      for (let at = 0; at < chunk.length;) {
        const piece = chunk.subarray(
          at,
          at + Math.min(random.from(1, pieces++ < SMALL_PIECES ? (wire?.pieceBytes ?? 1) : 65_536), left),
        );
        for (let turns = random.below((wire?.turns ?? 0) + 1); turns > 0; turns--) {
          await new Promise((resolve) => void setImmediate(resolve));
        }
        if (to.destroyed) return reset();
        if (piece.length > 0 && !to.write(piece)) await Promise.race([once(to, "drain"), once(to, "close")]);
        at += piece.length;
        left -= piece.length;
        if (left > 0) continue;
        broke();
        if (fault?.how === "reset") return reset();
        // What comes after this is lost.
        to.end();
        from.resume();
        return;
      }
    }
    to.end();
  } catch {
    reset();
  }
}
