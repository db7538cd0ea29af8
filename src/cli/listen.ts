import type { Server } from "node:net";
import type { BoundSocketClass } from "../hosts/node/net/tcp.ts";
import { inUrl } from "./address.ts";
import { UsageError } from "./usage.ts";

/**
 * Has a server listen, and resolves when it does.
 *
 * @param option Which says where.
 * @throws {UsageError} If the system does not let it.
 */
export function listenAt(server: Server, host: string, port: number, option: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject("syscall" in error ? refused(error, host, port, option) : error));
    const handle = bound(host, port);
    // A handle stands in the place of a port and a host.
    if (handle) server.listen(handle, resolve);
    else server.listen(port, host, resolve);
  });
}

function refused(error: Error, host: string, port: number, option: string): UsageError {
  const hint = "code" in error && error.code === "EADDRINUSE" ? "; port 0 is any that is free" : "";
  return new UsageError(`Cannot listen where ${option} says, at ${inUrl(host)}:${port}: ${error.message}${hint}`);
}

/**
 * A socket at an address. Where Node is told to listen at one it looks that up like a name, and has to load what looks names up:
 * a twentieth of a start. Nothing where only that will do, or where this fails: Node then says why.
 */
function bound(host: string, port: number): object | undefined {
  const net = process.getBuiltinModule("node:net");
  const { BoundSocket } = net as { readonly BoundSocket?: BoundSocketClass };
  // What several processes share is the first one's.
  if (!BoundSocket || net.isIP(host) === 0 || process.connected) return undefined;
  try {
    return new BoundSocket({ host, port, ipv6Only: false });
  } catch {
    return undefined;
  }
}
