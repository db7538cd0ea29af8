/** A server that takes so many connections at a time: others wait, unread, until one of those ends. */
import type { Server } from "node:http";
import type { Socket } from "node:net";

/** Connections that wait; more are refused. As many as Node has the system keep for a server that is busy. */
const MAX_WAITING = 511;

/**
 * Puts itself before whoever listens for connections by now.
 *
 * @param onWait Told when a connection has to wait.
 * @returns Whether any waits.
 */
export function turnstile(server: Server, max: number, onWait: () => void): () => boolean {
  const listeners = server.listeners("connection");
  const waiting = new Set<Socket>();
  let count = 0;
  const take = (socket: Socket): void => {
    count++;
    socket.once("close", () => {
      count--;
      const [next] = waiting;
      if (!next) return;
      waiting.delete(next);
      next.off("end", leave);
      take(next);
    });
    for (const one of listeners) one.call(server, socket);
  };
  const comes = (socket: Socket): void => {
    if (count < max) {
      take(socket);
      return;
    }
    waiting.add(socket);
    // A client that leaves is no error of ours.
    socket.on("error", () => {});
    // Only if it has sent nothing: else that comes when it is read.
    socket.once("end", leave);
    socket.once("close", () => waiting.delete(socket));
    onWait();
  };
  server.removeAllListeners("connection");
  server.on("connection", comes);
  server.maxConnections = max + MAX_WAITING;
  return () => waiting.size > 0;
}

function leave(this: Socket): void {
  this.destroy();
}
